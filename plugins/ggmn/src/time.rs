//! Times as Lizard writes them: ISO 8601 with a zone, or milliseconds; it is told them in UTC only.

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use serde_json::Value;

/// The years that are kept.
const YEARS: std::ops::RangeInclusive<i32> = 1000..=9999;

/// Milliseconds of a time in the years 1000 to 9999.
pub(crate) fn read(value: &Value) -> Option<i64> {
    let milliseconds = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => {
            let time = DateTime::parse_from_rfc3339(text.trim()).ok()?;
            Some(time.timestamp_millis())
        }
        _ => None,
    };
    milliseconds.filter(|at| utc(*at).is_some())
}

/// As it is told; none outside these years. API v3 answers 500 to any zone but Z.
pub(crate) fn write(milliseconds: i64) -> Option<String> {
    Some(utc(milliseconds)?.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

fn utc(milliseconds: i64) -> Option<DateTime<Utc>> {
    let time = DateTime::from_timestamp_millis(milliseconds)?;
    YEARS.contains(&time.year()).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_any_zone_and_written_in_utc() {
        for (text, written) in [
            ("2018-01-01T00:00:00Z", "2018-01-01T00:00:00Z"),
            ("2018-01-01T01:00:00.250+01:00", "2018-01-01T00:00:00.250Z"),
            ("2020-04-25T03:58:56.839756Z", "2020-04-25T03:58:56.839Z"),
        ] {
            let read = read(&Value::from(text)).unwrap();
            assert_eq!(write(read).as_deref(), Some(written));
        }
        assert_eq!(read(&Value::from(1_510_358_400_000_i64)), Some(1_510_358_400_000));
        for text in ["2018-01-01T00:00:00", "2018-02-31T00:00:00Z", "", "today"] {
            assert_eq!(read(&Value::from(text)), None, "{text}");
        }
        assert_eq!((write(i64::MAX), read(&Value::from(i64::MAX))), (None, None));
    }
}
