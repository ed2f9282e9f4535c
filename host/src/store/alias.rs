//! Steps of time: which of our readings stands where another system keeps whole seconds or minutes.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::plan::Resolution;

use super::Error;
use super::column::rows;
use super::gather::Point;

/// Steps in one statement.
const STEPS_MAX: usize = 500;

/// Remembers that our reading at `time` stands at `step` there.
pub(in crate::store) async fn remember(
    connection: &mut SqliteConnection,
    datasource: &str,
    series: i64,
    step: i64,
    time: i64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO alias (datasource, series_id, step, time) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (datasource, series_id, step) DO UPDATE SET time = excluded.time",
    )
    .bind(datasource)
    .bind(series)
    .bind(step)
    .bind(time)
    .execute(connection)
    .await?;
    Ok(())
}

/// Our readings at these steps, by series and time, stand there themselves.
pub(in crate::store) async fn forget(
    connection: &mut SqliteConnection,
    datasource: &str,
    steps: &[(i64, i64)],
) -> Result<(), Error> {
    for steps in steps.chunks(STEPS_MAX) {
        let sql = format!(
            "DELETE FROM alias WHERE datasource = ? AND (series_id, step) IN (VALUES {})",
            rows(steps.len(), 2)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false).bind(datasource);
        for (series, step) in steps {
            query = query.bind(series).bind(step);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Gives points the times of our readings that stand at their steps; sorted points stay sorted,
/// since steps do not overlap.
pub(in crate::store) async fn replace(
    connection: &mut SqliteConnection,
    datasource: &str,
    resolution: Resolution,
    points: &mut [Point],
) -> Result<(), Error> {
    if !any(connection, datasource).await? {
        return Ok(());
    }
    for points in points.chunk_by_mut(|one, other| one.series == other.series) {
        let times = times(connection, datasource, resolution, points).await?;
        for point in points {
            let step = point.time;
            if let Some(time) = times.get(&step).filter(|time| **time != step) {
                point.time = *time;
                // Also when the two sides agree, and nothing is open any more.
                remember(connection, datasource, point.series, step, *time).await?;
            }
        }
    }
    Ok(())
}

async fn any(connection: &mut SqliteConnection, datasource: &str) -> Result<bool, Error> {
    let row = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM alias WHERE datasource = $1) \
         OR EXISTS (SELECT 1 FROM base WHERE datasource = $1) AS found",
    )
    .bind(datasource)
    .fetch_one(connection)
    .await?;
    Ok(row.get::<i64, _>("found") != 0)
}

/// By step: what was sent there, or else an open reading of ours in it.
async fn times(
    connection: &mut SqliteConnection,
    datasource: &str,
    resolution: Resolution,
    points: &[Point],
) -> Result<HashMap<i64, i64>, Error> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Ok(HashMap::new());
    };
    let mut times = HashMap::new();
    let open = sqlx::query(
        "SELECT time FROM base WHERE datasource = $1 AND series_id = $2 \
         AND time BETWEEN $3 AND $4 ORDER BY time",
    )
    .bind(datasource)
    .bind(first.series)
    .bind(first.time)
    .bind(last.time.saturating_add(resolution.step - 1))
    .fetch_all(&mut *connection)
    .await?;
    for row in open {
        let time: i64 = row.get("time");
        times.insert(resolution.cut(time), time);
    }
    let sent = sqlx::query(
        "SELECT step, time FROM alias WHERE datasource = $1 AND series_id = $2 \
         AND step BETWEEN $3 AND $4",
    )
    .bind(datasource)
    .bind(first.series)
    .bind(first.time)
    .bind(last.time)
    .fetch_all(connection)
    .await?;
    times.extend(sent.iter().map(|row| (row.get::<i64, _>("step"), row.get::<i64, _>("time"))));
    Ok(times)
}
