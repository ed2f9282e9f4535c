//! A run: one execution of a sync, with its counts and the word it ended in.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::clock::Timestamp;
use super::id::{OrganisationId, RunId, SyncId};
use super::plugin::Failure;
use super::sync::{UnknownWord, words};

/// One execution of a sync. It is resumed, under the same id, when its process died.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// What is executed.
    pub sync: SyncId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// How it stands.
    pub state: RunState,
    /// What became of every record so far.
    pub counts: Counts,
    /// What became of every record that was pushed.
    pub pushed: Pushed,
    /// Records that both sides had changed differently.
    pub conflicts: u64,
    /// Why it failed.
    pub failure: Option<RunFailure>,
    /// The digest of the component that ran.
    pub plugin: String,
    /// When it started, ms.
    pub started: Timestamp,
    /// When it ended, ms.
    pub ended: Option<Timestamp>,
    /// How often it was started or taken over.
    pub attempt: u32,
}

/// What stands for the component in a run that no component takes part in: another system posted.
pub const RECEIVED: &str = "push-from-datasource";

/// How a run is started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trigger {
    /// Read the source from the beginning, unless a pass of it was left unfinished.
    pub rewind: bool,
    /// A person has seen what it would change, and wants it.
    pub confirm: bool,
}

words! {
    /// How a run stands.
    RunState, "the state of a run" {
        /// A living process works on it.
        Running = "running",
        /// Its process died; triggering the sync goes on with it.
        Interrupted = "interrupted",
        /// Everything moved.
        Completed = "completed",
        /// Everything moved but the records listed as issues.
        CompletedWithIssues = "completed with issues",
        /// It could not go on; what it had saved is kept.
        Failed = "failed",
        /// A person stopped it; what it had saved is kept.
        Cancelled = "cancelled",
    }
}

impl RunState {
    /// Nothing more happens to it.
    pub fn ended(self) -> bool {
        !matches!(self, Self::Running | Self::Interrupted)
    }

    /// It went through to the end of the data.
    pub fn completed(self) -> bool {
        matches!(self, Self::Completed | Self::CompletedWithIssues)
    }
}

words! {
    /// Who has to do something about a failure.
    FailureClass, "a class of failure" {
        /// The configuration must be changed.
        Configuration = "configuration",
        /// Rights or credentials must be changed.
        Permission = "permission",
        /// The source's data must be changed.
        Data = "data",
        /// The source was not there, again and again.
        Unavailable = "unavailable",
        /// A limit was reached.
        Limit = "limit",
        /// A person must look at what it would do, and confirm it.
        Confirmation = "confirmation",
        /// The plugin must be changed.
        PluginFault = "plugin fault",
        /// OurWater itself could not go on: its database or disk.
        Host = "host",
    }
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFailure {
    /// Who has to do something about it.
    pub class: FailureClass,
    /// What was tried on what, what went wrong, and what to do.
    pub text: String,
}

impl From<&Failure> for FailureClass {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Config { .. } | Failure::Unsupported(_) => Self::Configuration,
            Failure::Denied(_) => Self::Permission,
            Failure::Data(_) => Self::Data,
            Failure::Unavailable { .. } => Self::Unavailable,
            Failure::Limit(_) => Self::Limit,
            Failure::StaleCursor(_) | Failure::Fault(_) => Self::PluginFault,
        }
    }
}

/// What became of every record that was pushed: each is counted once a try.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    /// New in the other system.
    pub created: u64,
    /// There with another value.
    pub updated: u64,
    /// There already, the same.
    pub unchanged: u64,
    /// The other system does not take them.
    pub refused: u64,
    /// Still to be sent, or to be looked for.
    pub open: u64,
}

impl std::ops::AddAssign for Pushed {
    fn add_assign(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.refused += other.refused;
        self.open += other.open;
    }
}

/// What became of every record: each is counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// New in OurWater.
    pub created: u64,
    /// There with another value.
    pub updated: u64,
    /// There already, the same.
    pub unchanged: u64,
    /// Same series and time again later in the source; the last one won.
    pub superseded: u64,
    /// Cells that were empty.
    pub empty: u64,
    /// Could not be understood.
    pub rejected: u64,
}

impl Counts {
    /// Every record met.
    pub fn records(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.superseded + self.empty + self.rejected
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.superseded += other.superseded;
        self.empty += other.empty;
        self.rejected += other.rejected;
    }
}
