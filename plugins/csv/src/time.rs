//! Times as people write them, never rolled over and never guessed.

mod iso;
mod pattern;

use std::borrow::Cow;

use crate::number::{self, Format};
use crate::zone::{Meaning, Zone};

/// 1000-01-01T00:00:00Z, ms.
const FIRST_MS: i64 = -30_610_224_000_000;
/// 9999-12-31T23:59:59.999Z, ms.
const LAST_MS: i64 = 253_402_300_799_999;
/// A longer text is no time.
const MAX_TIME_BYTES: usize = 128;
const DAY_MS: f64 = 86_400_000.0;
/// 1970-01-01 as a spreadsheet counts days.
const EPOCH_IN_EXCEL_DAYS: f64 = 25_569.0;
/// 1 March 1900: spreadsheets disagree about the days before.
const FIRST_EXCEL_DAY: f64 = 61.0;

/// Why a text is no time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Trouble {
    /// The row is rejected for this reason.
    Rejected(Cow<'static, str>),
    /// Neither the text nor the configuration names a zone.
    NoZone,
}

/// How times are written.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    Iso,
    Excel,
    EpochSeconds,
    EpochMilliseconds,
    Declared(pattern::Declared),
}

/// Reads and writes times of one pattern in one zone.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    pub(crate) pattern: Pattern,
    pub(crate) zone: Option<Zone>,
    pub(crate) numbers: Format,
}

/// A time as far as its text tells: on a wall clock, or with its offset (ms).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) local: i64,
    pub(crate) offset: Option<i64>,
}

impl Pattern {
    /// The pattern by its name, or as declared.
    pub(crate) fn of(text: &str) -> Result<Self, String> {
        Ok(match text {
            "iso" => Self::Iso,
            "excel" => Self::Excel,
            "epoch-s" => Self::EpochSeconds,
            "epoch-ms" => Self::EpochMilliseconds,
            _ => Self::Declared(pattern::Declared::of(text)?),
        })
    }

    fn read(&self, text: &[u8], numbers: Format) -> Result<Reading, Cow<'static, str>> {
        match self {
            Self::Iso => iso::read(text).map_err(Cow::Borrowed),
            Self::Declared(declared) => declared.read(text),
            Self::Excel => excel(text, numbers),
            Self::EpochSeconds => epoch(text, numbers, 1000.0),
            Self::EpochMilliseconds => epoch(text, numbers, 1.0),
        }
    }
}

impl Clock {
    /// When it was, once `milliseconds` are added; two answers where the clock showed it twice.
    pub(crate) fn read(&mut self, text: &[u8], milliseconds: i64) -> Result<Meaning, Trouble> {
        let rejected = |reason: &'static str| Err(Trouble::Rejected(Cow::Borrowed(reason)));
        if text.is_empty() {
            return rejected("there is no time");
        }
        if text.len() > MAX_TIME_BYTES {
            return rejected("it is too long for a time");
        }
        let reading = self.pattern.read(text, self.numbers).map_err(Trouble::Rejected)?;
        let local = reading.local.saturating_add(milliseconds);
        let meaning = match (reading.offset, &mut self.zone) {
            (Some(offset), _) => Meaning::Once(local.saturating_sub(offset)),
            (None, Some(zone)) => zone.meaning(local),
            (None, None) => return Err(Trouble::NoZone),
        };
        match meaning {
            Meaning::Never => {
                rejected("the clocks were put forward that night and never showed this time")
            }
            Meaning::Once(time) | Meaning::Twice { later: time, .. } if !in_range(time) => {
                rejected("the year is not between 1000 and 9999")
            }
            meaning => Ok(meaning),
        }
    }

    /// A text for a time; whether it reads back as that time is for the caller to see.
    pub(crate) fn write(&mut self, time: i64) -> Option<String> {
        match &self.pattern {
            Pattern::Iso => iso::write(time),
            Pattern::EpochMilliseconds => Some(time.to_string()),
            Pattern::EpochSeconds => {
                Some(number::write(time as f64 / 1000.0, self.numbers.decimal))
            }
            Pattern::Excel => {
                let days = self.local(time)? as f64 / DAY_MS + EPOCH_IN_EXCEL_DAYS;
                Some(number::write(days, self.numbers.decimal))
            }
            Pattern::Declared(declared) => {
                let declared = declared.clone();
                declared.write(time, self.local(time).unwrap_or(time))
            }
        }
    }

    /// What the zone's clock showed: zones are at most 16 hours from UTC, in quarters of an hour.
    fn local(&mut self, time: i64) -> Option<i64> {
        const QUARTER_MS: i64 = 900_000;
        let zone = self.zone.as_mut()?;
        let guesses = (-64..=64).map(|quarters| time.saturating_add(quarters * QUARTER_MS));
        guesses.into_iter().find(|&local| match zone.meaning(local) {
            Meaning::Once(found) => found == time,
            Meaning::Twice { earlier, later } => earlier == time || later == time,
            Meaning::Never => false,
        })
    }
}

/// ISO 8601, in UTC.
pub(crate) fn write_iso(time: i64) -> Option<String> {
    iso::write(time)
}

/// Whether the host takes a time.
pub(crate) fn in_range(time: i64) -> bool {
    (FIRST_MS..=LAST_MS).contains(&time)
}

fn excel(text: &[u8], numbers: Format) -> Result<Reading, Cow<'static, str>> {
    let days = number::parse(text, numbers)
        .map_err(|reason| Cow::Owned(format!("as a spreadsheet's day: {reason}")))?;
    if days < FIRST_EXCEL_DAY {
        return Err(Cow::Borrowed("spreadsheets disagree about days before 1 March 1900"));
    }
    Ok(Reading { local: whole((days - EPOCH_IN_EXCEL_DAYS) * DAY_MS), offset: None })
}

fn epoch(text: &[u8], numbers: Format, unit_ms: f64) -> Result<Reading, Cow<'static, str>> {
    let count = number::parse(text, numbers)
        .map_err(|reason| Cow::Owned(format!("as seconds or milliseconds since 1970: {reason}")))?;
    Ok(Reading { local: whole(count * unit_ms), offset: Some(0) })
}

/// The nearest whole millisecond; what is out of range stays out of range.
#[expect(clippy::cast_possible_truncation, reason = "casts to integers saturate")]
fn whole(milliseconds: f64) -> i64 {
    milliseconds.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(pattern: &str, zone: Option<&str>) -> Clock {
        Clock {
            pattern: Pattern::of(pattern).unwrap(),
            zone: zone.map(|zone| zone.parse().unwrap()),
            numbers: Format { decimal: '.', thousands: None },
        }
    }

    fn read(pattern: &str, zone: &str, text: &str) -> Result<String, String> {
        match clock(pattern, Some(zone)).read(text.as_bytes(), 0) {
            Ok(Meaning::Once(time)) => Ok(iso::write(time).unwrap()),
            Ok(twice) => Ok(format!("{twice:?}")),
            Err(Trouble::Rejected(reason)) => Err(reason.into_owned()),
            Err(Trouble::NoZone) => Err("no zone".to_owned()),
        }
    }

    #[test]
    fn what_is_written_is_what_is_meant() {
        for (pattern, zone, text, expected) in [
            ("iso", "UTC", "2017-01-02", "2017-01-02T00:00:00Z"),
            ("iso", "UTC+01:00", "2017-01-02 03:04", "2017-01-02T02:04:00Z"),
            ("iso", "UTC+01:00", "2017-01-02T03:04:05Z", "2017-01-02T03:04:05Z"),
            ("iso", "UTC", "2017-01-02T03:04:05.6789+05:30", "2017-01-01T21:34:05.678Z"),
            ("iso", "Asia/Kolkata", "2017-01-02T03:04:05,5", "2017-01-01T21:34:05.500Z"),
            ("%d/%m/%Y", "UTC", "1/2/2017", "2017-02-01T00:00:00Z"),
            ("%d/%m/%Y %H:%M:%S %:z", "UTC", "8/08/2014 20:00:00 +02:00", "2014-08-08T18:00:00Z"),
            ("%d-%b-%y %I:%M %p", "UTC", "02-Jan-17 3:04 PM", "2017-01-02T15:04:00Z"),
            ("excel", "UTC", "40508.041666666664", "2010-11-26T01:00:00Z"),
            ("epoch-s", "Asia/Kolkata", "1483326245.5", "2017-01-02T03:04:05.500Z"),
            ("epoch-ms", "Asia/Kolkata", "1483326245500", "2017-01-02T03:04:05.500Z"),
        ] {
            assert_eq!(read(pattern, zone, text).as_deref(), Ok(expected), "{pattern} {text}");
        }
    }

    #[test]
    fn what_no_calendar_has_is_refused() {
        for (pattern, text) in [
            ("%d/%m/%Y", "31/2/2017"),
            ("%d/%m/%Y", "1/13/2017"),
            ("%d/%m/%Y", "1/1/2017 10:00"),
            ("%H:%M:%S %d/%m/%Y", "23:59:60 1/1/2017"),
            ("iso", "0000-00-00 00:00:00"),
            ("iso", "2017-02-29"),
            ("iso", "2017-01-02T24:00:00"),
            ("iso", "2017-01-02T03:04:60"),
            ("iso", "0999-01-02"),
            ("iso", "2017-01-02T03:04:05+"),
            ("%d/%m/%Y", "1/1/12017"),
            ("excel", "60"),
            ("excel", "1e300"),
            ("epoch-s", "1e300"),
        ] {
            assert!(read(pattern, "UTC", text).is_err(), "{pattern} {text}");
        }
    }

    #[test]
    fn summer_time_is_neither_invented_nor_lost() {
        let zone = "Europe/Amsterdam";
        assert!(read("excel", "UTC-01:00", "1e300").is_err());
        assert!(read("iso", zone, "2017-03-26 02:30").unwrap_err().contains("put forward"));
        assert!(read("iso", zone, "2017-10-29 02:30").unwrap().starts_with("Twice"));
        assert_eq!(read("iso", zone, "2017-03-26 03:00").unwrap(), "2017-03-26T01:00:00Z");
    }
}
