//! Limits as tables: each has a name with its unit, a sentence, a default and bounds, written once.

use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

/// A limit as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// What it is called wherever it is set, shown or reached; holds its unit.
    pub name: &'static str,
    /// In the unit of its name.
    pub value: u64,
    /// The least it can be set to.
    pub least: u64,
    /// The most it can be set to.
    pub most: u64,
    /// What it counts, in a sentence.
    pub meaning: &'static str,
}

impl Setting {
    /// What it counts in, where that is no thing.
    pub fn unit(&self) -> &'static str {
        let names = |unit: &str| self.name.split('_').any(|word| word == unit);
        if names("bytes") {
            "bytes"
        } else if names("ms") {
            "ms"
        } else {
            ""
        }
    }

    /// What a component costs before anybody can decide on it is limited for the whole host; all else
    /// can be set for each version.
    pub fn is_of_host(&self) -> bool {
        self.name.starts_with("component_") || self.name.starts_with("compile")
    }

    /// Its value as a person reads it: `64 MiB`, `10 s`, `1,000,000`.
    pub fn words(&self) -> String {
        const SIZES: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        const TIMES: [(&str, u64); 2] = [("h", 3_600_000), ("s", 1_000)];
        let (unit, larger) = match self.unit() {
            "bytes" => (" bytes", SIZES.as_slice()),
            "ms" => (" ms", TIMES.as_slice()),
            _ => ("", [].as_slice()),
        };
        let whole =
            larger.iter().find(|(_, of)| self.value >= *of && self.value.is_multiple_of(*of));
        match whole {
            Some((name, of)) => format!("{} {name}", grouped(self.value / of)),
            None => format!("{}{unit}", grouped(self.value)),
        }
    }
}

/// A limit and what it shall be, as a person writes it: `NAME=NUMBER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Of the limit.
    pub name: String,
    /// In the unit of its name.
    pub value: u64,
}

/// It is not written as a change of a limit is.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not written NAME=NUMBER, as call_time_ms_max=30000 is")]
pub struct BadChange(String);

impl FromStr for Change {
    type Err = BadChange;

    fn from_str(text: &str) -> Result<Self, BadChange> {
        let parts = text.split_once('=').and_then(|(name, value)| {
            Some(Self { name: name.trim().to_owned(), value: value.trim().parse().ok()? })
        });
        parts.ok_or_else(|| BadChange(text.chars().take(128).collect()))
    }
}

/// A limit that cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// There is none of that name.
    #[error("there is no limit named {name:?}")]
    Unknown {
        /// As it was given.
        name: String,
    },
    /// It is none of a version's.
    #[error("the limit {name} is the whole host's: it is set with --plugin-limit")]
    OfHost {
        /// Of the limit.
        name: &'static str,
    },
    /// It makes no sense, or more than this host gives.
    #[error("the limit {name} can be {least} to {most}, not {value}")]
    Outside {
        /// Of the limit.
        name: &'static str,
        /// As it was given.
        value: u64,
        /// The least it can be.
        least: u64,
        /// The most it can be.
        most: u64,
    },
}

/// What a limit is counted in.
pub(crate) trait Measure: Copy {
    /// From the number that is set.
    fn of(number: u64) -> Self;
    /// As the number that is shown.
    fn number(self) -> u64;
}

impl Measure for u64 {
    fn of(number: u64) -> Self {
        number
    }

    fn number(self) -> u64 {
        self
    }
}

impl Measure for usize {
    fn of(number: u64) -> Self {
        Self::try_from(number).unwrap_or(Self::MAX)
    }

    fn number(self) -> u64 {
        u64::try_from(self).unwrap_or(u64::MAX)
    }
}

/// In milliseconds.
impl Measure for Duration {
    fn of(number: u64) -> Self {
        Self::from_millis(number)
    }

    fn number(self) -> u64 {
        u64::try_from(self.as_millis()).unwrap_or(u64::MAX)
    }
}

/// A table of limits: a struct with a field for each, its default, and what lists and sets them by
/// name. A name is the prefix and the field, or what stands after `as` instead of the field.
/// `parts` are tables within the table.
macro_rules! limits {
    (
        $(#[$about:meta])*
        pub struct $table:ident, named $prefix:literal {
            $(
                $(#[doc = $sentence:literal])+
                $field:ident $(as $name:ident)?: $kind:ty = $default:expr, $least:expr => $most:expr;
            )+
        }
        parts { $( $(#[doc = $part_sentence:literal])+ $part:ident: $part_table:ty; )* }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $table {
            $( $(#[doc = $sentence])+ pub $field: $kind, )+
            $( $(#[doc = $part_sentence])+ pub $part: $part_table, )*
        }

        impl Default for $table {
            fn default() -> Self {
                Self {
                    $( $field: $crate::domain::limit::Measure::of($default), )+
                    $( $part: Default::default(), )*
                }
            }
        }

        impl $table {
            /// Every limit, as it stands.
            pub fn settings(&self) -> impl Iterator<Item = $crate::domain::limit::Setting> + use<> {
                let own = vec![$( $crate::domain::limit::Setting {
                    name: concat!($prefix, $crate::domain::limit::limits!(@name $field $($name)?)),
                    value: $crate::domain::limit::Measure::number(self.$field),
                    least: $least,
                    most: $most,
                    meaning: concat!($($sentence),+).trim_ascii_start(),
                }, )+];
                own.into_iter()$( .chain(self.$part.settings()) )*
            }

            /// Sets one by its name.
            pub fn set(
                &mut self,
                name: &str,
                value: u64,
            ) -> Result<(), $crate::domain::limit::LimitError> {
                $(
                    let own = concat!($prefix, $crate::domain::limit::limits!(@name $field $($name)?));
                    if name == own {
                        $crate::domain::limit::within(own, value, $least, $most)?;
                        self.$field = $crate::domain::limit::Measure::of(value);
                        return Ok(());
                    }
                )+
                $(
                    match self.$part.set(name, value) {
                        Err($crate::domain::limit::LimitError::Unknown { .. }) => {}
                        set => return set,
                    }
                )*
                Err($crate::domain::limit::LimitError::Unknown { name: name.to_owned() })
            }

            /// The same limits, but for those that are named.
            pub fn with(
                &self,
                overrides: &std::collections::BTreeMap<String, u64>,
            ) -> Result<Self, $crate::domain::limit::LimitError> {
                let mut limits = self.clone();
                for (name, value) in overrides {
                    limits.set(name, *value)?;
                }
                Ok(limits)
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:ident) => { stringify!($name) };
}
pub(crate) use limits;

/// Digits in threes.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Whether a limit can be set to a value.
pub(crate) fn within(
    name: &'static str,
    value: u64,
    least: u64,
    most: u64,
) -> Result<(), LimitError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(LimitError::Outside { name, value, least, most })
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "the tables of a test are nobody else's")]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    limits! {
        /// What a cup holds.
        pub struct Cup, named "cup_" {
            /// Bytes of tea in it.
            tea_bytes_max: usize = 200, 1 => 500;
            /// Time it is warm,
            /// at most.
            warm_time_max as warm_time_ms_max: Duration = 3_000, 10 => 60_000;
        }
        parts {}
    }

    limits! {
        /// What a table holds.
        pub struct Table, named "" {
            /// Cups on it.
            cups_max: u64 = 6, 0 => 12;
        }
        parts {
            /// Each of them.
            cup: Cup;
        }
    }

    fn named(name: &str, value: u64) -> Result<Table, LimitError> {
        Table::default().with(&BTreeMap::from([(name.to_owned(), value)]))
    }

    #[test]
    fn each_limit_is_listed_and_set_under_one_name() {
        let listed: Vec<_> = Table::default().settings().collect();
        let names: Vec<_> = listed.iter().map(|it| (it.name, it.value, it.unit())).collect();
        let expected = [
            ("cups_max", 6, ""),
            ("cup_tea_bytes_max", 200, "bytes"),
            ("cup_warm_time_ms_max", 3_000, "ms"),
        ];
        assert_eq!(names, expected);
        assert_eq!(listed[2].meaning, "Time it is warm, at most.");
        for setting in listed {
            let set = named(setting.name, setting.most).unwrap();
            assert!(set.settings().any(|it| it.name == setting.name && it.value == setting.most));
        }
        assert_eq!(named("cup_warm_time_ms_max", 10).unwrap().cup.warm_time_max.as_millis(), 10);
    }

    #[test]
    fn a_value_is_shown_in_the_largest_unit_that_leaves_it_whole() {
        let cases = [
            ("tea_bytes_max", 67_108_864, "64 MiB"),
            ("tea_bytes_max", 1_536, "1,536 bytes"),
            ("tea_bytes_max", 0, "0 bytes"),
            ("warm_time_ms_max", 10_000, "10 s"),
            ("warm_time_ms_max", 7_200_000, "2 h"),
            ("warm_time_ms_max", 250, "250 ms"),
            ("cups_max", 1_000_000, "1,000,000"),
            ("cups_max", 12, "12"),
        ];
        for (name, value, words) in cases {
            let setting = Setting { name, value, least: 0, most: 1, meaning: "" };
            assert_eq!(setting.words(), words);
        }
    }

    #[test]
    fn a_change_is_a_name_and_a_number() {
        let change = Change { name: "cups_max".to_owned(), value: 7 };
        assert_eq!("cups_max=7".parse::<Change>().unwrap(), change);
        for text in ["cups_max", "cups_max=", "cups_max=many", "cups_max=-1"] {
            let error = text.parse::<Change>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("NAME=NUMBER"), "{error}");
        }
    }

    #[test]
    fn a_name_nobody_knows_and_a_value_out_of_bounds_are_told() {
        let unknown = named("tea_bytes_max", 1).unwrap_err().to_string();
        assert_eq!(unknown, "there is no limit named \"tea_bytes_max\"");
        let too_much = BTreeMap::from([("cup_tea_bytes_max".to_owned(), 501)]);
        let outside = Cup::default().with(&too_much).unwrap_err().to_string();
        assert_eq!(outside, "the limit cup_tea_bytes_max can be 1 to 500, not 501");
    }
}
