//! What became of points, each looked at by its key: its cost does not grow with what is there.

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use super::super::column::rows;
use super::{Error, Point, Upserted};

/// Counts what the change numbered `seq` did to each of the points.
pub(super) async fn count(
    connection: &mut SqliteConnection,
    points: &[Point],
    seq: i64,
    upserted: &mut Upserted,
) -> Result<(), Error> {
    let sql = format!(
        "WITH point (series_id, time) AS (VALUES {}) SELECT reading.series_id, reading.time, edited \
         FROM point JOIN reading ON reading.series_id = point.series_id \
         AND reading.time = point.time WHERE seq = ?",
        rows(points.len(), 2)
    );
    let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
    for point in points {
        query = query.bind(point.series).bind(point.time);
    }
    for row in query.bind(seq).fetch_all(connection).await? {
        let key = (row.get("series_id"), row.get("time"));
        upserted.keys.push(key);
        match row.get::<i64, _>("edited") {
            0 => upserted.counts.created += 1,
            1 => upserted.counts.updated += 1,
            edited => {
                upserted.counts.superseded += 1;
                upserted.repeated.push(key);
                if edited >= 4 {
                    upserted.contradicted.push(key);
                }
            }
        }
    }
    Ok(())
}
