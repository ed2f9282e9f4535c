//! Saves gathered pages with their cursor, counts, issues and changes in one fenced transaction.
//!
//! Counts do not come from rows affected: `edited` says what the change numbered `seq` was, and one
//! aggregate over the touched ranges tells made from changed. A key that one pass meets again in a
//! later transaction is recognised by its `seq` being of this pass: it is superseded, not updated.
//! Keys that one pass met again, or was given different values for, are remembered. Later passes
//! hold them back and settle them at the end, so that reading the source again changes nothing.
//! A key that was merely unchanged when a pass met it first is not seen to repeat in that pass: its
//! second row counts as unchanged too, or as an update where it differs.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::Timestamp;
use crate::domain::datasource::Datasource;
use crate::domain::issue::IssueKind;
use crate::domain::page::Series;
use crate::domain::run::Counts;
use crate::domain::sync::{Datatype, Sync};

use super::contradiction::{Known, find, last_of_each};
pub use super::gather::Gathered;
use super::gather::Point;
use super::issue::ISSUES_KEPT_MAX;
use super::reading::{self, Upserted};
use super::run::Held;
use super::series::SeriesFinder;
use super::{Error, Store, place};

/// What a pull of one datatype writes with.
#[derive(Debug)]
pub struct Pull {
    pub(in crate::store) held: Held,
    pub(in crate::store) sync: Sync,
    pub(in crate::store) datatype: Datatype,
    pub(in crate::store) origin: i64,
    pass: i64,
    pub(in crate::store) pass_seq: i64,
    series: SeriesFinder,
    /// Contradictions known before this pass, with the last value met in it.
    pub(in crate::store) contradictions: Known,
    issues: i64,
}

/// What a transaction did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Saved {
    /// What became of its records.
    pub counts: Counts,
}

struct Issued {
    kind: IssueKind,
    place: String,
    reason: String,
    raw: String,
}

impl Store {
    /// Gets ready to save the pages of one datatype for a run.
    pub async fn begin_pull(
        &self,
        held: &Held,
        sync: &Sync,
        datasource: &Datasource,
        datatype: Datatype,
    ) -> Result<Pull, Error> {
        let row = sqlx::query(
            "SELECT pass, pass_seq, number, (SELECT COUNT(*) FROM issue \
             WHERE issue.sync = cursor.sync AND issue.datatype = cursor.datatype) AS issues \
             FROM cursor, datasource \
             WHERE cursor.sync = $1 AND cursor.datatype = $2 AND datasource.id = $3",
        )
        .bind(sync.id.as_str())
        .bind(datatype.as_str())
        .bind(datasource.id.as_str())
        .fetch_one(&self.write)
        .await?;
        let (origin, pass_seq) = (row.get("number"), row.get("pass_seq"));
        Ok(Pull {
            held: held.clone(),
            sync: sync.clone(),
            datatype,
            origin,
            pass: row.get("pass"),
            pass_seq,
            series: SeriesFinder::new(
                sync.organisation.clone(),
                datasource.id.clone(),
                origin,
                sync.missing_resource,
            ),
            contradictions: self.contradictions(datasource, pass_seq).await?,
            issues: row.get("issues"),
        })
    }

    /// Saves whole pages, or nothing of them.
    pub async fn save(
        &self,
        pull: &mut Pull,
        gathered: Gathered,
        now: Timestamp,
    ) -> Result<Saved, Error> {
        let saved = self.save_in_transaction(pull, gathered, now).await;
        if saved.is_err() {
            pull.series.forget();
        }
        saved
    }

    async fn save_in_transaction(
        &self,
        pull: &mut Pull,
        gathered: Gathered,
        now: Timestamp,
    ) -> Result<Saved, Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let connection = &mut *transaction;
        fence(connection, pull).await?;
        let seq = next_seq(connection, pull).await?;
        let mut counts = Counts {
            empty: gathered.empty,
            rejected: gathered.rejected.len() as u64,
            ..Counts::default()
        };
        let mut issues: Vec<Issued> = gathered.rejected.into_iter().map(rejected).collect();
        counts += place::save_groups(connection, pull, &gathered.groups, seq).await?;
        counts += place::save_resources(connection, pull, &gathered.resources, seq).await?;
        let names = Names::of(connection, pull, gathered.series, seq).await?;
        let points = names.number(gathered.points);
        counts += pull.save_points(connection, points, &names, &mut issues, seq).await?;
        if gathered.complete {
            counts += pull.settle(connection, seq).await?;
        }
        pull.save_issues(connection, &issues, now).await?;
        move_cursor(connection, pull, gathered.cursor.as_deref(), gathered.complete).await?;
        add_counts(connection, pull, &counts).await?;
        transaction.commit().await?;
        Ok(Saved { counts })
    }
}

/// What the gathered series are called, by their number in the database.
struct Names {
    numbers: Vec<i64>,
    series: HashMap<i64, Series>,
}

impl Names {
    async fn of(
        connection: &mut SqliteConnection,
        pull: &mut Pull,
        series: Vec<Series>,
        seq: i64,
    ) -> Result<Self, Error> {
        let mut names = Self { numbers: Vec::with_capacity(series.len()), series: HashMap::new() };
        for series in series {
            let number = pull.series.find(connection, &series, seq).await?;
            names.numbers.push(number);
            names.series.insert(number, series);
        }
        Ok(names)
    }

    /// The points with their series' numbers, sorted by series and time, in order of arrival.
    fn number(&self, mut points: Vec<Point>) -> Vec<Point> {
        for point in &mut points {
            let place = usize::try_from(point.series).unwrap_or(usize::MAX);
            point.series = self.numbers.get(place).copied().unwrap_or_default();
        }
        points.sort_by_key(|point| (point.series, point.time));
        points
    }

    fn contradicted(&self, point: &Point) -> Issued {
        let what = self.series.get(&point.series).map_or_else(String::new, |series| {
            format!("{} {} {}", series.resource, series.property, series.name)
        });
        let time = crate::domain::clock::rfc3339(point.time);
        Issued {
            kind: IssueKind::Contradicted,
            place: format!("{} at {time}", what.trim_end()),
            reason: "the source gives this reading more than one value; the last one was kept"
                .to_owned(),
            raw: format!("row {}: {}", point.row, point.value),
        }
    }
}

impl Pull {
    async fn save_points(
        &mut self,
        connection: &mut SqliteConnection,
        points: Vec<Point>,
        names: &Names,
        issues: &mut Vec<Issued>,
        seq: i64,
    ) -> Result<Counts, Error> {
        let mut counts = Counts::default();
        let mut contradicted = Vec::new();
        let before = points.len();
        let mut points = last_of_each(points, &mut contradicted);
        counts.superseded += (before - points.len()) as u64;
        if !self.contradictions.is_empty() {
            let held_back = self.hold_back(&mut points, &mut contradicted);
            counts.superseded += self.keep(connection, &held_back).await?;
        }
        let upserted =
            reading::upsert(connection, &points, self.origin, seq, self.pass_seq).await?;
        contradicted.extend(find(&points, &upserted.contradicted));
        issues.extend(contradicted.iter().map(|point| names.contradicted(point)));
        contradicted.extend(find(&points, &upserted.repeated));
        self.remember(connection, &contradicted).await?;
        reading::log_changes(connection, &self.sync.organisation, &upserted, seq).await?;
        counts += upserted.counts;
        Ok(counts)
    }

    /// At the end of a pass: writes what was held back, and drops issues that were not met again.
    async fn settle(
        &mut self,
        connection: &mut SqliteConnection,
        seq: i64,
    ) -> Result<Counts, Error> {
        let met = self.contradictions.iter().filter_map(|(&(series, time), met)| {
            met.map(|(value, quality)| Point { series, time, value, row: 0, quality })
        });
        let mut points: Vec<Point> = met.collect();
        points.sort_by_key(|point| (point.series, point.time));
        let upserted: Upserted =
            reading::upsert(connection, &points, self.origin, seq, self.pass_seq).await?;
        reading::log_changes(connection, &self.sync.organisation, &upserted, seq).await?;
        for met in self.contradictions.values_mut() {
            *met = None;
        }
        Ok(upserted.counts)
    }

    async fn save_issues(
        &mut self,
        connection: &mut SqliteConnection,
        issues: &[Issued],
        now: Timestamp,
    ) -> Result<(), Error> {
        for issue in issues {
            let kept = sqlx::query(
                "INSERT INTO issue (sync, datatype, place, kind, reason, raw, run, pass, since) \
                 SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 WHERE $10 < $11 OR EXISTS (SELECT 1 \
                 FROM issue WHERE sync = $1 AND datatype = $2 AND place = $3) \
                 ON CONFLICT (sync, datatype, place) DO UPDATE SET kind = excluded.kind, \
                 reason = excluded.reason, raw = excluded.raw, run = excluded.run, \
                 pass = excluded.pass RETURNING since",
            )
            .bind(self.sync.id.as_str())
            .bind(self.datatype.as_str())
            .bind(&issue.place)
            .bind(issue.kind.as_str())
            .bind(&issue.reason)
            .bind(&issue.raw)
            .bind(self.held.run.as_str())
            .bind(self.pass)
            .bind(now)
            .bind(self.issues)
            .bind(ISSUES_KEPT_MAX)
            .fetch_optional(&mut *connection)
            .await?;
            self.issues += i64::from(kept.is_some_and(|row| row.get::<i64, _>("since") == now));
        }
        Ok(())
    }
}

fn rejected(rejection: crate::domain::page::Rejection) -> Issued {
    Issued {
        kind: IssueKind::Rejected,
        place: rejection.place,
        reason: rejection.reason,
        raw: rejection.raw,
    }
}

async fn fence(connection: &mut SqliteConnection, pull: &Pull) -> Result<(), Error> {
    let held = sqlx::query("UPDATE run SET state = 'running' WHERE id = $1 AND lease = $2")
        .bind(pull.held.run.as_str())
        .bind(pull.held.lease.as_str())
        .execute(connection)
        .await?;
    if held.rows_affected() == 0 { Err(Error::LostLease) } else { Ok(()) }
}

/// Taken inside the transaction, so that the order of `seq` is the order of commits.
async fn next_seq(connection: &mut SqliteConnection, pull: &Pull) -> Result<i64, Error> {
    let row = sqlx::query("UPDATE organisation SET seq = seq + 1 WHERE id = $1 RETURNING seq")
        .bind(pull.sync.organisation.as_str())
        .fetch_one(connection)
        .await?;
    Ok(row.get("seq"))
}

async fn move_cursor(
    connection: &mut SqliteConnection,
    pull: &Pull,
    cursor: Option<&str>,
    complete: bool,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE cursor SET cursor = $1, complete = $2 WHERE sync = $3 AND datatype = $4 \
         AND pass = $5",
    )
    .bind(cursor)
    .bind(i64::from(complete))
    .bind(pull.sync.id.as_str())
    .bind(pull.datatype.as_str())
    .bind(pull.pass)
    .execute(&mut *connection)
    .await?;
    if complete {
        sqlx::query("DELETE FROM issue WHERE sync = $1 AND datatype = $2 AND pass < $3")
            .bind(pull.sync.id.as_str())
            .bind(pull.datatype.as_str())
            .bind(pull.pass)
            .execute(connection)
            .await?;
    }
    Ok(())
}

async fn add_counts(
    connection: &mut SqliteConnection,
    pull: &Pull,
    counts: &Counts,
) -> Result<(), Error> {
    let columns = [
        ("created", counts.created),
        ("updated", counts.updated),
        ("unchanged", counts.unchanged),
        ("superseded", counts.superseded),
        ("empty", counts.empty),
        ("rejected", counts.rejected),
    ];
    let sets: Vec<String> =
        columns.iter().map(|(column, count)| format!("{column} = {column} + {count}")).collect();
    let sql = format!("UPDATE run SET {} WHERE id = $1", sets.join(", "));
    sqlx::query(AssertSqlSafe(sql))
        .persistent(false)
        .bind(pull.held.run.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
