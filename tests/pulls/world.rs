//! A store, a sync over it, and sources that give what a script says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ourwater::domain::clock::Clock;
use ourwater::domain::datasource::Datasource;
use ourwater::domain::faults::Faults;
use ourwater::domain::organisation::{Limits, Organisation, Zone};
use ourwater::domain::page::{Items, Page, PageRequest, Readings, Rejection, Series};
use ourwater::domain::plan::Resolution;
use ourwater::domain::plugin::{Failure, Paging};
use ourwater::domain::run::{Counts, RunState, Trigger};
use ourwater::domain::sync::{Datatype, Method, MissingResource, Rules, Selection, Sync};
use ourwater::store::datasource::NewDatasource;
use ourwater::store::organisation::NewOrganisation;
use ourwater::store::run::{Begun, Held};
use ourwater::store::sync::NewSync;
use ourwater::store::{Access, Store};
use ourwater::sync::pull::{self, Job, Progress, Tuning};
use ourwater::sync::source::Source;

/// A linear congruential generator: the same seed tells the same story everywhere.
pub(super) struct Seeded(pub(super) u64);

impl Seeded {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

pub(super) type Row = (u64, i64, f64);

/// Gives its rows in pages; fails once at each of `stops`.
pub(super) struct Script {
    pub(super) rows: Vec<Row>,
    pub(super) stops: BTreeSet<usize>,
}

impl Source for Script {
    async fn get(&mut self, request: &PageRequest) -> Result<Page, Failure> {
        let start: usize = request.cursor.as_deref().map_or(0, |cursor| cursor.parse().unwrap());
        let end = (start + request.limit as usize).min(self.rows.len());
        if let Some(stop) = self.stops.iter().copied().find(|stop| (start..end).contains(stop)) {
            self.stops.remove(&stop);
            return Err(Failure::Data("the line went dead".to_owned()));
        }
        Ok(page(&self.rows[start..end], start, end, self.rows.len()))
    }
}

pub(super) fn page(rows: &[Row], start: usize, end: usize, all: usize) -> Page {
    let mut columns: BTreeMap<u64, Readings> = BTreeMap::new();
    for (at, (well, time, value)) in rows.iter().enumerate() {
        let column = columns.entry(*well).or_insert_with(|| column(*well));
        column.times.push(*time);
        column.values.push(*value);
        column.rows.push(u32::try_from(start + at + 1).unwrap());
    }
    Page {
        items: Items::Readings(columns.into_values().collect()),
        gone: Vec::new(),
        rejected: vec![Rejection {
            place: format!("row {start}"),
            reason: "a heading".to_owned(),
            raw: String::new(),
        }],
        empty: 1,
        cursor: end.to_string(),
        more: end < all,
        total: None,
    }
}

pub(crate) fn column(well: u64) -> Readings {
    Readings::of(Series {
        resource: format!("well {well}"),
        name: String::new(),
        property: "depth".to_owned(),
        unit: "m".to_owned(),
    })
}

pub(crate) struct World {
    _folder: tempfile::TempDir,
    pub(super) store: Store,
    pub(super) organisation: Organisation,
    pub(super) datasource: Datasource,
    pub(super) sync: Sync,
    pub(super) tuning: Tuning,
}

impl World {
    pub(crate) async fn new(tuning: Tuning) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("ourwater.db"), Access::Write).await.unwrap();
        let clock = Clock::manual(1);
        let new = NewOrganisation {
            name: "Dharta".parse().unwrap(),
            zone: Zone::UTC,
            limits: Limits::default(),
        };
        let (organisation, _) = store.create_organisation(new, &clock).await.unwrap();
        let new = NewDatasource {
            name: "script".parse().unwrap(),
            plugin: "script".to_owned(),
            config: serde_json::json!({}),
        };
        let datasource = store.create_datasource(&organisation.id, new, &clock).await.unwrap();
        let new = NewSync {
            datasource: datasource.id.clone(),
            name: "script".parse().unwrap(),
            methods: vec![Method::PullFromDatasource],
            datatypes: vec![Datatype::Reading],
            only: Selection::default(),
            one_time: false,
            enabled: true,
            missing_resource: MissingResource::Create,
            rules: Rules::default(),
        };
        let sync = store.create_sync(&organisation.id, new, &clock).await.unwrap();
        Self { _folder: folder, store, organisation, datasource, sync, tuning }
    }

    pub(crate) async fn begin(&self, rewind: bool) -> Held {
        match self
            .store
            .begin_run(&self.sync, "digest", Trigger { rewind, confirm: true }, 7)
            .await
            .unwrap()
        {
            Begun::Held(held) => held,
            Begun::Running(run) => panic!("{run} is still running"),
        }
    }

    /// One run; its counts, and whether it went through.
    pub(super) async fn run(&self, script: Script, rewind: bool) -> (Counts, bool) {
        let held = self.begin(rewind).await;
        let pulled = self.pull(&held, script).await;
        let state = if pulled.is_ok() { RunState::Completed } else { RunState::Failed };
        self.store.end_run(&held, &self.sync.methods, state, None, 8).await.unwrap();
        let run = self.store.run(&self.organisation.id, &held.run).await.unwrap();
        (run.counts, pulled.is_ok())
    }

    pub(super) async fn pull(&self, held: &Held, script: Script) -> Result<Script, pull::Error> {
        self.pull_from(held, script).await
    }

    pub(crate) async fn pull_from<S: Source>(
        &self,
        held: &Held,
        source: S,
    ) -> Result<S, pull::Error> {
        let (_cancel, cancelled) = tokio::sync::watch::channel(false);
        let job = Job {
            store: self.store.clone(),
            clock: Clock::manual(7),
            held: held.clone(),
            sync: self.sync.clone(),
            datasource: self.datasource.clone(),
            digest: "same".to_owned(),
            resolution: Resolution::EXACT,
            keeps: std::collections::BTreeMap::new(),
            paging: Paging::Whole,
            rehearsal: false,
            faults: Faults::default(),
            progress: Arc::new(Progress::default()),
            tuning: self.tuning,
            cancel: cancelled,
        };
        pull::pull(&job, source, Datatype::Reading).await
    }

    /// Runs until one goes through; the counts of all together.
    pub(super) async fn run_through(
        &self,
        rows: &[Row],
        stops: &BTreeSet<usize>,
        rewind: bool,
    ) -> Counts {
        let mut counts = Counts::default();
        let mut stops = stops.clone();
        loop {
            let script = Script { rows: rows.to_vec(), stops: stops.clone() };
            let (more, through) = self.run(script, rewind).await;
            counts += more;
            if through {
                return counts;
            }
            stops.pop_first();
        }
    }

    pub(crate) async fn readings(&self) -> BTreeMap<(String, i64), f64> {
        let mut readings = BTreeMap::new();
        self.store
            .export_readings(&self.organisation.id, |row| {
                readings.insert((row.resource, row.time), row.value);
                Ok::<(), ourwater::store::Error>(())
            })
            .await
            .unwrap();
        readings
    }
}

pub(super) fn expected(rows: &[Row]) -> BTreeMap<(String, i64), f64> {
    rows.iter().map(|(well, time, value)| ((format!("well {well}"), *time), *value)).collect()
}

pub(super) fn rows(seeded: &mut Seeded, count: u64) -> Vec<Row> {
    let times = 1 + seeded.below(40);
    let row = |seeded: &mut Seeded| {
        let value = u32::try_from(seeded.below(3)).unwrap();
        (seeded.below(4), i64::try_from(seeded.below(times)).unwrap(), f64::from(value))
    };
    (0..count).map(|_| row(seeded)).collect()
}

impl World {
    pub(super) async fn issues(&self) -> Vec<String> {
        let issues = self.store.issues(&self.organisation.id, &self.sync.id, None, 100).await;
        issues.unwrap().into_iter().map(|issue| issue.place).collect()
    }
}
