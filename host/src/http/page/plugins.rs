//! The plugins of this instance, for administrators: every version, the way to upload one, and who
//! did what.

use axum::extract::{Multipart, State};
use axum::response::Redirect;
use maud::{Markup, html};

use super::form::Form;
use super::{Failed, Page, Result, csrf, time};
use crate::domain::organisation::Zone;
use crate::domain::version::{Event, Version, VersionState};
use crate::http::Server;
use crate::http::error::Error;
use crate::http::session::{AdminSession, LoggedIn as _};

/// Events shown.
const EVENTS_SHOWN: u32 = 50;

/// All of them.
pub(in crate::http) async fn show(
    State(server): State<Server>,
    session: AdminSession,
) -> Result<Page> {
    let versions = server.app.store.versions().await?;
    let events = server.app.store.plugin_events(EVENTS_SHOWN).await?;
    let body = html! {
        h1 { "Plugins" }
        (upload_form(&session))
        @for name in names(&versions) {
            h2 { (name) }
            (version_table(versions.iter().filter(|it| it.name == name), &session))
        }
        h2 { "Who did what" }
        (event_table(&events))
    };
    Ok(Page::new("Plugins", &session, body))
}

/// Inspects and keeps a component, then shows what was found.
pub(in crate::http) async fn upload(
    State(server): State<Server>,
    session: AdminSession,
    mut form: Multipart,
) -> Result<Redirect> {
    let cut_off = |error: axum::extract::multipart::MultipartError| {
        Error::request(format!("the form did not arrive whole: {}", error.body_text()))
    };
    let mut own = false;
    while let Some(field) = form.next_field().await.map_err(cut_off)? {
        match field.name() {
            Some("csrf") => {
                session.refuse_foreign(&field.text().await.map_err(cut_off)?)?;
                own = true;
            }
            Some("component") if own => {
                let added = server.app.add_plugin(field, &session.administrator.name).await?;
                return Ok(Redirect::to(&format!("/plugins/{}", added.version.digest)));
            }
            _ => {}
        }
    }
    Err(Failed(Error::unfit("component", "nothing was uploaded: choose a file first")))
}

/// Makes the version active again that was so before.
pub(in crate::http) async fn roll_back(
    State(server): State<Server>,
    form: Form<AdminSession>,
) -> Result<Redirect> {
    let who = &form.session.administrator.name;
    server.app.roll_back_plugin(form.field("plugin"), who).await?;
    Ok(Redirect::to("/plugins"))
}

/// Dropping a file on a field for files is what browsers do without a script.
fn upload_form(session: &AdminSession) -> Markup {
    html! {
        form method="post" action="/plugins" enctype="multipart/form-data" {
            (csrf(session.csrf()))
            label {
                "A datasource plugin: drop its .wasm file here, or choose it" br;
                input type="file" name="component" class="drop" accept=".wasm" required;
            }
            button class="main" { "Upload and inspect" }
        }
    }
}

fn names(versions: &[Version]) -> Vec<&str> {
    let mut names: Vec<&str> = versions.iter().map(|version| version.name.as_str()).collect();
    names.dedup();
    names
}

fn version_table<'version>(
    versions: impl Iterator<Item = &'version Version>,
    session: &AdminSession,
) -> Markup {
    html! {
        section {
            table {
                thead { tr {
                    th scope="col" { "Version" }
                    th scope="col" { "State" }
                    th scope="col" { "Since" }
                    th scope="col" { "" }
                } }
                tbody {
                    @for version in versions { (version_row(version, session)) }
                }
            }
        }
    }
}

fn version_row(version: &Version, session: &AdminSession) -> Markup {
    html! {
        tr {
            td {
                a href={ "/plugins/" (version.digest) } { (version.name) " " (version.version) }
                " " code class="quiet" { (version.digest.short()) }
            }
            td {
                (version.state)
                @if version.built_in { span class="quiet" { ", of this program" } }
            }
            td { (time::shown(version.created, Zone::UTC)) }
            td {
                @if version.state == VersionState::Active && version.previous.is_some() {
                    form method="post" action="/plugins/rollback" {
                        (csrf(session.csrf()))
                        input type="hidden" name="plugin" value=(version.name);
                        button { "Roll back" }
                    }
                }
            }
        }
    }
}

fn event_table(events: &[Event]) -> Markup {
    html! {
        @if events.is_empty() { p { "Nothing yet." } } @else {
            section {
                table {
                    tbody {
                        @for event in events {
                            tr {
                                td class="quiet" { (time::shown(event.at, Zone::UTC)) }
                                td { (event.who) }
                                td {
                                    (event.what) " " (event.name) " " (event.version)
                                    " " code class="quiet" { (event.digest.short()) }
                                }
                                td { (event.details) }
                            }
                        }
                    }
                }
            }
        }
    }
}
