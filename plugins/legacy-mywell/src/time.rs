//! Times as LegacyMyWell writes them: UTC, whole seconds, and zeros where there is none.

use chrono::{DateTime, Datelike, NaiveDateTime, SecondsFormat};

/// Milliseconds of a time; none where there is no such day.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let time = match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.to_utc(),
        Err(_) => NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()?.and_utc(),
    };
    // Drivers make year 0, or the day before it, of MySQL's zero date.
    (time.year() > 0).then(|| time.timestamp_millis())
}

/// As JSON and filters have it; none outside the years MySQL stores.
pub(crate) fn write(milliseconds: i64) -> Option<String> {
    let time = DateTime::from_timestamp_millis(milliseconds)?;
    (1000..=9999).contains(&time.year()).then(|| time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_dates_are_no_dates() {
        for text in [
            "0000-00-00 00:00:00",
            "0000-01-01T00:00:00.000Z",
            "",
            "null",
            "2017-02-31T00:00:00Z",
            "-000001-11-30T00:00:00.000Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn times_read_back() {
        for text in ["1900-01-01T00:00:00.000Z", "2017-01-01T12:30:15.000Z"] {
            assert_eq!(write(parse(text).unwrap()).as_deref(), Some(text));
        }
        assert_eq!(parse("2012-08-26 00:00:00"), parse("2012-08-26T00:00:00.000Z"));
        assert_eq!(write(i64::MAX), None);
    }
}
