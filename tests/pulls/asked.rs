//! What a pull asks a person before it goes on, and what it asks a source.

use std::collections::BTreeSet;

use ourwater::domain::page::{Items, Page, PageRequest, Readings};
use ourwater::domain::plugin::Failure;
use ourwater::domain::run::{RunState, Trigger};
use ourwater::domain::sync::{MissingResource, Selection};
use ourwater::store::our::ResourceFields;
use ourwater::store::run::Begun;
use ourwater::sync::pull::{self, Tuning};
use ourwater::sync::source::Source;

use super::world::{Row, Script, World, column, expected, page};

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
    // However slowly it comes.
    let gather_time_max = std::time::Duration::ZERO;
    let tuning = Tuning { page_records_max: 10, gather_time_max, ..Tuning::default() };
    let world = World::new(tuning).await;
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

#[tokio::test]
async fn what_is_removed_and_was_never_there_is_no_change() {
    let world = World::new(Tuning::default()).await;
    world.run_through(&[(0, 1, 1.0)], &BTreeSet::new(), false).await;
    let held = world.begin(true).await;
    world.pull_from(&held, Removing(vec![1, 2])).await.unwrap();
    let methods = &world.sync.methods;
    world.store.end_run(&held, methods, RunState::Completed, None, 8).await.unwrap();
    let run = world.store.run(&world.organisation.id, &held.run).await.unwrap();
    assert_eq!((run.counts.created, run.counts.updated, run.counts.unchanged), (0, 1, 1));
    assert!(world.readings().await.is_empty());
}

/// Tells of readings of well 0 that are no longer there.
struct Removing(Vec<i64>);

impl Source for Removing {
    async fn get(&mut self, _: &PageRequest) -> Result<Page, Failure> {
        let removed = Readings { removed: self.0.clone(), ..column(0) };
        let items = Items::Readings(vec![removed]);
        Ok(Page { items, rejected: Vec::new(), empty: 0, ..page(&[], 0, 0, 0) })
    }
}
