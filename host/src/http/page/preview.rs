//! How an uploaded file is understood, what only a person can decide, and the import it becomes.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::form::Form;
use super::{Page, Result, csrf};
use crate::app::import::{FILE_PLUGIN, configured};
use crate::domain::file::FileName;
use crate::domain::page::{Items, PageRequest};
use crate::domain::plugin::{Failure, Proposal, Question};
use crate::domain::setting::Setting;
use crate::domain::sync::Datatype;
use crate::http::error::{self, Error};
use crate::http::path::Id;
use crate::http::session::Session;
use crate::http::{Server, link};
use crate::sync::Trigger;

/// Records shown of each datatype.
const SHOWN_RECORDS: u32 = 10;

/// What the names of answers begin with, in the form.
const ANSWER: &str = "set:";

/// A field of the configuration and what a person chose for it.
type Answer<'form> = (&'form str, &'form str);

/// How the file is understood.
pub(in crate::http) async fn show(
    State(server): State<Server>,
    name: std::result::Result<Id<FileName>, Error>,
    session: Session,
) -> Result<Page> {
    let Id(name) = name?;
    server.app.store.file(&session.organisation.id, &name).await?;
    let config = json!({"file": name});
    let understood = server.app.engine.propose(&session.organisation, FILE_PLUGIN, &config).await;
    page(&server, &session, &name, &[], understood).await
}

/// Makes a datasource and a sync of it and runs that; or asks again what is still open.
pub(in crate::http) async fn import(
    State(server): State<Server>,
    name: std::result::Result<Id<FileName>, Error>,
    form: Form,
) -> Result<Response> {
    let Id(name) = name?;
    let organisation = &form.session.organisation;
    server.app.store.file(&organisation.id, &name).await?;
    let mut config = json!({"file": name});
    let answers: Vec<Answer> = form.beginning(ANSWER).collect();
    for (path, value) in &answers {
        let setting = Setting::new(path, value);
        setting.apply(&mut config).map_err(|error| Error::unfit(path, error.to_string()))?;
    }
    let proposal = server.app.engine.propose(organisation, FILE_PLUGIN, &config).await?;
    if !proposal.undecided.is_empty() {
        let page = page(&server, &form.session, &name, &answers, Ok(proposal)).await?;
        return Ok(page.into_response());
    }
    server.app.engine.check(organisation, FILE_PLUGIN, &proposal.config).await?;
    let sync = server.app.prepare_import(organisation, form.field("name"), proposal.config).await?;
    let how = Trigger { rewind: true, confirm: true };
    let run = server.app.engine.trigger(&organisation.id, &sync.id, how).await?;
    Ok(Redirect::to(&link::run(&run)).into_response())
}

async fn page(
    server: &Server,
    session: &Session,
    name: &FileName,
    answers: &[Answer<'_>],
    understood: std::result::Result<Proposal, Failure>,
) -> Result<Page> {
    let body = match understood {
        Ok(proposal) => {
            let fit = fits(server, session, &proposal).await;
            let samples = samples(server, session, &proposal, fit.is_ok()).await?;
            html! {
                h1 { (name) }
                @if let Err(failure) = &fit { p role="alert" { (failure) } }
                (understood_as(session, &proposal))
                @for sample in &samples { (sample_table(sample)) }
                @if fit.is_ok() { (import_form(session, name, answers, &proposal)) }
                details {
                    summary { "The configuration" }
                    pre { (format!("{:#}", proposal.config)) }
                }
            }
        }
        Err(failure) => html! {
            h1 { (name) }
            p role="alert" { (error::Error::from(failure).text) }
            p { a href="/" { "Back to the overview" } }
        },
    };
    Ok(Page::new(name.as_str(), session, body))
}

/// Whether what was understood can be imported, once what is open is decided.
async fn fits(
    server: &Server,
    session: &Session,
    proposal: &Proposal,
) -> std::result::Result<(), Failure> {
    if !proposal.undecided.is_empty() {
        return Ok(());
    }
    let engine = &server.app.engine;
    engine.check(&session.organisation, FILE_PLUGIN, &proposal.config).await.map(drop)
}

/// The first records, as they would be stored; none while something is open.
async fn samples(
    server: &Server,
    session: &Session,
    proposal: &Proposal,
    fit: bool,
) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    if !fit || !proposal.undecided.is_empty() {
        return Ok(samples);
    }
    for datatype in configured(&proposal.config) {
        let request = PageRequest {
            datatype,
            cursor: None,
            limit: SHOWN_RECORDS,
            since: None,
            only: Vec::new(),
        };
        let engine = &server.app.engine;
        let organisation = &session.organisation;
        let page = engine.sample(organisation, FILE_PLUGIN, &proposal.config, &request).await?;
        samples.push(Sample { datatype, rows: rows(&page.items) });
    }
    Ok(samples)
}

struct Sample {
    datatype: Datatype,
    rows: Vec<[String; 4]>,
}

fn rows(items: &Items) -> Vec<[String; 4]> {
    match items {
        Items::Groups(groups) => groups
            .iter()
            .map(|it| [it.id.clone(), it.name.clone(), it.kind.clone(), String::new()])
            .collect(),
        Items::Resources(resources) => resources
            .iter()
            .map(|it| {
                let place = it.position.map(|at| format!("{}, {}", at.longitude, at.latitude));
                [it.id.clone(), it.name.clone(), it.kind.clone(), place.unwrap_or_default()]
            })
            .collect(),
        Items::Readings(all) => all
            .iter()
            .flat_map(|column| {
                column.times.iter().zip(&column.values).map(|(time, value)| {
                    let series = &column.series;
                    [
                        series.resource.clone(),
                        format!("{} ({})", series.name, series.property),
                        crate::domain::clock::rfc3339(*time),
                        format!("{value} {}", series.unit),
                    ]
                })
            })
            .collect(),
    }
}

fn understood_as(session: &Session, proposal: &Proposal) -> Markup {
    html! {
        h2 { "How it is understood" }
        p { (zone(session, &proposal.config)) }
        section {
            table {
                thead { tr { th scope="col" { "What" } th scope="col" { "How, and why" } } }
                tbody {
                    @for remark in &proposal.found {
                        tr { td { (remark.field) } td { (remark.text) } }
                    }
                }
            }
        }
    }
}

fn sample_table(sample: &Sample) -> Markup {
    let heads = match sample.datatype {
        Datatype::Reading => ["Resource", "Series", "Time (UTC)", "Value"],
        Datatype::Resource | Datatype::Group => ["Id", "Name", "Kind", "Longitude, latitude"],
    };
    html! {
        h2 { "The first " (sample.datatype) "s" }
        section {
            table {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody {
                    @for row in sample.rows.iter().take(SHOWN_RECORDS as usize) {
                        tr { @for cell in row { td { (cell) } } }
                    }
                }
            }
        }
    }
}

fn import_form(
    session: &Session,
    name: &FileName,
    answers: &[Answer<'_>],
    proposal: &Proposal,
) -> Markup {
    let open = |path: &str| proposal.undecided.iter().any(|question| question.field == path);
    html! {
        form method="post" action=(link::file(name)) {
            (csrf(&session.csrf))
            @if !proposal.undecided.is_empty() { h2 { "Only you can decide" } }
            @for question in &proposal.undecided { (question_field(question)) }
            @for (path, value) in answers.iter().filter(|(path, _)| !open(path)) {
                input type="hidden" name={ (ANSWER) (path) } value=(value);
            }
            label {
                "Name of the sync" br;
                input type="text" name="name" value=(name) required maxlength="128";
            }
            button class="main" { "Import" }
        }
    }
}

fn question_field(question: &Question) -> Markup {
    html! {
        fieldset {
            legend { (question.text) }
            @for choice in &question.choices {
                label {
                    input type="radio" name={ (ANSWER) (question.field) } value=(choice.value) required;
                    " " (choice.example) " " code class="quiet" { (choice.value) }
                }
            }
        }
    }
}

fn zone(session: &Session, config: &Value) -> String {
    let own = session.organisation.zone.name();
    match config["zone"].as_str() {
        Some(zone) if zone != own => {
            format!("Times that name no zone are read in {zone}, as the file says.")
        }
        _ => format!("Times that name no zone are read in {own}, your organisation's own zone."),
    }
}
