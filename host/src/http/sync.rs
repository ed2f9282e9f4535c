//! Syncs: what moves between one datasource and OurWater.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Server;
use super::caller::Caller;
use super::error::{Error, Result};
use super::json::Body;
use super::path::Id;
use crate::app::import::configured;
use crate::domain::clock::Timestamp;
use crate::domain::datasource::Datasource;
use crate::domain::id::{DatasourceId, SyncId};
use crate::domain::name::Name;
use crate::domain::plan::Policy;
use crate::domain::sync::{
    Datatype, Matching, Method, MissingResource, Rules, Schedule, Selection, Sync,
};
use crate::store::sync::{NewSync, SyncChange};

/// What a sync is made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct New {
    name: Name,
    datasource: String,
    #[serde(default = "pull")]
    methods: Vec<Method>,
    datatypes: Option<Vec<Datatype>>,
    #[serde(default)]
    only: Selection,
    #[serde(default)]
    one_time: bool,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default = "create_missing")]
    missing_resource: MissingResource,
    policy: Option<Policy>,
    schedule: Option<Schedule>,
    matching: Option<Matching>,
    change_percent_max: Option<u32>,
}

/// What is to change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the interface")]
pub(super) struct Change {
    name: Option<Name>,
    methods: Option<Vec<Method>>,
    datatypes: Option<Vec<Datatype>>,
    only: Option<Selection>,
    one_time: Option<bool>,
    enabled: Option<bool>,
    missing_resource: Option<MissingResource>,
    policy: Option<Policy>,
    schedule: Option<Schedule>,
    matching: Option<Matching>,
    change_percent_max: Option<u32>,
    #[serde(default)]
    last_sync_date: BTreeMap<Method, Timestamp>,
}

/// All of the caller's.
pub(super) async fn list(
    State(server): State<Server>,
    Caller(organisation): Caller,
) -> Result<Json<Value>> {
    let syncs = server.app.store.syncs(&organisation.id).await?;
    Ok(Json(json!({"syncs": syncs.iter().map(view).collect::<Vec<_>>()})))
}

/// One of the caller's.
pub(super) async fn show(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<SyncId>,
) -> Result<Json<Value>> {
    Ok(Json(view(&server.app.store.sync(&organisation.id, &id).await?)))
}

/// Makes one; it does not run yet.
pub(super) async fn create(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Body(new): Body<New>,
) -> Result<impl IntoResponse> {
    let id: DatasourceId =
        new.datasource.parse().map_err(|_| Error::not_found("datasource", &new.datasource))?;
    let datasource = server.app.store.datasource(&organisation.id, &id).await?;
    let datatypes = match new.datatypes {
        Some(datatypes) => datatypes,
        None => offered(&server, &datasource).await,
    };
    refuse_empty("methods", &new.methods)?;
    refuse_empty("datatypes", &datatypes)?;
    let rules = Rules::default();
    let rules = Rules {
        policy: new.policy.unwrap_or(rules.policy),
        schedule: new.schedule.unwrap_or(rules.schedule),
        matching: new.matching.unwrap_or(rules.matching),
        change_percent_max: new.change_percent_max.unwrap_or(rules.change_percent_max),
    };
    let new = NewSync {
        datasource: datasource.id,
        name: new.name,
        methods: new.methods,
        datatypes,
        only: new.only,
        one_time: new.one_time,
        enabled: new.enabled,
        missing_resource: new.missing_resource,
        rules,
    };
    let sync = server.app.store.create_sync(&organisation.id, new, &server.app.clock).await?;
    let location = format!("/api/v1/syncs/{}", sync.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(view(&sync))))
}

/// Changes one.
pub(super) async fn change(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<SyncId>,
    Body(change): Body<Change>,
) -> Result<Json<Value>> {
    // Whose it is comes first: nobody learns from a refusal that it is there.
    server.app.store.sync(&organisation.id, &id).await?;
    change.methods.as_ref().map_or(Ok(()), |it| refuse_empty("methods", it))?;
    change.datatypes.as_ref().map_or(Ok(()), |it| refuse_empty("datatypes", it))?;
    let change = SyncChange {
        name: change.name,
        methods: change.methods,
        datatypes: change.datatypes,
        only: change.only,
        one_time: change.one_time,
        enabled: change.enabled,
        missing_resource: change.missing_resource,
        policy: change.policy,
        schedule: change.schedule,
        matching: change.matching,
        change_percent_max: change.change_percent_max,
        last_sync: change.last_sync_date,
    };
    Ok(Json(view(&server.app.store.change_sync(&organisation.id, &id, change).await?)))
}

/// Deletes one that is not running; what it moved stays.
pub(super) async fn delete(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<SyncId>,
) -> Result<StatusCode> {
    server.app.store.delete_sync(&organisation.id, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A sync, in the names of the interface.
pub(super) fn view(sync: &Sync) -> Value {
    json!({
        "id": sync.id,
        "name": sync.name,
        "datasource": sync.datasource,
        "methods": sync.methods,
        "datatypes": sync.datatypes,
        "only": sync.only,
        "oneTime": sync.one_time,
        "enabled": sync.enabled,
        "consumed": sync.consumed,
        "missingResource": sync.missing_resource,
        "policy": sync.rules.policy,
        "schedule": sync.rules.schedule,
        "matching": sync.rules.matching,
        "changePercentMax": sync.rules.change_percent_max,
        "lastSyncDate": sync.last_sync_dates(),
        "created": sync.created,
        "links": {
            "run": format!("/api/functions/sync/{}", sync.id),
            "issues": super::link::api_issues(&sync.id),
            "conflicts": format!("/api/v1/syncs/{}/conflicts", sync.id),
        },
    })
}

/// What the datasource's configuration has a section for, or else all that its plugin gives.
async fn offered(server: &Server, datasource: &Datasource) -> Vec<Datatype> {
    let configured = configured(&datasource.config);
    if !configured.is_empty() {
        return configured;
    }
    let plugin = server.app.engine.registry().get(&datasource.plugin).await;
    plugin.map(|it| it.plugin.description().gets.clone()).unwrap_or_default()
}

fn refuse_empty<T>(field: &'static str, list: &[T]) -> std::result::Result<(), Error> {
    if list.is_empty() {
        return Err(Error::unfit(field, format!("{field} must name at least one")));
    }
    Ok(())
}

fn pull() -> Vec<Method> {
    vec![Method::PullFromDatasource]
}

fn yes() -> bool {
    true
}

fn create_missing() -> MissingResource {
    MissingResource::Create
}
