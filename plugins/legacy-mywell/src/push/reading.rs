//! Readings: those that are there are changed in place, since the server stores any number of rows
//! for one reading; the rest is posted. What was changed there since it was last got is left alone.

use std::collections::{BTreeMap, HashMap};

use ourwater_sdk::http::Unwritten;
use ourwater_sdk::{Base, Readings, Receipt, Result};
use serde_json::{Value, json};

use super::answer::{self, Said};
use super::create::{self, Told};
use super::{Fate, Tally};
use crate::config::Config;
use crate::id::Id;
use crate::present::{self, Key, Present};
use crate::quantity;
use crate::row::ResourceRow;
use crate::server;
use crate::time;

/// Of a `decimal(10,2)`.
const LARGEST_HUNDREDTHS: f64 = 9_999_999_999.0;

const SECOND_MS: i64 = 1000;

/// Values that differ by no more are one after rounding to two decimals: half a unit, and a little
/// for what binary numbers cannot say.
const SAME_VALUES: f64 = 0.005 * (1.0 + 1e-6);

/// One point of the batch.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    at: usize,
    key: Key,
    /// None: it no longer exists.
    hundredths: Option<i64>,
    base: Base,
}

/// Takes a batch. It always looks first, so that an uncertain batch needs nothing else.
pub(crate) fn push(config: &Config, all: &[Readings], bases: &[Base]) -> Result<Receipt> {
    let points = points(all);
    let mut tally = Tally::of(points.len());
    let mut wanted = BTreeMap::new();
    for (at, point) in points.into_iter().enumerate() {
        match point {
            Err(reason) => tally.refuse(at, reason),
            Ok((key, hundredths)) => {
                let base = bases.get(at).copied().unwrap_or(Base::Unknown);
                if let Some(before) = wanted.insert(key, Wanted { at, key, hundredths, base }) {
                    let reason = "another reading of the batch is in the same second";
                    tally.refuse(before.at, reason);
                }
            }
        }
    }
    let resources = present::resources(config, wanted.keys().map(|key| key.resource))?;
    wanted.retain(|key, point| {
        let known = resources.contains_key(&key.resource);
        if !known {
            // The server would store it, and answer that it has not.
            tally.refuse(point.at, format!("LegacyMyWell has no resource {}", key.resource));
        }
        known
    });
    let keys: Vec<Key> = wanted.keys().copied().collect();
    let present = present::readings(config, &keys)?;
    let wanted: Vec<Wanted> = wanted.into_values().collect();
    write(config, &wanted, &present, &resources, &mut tally);
    settle(config, &wanted, &present, &mut tally);
    Ok(tally.receipt())
}

/// All points in the order of receipts: of each series in turn what is there, then what was removed.
fn points(all: &[Readings]) -> Vec<std::result::Result<(Key, Option<i64>), String>> {
    let point = |readings: &Readings, time, value: Option<f64>| {
        Ok((key(readings, time)?, value.map(hundredths).transpose()?))
    };
    let points = all.iter().flat_map(|readings| {
        let values = readings.values.iter().map(|&value| Some(value));
        let there = readings.times.iter().zip(values);
        let removed = readings.removed.iter().map(|time| (time, None));
        there.chain(removed).map(move |(&time, value)| point(readings, time, value))
    });
    points.collect()
}

fn key(readings: &Readings, time: i64) -> std::result::Result<Key, String> {
    let series = &readings.series;
    let resource: Id = series.resource.parse().map_err(|_| {
        format!("{:?} is no id of LegacyMyWell: those are such as 313603.1111", series.resource)
    })?;
    let only = quantity::series(resource);
    if *series != only {
        return Err(format!(
            "LegacyMyWell keeps one series of {resource}: {}, {} in {}",
            only.name, only.property, only.unit
        ));
    }
    let time = time.saturating_sub(time.rem_euclid(SECOND_MS));
    time::write(time).ok_or("LegacyMyWell keeps the years 1000 to 9999")?;
    Ok(Key { resource, time })
}

#[expect(clippy::cast_possible_truncation, reason = "ten digits fit")]
fn hundredths(value: f64) -> std::result::Result<i64, String> {
    let hundredths = (value * 100.0).round();
    if hundredths.abs() <= LARGEST_HUNDREDTHS {
        return Ok(hundredths as i64);
    }
    Err(format!("LegacyMyWell keeps eight digits before the point; this is {value}"))
}

fn write(
    config: &Config,
    wanted: &[Wanted],
    present: &HashMap<Key, Vec<Present>>,
    resources: &HashMap<Id, ResourceRow>,
    tally: &mut Tally,
) {
    let mut new = Vec::new();
    for point in wanted {
        let rows = present.get(&point.key).map(Vec::as_slice).unwrap_or_default();
        if was_changed_there(point, rows) {
            tally.set(point.at, Fate::Conflicting);
            continue;
        }
        match (point.hundredths, rows) {
            (Some(value), []) => new.push(told(point, value, resources)),
            (Some(value), [.., last]) => change(config, point, value, *last, tally),
            (None, []) => tally.set(point.at, Fate::Unchanged),
            (None, rows) => remove(config, point.at, rows, tally),
        }
    }
    create::all(config, "reading", &new, tally);
}

/// Whether the server has otherwise what it had when it was last got, and not what is pushed.
fn was_changed_there(point: &Wanted, rows: &[Present]) -> bool {
    let there = rows.last().and_then(|row| row.value);
    let is_there = |value: Option<f64>| match (there, value) {
        (Some(there), Some(value)) => (there - value).abs() <= SAME_VALUES,
        (None, None) => true,
        _ => false,
    };
    let is_base = match point.base {
        Base::Unknown => true,
        Base::Nothing => is_there(None),
        Base::Value(value) => is_there(Some(value)),
    };
    !is_base && !is_there(point.hundredths.map(decimal))
}

/// Looks what became of those that were refused and may be stored all the same.
fn settle(
    config: &Config,
    wanted: &[Wanted],
    before: &HashMap<Key, Vec<Present>>,
    tally: &mut Tally,
) {
    let doubtful = |point: &&Wanted| matches!(tally.fates[point.at], Fate::Doubtful(_));
    let doubtful: Vec<Wanted> = wanted.iter().filter(doubtful).copied().collect();
    if doubtful.is_empty() || tally.is_stopped() {
        return;
    }
    let keys: Vec<Key> = doubtful.iter().map(|point| point.key).collect();
    let present = match present::readings(config, &keys) {
        Ok(present) => present,
        Err(failure) => return tally.stop(failure),
    };
    for point in doubtful {
        let rows = present.get(&point.key).map(Vec::as_slice).unwrap_or_default();
        let there = rows.last().map(|row| row.value.and_then(|value| hundredths(value).ok()));
        let done = there == point.hundredths.map(Some);
        let fate = match std::mem::replace(&mut tally.fates[point.at], Fate::Unknown) {
            Fate::Doubtful(_) if done && before.contains_key(&point.key) => Fate::Updated,
            Fate::Doubtful(_) if done => Fate::Created,
            Fate::Doubtful(reason) => Fate::Refused(reason),
            fate => fate,
        };
        tally.set(point.at, fate);
    }
}

fn told(point: &Wanted, hundredths: i64, resources: &HashMap<Id, ResourceRow>) -> Told {
    let id = point.key.resource;
    let mut row = json!({
        "date": time::write(point.key.time),
        "value": decimal(hundredths),
        "postcode": id.postcode,
        "resourceId": id.number,
    });
    if let Some(village) = resources.get(&id).and_then(ResourceRow::village) {
        row["villageId"] = Value::from(village);
    }
    Told { at: point.at, json: row.to_string() }
}

/// Changes the row that holds. Where there are others for the same reading, they stay.
fn change(config: &Config, point: &Wanted, value: i64, row: Present, tally: &mut Tally) {
    if row.value.and_then(|value| hundredths(value).ok()) == Some(value) {
        tally.set(point.at, Fate::Unchanged);
    } else if !tally.is_stopped() {
        let mut body = json!({"value": decimal(value)});
        if !row.has_creation {
            // The server judges the whole row, and refuses one that does not say when it was made.
            body["createdAt"] = json!(time::write(point.key.time));
        }
        let fate = one(config, "PATCH", row.id, Some(body.to_string()), point.at, tally);
        tally.set(point.at, fate);
    }
}

/// Every row of the reading has to go, or the one before would hold.
fn remove(config: &Config, at: usize, rows: &[Present], tally: &mut Tally) {
    for row in rows {
        if tally.is_stopped() {
            return;
        }
        match one(config, "DELETE", row.id, None, at, tally) {
            Fate::Updated => tally.set(at, Fate::Updated),
            fate => return tally.set(at, fate),
        }
    }
}

fn one(
    config: &Config,
    verb: &str,
    row: u64,
    body: Option<String>,
    at: usize,
    tally: &mut Tally,
) -> Fate {
    let said = server::call(config, verb, &format!("readings/{row}"))
        .map(|call| match body {
            Some(body) => call.bytes(body.into_bytes()),
            None => call,
        })
        .map_err(Unwritten::Untried)
        .and_then(|call| answer::tell(&call, "reading"));
    match said {
        Ok(Said::Done(_)) => Fate::Updated,
        // It went meanwhile: look again next time, or be content.
        Ok(Said::Refused { status: 404, .. }) if verb == "DELETE" => Fate::Updated,
        Ok(Said::Refused { status: 404, .. }) => Fate::Untried,
        Ok(Said::Refused { reason, .. }) => Fate::Refused(reason),
        Ok(Said::Partly(_)) => Fate::Unknown,
        Ok(Said::Doubtful(reason)) => Fate::Doubtful(reason),
        Ok(Said::Unclear(delay)) | Err(Unwritten::Unknown(delay)) => {
            tally.lose([at], delay);
            Fate::Unknown
        }
        Err(Unwritten::Untried(failure)) => {
            tally.stop(failure);
            tally.fates[at].clone()
        }
    }
}

fn decimal(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}
