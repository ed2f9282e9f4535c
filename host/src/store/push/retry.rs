//! Readings that were tried before: what may have arrived as it was sent, the rest as it stands now.

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::faults::Point;
use crate::domain::sync::Datatype;

use super::super::{Error, Store, issue};
use super::batch::{Outgoing, Sent};
use super::queue::read_sent;
use super::{Push, Retry};

impl Store {
    /// The next batch of readings that were tried before.
    pub async fn retry_readings(
        &self,
        push: &Push,
        retry: Retry,
        limit: usize,
    ) -> Result<Option<Outgoing>, Error> {
        loop {
            let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
            let connection = &mut *transaction;
            self.fence(connection, &push.held).await?;
            let rows = push.tried(connection, retry, limit).await?;
            if rows.is_empty() {
                return Ok(None);
            }
            let mut sent = Vec::with_capacity(rows.len());
            for before in rows {
                sent.extend(push.again(connection, retry, before).await?);
            }
            push.put(connection, &sent).await?;
            let uncertain = retry == Retry::Uncertain;
            let outgoing = push.batch(connection, sent, uncertain, true).await?;
            self.faults.reach(Point::BatchWritten).await?;
            transaction.commit().await?;
            if !outgoing.sent.is_empty() {
                self.faults.reach(Point::BatchKept).await?;
                return Ok(Some(outgoing));
            }
        }
    }
}

impl Push {
    async fn tried(
        &self,
        connection: &mut SqliteConnection,
        retry: Retry,
        limit: usize,
    ) -> Result<Vec<Sent>, Error> {
        let sql = format!(
            "SELECT series_id, time, value, quality, seq FROM outbox WHERE sync = $1 \
             AND $2 <> '' AND {} ORDER BY series_id, time LIMIT $3",
            retry.condition()
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(self.sync.id.as_str())
            .bind(self.held.lease.as_str())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(connection)
            .await?;
        Ok(rows.iter().map(read_sent).collect())
    }

    /// What may have arrived is sent as it was; else as it stands now, if it is still wanted.
    async fn again(
        &self,
        connection: &mut SqliteConnection,
        retry: Retry,
        before: Sent,
    ) -> Result<Option<Sent>, Error> {
        if retry == Retry::Uncertain {
            return Ok(Some(before));
        }
        let sql = format!(
            "SELECT series_id, time, value, quality, seq FROM reading WHERE series_id = $3 \
             AND time = $4 AND {}",
            self.wanted()
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(self.sync.datasource.as_str())
            .bind(self.origin)
            .bind(before.series)
            .bind(before.time)
            .fetch_optional(&mut *connection)
            .await?;
        let Some(now) = row.as_ref().map(read_sent) else {
            self.drop_from_outbox(connection, &before).await?;
            return Ok(None);
        };
        Ok(Some(now))
    }

    async fn drop_from_outbox(
        &self,
        connection: &mut SqliteConnection,
        sent: &Sent,
    ) -> Result<(), Error> {
        sqlx::query("DELETE FROM outbox WHERE sync = $1 AND series_id = $2 AND time = $3")
            .bind(self.sync.id.as_str())
            .bind(sent.series)
            .bind(sent.time)
            .execute(&mut *connection)
            .await?;
        let outgoing = self.batch(connection, vec![*sent], false, true).await?;
        if let Some(place) = outgoing.place(0) {
            issue::clear(connection, &self.sync.id, Datatype::Reading, &place).await?;
        }
        Ok(())
    }

    pub(super) async fn count_outbox(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<u64, Error> {
        let row = sqlx::query("SELECT COUNT(*) AS waiting FROM outbox WHERE sync = $1")
            .bind(self.sync.id.as_str())
            .fetch_one(connection)
            .await?;
        Ok(row.get::<i64, _>("waiting").unsigned_abs())
    }
}
