//! Keys that a source repeats or contradicts in one pass: the last row wins, now and every time.

use std::collections::HashMap;

use sqlx::{Row as _, SqliteConnection};

use crate::domain::datasource::Datasource;

use super::gather::Point;
use super::save::Pull;
use super::{Error, Store};

/// Contradicting keys remembered for a datasource.
const CONTRADICTIONS_MAX: usize = 100_000;

/// Keys known before a pass, with the last value and quality met in it.
pub(in crate::store) type Known = HashMap<(i64, i64), Option<(f64, u8)>>;

impl Store {
    /// Those of a datasource, as a pass finds them.
    pub(in crate::store) async fn contradictions(
        &self,
        datasource: &Datasource,
        pass_seq: i64,
    ) -> Result<Known, Error> {
        // Negative: first met in that very pass, so not yet to be held back in it.
        let rows = sqlx::query(
            "SELECT series_id, time, pass, value, quality FROM contradiction \
             WHERE datasource = $1 AND pass <> $2",
        )
        .bind(datasource.id.as_str())
        .bind(-(pass_seq + 1))
        .fetch_all(&self.read)
        .await?;
        let known = rows.iter().map(|row| {
            let met = (row.get::<i64, _>("pass") == pass_seq + 1).then(|| {
                (
                    row.get::<Option<f64>, _>("value").unwrap_or(f64::NAN),
                    u8::try_from(row.get::<i64, _>("quality")).unwrap_or_default(),
                )
            });
            ((row.get("series_id"), row.get("time")), met)
        });
        Ok(known.collect())
    }
}

impl Pull {
    /// Takes the points out whose keys are known to be contradicted.
    pub(in crate::store) fn hold_back(
        &self,
        points: &mut Vec<Point>,
        contradicted: &mut Vec<Point>,
    ) -> Vec<Point> {
        let known = |point: &Point| self.contradictions.get(&(point.series, point.time));
        let held_back: Vec<Point> =
            points.iter().filter(|point| known(point).is_some()).copied().collect();
        points.retain(|point| known(point).is_none());
        let differs = |point: &&Point| {
            let met = known(point).copied().flatten();
            met.is_some_and(|(value, quality)| {
                !same(value, point.value) || quality != point.quality
            })
        };
        contradicted.extend(held_back.iter().filter(differs));
        held_back
    }

    /// Keeps held back points until the end of the pass; returns how many replaced an earlier one.
    pub(in crate::store) async fn keep(
        &mut self,
        connection: &mut SqliteConnection,
        points: &[Point],
    ) -> Result<u64, Error> {
        let mut replaced = 0;
        for point in points {
            sqlx::query(
                "UPDATE contradiction SET pass = $1, value = $2, quality = $3 \
                 WHERE datasource = $4 AND series_id = $5 AND time = $6",
            )
            .bind(self.pass_seq + 1)
            .bind(point.known())
            .bind(i64::from(point.quality))
            .bind(self.sync.datasource.as_str())
            .bind(point.series)
            .bind(point.time)
            .execute(&mut *connection)
            .await?;
            let met = Some((point.value, point.quality));
            let before = self.contradictions.insert((point.series, point.time), met);
            replaced += u64::from(before.flatten().is_some());
        }
        Ok(replaced)
    }

    /// Remembers keys that were contradicted for the first time.
    pub(in crate::store) async fn remember(
        &self,
        connection: &mut SqliteConnection,
        points: &[Point],
    ) -> Result<(), Error> {
        for point in points.iter().take(CONTRADICTIONS_MAX) {
            sqlx::query(
                "INSERT INTO contradiction (datasource, series_id, time, pass) \
                 SELECT $1, $2, $3, $4 WHERE (SELECT COUNT(*) FROM contradiction \
                 WHERE datasource = $1) < $5 ON CONFLICT DO NOTHING",
            )
            .bind(self.sync.datasource.as_str())
            .bind(point.series)
            .bind(point.time)
            .bind(-(self.pass_seq + 1))
            .bind(i64::try_from(CONTRADICTIONS_MAX).unwrap_or(i64::MAX))
            .execute(&mut *connection)
            .await?;
        }
        Ok(())
    }
}

/// Keeps the last point of each key; the keys whose values differ go to `contradicted`.
pub(in crate::store) fn last_of_each(
    points: Vec<Point>,
    contradicted: &mut Vec<Point>,
) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::with_capacity(points.len());
    let mut differ = false;
    for point in points {
        match kept.last_mut() {
            Some(last) if (last.series, last.time) == (point.series, point.time) => {
                let same = same(last.value, point.value) && last.quality == point.quality;
                if differ {
                    contradicted.pop();
                }
                differ |= !same;
                if differ {
                    contradicted.push(point);
                }
                *last = point;
            }
            _ => {
                differ = false;
                kept.push(point);
            }
        }
    }
    kept
}

/// As the database compares them: 0 and -0 are one value.
#[expect(clippy::float_cmp, reason = "a reading is changed by any other number, however near")]
fn same(one: f64, other: f64) -> bool {
    one == other || (one.is_nan() && other.is_nan())
}

pub(in crate::store) fn find(points: &[Point], keys: &[(i64, i64)]) -> Vec<Point> {
    let place = |key: &(i64, i64)| {
        points.binary_search_by_key(key, |point| (point.series, point.time)).ok()
    };
    keys.iter().filter_map(|key| points.get(place(key)?).copied()).collect()
}
