//! Secrets go in, and nothing that is answered shows one.

use axum::http::StatusCode;
use serde_json::json;

use super::{World, request};

async fn wells(world: &World) -> String {
    let config = json!({"file": "wells.csv"});
    let new = crate::store::datasource::NewDatasource {
        name: "legacy".parse().unwrap(),
        plugin: "csv".to_owned(),
        config,
    };
    let store = &world.app.store;
    let made = store.create_datasource(&world.ours.0.id, new, &world.app.clock).await.unwrap();
    format!("/api/v1/datasources/{}", made.id)
}

#[tokio::test]
async fn a_credential_is_entrusted_listed_without_its_secret_replaced_and_deleted() {
    let world = World::new().await;
    let datasource = wells(&world).await;
    let access = format!("{datasource}/credentials/access");
    for kind in [
        json!({"kind": "login", "user": "me", "password": "canary"}),
        json!({"kind": "oauth2", "client": "wells", "secret": "canary"}),
        json!({"kind": "query", "value": "canary"}),
    ] {
        let kept = world.ask("PUT", &access, kind.to_string()).await;
        assert_eq!((kept.status, &kept.json()["kind"]), (StatusCode::OK, &kind["kind"]));
        assert!(!kept.text.contains("canary"), "{}", kept.text);
    }
    let listed = world.ask("GET", &format!("{datasource}/credentials"), "").await;
    assert_eq!(listed.json()["credentials"][0]["name"], "access");
    assert_eq!(listed.json()["credentials"].as_array().unwrap().len(), 1);
    for path in [&datasource, "/api/v1/datasources", &format!("{datasource}/credentials")] {
        let shown = world.ask("GET", path, "").await;
        assert!(!shown.text.contains("canary"), "{}", shown.text);
    }
    assert_eq!(world.ask("GET", &access, "").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(world.ask("DELETE", &access, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.ask("DELETE", &access, "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_no_credential_is_refused_and_another_organisation_finds_none() {
    let world = World::new().await;
    let datasource = wells(&world).await;
    let access = format!("{datasource}/credentials/access");
    for bad in [
        json!({"kind": "login", "user": "me"}),
        json!({"kind": "login", "user": "me", "password": ""}),
        json!({"kind": "bearer", "token": 80317}),
        json!({"kind": "kerberos", "ticket": "canary"}),
        json!({"kind": "bearer", "token": "canary", "more": "canary"}),
    ] {
        let refused = world.ask("PUT", &access, bad.to_string()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        assert!(!refused.text.contains("canary") && !refused.text.contains("80317"));
    }
    let named = format!("{datasource}/credentials/Not%20A%20Name");
    let bearer = json!({"kind": "bearer", "token": "canary"}).to_string();
    let refused = world.ask("PUT", &named, bearer.clone()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    for (method, path) in [("PUT", access.as_str()), ("DELETE", &access)] {
        let theirs = request(method, path, Some(&world.theirs.1), bearer.clone());
        assert_eq!(world.send(theirs).await.status, StatusCode::NOT_FOUND);
    }
}
