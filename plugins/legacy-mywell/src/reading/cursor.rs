//! Where the reading of readings goes on: in the middle of a run, or where the next one starts.

use ourwater_sdk::{Failure, Result, paging};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{OVERLAP_MS, without_id};
use crate::row::{ReadingRow, instant, positive};
use crate::time;

/// What was read, and what is being read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// The greatest id given, for each condition that selects.
    above: Vec<u64>,
    /// The server's time from which changes are asked for; none in the first run.
    since: Option<i64>,
    /// None between two runs.
    run: Option<Run>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Run {
    /// Of the conditions that select.
    part: usize,
    step: Step,
    /// Where the next run's changes begin.
    next: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Step {
    /// What changed among the ids that were given. Ordered by time of change: what changes
    /// meanwhile moves to the end, and is not missed. After this time and id, where there is one.
    Changed(Option<(i64, u64)>),
    /// Ids above those that were given.
    New,
}

impl Cursor {
    pub(super) fn read(cursor: Option<&str>, parts: usize) -> Result<Self> {
        let beginning = || Self { above: vec![0; parts], since: None, run: None };
        let cursor: Self = paging::read(cursor)?.unwrap_or_else(beginning);
        if cursor.above.len() != parts || cursor.part() >= parts {
            return Err(Failure::StaleCursor("the selection has changed".to_owned()));
        }
        Ok(cursor)
    }

    /// Which of the conditions that select is asked with.
    pub(super) fn part(&self) -> usize {
        self.run.as_ref().map_or(0, |run| run.part)
    }

    pub(super) fn at_end(&self) -> bool {
        self.run.is_none()
    }

    /// Whether what comes next was given before.
    pub(super) fn is_at_changes(&self) -> bool {
        matches!(self.step(), Step::Changed(_))
    }

    pub(super) fn order(&self) -> &'static [&'static str] {
        match self.step() {
            Step::Changed(_) => &["updatedAt", "id"],
            Step::New => &["id"],
        }
    }

    /// Of the rows that come next.
    pub(super) fn conditions(&self) -> Vec<Value> {
        let above = self.above[self.part()];
        let date = |at: i64| time::write(at).unwrap_or_default();
        match self.step() {
            Step::New => vec![json!({"id": {"gt": above}})],
            Step::Changed(None) => vec![
                json!({"id": {"lte": above}}),
                json!({"updatedAt": {"gte": date(self.since.unwrap_or(0))}}),
            ],
            Step::Changed(Some((at, id))) => vec![
                json!({"id": {"lte": above}}),
                json!({"or": [
                    {"updatedAt": {"gt": date(at)}},
                    {"updatedAt": date(at), "id": {"gt": id}},
                ]}),
            ],
        }
    }

    /// Past these rows; of those without an id none says how far it is. `full`: there may be more of their kind. `now`: the server's time.
    pub(super) fn advance(
        &mut self,
        rows: &[ReadingRow],
        full: bool,
        now: Option<i64>,
    ) -> Result<()> {
        let (part, step) = (self.part(), self.step());
        // A server that does not say its time is asked for all changes since the last known one.
        let began = now.map_or(self.since.unwrap_or(0), |now| now - OVERLAP_MS);
        let next = self.run.as_ref().map_or(began, |run| run.next);
        let last = rows.iter().rev().find(|row| positive(&row.id).is_some());
        if full && last.is_none() {
            return Err(without_id());
        }
        if step == Step::New {
            let greatest = rows.iter().filter_map(|row| positive(&row.id)).max();
            self.above[part] = self.above[part].max(greatest.unwrap_or(0));
        }
        let following = match (step, last.filter(|_| full)) {
            (Step::Changed(_), Some(last)) => Some((part, Step::Changed(Some(place(last)?)))),
            (Step::Changed(_), None) | (Step::New, Some(_)) => Some((part, Step::New)),
            (Step::New, None) if part + 1 < self.above.len() => Some((part + 1, self.first())),
            (Step::New, None) => None,
        };
        self.run = following.map(|(part, step)| Run { part, step, next });
        if self.run.is_none() {
            self.since = Some(next);
        }
        Ok(())
    }

    fn step(&self) -> Step {
        self.run.as_ref().map_or_else(|| self.first(), |run| run.step)
    }

    fn first(&self) -> Step {
        if self.since.is_some() { Step::Changed(None) } else { Step::New }
    }
}

fn place(row: &ReadingRow) -> Result<(i64, u64)> {
    let id = positive(&row.id).ok_or_else(without_id)?;
    let at = instant(&row.updated_at).ok_or_else(|| {
        Failure::Data(format!("reading {id} was given as changed but does not say when"))
    })?;
    Ok((at, id))
}
