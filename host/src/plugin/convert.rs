//! Between the contract's types and the domain's: what breaks a rule becomes a rejection or a fault.

mod batch;
pub(super) mod http;
mod page;
mod places;
mod readings;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::bindings::ourwater::datasource::files;
use super::bindings::ourwater::datasource::records as wit;
use super::limits;
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

/// Bytes of the schema of a configuration.
const SCHEMA_BYTES_MAX: usize = 256 * 1024;

/// Bytes of what a plugin asks for.
const ASKS_BYTES_MAX: usize = 64 * 1024;

/// Bytes of the rest of a description.
const EXTRA_BYTES_MAX: usize = 64 * 1024;

/// What a plugin says of itself.
pub(super) fn description(description: &wit::Description) -> Result<Description, Failure> {
    bounded("its schema", &description.schema, SCHEMA_BYTES_MAX)?;
    let schema = serde_json::from_str(&description.schema)
        .map_err(|error| contract(&format!("its schema is not JSON: {error}")))?;
    bounded("what it asks for", &description.asks, ASKS_BYTES_MAX)?;
    let asks = if description.asks.is_empty() { "{}" } else { &description.asks };
    let asks: Map<String, Value> = serde_json::from_str(asks)
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
        asks: clean_members(asks).collect(),
    })
}

fn bounded(what: &str, text: &str, bytes_max: usize) -> Result<(), Failure> {
    if text.len() <= bytes_max {
        return Ok(());
    }
    let most = limits::bytes(bytes_max);
    Err(contract(&format!("{what} has at most {most}, here {} bytes", text.len())))
}

/// What a plugin asks for is shown to people as it is.
fn clean_members(members: Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    members.into_iter().map(|(name, it)| (text::clean(&name, NAME_BYTES_MAX), clean_texts(it)))
}

fn clean_texts(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text::clean(&text, TEXT_BYTES_MAX)),
        Value::Array(elements) => elements.into_iter().map(clean_texts).collect(),
        Value::Object(members) => Value::Object(clean_members(members).collect()),
        other => other,
    }
}

/// What `extra` says of the fields that are kept, as in `{"keeps": {"resource": ["kind", "owner"]}}`.
fn keeps(extra: &str) -> Result<BTreeMap<Datatype, Vec<String>>, Failure> {
    #[derive(serde::Deserialize)]
    struct Extra {
        #[serde(default)]
        keeps: BTreeMap<Datatype, Vec<String>>,
    }
    bounded("its extra", extra, EXTRA_BYTES_MAX)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn described(schema: &str, asks: &str) -> wit::Description {
        wit::Description {
            name: "rain\u{7}".to_owned(),
            version: "1".to_owned(),
            kind: wit::Kind::File,
            gets: Vec::new(),
            pushes: Vec::new(),
            paging: wit::Paging::Whole,
            duplicates: wit::Duplicates::Overwrites,
            decimals: None,
            step: 1,
            schema: schema.to_owned(),
            asks: asks.to_owned(),
            extra: String::new(),
        }
    }

    #[test]
    fn what_a_plugin_says_of_itself_is_bounded() {
        let long = "9".repeat(SCHEMA_BYTES_MAX + 1);
        let failure = description(&described(&long, "{}")).unwrap_err().to_string();
        assert!(failure.contains("its schema has at most 256 KiB, here 262145 bytes"), "{failure}");
        let long = format!("{{\"files\": {:?}}}", "x".repeat(ASKS_BYTES_MAX));
        let failure = description(&described("{}", &long)).unwrap_err().to_string();
        assert!(failure.contains("what it asks for has at most 64 KiB"), "{failure}");
    }

    #[test]
    fn what_people_are_shown_of_a_plugin_has_no_control_characters() {
        let asks = r#"{"files": "\u001b[31mread\u0007s", "sql": {"ma\u0000in": {"why": "a\nb"}}}"#;
        let description = description(&described("{}", asks)).unwrap();
        assert_eq!(description.name, "rain");
        let asks = serde_json::json!(description.asks).to_string();
        assert_eq!(asks, r#"{"files":"reads","sql":{"main":{"why":"a b"}}}"#);
    }
}
