//! The next readings to push: the history of series new to the sync, then the change log.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::faults::{Point, Protection};

use super::super::{Error, Store};
use super::batch::{Outgoing, Sent};
use super::{At, Push, Waiting};

/// Rows of the change log looked at in one transaction.
const LOG_ROWS_MAX: i64 = 500;

/// What is to be pushed of readings: `$1` datasource, `$2` its number, `$3` series.
const WANTED: &str = "reading.origin <> $2 AND ((SELECT owner FROM series WHERE id = $3) \
     IS DISTINCT FROM $1 OR EXISTS (SELECT 1 FROM base WHERE base.datasource = $1 \
     AND base.series_id = $3 AND base.time = reading.time)) \
     AND NOT EXISTS (SELECT 1 FROM conflict WHERE conflict.datasource = $1 \
     AND conflict.datatype = 'reading' AND conflict.series_id = $3 \
     AND conflict.time = reading.time AND conflict.state = 'open')";

impl Store {
    /// The next batch of at most `limit` new readings, now in the outbox; none: nothing is new.
    pub async fn next_readings(
        &self,
        push: &Push,
        limit: usize,
        now: i64,
    ) -> Result<Option<Outgoing>, Error> {
        loop {
            let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
            let connection = &mut *transaction;
            self.fence(connection, &push.held).await?;
            let at = push.standing(connection).await?;
            let Some(found) = push.look(connection, at, limit).await? else { return Ok(None) };
            let sent = push.to_outbox(connection, found, now).await?;
            let outgoing = push.batch(connection, sent, false, false).await?;
            self.faults.reach(Point::BatchWritten).await?;
            transaction.commit().await?;
            if !outgoing.sent.is_empty() {
                self.faults.reach(Point::BatchKept).await?;
                return Ok(Some(outgoing));
            }
        }
    }

    pub(super) async fn waiting_readings(&self, push: &Push) -> Result<Waiting, Error> {
        // Handed to the outbox and rolled back: what a run would do, batch after batch.
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let connection = &mut *transaction;
        push.take_in(connection).await?;
        let mut waiting =
            Waiting { retry: push.count_outbox(connection).await?, ..Waiting::default() };
        loop {
            let at = push.standing(connection).await?;
            let Some(found) = push.look(connection, at, 1_000).await? else { break };
            for sent in &found {
                if push.is_there(connection, sent).await? {
                    waiting.update += 1;
                } else {
                    waiting.create += 1;
                }
            }
        }
        transaction.rollback().await?;
        Ok(waiting)
    }
}

impl Push {
    async fn standing(&self, connection: &mut SqliteConnection) -> Result<At, Error> {
        let row = sqlx::query(
            "SELECT seq, series_id, time FROM push WHERE sync = $1 AND datatype = 'reading'",
        )
        .bind(self.sync.id.as_str())
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(row) = row {
            Ok(At { seq: row.get("seq"), series: row.get("series_id"), time: row.get("time") })
        } else {
            // What is there already is the history of series that are new to the sync.
            let at = At::behind(self.upper);
            self.move_to(connection, at).await?;
            Ok(at)
        }
    }

    pub(super) async fn move_to(
        &self,
        connection: &mut SqliteConnection,
        at: At,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO push (sync, datatype, seq, series_id, time) \
             VALUES ($1, 'reading', $2, $3, $4) ON CONFLICT (sync, datatype) DO UPDATE \
             SET seq = excluded.seq, series_id = excluded.series_id, time = excluded.time",
        )
        .bind(self.sync.id.as_str())
        .bind(at.seq)
        .bind(at.series)
        .bind(at.time)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// The next readings, and the places moved behind them; none: there is nothing more.
    async fn look(
        &self,
        connection: &mut SqliteConnection,
        at: At,
        limit: usize,
    ) -> Result<Option<Vec<Sent>>, Error> {
        if let Some(found) = self.look_back(connection, at, limit).await? {
            return Ok(Some(found));
        }
        self.look_ahead(connection, at, limit).await
    }

    /// The history of one series that is new to the sync, as far as the log does not bring it.
    async fn look_back(
        &self,
        connection: &mut SqliteConnection,
        at: At,
        limit: usize,
    ) -> Result<Option<Vec<Sent>>, Error> {
        let row = sqlx::query(
            "SELECT covered.series_id, backfill, owner FROM covered \
             JOIN series ON series.id = covered.series_id \
             WHERE sync = $1 AND backfill IS NOT NULL ORDER BY covered.series_id LIMIT 1",
        )
        .bind(self.sync.id.as_str())
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let (series, after): (i64, i64) = (row.get("series_id"), row.get("backfill"));
        let owned =
            row.get::<Option<String>, _>("owner").as_deref() == Some(self.sync.datasource.as_str());
        // Of a series that is pulled, only what is open can be wanted.
        let among = if owned {
            "base JOIN reading ON reading.series_id = base.series_id AND reading.time = base.time \
             WHERE base.datasource = $1 AND base.series_id = $3 AND base.time > $4"
        } else {
            "reading WHERE reading.series_id = $3 AND reading.time > $4"
        };
        let sql = format!(
            "SELECT reading.series_id, reading.time, reading.value, reading.quality, reading.seq \
             FROM {among} AND {} AND (reading.seq, reading.series_id, reading.time) <= ($5, $6, $7) \
             ORDER BY reading.time LIMIT $8",
            self.wanted()
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(self.sync.datasource.as_str())
            .bind(self.origin)
            .bind(series)
            .bind(after)
            .bind(at.seq)
            .bind(at.series)
            .bind(at.time)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&mut *connection)
            .await?;
        let found: Vec<Sent> = rows.iter().map(read_sent).collect();
        let next = if found.len() < limit { None } else { found.last().map(|sent| sent.time) };
        sqlx::query("UPDATE covered SET backfill = $1 WHERE sync = $2 AND series_id = $3")
            .bind(next)
            .bind(self.sync.id.as_str())
            .bind(series)
            .execute(connection)
            .await?;
        Ok(Some(found))
    }

    /// What the change log brings after `at`.
    async fn look_ahead(
        &self,
        connection: &mut SqliteConnection,
        at: At,
        limit: usize,
    ) -> Result<Option<Vec<Sent>>, Error> {
        if at >= At::behind(self.upper) {
            return Ok(None);
        }
        let rows = self.log_rows(connection, at).await?;
        let mut found = Vec::new();
        let mut reached = At::behind(self.upper);
        for row in &rows {
            let (seq, series): (i64, i64) = (row.get("seq"), row.get("series_id"));
            let again = (seq, series) == (at.seq, at.series);
            let first =
                if again { row.get::<i64, _>("first").max(at.time + 1) } else { row.get("first") };
            let room = limit - found.len();
            let more = self.log_row(connection, row, first, room).await?;
            let full = more.len() == room;
            found.extend(more);
            reached = At { seq, series, time: row.get("last") };
            if full {
                reached.time = found.last().map_or(reached.time, |sent: &Sent| sent.time);
                break;
            }
        }
        let all = i64::try_from(rows.len()).unwrap_or(i64::MAX) < LOG_ROWS_MAX;
        if all && found.len() < limit {
            reached = At::behind(self.upper);
        }
        self.move_to(connection, reached).await?;
        Ok(Some(found))
    }

    async fn log_rows(
        &self,
        connection: &mut SqliteConnection,
        at: At,
    ) -> Result<Vec<SqliteRow>, Error> {
        let echo = if self.faults.lack(Protection::Echo) { "" } else { "AND origin <> $7" };
        let sql = format!(
            "SELECT seq, series_id, first, last, origin FROM change WHERE organisation = $1 \
             AND seq BETWEEN $2 AND $3 AND (seq > $2 OR series_id > $4 \
             OR (series_id = $4 AND last > $5)) {echo} AND EXISTS (SELECT 1 FROM covered \
             WHERE covered.sync = $6 AND covered.series_id = change.series_id) \
             ORDER BY seq, series_id, first LIMIT $8"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(self.sync.organisation.as_str())
            .bind(at.seq)
            .bind(self.upper)
            .bind(at.series)
            .bind(at.time)
            .bind(self.sync.id.as_str())
            .bind(self.origin)
            .bind(LOG_ROWS_MAX)
            .fetch_all(connection)
            .await?;
        Ok(rows)
    }

    async fn log_row(
        &self,
        connection: &mut SqliteConnection,
        row: &SqliteRow,
        first: i64,
        room: usize,
    ) -> Result<Vec<Sent>, Error> {
        let sql = format!(
            "SELECT series_id, time, value, quality, seq FROM reading WHERE series_id = $3 \
             AND time BETWEEN $4 AND $5 AND seq = $6 AND origin = $7 AND {} \
             ORDER BY time LIMIT $8",
            self.wanted()
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(self.sync.datasource.as_str())
            .bind(self.origin)
            .bind(row.get::<i64, _>("series_id"))
            .bind(first)
            .bind(row.get::<i64, _>("last"))
            .bind(row.get::<i64, _>("seq"))
            .bind(row.get::<i64, _>("origin"))
            .bind(i64::try_from(room).unwrap_or(i64::MAX))
            .fetch_all(connection)
            .await?;
        Ok(rows.iter().map(read_sent).collect())
    }

    pub(super) fn wanted(&self) -> &'static str {
        // What came from there would go back: all of it, where the protection is taken away.
        if self.faults.lack(Protection::Echo) {
            "$1 IS NOT NULL AND $2 IS NOT NULL"
        } else {
            WANTED
        }
    }

    /// As far as is known here, the other system has a reading of that key.
    async fn is_there(
        &self,
        connection: &mut SqliteConnection,
        sent: &Sent,
    ) -> Result<bool, Error> {
        let row = sqlx::query(
            "SELECT EXISTS (SELECT 1 FROM base WHERE datasource = $1 AND series_id = $2 \
             AND time = $3 AND known = 1) AS there",
        )
        .bind(self.sync.datasource.as_str())
        .bind(sent.series)
        .bind(sent.time)
        .fetch_one(connection)
        .await?;
        Ok(row.get::<i64, _>("there") != 0)
    }
}

pub(super) fn read_sent(row: &SqliteRow) -> Sent {
    Sent {
        series: row.get("series_id"),
        time: row.get("time"),
        value: row.get("value"),
        quality: row.get("quality"),
        seq: row.get("seq"),
    }
}
