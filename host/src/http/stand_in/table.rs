//! Readings by id, and the indexes that keep questions as quick over a million as over ten.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::filter::{Condition, Filter, time};
use super::place::Places;
use super::reading::Reading;
use crate::domain::clock::Timestamp;

/// Everything that is stored.
#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) villages: Places,
    pub(super) resources: Places,
    pub(super) readings: Readings,
}

/// The table of readings.
#[derive(Debug, Default)]
pub(super) struct Readings {
    rows: BTreeMap<u64, Reading>,
    last: u64,
    /// Time of change and id.
    changes: BTreeSet<(Timestamp, u64)>,
    /// Postcode, resource, date and id.
    places: BTreeSet<(u64, u64, Timestamp, u64)>,
}

impl Readings {
    pub(super) fn add(&mut self, reading: Reading) -> Reading {
        self.last += 1;
        let reading = Reading { id: self.last, ..reading }.stored();
        self.index(&reading);
        self.rows.insert(reading.id, reading);
        reading
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Reading> {
        self.rows.values()
    }

    pub(super) fn change(&mut self, id: u64, change: &Value, now: Timestamp) -> Option<Reading> {
        let before = *self.rows.get(&id)?;
        let created = change["createdAt"].as_str().and_then(time);
        let after = Reading {
            value: change["value"].as_f64().unwrap_or(before.value),
            created: created.or(before.created),
            updated: Some(now),
            ..before
        }
        .stored();
        self.forget(&before);
        self.index(&after);
        self.rows.insert(id, after);
        Some(after)
    }

    pub(super) fn remove(&mut self, id: u64) -> bool {
        let Some(reading) = self.rows.remove(&id) else { return false };
        self.forget(&reading);
        true
    }

    /// By time of change and id, or by id, as is asked.
    pub(super) fn find(&self, filter: &Filter) -> Value {
        let condition = &filter.condition;
        let (least, most) = condition.bounds("id");
        let (least, most) = (u64::try_from(least).unwrap_or(0), u64::try_from(most).unwrap_or(0));
        if filter.first() == Some("updatedAt") {
            let (from, to) = condition.bounds("updatedAt");
            if from > to {
                return Value::Array(Vec::new());
            }
            let changes = self.changes.range((from, 0)..=(to, u64::MAX));
            return those(changes.filter_map(|(_, id)| self.rows.get(id)), filter);
        }
        if let Some(ids) = self.in_places(condition) {
            return those(ids.iter().filter_map(|id| self.rows.get(id)), filter);
        }
        if least > most {
            return Value::Array(Vec::new());
        }
        those(self.rows.range(least..=most).map(|(_, reading)| reading), filter)
    }

    /// Where the condition names times at resources, the ids there.
    fn in_places(&self, condition: &Condition) -> Option<BTreeSet<u64>> {
        let Condition::All(all) = condition else { return None };
        all.iter().find_map(|one| match one {
            Condition::All(_) => self.in_places(one),
            Condition::Any(places) => {
                let ids: Option<Vec<_>> = places.iter().map(|place| self.in_place(place)).collect();
                Some(ids?.into_iter().flatten().collect())
            }
            Condition::Is { .. } => None,
        })
    }

    fn in_place(&self, condition: &Condition) -> Option<Vec<u64>> {
        let one = |column| {
            let (least, most) = condition.bounds(column);
            u64::try_from(least).ok().filter(|_| least == most)
        };
        let (postcode, resource) = (one("postcode")?, one("resourceId")?);
        let (from, to) = condition.bounds("date");
        if from > to || from == i64::MIN {
            return None;
        }
        let range = (postcode, resource, from, 0)..=(postcode, resource, to, u64::MAX);
        Some(self.places.range(range).map(|place| place.3).collect())
    }

    fn index(&mut self, reading: &Reading) {
        self.changes.insert(changed(reading));
        self.places.insert(placed(reading));
    }

    fn forget(&mut self, reading: &Reading) {
        self.changes.remove(&changed(reading));
        self.places.remove(&placed(reading));
    }
}

fn those<'a>(rows: impl Iterator<Item = &'a Reading>, filter: &Filter) -> Value {
    let holds = |reading: &&Reading| filter.condition.holds(&|column: &str| reading.cell(column));
    let wanted = rows.filter(holds).skip(filter.skip).take(filter.limit);
    wanted.map(|reading| reading.json(Some(filter))).collect()
}

fn changed(reading: &Reading) -> (Timestamp, u64) {
    (reading.updated.unwrap_or(Timestamp::MIN), reading.id)
}

fn placed(reading: &Reading) -> (u64, u64, Timestamp, u64) {
    let date = reading.date.unwrap_or(Timestamp::MIN);
    (reading.postcode, reading.resource, date, reading.id)
}
