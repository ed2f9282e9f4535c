//! Readings on their way into the outbox: of several in one step of the other system's time the last.

use sqlx::{Row as _, SqliteConnection};

use crate::domain::clock::rfc3339;
use crate::domain::issue::IssueKind;
use crate::domain::sync::Datatype;

use super::super::issue::{self, Issued, Keeper, LASTING};
use super::super::{Error, alias, base};
use super::Push;
use super::batch::Sent;

impl Push {
    /// Puts readings into the outbox. Of several in one step of the other system's time only the last
    /// is sent; the others are issues.
    pub(super) async fn to_outbox(
        &self,
        connection: &mut SqliteConnection,
        found: Vec<Sent>,
        now: i64,
    ) -> Result<Vec<Sent>, Error> {
        let mut sent = Vec::with_capacity(found.len());
        let mut issues = Vec::new();
        for found in found {
            if let Some(time) = self.hidden_by(connection, &found).await? {
                self.hand_on(connection, &found, time).await?;
                if found.value.is_some() {
                    issues.push(self.same_step(connection, &found, time).await?);
                }
            } else {
                self.put(connection, &found).await?;
                sent.push(found);
            }
        }
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

    /// What is unknown stays so, whatever it is to become: it has to be looked for.
    pub(super) async fn put(
        &self,
        connection: &mut SqliteConnection,
        sent: &Sent,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO outbox (sync, series_id, time, value, quality, seq, state, lease) \
             VALUES ($1, $2, $3, $4, $5, $6, 'sent', $7) ON CONFLICT (sync, series_id, time) \
             DO UPDATE SET value = excluded.value, quality = excluded.quality, \
             seq = excluded.seq, state = 'sent', lease = excluded.lease",
        )
        .bind(self.sync.id.as_str())
        .bind(sent.series)
        .bind(sent.time)
        .bind(sent.value)
        .bind(sent.quality)
        .bind(sent.seq)
        .bind(self.held.lease.as_str())
        .execute(&mut *connection)
        .await?;
        let (datasource, step) = (self.sync.datasource.as_str(), self.resolution.cut(sent.time));
        if self.resolution.step > 1 && (step != sent.time || sent.value.is_some()) {
            alias::remember(connection, datasource, sent.series, step, sent.time).await?;
        }
        Ok(())
    }

    /// The later reading of ours that stands at the same step there.
    async fn hidden_by(
        &self,
        connection: &mut SqliteConnection,
        found: &Sent,
    ) -> Result<Option<i64>, Error> {
        if self.resolution.step <= 1 {
            return Ok(None);
        }
        let step = self.resolution.cut(found.time);
        let row = sqlx::query(
            "SELECT MAX(time) AS time FROM reading WHERE series_id = $1 \
             AND time BETWEEN $2 AND $3 AND value IS NOT NULL",
        )
        .bind(found.series)
        .bind(step)
        .bind(step.saturating_add(self.resolution.step - 1))
        .fetch_one(connection)
        .await?;
        let last: Option<i64> = row.get("time");
        Ok(last.filter(|last| *last != found.time))
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
