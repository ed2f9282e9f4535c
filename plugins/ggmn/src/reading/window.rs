//! API v3: events by windows of time.
//!
//! A window has no pages and no limit, so its length follows what the windows before it held. A pass
//! begins the configured lookback before the last reading that was given: late and corrected readings
//! are found so far back, and no farther.

use ourwater_sdk::{Failure, Result};
use serde_json::Value;

use super::cursor::Place;
use super::{Step, Then};
use crate::config::Config;
use crate::event::{Gathered, instant};
use crate::series::{self, Known};
use crate::time;
use crate::well::field;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The first window: at a reading a minute some 130,000, or five megabytes.
const FIRST_SPAN_MS: i64 = 92 * DAY_MS;

/// The longest window.
const SPAN_MS_MAX: i64 = 36_525 * DAY_MS;

/// How much longer a window is than one that was less than half full.
const GROWTH: i64 = 4;

/// Where a pass begins: at the series' first reading, or before the last one that was given.
pub(super) fn first(config: &Config, known: &Known, last: Option<i64>) -> Place {
    let from = last.map(|last| last.saturating_sub(config.lookback_ms())).or(known.start);
    Place::Window { from, span: FIRST_SPAN_MS }
}

/// Asks once, and gives at most `room` events.
pub(super) fn step(
    config: &Config,
    known: &Known,
    place: Place,
    room: u32,
    since: Option<i64>,
    into: &mut Gathered,
) -> Result<Step> {
    let Place::Window { from, span } = place else {
        return Err(Failure::StaleCursor("it is of another version of the API".to_owned()));
    };
    // A series without beginning has no readings yet.
    let Some(from) = from.max(since.filter(|_| from.is_some())) else {
        return Ok(Step { events: 0, then: Then::Done(None) });
    };
    let end = from.saturating_add(span);
    let Some(row) = series::window(config, &known.uuid, from, end)? else {
        return Ok(Step { events: 0, then: Then::Done(None) });
    };
    let all = field(&row, "events").as_array().map(Vec::as_slice).unwrap_or_default();
    for row in all.iter().filter(|row| instant(row).is_none()) {
        into.add(row);
    }
    let rows = within(all, from, end);
    let (held, room) = (rows.len(), room as usize);
    let given = &rows[..held.min(room)];
    for (_, row) in given {
        into.add(row);
    }
    let cut = given.last().filter(|_| held > room).map(|(time, _)| *time);
    let next = cut.unwrap_or(end).saturating_add(1);
    // The end the server speaks of may lag behind what it gives.
    let last = time::read(field(&row, "end")).max(rows.last().map(|(time, _)| *time));
    let then = if last.is_some_and(|last| next <= last) {
        Then::At(Place::Window { from: Some(next), span: follow(span, held, room) })
    } else {
        Then::Done(last)
    };
    Ok(Step { events: u32::try_from(given.len()).unwrap_or(u32::MAX), then })
}

/// The events of the window, by their time.
fn within(all: &[Value], from: i64, end: i64) -> Vec<(i64, &Value)> {
    let rows = all.iter().filter_map(|row| Some((instant(row)?, row)));
    let mut rows: Vec<_> = rows.filter(|(time, _)| (from..=end).contains(time)).collect();
    rows.sort_by_key(|(time, _)| *time);
    rows
}

/// The length of a window after one of this length, in which there was room for so many.
fn follow(span: i64, held: usize, room: usize) -> i64 {
    let (held, room) = (held as f64, room as f64);
    if held > room {
        #[expect(clippy::cast_possible_truncation, reason = "it is shorter than it was")]
        let shorter = (span as f64 * room / held) as i64;
        shorter.max(1)
    } else if held < room / 2.0 {
        span.saturating_mul(GROWTH).min(SPAN_MS_MAX)
    } else {
        span
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_as_long_as_what_it_may_hold() {
        assert_eq!(follow(1000, 100, 10), 100);
        assert_eq!(follow(1000, 8, 10), 1000);
        assert_eq!(follow(1000, 4, 10), 4000);
        assert_eq!(follow(1, 1_000_000, 1), 1);
        assert_eq!(follow(SPAN_MS_MAX, 0, 1), SPAN_MS_MAX);
    }
}
