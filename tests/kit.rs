//! A stranger begins a plugin, outside of this workspace, and it works as it stands.

mod world;

use ourwater::domain::batch::{Base, Batch, Pushed};
use ourwater::domain::page::{PageRequest, Readings, Series};
use ourwater::domain::plugin::Failure;
use ourwater::domain::sync::Datatype;
use peers::Wells;
use peers::wells::{START_MS, STEP_MS};
use serde_json::json;

use crate::harness::{Place, kit};
use world::{World, everything, readings};

#[tokio::test(flavor = "multi_thread")]
async fn a_project_begun_in_rust_gives_and_takes_as_it_stands() {
    gives_and_takes(kit::rust_component()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_begun_in_python_gives_and_takes_as_it_stands() {
    gives_and_takes(kit::python_component()).await;
}

async fn gives_and_takes(component: &[u8]) {
    let server = Wells::start(3, 40);
    let world = World::of(component, &json!({"url": server.url(), "anonymous": true})).await;
    assert_eq!(world.plugin.description().name, kit::NAME);
    let remarks = world.reaching(&server.url()).await.check(&world.config).await.unwrap();
    assert_eq!(remarks[0].field, "url");

    // Everything, in pages that end between changes of one instant, each from a fresh instance.
    let (wells, _) = everything(&world, &server.url(), Datatype::Resource, 2, None).await;
    assert_eq!(wells.iter().map(world::count).sum::<usize>(), 3);
    let (pages, cursor) = everything(&world, &server.url(), Datatype::Reading, 7, None).await;
    assert!(pages.len() > 17, "{}", pages.len());
    let found = readings(&pages);
    assert_eq!(found.len(), 120);
    assert_eq!(found[&("W2".to_owned(), START_MS + STEP_MS)], Some(1.0));

    // The next run: what is late, corrected and removed, and nothing else.
    server.put("W1", START_MS - STEP_MS, Some(9.0));
    server.put("W2", START_MS, Some(8.0));
    server.put("W3", START_MS, None);
    let (pages, cursor) =
        everything(&world, &server.url(), Datatype::Reading, 7, Some(cursor)).await;
    let changed = readings(&pages);
    let values: Vec<_> = changed.values().copied().collect();
    assert_eq!(values, [Some(9.0), Some(8.0), None]);
    let (pages, _) = everything(&world, &server.url(), Datatype::Reading, 7, Some(cursor)).await;
    assert!(readings(&pages).is_empty());

    takes(&world, &server).await;
}

/// One is new, one is changed, one was changed there meanwhile, one is of no well; then once more.
async fn takes(world: &World, server: &Wells) {
    let series = |well: &str| Series {
        resource: well.to_owned(),
        name: "level".to_owned(),
        property: "depth-below-ground".to_owned(),
        unit: "m".to_owned(),
    };
    let column = |well: &str, times: &[i64], values: &[f64]| {
        let (times, values) = (times.to_vec(), values.to_vec());
        let (qualities, removed, rows, updated) = (vec![], vec![], vec![], vec![]);
        Readings { series: series(well), times, values, qualities, removed, rows, updated }
    };
    let times = [START_MS - 2 * STEP_MS, START_MS + STEP_MS, START_MS + 2 * STEP_MS];
    let items = Pushed::Readings(vec![
        column("W1", &times, &[0.5, 1.5, 2.5]),
        column("W9", &times[..1], &[0.5]),
    ]);
    let bases = vec![Base::Nothing, Base::Value(1.0), Base::Value(7.0), Base::Unknown];
    let mut batch = Batch { items, bases, uncertain: false };
    let receipt = world.reaching(&server.url()).await.push(&world.config, &batch).await.unwrap();
    assert_eq!((receipt.created, receipt.updated), (1, 1));
    assert_eq!((receipt.conflicting, receipt.refused[0].0), (vec![2], 3));
    assert_eq!(server.value("W1", times[1]), Some(1.5));
    assert_eq!(server.value("W1", times[2]), Some(2.0));
    batch.uncertain = true;
    let receipt = world.reaching(&server.url()).await.push(&world.config, &batch).await.unwrap();
    assert_eq!((receipt.created, receipt.updated, receipt.unchanged), (0, 0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_in_plain_rust_is_written_from_the_readme_alone() {
    reads_lines(kit::plain_component()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_in_plain_python_is_written_from_the_readme_alone() {
    reads_lines(kit::plain_python_component()).await;
}

async fn reads_lines(component: &[u8]) {
    let world = World::of(component, &json!({"file": "rain.txt"})).await;
    let text = "1000 1.5\n2000 2.5\nnonsense\r x\n3000 3.5\n4000 4";
    let mut cursor = None;
    let (mut found, mut rejected) = (Vec::new(), Vec::new());
    for pages in 1.. {
        assert!(pages < world::PAGES_MAX, "paging does not end");
        let request = asked(Datatype::Reading, 2, cursor);
        let mut instance = world.reading("rain.txt", text).await;
        let page = instance.get(&world.config, &request).await.unwrap();
        found.extend(readings(std::slice::from_ref(&page)));
        rejected.extend(page.rejected.into_iter().map(|it| it.place));
        cursor = Some(page.cursor);
        if !page.more {
            break;
        }
    }
    let values: Vec<_> = found.iter().filter_map(|(_, value)| *value).collect();
    assert_eq!((values, rejected), (vec![1.5, 2.5, 3.5], vec!["byte 18".to_owned()]));
    // What was cut off is read when it is whole; a cursor of another plugin is not.
    let whole = format!("{text}\n");
    let request = asked(Datatype::Reading, 2, cursor);
    let page = world.reading("rain.txt", &whole).await.get(&world.config, &request).await.unwrap();
    assert_eq!(readings(&[page]).values().copied().collect::<Vec<_>>(), [Some(4.0)]);
    let foreign = asked(Datatype::Reading, 2, Some("[7]".to_owned()));
    let failure = world.reading("rain.txt", text).await.get(&world.config, &foreign).await;
    assert!(matches!(failure, Err(Failure::StaleCursor(_))), "{failure:?}");
    let failure = world.reading("rain.txt", text).await.check("{}").await.unwrap_err();
    assert!(matches!(&failure, Failure::Config { field, .. } if field == "file"), "{failure}");
}

fn asked(datatype: Datatype, limit: u32, cursor: Option<String>) -> PageRequest {
    PageRequest { datatype, cursor, limit, since: None, only: Vec::new() }
}

#[test]
fn a_project_says_what_to_type_next_and_nothing_is_written_over() {
    let place = Place::new();
    let begun = place.run(&["plugin", "new", "rain", "--lang", "python", "--to", "a/b"]);
    assert_eq!(begun.code, 0, "{begun:?}");
    assert!(begun.out.contains("cd a/b\n"), "{}", begun.out);
    let check = "ourwater plugin check plugin.wasm --config config.json --fixture fixture";
    assert!(begun.out.contains(check), "{}", begun.out);
    assert!(place.path("a/b/app.py").exists());
    let again = place.run(&["plugin", "new", "rain", "--lang", "rust", "--to", "a/b"]);
    assert_eq!(again.code, 3, "{again:?}");
    assert!(again.err.contains("nothing is written over"), "{}", again.err);
    assert!(!place.path("a/b/Cargo.toml").exists());
    let bad = place.run(&["plugin", "new", "Rain_Gauge", "--lang", "rust"]);
    assert_eq!(bad.code, 3, "{bad:?}");
    assert!(bad.err.contains("a-z, 0-9 and the hyphen"), "{}", bad.err);
    let told = place.run(&["plugin", "new", "wells", "--lang", "rust", "--json"]);
    assert_eq!(told.json()["component"], "target/wasm32-wasip2/release/plugin_wells.wasm");
}
