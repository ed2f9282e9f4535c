//! What is pushed: as the fixture has it, or made from what the plugin gets.

use std::collections::BTreeMap;

use crate::domain::batch::{Base, Batch, Keyed, Pushed, Receipt};
use crate::domain::clock::Timestamp;
use crate::domain::page::{Items, Readings, Series};
use crate::domain::plugin::Failure;
use crate::domain::sync::Datatype;

use super::guest::Guest;
use super::pull::Baseline;
use super::subject::Subject;
use super::verdict::Ended;

/// Series that are pushed where the fixture does not say what is.
const SERIES_MAX: usize = 3;

/// Points of each.
const POINTS: i64 = 3;

/// From one point to the next, ms.
const APART_MS: i64 = 86_400_000;

/// The batches of a push, in the order in which the host hands them over.
pub(super) fn batches(subject: &Subject) -> Result<Vec<Batch>, Ended> {
    if subject.description().pushes.is_empty() {
        return Err(Ended::not_applicable("the plugin pushes nothing"));
    }
    let mut batches = match &subject.fixture.push {
        Some(_) => from_fixture(subject)?,
        None => vec![Pushed::Readings(from_baseline(subject)?)],
    };
    let takes = |items: &Pushed| subject.description().pushes.contains(&datatype(items));
    batches.retain(|items| items.count() > 0 && takes(items));
    if batches.is_empty() {
        let reason = "there is nothing to push: describe it in the fixture's push.json";
        return Err(Ended::not_run(reason));
    }
    let certain = |items| Batch { items, bases: Vec::new(), uncertain: false };
    Ok(batches.into_iter().map(certain).collect())
}

/// The batch with readings among them.
pub(super) fn readings(subject: &Subject) -> Result<Vec<Readings>, Ended> {
    let readings = batches(subject)?.into_iter().find_map(|batch| match batch.items {
        Pushed::Readings(columns) => Some(columns),
        _ => None,
    });
    readings.ok_or_else(|| Ended::not_applicable("no readings are pushed"))
}

/// Hands the batches over; the first that fails ends it.
pub(super) async fn push_all(
    guest: &mut Guest<'_>,
    batches: &[Batch],
) -> Result<Vec<Receipt>, Failure> {
    let mut receipts = Vec::new();
    for batch in batches {
        receipts.push(guest.push(batch).await?);
    }
    Ok(receipts)
}

/// The batch once more, as the host hands it over when it knows what became of it.
pub(super) fn known(batch: &Batch, receipt: &Receipt) -> Batch {
    let mut batch = batch.clone();
    for (at, id) in &receipt.ids {
        match &mut batch.items {
            Pushed::Groups(all) => named(all, *at, |group| group.id.clone_from(id)),
            Pushed::Resources(all) => named(all, *at, |place| place.id.clone_from(id)),
            Pushed::Readings(_) => {}
        }
    }
    batch
}

pub(super) fn datatype(items: &Pushed) -> Datatype {
    match items {
        Pushed::Groups(_) => Datatype::Group,
        Pushed::Resources(_) => Datatype::Resource,
        Pushed::Readings(_) => Datatype::Reading,
    }
}

/// A batch of readings, certain, on what is not known.
pub(super) fn batch_of(columns: Vec<Readings>) -> Batch {
    Batch { items: Pushed::Readings(columns), bases: Vec::<Base>::new(), uncertain: false }
}

fn named<T>(all: &mut [Keyed<T>], at: usize, name: impl FnOnce(&mut T)) {
    if let Some(keyed) = all.get_mut(at) {
        keyed.new = false;
        name(&mut keyed.record);
    }
}

fn from_fixture(subject: &Subject) -> Result<Vec<Pushed>, Ended> {
    let pushes = subject.fixture.push.clone().unwrap_or_default();
    let wrong = |error: super::FixtureError| Ended::not_run(error.to_string());
    let groups = keyed("group", pushes.groups().map_err(wrong)?);
    let resources = keyed("resource", pushes.resources().map_err(wrong)?);
    let readings = pushes.readings().map_err(wrong)?;
    Ok(vec![Pushed::Groups(groups), Pushed::Resources(resources), Pushed::Readings(readings)])
}

fn keyed<T>(what: &str, records: Vec<(bool, T)>) -> Vec<Keyed<T>> {
    let keyed =
        |(at, (new, record))| Keyed { key: format!("conformance-{what}-{at}"), new, record };
    records.into_iter().enumerate().map(keyed).collect()
}

/// New points after the last of some series that are there.
fn from_baseline(subject: &Subject) -> Result<Vec<Readings>, Ended> {
    let description = subject.description();
    let scale = description.decimals.map(|decimals| 10_f64.powi(i32::from(decimals)));
    let step = i64::from(description.step).max(1);
    let last = last_points(subject.baseline()?);
    let columns = last.into_iter().take(SERIES_MAX).map(|(series, (time, value))| {
        let time_of = |at: i64| (time + at * APART_MS).div_euclid(step) * step;
        let value_of = |at: i64| {
            let value = value + 0.25 * at as f64;
            scale.map_or(value, |scale| (value * scale).round() / scale)
        };
        Readings {
            series,
            times: (1..=POINTS).map(time_of).collect(),
            values: (1..=POINTS).map(value_of).collect(),
            qualities: Vec::new(),
            removed: Vec::new(),
            rows: Vec::new(),
            updated: Vec::new(),
        }
    });
    Ok(columns.collect())
}

fn last_points(baseline: &Baseline) -> BTreeMap<Series, (Timestamp, f64)> {
    let mut last = BTreeMap::new();
    for page in baseline.tracks.iter().flat_map(|(_, trail)| &trail.pages) {
        let Items::Readings(columns) = &page.items else { continue };
        for column in columns {
            for (time, value) in column.times.iter().zip(&column.values) {
                let entry = last.entry(column.series.clone()).or_insert((*time, *value));
                if *time >= entry.0 {
                    *entry = (*time, *value);
                }
            }
        }
    }
    last
}
