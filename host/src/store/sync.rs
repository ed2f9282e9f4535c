//! Syncs: what moves between one datasource and OurWater, within one organisation.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::{Clock, Timestamp};
use crate::domain::id::{DatasourceId, OrganisationId, SyncId};
use crate::domain::name::Name;
use crate::domain::sync::{Datatype, Method, MissingResource, Selection, Sync};

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
    /// When the last run that completed started, ms; set back to ask a datasource again.
    pub last_sync: Option<Timestamp>,
}

const COLUMNS: &str = "SELECT id, organisation, datasource, name, methods, datatypes, selection, \
     one_time, enabled, consumed, missing_resource, last_sync, created FROM sync \
     WHERE organisation = $1";

/// What goes with a sync, in an order that leaves nothing pointing at what is gone.
const OF_A_SYNC: [&str; 5] = [
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
            last_sync: 0,
            created: clock.now(),
        };
        insert(&self.write, &sync).await?;
        Ok(sync)
    }

    /// An organisation's, by name.
    pub async fn syncs(&self, organisation: &OrganisationId) -> Result<Vec<Sync>, Error> {
        let sql = format!("{COLUMNS} ORDER BY name");
        sqlx::query(AssertSqlSafe(sql))
            .bind(organisation.as_str())
            .fetch_all(&self.read)
            .await?
            .iter()
            .map(read_sync)
            .collect()
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
             enabled = COALESCE($6, enabled), last_sync = COALESCE($7, last_sync), \
             missing_resource = COALESCE($8, missing_resource) \
             WHERE id = $9 AND organisation = $10",
        )
        .bind(&name)
        .bind(change.methods.map(|methods| text(&in_order(methods))))
        .bind(change.datatypes.map(|datatypes| text(&in_order(datatypes))))
        .bind(change.only.as_ref().map(text))
        .bind(change.one_time.map(i64::from))
        .bind(change.enabled.map(i64::from))
        .bind(change.last_sync)
        .bind(change.missing_resource.map(MissingResource::as_str))
        .bind(id.as_str())
        .bind(organisation.as_str())
        .execute(&self.write)
        .await
        .map_err(|error| Error::taken(error, "sync", &name.unwrap_or_default()))?;
        if changed.rows_affected() == 0 {
            return Err(not_found(id));
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
        row.map(|row| read_sync(&row)).transpose()
    }
}

async fn insert(write: &sqlx::SqlitePool, sync: &Sync) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO sync (id, organisation, datasource, name, methods, datatypes, selection, \
         one_time, enabled, consumed, missing_resource, last_sync, created) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, 0, $11)",
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

fn read_sync(row: &SqliteRow) -> Result<Sync, Error> {
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
        last_sync: row.get("last_sync"),
        created: row.get("created"),
    })
}
