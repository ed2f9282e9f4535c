//! How one check ends, and how it says so.

use serde::{Deserialize, Serialize};

use crate::domain::plugin::Failure;

/// What became of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The promise holds.
    Passed,
    /// It does not.
    Failed {
        /// What was done, what was expected, and what came.
        seen: String,
    },
    /// Left out, as its author wished.
    Skipped {
        /// Why.
        reason: String,
    },
    /// The plugin makes no such promise.
    NotApplicable {
        /// Why not.
        reason: String,
    },
    /// It could not be tried.
    NotRun {
        /// Why not.
        reason: String,
    },
}

impl Verdict {
    /// Its word: the same in text, JSON and pages.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
            Self::NotApplicable { .. } => "not-applicable",
            Self::NotRun { .. } => "not-run",
        }
    }

    /// Why it is not "passed".
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Passed => None,
            Self::Failed { seen: reason }
            | Self::Skipped { reason }
            | Self::NotApplicable { reason }
            | Self::NotRun { reason } => Some(reason),
        }
    }
}

/// Why a check ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    Failed(String),
    NotApplicable(String),
    NotRun(String),
}

/// What the function of a check returns.
pub(super) type Held = Result<(), Ended>;

impl Ended {
    /// Says where it was seen.
    pub(super) fn at(self, place: &str) -> Self {
        match self {
            Self::Failed(seen) => Self::Failed(format!("{place}: {seen}")),
            other => other,
        }
    }

    pub(super) fn not_applicable(reason: impl Into<String>) -> Self {
        Self::NotApplicable(reason.into())
    }

    pub(super) fn not_run(reason: impl Into<String>) -> Self {
        Self::NotRun(reason.into())
    }
}

/// Where a call was to succeed.
impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(format!("expected an answer, got {failure}"))
    }
}

impl From<Held> for Verdict {
    fn from(held: Held) -> Self {
        match held {
            Ok(()) => Self::Passed,
            Err(Ended::Failed(seen)) => Self::Failed { seen },
            Err(Ended::NotApplicable(reason)) => Self::NotApplicable { reason },
            Err(Ended::NotRun(reason)) => Self::NotRun { reason },
        }
    }
}

/// Fails with what was seen, unless it is so.
pub(super) fn ensure(so: bool, seen: impl FnOnce() -> String) -> Held {
    if so { Ok(()) } else { Err(Ended::Failed(seen())) }
}
