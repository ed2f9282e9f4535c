//! What to do with a record that both sides know: decided from ours, theirs and what they agreed on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::clock::Timestamp;
use super::sync::{UnknownWord, words};

words! {
    /// Who wins where both sides changed one record differently.
    Policy, "a policy for conflicts" {
        /// Theirs is taken.
        DatasourceWins = "datasource-wins",
        /// Ours is kept, and pushed.
        OurwaterWins = "ourwater-wins",
        /// The one that changed last; where the datasource does not say when, a person decides.
        NewestWins = "newest-wins",
        /// A person decides; until then both stay as they are.
        Review = "review",
    }
}

/// What both sides hold of one record or field.
#[derive(Debug)]
pub struct Sides<'a, T> {
    /// Here.
    pub ours: &'a T,
    /// There.
    pub theirs: &'a T,
    /// What they last agreed on; none: they never did.
    pub base: Option<&'a T>,
}

/// When each side changed, for [`Policy::NewestWins`]; none: nobody knows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Changed {
    /// Here, ms.
    pub ours: Option<Timestamp>,
    /// There, ms.
    pub theirs: Option<Timestamp>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Both say the same: nothing is open any more.
    Agreed,
    /// Only ours changed: it is still to be pushed.
    KeepOurs,
    /// Only theirs changed.
    TakeTheirs,
    /// Both changed, differently.
    Conflict(Winner),
}

/// Who wins a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Winner {
    /// Ours is kept and pushed.
    Ours,
    /// Theirs is taken.
    Theirs,
    /// Not decided: a person has to.
    Open,
}

/// Decides, with `same` telling values apart as the coarser side does.
pub fn decide<T>(
    sides: &Sides<'_, T>,
    same: impl Fn(&T, &T) -> bool,
    policy: Policy,
    changed: Changed,
) -> Decision {
    let Sides { ours, theirs, base } = *sides;
    if same(ours, theirs) {
        Decision::Agreed
    } else if base.is_some_and(|base| same(theirs, base)) {
        Decision::KeepOurs
    } else if base.is_some_and(|base| same(ours, base)) {
        Decision::TakeTheirs
    } else {
        Decision::Conflict(winner(policy, changed))
    }
}

/// How finely the other system keeps readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution {
    /// Decimals of a value; none: all.
    pub decimals: Option<u8>,
    /// Times are multiples of so many ms; at least 1.
    pub step: i64,
}

/// What a reading says; one that was removed says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reading {
    /// Finite.
    pub value: f64,
    /// 0 unknown, 1 good, 2 suspect, 3 bad.
    pub quality: u8,
}

/// What one side says of a reading: its value, or that there is none.
pub type Said = Option<Reading>;

impl Resolution {
    /// Everything is kept.
    pub const EXACT: Self = Self { decimals: None, step: 1 };

    /// How far apart values may be that are the same there: half a unit of the last decimal, and a
    /// little for what binary numbers cannot say.
    pub fn tolerance(self) -> f64 {
        let unit = |decimals| 10_f64.powi(-i32::from(decimals));
        self.decimals.map_or(0.0, |decimals| 0.5 * unit(decimals) * (1.0 + 1e-6))
    }

    /// The step that a time falls into.
    pub fn cut(self, time: Timestamp) -> Timestamp {
        time - time.rem_euclid(self.step.max(1))
    }

    /// Whether two readings are one there. A side that does not know the quality contradicts none.
    pub fn same(self, one: Said, other: Said) -> bool {
        match (one, other) {
            (Some(one), Some(other)) => {
                (one.value - other.value).abs() <= self.tolerance()
                    && (one.quality == other.quality || one.quality == 0 || other.quality == 0)
            }
            (None, None) => true,
            _ => false,
        }
    }
}

fn winner(policy: Policy, changed: Changed) -> Winner {
    match (policy, changed.ours, changed.theirs) {
        (Policy::DatasourceWins, ..) => Winner::Theirs,
        (Policy::OurwaterWins, ..) => Winner::Ours,
        (Policy::NewestWins, Some(ours), Some(theirs)) if ours > theirs => Winner::Ours,
        (Policy::NewestWins, Some(ours), Some(theirs)) if theirs > ours => Winner::Theirs,
        (Policy::NewestWins | Policy::Review, ..) => Winner::Open,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy() -> impl Strategy<Value = Policy> {
        prop::sample::select(Policy::ALL)
    }

    fn changed() -> impl Strategy<Value = Changed> {
        let time = || prop::option::of(0_i64..4);
        (time(), time()).prop_map(|(ours, theirs)| Changed { ours, theirs })
    }

    /// What both sides hold afterwards, once ours has been pushed where it is kept; none: unsettled.
    fn outcome(ours: u8, theirs: u8, decision: Decision) -> Option<u8> {
        match decision {
            Decision::Agreed | Decision::KeepOurs | Decision::Conflict(Winner::Ours) => Some(ours),
            Decision::TakeTheirs | Decision::Conflict(Winner::Theirs) => Some(theirs),
            Decision::Conflict(Winner::Open) => None,
        }
    }

    proptest! {
        #[test]
        fn a_change_on_one_side_wins_and_only_two_different_ones_conflict(
            ours in 0_u8..4, theirs in 0_u8..4, base in prop::option::of(0_u8..4),
            policy in policy(), changed in changed(),
        ) {
            let sides = Sides { ours: &ours, theirs: &theirs, base: base.as_ref() };
            let decision = decide(&sides, u8::eq, policy, changed);
            let conflict = matches!(decision, Decision::Conflict(_));
            let both_changed = base != Some(ours) && base != Some(theirs) && ours != theirs;
            prop_assert_eq!(conflict, both_changed);
            if !conflict {
                let expected = if base == Some(ours) { theirs } else { ours };
                prop_assert_eq!(outcome(ours, theirs, decision), Some(expected));
            }
        }

        #[test]
        fn what_was_decided_stays_decided(
            ours in 0_u8..4, theirs in 0_u8..4, base in prop::option::of(0_u8..4),
            policy in policy(), changed in changed(),
        ) {
            let sides = Sides { ours: &ours, theirs: &theirs, base: base.as_ref() };
            let decision = decide(&sides, u8::eq, policy, changed);
            if let Some(end) = outcome(ours, theirs, decision) {
                let sides = Sides { ours: &end, theirs: &end, base: Some(&theirs) };
                prop_assert_eq!(decide(&sides, u8::eq, policy, changed), Decision::Agreed);
            }
        }

        #[test]
        fn what_a_coarser_side_gives_back_is_the_same(value in -1e6_f64..1e6, decimals in 0_u8..6) {
            let unit = 10_f64.powi(i32::from(decimals));
            let rounded = (value * unit).round() / unit;
            let there = Resolution { decimals: Some(decimals), step: 1000 };
            let reading = |value| Some(Reading { value, quality: 1 });
            prop_assert!(there.same(reading(value), reading(rounded)));
            prop_assert!(!there.same(reading(value), reading(rounded + 1.0 / unit)));
        }
    }

    #[test]
    fn the_newest_wins_only_where_both_times_are_known_and_differ() {
        let at = |ours, theirs| Changed { ours, theirs };
        let winner = |changed| winner(Policy::NewestWins, changed);
        assert_eq!(winner(at(Some(2), Some(1))), Winner::Ours);
        assert_eq!(winner(at(Some(1), Some(2))), Winner::Theirs);
        assert_eq!(winner(at(Some(1), Some(1))), Winner::Open);
        assert_eq!(winner(at(Some(1), None)), Winner::Open);
    }
}
