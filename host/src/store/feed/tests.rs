//! Whatever is written between two pages, a snapshot is given whole and once, and the next one
//! brings what changed.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::*;
use crate::domain::clock::Clock;
use crate::domain::id::{OrganisationId, ResourceId};
use crate::domain::name::Name;
use crate::domain::organisation::{Limits, Zone};
use crate::domain::sync::{Method, MissingResource, Rules, Selection};
use crate::store::Access;
use crate::store::datasource::NewDatasource;
use crate::store::edit::{Edit, EditedPoint};
use crate::store::organisation::NewOrganisation;
use crate::store::sync::NewSync;

/// By resource and time; what was removed is none.
type Held = BTreeMap<(String, i64), Option<f64>>;

struct World {
    store: Store,
    organisation: OrganisationId,
    sync: Sync,
    resources: Vec<ResourceId>,
    held: Held,
    /// Written since the last snapshot, to another value, if only for a while.
    touched: BTreeSet<(String, i64)>,
    _folder: tempfile::TempDir,
}

/// A write: which resource, from which time, how many, the value; none: removed.
type Write = (usize, i64, i64, Option<u8>);

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("db"), Access::Write).await.unwrap();
        let clock = Clock::manual(0);
        let name: Name = "reader".parse().unwrap();
        let (zone, limits) = (Zone::UTC, Limits::default());
        let new = NewOrganisation { name: name.clone(), zone, limits };
        let organisation = store.create_organisation(new, &clock).await.unwrap().0.id;
        let new = NewDatasource { name: name.clone(), plugin: "csv".to_owned(), config: json!({}) };
        let datasource = store.create_datasource(&organisation, new, &clock).await.unwrap().id;
        let new = NewSync {
            datasource,
            name,
            methods: vec![Method::PullFromOurwater],
            datatypes: vec![Datatype::Group, Datatype::Resource, Datatype::Reading],
            only: Selection::default(),
            one_time: false,
            enabled: true,
            missing_resource: MissingResource::Create,
            rules: Rules::default(),
        };
        let sync = store.create_sync(&organisation, new, &clock).await.unwrap();
        let mut resources = Vec::new();
        for well in ["A", "B"] {
            let fields = json!({"name": well, "kind": "well"});
            let fields = serde_json::from_value(fields).unwrap();
            resources.push(store.put_resource(&organisation, None, &fields, 0).await.unwrap().id);
        }
        let (held, touched) = (Held::new(), BTreeSet::new());
        Self { store, organisation, sync, resources, held, touched, _folder: folder }
    }

    async fn write(&mut self, (resource, from, count, value): Write, now: i64) {
        let resource = &self.resources[resource];
        let value = value.map(f64::from);
        let point = |time| EditedPoint { time, value, quality: 1 };
        let points: Vec<EditedPoint> = (from..from + count).map(point).collect();
        for point in &points {
            let key = (resource.to_string(), point.time);
            if self.held.insert(key.clone(), value) != Some(value) {
                self.touched.insert(key);
            }
        }
        let (property, unit) = ("depth".to_owned(), "m".to_owned());
        let edit = Edit { resource: resource.clone(), name: String::new(), property, unit, points };
        self.store.edit_readings(&self.organisation, &[edit], now).await.unwrap();
    }
}

/// Takes what a page gives; nothing is given twice.
fn take(page: &Fed, given: &mut Held) {
    for column in &page.readings {
        let values = column.times.iter().zip(column.values.iter().map(|value| Some(*value)));
        let removed = column.removed.iter().zip(std::iter::repeat(None));
        for (time, value) in values.chain(removed) {
            let twice = given.insert((column.resource.clone(), *time), value);
            assert_eq!(twice, None, "{} at {time} was given twice", column.resource);
        }
    }
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let value = prop::option::weighted(0.8, 0_u8..3);
    prop::collection::vec((0_usize..2, 0_i64..12, 1_i64..5, value), 0..4)
}

/// Rounds of reading; between the pages of each, writes. The clock goes wherever it likes.
fn rounds() -> impl Strategy<Value = Vec<Vec<(Vec<Write>, i64)>>> {
    prop::collection::vec(prop::collection::vec((writes(), 1_i64..100), 1..6), 2..4)
}

async fn story(rounds: Vec<Vec<(Vec<Write>, i64)>>, limit: usize) {
    let mut world = World::new().await;
    let (mut start, mut reader) = (0, Held::new());
    for round in rounds.into_iter().chain([Vec::new()]) {
        let mut between = round.into_iter();
        let mut place = Some(world.store.begin_feed(&world.sync, start).await.unwrap());
        let at_snapshot = world.held.clone();
        world.touched.clear();
        let first = place.clone().unwrap();
        let mut given = Held::new();
        while let Some(here) = place {
            let here: Place = here.to_string().parse().unwrap();
            let page = world.store.feed(&world.sync, &here, limit).await.unwrap();
            take(&page, &mut given);
            place = page.next;
            if let Some((writes, now)) = between.next() {
                for write in writes {
                    world.write(write, now).await;
                }
            }
        }
        for (key, value) in &given {
            assert_eq!(at_snapshot.get(key), Some(value), "{key:?} is of the snapshot");
        }
        reader.extend(given);
        for (key, value) in &at_snapshot {
            let held = reader.get(key).copied().flatten();
            let kept = world.touched.contains(key) || held == *value;
            assert!(kept, "{key:?} was lost: {held:?}, not {value:?}");
        }
        start = first.time;
        for (writes, now) in between {
            for write in writes {
                world.write(write, now).await;
            }
        }
    }
    let place = world.store.begin_feed(&world.sync, start).await.unwrap();
    let page = world.store.feed(&world.sync, &place, 10_000).await.unwrap();
    take(&page, &mut Held::new());
    for column in &page.readings {
        for (time, value) in column.times.iter().zip(&column.values) {
            reader.insert((column.resource.clone(), *time), Some(*value));
        }
        reader.extend(column.removed.iter().map(|time| ((column.resource.clone(), *time), None)));
    }
    let some = |held: &Held| {
        held.iter().filter_map(|(key, value)| Some((key.clone(), (*value)?))).collect::<Vec<_>>()
    };
    assert_eq!(some(&reader), some(&world.held), "in the end the reader holds what is here");
}

#[test]
fn no_write_between_pages_loses_or_doubles_a_reading() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(48));
    let stories = (rounds(), 1_usize..6);
    runner
        .run(&stories, |(rounds, limit)| {
            runtime.block_on(story(rounds, limit));
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn an_idle_reader_is_given_nothing_and_a_change_only_once() {
    let mut world = World::new().await;
    world.write((0, 0, 3, Some(1)), 50).await;
    // The clock was set back, and the order of changes is what counts.
    world.write((1, 0, 2, Some(1)), 20).await;
    let first = world.store.begin_feed(&world.sync, 0).await.unwrap();
    let page = world.store.feed(&world.sync, &first, 100).await.unwrap();
    assert_eq!((page.resources.len(), page.readings.len(), page.next), (2, 2, None));
    let idle = world.store.begin_feed(&world.sync, first.time).await.unwrap();
    let page = world.store.feed(&world.sync, &idle, 100).await.unwrap();
    assert_eq!(page, Fed::default());
    world.write((0, 2, 1, None), 10).await;
    let place = world.store.begin_feed(&world.sync, first.time).await.unwrap();
    let page = world.store.feed(&world.sync, &place, 100).await.unwrap();
    assert_eq!((&page.readings[0].removed, page.readings.len()), (&vec![2], 1));
}
