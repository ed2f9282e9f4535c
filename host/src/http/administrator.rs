//! Administrators: who they are, made at this machine first, then by each other.

use axum::Json;
use axum::extract::{FromRequest as _, FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Server;
use super::caller::bearer;
use super::error::{Error, Result};
use super::json::Body;
use super::organisation::is_here;
use super::path::Variable;
use crate::domain::name::Name;
use crate::store::administrator::Administrator;
use crate::store::token::{Token, token_digest};

/// The administrator that asks. A handler that takes it answers nobody else.
#[derive(Debug)]
pub(super) struct Admin(pub(super) Administrator);

/// What an administrator is made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: Name,
}

/// Makes one: the first for somebody at this machine, any other for an administrator. Its token is
/// in this answer and in no other.
pub(super) async fn create(
    State(server): State<Server>,
    request: Request,
) -> Result<(StatusCode, Json<Value>)> {
    let app = &server.app;
    let (mut parts, body) = request.into_parts();
    let asked_by = Admin::from_request_parts(&mut parts, &server).await;
    let request = Request::from_parts(parts, body);
    let here = is_here(&request, &server.reach);
    if asked_by.is_err() && (!here || !app.store.administrators().await?.is_empty()) {
        return Err(Error::unknown_administrator());
    }
    let Body(New { name }) = Body::from_request(request, &()).await?;
    let (administrator, token) = if asked_by.is_ok() {
        app.store.create_administrator(&name, &app.clock).await?
    } else {
        let first = app.store.create_first_administrator(&name, &app.clock).await?;
        first.ok_or_else(Error::unknown_administrator)?
    };
    Ok((StatusCode::CREATED, Json(with_token(&administrator, &token))))
}

/// All of them.
pub(super) async fn list(State(server): State<Server>, _: Admin) -> Result<Json<Value>> {
    Ok(Json(json!({"administrators": server.app.store.administrators().await?})))
}

/// A new token in place of the one that asked for it.
pub(super) async fn renew_token(
    State(server): State<Server>,
    Admin(administrator): Admin,
) -> Result<Json<Value>> {
    let token = server.app.store.renew_administrator(&administrator.name).await?;
    Ok(Json(with_token(&administrator, &token)))
}

/// Deletes one; the last one is made anew at this machine.
pub(super) async fn delete(
    State(server): State<Server>,
    _: Admin,
    Variable(name): Variable,
) -> Result<StatusCode> {
    server.app.store.delete_administrator(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl FromRequestParts<Server> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self> {
        let token = bearer(parts).ok_or_else(Error::unknown_administrator)?;
        let found = server.app.store.administrator_by_digest(&token_digest(token)).await?;
        found.map(Self).ok_or_else(Error::unknown_administrator)
    }
}

fn with_token(administrator: &Administrator, token: &Token) -> Value {
    let Administrator { name, created } = administrator;
    json!({"name": name, "created": created, "token": token.as_str()})
}
