//! Runs: begun under a lease, ended once, and never "running" because a process died.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::domain::clock::Timestamp;
use crate::domain::faults::Protection;
use crate::domain::id::{Lease, OrganisationId, RunId, SyncId};
use crate::domain::run::{Counts, Pushed, Run, RunFailure, RunState, Trigger};
use crate::domain::sync::{Method, Sync};

use super::column::unsigned;
use super::sync::set_last_sync;
use super::{Error, Store, change, conflict};

/// A line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LogLine {
    /// When, ms.
    pub at: Timestamp,
    /// debug, info, warn or error.
    pub level: String,
    /// What was said.
    pub message: String,
}

/// A run that this process may write for.
#[derive(Debug, Clone)]
pub struct Held {
    /// Which run.
    pub run: RunId,
    /// What proves it.
    pub lease: Lease,
    /// Whose run it is.
    pub sync: SyncId,
    /// When it started, ms.
    pub started: Timestamp,
    /// It reads its source from the beginning.
    pub rewind: bool,
    /// A person has seen what it would change, and wants it.
    pub confirmed: bool,
}

/// What became of the wish to begin a run.
#[derive(Debug, Clone)]
pub enum Begun {
    /// A new run, or one whose process died, now held.
    Held(Held),
    /// A living one is there.
    Running(RunId),
}

const COLUMNS: &str = "SELECT id, sync, organisation, state, attempt, created, updated, unchanged, \
     superseded, empty, rejected, pushed_created, pushed_updated, pushed_unchanged, \
     pushed_refused, pushed_open, conflicts, failure_class, failure_text, plugin, started, ended FROM run";

impl Store {
    /// Begins a run of `sync`, or takes over the one whose process died.
    pub async fn begin_run(
        &self,
        sync: &Sync,
        plugin: &str,
        how: Trigger,
        now: Timestamp,
    ) -> Result<Begun, Error> {
        let lease = Lease::random();
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let open = sqlx::query(
            "SELECT id, lease, started, rewind, confirmed FROM run \
                 WHERE sync = $1 AND ended IS NULL",
        )
        .bind(sync.id.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
        let held = |run, started, rewind, confirmed| Held {
            run,
            lease: lease.clone(),
            sync: sync.id.clone(),
            started,
            rewind,
            confirmed,
        };
        let held = if let Some(row) = open {
            let run = parse_id::<RunId>(&row, "id")?;
            if row.get::<Option<String>, _>("lease").is_some() {
                return Ok(Begun::Running(run));
            }
            take_over(&mut transaction, &run, &lease, plugin).await?;
            let flag = |column| row.get::<i64, _>(column) != 0;
            held(run, row.get("started"), flag("rewind"), flag("confirmed") || how.confirm)
        } else {
            let run = insert(&mut transaction, sync, &lease, plugin, how, now).await?;
            held(run, now, how.rewind, how.confirm)
        };
        transaction.commit().await?;
        Ok(Begun::Held(held))
    }

    /// Ends a run. A completed one moves `lastSyncDate` of its methods to its start and consumes a
    /// one-time sync.
    pub async fn end_run(
        &self,
        held: &Held,
        methods: &[Method],
        state: RunState,
        failure: Option<&RunFailure>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let ended = sqlx::query(
            "UPDATE run SET state = $1, failure_class = $2, failure_text = $3, ended = $4, \
             lease = NULL WHERE id = $5 AND lease = $6",
        )
        .bind(state.as_str())
        .bind(failure.map(|failure| failure.class.as_str()))
        .bind(failure.map(|failure| failure.text.as_str()))
        .bind(now)
        .bind(held.run.as_str())
        .bind(held.lease.as_str())
        .execute(&mut *transaction)
        .await?;
        if ended.rows_affected() == 0 {
            return Err(Error::LostLease);
        }
        conflict::trim(&mut transaction, &held.sync).await?;
        change::prune(&mut transaction, &held.sync, now).await?;
        if state.completed() {
            sqlx::query(
                "UPDATE sync SET consumed = one_time \
                 WHERE id = (SELECT sync FROM run WHERE id = $1)",
            )
            .bind(held.run.as_str())
            .execute(&mut *transaction)
            .await?;
            for method in methods {
                set_last_sync(&mut *transaction, &held.sync, *method, held.started).await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Lets a run go without ending it: the next trigger goes on with it.
    pub async fn release_run(&self, held: &Held) -> Result<(), Error> {
        sqlx::query(
            "UPDATE run SET state = 'interrupted', lease = NULL WHERE id = $1 AND lease = $2",
        )
        .bind(held.run.as_str())
        .bind(held.lease.as_str())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// A run of an organisation.
    pub async fn run(&self, organisation: &OrganisationId, id: &RunId) -> Result<Run, Error> {
        let sql = format!("{COLUMNS} WHERE id = $1 AND organisation = $2");
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(id.as_str())
            .bind(organisation.as_str())
            .fetch_optional(&self.read)
            .await?
            .map(|row| read_run(&row))
            .transpose()?
            .ok_or_else(|| Error::NotFound { what: "run", id: id.to_string() })
    }

    /// An organisation's runs, the last first.
    pub async fn runs(
        &self,
        organisation: &OrganisationId,
        sync: Option<&SyncId>,
        limit: u32,
    ) -> Result<Vec<Run>, Error> {
        let sql = format!(
            "{COLUMNS} WHERE organisation = $1 AND ($2 IS NULL OR sync = $2) \
             ORDER BY started DESC, id LIMIT $3"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(organisation.as_str())
            .bind(sync.map(SyncId::as_str))
            .bind(i64::from(limit))
            .fetch_all(&self.read)
            .await?
            .iter()
            .map(read_run)
            .collect()
    }

    /// The last run of a sync.
    pub async fn last_run(&self, sync: &SyncId) -> Result<Option<Run>, Error> {
        let sql = format!("{COLUMNS} WHERE sync = $1 ORDER BY started DESC, id LIMIT 1");
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(sync.as_str())
            .fetch_optional(&self.read)
            .await?
            .map(|row| read_run(&row))
            .transpose()
    }

    /// Whether a run met records that it could not move.
    pub async fn met_issues(&self, run: &RunId) -> Result<bool, Error> {
        let row = sqlx::query(
            "SELECT rejected > 0 OR EXISTS (SELECT 1 FROM issue WHERE issue.run = run.id) \
             OR EXISTS (SELECT 1 FROM outbox WHERE outbox.sync = run.sync) \
             OR EXISTS (SELECT 1 FROM outbox_place WHERE outbox_place.sync = run.sync) \
             OR EXISTS (SELECT 1 FROM conflict WHERE conflict.sync = run.sync \
             AND state = 'open') AS met FROM run WHERE id = $1",
        )
        .bind(run.as_str())
        .fetch_one(&self.read)
        .await?;
        Ok(row.get::<i64, _>("met") != 0)
    }

    /// Adds to a run's log.
    pub async fn log(&self, run: &RunId, lines: &[LogLine]) -> Result<(), Error> {
        if lines.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "WITH last AS MATERIALIZED \
             (SELECT COALESCE(MAX(line), 0) AS line FROM run_log WHERE run = $1) \
             INSERT INTO run_log (run, line, at, level, message) SELECT $1, last.line + 1 + key, \
             value ->> 'at', value ->> 'level', value ->> 'message' FROM last, json_each($2)",
        )
        .bind(run.as_str())
        .bind(serde_json::json!(lines).to_string())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// A run's log, in order.
    pub async fn run_log(&self, run: &RunId) -> Result<Vec<LogLine>, Error> {
        let rows =
            sqlx::query("SELECT at, level, message FROM run_log WHERE run = $1 ORDER BY line")
                .bind(run.as_str())
                .fetch_all(&self.read)
                .await?;
        let line = |row: SqliteRow| LogLine {
            at: row.get("at"),
            level: row.get("level"),
            message: row.get("message"),
        };
        Ok(rows.into_iter().map(line).collect())
    }
}

impl Store {
    /// The first statement of everything a run writes: who lost the lease writes nothing.
    pub(in crate::store) async fn fence(
        &self,
        connection: &mut sqlx::SqliteConnection,
        held: &Held,
    ) -> Result<(), Error> {
        let done = sqlx::query("UPDATE run SET state = 'running' WHERE id = $1 AND lease = $2")
            .bind(held.run.as_str())
            .bind(held.lease.as_str())
            .execute(connection)
            .await?;
        if done.rows_affected() > 0 || self.faults.lack(Protection::Fence) {
            Ok(())
        } else {
            Err(Error::LostLease)
        }
    }

    /// Whether a run is still this process's.
    pub async fn holds(&self, held: &Held) -> Result<(), Error> {
        let mut connection = self.write.acquire().await?;
        self.fence(&mut connection, held).await
    }
}

async fn take_over(
    transaction: &mut sqlx::SqliteConnection,
    run: &RunId,
    lease: &Lease,
    plugin: &str,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE run SET state = 'running', lease = $1, attempt = attempt + 1, plugin = $2 \
         WHERE id = $3",
    )
    .bind(lease.as_str())
    .bind(plugin)
    .bind(run.as_str())
    .execute(transaction)
    .await?;
    Ok(())
}

async fn insert(
    transaction: &mut sqlx::SqliteConnection,
    sync: &Sync,
    lease: &Lease,
    plugin: &str,
    how: Trigger,
    now: Timestamp,
) -> Result<RunId, Error> {
    let run = RunId::random();
    sqlx::query(
        "INSERT INTO run (id, sync, organisation, state, lease, attempt, plugin, started, \
         rewind, confirmed) VALUES ($1, $2, $3, 'running', $4, 1, $5, $6, $7, $8)",
    )
    .bind(run.as_str())
    .bind(sync.id.as_str())
    .bind(sync.organisation.as_str())
    .bind(lease.as_str())
    .bind(plugin)
    .bind(now)
    .bind(i64::from(how.rewind))
    .bind(i64::from(how.confirm))
    .execute(transaction)
    .await?;
    Ok(run)
}

fn read_run(row: &SqliteRow) -> Result<Run, Error> {
    let text: String = row.get("id");
    let unreadable = |reason: String| Error::unreadable("run", &text, reason);
    let class: Option<String> = row.get("failure_class");
    let failure = class
        .map(|class| {
            let class = class.parse().map_err(|error| unreadable(format!("{error}")))?;
            let text = row.get::<Option<String>, _>("failure_text").unwrap_or_default();
            Ok::<_, Error>(RunFailure { class, text })
        })
        .transpose()?;
    let state: String = row.get("state");
    Ok(Run {
        id: parse_id(row, "id")?,
        sync: parse_id(row, "sync")?,
        organisation: parse_id(row, "organisation")?,
        state: state.parse().map_err(|error| unreadable(format!("{error}")))?,
        counts: read_counts(row),
        pushed: Pushed {
            created: unsigned(row, "pushed_created"),
            updated: unsigned(row, "pushed_updated"),
            unchanged: unsigned(row, "pushed_unchanged"),
            refused: unsigned(row, "pushed_refused"),
            open: unsigned(row, "pushed_open"),
        },
        conflicts: unsigned(row, "conflicts"),
        failure,
        plugin: row.get("plugin"),
        started: row.get("started"),
        ended: row.get("ended"),
        attempt: u32::try_from(row.get::<i64, _>("attempt")).unwrap_or(u32::MAX),
    })
}

fn read_counts(row: &SqliteRow) -> Counts {
    let count = |column| row.get::<i64, _>(column).unsigned_abs();
    Counts {
        created: count("created"),
        updated: count("updated"),
        unchanged: count("unchanged"),
        superseded: count("superseded"),
        empty: count("empty"),
        rejected: count("rejected"),
    }
}

fn parse_id<T: std::str::FromStr<Err: std::fmt::Display>>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<T, Error> {
    let text: String = row.get(column);
    text.parse().map_err(|error| Error::unreadable("run", &text, error))
}
