//! One sync: what it moves, its runs, and the button that starts one.

use axum::extract::State;
use axum::response::Redirect;
use maud::{Markup, html};

use super::form::Form;
use super::{Page, Result, conflict, counts, csrf, time};
use crate::domain::conflict::ConflictState;
use crate::domain::id::SyncId;
use crate::domain::organisation::Zone;
use crate::domain::sync::Sync;
use crate::http::error::Error;
use crate::http::path::Id;
use crate::http::session::Session;
use crate::http::{Server, link};
use crate::sync::{Refusal, Trigger};

/// Runs shown.
const SHOWN_RUNS: u32 = 20;

/// Open conflicts shown; deciding some brings the next.
const SHOWN_CONFLICTS: u32 = 100;

/// The sync, its open conflicts and its last runs.
pub(in crate::http) async fn show(
    State(server): State<Server>,
    id: std::result::Result<Id<SyncId>, Error>,
    session: Session,
) -> Result<Page> {
    let Id(id) = id?;
    let organisation = &session.organisation;
    let store = &server.app.store;
    let sync = store.sync(&organisation.id, &id).await?;
    let datasource = store.datasource(&organisation.id, &sync.datasource).await?;
    let state = Some(ConflictState::Open);
    let open = store.conflicts(&organisation.id, &sync.id, state, SHOWN_CONFLICTS).await?;
    let runs = store.runs(&organisation.id, Some(&sync.id), SHOWN_RUNS).await?;
    let body = html! {
        h1 { (sync.name) }
        p {
            (words(&sync.methods)) " of " (words(&sync.datatypes)) " with " (datasource.name)
            @if sync.one_time { ", once" }
            @if !sync.enabled { ", disabled" }
        }
        p { (by_itself(&sync, organisation.zone)) }
        (last_dates(&sync, organisation.zone))
        p { (run_button(&sync, &session.csrf)) }
        (conflict::table(&open, &session, organisation.zone))
        h2 { "Runs" }
        section {
            table {
                thead { tr {
                    th scope="col" { "Run" }
                    th scope="col" { "Started" }
                    th scope="col" { "Moved" }
                } }
                tbody {
                    @for run in &runs {
                        tr {
                            td { a href=(link::run(&run.id)) { (run.state) } }
                            td { (time::shown(run.started, organisation.zone)) }
                            td { (counts::line(run)) }
                        }
                    }
                }
            }
        }
    };
    let going_on = runs.first().is_some_and(super::run::is_going_on);
    Ok(Page::new(&sync.name, &session, body).refreshing(going_on))
}

/// When it runs without being asked.
fn by_itself(sync: &Sync, zone: Zone) -> Markup {
    html! {
        "Runs by itself: " (sync.rules.schedule)
        @if let Some(period) = sync.rules.schedule.period_ms() {
            @if let Some(last) = sync.last_sync.values().max() {
                ", not before " (time::shown(last.saturating_add(period), zone))
            }
        }
        ". Conflicts: " (sync.rules.policy) "."
    }
}

/// For each method, when the last run that completed started.
fn last_dates(sync: &Sync, zone: Zone) -> Markup {
    html! {
        table {
            caption { "Last sync" }
            tbody {
                @for (method, date) in sync.last_sync_dates() {
                    tr {
                        th scope="row" { (method) }
                        td { @if date > 0 { (time::shown(date, zone)) } @else { "never" } }
                    }
                }
            }
        }
    }
}

/// Starts it and shows the run; or the one that is going on.
pub(in crate::http) async fn run(
    State(server): State<Server>,
    id: std::result::Result<Id<SyncId>, Error>,
    form: Form,
) -> Result<Redirect> {
    let Id(id) = id?;
    let organisation = &form.session.organisation.id;
    let run = match server.app.engine.trigger(organisation, &id, Trigger::default()).await {
        Ok(run) | Err(Refusal::Running(run)) => run,
        Err(refusal) => return Err(refusal.into()),
    };
    Ok(Redirect::to(&link::run(&run)))
}

/// The button, or why there is none.
pub(super) fn run_button(sync: &Sync, secret: &str) -> Markup {
    html! {
        @if sync.consumed { span class="quiet" { "done, once" } }
        @else if !sync.enabled { span class="quiet" { "disabled" } }
        @else {
            form method="post" action={ "/syncs/" (sync.id) "/run" } {
                (csrf(secret))
                button aria-label={ "Run " (sync.name) } { "Run" }
            }
        }
    }
}

fn words<T: std::fmt::Display>(words: &[T]) -> String {
    words.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
