//! A conflict: both sides changed one record differently; both values are kept, decided or not.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clock::Timestamp;
use super::id::{ConflictId, RunId, SyncId};
use super::plan::{Policy, Winner};
use super::sync::{Datatype, UnknownWord, words};

words! {
    /// How a conflict stands.
    ConflictState, "the state of a conflict" {
        /// A person has to decide; until then the record moves in neither direction.
        Open = "open",
        /// OurWater's value was chosen.
        Ours = "ours",
        /// The datasource's value was chosen.
        Theirs = "theirs",
    }
}

words! {
    /// What a person decides.
    Choice, "a choice" {
        /// OurWater's value.
        Ours = "ours",
        /// The datasource's value.
        Theirs = "theirs",
    }
}

impl From<Choice> for Winner {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Ours => Self::Ours,
            Choice::Theirs => Self::Theirs,
        }
    }
}

/// Both sides changed one record differently.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conflict {
    /// Its id.
    pub id: ConflictId,
    /// The sync that met it.
    pub sync: SyncId,
    /// What kind of record.
    pub datatype: Datatype,
    /// What people call the record.
    pub record: String,
    /// Which field of it; nothing for a reading.
    pub field: String,
    /// When, of a reading, ms.
    pub time: Option<Timestamp>,
    /// Here.
    pub ours: Value,
    /// There.
    pub theirs: Value,
    /// What both last agreed on, if ever.
    pub base: Option<Value>,
    /// What the sync said to do about it.
    pub policy: Policy,
    /// How it stands.
    pub state: ConflictState,
    /// The run that met it.
    pub run: RunId,
    /// When it was met, ms.
    pub since: Timestamp,
    /// When it was decided, ms.
    pub decided: Option<Timestamp>,
}
