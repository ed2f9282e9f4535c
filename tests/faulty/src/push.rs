//! Takes readings, one by one, and looks before it writes.

use ourwater_sdk::http::{Response, Unwritten};
use ourwater_sdk::{Failure, Readings, Receipt, Refused, Result};
use serde_json::{Value, json};

use crate::reading::instant;
use crate::{Config, Fault, server};

/// What became of one point.
enum Fate {
    Created,
    Updated,
    Unchanged,
    Refused(String),
}

/// A point as it is to be; without a value it is to go.
struct Wanted<'batch> {
    well: &'batch str,
    time: i64,
    value: Option<f64>,
}

pub(crate) fn push(config: &Config, columns: &[Readings], uncertain: bool) -> Result<Receipt> {
    let mut receipt = nothing();
    for (at, wanted) in (0..).zip(wanted(config, columns)) {
        if receipt.stopped.is_some() {
            receipt.untried.push(at);
            continue;
        }
        match one(config, &wanted, uncertain) {
            Ok(Fate::Created) => receipt.created += 1,
            Ok(Fate::Updated) if wanted.value.is_none() && config.breaks(Fault::Receipts) => {}
            Ok(Fate::Updated) => receipt.updated += 1,
            Ok(Fate::Unchanged) => receipt.unchanged += 1,
            Ok(Fate::Refused(reason)) => {
                if config.breaks(Fault::BadPush) {
                    receipt.stopped = Some(Failure::Data(reason.clone()));
                }
                receipt.refused.push(Refused { at, reason });
            }
            Err(Unwritten::Untried(failure)) => {
                receipt.untried.push(at);
                receipt.stopped = Some(failure);
            }
            Err(Unwritten::Unknown(delay)) if config.breaks(Fault::LostAnswer) => {
                return Err(Failure::Unavailable(delay));
            }
            Err(Unwritten::Unknown(delay)) => {
                receipt.unknown.push(at);
                receipt.stopped = Some(Failure::Unavailable(delay));
            }
        }
    }
    Ok(receipt)
}

fn wanted<'batch>(
    config: &Config,
    columns: &'batch [Readings],
) -> impl Iterator<Item = Wanted<'batch>> {
    let rounded = config.breaks(Fault::RoundTrip);
    let scale = if rounded { 10.0 } else { 100.0 };
    columns.iter().flat_map(move |column| {
        let well = column.series.resource.as_str();
        let there = column.times.iter().zip(&column.values).map(move |(time, value)| Wanted {
            well,
            time: *time,
            value: Some((value * scale).round() / scale),
        });
        let gone = column.removed.iter().map(move |time| Wanted { well, time: *time, value: None });
        there.chain(gone)
    })
}

fn one(
    config: &Config,
    wanted: &Wanted<'_>,
    uncertain: bool,
) -> std::result::Result<Fate, Unwritten> {
    let looks = uncertain || !config.breaks(Fault::PushTwice) || wanted.value.is_none();
    let present = if looks { present(config, wanted).map_err(Unwritten::Untried)? } else { None };
    match (present, wanted.value) {
        (Some((_, there)), Some(value)) if there == Some(value) => Ok(Fate::Unchanged),
        (Some((seq, _)), Some(value)) => {
            let path = format!("/readings/{seq}");
            let response = server::write(config, "PATCH", &path, &json!({"value": value}))?;
            Ok(fate(&response, Fate::Updated))
        }
        (None, Some(value)) => {
            let time = chrono::DateTime::from_timestamp_millis(wanted.time).unwrap_or_default();
            let time = time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
            let body = json!({"well": wanted.well, "time": time, "value": value});
            let response = server::write(config, "POST", "/readings", &body)?;
            Ok(fate(&response, Fate::Created))
        }
        (Some((seq, _)), None) => {
            let path = format!("/readings/{seq}");
            let response = server::write(config, "DELETE", &path, &Value::Null)?;
            Ok(fate(&response, Fate::Updated))
        }
        (None, None) => Ok(Fate::Unchanged),
    }
}

fn fate(response: &Response, done: Fate) -> Fate {
    match response.status {
        200..=299 => done,
        status => {
            let said = String::from_utf8_lossy(&response.body);
            Fate::Refused(format!("the server answered {status}: {said}"))
        }
    }
}

/// Number and value of the reading that is there.
fn present(config: &Config, wanted: &Wanted<'_>) -> Result<Option<(i64, Option<f64>)>> {
    let query = [
        ("only", wanted.well.to_owned()),
        ("from", wanted.time.to_string()),
        ("limit", "1000".to_owned()),
    ];
    let answer = server::ask(config, "/readings", &query)?;
    let is_it = |row: &&Value| row["time"].as_str().and_then(instant) == Some(wanted.time);
    let row = answer.results.iter().find(is_it);
    Ok(row.and_then(|row| Some((row["seq"].as_i64()?, row["value"].as_f64()))))
}

fn nothing() -> Receipt {
    Receipt {
        created: 0,
        updated: 0,
        unchanged: 0,
        ids: Vec::new(),
        refused: Vec::new(),
        conflicting: Vec::new(),
        unknown: Vec::new(),
        untried: Vec::new(),
        stopped: None,
    }
}
