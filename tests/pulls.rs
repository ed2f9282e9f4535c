//! Whatever a source holds and wherever a pull stops, the store ends with the last value of each
//! reading, every record is counted once, and reading it all again changes nothing.

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
use ourwater::store::our::ResourceFields;
use ourwater::store::run::{Begun, Held};
use ourwater::store::sync::NewSync;
use ourwater::store::{Access, Store};
use ourwater::sync::pull::{self, Job, Progress, Tuning};
use ourwater::sync::source::Source;

/// A linear congruential generator: the same seed tells the same story everywhere.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

type Row = (u64, i64, f64);

/// Gives its rows in pages; fails once at each of `stops`.
struct Script {
    rows: Vec<Row>,
    stops: BTreeSet<usize>,
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

fn page(rows: &[Row], start: usize, end: usize, all: usize) -> Page {
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

fn column(well: u64) -> Readings {
    Readings {
        series: Series {
            resource: format!("well {well}"),
            name: String::new(),
            property: "depth".to_owned(),
            unit: "m".to_owned(),
        },
        times: Vec::new(),
        values: Vec::new(),
        qualities: Vec::new(),
        removed: Vec::new(),
        rows: Vec::new(),
        updated: Vec::new(),
    }
}

struct World {
    _folder: tempfile::TempDir,
    store: Store,
    organisation: Organisation,
    datasource: Datasource,
    sync: Sync,
    tuning: Tuning,
}

impl World {
    async fn new(tuning: Tuning) -> Self {
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

    async fn begin(&self, rewind: bool) -> Held {
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
    async fn run(&self, script: Script, rewind: bool) -> (Counts, bool) {
        let held = self.begin(rewind).await;
        let pulled = self.pull(&held, script).await;
        let state = if pulled.is_ok() { RunState::Completed } else { RunState::Failed };
        self.store.end_run(&held, &self.sync.methods, state, None, 8).await.unwrap();
        let run = self.store.run(&self.organisation.id, &held.run).await.unwrap();
        (run.counts, pulled.is_ok())
    }

    async fn pull(&self, held: &Held, script: Script) -> Result<Script, pull::Error> {
        self.pull_from(held, script).await
    }

    async fn pull_from<S: Source>(&self, held: &Held, source: S) -> Result<S, pull::Error> {
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
    async fn run_through(&self, rows: &[Row], stops: &BTreeSet<usize>, rewind: bool) -> Counts {
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

    async fn readings(&self) -> BTreeMap<(String, i64), f64> {
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

fn expected(rows: &[Row]) -> BTreeMap<(String, i64), f64> {
    rows.iter().map(|(well, time, value)| ((format!("well {well}"), *time), *value)).collect()
}

fn rows(seeded: &mut Seeded, count: u64) -> Vec<Row> {
    let times = 1 + seeded.below(40);
    let row = |seeded: &mut Seeded| {
        let value = u32::try_from(seeded.below(3)).unwrap();
        (seeded.below(4), i64::try_from(seeded.below(times)).unwrap(), f64::from(value))
    };
    (0..count).map(|_| row(seeded)).collect()
}

#[tokio::test]
async fn the_last_value_wins_every_record_is_counted_and_reading_again_changes_nothing() {
    for seed in 0..60 {
        let mut seeded = Seeded(seed);
        let count = 1 + seeded.below(120);
        let rows = rows(&mut seeded, count);
        let stops: BTreeSet<usize> =
            (0..seeded.below(4)).map(|_| usize::try_from(seeded.below(count)).unwrap()).collect();
        let tuning = Tuning {
            page_records_max: u32::try_from(1 + seeded.below(9)).unwrap(),
            gather_records_max: usize::try_from(1 + seeded.below(30)).unwrap(),
            ..Tuning::default()
        };
        let world = World::new(tuning).await;
        let counts = world.run_through(&rows, &stops, false).await;
        let expected = expected(&rows);
        assert_eq!(world.readings().await, expected, "seed {seed}");
        assert_eq!(counts.created, expected.len() as u64, "seed {seed}: {counts:?}");
        assert_eq!(counts.updated + counts.unchanged, 0, "seed {seed}: {counts:?}");
        assert_eq!(counts.superseded, count - expected.len() as u64, "seed {seed}: {counts:?}");

        let again = world.run_through(&rows, &stops, true).await;
        assert_eq!(world.readings().await, expected, "seed {seed}");
        assert_eq!(again.created + again.updated, 0, "seed {seed}: {again:?}");
        assert_eq!(again.unchanged + again.superseded, count, "seed {seed}: {again:?}");
    }
}

#[tokio::test]
async fn a_changed_source_is_counted_as_updates_and_what_is_new_as_created() {
    let world =
        World::new(Tuning { page_records_max: 2, gather_records_max: 3, ..Tuning::default() })
            .await;
    let first = [(0, 1, 1.0), (0, 2, 2.0), (0, 3, 3.0)];
    world.run_through(&first, &BTreeSet::new(), false).await;
    let second = [(0, 1, 1.0), (0, 2, 2.5), (0, 3, 3.0), (1, 1, 0.0)];
    let counts = world.run_through(&second, &BTreeSet::new(), true).await;
    assert_eq!((counts.created, counts.updated, counts.unchanged), (1, 1, 2));
    assert_eq!(world.readings().await, expected(&second));
}

#[tokio::test]
async fn what_changes_after_a_pass_has_ended_is_an_update_and_contradicts_nothing() {
    let world = World::new(Tuning::default()).await;
    let mut rows = vec![(0, 1, 1.0), (0, 2, 2.0)];
    world.run_through(&rows, &BTreeSet::new(), false).await;
    for value in [3.0, 4.0] {
        rows.push((0, 1, value));
        let counts = world.run_through(&rows, &BTreeSet::new(), false).await;
        assert_eq!((counts.updated, counts.superseded), (1, 0), "{counts:?}");
        assert_eq!(world.readings().await, expected(&rows));
    }
    let met = world.issues().await;
    assert_eq!(met.iter().filter(|place| !place.starts_with("row")).count(), 0, "{met:?}");
}

#[tokio::test]
async fn a_run_whose_process_died_is_gone_on_with_under_the_same_id_and_the_dead_one_cannot_write()
{
    let world =
        World::new(Tuning { page_records_max: 1, gather_records_max: 1, ..Tuning::default() })
            .await;
    let dead = world.begin(false).await;
    world.store.release_run(&dead).await.unwrap();
    let heir = world.begin(false).await;
    assert_eq!(dead.run, heir.run);
    let late = world.store.end_run(&dead, &world.sync.methods, RunState::Completed, None, 9).await;
    assert!(matches!(late, Err(ourwater::store::Error::LostLease)), "{late:?}");
    let late = world.pull(&dead, Script { rows: vec![(0, 1, 1.0)], stops: BTreeSet::new() }).await;
    let lost = matches!(late, Err(pull::Error::Store(ourwater::store::Error::LostLease)));
    assert!(lost, "{:?}", late.err());
    assert!(world.readings().await.is_empty());
}

#[tokio::test]
async fn issues_are_kept_once_and_leave_when_a_pass_no_longer_meets_them() {
    let world =
        World::new(Tuning { page_records_max: 2, gather_records_max: 2, ..Tuning::default() })
            .await;
    let rows = [(0, 1, 1.0), (0, 2, 2.0), (0, 1, 5.0)];
    world.run_through(&rows, &BTreeSet::from([2]), false).await;
    let issues = world.issues().await;
    let places: Vec<&str> = issues.iter().map(String::as_str).collect();
    assert_eq!(places, ["row 0", "row 2", "well 0 depth at 1970-01-01T00:00:00.001Z"]);
    world.run_through(&rows, &BTreeSet::new(), true).await;
    assert_eq!(world.issues().await, issues);
    world.run_through(&rows[..2], &BTreeSet::new(), true).await;
    assert_eq!(world.issues().await, ["row 0"]);
}

impl World {
    /// A run that nobody confirmed; what it ended in.
    async fn unconfirmed(&self, rows: &[Row]) -> Result<(), pull::Error> {
        let how = Trigger { rewind: true, confirm: false };
        let Begun::Held(held) = self.store.begin_run(&self.sync, "digest", how, 9).await.unwrap()
        else {
            panic!("a run is going on")
        };
        let script = Script { rows: rows.to_vec(), stops: BTreeSet::new() };
        let pulled = self.pull(&held, script).await;
        let methods = &self.sync.methods;
        self.store.end_run(&held, methods, RunState::Failed, None, 9).await.unwrap();
        pulled.map(drop)
    }
}

fn asks(ended: Result<(), pull::Error>, word: &str) -> bool {
    let store = match ended {
        Err(pull::Error::Store(error)) => error,
        ended => panic!("{ended:?}"),
    };
    matches!(&store, ourwater::store::Error::Unconfirmed(text) if text.contains(word))
}

#[tokio::test]
async fn a_run_that_would_change_most_of_what_is_there_asks_and_changes_nothing() {
    let world = World::new(Tuning::default()).await;
    let before: Vec<Row> = (0..300).map(|time| (0, time, 1.0)).collect();
    world.run_through(&before, &BTreeSet::new(), false).await;
    let few: Vec<Row> = (0..300).map(|time| (0, time, f64::from(u8::from(time < 140)))).collect();
    world.unconfirmed(&few[..140]).await.unwrap();
    let turned: Vec<Row> = (0..300).map(|time| (0, time, 2.0)).collect();
    assert!(asks(world.unconfirmed(&turned).await, "300 of the 300"));
    assert_eq!(world.readings().await, expected(&before));
    world.run_through(&turned, &BTreeSet::new(), true).await;
    assert_eq!(world.readings().await, expected(&turned));
}

#[tokio::test]
async fn a_source_that_suddenly_holds_nothing_makes_the_run_ask() {
    let world = World::new(Tuning::default()).await;
    let how = Trigger { rewind: true, confirm: false };
    world.run_through(&[(0, 1, 1.0)], &BTreeSet::new(), false).await;
    let Begun::Held(held) = world.store.begin_run(&world.sync, "digest", how, 9).await.unwrap()
    else {
        panic!("a run is going on")
    };
    assert!(asks(world.pull_from(&held, Nothing).await.map(drop), "gives no reading at all"));
}

#[tokio::test]
async fn readings_of_a_resource_nobody_described_wait_under_one_issue_and_then_show() {
    let mut world = World::new(Tuning::default()).await;
    world.sync.missing_resource = MissingResource::Park;
    world.run_through(&[(0, 1, 1.0), (0, 2, 2.0)], &BTreeSet::new(), false).await;
    assert!(world.readings().await.is_empty());
    assert_eq!(world.issues().await, ["resource well 0", "row 0"]);
    let resources = world.store.resources(&world.organisation.id, "", 10).await.unwrap();
    assert!(!resources[0].described);
    let fields = ResourceFields { name: "Temple well".to_owned(), ..resources[0].resource.clone() };
    let id = &resources[0].id;
    world.store.put_resource(&world.organisation.id, Some(id), &fields, 9).await.unwrap();
    assert_eq!(world.readings().await.len(), 2);
    assert_eq!(world.issues().await, ["row 0"]);
}

/// Holds nothing.
struct Nothing;

impl Source for Nothing {
    async fn get(&mut self, _: &PageRequest) -> Result<Page, Failure> {
        Ok(Page { rejected: Vec::new(), empty: 0, ..page(&[], 0, 0, 0) })
    }
}

/// Gives two readings of each well it is asked for, once; keeps what it was asked.
struct Wells {
    asked: Vec<(Vec<String>, Option<String>)>,
}

impl Source for Wells {
    async fn get(&mut self, request: &PageRequest) -> Result<Page, Failure> {
        self.asked.push((request.only.clone(), request.cursor.clone()));
        let known = request.cursor.is_some();
        let wells = request.only.iter().filter(|_| !known);
        let rows: Vec<Row> = wells
            .map(|well| well.trim_start_matches("well ").parse().unwrap())
            .flat_map(|well| [(well, 1, 1.0), (well, 2, 2.0)])
            .collect();
        let end = rows.len();
        Ok(Page { rejected: Vec::new(), ..page(&rows, 0, end, end) })
    }
}

#[tokio::test]
async fn wells_selected_later_are_asked_for_alone_from_their_beginning() {
    let mut world = World::new(Tuning::default()).await;
    let mut asked = Vec::new();
    for only in [&["well 0"][..], &["well 0", "well 1"], &["well 0", "well 1"]] {
        let ids: Vec<String> = only.iter().map(|id| (*id).to_owned()).collect();
        world.sync.only = Selection::try_from(ids).unwrap();
        let held = world.begin(false).await;
        let wells = world.pull_from(&held, Wells { asked: Vec::new() }).await.unwrap();
        let methods = &world.sync.methods;
        world.store.end_run(&held, methods, RunState::Completed, None, 8).await.unwrap();
        asked.push(wells.asked);
    }
    let part =
        |well: &str, cursor: Option<&str>| (vec![well.to_owned()], cursor.map(str::to_owned));
    assert_eq!(asked[0], [part("well 0", None)]);
    assert_eq!(asked[1], [part("well 0", Some("2")), part("well 1", None)]);
    assert_eq!(asked[2], [part("well 0", Some("0")), part("well 1", Some("2"))]);
    assert_eq!(world.readings().await.len(), 4);
}

impl World {
    async fn issues(&self) -> Vec<String> {
        let issues = self.store.issues(&self.organisation.id, &self.sync.id, None, 100).await;
        issues.unwrap().into_iter().map(|issue| issue.place).collect()
    }
}
