//! The plugins of this instance: what a datasource may name, and what administrators decide on.

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Server;
use super::administrator::Admin;
use super::caller::Caller;
use super::error::{Error, Result};
use super::json::{Asked, Body, parse, read};
use super::path::Variable;
use crate::app::life::{Added, Checking};
use crate::domain::permission::{Allowance, asked};
use crate::domain::version::{Version, VersionState};

/// Events of a list, where nobody says how many, and at most.
const EVENTS: u32 = 100;
const EVENTS_MAX: u32 = 10_000;

/// Bytes of a fixture as it is sent.
const FIXTURE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Somebody this instance knows.
#[derive(Debug)]
pub(super) struct Known {
    administrator: bool,
}

/// How much of the audit trail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Length {
    limit: Option<u32>,
}

/// An administrator sees every version; others see those that run.
pub(super) async fn list(State(server): State<Server>, known: Known) -> Result<Json<Value>> {
    let mut versions = server.app.store.versions().await?;
    if !known.administrator {
        versions.retain(|version| version.state == VersionState::Active);
    }
    let plugins: Vec<Value> = versions.iter().map(summary).collect();
    Ok(Json(json!({"plugins": plugins})))
}

/// Takes a component, inspects it and keeps it: the body is the component.
pub(super) async fn upload(
    State(server): State<Server>,
    Admin(administrator): Admin,
    request: Request,
) -> Result<impl IntoResponse> {
    let content = request.into_body().into_data_stream();
    let added = server.app.add_plugin(content, &administrator.name).await?;
    let Added { version, new } = added;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    let location = format!("/api/v1/plugins/{}", version.digest);
    Ok((status, [(LOCATION, location)], Json(whole(&server, &version).await?)))
}

/// One version: report, what it asks for, what was decided, who uses it.
pub(super) async fn show(
    State(server): State<Server>,
    _: Admin,
    Variable(digest): Variable,
) -> Result<Json<Value>> {
    let version = found(&server, &digest).await?;
    Ok(Json(whole(&server, &version).await?))
}

/// Lets a version run with what is granted.
pub(super) async fn allow(
    State(server): State<Server>,
    Admin(administrator): Admin,
    Variable(digest): Variable,
    Body(allowance): Body<Allowance>,
) -> Result<Json<Value>> {
    let version = found(&server, &digest).await?;
    let app = &server.app;
    let version = app.allow_plugin(&version.digest, &allowance, &administrator.name).await?;
    Ok(Json(whole(&server, &version).await?))
}

/// Takes the decision back.
pub(super) async fn withdraw(
    State(server): State<Server>,
    Admin(administrator): Admin,
    Variable(digest): Variable,
) -> Result<Json<Value>> {
    let version = found(&server, &digest).await?;
    let version = server.app.withdraw_plugin(&version.digest, &administrator.name).await?;
    Ok(Json(whole(&server, &version).await?))
}

/// Makes a version the one of its name that runs.
pub(super) async fn activate(
    State(server): State<Server>,
    Admin(administrator): Admin,
    Variable(digest): Variable,
) -> Result<Json<Value>> {
    let version = found(&server, &digest).await?;
    let version = server.app.activate_plugin(&version.digest, &administrator.name).await?;
    Ok(Json(whole(&server, &version).await?))
}

/// Makes the version active again that was so before; of a plugin's name.
pub(super) async fn roll_back(
    State(server): State<Server>,
    Admin(administrator): Admin,
    Variable(name): Variable,
) -> Result<Json<Value>> {
    let version = server.app.roll_back_plugin(&name, &administrator.name).await?;
    Ok(Json(whole(&server, &version).await?))
}

/// Deletes a version that nothing uses.
pub(super) async fn delete(
    State(server): State<Server>,
    Admin(administrator): Admin,
    Variable(digest): Variable,
) -> Result<StatusCode> {
    let version = found(&server, &digest).await?;
    server.app.delete_plugin(&version.digest, &administrator.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Plays a version against a scripted system, and keeps what was found with it.
pub(super) async fn check(
    State(server): State<Server>,
    Admin(administrator): Admin,
    Variable(digest): Variable,
    request: Request,
) -> Result<Json<Value>> {
    let version = found(&server, &digest).await?;
    let asked: Checking = parse(&read(request, FIXTURE_BYTES_MAX).await?)?;
    let who = &administrator.name;
    let (_, report) = server.app.check_plugin(&version.digest, &asked, who, |_| {}).await?;
    Ok(Json(json!(report)))
}

/// Who did what, the latest first.
pub(super) async fn events(
    State(server): State<Server>,
    _: Admin,
    Asked(Length { limit }): Asked<Length>,
) -> Result<Json<Value>> {
    let limit = limit.unwrap_or(EVENTS);
    if !(1..=EVENTS_MAX).contains(&limit) {
        return Err(Error::unfit("limit", format!("limit is one of 1 to {EVENTS_MAX}")));
    }
    Ok(Json(json!({"events": server.app.store.plugin_events(limit).await?})))
}

async fn found(server: &Server, digest: &str) -> Result<Version> {
    // What cannot be found is not there: what else the digest could be is for the command line.
    match server.app.find_version(digest).await {
        Ok(version) => Ok(version),
        Err(crate::app::life::Error::Unclear(_)) => Err(Error::not_found("version", digest)),
        Err(error) => Err(error.into()),
    }
}

/// What anybody may know who makes a datasource of it.
fn summary(version: &Version) -> Value {
    json!({
        "digest": version.digest,
        "name": version.name,
        "version": version.version,
        "state": version.state,
        "builtIn": version.built_in,
        "description": version.description,
        "created": version.created,
    })
}

/// Everything, for the person who decides.
async fn whole(server: &Server, version: &Version) -> Result<Value> {
    let mut whole = json!(version);
    let asks = version.description.get("asks").cloned().unwrap_or_default();
    let asks = serde_json::from_value(asks).unwrap_or_default();
    let asked = asked(&asks).unwrap_or_default();
    let granted = version.allowance.clone().unwrap_or_default().permissions;
    let line = |it: &crate::domain::permission::Asked| {
        json!({
            "permission": it.permission,
            "words": it.permission.words(),
            "why": it.why,
            "granted": granted.contains(&it.permission),
        })
    };
    whole["asks"] = asked.iter().map(line).collect();
    whole["users"] = json!(server.app.store.plugin_users(&version.name).await?);
    Ok(whole)
}

impl FromRequestParts<Server> for Known {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self> {
        if Admin::from_request_parts(parts, server).await.is_ok() {
            return Ok(Self { administrator: true });
        }
        let Caller(_) = Caller::from_request_parts(parts, server).await?;
        Ok(Self { administrator: false })
    }
}
