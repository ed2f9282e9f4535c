//! The caller's own organisation; and, from this machine only, new ones.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, FromRequest as _, Request, State};
use axum::http::header::{FORWARDED, HeaderName, VIA};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::Caller;
use super::error::{Error, Result};
use super::json::Body;
use super::{Reach, Server};
use crate::domain::name::Name;
use crate::domain::organisation::{Limits, Organisation, Zone};
use crate::store::organisation::{NewOrganisation, OrganisationChange};

/// What a proxy adds to what it passes on.
const PASSED_ON: [HeaderName; 4] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
];

/// What an organisation is made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: Name,
    #[serde(default = "utc")]
    zone: Zone,
}

/// What it may change of itself; its limits are set on the command line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    name: Option<Name>,
    zone: Option<Zone>,
}

/// Makes one, for somebody at this machine. Its token is in this answer and in no other.
pub(super) async fn create(
    State(server): State<Server>,
    request: Request,
) -> Result<(StatusCode, Json<Value>)> {
    if !is_here(&request, &server.reach) {
        return Err(Error::forbidden(
            "organisations are made at the machine the server runs on: use `ourwater org create`, \
             or ask its operator",
        ));
    }
    let Body(New { name, zone }) = Body::from_request(request, &()).await?;
    let new = NewOrganisation { name, zone, limits: Limits::default() };
    let (organisation, token) =
        server.app.store.create_organisation(new, &server.app.clock).await?;
    let mut answer = view(&organisation);
    answer["token"] = token.as_str().into();
    Ok((StatusCode::CREATED, Json(answer)))
}

/// The caller's own.
pub(super) async fn show(Caller(organisation): Caller) -> Json<Value> {
    Json(view(&organisation))
}

/// Changes the caller's own.
pub(super) async fn change(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Body(Change { name, zone }): Body<Change>,
) -> Result<Json<Value>> {
    let change = OrganisationChange { name, zone, limits: None };
    let organisation = server.app.store.change_organisation(&organisation.id, change).await?;
    Ok(Json(view(&organisation)))
}

/// A new token in place of the one that asked for it.
pub(super) async fn renew_token(
    State(server): State<Server>,
    Caller(organisation): Caller,
) -> Result<Json<Value>> {
    let token = server.app.store.renew_token(&organisation.id).await?;
    Ok(Json(json!({"token": token.as_str()})))
}

/// Nobody has to ask for permission at the machine itself. A proxy there speaks for others.
pub(super) fn is_here(request: &Request, reach: &Reach) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    reach.listen.ip().is_loopback()
        && peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback())
        && !passed_on(request.headers())
}

fn passed_on(headers: &HeaderMap) -> bool {
    PASSED_ON.iter().any(|name| headers.contains_key(name))
}

fn view(organisation: &Organisation) -> Value {
    let Limits { file_bytes_max, files_bytes_max, runs_max } = organisation.limits;
    json!({
        "id": organisation.id,
        "name": organisation.name,
        "zone": organisation.zone,
        "limits": {
            "fileBytesMax": file_bytes_max,
            "filesBytesMax": files_bytes_max,
            "runsMax": runs_max,
        },
        "created": organisation.created,
    })
}

fn utc() -> Zone {
    Zone::UTC
}
