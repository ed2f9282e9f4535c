//! What Lizard has at times that are named: looked at before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use ourwater_sdk::{Failure, Result};
use serde_json::Value;

use crate::config::{Config, Version};
use crate::event::{Event, instant};
use crate::series::{self, PATH};
use crate::server;
use crate::time;
use crate::value::text;
use crate::well::field;

/// A longer time without a reading of the batch is not asked for.
const GAP_MS: i64 = 32 * 24 * 60 * 60 * 1000;

/// Events of one answer.
const EVENTS_MAX: u32 = 1_000;

/// Questions about one range of time.
const PAGES_MAX: u32 = 10_000;

/// A reading that is there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Present {
    pub(super) value: f64,
    pub(super) flag: Option<i64>,
    /// Kept where the reading is overwritten.
    pub(super) comment: Option<String>,
}

/// What is there of these times, which ascend.
pub(super) fn look(
    config: &Config,
    uuid: &str,
    times: impl Iterator<Item = i64>,
) -> Result<BTreeMap<i64, Present>> {
    let times: Vec<i64> = times.collect();
    let named: BTreeSet<i64> = times.iter().copied().collect();
    let mut present = BTreeMap::new();
    for near in times.chunk_by(|one, next| next.saturating_sub(*one) <= GAP_MS) {
        let ([first, ..], [.., last]) = (near, near) else { continue };
        let rows = match config.version {
            Version::V3 => window(config, uuid, *first, *last)?,
            Version::V4 => events(config, uuid, *first, *last)?,
        };
        for row in &rows {
            let there = instant(row).filter(|time| named.contains(time)).zip(reading(row));
            present.extend(there);
        }
    }
    Ok(present)
}

fn window(config: &Config, uuid: &str, first: i64, last: i64) -> Result<Vec<Value>> {
    // Whether a window holds its own end is not said anywhere.
    let row = series::window(config, uuid, first, last.saturating_add(1))?;
    let events = row.map(|mut row| row["events"].take());
    Ok(match events {
        Some(Value::Array(events)) => events,
        _ => Vec::new(),
    })
}

fn events(config: &Config, uuid: &str, first: i64, last: i64) -> Result<Vec<Value>> {
    let path = format!("{PATH}{uuid}/events/");
    let range = [("start", first), ("end", last.saturating_add(1))];
    let range: Vec<_> =
        range.iter().filter_map(|(name, at)| Some((*name, time::write(*at)?))).collect();
    let mut all = Vec::new();
    for page in 1..=PAGES_MAX {
        let Some(answer) = server::list(config, &path, &range, page, EVENTS_MAX)? else {
            return Ok(all);
        };
        let is_last = answer.body.is_last();
        all.extend(answer.body.results);
        if is_last {
            return Ok(all);
        }
    }
    Err(Failure::Data(format!("series {uuid} has more than {PAGES_MAX} pages of events")))
}

fn reading(row: &Value) -> Option<Present> {
    match Event::read(row) {
        Event::Reading { value, flag, .. } => {
            Some(Present { value, flag, comment: text(field(row, "comment")) })
        }
        _ => None,
    }
}
