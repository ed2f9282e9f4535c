//! What a run would do, without doing it.

use axum::Json;
use axum::extract::State;

use super::Server;
use super::caller::Caller;
use super::error::Result;
use super::path::Id;
use crate::domain::id::SyncId;
use crate::sync::plan::Plan;

/// Finds out, on a copy, what a run of the sync would do now.
pub(super) async fn make(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<SyncId>,
) -> Result<Json<Plan>> {
    Ok(Json(server.app.engine.plan(&organisation.id, &id).await?))
}
