//! Another system reads what changed here, page after page, and never what it brought itself.

use serde_json::{Value, json};

use super::World;

/// A sync that pulls wells and lets the other system read; where it reads.
async fn reading(world: &World, only: Value) -> String {
    let methods = json!({"methods": ["pull-from-datasource", "pull-from-ourwater"], "only": only,
        "datatypes": ["reading"]});
    let sync = world.wells(&methods).await;
    world.run(&sync).await;
    format!("/api/v1/syncs/{sync}/pull")
}

/// Writes three readings of a resource.
async fn write(world: &World, resource: &str, value: f64) {
    let reading =
        |time: i64| json!({"property": "rain", "unit": "mm", "time": time, "value": value});
    let body = json!({"readings": [reading(1), reading(2), reading(3)]});
    world.say("PUT", &format!("/api/v1/resources/{resource}/readings"), body, 200).await;
}

#[tokio::test]
async fn what_changed_here_is_read_in_pages_and_what_came_from_there_is_not() {
    let world = World::new().await;
    let here = reading(&world, json!([])).await;
    let page = world.say("GET", &here, Value::Null, 200).await;
    assert_eq!((&page["readings"], &page["next"]), (&json!([]), &Value::Null), "{page}");
    let well = world.resource().await;
    write(&world, well["id"].as_str().unwrap(), 1.0).await;
    let page = world.say("GET", &format!("{here}?limit=2"), Value::Null, 200).await;
    let column = &page["readings"][0];
    assert_eq!((&column["external"], &column["resource"]), (&json!("B"), &well["id"]));
    assert_eq!(column["times"], json!([1, 2]));
    // What is written between two pages belongs to the next snapshot.
    write(&world, well["id"].as_str().unwrap(), 1.0).await;
    let rest = world.say("GET", page["links"]["next"].as_str().unwrap(), Value::Null, 200).await;
    assert_eq!((&rest["readings"][0]["times"], &rest["next"]), (&json!([3]), &Value::Null));
    let counted = world.say("GET", &format!("{here}?limit=2&page=1"), Value::Null, 200).await;
    assert_eq!(counted["readings"], rest["readings"]);
    let beyond = world.say("GET", &format!("{here}?limit=2&page=9"), Value::Null, 200).await;
    assert_eq!(beyond["readings"], json!([]));
}

#[tokio::test]
async fn the_next_reading_starts_where_the_snapshot_was() {
    let world = World::new().await;
    let here = reading(&world, json!([])).await;
    let well = world.resource().await;
    write(&world, well["id"].as_str().unwrap(), 1.0).await;
    let first = world.say("GET", &here, Value::Null, 200).await;
    let next = format!("{here}?start={}", first["snapshot"]);
    assert_eq!(world.say("GET", &next, Value::Null, 200).await["readings"], json!([]));
    write(&world, well["id"].as_str().unwrap(), 2.0).await;
    let changed = world.say("GET", &next, Value::Null, 200).await;
    assert_eq!(changed["readings"][0]["values"], json!([2.0, 2.0, 2.0]));
    let sync = here.strip_suffix("/pull").unwrap();
    let sync = world.say("GET", sync, Value::Null, 200).await;
    assert_eq!(sync["lastSyncDate"]["pull-from-ourwater"], changed["snapshot"]);
}

#[tokio::test]
async fn only_what_the_sync_selects_is_given() {
    let world = World::new().await;
    let here = reading(&world, json!(["B"])).await;
    let other = json!({"name": "Other", "kind": "well"});
    let other = world.say("POST", "/api/v1/resources", other, 201).await;
    write(&world, other["id"].as_str().unwrap(), 1.0).await;
    assert_eq!(world.say("GET", &here, Value::Null, 200).await["readings"], json!([]));
    let sync = here.strip_suffix("/pull").unwrap();
    let all = json!({"only": [], "datatypes": ["group", "resource", "reading"]});
    world.say("PATCH", sync, all, 200).await;
    let page = world.say("GET", &here, Value::Null, 200).await;
    assert_eq!(page["resources"][0]["id"], other["id"]);
    assert_eq!(page["readings"][0]["external"], Value::Null);
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    let world = World::new().await;
    let here = reading(&world, json!([])).await;
    for (asked, status) in
        [("?limit=0", 422), ("?next=guessed", 400), ("?page=1001", 422), ("?from=1", 400)]
    {
        world.say("GET", &format!("{here}{asked}"), Value::Null, status).await;
    }
    let sync = here.strip_suffix("/pull").unwrap();
    world.say("PATCH", sync, json!({"methods": ["pull-from-datasource"]}), 200).await;
    assert_eq!(world.say("GET", &here, Value::Null, 422).await["error"]["field"], "methods");
}
