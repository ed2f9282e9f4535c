//! A receipt becomes the end of each record's stay in the outbox, or the reason why it goes on.

use sqlx::SqliteConnection;

use crate::domain::batch::Receipt;
use crate::domain::clock::rfc3339;
use crate::domain::faults::Point;
use crate::domain::issue::IssueKind;
use crate::domain::run::Pushed;
use crate::domain::sync::Datatype;

use super::super::issue::{self, Issued, Keeper, LASTING};
use super::super::{Error, Store};
use super::Push;
use super::batch::{Outgoing, Sent};

/// Why a record stays in the outbox.
pub(super) const REFUSED: &str = "refused";
pub(super) const CONFLICTING: &str = "conflicting";
pub(super) const UNKNOWN: &str = "unknown";
pub(super) const UNTRIED: &str = "untried";

impl Store {
    /// Saves what became of a batch of readings.
    pub async fn acknowledge_readings(
        &self,
        push: &Push,
        outgoing: &Outgoing,
        receipt: &Receipt,
        now: i64,
    ) -> Result<Pushed, Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let connection = &mut *transaction;
        self.fence(connection, &push.held).await?;
        for (at, state, reason) in staying(receipt, outgoing.batch.uncertain) {
            let Some(sent) = outgoing.sent.get(at) else { continue };
            push.stay(connection, sent, state).await?;
            if let Some(place) = outgoing.place(at) {
                push.keep_issue(connection, Datatype::Reading, place, state, reason, now).await?;
            }
        }
        if outgoing.retried {
            for at in taken(receipt, outgoing.sent.len()) {
                if let Some(place) = outgoing.place(at) {
                    let sync = &push.sync.id;
                    issue::clear(connection, sync, Datatype::Reading, &place).await?;
                }
            }
        }
        push.agree_on_taken(connection).await?;
        let pushed = pushed(receipt);
        push.count(connection, pushed).await?;
        self.faults.reach(Point::ReceiptWritten).await?;
        transaction.commit().await?;
        self.faults.reach(Point::ReceiptSaved).await?;
        Ok(pushed)
    }
}

impl Outgoing {
    /// How people find a reading.
    pub(super) fn place(&self, at: usize) -> Option<String> {
        let sent = self.sent.get(at)?;
        let series = self.series.get(&sent.series)?;
        let label = if series.name.is_empty() { &series.property } else { &series.name };
        Some(format!("{} {label} at {}", series.resource, rfc3339(sent.time)))
    }
}

impl Push {
    async fn stay(
        &self,
        connection: &mut SqliteConnection,
        sent: &Sent,
        state: &str,
    ) -> Result<(), Error> {
        sqlx::query(
            "UPDATE outbox SET state = $1 WHERE sync = $2 AND series_id = $3 AND time = $4",
        )
        .bind(state)
        .bind(self.sync.id.as_str())
        .bind(sent.series)
        .bind(sent.time)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// What a person can do something about is an issue; what is merely tried again is none.
    pub(super) async fn keep_issue(
        &self,
        connection: &mut SqliteConnection,
        datatype: Datatype,
        place: String,
        state: &str,
        reason: &str,
        now: i64,
    ) -> Result<(), Error> {
        let (kind, reason) = match state {
            REFUSED => (IssueKind::Refused, reason.to_owned()),
            CONFLICTING => (
                IssueKind::Conflict,
                "it was changed there since it was last got: the next run gets it first".to_owned(),
            ),
            _ => return Ok(()),
        };
        let keeper = Keeper {
            sync: &self.sync.id,
            datatype,
            run: &self.held.run,
            pass: LASTING,
            part: 0,
            now,
        };
        let issued = Issued { kind, place, reason, raw: String::new() };
        issue::keep(connection, keeper, &[issued]).await
    }

    /// What is still marked as sent by this run took effect: both sides hold it. Where ours was
    /// changed in the meantime, what was sent is what they agree on.
    async fn agree_on_taken(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        for statement in [
            "DELETE FROM base WHERE datasource = $1 AND (series_id, time) IN ( \
             SELECT outbox.series_id, outbox.time FROM outbox JOIN reading \
             ON reading.series_id = outbox.series_id AND reading.time = outbox.time \
             WHERE sync = $2 AND state = 'sent' AND lease = $3 AND reading.seq = outbox.seq)",
            "INSERT INTO base (datasource, series_id, time, known, value, quality, edited) \
             SELECT $1, outbox.series_id, outbox.time, 1, outbox.value, outbox.quality, 0 \
             FROM outbox JOIN reading ON reading.series_id = outbox.series_id \
             AND reading.time = outbox.time WHERE sync = $2 AND state = 'sent' AND lease = $3 \
             AND reading.seq <> outbox.seq ON CONFLICT (datasource, series_id, time) \
             DO UPDATE SET known = 1, value = excluded.value, quality = excluded.quality",
            "DELETE FROM outbox WHERE $1 <> '' AND sync = $2 AND state = 'sent' AND lease = $3",
        ] {
            sqlx::query(statement)
                .bind(self.sync.datasource.as_str())
                .bind(self.sync.id.as_str())
                .bind(self.held.lease.as_str())
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn count(
        &self,
        connection: &mut SqliteConnection,
        pushed: Pushed,
    ) -> Result<(), Error> {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        sqlx::query(
            "UPDATE run SET pushed_created = pushed_created + $1, \
             pushed_updated = pushed_updated + $2, pushed_unchanged = pushed_unchanged + $3, \
             pushed_refused = pushed_refused + $4, pushed_open = pushed_open + $5 WHERE id = $6",
        )
        .bind(number(pushed.created))
        .bind(number(pushed.updated))
        .bind(number(pushed.unchanged))
        .bind(number(pushed.refused))
        .bind(number(pushed.open))
        .bind(self.held.run.as_str())
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// What stays, by place in the batch, as what, and why. What this try did not come to may still have
/// arrived in the earlier one, where the batch was uncertain.
pub(super) fn staying(
    receipt: &Receipt,
    uncertain: bool,
) -> impl Iterator<Item = (usize, &'static str, &str)> {
    let untried = if uncertain { UNKNOWN } else { UNTRIED };
    let listed =
        |list: &'_ [usize], state| list.iter().map(move |at| (*at, state, "")).collect::<Vec<_>>();
    let refused = receipt.refused.iter().map(|(at, reason)| (*at, REFUSED, reason.as_str()));
    refused
        .chain(listed(&receipt.conflicting, CONFLICTING))
        .chain(listed(&receipt.unknown, UNKNOWN))
        .chain(listed(&receipt.untried, untried))
}

/// What took effect, by place in the batch.
pub(super) fn taken(receipt: &Receipt, count: usize) -> impl Iterator<Item = usize> {
    let stays: std::collections::HashSet<usize> =
        staying(receipt, false).map(|(at, ..)| at).collect();
    (0..count).filter(move |at| !stays.contains(at))
}

/// Each record counted once.
pub(super) fn pushed(receipt: &Receipt) -> Pushed {
    Pushed {
        created: receipt.created,
        updated: receipt.updated,
        unchanged: receipt.unchanged,
        refused: receipt.refused.len() as u64,
        open: (receipt.conflicting.len() + receipt.unknown.len() + receipt.untried.len()) as u64,
    }
}
