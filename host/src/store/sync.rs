//! Syncs: what moves between one datasource and OurWater, within one organisation.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::{DatasourceId, OrganisationId, SyncId};
use crate::domain::name::Name;
use crate::domain::plan::Policy;
use crate::domain::sync::{
    Datatype, Matching, Method, MissingResource, Rules, Schedule, Selection, Sync,
};

use super::column::{json, parsed};
use super::{Error, Store};

/// What a sync is made of.
#[derive(Debug, Clone)]
pub struct NewSync {
    /// Of the same organisation.
    pub datasource: DatasourceId,
    /// Unique in the organisation.
    pub name: Name,
    /// What a run does; kept each once, in order.
    pub methods: Vec<Method>,
    /// What moves; kept each once, in order.
    pub datatypes: Vec<Datatype>,
    /// External ids of resources.
    pub only: Selection,
    /// Runs once to completion.
    pub one_time: bool,
    /// May run.
    pub enabled: bool,
    /// What happens to a reading whose resource is unknown.
    pub missing_resource: MissingResource,
    /// What it decides by itself.
    pub rules: Rules,
}

/// What is to change; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct SyncChange {
    /// Unique in the organisation.
    pub name: Option<Name>,
    /// What a run does.
    pub methods: Option<Vec<Method>>,
    /// What moves.
    pub datatypes: Option<Vec<Datatype>>,
    /// External ids of resources.
    pub only: Option<Selection>,
    /// Runs once to completion; a sync that no longer does is no longer consumed.
    pub one_time: Option<bool>,
    /// May run.
    pub enabled: Option<bool>,
    /// What happens to a reading whose resource is unknown.
    pub missing_resource: Option<MissingResource>,
    /// Who wins a conflict.
    pub policy: Option<Policy>,
    /// When it runs by itself.
    pub schedule: Option<Schedule>,
    /// What happens to resources that look the same.
    pub matching: Option<Matching>,
    /// Per cent of what is there that a run may change before it asks.
    pub change_percent_max: Option<u32>,
    /// When the last run that completed started, ms. Where that of a pull is set, the next run reads
    /// the source from its beginning, which is harmless: what is there already stays.
    pub last_sync: BTreeMap<Method, Timestamp>,
}

const COLUMNS: &str = "SELECT id, organisation, datasource, name, methods, datatypes, selection, \
     one_time, enabled, consumed, missing_resource, policy, schedule, matching, \
     change_percent_max, created FROM sync WHERE organisation = $1";

/// What goes with a sync, in an order that leaves nothing pointing at what is gone.
const OF_A_SYNC: [&str; 12] = [
    "DELETE FROM last_sync WHERE sync = $1",
    "DELETE FROM push WHERE sync = $1",
    "DELETE FROM covered WHERE sync = $1",
    "DELETE FROM outbox WHERE sync = $1",
    "DELETE FROM outbox_place WHERE sync = $1",
    "DELETE FROM conflict WHERE sync = $1",
    "DELETE FROM received WHERE sync = $1",
    "DELETE FROM issue WHERE sync = $1",
    "DELETE FROM cursor WHERE sync = $1",
    "DELETE FROM run_log WHERE run IN (SELECT id FROM run WHERE sync = $1)",
    "DELETE FROM run WHERE sync = $1",
    "DELETE FROM sync WHERE id = $1",
];

impl Store {
    /// Makes one; another organisation's datasource is not found.
    pub async fn create_sync(
        &self,
        organisation: &OrganisationId,
        new: NewSync,
        clock: &Clock,
    ) -> Result<Sync, Error> {
        self.datasource(organisation, &new.datasource).await?;
        let sync = Sync {
            id: SyncId::random(),
            organisation: organisation.clone(),
            datasource: new.datasource,
            name: new.name.into(),
            methods: in_order(new.methods),
            datatypes: in_order(new.datatypes),
            only: new.only,
            one_time: new.one_time,
            enabled: new.enabled,
            consumed: false,
            missing_resource: new.missing_resource,
            rules: new.rules,
            last_sync: BTreeMap::new(),
            created: clock.now(),
        };
        insert(&self.write, &sync).await?;
        Ok(sync)
    }

    /// An organisation's, by name.
    pub async fn syncs(&self, organisation: &OrganisationId) -> Result<Vec<Sync>, Error> {
        let sql = format!("{COLUMNS} ORDER BY name");
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(organisation.as_str())
            .fetch_all(&self.read)
            .await?;
        let mut syncs = Vec::with_capacity(rows.len());
        for row in &rows {
            syncs.push(self.read_sync(row).await?);
        }
        Ok(syncs)
    }

    /// One of an organisation's.
    pub async fn sync(&self, organisation: &OrganisationId, id: &SyncId) -> Result<Sync, Error> {
        let found = self.sync_where(organisation, "id", id.as_str()).await?;
        found.ok_or_else(|| not_found(id))
    }

    /// The one of an organisation's with that name.
    pub async fn sync_named(
        &self,
        organisation: &OrganisationId,
        name: &str,
    ) -> Result<Sync, Error> {
        let found = self.sync_where(organisation, "name", name).await?;
        found.ok_or_else(|| Error::NotFound { what: "sync", id: format!("{name:?}") })
    }

    /// Changes what is given.
    pub async fn change_sync(
        &self,
        organisation: &OrganisationId,
        id: &SyncId,
        change: SyncChange,
    ) -> Result<Sync, Error> {
        let name = change.name.map(String::from);
        let changed = sqlx::query(
            "UPDATE sync SET name = COALESCE($1, name), methods = COALESCE($2, methods), \
             datatypes = COALESCE($3, datatypes), selection = COALESCE($4, selection), \
             one_time = COALESCE($5, one_time), consumed = consumed * COALESCE($5, one_time), \
             enabled = COALESCE($6, enabled), \
             missing_resource = COALESCE($7, missing_resource), policy = COALESCE($8, policy), \
             schedule = COALESCE($9, schedule), matching = COALESCE($10, matching), \
             change_percent_max = COALESCE($11, change_percent_max) \
             WHERE id = $12 AND organisation = $13",
        )
        .bind(&name)
        .bind(change.methods.map(|methods| text(&in_order(methods))))
        .bind(change.datatypes.map(|datatypes| text(&in_order(datatypes))))
        .bind(change.only.as_ref().map(text))
        .bind(change.one_time.map(i64::from))
        .bind(change.enabled.map(i64::from))
        .bind(change.missing_resource.map(MissingResource::as_str))
        .bind(change.policy.map(Policy::as_str))
        .bind(change.schedule.map(Schedule::as_str))
        .bind(change.matching.map(Matching::as_str))
        .bind(change.change_percent_max)
        .bind(id.as_str())
        .bind(organisation.as_str())
        .execute(&self.write)
        .await
        .map_err(|error| Error::taken(error, "sync", &name.unwrap_or_default()))?;
        if changed.rows_affected() == 0 {
            return Err(not_found(id));
        }
        for (method, at) in &change.last_sync {
            set_last_sync(&self.write, id, *method, *at).await?;
        }
        if change.last_sync.contains_key(&Method::PullFromDatasource) {
            // A cursor that belongs to nothing: the next run begins anew.
            sqlx::query("UPDATE cursor SET digest = '' WHERE sync = $1 AND part >= 0")
                .bind(id.as_str())
                .execute(&self.write)
                .await?;
        }
        self.sync(organisation, id).await
    }

    /// Deletes one that is not running, with its runs and issues. What it moved stays.
    pub async fn delete_sync(
        &self,
        organisation: &OrganisationId,
        id: &SyncId,
    ) -> Result<(), Error> {
        let sync = self.sync(organisation, id).await?;
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(run) = living_run(&mut transaction, &sync.id).await? {
            let by = format!("the run {run}, which is going on");
            return Err(Error::InUseBy { what: "sync", by });
        }
        for statement in OF_A_SYNC {
            sqlx::query(statement).bind(sync.id.as_str()).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn sync_where(
        &self,
        organisation: &OrganisationId,
        column: &'static str,
        value: &str,
    ) -> Result<Option<Sync>, Error> {
        let sql = format!("{COLUMNS} AND {column} = $2");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(organisation.as_str())
            .bind(value)
            .fetch_optional(&self.read)
            .await?;
        match row {
            Some(row) => Ok(Some(self.read_sync(&row).await?)),
            None => Ok(None),
        }
    }

    async fn read_sync(&self, row: &SqliteRow) -> Result<Sync, Error> {
        let rows = sqlx::query("SELECT method, at FROM last_sync WHERE sync = $1")
            .bind(row.get::<String, _>("id"))
            .fetch_all(&self.read)
            .await?;
        let last = |row: &SqliteRow| Ok((parsed(row, "last_sync", "method")?, row.get("at")));
        let last_sync = rows.iter().map(last).collect::<Result<_, Error>>()?;
        Ok(Sync { last_sync, ..read_columns(row)? })
    }
}

/// Moves `lastSyncDate` of one method.
pub(in crate::store) async fn set_last_sync(
    executor: impl sqlx::SqliteExecutor<'_>,
    sync: &SyncId,
    method: Method,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO last_sync (sync, method, at) VALUES ($1, $2, $3) \
         ON CONFLICT (sync, method) DO UPDATE SET at = excluded.at",
    )
    .bind(sync.as_str())
    .bind(method.as_str())
    .bind(at)
    .execute(executor)
    .await?;
    Ok(())
}

async fn insert(write: &sqlx::SqlitePool, sync: &Sync) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO sync (id, organisation, datasource, name, methods, datatypes, selection, \
         one_time, enabled, consumed, missing_resource, policy, schedule, matching, \
         change_percent_max, created) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13, $14, $15)",
    )
    .bind(sync.id.as_str())
    .bind(sync.organisation.as_str())
    .bind(sync.datasource.as_str())
    .bind(&sync.name)
    .bind(text(&sync.methods))
    .bind(text(&sync.datatypes))
    .bind(text(&sync.only))
    .bind(i64::from(sync.one_time))
    .bind(i64::from(sync.enabled))
    .bind(sync.missing_resource.as_str())
    .bind(sync.rules.policy.as_str())
    .bind(sync.rules.schedule.as_str())
    .bind(sync.rules.matching.as_str())
    .bind(sync.rules.change_percent_max)
    .bind(sync.created)
    .execute(write)
    .await
    .map_err(|error| Error::taken(error, "sync", &sync.name))?;
    Ok(())
}

async fn living_run(
    transaction: &mut SqliteConnection,
    id: &SyncId,
) -> Result<Option<String>, Error> {
    let row = sqlx::query("SELECT id FROM run WHERE sync = $1 AND lease IS NOT NULL")
        .bind(id.as_str())
        .fetch_optional(transaction)
        .await?;
    Ok(row.map(|row| row.get("id")))
}

fn in_order<T: Ord>(mut words: Vec<T>) -> Vec<T> {
    words.sort();
    words.dedup();
    words
}

fn text<T: serde::Serialize>(value: &T) -> String {
    serde_json::json!(value).to_string()
}

fn not_found(id: &SyncId) -> Error {
    Error::NotFound { what: "sync", id: id.to_string() }
}

/// All but the dates, which are rows of their own.
fn read_columns(row: &SqliteRow) -> Result<Sync, Error> {
    let flag = |column| row.get::<i64, _>(column) != 0;
    Ok(Sync {
        id: parsed(row, "sync", "id")?,
        organisation: parsed(row, "sync", "organisation")?,
        datasource: parsed(row, "sync", "datasource")?,
        name: row.get("name"),
        methods: json(row, "sync", "methods")?,
        datatypes: json(row, "sync", "datatypes")?,
        only: json(row, "sync", "selection")?,
        one_time: flag("one_time"),
        enabled: flag("enabled"),
        consumed: flag("consumed"),
        missing_resource: parsed(row, "sync", "missing_resource")?,
        rules: Rules {
            policy: parsed(row, "sync", "policy")?,
            schedule: parsed(row, "sync", "schedule")?,
            matching: parsed(row, "sync", "matching")?,
            change_percent_max: row.get("change_percent_max"),
        },
        last_sync: BTreeMap::new(),
        created: row.get("created"),
    })
}
