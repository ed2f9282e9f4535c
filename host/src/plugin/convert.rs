//! Between the contract's types and the domain's: what breaks a rule becomes a rejection or a fault.

mod batch;
pub(super) mod http;
mod page;
mod places;
mod readings;

use std::collections::BTreeMap;

use super::bindings::ourwater::datasource::files;
use super::bindings::ourwater::datasource::records as wit;
use crate::domain::page::PageRequest;
use crate::domain::plugin::{
    Choice, Description, Duplicates, Failure, Paging, Proposal, Question, Remark,
};
use crate::domain::sync::Datatype;
use crate::grant::files::Listed;
use crate::grant::text;

pub(super) use batch::{batch, receipt};
pub(super) use page::page;

/// Bytes of a text for people: a reason, a remark.
const TEXT_BYTES_MAX: usize = 4 * 1024;

/// Bytes of a name.
const NAME_BYTES_MAX: usize = 256;

/// What a plugin says of itself.
pub(super) fn description(description: &wit::Description) -> Result<Description, Failure> {
    let schema = serde_json::from_str(&description.schema)
        .map_err(|error| contract(&format!("its schema is not JSON: {error}")))?;
    let asks = if description.asks.is_empty() { "{}" } else { &description.asks };
    let asks = serde_json::from_str(asks)
        .map_err(|error| contract(&format!("what it asks for is no JSON object: {error}")))?;
    Ok(Description {
        name: text::clean(&description.name, NAME_BYTES_MAX),
        version: text::clean(&description.version, NAME_BYTES_MAX),
        gets: datatypes(&description.gets),
        pushes: datatypes(&description.pushes),
        paging: match description.paging {
            wit::Paging::Whole => Paging::Whole,
            wit::Paging::EachResource => Paging::EachResource,
        },
        duplicates: match description.duplicates {
            wit::Duplicates::Overwrites => Duplicates::Overwrites,
            wit::Duplicates::Refuses => Duplicates::Refuses,
            wit::Duplicates::StoresBoth => Duplicates::StoresBoth,
        },
        decimals: description.decimals,
        step: description.step.max(1),
        keeps: keeps(&description.extra)?,
        schema,
        asks,
    })
}

/// What `extra` says of the fields that are kept, as in `{"keeps": {"resource": ["kind", "owner"]}}`.
fn keeps(extra: &str) -> Result<BTreeMap<Datatype, Vec<String>>, Failure> {
    #[derive(serde::Deserialize)]
    struct Extra {
        #[serde(default)]
        keeps: BTreeMap<Datatype, Vec<String>>,
    }
    let extra = if extra.is_empty() { "{}" } else { extra };
    let extra: Extra = serde_json::from_str(extra)
        .map_err(|error| contract(&format!("its extra does not fit: {error}")))?;
    Ok(extra.keeps)
}

/// Remarks, clean.
pub(super) fn remarks(remarks: &[wit::Remark]) -> Vec<Remark> {
    remarks.iter().map(remark).collect()
}

/// A configuration worked out from the source.
pub(super) fn proposal(proposal: wit::Proposal) -> Result<Proposal, Failure> {
    let config = serde_json::from_str(&proposal.config).map_err(|error| {
        contract(&format!("the configuration it proposes is not JSON: {error}"))
    })?;
    Ok(Proposal {
        config,
        found: remarks(&proposal.found),
        undecided: proposal.undecided.into_iter().map(question).collect(),
    })
}

/// What a page is asked for.
pub(super) fn request(request: &PageRequest) -> wit::GetRequest {
    wit::GetRequest {
        datatype: match request.datatype {
            Datatype::Group => wit::Datatype::Group,
            Datatype::Resource => wit::Datatype::Resource,
            Datatype::Reading => wit::Datatype::Reading,
        },
        cursor: request.cursor.clone(),
        limit: request.limit,
        since: request.since,
        only: request.only.clone(),
    }
}

/// A failure the plugin reports.
pub(super) fn failure(failure: wit::Failure) -> Failure {
    let clean = |text: String| text::clean(&text, TEXT_BYTES_MAX);
    match failure {
        wit::Failure::Config(about) => {
            let Remark { field, text } = remark(&about);
            Failure::Config { field, text }
        }
        wit::Failure::Denied(text) => Failure::Denied(clean(text)),
        wit::Failure::Data(text) => Failure::Data(clean(text)),
        wit::Failure::Unavailable(delay) => {
            Failure::Unavailable { reason: clean(delay.reason), after_ms: delay.after_ms }
        }
        wit::Failure::StaleCursor(text) => Failure::StaleCursor(clean(text)),
        wit::Failure::Unsupported(text) => Failure::Unsupported(clean(text)),
    }
}

/// A failure to give a page: without a cursor none can be stale.
pub(super) fn page_failure(reported: wit::Failure, request: &PageRequest) -> Failure {
    match failure(reported) {
        Failure::StaleCursor(_) if request.cursor.is_none() => {
            contract("it calls a cursor stale and was given none")
        }
        failure => failure,
    }
}

/// Why a host function does not do what the plugin asks.
pub(super) fn refusal(failure: Failure) -> wit::Failure {
    match failure {
        Failure::Config { field, text } => wit::Failure::Config(wit::Remark { field, text }),
        Failure::Denied(text) => wit::Failure::Denied(text),
        Failure::Unavailable { reason, after_ms } => {
            wit::Failure::Unavailable(wit::Delay { reason, after_ms })
        }
        Failure::StaleCursor(text) => wit::Failure::StaleCursor(text),
        Failure::Unsupported(text) => wit::Failure::Unsupported(text),
        Failure::Data(text) => wit::Failure::Data(text),
        limit @ (Failure::Limit(_) | Failure::Fault(_)) => wit::Failure::Data(limit.to_string()),
    }
}

/// The files a plugin may read.
pub(super) fn listed(files: Vec<Listed>) -> Vec<files::File> {
    let file =
        |Listed { name, size, sha256, modified }| files::File { name, size, sha256, modified };
    files.into_iter().map(file).collect()
}

/// The plugin does what the contract forbids.
fn contract(text: &str) -> Failure {
    Failure::Fault(format!("contract: {text}"))
}

fn remark(remark: &wit::Remark) -> Remark {
    Remark {
        field: text::clean(&remark.field, NAME_BYTES_MAX),
        text: text::clean(&remark.text, TEXT_BYTES_MAX),
    }
}

fn question(question: wit::Question) -> Question {
    let choice = |choice: wit::Choice| Choice {
        // Goes into the configuration, so it is kept as it is.
        value: choice.value,
        example: text::clean(&choice.example, TEXT_BYTES_MAX),
    };
    Question {
        field: text::clean(&question.field, NAME_BYTES_MAX),
        text: text::clean(&question.text, TEXT_BYTES_MAX),
        choices: question.choices.into_iter().map(choice).collect(),
    }
}

fn datatypes(datatypes: &[wit::Datatype]) -> Vec<Datatype> {
    let datatype = |datatype: &wit::Datatype| match datatype {
        wit::Datatype::Group => Datatype::Group,
        wit::Datatype::Resource => Datatype::Resource,
        wit::Datatype::Reading => Datatype::Reading,
    };
    let mut list: Vec<_> = datatypes.iter().map(datatype).collect();
    list.sort_unstable();
    list.dedup();
    list
}
