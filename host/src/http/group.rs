//! Groups: villages, pincodes, countries or areas of one's own; made and changed here they are OurWater's own.

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
use crate::domain::id::GroupId;
use crate::store::our::{GroupFields, OurGroup};

/// A page of the caller's, by id.
pub(super) async fn list(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Asked(page): Asked<After>,
) -> Result<Json<Value>> {
    let (after, limit) = (page.after.as_deref().unwrap_or_default(), page.limit()?);
    let found = server.app.store.groups(&organisation.id, after, limit).await?;
    let next = found.last().filter(|_| found.len() == limit as usize);
    let next = next.map(|last| format!("/api/v1/groups?after={}&limit={limit}", last.id));
    Ok(Json(json!({"groups": found, "next": next})))
}

/// One of the caller's.
pub(super) async fn show(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<GroupId>,
) -> Result<Json<OurGroup>> {
    Ok(Json(server.app.store.group(&organisation.id, &id).await?))
}

/// Makes one.
pub(super) async fn create(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Body(fields): Body<GroupFields>,
) -> Result<impl IntoResponse> {
    let made = server.app.put_group(&organisation.id, None, &fields).await?;
    let location = format!("/api/v1/groups/{}", made.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(made)))
}

/// Makes one be what the body says, as a whole.
pub(super) async fn put(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<GroupId>,
    Body(fields): Body<Value>,
) -> Result<Json<OurGroup>> {
    // Whose it is comes first: nobody learns from a refusal that it is there.
    server.app.store.group(&organisation.id, &id).await?;
    let fields: GroupFields = fit(fields)?;
    Ok(Json(server.app.put_group(&organisation.id, Some(&id), &fields).await?))
}
