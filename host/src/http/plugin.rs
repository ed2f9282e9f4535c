//! The plugins of this instance: what a datasource may name, and the shape of its configuration.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Server;
use super::caller::Caller;
use super::error::Result;

/// Every version, the active one of each name first.
pub(super) async fn list(State(server): State<Server>, _: Caller) -> Result<Json<Value>> {
    Ok(Json(json!({"plugins": server.app.store.plugins().await?})))
}
