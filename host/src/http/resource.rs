//! Resources: where water is observed; made and changed here they are OurWater's own.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::Server;
use super::caller::Caller;
use super::error::Result;
use super::json::{After, Asked, Body, fit};
use super::path::Id;
use crate::domain::id::ResourceId;
use crate::store::our::{OurResource, ResourceFields};

/// A page of the caller's, by id.
pub(super) async fn list(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Asked(page): Asked<After>,
) -> Result<Json<Value>> {
    let (after, limit) = (page.after.as_deref().unwrap_or_default(), page.limit()?);
    let found = server.app.store.resources(&organisation.id, after, limit).await?;
    let next = found.last().filter(|_| found.len() == limit as usize);
    let next = next.map(|last| format!("/api/v1/resources?after={}&limit={limit}", last.id));
    Ok(Json(json!({"resources": found, "next": next})))
}

/// One of the caller's.
pub(super) async fn show(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<ResourceId>,
) -> Result<Json<OurResource>> {
    Ok(Json(server.app.store.resource(&organisation.id, &id).await?))
}

/// Makes one.
pub(super) async fn create(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Body(fields): Body<ResourceFields>,
) -> Result<impl IntoResponse> {
    let made = server.app.put_resource(&organisation.id, None, &fields).await?;
    let location = format!("/api/v1/resources/{}", made.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(made)))
}

/// Makes one be what the body says, as a whole.
pub(super) async fn put(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<ResourceId>,
    Body(fields): Body<Value>,
) -> Result<Json<OurResource>> {
    // Whose it is comes first: nobody learns from a refusal that it is there.
    server.app.store.resource(&organisation.id, &id).await?;
    let fields: ResourceFields = fit(fields)?;
    Ok(Json(server.app.put_resource(&organisation.id, Some(&id), &fields).await?))
}
