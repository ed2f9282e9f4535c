//! API v4: events by the time they last changed.
//!
//! A pass asks for what was modified since [`OVERLAP_MS`] before the server's own time when the last
//! pass of the series began, since a change can be seen a moment after the time it says. Events come
//! by their own time, so that a page goes on after the last one given: nothing that is added or
//! changed meanwhile moves the others, and the next pass finds it.

use ourwater_sdk::{Failure, Result};
use serde_json::Value;

use super::cursor::Place;
use super::{Step, Then};
use crate::config::Config;
use crate::event::{Gathered, instant};
use crate::series::{Known, PATH};
use crate::server::{self, Parameter};
use crate::time;
use crate::well::field;

/// A change can be seen at most so long after the time it says it was made at.
pub(super) const OVERLAP_MS: i64 = 2 * 60 * 1000;

/// Events of one answer; they weigh some 200 bytes each.
const EVENTS_MAX: u32 = 10_000;

/// Where a pass begins.
pub(super) fn first(since: Option<i64>) -> Place {
    Place::Changed { since, after: None, page: 1, next: None }
}

/// Asks once, for at most `room` events.
pub(super) fn step(
    config: &Config,
    known: &Known,
    place: Place,
    room: u32,
    since: Option<i64>,
    into: &mut Gathered,
) -> Result<Step> {
    let Place::Changed { since: changed, after, page, next } = place else {
        return Err(Failure::StaleCursor("it is of another version of the API".to_owned()));
    };
    let from = after.map(|after| after.saturating_add(1)).max(since);
    let path = format!("{PATH}{}/events/", known.uuid);
    let size = room.min(EVENTS_MAX);
    let Some(answer) = server::list(config, &path, &parameters(changed, from), page, size)? else {
        return Ok(Step { events: 0, then: Then::Done(next.or(changed)) });
    };
    let next = next.or_else(|| answer.time.map(|now| now.saturating_sub(OVERLAP_MS)));
    let next = next.or_else(|| newest(&answer.body.results, changed));
    let is_last = answer.body.is_last();
    let rows = answer.body.results;
    let is_whole = is_last && page == 1 && rows.len() <= room as usize;
    let rows = in_order(rows, is_whole, known)?;
    let given = &rows[..rows.len().min(room as usize)];
    for row in given {
        into.add(row);
    }
    let then = if is_last && given.len() == rows.len() {
        Then::Done(next)
    } else {
        Then::At(past(given, Place::Changed { since: changed, after, page, next }))
    };
    Ok(Step { events: u32::try_from(given.len()).unwrap_or(u32::MAX), then })
}

/// The rows by their times; those of a part have to come so.
fn in_order(mut rows: Vec<Value>, is_whole: bool, known: &Known) -> Result<Vec<Value>> {
    if !is_whole && !rows.iter().filter_map(instant).is_sorted() {
        return Err(Failure::Data(format!(
            "the events of series {} do not come by their time, so that no page can follow another",
            known.uuid
        )));
    }
    rows.sort_by_key(instant);
    Ok(rows)
}

/// After these events; after an empty page, or one without a later time, the next one.
fn past(given: &[Value], mut place: Place) -> Place {
    if let Place::Changed { after, page, .. } = &mut place {
        match given.iter().filter_map(instant).max().filter(|last| *after < Some(*last)) {
            Some(last) => (*after, *page) = (Some(last), 1),
            None => *page = page.saturating_add(1),
        }
    }
    place
}

fn parameters(changed: Option<i64>, from: Option<i64>) -> Vec<Parameter> {
    let changed = changed.and_then(time::write).map(|at| ("last_modified__gte", at));
    let from = from.and_then(time::write).map(|at| ("time__gte", at));
    changed.into_iter().chain(from).collect()
}

/// Of a server that does not say its time: the newest change that it speaks of.
fn newest(rows: &[Value], before: Option<i64>) -> Option<i64> {
    let changes = rows.iter().filter_map(|row| time::read(field(row, "last_modified")));
    changes.max().map(|newest| newest.saturating_sub(OVERLAP_MS)).max(before)
}
