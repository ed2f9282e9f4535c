//! Versions of a plugin: immutable, named by digest, and run only after somebody decided so.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clock::Timestamp;
use super::permission::Allowance;
use super::sync::{UnknownWord, words};

/// The SHA-256 of a component, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginDigest(String);

/// A text that is no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no digest of a plugin: those are 64 hexadecimal digits")]
pub struct BadDigest(String);

words! {
    /// How far a version has come.
    VersionState, "a state of a version" {
        /// It waits for a decision.
        Uploaded = "uploaded",
        /// It may run, and does not.
        Allowed = "allowed",
        /// It is the one of its name that runs.
        Active = "active",
    }
}

words! {
    /// What somebody did with a version.
    Deed, "what is done with a version" {
        /// It came, and waits for a decision.
        Uploaded = "uploaded",
        /// It may run with what was granted.
        Allowed = "allowed",
        /// It may not run any more.
        Withdrawn = "withdrawn",
        /// It runs from now on.
        Activated = "activated",
        /// It runs again, in place of a later one.
        RolledBack = "rolled back to",
        /// It was tried against a scripted remote.
        Checked = "checked",
        /// It is gone.
        Deleted = "deleted",
    }
}

/// One version of a plugin.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// What names it.
    pub digest: PluginDigest,
    /// The name datasources give.
    pub name: String,
    /// For people.
    pub version: String,
    /// How far it has come.
    pub state: VersionState,
    /// This program brings it.
    pub built_in: bool,
    /// Of the component, bytes.
    pub bytes: u64,
    /// What it says of itself.
    pub description: Value,
    /// What inspection found.
    pub report: Option<Value>,
    /// What the conformance suite said.
    pub checked: Option<Value>,
    /// What was decided; none: nothing yet.
    pub allowance: Option<Allowance>,
    /// The version that was active before.
    pub previous: Option<PluginDigest>,
    /// When it came.
    pub created: Timestamp,
}

/// Something that was done with a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
    /// What.
    pub what: Deed,
    /// To which version.
    pub digest: PluginDigest,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What else there is to know.
    pub details: String,
}

impl PluginDigest {
    /// Of a hash.
    pub fn of_hash(hash: &[u8; 32]) -> Self {
        Self(super::digest::hex(hash))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough of it to tell versions apart at a glance.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl FromStr for PluginDigest {
    type Err = BadDigest;

    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let digits = text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() == 64 && digits {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadDigest(text.chars().take(80).collect()))
        }
    }
}

impl TryFrom<String> for PluginDigest {
    type Error = BadDigest;

    fn try_from(text: String) -> Result<Self, BadDigest> {
        text.parse()
    }
}

impl From<PluginDigest> for String {
    fn from(digest: PluginDigest) -> Self {
        digest.0
    }
}

impl fmt::Display for PluginDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
