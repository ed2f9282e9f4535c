//! Readings: at first all by ascending id, later the new by id and the changed by `updatedAt`.
//!
//! Most rows have a zero `createdAt`, so no date finds the new ones; ids do. A run with nothing new
//! asks two questions. `updatedAt` is set a moment before its row can be seen, and ids are given
//! before it too, so changes are asked for from [`OVERLAP_MS`] before the server's time when the
//! last run began. A row given twice does no harm. Of several rows for one reading the one with the
//! greatest id holds, so a change of another one says nothing.

mod cursor;

use std::collections::HashMap;

use ourwater_sdk::{Failure, GetRequest, Items, Page, Readings, Rejection, Result, paging};
use serde_json::json;

use crate::config::Config;
use crate::id::Id;
use crate::present::{self, Key};
use crate::quantity;
use crate::row::{ReadingRow, instant, number, positive, shown};
use crate::select;
use crate::server::{self, Question, ROWS_MAX};
use crate::time;
use cursor::Cursor;

/// A row is visible at most so long after the time it says it changed at.
pub(crate) const OVERLAP_MS: i64 = 2 * 60 * 1000;

/// Questions in one call whose answers may all be empty.
const QUESTIONS_A_CALL: u32 = 20;

/// Whether readings may be read at all.
pub(crate) fn any(config: &Config) -> Result<()> {
    let question = Question {
        from: "readings",
        columns: &["id"],
        conditions: Vec::new(),
        order: &["id"],
        limit: 1,
    };
    server::find::<ReadingRow>(config, &question).map(|_| ())
}

/// A page of readings.
pub(crate) fn get(config: &Config, request: &GetRequest) -> Result<Page> {
    let parts = select::conditions(&request.only, "resourceId")?;
    let mut cursor = Cursor::read(request.cursor.as_deref(), parts.len())?;
    let limit = request.limit.clamp(1, ROWS_MAX);
    let since = match request.since.and_then(time::write) {
        Some(date) => json!({"date": {"gte": date}}),
        None => json!({}),
    };
    let mut rows = Vec::new();
    for _ in 0..QUESTIONS_A_CALL {
        let mut conditions = vec![parts[cursor.part()].clone(), since.clone()];
        conditions.extend(cursor.conditions());
        let (columns, order) = (&ReadingRow::COLUMNS, cursor.order());
        let question = Question { from: "readings", columns, conditions, order, limit };
        let answer = server::find::<ReadingRow>(config, &question)?;
        let found = answer.body;
        let full = found.len() >= limit as usize;
        let changed = cursor.is_at_changes();
        cursor.advance(&found, full, answer.time)?;
        rows = if changed { holding(config, found)? } else { found };
        if !rows.is_empty() || cursor.at_end() {
            break;
        }
    }
    let (readings, rejected) = columns(&rows);
    let page = paging::page(Items::Readings(readings), paging::write(&cursor)?, !cursor.at_end());
    Ok(Page { rejected, ..page })
}

/// Without the rows that others hold against.
fn holding(config: &Config, rows: Vec<ReadingRow>) -> Result<Vec<ReadingRow>> {
    let key = |row: &ReadingRow| Some(Key { resource: row.resource()?, time: instant(&row.date)? });
    let keys: Vec<Key> = rows.iter().filter_map(key).collect();
    let present = present::readings(config, &keys)?;
    let holds = |row: &ReadingRow| {
        let there = key(row).and_then(|key| present.get(&key)?.last());
        there.is_none_or(|last| positive(&row.id).is_some_and(|id| id >= last.id))
    };
    Ok(rows.into_iter().filter(holds).collect())
}

/// The rows as columns of series, and what is no reading.
fn columns(rows: &[ReadingRow]) -> (Vec<Readings>, Vec<Rejection>) {
    let (mut all, mut rejected) = (Vec::<Readings>::new(), Vec::new());
    let mut places: HashMap<Id, usize> = HashMap::new();
    for row in rows {
        let (id, time, value) = match point(row) {
            Ok(point) => point,
            Err(reason) => {
                rejected.push(rejection(row, reason));
                continue;
            }
        };
        let place = *places.entry(id).or_insert_with(|| {
            all.push(empty(id));
            all.len() - 1
        });
        let readings = &mut all[place];
        readings.times.push(time);
        readings.values.push(value);
        readings.rows.extend(positive(&row.id).and_then(|row| u32::try_from(row).ok()));
        readings.updated.extend(instant(&row.updated_at));
    }
    for readings in &mut all {
        // A column that is not known for every point is not given at all.
        let points = readings.times.len();
        readings.rows.truncate(if readings.rows.len() == points { points } else { 0 });
        readings.updated.truncate(if readings.updated.len() == points { points } else { 0 });
    }
    (all, rejected)
}

fn point(row: &ReadingRow) -> std::result::Result<(Id, i64, f64), &'static str> {
    positive(&row.id).ok_or("it has no id")?;
    let id = row.resource().ok_or("it does not say of which resource it is")?;
    let time = instant(&row.date).ok_or("it has no date")?;
    let value = number(&row.value).ok_or("its value is not a number")?;
    Ok((id, time, value))
}

fn rejection(row: &ReadingRow, reason: &str) -> Rejection {
    let cells = [&row.postcode, &row.resource_id, &row.date, &row.value].map(shown);
    let place = format!("reading {}", shown(&row.id));
    Rejection { place, reason: reason.to_owned(), raw: cells.join(",") }
}

fn empty(id: Id) -> Readings {
    Readings {
        series: quantity::series(id),
        times: Vec::new(),
        values: Vec::new(),
        qualities: Vec::new(),
        notes: Vec::new(),
        removed: Vec::new(),
        rows: Vec::new(),
        updated: Vec::new(),
    }
}

fn without_id() -> Failure {
    Failure::Data("the server gave a reading without an id".to_owned())
}
