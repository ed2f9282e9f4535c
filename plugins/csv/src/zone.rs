//! Zones by fixed offset or IANA name, and what a wall clock meant in them.

use std::str::FromStr;

use chrono::{DateTime, MappedLocalTime, Offset, TimeZone};
use chrono_tz::Tz;

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

/// What a wall clock showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// UTC, ms.
    Once(i64),
    /// Summer time ended: it showed this twice. UTC, ms.
    Twice { earlier: i64, later: i64 },
    /// Summer time began: it never showed this.
    Never,
}

/// A zone, with what it last found out.
#[derive(Debug, Clone)]
pub(crate) enum Zone {
    /// Ahead of UTC, ms.
    Fixed(i64),
    Named {
        zone: Tz,
        day: i64,
        offset: Option<i64>,
    },
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let name = name.trim();
        let hours = name.strip_prefix("UTC").or_else(|| name.strip_prefix("GMT")).unwrap_or(name);
        if let Some(offset) = offset(hours.trim().as_bytes()) {
            return Ok(Self::Fixed(offset));
        }
        match name.parse() {
            Ok(zone) => Ok(Self::Named { zone, day: i64::MIN, offset: None }),
            Err(_) => Err(format!(
                "{name:?} is no zone: write it like \"UTC+01:00\" or \"Europe/Amsterdam\""
            )),
        }
    }
}

impl Zone {
    /// What the wall clock meant; `local` is its ms since 1970 as if it were UTC.
    pub(crate) fn meaning(&mut self, local: i64) -> Meaning {
        match self {
            Self::Fixed(offset) => Meaning::Once(local.saturating_sub(*offset)),
            Self::Named { zone, day, offset } => {
                let today = local.div_euclid(DAY_MS);
                if *day != today {
                    (*day, *offset) = (today, steady(*zone, today));
                }
                match offset {
                    Some(offset) => Meaning::Once(local.saturating_sub(*offset)),
                    None => look_up(*zone, local),
                }
            }
        }
    }
}

/// An offset such as +01:00, +0530, -3, Z or nothing, in ms.
pub(crate) fn offset(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let (hours, minutes) = match *digits {
        [a] => (digit(a)?, 0),
        [a, b] => (digit(a)? * 10 + digit(b)?, 0),
        [a, b':', c, d] => (digit(a)?, digit(c)? * 10 + digit(d)?),
        [a, b, c, d] | [a, b, b':', c, d] => {
            (digit(a)? * 10 + digit(b)?, digit(c)? * 10 + digit(d)?)
        }
        _ => return None,
    };
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 60 + minutes) * MINUTE_MS)
}

/// The offset that holds the whole day and the days beside it.
fn steady(zone: Tz, day: i64) -> Option<i64> {
    let at = |day: i64| {
        let time = DateTime::from_timestamp_millis(day.checked_mul(DAY_MS)?)?;
        Some(ahead(&zone.offset_from_utc_datetime(&time.naive_utc())))
    };
    let offset = at(day - 1)?;
    (at(day) == Some(offset) && at(day + 1) == Some(offset) && at(day + 2) == Some(offset))
        .then_some(offset)
}

fn look_up(zone: Tz, local: i64) -> Meaning {
    let Some(clock) = DateTime::from_timestamp_millis(local) else { return Meaning::Never };
    match zone.offset_from_local_datetime(&clock.naive_utc()) {
        MappedLocalTime::Single(offset) => Meaning::Once(local - ahead(&offset)),
        MappedLocalTime::Ambiguous(one, other) => {
            let (one, other) = (local - ahead(&one), local - ahead(&other));
            Meaning::Twice { earlier: one.min(other), later: one.max(other) }
        }
        MappedLocalTime::None => Meaning::Never,
    }
}

fn ahead(offset: &impl Offset) -> i64 {
    i64::from(offset.fix().local_minus_utc()) * 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    #[test]
    fn offsets_are_read_as_people_write_them() {
        for (name, hours) in [
            ("UTC", 0.0),
            ("Z", 0.0),
            ("UTC+1", 1.0),
            ("UTC+01:00", 1.0),
            ("+05:30", 5.5),
            ("-0300", -3.0),
        ] {
            let Ok(Zone::Fixed(offset)) = name.parse() else { panic!("{name}") };
            assert!((offset as f64 / HOUR_MS as f64 - hours).abs() < 1e-9, "{name}");
        }
        assert!("Mars/Olympus".parse::<Zone>().is_err());
        assert!("+99:99".parse::<Zone>().is_err());
    }

    #[test]
    fn a_named_zone_agrees_with_its_table_around_every_change() {
        let mut zone: Zone = "Europe/Amsterdam".parse().unwrap();
        for hour in (1_490_000_000_000..1_512_000_000_000).step_by(1_800_000) {
            assert_eq!(zone.meaning(hour), look_up(Tz::Europe__Amsterdam, hour));
        }
        assert_eq!(zone.meaning(1_490_495_400_000), Meaning::Never);
        let earlier = 1_509_237_000_000;
        let twice = Meaning::Twice { earlier, later: earlier + HOUR_MS };
        assert_eq!(zone.meaning(earlier + 2 * HOUR_MS), twice);
    }
}
