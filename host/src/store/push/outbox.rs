//! Readings on their way into the outbox: of several in one step of the other system's time the last.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::rfc3339;
use crate::domain::issue::IssueKind;
use crate::domain::sync::Datatype;

use super::super::column::rows;
use super::super::issue::{self, Issued, Keeper, LASTING};
use super::super::{Error, alias, base};
use super::Push;
use super::batch::Sent;

/// Rows in one statement.
pub(super) const ROWS: usize = 500;

impl Push {
    /// Puts readings into the outbox. Of several in one step of the other system's time only the last
    /// is sent; the others are issues.
    pub(super) async fn to_outbox(
        &self,
        connection: &mut SqliteConnection,
        found: Vec<Sent>,
        now: i64,
    ) -> Result<Vec<Sent>, Error> {
        let hidden = self.hidden(connection, &found).await?;
        let mut sent = Vec::with_capacity(found.len());
        let mut issues = Vec::new();
        for found in found {
            let Some(last) = hidden.get(&(found.series, found.time)) else {
                sent.push(found);
                continue;
            };
            self.hand_on(connection, &found, *last).await?;
            if found.value.is_some() {
                issues.push(self.same_step(connection, &found, *last).await?);
            }
        }
        self.put(connection, &sent).await?;
        let keeper = Keeper {
            sync: &self.sync.id,
            datatype: Datatype::Reading,
            run: &self.held.run,
            pass: LASTING,
            part: 0,
            now,
        };
        issue::keep(connection, keeper, &issues).await?;
        Ok(sent)
    }

    /// Marks readings as sent by this run.
    pub(super) async fn put(
        &self,
        connection: &mut SqliteConnection,
        sent: &[Sent],
    ) -> Result<(), Error> {
        for sent in sent.chunks(ROWS) {
            let sql = format!(
                "INSERT INTO outbox (sync, series_id, time, value, quality, seq, state, lease) \
                 VALUES {} ON CONFLICT (sync, series_id, time) DO UPDATE \
                 SET value = excluded.value, quality = excluded.quality, seq = excluded.seq, \
                 state = excluded.state, lease = excluded.lease",
                rows(sent.len(), 8)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(sent.len() == ROWS);
            for sent in sent {
                query = query
                    .bind(self.sync.id.as_str())
                    .bind(sent.series)
                    .bind(sent.time)
                    .bind(sent.value)
                    .bind(sent.quality)
                    .bind(sent.seq)
                    .bind("sent")
                    .bind(self.held.lease.as_str());
            }
            query.execute(&mut *connection).await?;
        }
        self.remember_steps(connection, sent).await
    }

    /// Which of ours stands at a step there, where it is not the one of just that time.
    async fn remember_steps(
        &self,
        connection: &mut SqliteConnection,
        sent: &[Sent],
    ) -> Result<(), Error> {
        let datasource = self.sync.datasource.as_str();
        for sent in sent.iter().filter(|_| self.resolution.step > 1) {
            let step = self.resolution.cut(sent.time);
            if step != sent.time {
                alias::remember(connection, datasource, sent.series, step, sent.time).await?;
            }
        }
        let at_steps: Vec<(i64, i64)> = sent
            .iter()
            .filter(|sent| sent.value.is_some() && self.resolution.cut(sent.time) == sent.time)
            .map(|sent| (sent.series, sent.time))
            .collect();
        if self.resolution.step > 1 {
            alias::forget(connection, datasource, &at_steps).await?;
        }
        Ok(())
    }

    /// The later reading of ours that stands at the same step there, by series and time of those that
    /// have one.
    async fn hidden(
        &self,
        connection: &mut SqliteConnection,
        found: &[Sent],
    ) -> Result<HashMap<(i64, i64), i64>, Error> {
        let mut hidden = HashMap::new();
        if self.resolution.step <= 1 {
            return Ok(hidden);
        }
        for found in found.chunks(ROWS) {
            let sql = format!(
                "WITH found (series_id, time, step) AS (VALUES {}) SELECT series_id, time, \
                 (SELECT MAX(reading.time) FROM reading WHERE reading.series_id = found.series_id \
                 AND reading.time BETWEEN step AND step + ? AND value IS NOT NULL) AS last FROM found",
                rows(found.len(), 3)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(found.len() == ROWS);
            for found in found {
                let step = self.resolution.cut(found.time);
                query = query.bind(found.series).bind(found.time).bind(step);
            }
            let query = query.bind(self.resolution.step - 1);
            for row in query.fetch_all(&mut *connection).await? {
                let (series, time): (i64, i64) = (row.get("series_id"), row.get("time"));
                let last: Option<i64> = row.get("last");
                hidden.extend(last.filter(|last| *last != time).map(|last| ((series, time), last)));
            }
        }
        Ok(hidden)
    }

    /// What was agreed on under a time that is not sent is agreed on under the one that is.
    async fn hand_on(
        &self,
        connection: &mut SqliteConnection,
        found: &Sent,
        last: i64,
    ) -> Result<(), Error> {
        sqlx::query(
            "UPDATE base SET known = 1, value = old.value, quality = old.quality \
             FROM (SELECT value, quality FROM base WHERE datasource = $1 AND series_id = $2 \
             AND time = $3 AND known = 1) AS old WHERE datasource = $1 AND series_id = $2 \
             AND time = $4 AND known = 0",
        )
        .bind(self.sync.datasource.as_str())
        .bind(found.series)
        .bind(found.time)
        .bind(last)
        .execute(&mut *connection)
        .await?;
        let key = (found.series, found.time);
        base::forget(connection, self.sync.datasource.as_str(), key).await
    }

    async fn same_step(
        &self,
        connection: &mut SqliteConnection,
        found: &Sent,
        last: i64,
    ) -> Result<Issued, Error> {
        let row = sqlx::query(
            "SELECT resource.name, series.property FROM series \
             JOIN resource ON resource.id = series.resource WHERE series.id = $1",
        )
        .bind(found.series)
        .fetch_one(connection)
        .await?;
        let (name, property): (String, String) = (row.get("name"), row.get("property"));
        Ok(Issued {
            kind: IssueKind::SameStep,
            place: format!("{name} {property} at {}", rfc3339(found.time)),
            reason: format!(
                "the other system keeps steps of {} ms, and has {} for this one",
                self.resolution.step,
                rfc3339(last)
            ),
            raw: found.value.map_or_else(String::new, |value| value.to_string()),
        })
    }
}
