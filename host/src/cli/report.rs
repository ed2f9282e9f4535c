//! What a run did, as text and as one JSON object.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::app::App;
use crate::domain::issue::Issue;
use crate::domain::organisation::Organisation;
use crate::domain::run::{Pushed, Run, RunState};
use crate::domain::sync::{Datatype, Sync};
use crate::store;

use super::output::clean;
use super::{COMPLETED, FAILED, WITH_ISSUES};

/// Issues shown with a run.
pub(super) const ISSUES_SHOWN_MAX: u32 = 20;

/// A run with what a person wants to see of it.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) run: Run,
    pub(super) issues: Vec<Issue>,
    cursor: Option<String>,
}

impl Report {
    /// Reads it back from the database.
    pub(super) async fn of(
        app: &App,
        organisation: &Organisation,
        sync: &Sync,
        run: Run,
    ) -> Result<Self, store::Error> {
        let issues = app.store.issues(&organisation.id, &sync.id, None, ISSUES_SHOWN_MAX).await?;
        let datatype = sync.datatypes.last().copied().unwrap_or(Datatype::Reading);
        let standings = app.store.standings(&sync.id, datatype).await?;
        let cursor = standings.into_iter().next().and_then(|standing| standing.cursor);
        Ok(Self { run, issues, cursor })
    }

    pub(super) fn exit_code(&self) -> u8 {
        match self.run.state {
            RunState::Completed => COMPLETED,
            RunState::CompletedWithIssues => WITH_ISSUES,
            _ => FAILED,
        }
    }

    pub(super) fn json(&self) -> Value {
        let run = &self.run;
        json!({
            "status": run.state,
            "run": run.id,
            "counts": run.counts,
            "pushed": run.pushed,
            "conflicts": run.conflicts,
            "failure": run.failure,
            "cursor": self.cursor,
            "duration_ms": run.ended.map(|ended| ended - run.started),
            "plugin": run.plugin,
            "issues": self.issues,
        })
    }

    pub(super) fn text(&self) -> String {
        let run = &self.run;
        let counts = run.counts;
        let mut text = format!(
            "{}: {} records = {} created + {} updated + {} unchanged + {} superseded + {} empty + {} rejected",
            run.state,
            counts.records(),
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.superseded,
            counts.empty,
            counts.rejected
        );
        let pushed = run.pushed;
        // Writing into a String cannot fail.
        if pushed != Pushed::default() {
            let _ = write!(
                text,
                "\n  pushed: {} created + {} updated + {} unchanged + {} refused + {} open",
                pushed.created, pushed.updated, pushed.unchanged, pushed.refused, pushed.open
            );
        }
        if run.conflicts > 0 {
            let _ = write!(text, "\n  conflicts: {}", run.conflicts);
        }
        if let Some(failure) = &run.failure {
            text.push_str("\n  ");
            text.push_str(&clean(&format!("{}: {}", failure.class, failure.text)));
        }
        text += &issues(&self.issues);
        text
    }
}

/// Issues, one a line.
pub(super) fn issues(issues: &[Issue]) -> String {
    let line = |issue: &Issue| {
        let (place, reason) = (clean(&issue.place), clean(&issue.reason));
        let raw = clean(&issue.raw).replace('\n', "\\n");
        format!("\n  {place}: {reason}  [{raw}]")
    };
    issues.iter().map(line).collect()
}
