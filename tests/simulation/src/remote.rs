//! The other system, as the worst of its kind: whole seconds, two decimals, no unique key, answers
//! that get lost, records it refuses, and a history of changes that is read page by page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ourwater::domain::batch::{Base, Batch, Keyed, Pushed, Receipt};
use ourwater::domain::page::{Items, Page, PageRequest, Readings, Resource, Series};
use ourwater::domain::plan::Resolution;
use ourwater::domain::plugin::{Description, Duplicates, Failure, Paging};
use ourwater::domain::sync::Datatype;
use ourwater::sync::source::Source;
use serde_json::json;

use crate::seeded::Seeded;

/// What it keeps of values and times.
pub(crate) const RESOLUTION: Resolution = Resolution { decimals: Some(2), step: 1000 };

/// Greater values are refused.
pub(crate) const VALUE_MAX: f64 = 1000.0;

/// Changes read again at the beginning of each run, as an overlap.
const OVERLAP: u64 = 2;

/// A resource's id and a time in whole seconds, ms.
pub(crate) type Key = (String, i64);

/// A reading as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) key: Key,
    pub(crate) value: f64,
    /// The number of its last change.
    rev: u64,
    /// When it was changed, ms.
    updated: i64,
}

/// Everything it holds.
#[derive(Debug, Default)]
pub(crate) struct Remote {
    pub(crate) rows: Vec<Row>,
    /// Readings that were deleted, and when.
    deleted: BTreeMap<Key, u64>,
    pub(crate) resources: BTreeMap<String, (Resource, u64)>,
    rev: u64,
    next_id: u64,
    /// Every reading that was handed over.
    pub(crate) handed: Vec<Key>,
    /// Writes that changed something.
    pub(crate) writes: u64,
    /// Keys a user here changed.
    pub(crate) faults: Weather,
    /// What time it is.
    pub(crate) now: i64,
}

/// A change of a reading: its number, and its value and when, or that it was deleted.
type Changed = (u64, Key, Option<(f64, i64)>);

/// How the connection behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Every request is answered.
    #[default]
    Fair,
    /// Requests fail, answers are lost.
    Foul,
}

impl Remote {
    /// A user here makes or changes a reading; none deletes it.
    pub(crate) fn edit(&mut self, key: &Key, value: Option<f64>) {
        self.rev += 1;
        self.rows.retain(|row| row.key != *key);
        match value {
            Some(value) => {
                self.deleted.remove(key);
                let row = Row { key: key.clone(), value, rev: self.rev, updated: self.now };
                self.rows.push(row);
            }
            None => {
                self.deleted.insert(key.clone(), self.rev);
            }
        }
    }

    /// A user here makes or changes a resource.
    pub(crate) fn describe(&mut self, resource: Resource) {
        self.rev += 1;
        let resource = Resource { updated: Some(self.now), ..resource };
        self.resources.insert(resource.id.clone(), (resource, self.rev));
    }

    /// What it holds under a key.
    pub(crate) fn value(&self, key: &Key) -> Option<f64> {
        self.rows.iter().rev().find(|row| row.key == *key).map(|row| row.value)
    }

    fn put(&mut self, key: &Key, value: f64) {
        self.rev += 1;
        self.writes += 1;
        self.deleted.remove(key);
        let (rev, updated) = (self.rev, self.now);
        let value = rounded(value);
        match self.rows.iter_mut().find(|row| row.key == *key) {
            Some(row) => (row.value, row.rev, row.updated) = (value, rev, updated),
            None => self.rows.push(Row { key: key.clone(), value, rev, updated }),
        }
    }

    /// Deletes without being asked to remember it: who reads the changes is told.
    fn delete(&mut self, key: &Key) {
        self.rev += 1;
        self.writes += 1;
        self.rows.retain(|row| row.key != *key);
        self.deleted.insert(key.clone(), self.rev);
    }

    fn changed_readings(&self, after: u64) -> Vec<Changed> {
        let rows =
            self.rows.iter().map(|row| (row.rev, row.key.clone(), Some((row.value, row.updated))));
        let deleted = self.deleted.iter().map(|(key, rev)| (*rev, key.clone(), None));
        let mut changed: Vec<_> = rows.chain(deleted).filter(|(rev, ..)| *rev > after).collect();
        changed.sort_by_key(|(rev, ..)| *rev);
        changed
    }
}

/// As it is kept there.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// What its plugin says of itself.
pub(crate) fn description() -> Description {
    Description {
        name: "script".to_owned(),
        version: "1".to_owned(),
        gets: vec![Datatype::Resource, Datatype::Reading],
        pushes: vec![Datatype::Resource, Datatype::Reading],
        paging: Paging::Whole,
        duplicates: Duplicates::StoresBoth,
        decimals: RESOLUTION.decimals,
        step: 1000,
        keeps: BTreeMap::from([(Datatype::Resource, vec!["kind".to_owned(), "owner".to_owned()])]),
        schema: json!({}),
        asks: BTreeMap::default(),
    }
}

/// The plugin of that system, over a connection.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    remote: Arc<Mutex<Remote>>,
    chance: Seeded,
    /// Ids of one batch that were changed here already.
    page: u32,
}

impl Script {
    pub(crate) fn new(remote: Arc<Mutex<Remote>>, seed: u64, page: u32) -> Self {
        Self { remote, chance: Seeded(seed), page }
    }

    fn lock(&self) -> MutexGuard<'_, Remote> {
        self.remote.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn foul(&mut self, percent: u64) -> bool {
        let foul = self.lock().faults == Weather::Foul;
        self.chance.percent(percent) && foul
    }

    fn unavailable() -> Failure {
        Failure::Unavailable { reason: "503".to_owned(), after_ms: None }
    }

    fn readings(&mut self, request: &PageRequest) -> Page {
        let at = cursor(request);
        // The first page of a run reads a little of what it knows again.
        let from = if Self::page_begins(request) { at.saturating_sub(OVERLAP) } else { at };
        let remote = self.lock();
        let changed = remote.changed_readings(from);
        let limit = (request.limit.min(self.page) as usize).max(1);
        let more = changed.len() > limit;
        let taken = changed.get(..limit.min(changed.len())).unwrap_or_default();
        let end = taken.last().map_or(at, |(rev, ..)| (*rev).max(at));
        let mut columns: BTreeMap<String, Readings> = BTreeMap::new();
        for (_, (resource, time), value) in taken {
            let column = columns.entry(resource.clone()).or_insert_with(|| column(resource));
            match value {
                Some((value, updated)) => {
                    column.times.push(*time);
                    column.values.push(*value);
                    column.updated.push(*updated);
                }
                None => column.removed.push(*time),
            }
        }
        page(Items::Readings(columns.into_values().collect()), end, more)
    }

    /// A cursor is marked once its run has read behind the overlap.
    fn page_begins(request: &PageRequest) -> bool {
        request.cursor.as_deref().is_some_and(|cursor| !cursor.ends_with('+'))
    }

    fn resources(&mut self, request: &PageRequest) -> Page {
        let at = cursor(request);
        let remote = self.lock();
        let mut changed: Vec<(u64, Resource)> =
            remote.resources.values().map(|(resource, rev)| (*rev, resource.clone())).collect();
        changed.retain(|(rev, _)| *rev > at);
        changed.sort_by_key(|(rev, _)| *rev);
        let limit = (request.limit.min(self.page) as usize).max(1);
        let more = changed.len() > limit;
        changed.truncate(limit);
        let end = changed.last().map_or(at, |(rev, _)| *rev);
        page(Items::Resources(changed.into_iter().map(|(_, it)| it).collect()), end, more)
    }

    fn take_readings(&mut self, columns: &[Readings], batch: &Batch) -> Result<Receipt, Failure> {
        let cut = self.cut(batch.items.count());
        let mut receipt = Receipt::default();
        let mut at = 0;
        for column in columns {
            let there =
                column.times.iter().zip(&column.values).map(|(time, value)| (time, Some(*value)));
            let removed = column.removed.iter().map(|time| (time, None));
            for (time, value) in there.chain(removed) {
                let key = (column.series.resource.clone(), *time);
                let base = batch.bases.get(at).copied().unwrap_or(Base::Unknown);
                if cut.is_some_and(|cut| at >= cut) {
                    receipt.untried.push(at);
                } else {
                    self.take(&key, value, base, at, &mut receipt);
                }
                at += 1;
            }
        }
        self.answer(receipt, cut)
    }

    fn take(&self, key: &Key, value: Option<f64>, base: Base, at: usize, receipt: &mut Receipt) {
        let mut remote = self.lock();
        remote.handed.push(key.clone());
        let now = remote.value(key);
        let same = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) => (one - other).abs() <= RESOLUTION.tolerance(),
            (None, None) => true,
            _ => false,
        };
        let as_known = match base {
            Base::Unknown => true,
            Base::Nothing => now.is_none(),
            Base::Value(base) => same(now, Some(base)),
        };
        if same(now, value) {
            receipt.unchanged += 1;
        } else if value.is_some_and(|value| value > VALUE_MAX) {
            receipt.refused.push((at, "too large".to_owned()));
        } else if !as_known {
            receipt.conflicting.push(at);
        } else {
            match value {
                Some(value) => remote.put(key, value),
                None => remote.delete(key),
            }
            if now.is_some() { receipt.updated += 1 } else { receipt.created += 1 }
        }
    }

    fn take_resources(
        &mut self,
        all: &[Keyed<Resource>],
        uncertain: bool,
    ) -> Result<Receipt, Failure> {
        let cut = self.cut(all.len());
        let mut receipt = Receipt::default();
        for (at, keyed) in all.iter().enumerate() {
            if cut.is_some_and(|cut| at >= cut) {
                receipt.untried.push(at);
                continue;
            }
            let mut remote = self.lock();
            if !keyed.new {
                receipt.updated += 1;
                remote.writes += 1;
                remote.describe(as_kept(&keyed.record.id, &keyed.record));
                continue;
            }
            // There is no key there to find it by but what it looks like: only who asks looks.
            let known = remote.resources.values().find(|(it, _)| it.owner == keyed.record.owner);
            let known = known.map(|(it, _)| it.id.clone()).filter(|_| uncertain);
            if let Some(id) = known {
                receipt.unchanged += 1;
                receipt.ids.push((at, id));
                continue;
            }
            remote.next_id += 1;
            let id = format!("new{}", remote.next_id);
            remote.writes += 1;
            remote.describe(as_kept(&id, &keyed.record));
            receipt.created += 1;
            receipt.ids.push((at, id));
        }
        self.answer(receipt, cut)
    }

    /// Where the connection breaks within a batch, if it does.
    fn cut(&mut self, count: usize) -> Option<usize> {
        let breaks = self.foul(15);
        let at = usize::try_from(self.chance.below(count as u64 + 1)).unwrap_or(0);
        breaks.then_some(at)
    }

    /// The receipt, unless it is lost on its way.
    fn answer(&mut self, mut receipt: Receipt, cut: Option<usize>) -> Result<Receipt, Failure> {
        if self.foul(15) {
            return Err(Failure::Fault("the answer was lost".to_owned()));
        }
        if cut.is_some() {
            receipt.stopped = Some(Self::unavailable());
        }
        Ok(receipt)
    }
}

impl Source for Script {
    async fn get(&mut self, request: &PageRequest) -> Result<Page, Failure> {
        if self.foul(10) {
            return Err(Self::unavailable());
        }
        Ok(match request.datatype {
            Datatype::Reading => self.readings(request),
            _ => self.resources(request),
        })
    }

    async fn push(&mut self, batch: &Batch) -> Result<Receipt, Failure> {
        if self.foul(10) {
            return Err(Self::unavailable());
        }
        match &batch.items {
            Pushed::Readings(columns) => self.take_readings(columns, batch),
            Pushed::Resources(all) => self.take_resources(all, batch.uncertain),
            Pushed::Groups(_) => Err(Failure::Unsupported("groups".to_owned())),
        }
    }
}

/// It keeps no names: a resource is called by its id.
fn as_kept(id: &str, resource: &Resource) -> Resource {
    Resource {
        id: id.to_owned(),
        name: format!("no {id}"),
        elevation: None,
        groups: Vec::new(),
        extra: String::new(),
        ..resource.clone()
    }
}

fn column(resource: &str) -> Readings {
    Readings::of(Series {
        resource: resource.to_owned(),
        name: String::new(),
        property: "depth".to_owned(),
        unit: "m".to_owned(),
    })
}

fn page(items: Items, end: u64, more: bool) -> Page {
    let cursor = if more { format!("{end}+") } else { end.to_string() };
    Page { items, gone: Vec::new(), rejected: Vec::new(), empty: 0, cursor, more, total: None }
}

fn cursor(request: &PageRequest) -> u64 {
    let cursor = request.cursor.as_deref().unwrap_or("0");
    cursor.trim_end_matches('+').parse().unwrap_or(0)
}

/// Keys that stand there more than once.
pub(crate) fn doubled(remote: &Remote) -> BTreeSet<Key> {
    let mut seen = BTreeSet::new();
    remote
        .rows
        .iter()
        .filter(|row| !seen.insert(row.key.clone()))
        .map(|row| row.key.clone())
        .collect()
}
