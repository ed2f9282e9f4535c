//! Issues: each record that could not be moved, once, however often it is met.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::domain::id::{OrganisationId, SyncId};
use crate::domain::issue::Issue;
use crate::domain::sync::Datatype;

use super::{Error, Store};

/// Issues kept for a sync and datatype; the rest is counted.
pub const ISSUES_KEPT_MAX: i64 = 10_000;

impl Store {
    /// A page of a sync's issues, in order of datatype and place, after a key.
    pub async fn issues(
        &self,
        organisation: &OrganisationId,
        sync: &SyncId,
        after: Option<(Datatype, String)>,
        limit: u32,
    ) -> Result<Vec<Issue>, Error> {
        let (datatype, place) = match after {
            Some((datatype, place)) => (datatype.as_str(), place),
            None => ("", String::new()),
        };
        let rows = sqlx::query(
            "SELECT issue.datatype, place, kind, reason, raw, run, since FROM issue \
             JOIN sync ON sync.id = issue.sync WHERE issue.sync = $1 AND sync.organisation = $2 \
             AND (issue.datatype, place) > ($3, $4) ORDER BY issue.datatype, place LIMIT $5",
        )
        .bind(sync.as_str())
        .bind(organisation.as_str())
        .bind(datatype)
        .bind(place)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read_issue).collect()
    }
}

fn read_issue(row: &SqliteRow) -> Result<Issue, Error> {
    let place: String = row.get("place");
    let unreadable = |reason: String| Error::unreadable("issue", &place, reason);
    let datatype: String = row.get("datatype");
    let kind: String = row.get("kind");
    let run: String = row.get("run");
    Ok(Issue {
        datatype: datatype.parse().map_err(|error| unreadable(format!("{error}")))?,
        kind: kind.parse().map_err(|error| unreadable(format!("{error}")))?,
        reason: row.get("reason"),
        raw: row.get("raw"),
        run: run.parse().map_err(|error| unreadable(format!("{error}")))?,
        since: row.get("since"),
        place,
    })
}
