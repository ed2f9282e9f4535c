//! One version of a plugin: what was found, what it asks for beside what is granted, and the decision.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Redirect;
use maud::{Markup, html};
use serde_json::Value;

use super::form::Form;
use super::{Page, Result, csrf};
use crate::domain::permission::{Allowance, Asked, asked};
use crate::domain::report::{Linked, Report};
use crate::domain::version::{Version, VersionState};
use crate::http::Server;
use crate::http::error::Error;
use crate::http::path::Variable;
use crate::http::session::{AdminSession, LoggedIn as _};
use crate::store::version::User;

/// The version.
pub(in crate::http) async fn show(
    State(server): State<Server>,
    Variable(digest): Variable,
    session: AdminSession,
) -> Result<Page> {
    let version = find(&server, &digest).await?;
    let users = server.app.store.plugin_users(&version.name).await?;
    let body = html! {
        p { a href="/plugins" { "All plugins" } }
        h1 { (version.name) " " (version.version) ": " (version.state) }
        p class="quiet" { "Digest " code { (version.digest) } }
        (steps(&version, &session))
        (decision(&server, &version, &session))
        (user_list(&version, &users))
        @if let Some(report) = &version.report { (found(report)) }
        (check(version.checked.as_ref()))
        h2 { "Configuration" }
        pre { (schema(&version)) }
    };
    Ok(Page::new(format!("{} {}", version.name, version.version), &session, body))
}

/// Lets it run with what was ticked.
pub(in crate::http) async fn allow(
    State(server): State<Server>,
    Variable(digest): Variable,
    form: Form<AdminSession>,
) -> Result<Redirect> {
    let version = find(&server, &digest).await?;
    let mut allowance = Allowance::default();
    for (permission, _) in form.beginning("permission.") {
        let granted = permission.parse();
        let granted = granted.map_err(|error| Error::unfit("permissions", format!("{error}")))?;
        allowance.permissions.insert(granted);
    }
    allowance.limits = limits(&server, &form)?;
    server.app.allow_plugin(&version.digest, &allowance, who(&form)).await?;
    Ok(back(&version))
}

/// Takes the decision back.
pub(in crate::http) async fn withdraw(
    State(server): State<Server>,
    Variable(digest): Variable,
    form: Form<AdminSession>,
) -> Result<Redirect> {
    let version = find(&server, &digest).await?;
    server.app.withdraw_plugin(&version.digest, who(&form)).await?;
    Ok(back(&version))
}

/// Makes it the one of its name that runs.
pub(in crate::http) async fn activate(
    State(server): State<Server>,
    Variable(digest): Variable,
    form: Form<AdminSession>,
) -> Result<Redirect> {
    let version = find(&server, &digest).await?;
    server.app.activate_plugin(&version.digest, who(&form)).await?;
    Ok(back(&version))
}

/// Deletes it.
pub(in crate::http) async fn delete(
    State(server): State<Server>,
    Variable(digest): Variable,
    form: Form<AdminSession>,
) -> Result<Redirect> {
    let version = find(&server, &digest).await?;
    server.app.delete_plugin(&version.digest, who(&form)).await?;
    Ok(Redirect::to("/plugins"))
}

async fn find(server: &Server, digest: &str) -> Result<Version> {
    let digest = digest.parse().map_err(|_| Error::not_found("version", digest))?;
    Ok(server.app.store.version(&digest).await?)
}

fn who(form: &Form<AdminSession>) -> &str {
    &form.session.administrator.name
}

fn back(version: &Version) -> Redirect {
    Redirect::to(&format!("/plugins/{}", version.digest))
}

/// Those limits that were changed.
fn limits(server: &Server, form: &Form<AdminSession>) -> Result<BTreeMap<String, u64>> {
    let mut changed = BTreeMap::new();
    for setting in server.app.sandbox.limits().settings().filter(|it| !it.is_of_host()) {
        let field = format!("limit.{}", setting.name);
        let text = form.field(&field).trim();
        let value = if text.is_empty() { Ok(setting.value) } else { text.parse() };
        let value = value
            .map_err(|_| Error::unfit(setting.name, format!("{text:?} is no whole number")))?;
        if value != setting.value {
            changed.insert(setting.name.to_owned(), value);
        }
    }
    Ok(changed)
}

/// What can be done with it now.
fn steps(version: &Version, session: &AdminSession) -> Markup {
    html! {
        @match version.state {
            VersionState::Uploaded => {
                p role="status" { "It waits for a decision: it does not run." }
                @if !version.built_in { (step(version, session, "delete", "Delete")) }
            }
            VersionState::Allowed => {
                p role="status" { "It may run, and does not." }
                (step(version, session, "activate", "Activate"))
                (step(version, session, "withdraw", "Withdraw the decision"))
                @if !version.built_in { (step(version, session, "delete", "Delete")) }
            }
            VersionState::Active => {
                p role="status" { "It is the one that runs." }
            }
        }
    }
}

fn step(version: &Version, session: &AdminSession, path: &str, words: &str) -> Markup {
    html! {
        form class="step" method="post" action={ "/plugins/" (version.digest) "/" (path) } {
            (csrf(session.csrf()))
            button class=(if path == "activate" { "main" } else { "" }) { (words) }
        }
    }
}

/// What it asks for, beside what is granted; and its limits.
fn decision(server: &Server, version: &Version, session: &AdminSession) -> Markup {
    let allowance = version.allowance.clone().unwrap_or_default();
    let words = if version.allowance.is_some() { "Change what is granted" } else { "Allow" };
    html! {
        h2 { "What it asks for" }
        form method="post" action={ "/plugins/" (version.digest) "/allow" } {
            (csrf(session.csrf()))
            (ask_table(&asked_by(version), version, &allowance))
            details {
                summary { "Limits" }
                (limit_table(server, &allowance))
            }
            button class="main" { (words) }
        }
    }
}

fn ask_table(asks: &[Asked], version: &Version, allowance: &Allowance) -> Markup {
    html! {
        @if asks.is_empty() { p { "Nothing: it can compute, and reach nothing." } } @else {
            section {
                table {
                    thead { tr {
                        th scope="col" { "Grant" }
                        th scope="col" { "So that it may" }
                        th scope="col" { "Why, in its own words" }
                        th scope="col" { "Now" }
                    } }
                    tbody { @for ask in asks { (ask_row(ask, version, allowance)) } }
                }
            }
        }
    }
}

fn ask_row(ask: &Asked, version: &Version, allowance: &Allowance) -> Markup {
    let granted = allowance.permissions.contains(&ask.permission);
    html! {
        tr {
            td {
                @if ask.permission.is_there() {
                    input type="checkbox" name={ "permission." (ask.permission) }
                        aria-label={ "Grant " (ask.permission) } checked[granted];
                }
            }
            td { (ask.permission.words()) " " code class="quiet" { (ask.permission) } }
            td { (ask.why) }
            td {
                @if granted { "granted" }
                @else if version.allowance.is_some() { "not granted" }
                @else { "undecided" }
            }
        }
    }
}

fn limit_table(server: &Server, allowance: &Allowance) -> Markup {
    let limits = server.app.sandbox.limits();
    html! {
        section {
            table {
                tbody {
                    @for setting in limits.settings().filter(|it| !it.is_of_host()) {
                        @let value = allowance.limits.get(setting.name).copied();
                        tr {
                            td { label for={ "limit." (setting.name) } { code { (setting.name) } } }
                            td {
                                input type="text" inputmode="numeric" class="number"
                                    id={ "limit." (setting.name) } name={ "limit." (setting.name) }
                                    value=(value.unwrap_or(setting.value));
                            }
                            td { (setting.meaning) }
                        }
                    }
                }
            }
        }
    }
}

fn user_list(version: &Version, users: &[User]) -> Markup {
    html! {
        h2 { "Who uses " (version.name) }
        @if users.is_empty() { p { "Nobody yet." } } @else {
            ul { @for user in users { li { (user.datasource) " of " (user.organisation) } } }
        }
    }
}

/// What inspection found, in words.
fn found(report: &Value) -> Markup {
    let Ok(report) = serde_json::from_value::<Report>(report.clone()) else { return html! {} };
    html! {
        h2 { "Inspection" }
        @for warning in &report.warnings { p role="alert" { (warning) } }
        section {
            table {
                tbody {
                    @for (name, fact) in report.facts() {
                        tr { th scope="row" { (name) } td { (fact) } }
                    }
                    (linked("imports", &report.imports))
                    (linked("exports", &report.exports))
                }
            }
        }
    }
}

fn linked(name: &str, linked: &[Linked]) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td { @for it in linked { div { (it.name) " – " (it.meaning) } } }
        }
    }
}

/// What the conformance suite said: first what a person has to think about.
fn check(report: Option<&Value>) -> Markup {
    html! {
        h2 { "Conformance" }
        @match report.and_then(|report| report["checks"].as_array()) {
            None => { p { "It was not checked: " code { "ourwater plugin check" } " does that." } }
            Some(outcomes) => {
                @let (passed, other): (Vec<_>, Vec<_>) =
                    outcomes.iter().partition(|outcome| outcome["verdict"] == "passed");
                @if !other.is_empty() { (outcome_table(&other)) }
                details {
                    summary { (passed.len()) " of " (outcomes.len()) " passed" }
                    (outcome_table(&passed))
                }
            }
        }
    }
}

fn outcome_table(outcomes: &[&Value]) -> Markup {
    html! {
        section {
            table {
                tbody {
                    @for outcome in outcomes {
                        tr {
                            td { (outcome["name"].as_str().unwrap_or_default()) }
                            td { (outcome["verdict"].as_str().unwrap_or_default()) }
                            td { (said(outcome)) }
                        }
                    }
                }
            }
        }
    }
}

/// What was seen or why it was not tried; of what failed also why it matters.
fn said(outcome: &Value) -> String {
    let part = |name: &str| outcome[name].as_str();
    let why = part("why").filter(|_| outcome["verdict"] == "failed");
    [part("seen"), part("reason"), why].into_iter().flatten().collect::<Vec<_>>().join(" – ")
}

fn schema(version: &Version) -> String {
    format!("{:#}", version.description["schema"])
}

fn asked_by(version: &Version) -> Vec<Asked> {
    let asks = version.description.get("asks").cloned().unwrap_or_default();
    asked(&serde_json::from_value(asks).unwrap_or_default()).unwrap_or_default()
}
