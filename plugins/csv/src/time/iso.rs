//! ISO 8601 as it occurs: date, optional time, optional fraction, optional offset.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat};

use super::Reading;
use crate::zone;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// 1970-01-01, counted from 0001-01-01 as day 1.
const EPOCH_DAY: i64 = 719_163;

const NO_TIME: &str = "it is not a time like 2017-01-31T12:00:00";
const NO_DATE: &str = "there is no such date";
const NO_CLOCK: &str = "there is no such time of day";

/// The time of a text.
pub(super) fn read(text: &[u8]) -> Result<Reading, &'static str> {
    let (date, rest) = text.split_first_chunk::<10>().ok_or(NO_TIME)?;
    let day = day(*date)?;
    let Some((separator, rest)) = rest.split_first() else {
        return Ok(Reading { local: day * DAY_MS, offset: None });
    };
    if !matches!(separator, b'T' | b't' | b' ') {
        return Err(NO_TIME);
    }
    let (clock, rest) = clock(rest.trim_ascii_start())?;
    let zone = rest.trim_ascii_start();
    let offset = match zone {
        [] => None,
        zone => Some(zone::offset(zone).ok_or(NO_TIME)?),
    };
    Ok(Reading { local: day * DAY_MS + clock, offset })
}

/// The text of a time, with milliseconds where there are some.
pub(super) fn write(time: i64) -> Option<String> {
    let format = if time % SECOND_MS == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
    Some(DateTime::from_timestamp_millis(time)?.to_rfc3339_opts(format, true))
}

fn day(text: [u8; 10]) -> Result<i64, &'static str> {
    let [year @ .., b'-', m, n, b'-', d, e] = text else { return Err(NO_TIME) };
    let [millennium, century, decade, ones] = year;
    let (hundreds, ones) = (two(millennium, century), two(decade, ones));
    let (hundreds, ones) = (hundreds.ok_or(NO_TIME)?, ones.ok_or(NO_TIME)?);
    let (month, day) = (two(m, n).ok_or(NO_TIME)?, two(d, e).ok_or(NO_TIME)?);
    let year = i32::try_from(hundreds * 100 + ones).map_err(|_| NO_DATE)?;
    let date = NaiveDate::from_ymd_opt(year, month, day).ok_or(NO_DATE)?;
    Ok(i64::from(date.num_days_from_ce()) - EPOCH_DAY)
}

/// HH:MM, HH:MM:SS or HH:MM:SS.fff, and what follows it.
fn clock(text: &[u8]) -> Result<(i64, &[u8]), &'static str> {
    let (&[a, b, colon, c, d], rest) = text.split_first_chunk::<5>().ok_or(NO_TIME)?;
    let (hour, minute) = (two(a, b).ok_or(NO_TIME)?, two(c, d).ok_or(NO_TIME)?);
    if colon != b':' {
        return Err(NO_TIME);
    }
    let (second, rest) = match rest {
        [b':', a, b, rest @ ..] => (two(*a, *b).ok_or(NO_TIME)?, rest),
        rest => (0, rest),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return Err(NO_CLOCK);
    }
    let (fraction, rest) = match rest {
        [b'.' | b',', rest @ ..] => fraction(rest)?,
        rest => (0, rest),
    };
    let clock = i64::from(hour) * HOUR_MS + i64::from(minute) * MINUTE_MS;
    Ok((clock + i64::from(second) * SECOND_MS + fraction, rest))
}

/// Milliseconds; finer digits are cut off.
fn fraction(text: &[u8]) -> Result<(i64, &[u8]), &'static str> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(length).filter(|_| length > 0).ok_or(NO_TIME)?;
    let digit = |place: usize| digits.get(place).map_or(0, |byte| i64::from(byte - b'0'));
    Ok((digit(0) * 100 + digit(1) * 10 + digit(2), rest))
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}
