//! The first page: syncs and how they stand, files, and the way to upload one.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};

use super::{Page, Result, counts, csrf, login, time};
use crate::domain::file::File;
use crate::domain::organisation::Zone;
use crate::domain::run::Run;
use crate::domain::sync::Sync;
use crate::http::session::{AdminSession, Session};
use crate::http::{Server, link};

/// The overview, or the login.
pub(in crate::http) async fn show(
    State(server): State<Server>,
    headers: HeaderMap,
) -> Result<Response> {
    let Some(session) = Session::of(&headers, &server).await? else {
        if AdminSession::of(&headers, &server).await?.is_some() {
            return Ok(Redirect::to("/plugins").into_response());
        }
        return Ok(login::page(None).into_response());
    };
    let store = &server.app.store;
    let mut syncs = Vec::new();
    for sync in store.syncs(&session.organisation.id).await? {
        let last = store.last_run(&sync.id).await?;
        syncs.push((sync, last));
    }
    let files = store.files(&session.organisation.id).await?;
    let zone = session.organisation.zone;
    let mut last_runs = syncs.iter().filter_map(|(_, last)| last.as_ref());
    let going_on = last_runs.any(super::run::is_going_on);
    let body = html! {
        h1 { (session.organisation.name) }
        h2 { "Syncs" }
        (sync_table(&syncs, &session, zone))
        h2 { "Upload a file" }
        (upload_form(&session))
        h2 { "Files" }
        (file_table(&files, &session, zone))
    };
    Ok(Page::new("Overview", &session, body).refreshing(going_on).into_response())
}

fn sync_table(syncs: &[(Sync, Option<Run>)], session: &Session, zone: Zone) -> Markup {
    html! {
        @if syncs.is_empty() { p { "None yet: upload a file, and make one of it." } } @else {
            section {
                table {
                    thead { tr {
                        th scope="col" { "Sync" }
                        th scope="col" { "Last run" }
                        th scope="col" { "Moved" }
                        th scope="col" { "" }
                    } }
                    tbody {
                        @for (sync, last) in syncs { (sync_row(sync, last.as_ref(), session, zone)) }
                    }
                }
            }
        }
    }
}

fn sync_row(sync: &Sync, last: Option<&Run>, session: &Session, zone: Zone) -> Markup {
    html! {
        tr {
            td { a href={ "/syncs/" (sync.id) } { (sync.name) } }
            td {
                @match last {
                    Some(run) => {
                        a href=(link::run(&run.id)) { (run.state) }
                        " " span class="quiet" { (time::shown(run.started, zone)) }
                    }
                    None => "never",
                }
            }
            td { @if let Some(run) = last { (counts::line(run)) } }
            td { (super::sync::run_button(sync, &session.csrf)) }
        }
    }
}

/// The secret comes before the file, which is read as it arrives.
fn upload_form(session: &Session) -> Markup {
    html! {
        form method="post" action="/files" enctype="multipart/form-data" {
            (csrf(&session.csrf))
            label {
                "A table as text: CSV, or what a logger or a spreadsheet exports" br;
                input type="file" name="file" required;
            }
            button class="main" { "Upload" }
        }
    }
}

fn file_table(files: &[File], session: &Session, zone: Zone) -> Markup {
    html! {
        @if files.is_empty() { p { "None yet." } } @else {
            section {
                table {
                    thead { tr {
                        th scope="col" { "File" }
                        th scope="col" class="number" { "Bytes" }
                        th scope="col" { "Uploaded" }
                        th scope="col" { "" }
                    } }
                    tbody {
                        @for file in files {
                            tr {
                                td { a href=(link::file(&file.name)) { (file.name) } }
                                td class="number" { (file.size) }
                                td { (time::shown(file.modified, zone)) }
                                td {
                                    form method="post" action={ (link::file(&file.name)) "/delete" } {
                                        (csrf(&session.csrf))
                                        button aria-label={ "Delete " (file.name) } { "Delete" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
