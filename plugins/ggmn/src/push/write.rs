//! Writes the readings of one series: those that are new or otherwise there in uploads, which overwrite
//! what is there of the same time, and removals one by one.

use std::collections::BTreeMap;

use ourwater_sdk::Failure;
use ourwater_sdk::http::Unwritten;
use serde_json::{Value, json};

use super::answer::{self, Said};
use super::present::Present;
use super::target::{Target, Wanted};
use super::{Fate, Tally, is_same, was_changed_there};
use crate::config::{Config, Version, wrong};
use crate::series::PATH;
use crate::{flag, server, time};

/// Readings of one upload; they weigh some 100 bytes each.
const READINGS_AN_UPLOAD: usize = 1_000;

/// A reading as the server is told.
#[derive(Debug)]
struct Told {
    at: usize,
    event: Value,
    /// What it is once it is done.
    done: Fate,
}

/// Writes what is not there as it is wanted, until something goes wrong that stops the batch.
pub(super) fn series(
    config: &Config,
    target: &Target,
    present: &BTreeMap<i64, Present>,
    tally: &mut Tally,
) {
    let (mut told, mut removed) = (Vec::new(), Vec::new());
    for (&time, wanted) in &target.wanted {
        let there = present.get(&time);
        match (wanted.value, there) {
            _ if was_changed_there(wanted, there) => tally.set(wanted.at, Fate::Conflicting),
            (None, None) => tally.set(wanted.at, Fate::Unchanged),
            (None, Some(_)) if config.version == Version::V3 => {
                let reason = "API v3 cannot remove a reading: set the version to v4, where the \
                              server speaks it, or remove it in Lizard";
                tally.refuse(wanted.at, reason);
            }
            (None, Some(_)) => removed.push((wanted.at, time)),
            (Some(value), Some(there)) if is_as_wanted(config, wanted, value, there) => {
                tally.set(wanted.at, Fate::Unchanged);
            }
            (Some(value), there) => told.extend(tell(config, time, wanted, value, there)),
        }
    }
    for upload in told.chunks(READINGS_AN_UPLOAD) {
        send(config, &target.uuid, upload, tally);
    }
    for (at, time) in removed {
        remove(config, &target.uuid, at, time, tally);
    }
}

/// API v3 is told no flags, so that theirs make no difference.
fn is_as_wanted(config: &Config, wanted: &Wanted, value: f64, there: &Present) -> bool {
    let is_judged_alike = config.version == Version::V3
        || wanted.flag.is_none_or(|flag| flag::quality(Some(flag)) == flag::quality(there.flag));
    is_judged_alike && is_same(value, there.value)
}

fn tell(
    config: &Config,
    time: i64,
    wanted: &Wanted,
    value: f64,
    there: Option<&Present>,
) -> Option<Told> {
    let at = time::write(time)?;
    let event = match config.version {
        Version::V3 => json!({"datetime": at, "value": value}),
        Version::V4 => {
            // What is not named is lost where a reading is overwritten.
            let flag = wanted.flag.or(there.and_then(|there| there.flag));
            let comment = there.and_then(|there| there.comment.clone()).unwrap_or_default();
            let flag = flag.unwrap_or_else(|| flag::of(0));
            json!({"time": at, "value": value, "flag": flag, "comment": comment})
        }
    };
    let done = if there.is_some() { Fate::Updated } else { Fate::Created };
    Some(Told { at: wanted.at, event, done })
}

/// One upload. The server takes all of it or nothing, so that one that is refused is halved until
/// what is wrong with it stands alone.
fn send(config: &Config, uuid: &str, upload: &[Told], tally: &mut Tally) {
    if tally.is_stopped() {
        return;
    }
    let path = match config.version {
        Version::V3 => format!("{PATH}{uuid}/data/"),
        Version::V4 => format!("{PATH}{uuid}/events/"),
    };
    let events: Vec<&Value> = upload.iter().map(|told| &told.event).collect();
    let said = server::call(config, "POST", &path)
        .and_then(|call| call.body(&events))
        .map_err(Unwritten::Untried)
        .and_then(|call| answer::tell(&call, upload.len()));
    match said {
        Ok(Said::Done) => upload.iter().for_each(|told| tally.set(told.at, told.done.clone())),
        Ok(Said::Refused { status: 400 | 413 | 422, .. }) if upload.len() > 1 => {
            let (first, second) = upload.split_at(upload.len() / 2);
            send(config, uuid, first, tally);
            send(config, uuid, second, tally);
        }
        Ok(Said::Refused { reason, .. }) => {
            for told in upload {
                tally.refuse(told.at, reason.clone());
            }
        }
        Ok(Said::Unclear(delay)) | Err(Unwritten::Unknown(delay)) => {
            tally.lose(upload.iter().map(|told| told.at), delay);
        }
        Ok(Said::Elsewhere { status }) => tally.stop(elsewhere(status)),
        Err(Unwritten::Untried(failure)) => tally.stop(failure),
    }
}

fn remove(config: &Config, uuid: &str, at: usize, time: i64, tally: &mut Tally) {
    if tally.is_stopped() {
        return;
    }
    let Some(written) = time::write(time) else { return };
    let said = server::call(config, "DELETE", &format!("{PATH}{uuid}/events/{written}/"))
        .map_err(Unwritten::Untried)
        .and_then(|call| answer::tell(&call, 0));
    match said {
        // It went meanwhile: that is what was wanted.
        Ok(Said::Done | Said::Refused { status: 404 | 410, .. }) => tally.set(at, Fate::Updated),
        Ok(Said::Refused { reason, .. }) => tally.refuse(at, reason),
        Ok(Said::Unclear(delay)) | Err(Unwritten::Unknown(delay)) => tally.lose([at], delay),
        Ok(Said::Elsewhere { status }) => tally.stop(elsewhere(status)),
        Err(Unwritten::Untried(failure)) => tally.stop(failure),
    }
}

fn elsewhere(status: u16) -> Failure {
    wrong("url", &format!("nothing is taken at this address: the server answered {status}"))
}
