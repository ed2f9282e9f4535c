//! What another system reads from a sync: `pullDataFromOurWater(start, limit, page)`.
//!
//! Page 0 fixes a snapshot; following `next` gives it whole and once, whatever is written meanwhile.
//! A later page asked for by its number alone is counted off in a snapshot of its own: what was
//! written since the page before may shift it, so that is best effort. `snapshot` is the start to
//! ask with next time.

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
use crate::domain::clock::Timestamp;
use crate::domain::id::SyncId;
use crate::domain::sync::{Method, Sync};
use crate::store::feed::{Fed, Place};
use crate::store::sync::SyncChange;

/// Records of a page, where nobody says how many.
const PAGE_RECORDS: usize = 1_000;

/// Records of a page, at most.
const PAGE_RECORDS_MAX: usize = 10_000;

/// The last page that is counted off.
const PAGE_MAX: u32 = 1_000;

/// Which page of what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Changed after this time, ms; 0: everything.
    #[serde(default)]
    start: Timestamp,
    /// Records of the page.
    limit: Option<usize>,
    /// From 0.
    #[serde(default)]
    page: u32,
    /// As the page before says.
    next: Option<String>,
}

/// A page of what the sync selects.
pub(super) async fn show(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<SyncId>,
    Asked(which): Asked<Which>,
) -> Result<Json<Value>> {
    let store = &server.app.store;
    let sync = store.sync(&organisation.id, &id).await?;
    ensure(&sync)?;
    let limit = which.limit.unwrap_or(PAGE_RECORDS);
    if !(1..=PAGE_RECORDS_MAX).contains(&limit) {
        return Err(Error::unfit("limit", format!("limit is one of 1 to {PAGE_RECORDS_MAX}")));
    }
    let place = match &which.next {
        Some(next) => next.parse().map_err(|error| Error::request(format!("{error}")))?,
        None => store.begin_feed(&sync, which.start).await?,
    };
    let pages = if which.next.is_some() { 0 } else { which.page };
    let Some(fed) = turn(&server, &sync, &place, limit, pages).await? else {
        return Ok(Json(view(&sync, &place, limit, &Fed::default())));
    };
    if fed.next.is_none() {
        completed(&server, &sync, place.time).await?;
    }
    Ok(Json(view(&sync, &place, limit, &fed)))
}

fn ensure(sync: &Sync) -> Result<()> {
    if !sync.does(Method::PullFromOurwater) {
        let text = "the sync gives nothing to read: give it the method pull-from-ourwater";
        return Err(Error::unfit("methods", text));
    }
    if !sync.enabled {
        let text = "the sync is disabled: enable it first";
        return Err(Error::new(axum::http::StatusCode::CONFLICT, "conflict", text).about("enabled"));
    }
    Ok(())
}

/// The page so many pages after a place; none: there are fewer.
async fn turn(
    server: &Server,
    sync: &Sync,
    place: &Place,
    limit: usize,
    pages: u32,
) -> Result<Option<Fed>> {
    if pages > PAGE_MAX {
        let text = format!("page is one of 0 to {PAGE_MAX}: follow next instead");
        return Err(Error::unfit("page", text));
    }
    let mut fed = server.app.store.feed(sync, place, limit).await?;
    for _ in 0..pages {
        let Some(next) = fed.next else { return Ok(None) };
        fed = server.app.store.feed(sync, &next, limit).await?;
    }
    Ok(Some(fed))
}

/// The reader has everything up to that time.
async fn completed(server: &Server, sync: &Sync, at: Timestamp) -> Result<()> {
    let method = Method::PullFromOurwater;
    if sync.last_sync.get(&method) == Some(&at) {
        return Ok(());
    }
    let change = SyncChange { last_sync: [(method, at)].into(), ..SyncChange::default() };
    server.app.store.change_sync(&sync.organisation, &sync.id, change).await?;
    Ok(())
}

fn view(sync: &Sync, place: &Place, limit: usize, fed: &Fed) -> Value {
    let here = format!("/api/v1/syncs/{}/pull", sync.id);
    let next = fed.next.as_ref().map(ToString::to_string);
    json!({
        "snapshot": place.time,
        "groups": fed.groups,
        "resources": fed.resources,
        "readings": fed.readings,
        "next": next,
        "links": {"next": next.map(|it| format!("{here}?limit={limit}&next={}", link::encoded(&it)))},
    })
}
