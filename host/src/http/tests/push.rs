//! What another system posts is checked, saved and receipted, and the same body only once.

use serde_json::{Value, json};

use super::World;
use crate::domain::run::Trigger;

/// A sync that takes what is posted.
async fn posting(world: &World, more: &Value) -> (String, String) {
    let mut how = json!({"methods": ["push-from-datasource"],
        "datatypes": ["group", "resource", "reading"]});
    for (name, value) in more.as_object().unwrap() {
        how[name] = value.clone();
    }
    let sync = world.wells(&how).await;
    let here = format!("/api/v1/syncs/{sync}/push");
    (sync, here)
}

fn batch() -> Value {
    json!({
        "groups": [{"id": "313001", "name": "Hinta", "kind": "village"}],
        "resources": [{"id": "W1", "name": "Ram's well", "kind": "well", "groups": ["313001"],
            "updated": "2020-01-01T00:00:00Z", "extra": {"depth": 12}}],
        "readings": [{"resource": "W1", "property": "depth", "unit": "m",
            "times": ["2020-01-01T00:00:00Z", 1_577_923_200_000_i64], "values": [1.5, 1.6],
            "qualities": [1, 0]}],
    })
}

#[tokio::test]
async fn every_record_is_saved_and_posting_it_again_changes_nothing() {
    let world = World::new().await;
    let (sync, here) = posting(&world, &json!({})).await;
    let receipt = world.say("POST", &here, batch(), 200).await;
    assert_eq!((&receipt["created"], &receipt["rejected"]), (&json!(4), &json!([])), "{receipt}");
    let run = format!("/api/v1/runs/{}", receipt["run"].as_str().unwrap());
    let run = world.say("GET", &run, Value::Null, 200).await;
    assert_eq!((&run["state"], &run["counts"]["created"]), (&json!("completed"), &json!(4)));
    let well = world.resource().await;
    assert_eq!((&well["name"], &well["external"][0]["id"]), (&json!("Ram's well"), &json!("W1")));
    let readings = format!("/api/v1/resources/{}/readings", well["id"].as_str().unwrap());
    let readings = world.say("GET", &readings, Value::Null, 200).await;
    assert_eq!(readings["readings"][1]["time"], 1_577_923_200_000_i64);
    assert_eq!(readings["readings"][0]["origin"], "wells");
    let again = world.say("POST", &here, batch(), 200).await;
    assert_eq!((&again["created"], &again["unchanged"]), (&json!(0), &json!(4)), "{again}");
    let shown = world.say("GET", &format!("/api/v1/syncs/{sync}"), Value::Null, 200).await;
    assert!(shown["lastSyncDate"]["push-from-datasource"].as_i64().unwrap() > 0, "{shown}");
}

#[tokio::test]
async fn a_key_stands_for_one_body_and_its_receipt() {
    let world = World::new().await;
    let (_, here) = posting(&world, &json!({})).await;
    let mut body = batch();
    body["key"] = json!("batch 7");
    let receipt = world.say("POST", &here, body.clone(), 200).await;
    assert_eq!(world.say("POST", &here, body.clone(), 200).await, receipt);
    let runs = world.say("GET", "/api/v1/runs", Value::Null, 200).await;
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1, "nothing was done again");
    body["readings"][0]["values"][0] = json!(9.9);
    let refused = world.say("POST", &here, body.clone(), 422).await;
    assert_eq!(refused["error"]["field"], "key");
    body["key"] = json!("a\nb");
    world.say("POST", &here, body, 422).await;
}

#[tokio::test]
async fn a_lost_receipt_is_given_again_when_a_one_time_sync_is_done() {
    let world = World::new().await;
    let (_, here) = posting(&world, &json!({"oneTime": true})).await;
    let mut body = batch();
    body["key"] = json!("the only one");
    let receipt = world.say("POST", &here, body.clone(), 200).await;
    assert_eq!(world.say("POST", &here, body, 200).await, receipt);
    world.say("POST", &here, batch(), 410).await;
}

#[tokio::test]
async fn what_is_not_sound_is_named_and_spares_the_rest() {
    let world = World::new().await;
    let (sync, here) = posting(&world, &json!({})).await;
    let mut body = batch();
    let readings = body["readings"].as_array_mut().unwrap();
    readings[0]["values"][1] = Value::Null;
    readings.push(json!({"resource": "W2", "property": "depth", "unit": "m", "times": [1, 2],
        "values": [1.0]}));
    body["resources"][0]["position"] = json!({"longitude": 200.0, "latitude": 0.0});
    let receipt = world.say("POST", &here, body, 200).await;
    assert_eq!(receipt["created"], 2, "the group and one reading: {receipt}");
    let reasons = receipt["rejected"].to_string();
    for part in ["have one length", "not a finite number", "no place on earth", "resource W1"] {
        assert!(reasons.contains(part), "{part}: {reasons}");
    }
    let issues = format!("/api/v1/syncs/{sync}/issues");
    let issues = world.say("GET", &issues, Value::Null, 200).await;
    assert_eq!(issues["issues"].as_array().unwrap().len(), 3, "{issues}");
}

#[tokio::test]
async fn only_what_the_sync_selects_is_taken() {
    let world = World::new().await;
    let (_, here) = posting(&world, &json!({"only": ["W1"]})).await;
    let mut body = batch();
    let other = json!({"resource": "W2", "property": "depth", "unit": "m", "times": [1],
        "values": [1.0]});
    body["readings"].as_array_mut().unwrap().push(other);
    let receipt = world.say("POST", &here, body, 200).await;
    assert_eq!(receipt["created"], 3, "the resource and its readings: {receipt}");
    assert_eq!(receipt["rejected"].as_array().unwrap().len(), 2, "{receipt}");
}

#[tokio::test]
async fn a_sync_takes_nothing_when_it_is_not_for_that_or_runs() {
    let world = World::new().await;
    let (sync, here) = posting(&world, &json!({"methods": ["pull-from-datasource"]})).await;
    assert_eq!(world.say("POST", &here, batch(), 422).await["error"]["field"], "methods");
    let change =
        |change: Value| world.say("PATCH", here.strip_suffix("/push").unwrap(), change, 200);
    change(json!({"methods": ["push-from-datasource"], "datatypes": ["reading"]})).await;
    assert_eq!(world.say("POST", &here, batch(), 422).await["error"]["field"], "datatypes");
    change(json!({"datatypes": ["group", "resource", "reading"], "enabled": false})).await;
    world.say("POST", &here, batch(), 409).await;
    change(json!({"enabled": true})).await;
    let (store, ours) = (&world.app.store, &world.ours.0.id);
    let sync = store.sync(ours, &sync.parse().unwrap()).await.unwrap();
    store.begin_run(&sync, "digest", Trigger::default(), 1).await.unwrap();
    world.say("POST", &here, batch(), 409).await;
    let found = world.say("GET", "/api/v1/resources", Value::Null, 200).await;
    assert_eq!(found["resources"], json!([]));
}

#[tokio::test]
async fn what_is_posted_moves_no_cursor_of_what_is_pulled() {
    let world = World::new().await;
    let methods = json!({"methods": ["pull-from-datasource", "push-from-datasource"],
        "datatypes": ["reading"]});
    let (sync, here) = posting(&world, &methods).await;
    let (engine, ours) = (&world.app.engine, &world.ours.0.id);
    let mut created = Vec::new();
    for _ in 0..2 {
        let run = engine.trigger(ours, &sync.parse().unwrap(), Trigger::default()).await.unwrap();
        let run = engine.wait(ours, &run, None).await.unwrap();
        created.push((run.counts.created, run.counts.records()));
        let reading = json!({"readings": [batch()["readings"][0]]});
        world.say("POST", &here, reading, 200).await;
    }
    assert_eq!(created, [(8, 8), (0, 0)], "the file is not read again");
}
