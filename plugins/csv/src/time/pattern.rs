//! Times of a declared pattern, as in `%d/%m/%Y %H:%M`.

use std::borrow::Cow;
use std::fmt::Write;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, Timelike};

use super::Reading;

const LEAP_NANOSECONDS: u32 = 1_000_000_000;

/// A pattern, taken apart once.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    text: String,
    items: Vec<Item<'static>>,
}

impl Declared {
    pub(super) fn of(text: &str) -> Result<Self, String> {
        let broken = |_| format!("{text:?} is no pattern: write it like \"%d/%m/%Y %H:%M:%S\"");
        let items = StrftimeItems::new(text).parse_to_owned().map_err(broken)?;
        if !items.iter().any(|item| matches!(item, Item::Numeric(..) | Item::Fixed(..))) {
            return Err(format!("{text:?} names no part of a time, such as %Y"));
        }
        Ok(Self { text: text.to_owned(), items })
    }

    pub(super) fn read(&self, text: &[u8]) -> Result<Reading, Cow<'static, str>> {
        let mismatch = || format!("it is not a time like {}", self.text);
        let text = std::str::from_utf8(text).map_err(|_| mismatch())?;
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, self.items.iter()).map_err(|error| match error.kind() {
            chrono::format::ParseErrorKind::OutOfRange => "there is no such date or time".into(),
            _ => mismatch(),
        })?;
        if let Some(seconds) = parsed.timestamp() {
            let offset = Some(0);
            return Ok(Reading { local: seconds.saturating_mul(1000), offset });
        }
        let date = parsed.to_naive_date().map_err(|_| "there is no such date")?;
        let clock = clock(&mut parsed)?;
        let local = date.and_time(clock).and_utc().timestamp_millis();
        let offset = parsed.offset().map(|seconds| i64::from(seconds) * 1000);
        Ok(Reading { local, offset })
    }

    /// With an offset in the pattern the time is written in UTC.
    pub(super) fn write(&self, time: i64, local: i64) -> Option<String> {
        use chrono::format::Fixed::{
            RFC2822, RFC3339, TimezoneOffset, TimezoneOffsetColon, TimezoneOffsetColonZ,
            TimezoneOffsetZ,
        };
        let zoned = |item: &Item<'_>| {
            matches!(
                item,
                Item::Fixed(
                    RFC2822
                        | RFC3339
                        | TimezoneOffset
                        | TimezoneOffsetColon
                        | TimezoneOffsetColonZ
                        | TimezoneOffsetZ
                )
            )
        };
        let shown = if self.items.iter().any(zoned) { time } else { local };
        let clock = DateTime::from_timestamp_millis(shown)?;
        let mut text = String::new();
        write!(text, "{}", clock.format_with_items(self.items.iter())).ok()?;
        Some(text)
    }
}

/// Midnight where the pattern has a date only, the whole hour where it has no minutes.
fn clock(parsed: &mut Parsed) -> Result<chrono::NaiveTime, Cow<'static, str>> {
    if parsed.hour_mod_12().is_none() && parsed.minute().is_none() && parsed.second().is_none() {
        return Ok(chrono::NaiveTime::MIN);
    }
    if parsed.minute().is_none() {
        parsed.set_minute(0).map_err(|_| "there is no such time of day")?;
    }
    let clock = parsed.to_naive_time().map_err(|_| "there is no such time of day")?;
    if clock.nanosecond() >= LEAP_NANOSECONDS {
        return Err(Cow::Borrowed("there is no such time of day"));
    }
    Ok(clock)
}
