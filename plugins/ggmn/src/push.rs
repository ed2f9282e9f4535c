//! Takes readings. All looking comes before the first write, so that an error means that nothing took
//! effect; after it, each reading is accounted for.

mod answer;
mod present;
mod target;
mod write;

use ourwater_sdk::{Base, Batch, Delay, Failure, Readings, Receipt, Refused, Result};

use crate::config::Config;
use present::Present;
use target::Wanted;

/// Takes a batch. It always looks first, so that an uncertain batch needs nothing else.
pub(crate) fn push(config: &Config, all: &[Readings], batch: &Batch) -> Result<Receipt> {
    let points = all.iter().map(|it| it.times.len() + it.removed.len()).sum();
    let mut tally = Tally::of(points);
    let targets = target::of(config, all, &batch.bases, &mut tally)?;
    let mut looked = Vec::new();
    for target in targets {
        let present = present::look(config, &target.uuid, target.wanted.keys().copied())?;
        looked.push((target, present));
    }
    for (target, present) in &looked {
        write::series(config, target, present, &mut tally);
    }
    Ok(tally.receipt())
}

/// Whether Lizard has otherwise what it had when it was last got, and not what is pushed.
fn was_changed_there(wanted: &Wanted, there: Option<&Present>) -> bool {
    let there = there.map(|present| present.value);
    let is_there = |value: Option<f64>| match (there, value) {
        (Some(there), Some(value)) => is_same(there, value),
        (None, None) => true,
        _ => false,
    };
    let is_base = match wanted.base {
        Base::Unknown => true,
        Base::Nothing => is_there(None),
        Base::Value(value) => is_there(Some(value)),
    };
    !is_base && !is_there(wanted.value)
}

/// Whether two values are one, but for what their texts cannot say.
fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(1.0)
}

/// What became of each reading so far.
#[derive(Debug)]
struct Tally {
    fates: Vec<Fate>,
    stopped: Option<Failure>,
}

/// What became of one reading.
#[derive(Debug, Clone, PartialEq)]
enum Fate {
    Untried,
    Created,
    Updated,
    Unchanged,
    Refused(String),
    Unknown,
    /// Changed there meanwhile.
    Conflicting,
}

impl Tally {
    fn of(points: usize) -> Self {
        Self { fates: vec![Fate::Untried; points], stopped: None }
    }

    fn set(&mut self, at: usize, fate: Fate) {
        self.fates[at] = fate;
    }

    fn refuse(&mut self, at: usize, reason: impl Into<String>) {
        self.set(at, Fate::Refused(reason.into()));
    }

    fn stop(&mut self, failure: Failure) {
        self.stopped.get_or_insert(failure);
    }

    /// These may have taken effect; what follows is not tried.
    fn lose(&mut self, points: impl IntoIterator<Item = usize>, delay: Delay) {
        for at in points {
            self.set(at, Fate::Unknown);
        }
        self.stop(Failure::Unavailable(delay));
    }

    fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    fn receipt(self) -> Receipt {
        let mut receipt = Receipt {
            created: 0,
            updated: 0,
            unchanged: 0,
            ids: Vec::new(),
            refused: Vec::new(),
            conflicting: Vec::new(),
            unknown: Vec::new(),
            untried: Vec::new(),
            stopped: self.stopped,
        };
        for (at, fate) in (0..).zip(self.fates) {
            match fate {
                Fate::Untried => receipt.untried.push(at),
                Fate::Created => receipt.created += 1,
                Fate::Updated => receipt.updated += 1,
                Fate::Unchanged => receipt.unchanged += 1,
                Fate::Refused(reason) => receipt.refused.push(Refused { at, reason }),
                Fate::Unknown => receipt.unknown.push(at),
                Fate::Conflicting => receipt.conflicting.push(at),
            }
        }
        receipt
    }
}
