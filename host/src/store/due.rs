//! Which syncs the clock makes due, and which a dead process left unfinished.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::domain::clock::Timestamp;
use crate::domain::id::{OrganisationId, SyncId};
use crate::domain::run::RECEIVED;
use crate::domain::sync::Schedule;

use super::column::parsed;
use super::{Error, Store};

/// A sync that is to be triggered.
pub type Due = (OrganisationId, SyncId);

impl Store {
    /// Syncs whose time has come: enabled, not consumed, not running, and their last run that
    /// OurWater started is as long ago as their schedule says. Runs of a time that is still to come,
    /// left by a clock that was wrong, do not count.
    pub async fn due(&self, now: Timestamp) -> Result<Vec<Due>, Error> {
        let rows = sqlx::query(
            "SELECT id, organisation, schedule, (SELECT MAX(started) FROM run \
             WHERE run.sync = sync.id AND started <= $1 AND plugin <> $2) AS started FROM sync \
             WHERE enabled = 1 AND consumed = 0 AND schedule <> 'never' AND NOT EXISTS (SELECT 1 \
             FROM run WHERE run.sync = sync.id AND lease IS NOT NULL) ORDER BY id",
        )
        .bind(now)
        .bind(RECEIVED)
        .fetch_all(&self.read)
        .await?;
        let mut due = Vec::new();
        for row in &rows {
            let schedule: Schedule = parsed(row, "sync", "schedule")?;
            let started: Option<Timestamp> = row.get("started");
            let elapsed = started.map_or(Timestamp::MAX, |started| now.saturating_sub(started));
            if schedule.period_ms().is_some_and(|period| elapsed >= period) {
                due.push(read(row)?);
            }
        }
        Ok(due)
    }

    /// Enabled syncs with a run that OurWater started and whose process is gone.
    pub async fn unfinished(&self) -> Result<Vec<Due>, Error> {
        let rows = sqlx::query(
            "SELECT sync.id, sync.organisation FROM sync JOIN run ON run.sync = sync.id \
             WHERE enabled = 1 AND ended IS NULL AND lease IS NULL AND plugin <> $1 \
             ORDER BY started, sync.id",
        )
        .bind(RECEIVED)
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &SqliteRow) -> Result<Due, Error> {
    Ok((parsed(row, "sync", "organisation")?, parsed(row, "sync", "id")?))
}
