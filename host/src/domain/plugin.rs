//! What a plugin says of itself, and how it fails.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sync::Datatype;

/// What a plugin says of itself; constant for a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Its name, the one a datasource gives.
    pub name: String,
    /// Its version, for people; the digest is what counts.
    pub version: String,
    /// What it can get.
    pub gets: Vec<Datatype>,
    /// What it takes.
    pub pushes: Vec<Datatype>,
    /// How it pages readings.
    pub paging: Paging,
    /// What the other system does with a second reading of a series at one time.
    pub duplicates: Duplicates,
    /// Decimals kept in a pushed value; none: all.
    pub decimals: Option<u8>,
    /// Pushed times are cut to a multiple of so many ms; at least 1.
    pub step: u32,
    /// Which fields of groups and resources the other system keeps, by datatype; none: all. What it
    /// does not keep comes back otherwise, and is no edit.
    pub keeps: BTreeMap<Datatype, Vec<String>>,
    /// JSON Schema of the configuration.
    pub schema: serde_json::Value,
    /// What it asks to be allowed, and why, by the word of the grant: files, http, sql.
    pub asks: BTreeMap<String, serde_json::Value>,
}

/// How readings are paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paging {
    /// One cursor for all resources.
    #[default]
    Whole,
    /// One resource at a time, with a cursor for each.
    EachResource,
}

/// What the other system does with a second reading of a series at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duplicates {
    /// The later one stays.
    #[default]
    Overwrites,
    /// The earlier one stays.
    Refuses,
    /// Both stay.
    StoresBoth,
}

/// Something to tell a person that rejects no record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The field of the configuration it is about, or nothing.
    pub field: String,
    /// In plain words.
    pub text: String,
}

/// A configuration worked out from the source itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proposal {
    /// As much of the configuration as could be decided.
    pub config: serde_json::Value,
    /// How each thing was understood, and why.
    pub found: Vec<Remark>,
    /// What only a person can decide.
    pub undecided: Vec<Question>,
}

/// What only a person can decide, with the choices shown on real data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// The field of the configuration.
    pub field: String,
    /// The question.
    pub text: String,
    /// The answers.
    pub choices: Vec<Choice>,
}

/// One answer, and what it would make of the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The field's value.
    pub value: String,
    /// The data, read that way.
    pub example: String,
}

/// How a call of a plugin ended badly; says what to do, not what happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Stop; a person must change the configuration.
    #[error("configuration{}: {text}", named(field))]
    Config {
        /// The field, or nothing.
        field: String,
        /// What is wrong with it.
        text: String,
    },
    /// Stop; a person must change credentials or rights.
    #[error("permission: {0}")]
    Denied(String),
    /// This run fails.
    #[error("data: {0}")]
    Data(String),
    /// Try again, not before the delay.
    #[error("unavailable: {reason}")]
    Unavailable {
        /// What was not there.
        reason: String,
        /// Not before so many milliseconds.
        after_ms: Option<u64>,
    },
    /// The cursor no longer means anything: start from none.
    #[error("the cursor is stale: {0}")]
    StaleCursor(String),
    /// The plugin cannot do that.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// A limit of the host was reached; names it.
    #[error("limit: {0}")]
    Limit(String),
    /// The plugin broke the contract or trapped; with its own words where it left some.
    #[error("plugin fault: {0}")]
    Fault(String),
}

fn named(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(", field {field:?}") }
}
