//! What a conformance run found, as it is stored with a version and shown where it is decided upon.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::version::PluginDigest;

use super::catalogue::Check;
use super::verdict::Verdict;

/// What a conformance run found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Of the component.
    pub digest: PluginDigest,
    /// The plugin's name for itself; empty where it could not be asked.
    pub plugin: String,
    /// The plugin's version in its own words.
    pub version: String,
    /// The version of the host that checked it.
    pub host: String,
    /// Every check, in order.
    pub checks: Vec<Outcome>,
}

/// What became of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// Why it matters.
    pub why: String,
    /// What to do when it fails.
    pub remedy: String,
    /// How it ended.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How long it took, ms.
    pub duration_ms: u64,
}

impl Report {
    pub(super) fn new(digest: PluginDigest, plugin: String, version: String) -> Self {
        let host = env!("CARGO_PKG_VERSION").to_owned();
        Self { digest, plugin, version, host, checks: Vec::new() }
    }

    /// Whether no check failed.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| !matches!(check.verdict, Verdict::Failed { .. }))
    }

    /// How many checks ended in each way, as in "27 passed, 1 failed".
    pub fn summary(&self) -> String {
        let words = ["passed", "failed", "skipped", "not-applicable", "not-run"];
        let count = |word: &&str| {
            let ended = self.checks.iter().filter(|it| it.verdict.as_str() == *word).count();
            (ended > 0).then(|| format!("{ended} {}", word.replace('-', " ")))
        };
        words.iter().filter_map(count).collect::<Vec<_>>().join(", ")
    }
}

impl Outcome {
    pub(super) fn of(check: &Check, verdict: Verdict, took: Duration) -> Self {
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let own = str::to_owned;
        let (name, why, remedy) = (own(check.name), own(check.why), own(check.remedy));
        Self { name, why, remedy, verdict, duration_ms }
    }
}
