//! One run: how it stands, its counts, why it failed, and each line that could not be read.

use axum::extract::State;
use axum::response::Redirect;
use maud::{Markup, html};

use super::form::Form;
use super::{Page, Result, counts, csrf, time};
use crate::domain::id::RunId;
use crate::domain::organisation::Zone;
use crate::domain::run::{Run, RunState};
use crate::domain::sync::Sync;
use crate::http::error::Error;
use crate::http::issue::{self, Issues, Which};
use crate::http::json::Asked;
use crate::http::path::Id;
use crate::http::session::Session;
use crate::http::{Server, link};
use crate::store::run::LogLine;

/// The run; while it goes on, the page loads itself again.
pub(in crate::http) async fn show(
    State(server): State<Server>,
    id: std::result::Result<Id<RunId>, Error>,
    which: std::result::Result<Asked<Which>, Error>,
    session: Session,
) -> Result<Page> {
    let (Id(id), Asked(which)) = (id?, which?);
    let store = &server.app.store;
    let run = store.run(&session.organisation.id, &id).await?;
    let sync = store.sync(&session.organisation.id, &run.sync).await?;
    let issues = issue::page(&server, &sync, &which).await?;
    let lines = store.run_log(&run.id).await?;
    let zone = session.organisation.zone;
    let body = html! {
        h1 { a href={ "/syncs/" (sync.id) } { (sync.name) } ": " (run.state) }
        p class="quiet" { (when(&run, zone)) }
        (standing(&server, &run, &sync, &session))
        (counts::table(&run.counts))
        (counts::pushed_table(&run.pushed))
        (in_conflict(&run, &sync))
        (issue_table(&issues, &run))
        (log(&lines, zone))
        p class="quiet" { "Plugin " code { (run.plugin) } }
    };
    let title = format!("{}: {}", sync.name, run.state);
    Ok(Page::new(title, &session, body).refreshing(is_going_on(&run)))
}

/// Stops it; what it has moved stays.
pub(in crate::http) async fn cancel(
    State(server): State<Server>,
    id: std::result::Result<Id<RunId>, Error>,
    form: Form,
) -> Result<Redirect> {
    let Id(id) = id?;
    let run = server.app.store.run(&form.session.organisation.id, &id).await?;
    // One that has ended meanwhile needs no stopping.
    server.app.engine.cancel(&run.id);
    Ok(Redirect::to(&link::run(&run.id)))
}

/// Something still happens to it.
pub(super) fn is_going_on(run: &Run) -> bool {
    run.state == RunState::Running
}

fn when(run: &Run, zone: Zone) -> String {
    let started = time::shown(run.started, zone);
    match run.ended {
        Some(ended) => format!("{started} to {}", time::shown(ended, zone)),
        None => format!("since {started}"),
    }
}

fn standing(server: &Server, run: &Run, sync: &Sync, session: &Session) -> Markup {
    html! {
        @if let Some(failure) = &run.failure {
            p role="alert" { strong { (failure.class) } ": " (failure.text) }
        }
        @if is_going_on(run) {
            @if let Some(progress) = server.app.engine.progress(&run.id) {
                p {
                    (progress.records) " records so far"
                    @if let Some(total) = progress.total { " of about " (total) }
                }
            }
            form method="post" action={ (link::run(&run.id)) "/cancel" } {
                (csrf(&session.csrf))
                button { "Cancel" }
            }
        } @else if !run.state.completed() {
            p { "What was moved before is kept. " (super::sync::run_button(sync, &session.csrf)) }
        }
    }
}

fn in_conflict(run: &Run, sync: &Sync) -> Markup {
    html! {
        @if run.conflicts > 0 {
            p {
                (run.conflicts) " of them both sides had changed, differently: "
                a href={ "/syncs/" (sync.id) "#conflicts" } { "see which" }
            }
        }
    }
}

fn issue_table(issues: &Issues, run: &Run) -> Markup {
    html! {
        @if !issues.issues.is_empty() {
            h2 { "What could not be moved as it is" }
            section {
                table {
                    thead { tr {
                        th scope="col" { "Place" }
                        th scope="col" { "Why" }
                        th scope="col" { "As it is written there" }
                    } }
                    tbody {
                        @for issue in &issues.issues {
                            tr {
                                td { (issue.place) }
                                td { (issue.kind) ": " (issue.reason) }
                                td { code { (issue.raw) } }
                            }
                        }
                    }
                }
            }
            @if let Some(after) = &issues.next {
                p { a href={ (link::run(&run.id)) "?after=" (after) } { "More" } }
            }
        }
    }
}

fn log(lines: &[LogLine], zone: Zone) -> Markup {
    html! {
        @if !lines.is_empty() {
            h2 { "Log" }
            section {
                table {
                    tbody {
                        @for line in lines {
                            tr {
                                td class="quiet" { (time::shown(line.at, zone)) }
                                td { (line.level) }
                                td { (line.message) }
                            }
                        }
                    }
                }
            }
        }
    }
}
