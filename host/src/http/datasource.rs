//! Datasources: their configuration is tried on the source before it is kept.

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
use super::json::{Asked, Body};
use super::path::Id;
use crate::app::App;
use crate::domain::credential::Credentials;
use crate::domain::datasource::Datasource;
use crate::domain::id::DatasourceId;
use crate::domain::name::Name;
use crate::domain::organisation::Organisation;
use crate::domain::plugin::{Proposal, Remark};
use crate::store::datasource::{DatasourceChange, NewDatasource};
use crate::sync::Engine;

/// What a datasource is made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: Name,
    plugin: String,
    config: Value,
    #[serde(default)]
    credentials: Credentials,
}

/// What is to change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    name: Option<Name>,
    config: Option<Value>,
}

/// What to try instead of the configuration that is kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Instead {
    config: Option<Value>,
}

/// Whether what the configuration leaves open is worked out from the source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    propose: Option<bool>,
}

/// A configuration that was tried, and what was said about it.
struct Tried {
    config: Value,
    found: Vec<Remark>,
    remarks: Vec<Remark>,
}

/// All of the caller's.
pub(super) async fn list(
    State(server): State<Server>,
    Caller(organisation): Caller,
) -> Result<Json<Value>> {
    let datasources = server.app.store.datasources(&organisation.id).await?;
    Ok(Json(json!({"datasources": datasources})))
}

/// One of the caller's.
pub(super) async fn show(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<DatasourceId>,
) -> Result<Json<Datasource>> {
    Ok(Json(server.app.store.datasource(&organisation.id, &id).await?))
}

/// Makes one. Where the configuration only names a file, the rest is worked out from it.
pub(super) async fn create(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Asked(how): Asked<How>,
    Body(new): Body<New>,
) -> Result<impl IntoResponse> {
    let App { store, seal, engine, clock, .. } = &server.app;
    let engine = engine.trying(new.credentials.clone());
    let tried = try_out(&engine, &organisation, &new.plugin, new.config, &how).await?;
    let made = NewDatasource { name: new.name, plugin: new.plugin, config: tried.config };
    let datasource = store.create_datasource(&organisation.id, made, clock).await?;
    for (name, credential) in &new.credentials {
        store.entrust(seal, &organisation.id, &datasource.id, name, credential, clock).await?;
    }
    let location = format!("/api/v1/datasources/{}", datasource.id);
    let answer = view(&datasource, &tried.found, &tried.remarks);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(answer)))
}

/// Changes one. A new configuration starts its syncs from the beginning.
pub(super) async fn change(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<DatasourceId>,
    Asked(how): Asked<How>,
    Body(Change { name, config }): Body<Change>,
) -> Result<Json<Value>> {
    let datasource = server.app.store.datasource(&organisation.id, &id).await?;
    let tried = match config {
        Some(config) => {
            let engine = trying(&server, &datasource).await?;
            Some(try_out(&engine, &organisation, &datasource.plugin, config, &how).await?)
        }
        None => None,
    };
    let (config, found, remarks) = match tried {
        Some(Tried { config, found, remarks }) => (Some(config), found, remarks),
        None => (None, Vec::new(), Vec::new()),
    };
    let change = DatasourceChange { name, config };
    let datasource = server.app.store.change_datasource(&organisation.id, &id, change).await?;
    Ok(Json(view(&datasource, &found, &remarks)))
}

/// Deletes one that no sync uses; what it brought stays.
pub(super) async fn delete(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<DatasourceId>,
) -> Result<StatusCode> {
    server.app.store.delete_datasource(&organisation.id, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Works out what a configuration leaves open; changes nothing.
pub(super) async fn propose(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<DatasourceId>,
    Body(instead): Body<Instead>,
) -> Result<Json<Proposal>> {
    let datasource = server.app.store.datasource(&organisation.id, &id).await?;
    let engine = trying(&server, &datasource).await?;
    let config = instead.config.unwrap_or(datasource.config);
    Ok(Json(engine.propose(&organisation, &datasource.plugin, &config).await?))
}

/// Tries a configuration on the source; changes nothing.
pub(super) async fn check(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<DatasourceId>,
    Body(instead): Body<Instead>,
) -> Result<Json<Value>> {
    let datasource = server.app.store.datasource(&organisation.id, &id).await?;
    let engine = trying(&server, &datasource).await?;
    let config = instead.config.unwrap_or(datasource.config);
    let remarks = engine.check(&organisation, &datasource.plugin, &config).await?;
    Ok(Json(json!({"remarks": remarks})))
}

/// An engine that tries configurations with what the datasource was entrusted with.
async fn trying(server: &Server, datasource: &Datasource) -> Result<Engine> {
    let App { store, seal, engine, .. } = &server.app;
    Ok(engine.trying(store.credentials(seal, &datasource.organisation, &datasource.id).await?))
}

async fn try_out(
    engine: &Engine,
    organisation: &Organisation,
    plugin: &str,
    config: Value,
    how: &How,
) -> Result<Tried> {
    let Some(fields) = config.as_object() else {
        return Err(Error::unfit(
            "config",
            "config must be a JSON object, as in {\"file\": \"…\"}",
        ));
    };
    let only_file = fields.len() == 1 && fields.contains_key("file");
    if !how.propose.unwrap_or(only_file) {
        let checked = engine.check(organisation, plugin, &config).await;
        let remarks = checked.map_err(|failure| advised(failure.into()))?;
        return Ok(Tried { config, found: Vec::new(), remarks });
    }
    let proposal = engine.propose(organisation, plugin, &config).await?;
    if !proposal.undecided.is_empty() {
        return Err(Error::undecided(&proposal));
    }
    let checked = engine.check(organisation, plugin, &proposal.config).await;
    let remarks = checked.map_err(|failure| Error::from(failure).understood_as(&proposal))?;
    Ok(Tried { config: proposal.config, found: proposal.found, remarks })
}

fn advised(mut error: Error) -> Error {
    if error.class == "configuration" {
        error.text += "; with ?propose=true, what the config leaves open is worked out";
    }
    error
}

fn view(datasource: &Datasource, found: &[Remark], remarks: &[Remark]) -> Value {
    let mut view = json!(datasource);
    view["found"] = json!(found);
    view["remarks"] = json!(remarks);
    view
}
