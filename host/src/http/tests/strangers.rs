//! Nobody sees or does anything with another organisation's, or with none.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use serde_json::json;

use super::{World, request};
use crate::domain::id::{ConflictId, DatasourceId, GroupId, ResourceId, RunId, SyncId};
use crate::domain::run::Trigger;

/// Every route that takes a token, and a method of each that it answers.
const ROUTES: &[(&str, &str)] = &[
    ("GET", "/api/functions/sync/{sync}"),
    ("POST", "/api/functions/sync/{sync}"),
    ("GET", "/api/v1/organisation"),
    ("PATCH", "/api/v1/organisation"),
    ("POST", "/api/v1/organisation/token"),
    ("GET", "/api/v1/files"),
    ("GET", "/api/v1/files/{name}"),
    ("PUT", "/api/v1/files/{name}"),
    ("POST", "/api/v1/files/{name}"),
    ("DELETE", "/api/v1/files/{name}"),
    ("GET", "/api/v1/files/{name}/content"),
    ("GET", "/api/v1/datasources"),
    ("POST", "/api/v1/datasources"),
    ("GET", "/api/v1/datasources/{datasource}"),
    ("PATCH", "/api/v1/datasources/{datasource}"),
    ("DELETE", "/api/v1/datasources/{datasource}"),
    ("POST", "/api/v1/datasources/{datasource}/propose"),
    ("POST", "/api/v1/datasources/{datasource}/check"),
    ("GET", "/api/v1/datasources/{datasource}/credentials"),
    ("PUT", "/api/v1/datasources/{datasource}/credentials/{credential}"),
    ("DELETE", "/api/v1/datasources/{datasource}/credentials/{credential}"),
    ("GET", "/api/v1/datasources/{datasource}/exports"),
    ("GET", "/api/v1/datasources/{datasource}/exports/{name}"),
    ("GET", "/api/v1/syncs"),
    ("POST", "/api/v1/syncs"),
    ("GET", "/api/v1/syncs/{sync}"),
    ("PATCH", "/api/v1/syncs/{sync}"),
    ("DELETE", "/api/v1/syncs/{sync}"),
    ("GET", "/api/v1/syncs/{sync}/issues"),
    ("GET", "/api/v1/syncs/{sync}/conflicts"),
    ("POST", "/api/v1/conflicts/{conflict}"),
    ("POST", "/api/v1/syncs/{sync}/plan"),
    ("POST", "/api/v1/syncs/{sync}/push"),
    ("GET", "/api/v1/syncs/{sync}/pull"),
    ("GET", "/api/v1/groups"),
    ("POST", "/api/v1/groups"),
    ("GET", "/api/v1/groups/{group}"),
    ("PUT", "/api/v1/groups/{group}"),
    ("GET", "/api/v1/resources"),
    ("POST", "/api/v1/resources"),
    ("GET", "/api/v1/resources/{resource}"),
    ("PUT", "/api/v1/resources/{resource}"),
    ("GET", "/api/v1/resources/{resource}/readings"),
    ("PUT", "/api/v1/resources/{resource}/readings"),
    ("GET", "/api/v1/runs"),
    ("GET", "/api/v1/runs/{run}"),
    ("POST", "/api/v1/runs/{run}/cancel"),
    ("GET", "/api/v1/runs/{run}/log"),
    ("GET", "/api/v1/plugins"),
];

/// Every route that only an administrator is answered on, and a method of each.
const FOR_ADMINISTRATORS: &[(&str, &str)] = &[
    ("POST", "/api/v1/plugins"),
    ("GET", "/api/v1/plugins/{plugin}"),
    ("DELETE", "/api/v1/plugins/{plugin}"),
    ("PUT", "/api/v1/plugins/{plugin}/allowance"),
    ("DELETE", "/api/v1/plugins/{plugin}/allowance"),
    ("POST", "/api/v1/plugins/{plugin}/activate"),
    ("POST", "/api/v1/plugins/{plugin}/check"),
    ("POST", "/api/v1/plugins/{plugin}/rollback"),
    ("GET", "/api/v1/plugin-events"),
    ("GET", "/api/v1/administrators"),
    ("POST", "/api/v1/administrators"),
    ("DELETE", "/api/v1/administrators/{name}"),
    ("POST", "/api/v1/administrator/token"),
];

#[test]
fn no_route_is_forgotten() {
    let source = include_str!("../../http.rs");
    let routes = source.split('"').filter(|text| text.starts_with("/api/"));
    let mut count = 0;
    for route in routes.filter(|route| *route != "/api/v1/organisations") {
        let mut known = ROUTES.iter().chain(FOR_ADMINISTRATORS);
        assert!(known.any(|(_, known)| *known == route), "{route} is in no table");
        count += 1;
    }
    assert!(count > 15, "the router is not where it was");
}

#[tokio::test]
async fn without_a_token_nothing_is_answered() {
    let world = World::new().await;
    for (method, route) in ROUTES {
        for token in [None, Some("ourwater_0000"), Some("")] {
            let answer = world.send(request(method, route, token, Body::empty())).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {route} {token:?}");
            assert_eq!(answer.json()["error"]["class"], "permission");
        }
    }
}

#[tokio::test]
async fn an_administrator_is_nobody_in_an_organisation_and_an_organisation_no_administrator() {
    let world = World::new().await;
    let (_, admin) = world
        .app
        .store
        .create_administrator(&"Asha".parse().unwrap(), &world.app.clock)
        .await
        .unwrap();
    let shared = |route: &&(&str, &str)| **route != ("GET", "/api/v1/plugins");
    for (method, route) in ROUTES.iter().filter(shared) {
        let answer = world.send(request(method, route, Some(admin.as_str()), Body::empty())).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {route}");
    }
    for (method, route) in FOR_ADMINISTRATORS {
        let ours = world.ours.1.as_str();
        for token in [None, Some("ourwater_0000"), Some(""), Some(ours), Some(&world.theirs.1)] {
            let answer = world.send(request(method, route, token, Body::empty())).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {route} {token:?}");
            assert_eq!(answer.json()["error"]["class"], "permission");
        }
    }
}

#[tokio::test]
async fn the_first_administrator_is_made_at_this_machine_and_the_others_by_administrators() {
    let world = World::new().await;
    let new = |name: &str| Body::from(json!({"name": name}).to_string());
    let far = |token: Option<&str>, name: &str| {
        let mut asked = request("POST", "/api/v1/administrators", token, new(name));
        let elsewhere: SocketAddr = ([192, 0, 2, 1], 40000).into();
        asked.extensions_mut().insert(ConnectInfo(elsewhere));
        asked
    };
    let refused = world.send(far(None, "Mallory")).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text);
    let here = |name| request("POST", "/api/v1/administrators", None, new(name));
    let first = world.send(here("Asha")).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let refused = world.send(here("Mallory")).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text);
    let first = first.json()["token"].as_str().unwrap().to_owned();
    let second = world.send(far(Some(&first), "Ravi")).await;
    assert_eq!(second.status, StatusCode::CREATED, "{}", second.text);
    let renew = |token: &str| request("POST", "/api/v1/administrator/token", Some(token), "");
    let renewed = world.send(renew(&first)).await;
    assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.text);
    assert_eq!(world.send(renew(&first)).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn anothers_ids_are_like_ids_of_nothing() {
    let world = World::new().await;
    let theirs = Theirs::new(&world).await;
    for (method, route) in ROUTES.iter().filter(|(method, route)| {
        // Writing to a name makes a file of one's own.
        route.contains('{') && !(route.ends_with("{name}") && matches!(*method, "PUT" | "POST"))
    }) {
        let known = fill_in(route, &theirs.ids);
        let unknown = fill_in(route, &nobodys());
        let known_answer = world.ask(method, &known, Body::empty()).await;
        let unknown_answer = world.ask(method, &unknown, Body::empty()).await;
        assert_eq!(known_answer.status, StatusCode::NOT_FOUND, "{method} {route}");
        assert_eq!(unknown_answer.status, StatusCode::NOT_FOUND, "{method} {route}");
        assert_eq!(
            without_ids(&known_answer.text, &known),
            without_ids(&unknown_answer.text, &unknown),
            "{method} {route}"
        );
    }
    let sync = format!(r#"{{"name": "s", "datasource": "{}"}}"#, theirs.id("datasource"));
    let answer = world.ask("POST", "/api/v1/syncs", sync).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    for what in ["files", "datasources", "syncs", "runs", "groups", "resources"] {
        let path = format!("/api/v1/{what}");
        let answer = world.ask("GET", &path, Body::empty()).await;
        let empty = answer.json()[what] == json!([]);
        assert!(empty, "{path}: {}", answer.text);
    }
    let answer = world.ask("GET", &format!("/api/v1/runs?sync={}", theirs.id("sync")), "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn organisations_are_made_at_the_machine_only() {
    let world = World::new().await;
    let body = r#"{"name": "New", "zone": "Asia/Kolkata"}"#;
    let elsewhere: SocketAddr = ([192, 168, 1, 7], 40000).into();
    let mut remote = request("POST", "/api/v1/organisations", None, body);
    remote.extensions_mut().insert(ConnectInfo(elsewhere));
    assert_eq!(world.send(remote).await.status, StatusCode::FORBIDDEN);
    for (name, value) in [
        ("x-forwarded-for", "192.168.1.7"),
        ("origin", "http://evil.example"),
        ("host", "evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let mut request = request("POST", "/api/v1/organisations", None, body);
        request.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(world.send(request).await.status, StatusCode::FORBIDDEN, "{name}");
    }
    let answer = world.send(request("POST", "/api/v1/organisations", None, body)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let answer = world.send(request("GET", "/api/v1/organisation", Some(&token), "")).await;
    assert_eq!(answer.json()["zone"], "Asia/Kolkata");
    assert!(!answer.text.contains("ourwater_"), "the token is shown once");
}

/// One of everything, of the other organisation.
struct Theirs {
    ids: Vec<(&'static str, String)>,
}

impl Theirs {
    async fn new(world: &World) -> Self {
        let token = Some(world.theirs.1.as_str());
        let file = "place,time,value\nA,2020-01-01T00:00:00Z,1.5\n";
        world.send(request("PUT", "/api/v1/files/theirs.csv", token, file)).await;
        let body = r#"{"name": "d", "plugin": "csv", "config": {"file": "theirs.csv"}}"#;
        let datasource = make(world, "/api/v1/datasources", body).await;
        let body = format!(r#"{{"name": "s", "datasource": "{datasource}"}}"#);
        let sync = make(world, "/api/v1/syncs", &body).await;
        run(world, &sync).await;
        let organisation = &world.theirs.0.id;
        let resource = world.app.store.resources(organisation, "", 1).await.unwrap().remove(0).id;
        let group = make(world, "/api/v1/groups", r#"{"name": "g", "kind": "village"}"#).await;
        // Both sides change it, so there is a conflict.
        let here = format!("/api/v1/resources/{resource}/readings");
        let read = world.send(request("GET", &here, token, "")).await.json();
        let mut edit = read["readings"][0].clone();
        edit.as_object_mut().unwrap().remove("origin");
        edit["value"] = json!(2.5);
        let body = json!({"readings": [edit]}).to_string();
        let answer = world.send(request("PUT", &here, token, body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let file = file.replace("1.5", "3.5");
        world.send(request("PUT", "/api/v1/files/theirs.csv", token, file)).await;
        let run = run(world, &sync).await;
        let sync_id = sync.parse().unwrap();
        let conflicts = world.app.store.conflicts(organisation, &sync_id, None, 1).await.unwrap();
        let ids = vec![
            ("datasource", datasource),
            ("sync", sync),
            ("run", run),
            ("name", "theirs.csv".to_owned()),
            ("resource", resource.to_string()),
            ("group", group),
            ("conflict", conflicts[0].id.to_string()),
        ];
        Self { ids }
    }

    fn id(&self, what: &str) -> &str {
        &self.ids.iter().find(|(it, _)| *it == what).unwrap().1
    }
}

/// Makes something of theirs; its id.
async fn make(world: &World, path: &str, body: &str) -> String {
    let token = Some(world.theirs.1.as_str());
    let answer = world.send(request("POST", path, token, body.to_owned())).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Runs a sync of theirs to its end; the run's id.
async fn run(world: &World, sync: &str) -> String {
    let (engine, organisation) = (&world.app.engine, &world.theirs.0.id);
    let how = Trigger { rewind: true, confirm: true };
    let run = engine.trigger(organisation, &sync.parse().unwrap(), how).await.unwrap();
    let ended = engine.wait(organisation, &run, None).await.unwrap();
    assert!(ended.state.completed(), "{ended:?}");
    run.to_string()
}

/// Ids of nothing.
fn nobodys() -> Vec<(&'static str, String)> {
    vec![
        ("datasource", DatasourceId::random().to_string()),
        ("sync", SyncId::random().to_string()),
        ("run", RunId::random().to_string()),
        ("name", "nothing.csv".to_owned()),
        ("resource", ResourceId::random().to_string()),
        ("group", GroupId::random().to_string()),
        ("conflict", ConflictId::random().to_string()),
    ]
}

fn fill_in(route: &str, ids: &[(&'static str, String)]) -> String {
    ids.iter().fold(route.to_owned(), |route, (what, id)| route.replace(&format!("{{{what}}}"), id))
}

fn without_ids(text: &str, path: &str) -> String {
    path.split('/')
        .filter(|part| part.len() > 8)
        .fold(text.to_owned(), |text, part| text.replace(part, "…"))
}
