//! Posts rows in arrays that the server takes, and finds out which of them it stored.

use ourwater_sdk::http::Unwritten;
use ourwater_sdk::{Delay, Failure};
use serde_json::Value;

use super::answer::{self, Said};
use super::{Fate, Tally};
use crate::config::Config;
use crate::server;

/// The server refuses bodies of 100 kB.
const BODY_BYTES_MAX: usize = 90_000;

/// Rows of one body.
const ROWS_A_BODY: usize = 500;

/// A record of the batch as the server is told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) at: usize,
    pub(super) json: String,
}

/// Posts all rows of "reading" or "resource", until something goes wrong that stops the batch.
pub(super) fn all(config: &Config, model: &str, rows: &[Told], tally: &mut Tally) {
    let mut rest = rows;
    while !rest.is_empty() && !tally.is_stopped() {
        let mut bytes = 0;
        let fits = |row: &&Told| {
            bytes += row.json.len() + 1;
            bytes < BODY_BYTES_MAX
        };
        let count = rest.iter().take(ROWS_A_BODY).take_while(fits).count().max(1);
        let (now, later) = rest.split_at(count);
        some(config, model, now, tally);
        rest = later;
    }
}

fn some(config: &Config, model: &str, rows: &[Told], tally: &mut Tally) {
    let said = match server::call(config, "POST", &format!("{model}s")) {
        Ok(call) => answer::tell(&call.bytes(body(rows)), model),
        Err(failure) => Err(Unwritten::Untried(failure)),
    };
    match said {
        Ok(Said::Done(Value::Array(stored))) if stored.len() == rows.len() => {
            for (row, stored) in rows.iter().zip(stored) {
                tally.set(row.at, stored_as(&stored));
            }
        }
        Ok(Said::Done(_)) => lose(rows, "the answer does not name each record", tally),
        // The list of blames ends with the last of them: what follows it was stored.
        Ok(Said::Partly(fates)) if fates.len() <= rows.len() => {
            let fates = fates.into_iter().chain(std::iter::repeat_with(|| None));
            for (row, blame) in rows.iter().zip(fates) {
                match blame {
                    None => tally.set(row.at, Fate::Created),
                    Some(blame) if blame.is_sure => tally.refuse(row.at, blame.reason),
                    Some(blame) => tally.set(row.at, Fate::Doubtful(blame.reason)),
                }
            }
        }
        Ok(Said::Partly(_)) => lose(rows, "the answer does not fit what was sent", tally),
        // An array is refused as a whole only where it is too large, or not understood at all.
        Ok(Said::Refused { .. }) if rows.len() > 1 => {
            let (first, second) = rows.split_at(rows.len() / 2);
            some(config, model, first, tally);
            if !tally.is_stopped() {
                some(config, model, second, tally);
            }
        }
        Ok(Said::Refused { status: 404, reason }) => tally.stop(wrong_address(&reason)),
        Ok(Said::Refused { reason, .. }) => {
            for row in rows {
                tally.refuse(row.at, reason.clone());
            }
        }
        Ok(Said::Doubtful(reason)) => {
            for row in rows {
                tally.set(row.at, Fate::Doubtful(reason.clone()));
            }
        }
        Ok(Said::Unclear(delay)) | Err(Unwritten::Unknown(delay)) => {
            tally.lose(rows.iter().map(|row| row.at), delay);
        }
        Err(Unwritten::Untried(failure)) => tally.stop(failure),
    }
}

/// An answer that names the record as stored names a resource's id as well.
fn stored_as(stored: &Value) -> Fate {
    match serde_json::from_value::<crate::row::ResourceRow>(stored.clone()) {
        Ok(row) if stored.get("type").is_some() => {
            row.id().map_or(Fate::Unknown, |id| Fate::Named(id.to_string()))
        }
        _ => Fate::Created,
    }
}

fn lose(rows: &[Told], reason: &str, tally: &mut Tally) {
    let delay = Delay { reason: reason.to_owned(), after_ms: None };
    tally.lose(rows.iter().map(|row| row.at), delay);
}

fn wrong_address(reason: &str) -> Failure {
    let text = format!("nothing is taken at this address: {reason}");
    Failure::Config(ourwater_sdk::Remark { field: "url".to_owned(), text })
}

fn body(rows: &[Told]) -> Vec<u8> {
    let rows: Vec<&str> = rows.iter().map(|row| row.json.as_str()).collect();
    format!("[{}]", rows.join(",")).into_bytes()
}
