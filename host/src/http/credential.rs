//! Credentials of a datasource: they go in, and only their names come out.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Server;
use super::caller::Caller;
use super::error::{Error, Result};
use super::json::Body;
use super::path::{Id, Within};
use crate::app::App;
use crate::domain::credential::{BadCredentialName, Credential, CredentialName, Entrusted};
use crate::domain::id::DatasourceId;

/// Names, kinds and dates.
pub(super) async fn list(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(datasource): Id<DatasourceId>,
) -> Result<Json<Value>> {
    let credentials = server.app.store.entrusted(&organisation.id, &datasource).await?;
    Ok(Json(json!({"credentials": credentials})))
}

/// Keeps one, in place of the one of that name. The datasource comes first: a stranger does not
/// learn what would fit.
pub(super) async fn entrust(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Within(datasource, name): Within<DatasourceId>,
    Body(body): Body<Value>,
) -> Result<Json<Entrusted>> {
    let App { store, seal, clock, .. } = &server.app;
    let datasource = store.datasource(&organisation.id, &datasource).await?.id;
    let name: CredentialName =
        name.parse().map_err(|error: BadCredentialName| Error::unfit("name", error.to_string()))?;
    let credential: Credential = serde_json::from_value(body)
        .map_err(|error| Error::unfit("", format!("the body is no credential: {error}")))?;
    let id = &organisation.id;
    Ok(Json(store.entrust(seal, id, &datasource, &name, &credential, clock).await?))
}

/// Deletes one.
pub(super) async fn withdraw(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Within(datasource, name): Within<DatasourceId>,
) -> Result<StatusCode> {
    let store = &server.app.store;
    let datasource = store.datasource(&organisation.id, &datasource).await?.id;
    let known: CredentialName = name.parse().map_err(|_| Error::not_found("credential", &name))?;
    store.withdraw(&organisation.id, &datasource, &known).await?;
    Ok(StatusCode::NO_CONTENT)
}
