//! Values nobody expects: the plugin survives them, and what stands beside them still comes.

use serde_json::Value;

use crate::domain::plugin::Failure;

use super::fault::{At, Fault};
use super::leaf::{Leaf, cells, leaves, strange, without_line};
use super::pull::{LARGE, Stopped, Track, Trail};
use super::record::{Records, lacking};
use super::subject::Subject;
use super::verdict::{Ended, Held};
use super::world::World;

/// Answers of a pull whose values are replaced.
const ANSWERS_MAX: usize = 3;

/// Bodies nobody expects.
const BODIES: [&str; 5] = ["", "null", "[]", "{}", "\u{feff}[[[[[[[["];

/// Unicode, NaN, nothing and far too much, in every place of an answer: an answer or a failure.
pub(super) async fn values(subject: &Subject) -> Held {
    for (track, _) in &subject.baseline()?.tracks {
        for (at, body) in answers(subject, track).await? {
            for body in BODIES {
                let fault = Fault::answer(200, &[("content-type", "application/json")], body);
                let place = format!("{}, the body {body:?} to request {at}", track.name());
                survives(altered(subject, track, at, fault).await?, &place)?;
            }
            for leaf in leaves(&body) {
                for (name, value) in strange() {
                    let place =
                        format!("{}, {name} at {} of answer {at}", track.name(), leaf.pointer());
                    let leaf = leaf.clone();
                    let fault = Fault::rewrite(move |body| leaf.set(body, value.clone()));
                    survives(altered(subject, track, at, fault).await?, &place)?;
                }
            }
        }
        for (file, table) in tables(subject) {
            for (name, text) in strange() {
                for (place, changed) in changed_cells(table, &text) {
                    let place = format!("{}, {name} in cell {place} of {file}", track.name());
                    survives(with_file(subject, track, file, changed).await?, &place)?;
                }
            }
        }
    }
    Ok(())
}

/// A record that cannot be understood is rejected alone.
pub(super) async fn one_bad_record(subject: &Subject) -> Held {
    let mut tried = 0;
    for (track, _) in &subject.baseline()?.tracks {
        for (at, body) in answers(subject, track).await? {
            for leaf in leaves(&body) {
                let Some(record) = leaf.record(&body) else { continue };
                let without = without(subject, track, at, &record).await?;
                let bad = leaf.clone();
                let fault =
                    Fault::rewrite(move |body| bad.set(body, serde_json::json!({"a": [1]})));
                let got = altered(subject, track, at, fault).await?;
                let place =
                    format!("{}, an object at {} of answer {at}", track.name(), leaf.pointer());
                beside(&without, got, &place)?;
                tried += 1;
            }
        }
        for (file, table) in tables(subject) {
            let others = with_file(subject, track, file, without_line(table)).await?;
            let others = others.map(|trail| trail.standing()).unwrap_or_default();
            for (cell, changed) in changed_cells(table, &Value::from("?!")) {
                let place = format!("{}, \"?!\" in cell {cell} of {file}", track.name());
                let got = with_file(subject, track, file, changed).await?;
                beside(&others, got, &place)?;
                tried += 1;
            }
        }
    }
    if tried == 0 {
        return Err(Ended::not_applicable("no answer of the fixture holds two records or more"));
    }
    Ok(())
}

type Pulled = Result<Trail, Stopped>;

fn survives(pulled: Pulled, place: &str) -> Held {
    match pulled {
        Err(Stopped::Failed {
            failure: failure @ (Failure::Fault(_) | Failure::Limit(_)), ..
        }) => {
            let seen = format!("{place}: expected a page, a rejection or a failure, got {failure}");
            Err(Ended::Failed(seen))
        }
        Err(Stopped::Endless) => Err(Ended::Failed(format!("{place}: the pull does not end"))),
        _ => Ok(()),
    }
}

fn beside(others: &Records, pulled: Pulled, place: &str) -> Held {
    let trail = pulled.map_err(|stopped| Ended::from(stopped).at(place))?;
    match lacking(others, &trail.standing()) {
        None => Ok(()),
        Some(difference) => Err(Ended::Failed(format!("{place}: beside it, {difference}"))),
    }
}

/// What is there without the record, where that can be got at all.
async fn without(
    subject: &Subject,
    track: &Track,
    at: usize,
    record: &Leaf,
) -> Result<Records, Ended> {
    let record = record.clone();
    let fault = Fault::rewrite(move |body| record.remove(body));
    Ok(altered(subject, track, at, fault).await?.map(|trail| trail.standing()).unwrap_or_default())
}

/// The first answers of a pull that are JSON, with their numbers.
async fn answers(subject: &Subject, track: &Track) -> Result<Vec<(usize, Value)>, Ended> {
    let world = World::new(subject)?;
    track.pull(&mut world.guest().await?, LARGE, None).await?;
    let requests = world.requests().into_iter().enumerate();
    let parsed = requests
        .filter_map(|(at, request)| Some((at, serde_json::from_slice(&request.body).ok()?)));
    Ok(parsed.take(ANSWERS_MAX).collect())
}

async fn altered(
    subject: &Subject,
    track: &Track,
    at: usize,
    fault: Fault,
) -> Result<Pulled, Ended> {
    let world = World::new(subject)?;
    world.inject(At::Only(at), fault);
    Ok(track.pull(&mut world.guest().await?, LARGE, None).await)
}

async fn with_file(
    subject: &Subject,
    track: &Track,
    name: &str,
    bytes: Vec<u8>,
) -> Result<Pulled, Ended> {
    let mut world = World::new(subject)?;
    world.set_file(name, bytes);
    Ok(track.pull(&mut world.guest().await?, LARGE, None).await)
}

/// The fixture's files that are text; of a plugin that sends requests none matters.
fn tables(subject: &Subject) -> impl Iterator<Item = (&str, &[u8])> {
    let files = subject.fixture.files.iter().filter(|_| !subject.asks_http());
    files
        .map(|(name, content)| (name.as_str(), content.0.as_slice()))
        .filter(|(_, bytes)| std::str::from_utf8(bytes).is_ok())
}

fn changed_cells(table: &[u8], value: &Value) -> Vec<(usize, Vec<u8>)> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut changed = Vec::new();
    for (place, (before, _, after)) in cells(table).into_iter().enumerate() {
        changed.push((place + 1, [before.as_slice(), text.as_bytes(), after.as_slice()].concat()));
    }
    changed
}
