//! What other systems posted: which records a sync takes, and the receipt that each key got.

use sqlx::Row as _;

use crate::domain::clock::Timestamp;
use crate::domain::id::{RunId, SyncId};
use crate::domain::run::RECEIVED;
use crate::domain::sync::Sync;

use super::column::parsed;
use super::place::member;
use super::{Error, Store, link};

/// Receipts kept for a sync; a key older than all of them is new again.
const RECEIPTS_KEPT_MAX: i64 = 10_000;

/// A receipt that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Of the body it was given for, in hexadecimal.
    pub sha256: String,
    /// JSON.
    pub receipt: String,
}

impl Store {
    /// The receipt that a key got.
    pub async fn given(&self, sync: &SyncId, key: &str) -> Result<Option<Given>, Error> {
        let row = sqlx::query("SELECT sha256, receipt FROM received WHERE sync = $1 AND key = $2")
            .bind(sync.as_str())
            .bind(key)
            .fetch_optional(&self.write)
            .await?;
        Ok(row.map(|row| Given { sha256: row.get("sha256"), receipt: row.get("receipt") }))
    }

    /// Keeps the receipt of a key.
    pub async fn give(
        &self,
        sync: &SyncId,
        key: &str,
        given: &Given,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO received (sync, key, sha256, receipt, at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (sync, key) DO NOTHING",
        )
        .bind(sync.as_str())
        .bind(key)
        .bind(&given.sha256)
        .bind(&given.receipt)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM received WHERE sync = $1 AND key IN (SELECT key FROM received \
             WHERE sync = $1 ORDER BY at DESC, key LIMIT $3 OFFSET $2)",
        )
        .bind(sync.as_str())
        .bind(RECEIPTS_KEPT_MAX)
        .bind(i64::MAX)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A run of a sync that OurWater started and that has not ended.
    pub async fn own_open_run(&self, sync: &SyncId) -> Result<Option<RunId>, Error> {
        let row =
            sqlx::query("SELECT id FROM run WHERE sync = $1 AND ended IS NULL AND plugin <> $2")
                .bind(sync.as_str())
                .bind(RECEIVED)
                .fetch_optional(&self.write)
                .await?;
        row.map(|row| parsed(&row, "run", "id")).transpose()
    }

    /// External ids of the groups that a resource of a sync's datasource is in, as far as is known.
    pub async fn groups_of(&self, sync: &Sync, external_id: &str) -> Result<Vec<String>, Error> {
        let mut connection = self.read.acquire().await?;
        let datasource = sync.datasource.as_str();
        match link::ours(&mut connection, datasource, "resource", external_id).await? {
            Some(resource) => member::groups(&mut connection, datasource, &resource).await,
            None => Ok(Vec::new()),
        }
    }
}
