//! Credentials of a datasource: they go in, and only their names come out.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Server;
use super::caller::Caller;
use super::error::Result;
use super::json::Body;
use super::path::{Id, Within};
use crate::domain::credential::{Credential, CredentialName, Entrusted};
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

/// Keeps one, in place of the one of that name.
pub(super) async fn entrust(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Within(datasource, name): Within<DatasourceId, CredentialName>,
    Body(credential): Body<Credential>,
) -> Result<Json<Entrusted>> {
    let app = &server.app;
    let (id, seal) = (&organisation.id, &app.seal);
    let kept = app.store.entrust(seal, id, &datasource, &name, &credential, &app.clock).await?;
    Ok(Json(kept))
}

/// Deletes one.
pub(super) async fn withdraw(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Within(datasource, name): Within<DatasourceId, CredentialName>,
) -> Result<StatusCode> {
    server.app.store.withdraw(&organisation.id, &datasource, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
