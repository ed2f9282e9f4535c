//! What the user does with curl, step by step.

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, World, request};
use crate::domain::id::SyncId;
use crate::domain::organisation::Limits;
use crate::domain::run::Trigger;
use crate::store::organisation::OrganisationChange;

const WELLS: &str = "well,time,level\n\
    A,2020-01-01T00:00:00Z,1.5\n\
    A,2020-01-02T00:00:00Z,\n\
    B,2020-01-01T00:00:00Z,deep\n\
    B,2020-01-02T00:00:00Z,2.1\n\
    B,2020-01-03T00:00:00Z,2.2\n\
    B,2020-01-04T00:00:00Z,2.3\n\
    B,2020-01-05T00:00:00Z,2.4\n\
    B,2020-01-06T00:00:00Z,2.5\n\
    B,2020-01-07T00:00:00Z,2.6\n\
    B,2020-01-08T00:00:00Z,2.7\n\
    B,2020-01-09T00:00:00Z,2.8\n";

async fn post(world: &World, path: &str, body: &Value) -> Answer {
    world.ask("POST", path, body.to_string()).await
}

/// Uploads a file and makes a datasource and a one-time sync of it; the sync's id.
async fn wells_sync(world: &World) -> String {
    let uploaded = world.ask("PUT", "/api/v1/files/wells.csv", WELLS).await;
    assert_eq!(uploaded.status, StatusCode::CREATED, "{}", uploaded.text);
    let new = json!({"name": "wells", "plugin": "csv", "config": {"file": "wells.csv"}});
    let made = post(world, "/api/v1/datasources", &new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert!(!made.json()["found"].as_array().unwrap().is_empty(), "{}", made.text);
    let new = json!({
        "name": "wells", "datasource": made.json()["id"],
        "methods": ["pull-from-datasource"], "datatypes": ["reading"],
        "oneTime": true, "only": [], "missingResource": "create",
    });
    let made = post(world, "/api/v1/syncs", &new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_file_is_uploaded_pulled_once_and_accounted_for() {
    let world = World::new().await;
    let sync = wells_sync(&world).await;
    let trigger = format!("/api/functions/sync/{sync}");
    assert_eq!(world.ask("GET", &trigger, "").await.json()["run"], Value::Null);

    let mut start = request("POST", &trigger, Some(&world.ours.1), "");
    start.headers_mut().insert("prefer", "wait=60".parse().unwrap());
    let ran = world.send(start).await;
    assert_eq!(ran.status, StatusCode::OK, "{}", ran.text);
    assert_eq!(ran.header("preference-applied"), "wait=60");
    let run = ran.json();
    assert_eq!(run["state"], "completed with issues");
    assert_eq!(
        run["counts"],
        json!({
            "created": 9, "updated": 0, "unchanged": 0,
            "superseded": 0, "empty": 1, "rejected": 1,
        })
    );
    let shown = world.ask("GET", ran.header("location"), "").await.json();
    assert_eq!(shown["id"], run["id"]);
    let issues = world.ask("GET", run["links"]["issues"].as_str().unwrap(), "").await.json();
    assert_eq!(issues["issues"][0]["place"], "row 4");
    assert_eq!(issues["next"], Value::Null);
    assert_eq!(world.ask("GET", run["links"]["log"].as_str().unwrap(), "").await.status, 200);

    let again = world.ask("POST", &trigger, "").await;
    assert_eq!(again.status, StatusCode::GONE, "{}", again.text);
    assert_eq!(again.json()["run"]["id"], run["id"]);
    assert_eq!(world.ask("GET", &trigger, "").await.json()["sync"]["consumed"], true);
}

#[tokio::test]
async fn a_sync_that_runs_is_not_started_again() {
    let world = World::new().await;
    let id = wells_sync(&world).await;
    let id: SyncId = id.parse().unwrap();
    let sync = world.app.store.sync(&world.ours.0.id, &id).await.unwrap();
    world.app.store.begin_run(&sync, "digest", Trigger::default(), 1).await.unwrap();
    let running = world.app.store.last_run(&id).await.unwrap().unwrap();
    let refused = world.ask("POST", &format!("/api/functions/sync/{id}"), "").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.header("location"), format!("/api/v1/runs/{}", running.id));
    assert_eq!(refused.json()["run"]["state"], "running");
    let kept = world.ask("DELETE", &format!("/api/v1/syncs/{id}"), "").await;
    assert_eq!(kept.status, StatusCode::CONFLICT, "{}", kept.text);
}

#[tokio::test]
async fn what_only_a_person_can_decide_is_asked_and_answered() {
    let world = World::new().await;
    let dates = "well,date,level\nA,3/4/2017,1.5\nA,5/6/2017,1.6\n";
    world.ask("PUT", "/api/v1/files/dates.csv", dates).await;
    let mut new = json!({"name": "dates", "plugin": "csv", "config": {"file": "dates.csv"}});
    let asked = post(&world, "/api/v1/datasources", &new).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", asked.text);
    let asked = asked.json();
    assert_eq!(asked["error"]["field"], "readings.time.pattern");
    let choices = asked["questions"][0]["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 2, "{asked}");
    assert_ne!(choices[0]["example"], choices[1]["example"]);
    assert_eq!(world.ask("GET", "/api/v1/datasources", "").await.json()["datasources"], json!([]));

    new["config"] = asked["config"].clone();
    new["config"]["readings"]["time"]["pattern"] = choices[0]["value"].clone();
    let made = post(&world, "/api/v1/datasources", &new).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let here = made.header("location").to_owned();
    let checked = world.ask("POST", &format!("{here}/check"), "").await;
    assert!(!checked.json()["remarks"].as_array().unwrap().is_empty(), "{}", checked.text);
    let proposed = world.ask("POST", &format!("{here}/propose"), "").await;
    assert_eq!(proposed.json()["undecided"], json!([]), "{}", proposed.text);
}

#[tokio::test]
async fn a_file_that_nobody_understands_is_refused_with_what_was_found() {
    let world = World::new().await;
    world.ask("PUT", "/api/v1/files/prose.csv", "once upon\na time\n").await;
    let new = json!({"name": "prose", "plugin": "csv", "config": {"file": "prose.csv"}});
    let refused = post(&world, "/api/v1/datasources", &new).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert_eq!(refused.json()["config"]["file"], "prose.csv", "{}", refused.text);
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    let limits = Limits { file_bytes_max: 10, files_bytes_max: 15, ..Limits::default() };
    let change = OrganisationChange { limits: Some(limits), ..OrganisationChange::default() };
    world.app.store.change_organisation(&world.ours.0.id, change).await.unwrap();
    let put = async |name: &str, content: &'static str| {
        world.ask("PUT", &format!("/api/v1/files/{name}"), content).await
    };
    let refused = put("a", "12345678901").await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(refused.text.contains("file_bytes_max"), "{}", refused.text);
    assert_eq!(put("a", "1234567890").await.status, StatusCode::CREATED);
    let refused = put("b", "123456").await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(refused.text.contains("files_bytes_max"), "{}", refused.text);
    assert_eq!(contents(&world), 1);
    assert_eq!(put("a", "12345").await.status, StatusCode::CREATED, "it replaces its own bytes");
}

#[tokio::test]
async fn equal_content_is_kept_once_and_as_long_as_a_name_points_at_it() {
    let world = World::new().await;
    for name in ["a.csv", "b.csv"] {
        world.ask("PUT", &format!("/api/v1/files/{name}"), WELLS).await;
    }
    assert_eq!(contents(&world), 1);
    assert_eq!(world.ask("GET", "/api/v1/files/a.csv/content", "").await.text, WELLS);
    assert_eq!(world.ask("DELETE", "/api/v1/files/a.csv", "").await.status, 204);
    assert_eq!(contents(&world), 1);
    let new = json!({"name": "b", "plugin": "csv", "config": {"file": "b.csv"}});
    let datasource = post(&world, "/api/v1/datasources", &new).await;
    let refused = world.ask("DELETE", "/api/v1/files/b.csv", "").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("datasource"), "{}", refused.text);
    world.ask("DELETE", datasource.header("location"), "").await;
    assert_eq!(world.ask("DELETE", "/api/v1/files/b.csv", "").await.status, 204);
    assert_eq!(contents(&world), 0);
}

#[tokio::test]
async fn names_are_checked_where_they_enter() {
    let world = World::new().await;
    for name in ["..", "..%2Fx", "a%00b", "a%5Cb", &"x".repeat(256)] {
        let answer = world.ask("PUT", &format!("/api/v1/files/{name}"), WELLS).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {}", answer.text);
    }
    let change = json!({"name": "two\nlines"}).to_string();
    let answer = world.ask("PATCH", "/api/v1/organisation", change).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let change = json!({"name": "Theirs"}).to_string();
    let answer = world.ask("PATCH", "/api/v1/organisation", change).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
    let limits = json!({"limits": {"runsMax": 100}}).to_string();
    let answer = world.ask("PATCH", "/api/v1/organisation", limits).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "nobody raises his own limits");
}

#[tokio::test]
async fn what_is_no_address_says_so_as_json() {
    let world = World::new().await;
    let answer = world.ask("GET", "/api/v2", Body::empty()).await;
    assert_eq!(
        (answer.status, answer.json()["error"]["class"].as_str()),
        (StatusCode::NOT_FOUND, Some("not found"))
    );
    let answer = world.ask("DELETE", "/api/v1/runs", Body::empty()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.json()["error"]["class"], "request");
    let answer = world.ask("POST", "/api/v1/syncs", "{").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
}

/// Contents in the folder of files.
fn contents(world: &World) -> usize {
    let entries = std::fs::read_dir(world.folder.path().join("files")).unwrap().flatten();
    let folders = entries.filter(|entry| entry.file_name().len() == 2);
    folders.map(|folder| std::fs::read_dir(folder.path()).unwrap().count()).sum()
}
