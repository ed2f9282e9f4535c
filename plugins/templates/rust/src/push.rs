//! Batches of readings. The server sets a value only where it still has the one we knew, so a batch
//! that may have taken effect already can be sent again, and nothing changed there is lost.

use ourwater_sdk::http::{Fault, Response, Unwritten, failure, json};
use ourwater_sdk::{Base, Batch, Failure, Items, Readings, Receipt, Refused, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Config, series};

/// What the server says of one reading.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase", tag = "outcome")]
enum Outcome {
    Created,
    Updated,
    Unchanged,
    Conflict,
    Refused { reason: String },
}

/// Sends the batch, and accounts for each point of it.
pub(crate) fn batch(config: &Config, batch: &Batch) -> Result<Receipt> {
    let Items::Readings(all) = &batch.items else {
        return Err(Failure::Unsupported("the server takes readings only".to_owned()));
    };
    let (mut receipt, mut sent, mut body) = (Receipt::default(), Vec::new(), Vec::new());
    for ((at, point), base) in (0..).zip(all.iter().flat_map(points)).zip(bases(batch)) {
        match point {
            Ok(point) => {
                sent.push(at);
                body.push(with_base(point, base));
            }
            Err(reason) => receipt.refused.push(Refused { at, reason }),
        }
    }
    if sent.is_empty() {
        return Ok(receipt);
    }
    match config.call("POST", "readings")?.body(&body)?.write() {
        Ok(response) => answered(&response, &sent, receipt),
        // Nothing took effect, and the error says what to do.
        Err(Unwritten::Untried(failure)) => Err(failure),
        Err(Unwritten::Unknown(delay)) => Ok(lost(receipt, sent, Failure::Unavailable(delay))),
    }
}

/// The points of a series in the receipt's order: what is there, then what was removed.
fn points(readings: &Readings) -> impl Iterator<Item = Result<Value, String>> {
    let well = &readings.series.resource;
    let known = readings.series == series(well);
    let there = readings.times.iter().zip(&readings.values);
    let there = there.map(move |(time, value)| json!({"well": well, "time": time, "value": value}));
    let removed = readings.removed.iter();
    let removed = removed.map(move |time| json!({"well": well, "time": time, "removed": true}));
    there.chain(removed).map(move |point| {
        if known { Ok(point) } else { Err("only the depth below ground, in m, is kept".to_owned()) }
    })
}

/// One for each point; without any, all are unknown.
fn bases(batch: &Batch) -> impl Iterator<Item = Base> {
    batch.bases.iter().copied().chain(std::iter::repeat(Base::Unknown))
}

fn with_base(mut point: Value, base: Base) -> Value {
    match base {
        Base::Unknown => {}
        Base::Nothing => point["was"] = Value::Null,
        Base::Value(value) => point["was"] = json!(value),
    }
    point
}

/// Any success may have taken effect, so one that cannot be read leaves its points unknown; so does
/// a 500, which may have come half-way.
fn answered(response: &Response, sent: &[u32], mut receipt: Receipt) -> Result<Receipt> {
    if let Some(failure) = failure(response, Fault::Data) {
        let began = response.status == 500;
        return if began { Ok(lost(receipt, sent.to_vec(), failure)) } else { Err(failure) };
    }
    let outcomes = match json::<Vec<Outcome>>(response) {
        Ok(outcomes) if outcomes.len() == sent.len() => outcomes,
        Ok(_) => {
            let short = Failure::Data("the server does not answer for each reading".to_owned());
            return Ok(lost(receipt, sent.to_vec(), short));
        }
        Err(failure) => return Ok(lost(receipt, sent.to_vec(), failure)),
    };
    for (&at, outcome) in sent.iter().zip(outcomes) {
        match outcome {
            Outcome::Created => receipt.created += 1,
            Outcome::Updated => receipt.updated += 1,
            Outcome::Unchanged => receipt.unchanged += 1,
            Outcome::Conflict => receipt.conflicting.push(at),
            Outcome::Refused { reason } => receipt.refused.push(Refused { at, reason }),
        }
    }
    Ok(receipt)
}

fn lost(receipt: Receipt, unknown: Vec<u32>, failure: Failure) -> Receipt {
    Receipt { unknown, stopped: Some(failure), ..receipt }
}
