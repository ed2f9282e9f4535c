//! The trigger: a request starts a sync, and may wait for it to end.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::{HeaderName, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::Caller;
use super::error::{Error, Result};
use super::json::Body;
use super::path::Id;
use super::{Server, link, run, sync};
use crate::domain::id::{OrganisationId, RunId, SyncId};
use crate::sync::{Refusal, Trigger};

/// Longest that a request waits for a run to end, seconds.
const WAIT_S_MAX: u64 = 600;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// How it is started.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    #[serde(default)]
    rewind: bool,
    /// What it would change was looked at, and is wanted.
    #[serde(default)]
    confirm: bool,
}

/// The sync and its last run; starts nothing.
pub(super) async fn show(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<SyncId>,
) -> Result<Json<Value>> {
    let sync = server.app.store.sync(&organisation.id, &id).await?;
    let last = server.app.store.last_run(&sync.id).await?;
    let last = last.map(|last| run::view(&server, &last));
    Ok(Json(json!({"sync": sync::view(&sync), "run": last})))
}

/// Starts it. With `Prefer: wait=N` the answer comes when the run has ended, or after N seconds.
pub(super) async fn start(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<SyncId>,
    headers: HeaderMap,
    Body(How { rewind, confirm }): Body<How>,
) -> Result<Response> {
    let organisation = organisation.id;
    let started = server.app.engine.trigger(&organisation, &id, Trigger { rewind, confirm }).await;
    let started = match started {
        Ok(started) => started,
        Err(refusal) => return Err(refused(&server, &organisation, refusal).await),
    };
    let wait = wait_s(&headers);
    let at_most = Duration::from_secs(wait.unwrap_or(0));
    let run = server.app.engine.wait(&organisation, &started, Some(at_most)).await?;
    let status = if run.state.ended() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let location = [(LOCATION, link::api_run(&run.id))];
    let mut answer = (status, location, Json(run::view(&server, &run))).into_response();
    if let Some(applied) = wait.and_then(|wait| format!("wait={wait}").try_into().ok()) {
        answer.headers_mut().insert(APPLIED, applied);
    }
    Ok(answer)
}

/// A refusal, with the run that is in the way.
async fn refused(server: &Server, organisation: &OrganisationId, refusal: Refusal) -> Error {
    let run: Option<RunId> = match &refusal {
        Refusal::Running(run) => Some(run.clone()),
        Refusal::Consumed { run } => run.clone(),
        _ => None,
    };
    let error = Error::from(refusal);
    let Some(run) = run else { return error };
    match server.app.store.run(organisation, &run).await {
        Ok(run) => error.at(link::api_run(&run.id)).with("run", run::view(server, &run)),
        Err(_) => error,
    }
}

/// RFC 7240: several preferences may stand in one header, or in several.
fn wait_s(headers: &HeaderMap) -> Option<u64> {
    let preferences = headers.get_all(PREFER).into_iter().filter_map(|it| it.to_str().ok());
    let mut preferences = preferences.flat_map(|it| it.split([',', ';']));
    let seconds = preferences.find_map(|it| {
        let (name, seconds) = it.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("wait") {
            return None;
        }
        seconds.trim().trim_matches('"').parse::<u64>().ok()
    });
    seconds.map(|seconds| seconds.min(WAIT_S_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_found_among_other_preferences_and_has_a_limit() {
        let wait = |text: &str| wait_s(&HeaderMap::from_iter([(PREFER, text.parse().unwrap())]));
        assert_eq!(wait("wait=10"), Some(10));
        assert_eq!(wait("respond-async, Wait = 20"), Some(20));
        assert_eq!(wait("wait=100000"), Some(WAIT_S_MAX));
        assert_eq!(wait("respond-async"), None);
        assert_eq!(wait("wait=soon"), None);
    }
}
