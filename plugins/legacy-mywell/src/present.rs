//! What the server has at places that are named: it keeps any number of rows for one reading.

use std::collections::{BTreeMap, HashMap};

use ourwater_sdk::{Failure, Result};
use serde_json::{Value, json};

use crate::config::Config;
use crate::id::Id;
use crate::row::{ReadingRow, ResourceRow, instant, number, positive};
use crate::select;
use crate::server::{self, Question, ROWS_MAX};
use crate::time;

/// Ranges of time that one question names, some 120 bytes each.
const RANGES_A_QUESTION: usize = 20;

/// A longer time without a reading is not asked for.
const GAP_MS: i64 = 366 * 24 * 60 * 60 * 1000;

/// A reading's place: the server keeps any number of rows for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) resource: Id,
    /// Whole seconds, in ms.
    pub(crate) time: i64,
}

/// A row that is there; of several, those that came later say what holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Present {
    pub(crate) id: u64,
    /// None where it is not a number.
    pub(crate) value: Option<f64>,
    /// Whether it says when it was made; most rows of old do not.
    pub(crate) has_creation: bool,
}

/// Those of the resources that exist.
pub(crate) fn resources(
    config: &Config,
    ids: impl IntoIterator<Item = Id>,
) -> Result<HashMap<Id, ResourceRow>> {
    let mut found = HashMap::new();
    for condition in select::of(ids.into_iter().collect(), "id") {
        let question = Question {
            from: "resources",
            columns: &ResourceRow::COLUMNS,
            conditions: vec![condition],
            order: &["postcode", "id"],
            limit: ROWS_MAX,
        };
        let rows = server::find::<ResourceRow>(config, &question)?.body;
        found.extend(rows.into_iter().filter_map(|row| Some((row.id()?, row))));
    }
    Ok(found)
}

/// The rows of these readings, by ascending id.
pub(crate) fn readings(config: &Config, keys: &[Key]) -> Result<HashMap<Key, Vec<Present>>> {
    let mut found: HashMap<Key, Vec<Present>> = HashMap::new();
    for ranges in ranges(keys).chunks(RANGES_A_QUESTION) {
        let mut above = 0;
        loop {
            let rows = page(config, ranges, above)?;
            for row in &rows {
                let Some(id) = positive(&row.id) else {
                    return Err(Failure::Data(
                        "the server gave a reading without an id".to_owned(),
                    ));
                };
                above = above.max(id);
                let (Some(resource), Some(time)) = (row.resource(), instant(&row.date)) else {
                    continue;
                };
                let has_creation = instant(&row.created_at).is_some();
                let present = Present { id, value: number(&row.value), has_creation };
                found.entry(Key { resource, time }).or_default().push(present);
            }
            if rows.len() < ROWS_MAX as usize {
                break;
            }
        }
    }
    Ok(found)
}

fn page(config: &Config, ranges: &[Value], above: u64) -> Result<Vec<ReadingRow>> {
    let question = Question {
        from: "readings",
        columns: &ReadingRow::LOOKED_AT,
        conditions: vec![json!({"or": ranges}), json!({"id": {"gt": above}})],
        order: &["id"],
        limit: ROWS_MAX,
    };
    Ok(server::find::<ReadingRow>(config, &question)?.body)
}

/// Conditions that hold for all of these readings, and for few others.
fn ranges(keys: &[Key]) -> Vec<Value> {
    let mut times: BTreeMap<Id, Vec<i64>> = BTreeMap::new();
    for key in keys {
        times.entry(key.resource).or_default().push(key.time);
    }
    let mut ranges = Vec::new();
    for (id, mut times) in times {
        times.sort_unstable();
        for near in times.chunk_by(|one, next| next - one <= GAP_MS) {
            if let [first, ..] = near
                && let [.., last] = near
                && let (Some(first), Some(last)) = (time::write(*first), time::write(*last))
            {
                ranges.push(json!({
                    "postcode": id.postcode, "resourceId": id.number,
                    "date": {"between": [first, last]},
                }));
            }
        }
    }
    ranges
}
