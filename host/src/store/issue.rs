//! Issues: each record that could not be moved, once, however often it is met.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::domain::clock::Timestamp;
use crate::domain::id::{OrganisationId, RunId, SyncId};
use crate::domain::issue::{Issue, IssueKind};
use crate::domain::page::Rejection;
use crate::domain::sync::Datatype;

use super::{Error, Store};

/// Issues kept for a sync and datatype; the rest is counted.
pub const ISSUES_KEPT_MAX: i64 = 10_000;

/// An issue that no pass of the source clears: it leaves when its cause does.
pub(in crate::store) const LASTING: i64 = i64::MAX;

/// One record that could not be moved.
#[derive(Debug, Clone)]
pub(in crate::store) struct Issued {
    pub(in crate::store) kind: IssueKind,
    pub(in crate::store) place: String,
    pub(in crate::store) reason: String,
    pub(in crate::store) raw: String,
}

/// For whom issues are kept.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Keeper<'a> {
    pub(in crate::store) sync: &'a SyncId,
    pub(in crate::store) datatype: Datatype,
    pub(in crate::store) run: &'a RunId,
    /// The pass that met them, or [`LASTING`].
    pub(in crate::store) pass: i64,
    /// The part of the selection that is read by itself.
    pub(in crate::store) part: i64,
    pub(in crate::store) now: Timestamp,
}

impl From<Rejection> for Issued {
    fn from(rejection: Rejection) -> Self {
        let Rejection { place, reason, raw } = rejection;
        Self { kind: IssueKind::Rejected, place, reason, raw }
    }
}

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

/// Keeps issues; those met before stay the ones they are.
pub(in crate::store) async fn keep(
    connection: &mut SqliteConnection,
    keeper: Keeper<'_>,
    issues: &[Issued],
) -> Result<(), Error> {
    if issues.is_empty() {
        return Ok(());
    }
    let mut room = ISSUES_KEPT_MAX - count(connection, keeper).await?;
    for issue in issues {
        let done = sqlx::query(
            "INSERT INTO issue (sync, datatype, place, kind, reason, raw, run, pass, since, part) \
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $11 WHERE $10 > 0 OR EXISTS (SELECT 1 \
             FROM issue WHERE sync = $1 AND datatype = $2 AND place = $3) \
             ON CONFLICT (sync, datatype, place) DO UPDATE SET kind = excluded.kind, \
             reason = excluded.reason, raw = excluded.raw, run = excluded.run, \
             pass = excluded.pass, part = excluded.part RETURNING since",
        )
        .bind(keeper.sync.as_str())
        .bind(keeper.datatype.as_str())
        .bind(&issue.place)
        .bind(issue.kind.as_str())
        .bind(&issue.reason)
        .bind(&issue.raw)
        .bind(keeper.run.as_str())
        .bind(keeper.pass)
        .bind(keeper.now)
        .bind(room)
        .bind(keeper.part)
        .fetch_optional(&mut *connection)
        .await?;
        room -= i64::from(done.is_some_and(|row| row.get::<i64, _>("since") == keeper.now));
    }
    Ok(())
}

/// An issue whose cause is gone.
pub(in crate::store) async fn clear(
    connection: &mut SqliteConnection,
    sync: &SyncId,
    datatype: Datatype,
    place: &str,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM issue WHERE sync = $1 AND datatype = $2 AND place = $3")
        .bind(sync.as_str())
        .bind(datatype.as_str())
        .bind(place)
        .execute(connection)
        .await?;
    Ok(())
}

/// Readings wait for a resource.
pub(in crate::store) fn parked(external_id: &str) -> Issued {
    Issued {
        kind: IssueKind::Parked,
        place: format!("resource {external_id}"),
        reason: "its readings are kept and wait until the resource is described".to_owned(),
        raw: String::new(),
    }
}

/// A resource was described: its readings wait no longer.
pub(in crate::store) async fn unpark(
    connection: &mut SqliteConnection,
    datasource: &str,
    external_id: &str,
) -> Result<(), Error> {
    sqlx::query(
        "DELETE FROM issue WHERE kind = 'parked' AND datatype = 'reading' AND place = $1 \
         AND sync IN (SELECT id FROM sync WHERE datasource = $2)",
    )
    .bind(format!("resource {external_id}"))
    .bind(datasource)
    .execute(connection)
    .await?;
    Ok(())
}

async fn count(connection: &mut SqliteConnection, keeper: Keeper<'_>) -> Result<i64, Error> {
    let row = sqlx::query("SELECT COUNT(*) AS issues FROM issue WHERE sync = $1 AND datatype = $2")
        .bind(keeper.sync.as_str())
        .bind(keeper.datatype.as_str())
        .fetch_one(connection)
        .await?;
    Ok(row.get("issues"))
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
