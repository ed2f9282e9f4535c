//! The clock is turned, and what is due starts: neither earlier nor twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::json;

use ourwater::app::{App, Settings};
use ourwater::domain::clock::Clock;
use ourwater::domain::organisation::{Limits, Organisation, Zone};
use ourwater::domain::run::{RunState, Trigger};
use ourwater::domain::sync::{Datatype, Method, MissingResource, Rules, Schedule, Selection, Sync};
use ourwater::plugin::Compiler;
use ourwater::store::datasource::NewDatasource;
use ourwater::store::organisation::NewOrganisation;
use ourwater::store::run::Begun;
use ourwater::store::sync::{NewSync, SyncChange};
use ourwater::sync::schedule::Timer;

const HOUR_MS: i64 = 3_600_000;

struct World {
    app: App,
    time: Arc<AtomicI64>,
    organisation: Organisation,
    sync: Sync,
    timer: Timer,
    _folder: tempfile::TempDir,
}

impl World {
    /// One hourly sync of a file that is there, or is not.
    async fn new(file: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let time = Arc::new(AtomicI64::new(1_000));
        let database = folder.path().join("db").display().to_string();
        let settings = Settings::new(database, Compiler::Here);
        let app = App::open_at(&settings, Clock::Manual(time.clone())).await.unwrap();
        let new = NewOrganisation {
            name: "Ours".parse().unwrap(),
            zone: Zone::UTC,
            limits: Limits::default(),
        };
        let (organisation, _) = app.store.create_organisation(new, &app.clock).await.unwrap();
        if file {
            let path = folder.path().join("wells.csv");
            std::fs::write(&path, "well,time,level\nA,2020-01-01T00:00:00Z,1.5\n").unwrap();
            app.upload(&organisation, &path).await.unwrap();
        }
        let sync = hourly(&app, &organisation).await;
        let timer = Timer::new(app.engine.clone());
        Self { app, time, organisation, sync, timer, _folder: folder }
    }

    /// Turns the clock, looks, and waits for what was started; how many that were.
    async fn look_at(&mut self, time: i64) -> usize {
        self.time.store(time, Ordering::SeqCst);
        let started = self.timer.look().await.unwrap();
        for run in &started {
            self.app.engine.wait(&self.organisation.id, run, None).await.unwrap();
        }
        started.len()
    }

    async fn change(&self, change: SyncChange) {
        self.app.store.change_sync(&self.organisation.id, &self.sync.id, change).await.unwrap();
    }
}

async fn hourly(app: &App, organisation: &Organisation) -> Sync {
    let config = json!({"file": "wells.csv", "header": 1, "zone": "UTC", "readings": {
        "time": {"columns": ["time"], "pattern": "iso"}, "resource": "well",
        "series": [{"value": "level", "property": {"constant": "depth"},
                    "unit": {"constant": "m"}}]}});
    let new = NewDatasource { name: "wells".parse().unwrap(), plugin: "csv".to_owned(), config };
    let datasource = app.store.create_datasource(&organisation.id, new, &app.clock).await;
    let new = NewSync {
        datasource: datasource.unwrap().id,
        name: "wells".parse().unwrap(),
        methods: vec![Method::PullFromDatasource],
        datatypes: vec![Datatype::Reading],
        only: Selection::default(),
        one_time: false,
        enabled: true,
        missing_resource: MissingResource::Create,
        rules: Rules { schedule: Schedule::Hourly, ..Rules::default() },
    };
    app.store.create_sync(&organisation.id, new, &app.clock).await.unwrap()
}

#[tokio::test]
async fn an_hourly_sync_runs_at_once_and_then_an_hour_after_each_start() {
    let mut world = World::new(true).await;
    let start = 1_000;
    let looked = [
        (start, 1),
        (start + 1, 0),
        (start + HOUR_MS - 1, 0),
        (start + HOUR_MS, 1),
        (start + HOUR_MS, 0),
        (start + 5 * HOUR_MS, 1),
        (start + 5 * HOUR_MS + 1, 0),
    ];
    for (time, expected) in looked {
        assert_eq!(world.look_at(time).await, expected, "at {time}");
    }
    let last = world.app.store.last_run(&world.sync.id).await.unwrap().unwrap();
    assert_eq!(last.state, RunState::Completed, "{last:?}");
}

#[tokio::test]
async fn a_clock_that_was_set_back_stops_nothing_and_starts_nothing_twice() {
    let mut world = World::new(true).await;
    assert_eq!(world.look_at(1_000 * HOUR_MS).await, 1);
    assert_eq!(world.look_at(2 * HOUR_MS).await, 1);
    assert_eq!(world.look_at(2 * HOUR_MS + 1).await, 0);
    assert_eq!(world.look_at(3 * HOUR_MS).await, 1);
}

#[tokio::test]
async fn what_is_disabled_or_consumed_or_not_scheduled_never_runs() {
    let mut world = World::new(true).await;
    world.change(SyncChange { enabled: Some(false), ..SyncChange::default() }).await;
    assert_eq!(world.look_at(HOUR_MS).await, 0);
    let change = SyncChange { enabled: Some(true), one_time: Some(true), ..Default::default() };
    world.change(change).await;
    assert_eq!(world.look_at(HOUR_MS).await, 1);
    assert_eq!(world.look_at(9 * HOUR_MS).await, 0, "it was consumed");
    let (one_time, schedule) = (Some(false), Some(Schedule::Never));
    world.change(SyncChange { one_time, schedule, ..Default::default() }).await;
    assert_eq!(world.look_at(99 * HOUR_MS).await, 0);
}

#[tokio::test]
async fn a_refusal_is_noted_once_and_the_sync_is_looked_at_again() {
    let mut world = World::new(false).await;
    assert_eq!(world.look_at(HOUR_MS).await, 0);
    assert_eq!(world.look_at(HOUR_MS + 1).await, 0);
    assert_eq!(world.timer.refused().len(), 1);
    assert!(world.timer.refused()[&world.sync.id].contains("wells.csv"));
    assert!(world.app.store.last_run(&world.sync.id).await.unwrap().is_none());
}

#[tokio::test]
async fn what_a_dead_process_left_unfinished_is_gone_on_with() {
    let mut world = World::new(true).await;
    let how = Trigger::default();
    let begun = world.app.store.begin_run(&world.sync, "digest", how, 1_000).await.unwrap();
    let Begun::Held(held) = begun else { panic!("it runs already") };
    assert_eq!(world.timer.go_on().await.unwrap(), []);
    world.app.store.release_run(&held).await.unwrap();
    let gone_on = world.timer.go_on().await.unwrap();
    assert_eq!(gone_on, std::slice::from_ref(&held.run));
    let run = world.app.engine.wait(&world.organisation.id, &held.run, None).await.unwrap();
    assert_eq!((run.state, run.attempt), (RunState::Completed, 2));
}
