//! What people make and change over HTTP: groups, resources, readings, and decisions of conflicts.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::World;

pub(super) const WELLS: &str = "well,time,level\n\
    B,2020-01-01T00:00:00Z,2.1\n\
    B,2020-01-02T00:00:00Z,2.2\n\
    B,2020-01-03T00:00:00Z,2.3\n\
    B,2020-01-04T00:00:00Z,2.4\n\
    B,2020-01-05T00:00:00Z,2.5\n\
    B,2020-01-06T00:00:00Z,2.6\n\
    B,2020-01-07T00:00:00Z,2.7\n\
    B,2020-01-08T00:00:00Z,2.8\n";

impl World {
    /// What is answered to JSON, with the status that is expected.
    pub(super) async fn say(&self, method: &str, path: &str, body: Value, status: u16) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.ask(method, path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.text);
        serde_json::from_str(&answer.text).unwrap_or(Value::Null)
    }

    /// Makes a datasource of a file, and a sync of it; the sync's id.
    pub(super) async fn wells(&self, more: &Value) -> String {
        self.ask("PUT", "/api/v1/files/wells.csv", WELLS).await;
        let new = json!({"name": "wells", "plugin": "csv", "config": {"file": "wells.csv"}});
        let datasource = self.say("POST", "/api/v1/datasources", new, 201).await;
        let mut new = json!({"name": "wells", "datasource": datasource["id"]});
        for (name, value) in more.as_object().unwrap() {
            new[name] = value.clone();
        }
        let sync = self.say("POST", "/api/v1/syncs", new, 201).await;
        sync["id"].as_str().unwrap().to_owned()
    }

    /// Runs a sync from the beginning of its source to its end; the run.
    pub(super) async fn run(&self, sync: &str) -> Value {
        let trigger = crate::domain::run::Trigger { rewind: true, confirm: false };
        let organisation = &self.ours.0.id;
        let run = self.app.engine.trigger(organisation, &sync.parse().unwrap(), trigger).await;
        let run = self.app.engine.wait(organisation, &run.unwrap(), None).await.unwrap();
        self.say("GET", &format!("/api/v1/runs/{}", run.id), Value::Null, 200).await
    }

    /// The one resource there is.
    pub(super) async fn resource(&self) -> Value {
        let found = self.say("GET", "/api/v1/resources", Value::Null, 200).await;
        assert_eq!(found["resources"].as_array().unwrap().len(), 1, "{found}");
        found["resources"][0].clone()
    }
}

#[tokio::test]
async fn a_resource_is_made_in_a_group_read_and_changed_as_a_whole() {
    let world = World::new().await;
    let village = json!({"name": "Hinta", "kind": "village", "extra": {"state": "Rajasthan"},
        "boundary": [{"longitude": 74.0, "latitude": 24.5}]});
    let group = world.say("POST", "/api/v1/groups", village.clone(), 201).await;
    assert_eq!(group["extra"], village["extra"]);
    let well = json!({"name": "Ram's well", "kind": "well", "owner": "Ram", "elevation": 471.5,
        "position": {"longitude": 74.1, "latitude": 24.6}, "groups": [group["id"]]});
    let made = world.say("POST", "/api/v1/resources", well.clone(), 201).await;
    let here = format!("/api/v1/resources/{}", made["id"].as_str().unwrap());
    assert_eq!(world.say("GET", &here, Value::Null, 200).await, made);
    for (name, value) in well.as_object().unwrap() {
        assert_eq!(made[name], *value, "{name}");
    }
    let shorter = json!({"name": "Ram's well", "kind": "well"});
    let changed = world.say("PUT", &here, shorter, 200).await;
    assert_eq!((&changed["owner"], &changed["groups"]), (&Value::Null, &json!([])));
    let there = format!("/api/v1/groups/{}", group["id"].as_str().unwrap());
    let renamed = json!({"name": "Hinta Khurd", "kind": "village"});
    assert_eq!(world.say("PUT", &there, renamed, 200).await["name"], "Hinta Khurd");
    let listed = world.say("GET", "/api/v1/groups", Value::Null, 200).await;
    assert_eq!(listed["groups"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    for bad in [
        json!({"name": "", "kind": "well"}),
        json!({"name": "a\u{0}b", "kind": "well"}),
        json!({"name": "x".repeat(257), "kind": "well"}),
        json!({"name": "w", "kind": "well", "position": {"longitude": 181.0, "latitude": 0.0}}),
        json!({"name": "w", "kind": "well", "depth": 3}),
        json!({"kind": "well"}),
    ] {
        world.say("POST", "/api/v1/resources", bad, 422).await;
    }
    let stranger = json!({"name": "w", "kind": "well",
        "groups": [crate::domain::id::GroupId::random()]});
    world.say("POST", "/api/v1/resources", stranger, 404).await;
    let listed = world.say("GET", "/api/v1/resources", Value::Null, 200).await;
    assert_eq!(listed["resources"], json!([]));
}

#[tokio::test]
async fn readings_are_written_all_or_none_and_one_without_value_is_removed() {
    let world = World::new().await;
    let well = json!({"name": "w", "kind": "well"});
    let made = world.say("POST", "/api/v1/resources", well, 201).await;
    let here = format!("/api/v1/resources/{}/readings", made["id"].as_str().unwrap());
    let reading = |time: Value, value: Value| json!({"property": "depth", "unit": "m", "time": time, "value": value, "quality": 1});
    let sound = reading(json!("2020-01-01T00:00:00Z"), json!(1.5));
    for bad in [
        reading(json!("2020-01-01"), json!(1.5)),
        reading(json!(i64::MAX), json!(1.5)),
        json!({"property": "", "unit": "m", "time": 0, "value": 1}),
        json!({"property": "depth", "unit": "m", "time": 0, "value": 1, "quality": 4}),
    ] {
        world.say("PUT", &here, json!({"readings": [sound, bad]}), 422).await;
    }
    assert_eq!(world.say("GET", &here, Value::Null, 200).await["readings"], json!([]));
    let next = reading(json!(1_577_923_200_000_i64), json!(1.6));
    let counts = world.say("PUT", &here, json!({"readings": [sound, next]}), 200).await;
    assert_eq!(counts["created"], 2);
    let page = world.say("GET", &format!("{here}?limit=1"), Value::Null, 200).await;
    assert_eq!(page["readings"][0]["origin"], "OurWater");
    let rest = world.say("GET", page["next"].as_str().unwrap(), Value::Null, 200).await;
    assert_eq!(rest["readings"][0]["value"], 1.6);
    let gone = reading(json!("2020-01-01T00:00:00Z"), Value::Null);
    world.say("PUT", &here, json!({"readings": [gone]}), 200).await;
    let left = world.say("GET", &here, Value::Null, 200).await;
    assert_eq!(left["readings"].as_array().unwrap().len(), 1, "{left}");
}

#[tokio::test]
async fn a_conflict_shows_both_values_and_a_person_decides_it_once() {
    let world = World::new().await;
    let sync = world.wells(&json!({"policy": "review"})).await;
    let run = world.run(&sync).await;
    assert_eq!((&run["state"], &run["counts"]["created"]), (&json!("completed"), &json!(8)));
    let resource = world.resource().await;
    let here = format!("/api/v1/resources/{}/readings", resource["id"].as_str().unwrap());
    let read = world.say("GET", &here, Value::Null, 200).await;
    let first = &read["readings"][0];
    assert_eq!((&first["origin"], &first["value"]), (&json!("wells"), &json!(2.1)));
    let edit = json!({"property": first["property"], "unit": first["unit"],
        "name": first["name"], "time": first["time"], "value": 3.0});
    world.say("PUT", &here, json!({"readings": [edit]}), 200).await;
    world.ask("PUT", "/api/v1/files/wells.csv", WELLS.replace("2.1\n", "4.0\n")).await;
    let run = world.run(&sync).await;
    assert_eq!((&run["conflicts"], &run["state"]), (&json!(1), &json!("completed with issues")));

    let open = format!("/api/v1/syncs/{sync}/conflicts?state=open");
    let found = world.say("GET", &open, Value::Null, 200).await;
    let conflict = &found["conflicts"][0];
    assert_eq!(conflict["ours"]["value"], 3.0, "{found}");
    assert_eq!(conflict["theirs"]["value"], 4.0, "{found}");
    assert_eq!(conflict["base"]["value"], 2.1, "{found}");
    let decide = format!("/api/v1/conflicts/{}", conflict["id"].as_str().unwrap());
    world.say("POST", &decide, json!({"choose": "neither"}), 422).await;
    let decided = world.say("POST", &decide, json!({"choose": "theirs"}), 200).await;
    assert_eq!(decided["state"], "theirs");
    let again = world.ask("POST", &decide, json!({"choose": "ours"}).to_string()).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    let read = world.say("GET", &here, Value::Null, 200).await;
    assert_eq!(read["readings"][0]["value"], 4.0);
    assert_eq!(world.say("GET", &open, Value::Null, 200).await["conflicts"], json!([]));
}
