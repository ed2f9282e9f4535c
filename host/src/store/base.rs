//! Readings that OurWater changed and their datasource does not have yet, with what both agreed on.
//!
//! A series that a datasource pulls into has a row here for each reading that was made or changed
//! here since the two agreed on it; a reading without a row is agreed. So what is kept, and what a
//! pull has to look at, follows open edits and not the history.

use std::collections::HashMap;

use sqlx::{Row as _, SqliteConnection};

use crate::domain::clock::Timestamp;
use crate::domain::faults::Protection;
use crate::domain::plan::{Changed, Decision, Reading, Said, Sides, Winner, decide};

use super::change::Change;
use super::conflict::{self, Met};
use super::gather::Point;
use super::save::Pull;
use super::{Error, alias};

/// A reading whose two sides may differ.
struct Open {
    ours: Said,
    base: Option<Said>,
    edited: Timestamp,
}

/// What became of points that met an edit of ours, and are not to be written.
#[derive(Debug, Default)]
pub(in crate::store) struct Settled {
    pub(in crate::store) unchanged: u64,
    pub(in crate::store) conflicts: u64,
    /// Ours won: they are to be pushed, whatever the push cursor passed.
    pub(in crate::store) won: Vec<(i64, i64)>,
    /// No longer open.
    pub(in crate::store) closed: Vec<(i64, i64)>,
}

impl Pull {
    /// Decides each point that meets an edit of ours; those that are not to be written are taken out.
    pub(in crate::store) async fn meet_edits(
        &mut self,
        connection: &mut SqliteConnection,
        points: &mut Vec<Point>,
        change: Change,
    ) -> Result<Settled, Error> {
        let mut settled = Settled::default();
        if self.faults.lack(Protection::Base) || !self.has_edits(connection).await? {
            return Ok(settled);
        }
        let mut kept = Vec::with_capacity(points.len());
        for run in points.chunk_by(|one, other| one.series == other.series) {
            let open = self.open(connection, run).await?;
            for point in run {
                let write = match open.get(&point.time) {
                    Some(open) => self.meet(connection, point, open, change, &mut settled).await?,
                    None => true,
                };
                if write {
                    kept.push(*point);
                }
            }
        }
        *points = kept;
        Ok(settled)
    }

    /// Whether anything of this datasource is open.
    async fn has_edits(&self, connection: &mut SqliteConnection) -> Result<bool, Error> {
        let row = sqlx::query("SELECT EXISTS (SELECT 1 FROM base WHERE datasource = $1) AS open")
            .bind(self.sync.datasource.as_str())
            .fetch_one(connection)
            .await?;
        Ok(row.get::<i64, _>("open") != 0)
    }

    async fn open(
        &self,
        connection: &mut SqliteConnection,
        points: &[Point],
    ) -> Result<HashMap<i64, Open>, Error> {
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return Ok(HashMap::new());
        };
        let rows = sqlx::query(
            "SELECT base.time, known, base.value AS base_value, base.quality AS base_quality, \
             base.edited, reading.value, reading.quality FROM base LEFT JOIN reading \
             ON reading.series_id = base.series_id AND reading.time = base.time \
             WHERE base.datasource = $1 AND base.series_id = $2 AND base.time BETWEEN $3 AND $4",
        )
        .bind(self.sync.datasource.as_str())
        .bind(first.series)
        .bind(first.time)
        .bind(last.time)
        .fetch_all(connection)
        .await?;
        let open = rows.iter().map(|row| {
            let base = reading(row.get("base_value"), row.get("base_quality"));
            let open = Open {
                ours: reading(row.get("value"), row.get::<Option<i64>, _>("quality").unwrap_or(0)),
                base: (row.get::<i64, _>("known") != 0).then_some(base),
                edited: row.get("edited"),
            };
            (row.get("time"), open)
        });
        Ok(open.collect())
    }

    /// Decides one point; whether it is to be written.
    async fn meet(
        &self,
        connection: &mut SqliteConnection,
        point: &Point,
        open: &Open,
        change: Change,
        settled: &mut Settled,
    ) -> Result<bool, Error> {
        let theirs = point.reading();
        // Of what they never had, having none is no change of theirs.
        let base = open.base.or(theirs.is_none().then_some(None));
        let sides = Sides { ours: &open.ours, theirs: &theirs, base: base.as_ref() };
        let changed = Changed {
            ours: Some(open.edited),
            theirs: (point.updated > 0).then_some(point.updated),
        };
        let resolution = self.resolution();
        let same = |one: &Said, other: &Said| resolution.same(*one, *other);
        let decision = decide(&sides, same, self.sync.rules.policy, changed);
        let key = (point.series, point.time);
        let met = Met { key, ours: open.ours, theirs, base: open.base };
        match decision {
            Decision::Agreed => {
                self.close(connection, key).await?;
                conflict::settle(connection, self, key, Winner::Ours, change.at).await?;
                settled.closed.push(key);
            }
            Decision::KeepOurs => {
                let reverted = conflict::settle(connection, self, key, Winner::Ours, change.at);
                if reverted.await? {
                    settled.won.push(key);
                }
            }
            Decision::TakeTheirs => {
                self.close(connection, key).await?;
                conflict::settle(connection, self, key, Winner::Theirs, change.at).await?;
                settled.closed.push(key);
                return Ok(true);
            }
            Decision::Conflict(winner) => {
                settled.conflicts +=
                    u64::from(conflict::record(connection, self, &met, winner, change.at).await?);
                match winner {
                    Winner::Theirs => {
                        self.close(connection, key).await?;
                        settled.closed.push(key);
                        return Ok(true);
                    }
                    Winner::Ours => {
                        agree(connection, self.sync.datasource.as_str(), key, theirs).await?;
                        settled.won.push(key);
                    }
                    Winner::Open => {}
                }
            }
        }
        settled.unchanged += 1;
        Ok(false)
    }

    /// Both sides agree: nothing is left to push.
    async fn close(&self, connection: &mut SqliteConnection, key: (i64, i64)) -> Result<(), Error> {
        forget(connection, self.sync.datasource.as_str(), key).await?;
        sqlx::query(
            "DELETE FROM outbox WHERE series_id = $1 AND time = $2 AND state <> 'sent' \
             AND sync IN (SELECT id FROM sync WHERE datasource = $3)",
        )
        .bind(key.0)
        .bind(key.1)
        .bind(self.sync.datasource.as_str())
        .execute(connection)
        .await?;
        Ok(())
    }

    /// The times of points, where the datasource keeps whole steps: those of our readings.
    pub(in crate::store) async fn find_steps(
        &self,
        connection: &mut SqliteConnection,
        points: &mut [Point],
    ) -> Result<(), Error> {
        let resolution = self.resolution();
        if resolution.step > 1 {
            alias::replace(connection, self.sync.datasource.as_str(), resolution, points).await?;
        }
        Ok(())
    }
}

/// Remembers what the two sides agree on now, ours being ahead of it.
pub(in crate::store) async fn agree(
    connection: &mut SqliteConnection,
    datasource: &str,
    key: (i64, i64),
    agreed: Said,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO base (datasource, series_id, time, known, value, quality, edited) \
         VALUES ($1, $2, $3, 1, $4, $5, 0) ON CONFLICT (datasource, series_id, time) \
         DO UPDATE SET known = 1, value = excluded.value, quality = excluded.quality",
    )
    .bind(datasource)
    .bind(key.0)
    .bind(key.1)
    .bind(agreed.map(|reading| reading.value))
    .bind(i64::from(agreed.map_or(0, |reading| reading.quality)))
    .execute(connection)
    .await?;
    Ok(())
}

/// The two sides hold the same.
pub(in crate::store) async fn forget(
    connection: &mut SqliteConnection,
    datasource: &str,
    key: (i64, i64),
) -> Result<(), Error> {
    sqlx::query("DELETE FROM base WHERE datasource = $1 AND series_id = $2 AND time = $3")
        .bind(datasource)
        .bind(key.0)
        .bind(key.1)
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes a datasource the one that pulls into a series; what is there already is open, but for what
/// was pushed to it before.
pub(in crate::store) async fn claim(
    connection: &mut SqliteConnection,
    datasource: &str,
    origin: i64,
    series: i64,
) -> Result<(), Error> {
    sqlx::query("UPDATE series SET owner = $1 WHERE id = $2")
        .bind(datasource)
        .bind(series)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO base (datasource, series_id, time, known, value, quality, edited) \
         SELECT $1, series_id, time, 0, NULL, 0, 0 FROM reading \
         WHERE series_id = $2 AND origin <> $3 AND (NOT EXISTS (SELECT 1 FROM push \
         JOIN sync ON sync.id = push.sync JOIN covered ON covered.sync = push.sync \
         WHERE sync.datasource = $1 AND push.datatype = 'reading' AND covered.series_id = $2 \
         AND covered.backfill IS NULL) OR EXISTS (SELECT 1 FROM push \
         JOIN sync ON sync.id = push.sync JOIN covered ON covered.sync = push.sync \
         WHERE sync.datasource = $1 AND push.datatype = 'reading' AND covered.series_id = $2 \
         AND covered.backfill IS NULL AND (reading.seq, reading.series_id, reading.time) \
         > (push.seq, push.series_id, push.time)) OR EXISTS (SELECT 1 FROM outbox JOIN sync ON sync.id = outbox.sync \
         WHERE sync.datasource = $1 AND outbox.series_id = reading.series_id \
         AND outbox.time = reading.time)) ON CONFLICT DO NOTHING",
    )
    .bind(datasource)
    .bind(series)
    .bind(origin)
    .execute(connection)
    .await?;
    Ok(())
}

/// A reading from its columns; none where there is no value.
pub(in crate::store) fn reading(value: Option<f64>, quality: i64) -> Said {
    let quality = u8::try_from(quality).unwrap_or_default();
    value.map(|value| Reading { value, quality })
}
