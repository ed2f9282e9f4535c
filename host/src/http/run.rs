//! Runs: what became of every record, and why one failed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::Caller;
use super::error::{Error, Result};
use super::json::Asked;
use super::path::Id;
use super::{Server, link};
use crate::domain::id::{RunId, SyncId};
use crate::domain::run::Run;

/// Runs listed at once.
const RUNS_MAX: u32 = 100;

/// Which runs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    sync: Option<String>,
}

/// The caller's last ones, of all syncs or of one.
pub(super) async fn list(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Asked(which): Asked<Which>,
) -> Result<Json<Value>> {
    let store = &server.app.store;
    let sync = match which.sync {
        Some(text) => {
            let id: SyncId = text.parse().map_err(|_| Error::not_found("sync", &text))?;
            Some(store.sync(&organisation.id, &id).await?.id)
        }
        None => None,
    };
    let runs = store.runs(&organisation.id, sync.as_ref(), RUNS_MAX).await?;
    let runs: Vec<_> = runs.iter().map(|run| view(&server, run)).collect();
    Ok(Json(json!({"runs": runs})))
}

/// One of the caller's.
pub(super) async fn show(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<RunId>,
) -> Result<Json<Value>> {
    let run = server.app.store.run(&organisation.id, &id).await?;
    Ok(Json(view(&server, &run)))
}

/// Stops one; what it has moved stays, and the next run goes on from there.
pub(super) async fn cancel(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<RunId>,
) -> Result<(StatusCode, Json<Value>)> {
    let run = server.app.store.run(&organisation.id, &id).await?;
    if !server.app.engine.cancel(&run.id) {
        let text = format!("the run is {}: there is nothing to cancel", run.state);
        return Err(Error::new(StatusCode::CONFLICT, "conflict", text));
    }
    Ok((StatusCode::ACCEPTED, Json(view(&server, &run))))
}

/// What it and its plugin had to say.
pub(super) async fn log(
    State(server): State<Server>,
    Caller(organisation): Caller,
    Id(id): Id<RunId>,
) -> Result<Json<Value>> {
    let run = server.app.store.run(&organisation.id, &id).await?;
    let lines = server.app.store.run_log(&run.id).await?;
    Ok(Json(json!({"lines": lines})))
}

/// A run, how far it is, and where to look next.
pub(super) fn view(server: &Server, run: &Run) -> Value {
    let mut view = json!(run);
    if let Some(progress) = server.app.engine.progress(&run.id) {
        view["progress"] = json!({"records": progress.records, "total": progress.total});
    }
    let here = link::api_run(&run.id);
    view["links"] = json!({
        "self": here,
        "log": format!("{here}/log"),
        "issues": link::api_issues(&run.sync),
    });
    view
}
