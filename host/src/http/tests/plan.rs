//! What a run would do is found out without doing it, and the run then does it; what is pushed to a
//! file reads back as it is here.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::World;
use super::records::WELLS;
use crate::domain::run::Trigger;

/// Every file beside the database, with what it holds.
fn files(world: &World) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(world.folder.path()).unwrap().flatten();
    let files = entries.filter(|entry| entry.path().is_file());
    let mut files: Vec<_> = files
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        // Who reads leaves marks there, and nothing else.
        .filter(|(name, _)| !name.ends_with("-shm"))
        .collect();
    files.sort();
    files
}

/// What stands in the folder of the database.
fn names(world: &World) -> BTreeSet<String> {
    let entries = std::fs::read_dir(world.folder.path()).unwrap().flatten();
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_run_does_what_its_plan_said_and_the_plan_did_nothing() {
    let world = World::new().await;
    let sync = world.wells(&json!({"policy": "review"})).await;
    world.run(&sync).await;
    let well = world.resource().await;
    let readings = format!("/api/v1/resources/{}/readings", well["id"].as_str().unwrap());
    let read = world.say("GET", &readings, Value::Null, 200).await;
    let mut edit = read["readings"][0].clone();
    edit.as_object_mut().unwrap().remove("origin");
    edit["value"] = json!(3.0);
    world.say("PUT", &readings, json!({"readings": [edit]}), 200).await;
    let changed = WELLS.replace("2.1\n", "4.0\n").replace("2.8\n", "9.0\n");
    let changed = format!("{changed}B,2020-01-09T00:00:00Z,2.9\nB,2020-01-10T00:00:00Z,deep\n");
    world.ask("PUT", "/api/v1/files/wells.csv", changed).await;
    let (before, there) = (files(&world), names(&world));

    let plan = format!("/api/v1/syncs/{sync}/plan");
    let planned = world.say("POST", &plan, Value::Null, 200).await;
    assert!(before == files(&world), "the database is as it was");
    assert_eq!(names(&world), there, "no copy is left");
    let pull = &planned["pull"]["reading"];
    assert_eq!((&pull["created"], &pull["updated"]), (&json!(1), &json!(1)), "{planned}");
    assert_eq!((&pull["rejected"], &planned["asks"]), (&json!(1), &json!([])), "{planned}");
    let conflict = &planned["conflicts"][0];
    assert_eq!(
        (&conflict["ours"]["value"], &conflict["theirs"]["value"]),
        (&json!(3.0), &json!(4.0))
    );

    let (engine, ours, sync) = (&world.app.engine, &world.ours.0.id, sync.parse().unwrap());
    let run = engine.trigger(ours, &sync, Trigger::default()).await.unwrap();
    let run = engine.wait(ours, &run, None).await.unwrap();
    assert_eq!(&json!(run.counts), pull);
    assert_eq!(run.conflicts, 1);
}

#[tokio::test]
async fn a_plan_shows_what_looks_alike_and_that_a_run_would_ask() {
    let world = World::new().await;
    let config = json!({"file": "places.csv", "header": 1,
        "resources": {"id": "id", "name": "name", "kind": {"constant": "well"}}});
    world.ask("PUT", "/api/v1/files/places.csv", "id,name\n1,Ram's well\n2,Other well\n").await;
    let new = json!({"name": "places", "plugin": "csv", "config": config});
    let datasource = world.say("POST", "/api/v1/datasources", new, 201).await;
    let new = json!({"name": "places", "datasource": datasource["id"], "datatypes": ["resource"]});
    let sync = world.say("POST", "/api/v1/syncs", new, 201).await;
    let well = json!({"name": "Ram's well", "kind": "well"});
    let well = world.say("POST", "/api/v1/resources", well, 201).await;
    let here = format!("/api/v1/syncs/{}", sync["id"].as_str().unwrap());
    let planned = world.say("POST", &format!("{here}/plan"), Value::Null, 200).await;
    let alike = &planned["alike"];
    assert_eq!((&alike[0]["external"], &alike[0]["id"]), (&json!("1"), &well["id"]), "{planned}");
    assert_eq!(planned["asks"].as_array().unwrap().len(), 1, "{planned}");
    assert_eq!(planned["pull"]["resource"]["created"], 1, "{planned}");
    let run = world.run(sync["id"].as_str().unwrap()).await;
    assert_eq!(run["failure"]["class"], "confirmation", "{run}");
    world.say("PATCH", &here, json!({"matching": "join"}), 200).await;
    assert_eq!(world.run(sync["id"].as_str().unwrap()).await["counts"]["created"], 1);
}

#[tokio::test]
async fn a_source_that_is_suddenly_empty_is_asked_about() {
    let world = World::new().await;
    let sync = world.wells(&json!({})).await;
    world.run(&sync).await;
    world.ask("PUT", "/api/v1/files/wells.csv", "well,time,level\n").await;
    let planned = world.say("POST", &format!("/api/v1/syncs/{sync}/plan"), Value::Null, 200).await;
    let asks = planned["asks"].to_string();
    assert!(asks.contains("gave some before"), "{planned}");
    let run = world.run(&sync).await;
    assert_eq!(run["failure"]["class"], "confirmation", "{run}");
}

/// A datasource that is written to, and how a row of it is read.
fn export(file: &str) -> Value {
    json!({"file": file, "header": 1, "readings": {
        "time": {"columns": ["time"], "pattern": "iso"}, "resource": "resource",
        "series": [{"value": "value", "name": "series", "property": "property", "unit": "unit"}],
        "quality": {"column": "quality", "codes": {"0": 0, "1": 1, "2": 2, "3": 3}}, "note": "note"}})
}

/// Makes a datasource and a sync of it; their ids.
async fn made(world: &World, name: &str, config: Value, mut sync: Value) -> (String, String) {
    let new = json!({"name": name, "plugin": "csv", "config": config});
    let datasource = world.say("POST", "/api/v1/datasources?propose=false", new, 201).await;
    sync["name"] = json!(name);
    sync["datasource"] = datasource["id"].clone();
    let sync = world.say("POST", "/api/v1/syncs", sync, 201).await;
    let id = |of: &Value| of["id"].as_str().unwrap().to_owned();
    (id(&datasource), id(&sync))
}

/// Time, value and quality of each reading of a resource.
async fn points(world: &World, resource: &Value) -> Vec<(Value, Value, Value)> {
    let here = format!("/api/v1/resources/{}/readings", resource["id"].as_str().unwrap());
    let read = world.say("GET", &here, Value::Null, 200).await;
    let read = read["readings"].as_array().unwrap().clone();
    read.iter().map(|it| (it["time"].clone(), it["value"].clone(), it["quality"].clone())).collect()
}

#[tokio::test]
async fn what_is_edited_here_and_pushed_to_a_file_reads_back_the_same() {
    let world = World::new().await;
    let wells = world.wells(&json!({})).await;
    world.run(&wells).await;
    let well = world.resource().await;
    let sync = json!({"methods": ["push-to-datasource", "push-from-datasource"],
        "datatypes": ["resource", "reading"], "matching": "join"});
    let (datasource, sync) = made(&world, "export", export("export.csv"), sync).await;
    // The other side calls the same well B.
    let known = json!({"resources": [{"id": "B", "name": well["name"], "kind": well["kind"]}]});
    let here = format!("/api/v1/syncs/{sync}");
    world.say("POST", &format!("{here}/push"), known, 200).await;
    world.say("PATCH", &here, json!({"datatypes": ["reading"]}), 200).await;
    let readings = format!("/api/v1/resources/{}/readings", well["id"].as_str().unwrap());
    let mut edit = world.say("GET", &readings, Value::Null, 200).await["readings"][0].clone();
    edit.as_object_mut().unwrap().remove("origin");
    (edit["time"], edit["value"], edit["quality"]) = (json!(1), json!(-0.125), json!(2));
    world.say("PUT", &readings, json!({"readings": [edit]}), 200).await;

    let planned = world.say("POST", &format!("{here}/plan"), Value::Null, 200).await;
    assert_eq!(planned["push"]["reading"]["create"], 9, "{planned}");
    let run = world.run(&sync).await;
    assert_eq!(
        (&run["state"], &run["pushed"]["created"]),
        (&json!("completed"), &json!(9)),
        "{run}"
    );

    let exports = format!("/api/v1/datasources/{datasource}/exports");
    let listed = world.say("GET", &exports, Value::Null, 200).await;
    assert_eq!(listed["exports"][0]["name"], "export.csv", "{listed}");
    let content = world.ask("GET", &format!("{exports}/export.csv"), "").await.text;
    assert_eq!(content.lines().count(), 10, "{content}");
    world.say("GET", &format!("{exports}/..%2Fexport.csv"), Value::Null, 404).await;
    world.ask("PUT", "/api/v1/files/back.csv", content).await;
    let (_, back) =
        made(&world, "back", export("back.csv"), json!({"datatypes": ["reading"]})).await;
    assert_eq!(world.run(&back).await["counts"]["created"], 9);
    let all = world.say("GET", "/api/v1/resources", Value::Null, 200).await;
    let all = all["resources"].as_array().unwrap();
    let other = all.iter().find(|it| it["id"] != well["id"]).unwrap();
    assert_eq!(points(&world, other).await, points(&world, &well).await);
}
