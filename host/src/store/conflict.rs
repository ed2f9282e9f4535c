//! Conflicts: both values kept, decided by policy or by a person, an open one blocking its record only.

use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::Timestamp;
use crate::domain::conflict::{Conflict, ConflictState};
use crate::domain::id::{ConflictId, OrganisationId, SyncId};
use crate::domain::merge::{Merged, same};
use crate::domain::plan::{Said, Winner};

use super::column::{json as column_json, parsed};
use super::save::Pull;
use super::{Error, Store};

/// Decided conflicts kept for a sync; of older ones the run's count is left.
const DECIDED_KEPT_MAX: i64 = 10_000;

/// A reading that both sides changed.
#[derive(Debug)]
pub(in crate::store) struct Met {
    pub(in crate::store) key: (i64, i64),
    pub(in crate::store) ours: Said,
    pub(in crate::store) theirs: Said,
    pub(in crate::store) base: Option<Said>,
}

/// A conflict as it is kept.
pub(in crate::store) struct New<'a> {
    pub(in crate::store) our_id: &'a str,
    pub(in crate::store) field: &'a str,
    pub(in crate::store) key: (i64, i64),
    pub(in crate::store) ours: Value,
    pub(in crate::store) theirs: Value,
    pub(in crate::store) base: Option<Value>,
}

impl Store {
    /// A page of a sync's conflicts, the open ones first, the newest of each first.
    pub async fn conflicts(
        &self,
        organisation: &OrganisationId,
        sync: &SyncId,
        state: Option<ConflictState>,
        limit: u32,
    ) -> Result<Vec<Conflict>, Error> {
        let sql = format!(
            "{COLUMNS} WHERE conflict.sync = $1 AND sync.organisation = $2 \
             AND ($3 IS NULL OR state = $3) \
             ORDER BY state <> 'open', since DESC, conflict.id LIMIT $4"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(sync.as_str())
            .bind(organisation.as_str())
            .bind(state.map(ConflictState::as_str))
            .bind(i64::from(limit))
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(read_conflict).collect()
    }

    /// One of an organisation's conflicts.
    pub async fn conflict(
        &self,
        organisation: &OrganisationId,
        id: &ConflictId,
    ) -> Result<Conflict, Error> {
        let sql = format!("{COLUMNS} WHERE conflict.id = $1 AND sync.organisation = $2");
        sqlx::query(AssertSqlSafe(sql))
            .bind(id.as_str())
            .bind(organisation.as_str())
            .fetch_optional(&self.read)
            .await?
            .map(|row| read_conflict(&row))
            .transpose()?
            .ok_or_else(|| Error::NotFound { what: "conflict", id: id.to_string() })
    }
}

/// Drops the oldest decided conflicts of a sync, beyond what is kept.
pub(in crate::store) async fn trim(
    connection: &mut SqliteConnection,
    sync: &SyncId,
) -> Result<(), Error> {
    sqlx::query(
        "DELETE FROM conflict WHERE id IN (SELECT id FROM conflict WHERE sync = $1 \
         AND state <> 'open' ORDER BY since DESC LIMIT $3 OFFSET $2)",
    )
    .bind(sync.as_str())
    .bind(DECIDED_KEPT_MAX)
    .bind(i64::MAX)
    .execute(connection)
    .await?;
    Ok(())
}

const COLUMNS: &str = "SELECT conflict.id, conflict.sync, conflict.datatype, field, series_id, \
     time, ours, theirs, base, conflict.policy, state, run, since, decided, COALESCE( \
     (SELECT MIN(external_id) FROM link WHERE link.our_id = conflict.our_id \
     AND link.datasource = conflict.datasource), conflict.our_id) AS record \
     FROM conflict JOIN sync ON sync.id = conflict.sync";

/// Keeps a conflict over a reading; whether it is new.
pub(in crate::store) async fn record(
    connection: &mut SqliteConnection,
    pull: &Pull,
    met: &Met,
    winner: Winner,
    now: Timestamp,
) -> Result<bool, Error> {
    let row = sqlx::query("SELECT resource FROM series WHERE id = $1")
        .bind(met.key.0)
        .fetch_one(&mut *connection)
        .await?;
    let resource: String = row.get("resource");
    let new = New {
        our_id: &resource,
        field: "",
        key: met.key,
        ours: json!(met.ours),
        theirs: json!(met.theirs),
        base: met.base.map(|base| json!(base)),
    };
    keep(connection, pull, &new, winner, now).await
}

/// Keeps a conflict; whether it is new.
pub(in crate::store) async fn keep(
    connection: &mut SqliteConnection,
    pull: &Pull,
    new: &New<'_>,
    winner: Winner,
    now: Timestamp,
) -> Result<bool, Error> {
    let state = state(winner);
    let known = sqlx::query(
        "UPDATE conflict SET ours = $1, theirs = $2, state = $3, policy = $4, \
         decided = CASE $3 WHEN 'open' THEN NULL ELSE $5 END WHERE datasource = $6 \
         AND datatype = $7 AND our_id = $8 AND field = $9 AND series_id = $10 AND time = $11 \
         AND state = 'open'",
    )
    .bind(new.ours.to_string())
    .bind(new.theirs.to_string())
    .bind(state.as_str())
    .bind(pull.sync.rules.policy.as_str())
    .bind(now)
    .bind(pull.sync.datasource.as_str())
    .bind(pull.datatype.as_str())
    .bind(new.our_id)
    .bind(new.field)
    .bind(new.key.0)
    .bind(new.key.1)
    .execute(&mut *connection)
    .await?;
    if known.rows_affected() > 0 {
        return Ok(false);
    }
    insert(connection, pull, new, state, now).await?;
    Ok(true)
}

async fn insert(
    connection: &mut SqliteConnection,
    pull: &Pull,
    new: &New<'_>,
    state: ConflictState,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO conflict (id, sync, datasource, datatype, our_id, field, series_id, time, \
         ours, theirs, base, policy, state, run, since, decided) VALUES ($1, $2, $3, $4, $5, $6, \
         $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(ConflictId::random().as_str())
    .bind(pull.sync.id.as_str())
    .bind(pull.sync.datasource.as_str())
    .bind(pull.datatype.as_str())
    .bind(new.our_id)
    .bind(new.field)
    .bind(new.key.0)
    .bind(new.key.1)
    .bind(new.ours.to_string())
    .bind(new.theirs.to_string())
    .bind(new.base.as_ref().map(Value::to_string))
    .bind(pull.sync.rules.policy.as_str())
    .bind(state.as_str())
    .bind(pull.held.run.as_str())
    .bind(now)
    .bind((state != ConflictState::Open).then_some(now))
    .execute(connection)
    .await?;
    Ok(())
}

/// The two sides came together by themselves; whether a conflict was open.
pub(in crate::store) async fn settle(
    connection: &mut SqliteConnection,
    pull: &Pull,
    key: (i64, i64),
    winner: Winner,
    now: Timestamp,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE conflict SET state = $1, decided = $2 WHERE datasource = $3 \
         AND datatype = 'reading' AND series_id = $4 AND time = $5 AND state = 'open'",
    )
    .bind(state(winner).as_str())
    .bind(now)
    .bind(pull.sync.datasource.as_str())
    .bind(key.0)
    .bind(key.1)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Fields in which the two sides came together by themselves.
pub(in crate::store) async fn settle_fields(
    connection: &mut SqliteConnection,
    pull: &Pull,
    our_id: &str,
    merged: &Merged,
    now: Timestamp,
) -> Result<(), Error> {
    let rows = sqlx::query(
        "SELECT id, field, ours FROM conflict WHERE datasource = $1 AND datatype = $2 \
         AND series_id = 0 AND time = 0 AND our_id = $3 AND state = 'open'",
    )
    .bind(pull.sync.datasource.as_str())
    .bind(pull.datatype.as_str())
    .bind(our_id)
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        let field: String = row.get("field");
        if merged.clashes.iter().any(|clash| clash.field == field) {
            continue;
        }
        let ours: Value = column_json(&row, "conflict", "ours")?;
        let kept = merged.ours.get(&field).is_some_and(|value| same(value, &ours));
        let winner = if kept { Winner::Ours } else { Winner::Theirs };
        sqlx::query("UPDATE conflict SET state = $1, decided = $2 WHERE id = $3")
            .bind(state(winner).as_str())
            .bind(now)
            .bind(row.get::<String, _>("id"))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The other system has a record as it was sent: ours won whatever was open.
pub(in crate::store) async fn settle_sent(
    connection: &mut SqliteConnection,
    datasource: &str,
    datatype: &str,
    our_id: &str,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE conflict SET state = 'ours', decided = $1 WHERE datasource = $2 \
         AND datatype = $3 AND series_id = 0 AND time = 0 AND our_id = $4 AND state = 'open'",
    )
    .bind(now)
    .bind(datasource)
    .bind(datatype)
    .bind(our_id)
    .execute(connection)
    .await?;
    Ok(())
}

fn state(winner: Winner) -> ConflictState {
    match winner {
        Winner::Ours => ConflictState::Ours,
        Winner::Theirs => ConflictState::Theirs,
        Winner::Open => ConflictState::Open,
    }
}

fn read_conflict(row: &SqliteRow) -> Result<Conflict, Error> {
    let datatype = parsed(row, "conflict", "datatype")?;
    let reading = datatype == crate::domain::sync::Datatype::Reading;
    let base: Option<String> = row.get("base");
    let base = base
        .map(|base| serde_json::from_str(&base))
        .transpose()
        .map_err(|error| Error::unreadable("conflict", "base", error))?;
    Ok(Conflict {
        id: parsed(row, "conflict", "id")?,
        sync: parsed(row, "conflict", "sync")?,
        datatype,
        record: row.get("record"),
        field: row.get("field"),
        time: reading.then(|| row.get("time")),
        ours: column_json(row, "conflict", "ours")?,
        theirs: column_json(row, "conflict", "theirs")?,
        base,
        policy: parsed(row, "conflict", "policy")?,
        state: parsed(row, "conflict", "state")?,
        run: parsed(row, "conflict", "run")?,
        since: row.get("since"),
        decided: row.get("decided"),
    })
}
