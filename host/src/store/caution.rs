//! What a pull does not do by itself: change much at once, or make again what may have been sent.

use sqlx::{Row as _, SqliteConnection};

use super::Error;
use super::save::{Pull, Saved};

/// Readings that a run may change without asking, whatever share of all they are.
const CHANGES_MIN: u64 = 100;

impl Pull {
    /// Many changes at once are more often a mistake there than the truth: they are asked for.
    pub(in crate::store) async fn ensure_few_changes(
        &self,
        connection: &mut SqliteConnection,
        saved: &Saved,
    ) -> Result<(), Error> {
        let updated = self.updated + saved.counts.updated;
        if self.rehearsal || self.held.confirmed || updated <= CHANGES_MIN {
            return Ok(());
        }
        let row = sqlx::query(
            "SELECT COUNT(*) AS readings FROM series JOIN reading \
             ON reading.series_id = series.id WHERE owner = $1",
        )
        .bind(self.sync.datasource.as_str())
        .fetch_one(connection)
        .await?;
        let there = row.get::<i64, _>("readings").unsigned_abs();
        let percent = u64::from(self.sync.rules.change_percent_max);
        if updated.saturating_mul(100) <= there.saturating_mul(percent) {
            return Ok(());
        }
        Err(Error::Unconfirmed(format!(
            "it would change {updated} of the {there} readings of this datasource, and may change \
             {percent} per cent without being asked for"
        )))
    }

    /// What was sent and may have arrived must not be made a second time here.
    pub(in crate::store) async fn refuse_uncertain(
        &self,
        connection: &mut SqliteConnection,
        what: &'static str,
    ) -> Result<(), Error> {
        let row = sqlx::query(
            "SELECT EXISTS (SELECT 1 FROM outbox_place JOIN sync ON sync.id = outbox_place.sync \
             WHERE sync.datasource = $1 AND datatype = $2 AND state IN ('sent', 'unknown')) \
             AS found",
        )
        .bind(self.sync.datasource.as_str())
        .bind(what)
        .fetch_one(connection)
        .await?;
        if row.get::<i64, _>("found") != 0 { Err(Error::Uncertain { what }) } else { Ok(()) }
    }
}
