//! Conflicts: what both sides changed differently, and the choice between the two.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Server;
use super::caller::Caller;
use super::error::Result;
use super::json::{Asked, Body, fit};
use super::path::Id;
use crate::domain::conflict::{Choice, Conflict, ConflictState};
use crate::domain::id::{ConflictId, SyncId};

/// Conflicts listed at once; deciding some brings the next.
pub(super) const LISTED_MAX: u32 = 1_000;

/// Which conflicts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    state: Option<ConflictState>,
}

/// Which side is right.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    choose: Choice,
}

/// A sync's, the open ones first.
pub(super) async fn list(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<SyncId>,
    Asked(which): Asked<Which>,
) -> Result<Json<Value>> {
    let store = &server.app.store;
    let sync = store.sync(&organisation.id, &id).await?;
    let found = store.conflicts(&organisation.id, &sync.id, which.state, LISTED_MAX).await?;
    Ok(Json(json!({"conflicts": found})))
}

/// Decides one: the chosen value is here at once, and there after the next run.
pub(super) async fn decide(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<ConflictId>,
    Body(decision): Body<Value>,
) -> Result<Json<Conflict>> {
    let store = &server.app.store;
    // Whose it is comes first: nobody learns from a refusal that it is there.
    store.conflict(&organisation.id, &id).await?;
    let Decision { choose } = fit(decision)?;
    let now = server.app.clock.now();
    Ok(Json(store.resolve_conflict(&organisation.id, &id, choose.into(), now).await?))
}
