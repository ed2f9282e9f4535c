//! Issues of a sync: each record that could not be moved, in pages.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Server;
use super::caller::Caller;
use super::error::{Error, Result};
use super::json::Asked;
use super::link;
use super::path::Id;
use crate::domain::id::SyncId;
use crate::domain::issue::Issue;
use crate::domain::sync::{Datatype, Sync};

/// Issues in one page.
const PAGE_ISSUES: u32 = 100;

/// Which page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// The datatype and place of the last issue seen, with a colon between them.
    after: Option<String>,
}

/// A page of issues, and the key after which the next one begins.
#[derive(Debug)]
pub(super) struct Issues {
    pub(super) issues: Vec<Issue>,
    pub(super) next: Option<String>,
}

/// A page of one sync's.
pub(super) async fn list(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<SyncId>,
    Asked(which): Asked<Which>,
) -> Result<Json<Value>> {
    let sync = server.app.store.sync(&organisation.id, &id).await?;
    let Issues { issues, next } = page(&server, &sync, &which).await?;
    let next = next.map(|after| format!("{}?after={after}", link::api_issues(&sync.id)));
    Ok(Json(json!({"issues": issues, "next": next})))
}

/// The issues after a key.
pub(super) async fn page(server: &Server, sync: &Sync, which: &Which) -> Result<Issues> {
    let after = which.after.as_deref().map(key).transpose()?;
    let store = &server.app.store;
    let mut issues = store.issues(&sync.organisation, &sync.id, after, PAGE_ISSUES + 1).await?;
    let more = issues.len() > PAGE_ISSUES as usize;
    issues.truncate(PAGE_ISSUES as usize);
    let last = issues.last().filter(|_| more);
    let next = last.map(|last| link::encoded(&format!("{}:{}", last.datatype, last.place)));
    Ok(Issues { issues, next })
}

fn key(after: &str) -> Result<(Datatype, String)> {
    let parsed = after
        .split_once(':')
        .and_then(|(datatype, place)| Some((datatype.parse().ok()?, place.to_owned())));
    parsed.ok_or_else(|| Error::request("after is what the link named next says, unchanged"))
}
