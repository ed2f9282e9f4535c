//! Readings of a resource: read with where each came from, and written as OurWater's own.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Server;
use super::caller::Caller;
use super::error::{Error, Result};
use super::json::{After, Asked, Body, fit};
use super::path::Id;
use crate::app::edit::Wanted;
use crate::domain::clock::Timestamp;
use crate::domain::id::ResourceId;
use crate::domain::run::Counts;

/// What is to be written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edits {
    readings: Vec<Wanted>,
}

/// A page of a resource's, by series and time.
pub(super) async fn list(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<ResourceId>,
    Asked(page): Asked<After>,
) -> Result<Json<Value>> {
    let store = &server.app.store;
    store.resource(&organisation.id, &id).await?;
    let after = page.after.as_deref().map_or(Ok((i64::MIN, Timestamp::MIN)), key)?;
    let limit = page.limit()?;
    let found = store.history(&organisation.id, &id, after, limit).await?;
    let last = found.last().filter(|_| found.len() == limit as usize);
    let next = last.map(|last| {
        let (series, time) = (last.series, last.time);
        format!("/api/v1/resources/{id}/readings?after={series}:{time}&limit={limit}")
    });
    Ok(Json(json!({"readings": found, "next": next})))
}

/// Writes readings, all or none; one without a value is removed.
pub(super) async fn put(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<ResourceId>,
    Body(edits): Body<Value>,
) -> Result<Json<Counts>> {
    // Whose it is comes first: nobody learns from a refusal that it is there.
    server.app.store.resource(&organisation.id, &id).await?;
    let Edits { readings } = fit(edits)?;
    Ok(Json(server.app.set_readings(&organisation.id, &id, readings).await?))
}

fn key(after: &str) -> Result<(i64, Timestamp)> {
    let parsed = after.split_once(':');
    let parsed = parsed.and_then(|(series, time)| Some((series.parse().ok()?, time.parse().ok()?)));
    parsed.ok_or_else(|| Error::request("after is what the link named next says, unchanged"))
}
