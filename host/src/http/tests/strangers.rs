//! Nobody sees or does anything with another organisation's, or with none.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use serde_json::json;

use super::{World, request};
use crate::domain::id::{DatasourceId, RunId, SyncId};
use crate::domain::run::RunState;

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
    ("GET", "/api/v1/syncs"),
    ("POST", "/api/v1/syncs"),
    ("GET", "/api/v1/syncs/{sync}"),
    ("PATCH", "/api/v1/syncs/{sync}"),
    ("DELETE", "/api/v1/syncs/{sync}"),
    ("GET", "/api/v1/syncs/{sync}/issues"),
    ("GET", "/api/v1/runs"),
    ("GET", "/api/v1/runs/{run}"),
    ("POST", "/api/v1/runs/{run}/cancel"),
    ("GET", "/api/v1/runs/{run}/log"),
    ("GET", "/api/v1/plugins"),
];

#[test]
fn no_route_is_forgotten() {
    let source = include_str!("../../http.rs");
    let routes = source.split('"').filter(|text| text.starts_with("/api/"));
    let mut count = 0;
    for route in routes.filter(|route| *route != "/api/v1/organisations") {
        assert!(ROUTES.iter().any(|(_, known)| *known == route), "{route} is not in the table");
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
async fn anothers_ids_are_like_ids_of_nothing() {
    let world = World::new().await;
    let theirs = Theirs::new(&world).await;
    for (method, route) in ROUTES.iter().filter(|(method, route)| {
        // Writing to a name makes a file of one's own.
        route.contains('{') && !(route.ends_with("{name}") && matches!(*method, "PUT" | "POST"))
    }) {
        let known = fill_in(route, &theirs.sync, &theirs.datasource, &theirs.run, "theirs.csv");
        let unknown = fill_in(
            route,
            SyncId::random().as_str(),
            DatasourceId::random().as_str(),
            RunId::random().as_str(),
            "nothing.csv",
        );
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
    let sync = format!(r#"{{"name": "s", "datasource": "{}"}}"#, theirs.datasource);
    let answer = world.ask("POST", "/api/v1/syncs", sync).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    for path in ["/api/v1/files", "/api/v1/datasources", "/api/v1/syncs", "/api/v1/runs"] {
        let answer = world.ask("GET", path, Body::empty()).await;
        let empty = answer.json().as_object().unwrap().values().all(|it| *it == json!([]));
        assert!(empty, "{path}: {}", answer.text);
    }
    let answer = world.ask("GET", &format!("/api/v1/runs?sync={}", theirs.sync), "").await;
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
    datasource: String,
    sync: String,
    run: String,
}

impl Theirs {
    async fn new(world: &World) -> Self {
        let token = Some(world.theirs.1.as_str());
        let file = "place,time,value\nA,2020-01-01T00:00:00Z,1.5\n";
        world.send(request("PUT", "/api/v1/files/theirs.csv", token, file)).await;
        let body = r#"{"name": "d", "plugin": "csv", "config": {"file": "theirs.csv"}}"#;
        let answer = world.send(request("POST", "/api/v1/datasources", token, body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        let datasource = answer.json()["id"].as_str().unwrap().to_owned();
        let body = format!(r#"{{"name": "s", "datasource": "{datasource}"}}"#);
        let answer = world.send(request("POST", "/api/v1/syncs", token, body)).await;
        let sync = answer.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/functions/sync/{sync}");
        let answer = world.send(request("POST", &path, token, "")).await;
        let run: RunId = answer.json()["id"].as_str().unwrap().parse().unwrap();
        let ended = world.app.engine.wait(&world.theirs.0.id, &run, None).await.unwrap();
        assert_eq!(ended.state, RunState::Completed, "{ended:?}");
        Self { datasource, sync, run: run.to_string() }
    }
}

fn fill_in(route: &str, sync: &str, datasource: &str, run: &str, name: &str) -> String {
    route
        .replace("{sync}", sync)
        .replace("{datasource}", datasource)
        .replace("{run}", run)
        .replace("{name}", name)
}

fn without_ids(text: &str, path: &str) -> String {
    path.split('/')
        .filter(|part| part.len() > 8)
        .fold(text.to_owned(), |text, part| text.replace(part, "…"))
}
