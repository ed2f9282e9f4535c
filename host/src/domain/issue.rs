//! An issue: one record that could not be moved, with its place in the source and the reason.

use serde::Serialize;

use super::clock::Timestamp;
use super::id::RunId;
use super::sync::UnknownWord;
use super::sync::{Datatype, words};
use serde::Deserialize;
use std::{fmt, str::FromStr};

words! {
    /// Why a record is listed.
    IssueKind, "a kind of issue" {
        /// It could not be understood; nothing of it was stored.
        Rejected = "rejected",
        /// Two rows gave the same series and time different values; the last was kept.
        Contradicted = "contradicted",
        /// Its resource is not described yet.
        Parked = "parked",
        /// The other system does not take it as it is.
        Refused = "refused",
        /// Both sides changed it differently, and a person has to decide.
        Conflict = "conflict",
        /// Another reading of ours falls into the same step of the other system's time; only the
        /// last one is sent.
        SameStep = "same step",
    }
}

/// One record that could not be moved. Its key is (sync, datatype, place).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// What kind of record it is.
    pub datatype: Datatype,
    /// Where it stands in the source ("row 17").
    pub place: String,
    /// Why it is listed.
    pub kind: IssueKind,
    /// In plain words.
    pub reason: String,
    /// The record as the source wrote it, cut.
    pub raw: String,
    /// The run that met it last.
    pub run: RunId,
    /// When it was met first.
    pub since: Timestamp,
}
