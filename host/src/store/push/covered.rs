//! Which series a sync pushes: those of resources that the other system has and the sync selects.

use sqlx::{Row as _, SqliteConnection};

use super::super::place::member;
use super::super::{Error, Store};
use super::Push;

/// Before every time.
const BEGINNING: i64 = i64::MIN;

impl Store {
    /// Takes new series in, to be pushed from their beginning, and lets go those no longer selected.
    pub async fn cover(&self, push: &Push) -> Result<(), Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        self.fence(&mut transaction, &push.held).await?;
        push.take_in(&mut transaction).await?;
        push.let_go(&mut transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}

impl Push {
    /// Whether the sync selects a resource, by its own id or one of its groups'.
    pub(super) async fn selects(
        &self,
        connection: &mut SqliteConnection,
        resource: &str,
        external_id: Option<&str>,
    ) -> Result<bool, Error> {
        let only = self.sync.only.ids();
        let selected = |id: &str| only.binary_search_by(|it| it.as_str().cmp(id)).is_ok();
        if only.is_empty() || external_id.is_some_and(selected) {
            return Ok(true);
        }
        let groups = member::groups(connection, self.sync.datasource.as_str(), resource).await?;
        Ok(groups.iter().any(|group| selected(group)))
    }

    pub(super) async fn take_in(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        let rows = sqlx::query(
            "SELECT series.id, series.resource, MIN(external_id) AS external_id FROM series \
             JOIN resource ON resource.id = series.resource AND described = 1 \
             JOIN link ON link.our_id = series.resource AND link.kind = 'resource' \
             AND link.datasource = $1 AND gone = 0 WHERE series.organisation = $2 \
             AND NOT EXISTS (SELECT 1 FROM covered WHERE covered.sync = $3 \
             AND covered.series_id = series.id) GROUP BY series.id",
        )
        .bind(self.sync.datasource.as_str())
        .bind(self.sync.organisation.as_str())
        .bind(self.sync.id.as_str())
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            let (resource, id): (String, String) = (row.get("resource"), row.get("external_id"));
            if !self.selects(connection, &resource, Some(&id)).await? {
                continue;
            }
            sqlx::query("INSERT INTO covered (sync, series_id, backfill) VALUES ($1, $2, $3)")
                .bind(self.sync.id.as_str())
                .bind(row.get::<i64, _>("id"))
                .bind(BEGINNING)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }

    async fn let_go(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        if self.sync.only.ids().is_empty() {
            return Ok(());
        }
        let rows = sqlx::query(
            "SELECT covered.series_id, series.resource, MIN(external_id) AS external_id \
             FROM covered JOIN series ON series.id = covered.series_id \
             LEFT JOIN link ON link.our_id = series.resource AND link.kind = 'resource' \
             AND link.datasource = $1 WHERE covered.sync = $2 GROUP BY covered.series_id",
        )
        .bind(self.sync.datasource.as_str())
        .bind(self.sync.id.as_str())
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            let (resource, id): (String, Option<String>) =
                (row.get("resource"), row.get("external_id"));
            if self.selects(connection, &resource, id.as_deref()).await? {
                continue;
            }
            sqlx::query("DELETE FROM covered WHERE sync = $1 AND series_id = $2")
                .bind(self.sync.id.as_str())
                .bind(row.get::<i64, _>("series_id"))
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}
