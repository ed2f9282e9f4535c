//! Readings in bulk: written where they differ, counted and logged by what was touched.

mod exactly;

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::Timestamp;
use crate::domain::id::OrganisationId;
use crate::domain::run::Counts;

use super::change::{self, Change, Range, ranges_of};
use super::column::rows;
use super::gather::Point;
use super::{Error, Store};

/// Rows in one statement: exactly so many are prepared once, since each size is cached by itself.
const UPSERT_ROWS: usize = 1000;

/// Points whose change is looked for in one range.
const RANGE_POINTS_MAX: usize = 256;

/// Ranges asked for in one statement.
const RANGES_MAX: usize = 1000;

/// Points that are looked at one by one: what a range holds besides is not read, so that a few new
/// readings cost the same beside a long history. More of them are an import, which mostly lies
/// together and is looked at by range.
const EXACT_POINTS_MAX: usize = 20_000;

/// What an upsert did.
#[derive(Debug, Default)]
pub(in crate::store) struct Upserted {
    pub(in crate::store) counts: Counts,
    /// Keys this pass had written before.
    pub(in crate::store) repeated: Vec<(i64, i64)>,
    /// Those of them that had another value.
    pub(in crate::store) contradicted: Vec<(i64, i64)>,
    /// Keys that were written, where they were looked at one by one.
    keys: Vec<(i64, i64)>,
    /// What the change log says of it.
    pub(in crate::store) changed: Vec<Range>,
}

/// A reading as an export shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadingRow {
    /// The resource's external id where it has one, else its id here.
    pub resource: String,
    /// The series' name.
    pub series: String,
    /// What is observed.
    pub property: String,
    /// UCUM.
    pub unit: String,
    /// When, ms.
    pub time: Timestamp,
    /// The value.
    pub value: f64,
    /// 0 unknown, 1 good, 2 suspect, 3 bad.
    pub quality: u8,
}

impl Store {
    /// Hands every reading of an organisation to `row`, by resource, series and time.
    pub async fn export_readings<E: From<Error>>(
        &self,
        organisation: &OrganisationId,
        mut row: impl FnMut(ReadingRow) -> Result<(), E>,
    ) -> Result<(), E> {
        use futures_util::TryStreamExt as _;
        let mut rows = sqlx::query(
            "SELECT COALESCE((SELECT MIN(external_id) FROM link WHERE our_id = series.resource \
             AND kind = 'resource'), series.resource) AS resource, series.name AS series, \
             property, unit, time, value, quality FROM series \
             JOIN reading ON reading.series_id = series.id \
             JOIN resource ON resource.id = series.resource AND described = 1 \
             WHERE series.organisation = $1 AND value IS NOT NULL \
             ORDER BY 1, 2, 3, 4, series.id, time",
        )
        .bind(organisation.as_str())
        .fetch(&self.read);
        while let Some(found) = rows.try_next().await.map_err(Error::Database)? {
            row(ReadingRow {
                resource: found.get("resource"),
                series: found.get("series"),
                property: found.get("property"),
                unit: found.get("unit"),
                time: found.get("time"),
                value: found.get("value"),
                quality: u8::try_from(found.get::<i64, _>("quality")).unwrap_or_default(),
            })?;
        }
        Ok(())
    }

    /// How many readings an organisation has.
    pub async fn count_readings(&self, organisation: &OrganisationId) -> Result<u64, Error> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS readings FROM series \
             JOIN reading ON reading.series_id = series.id \
             WHERE series.organisation = $1 AND value IS NOT NULL",
        )
        .bind(organisation.as_str())
        .fetch_one(&self.read)
        .await?;
        Ok(row.get::<i64, _>("readings").unsigned_abs())
    }
}

/// How points are written.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Writing {
    /// Whose they are; 0 is OurWater.
    pub(in crate::store) origin: i64,
    /// The number of the change.
    pub(in crate::store) seq: i64,
    /// Readings of the same origin changed after this one were met in the same pass.
    pub(in crate::store) pass_seq: i64,
    /// Values so near to what is there are the same.
    pub(in crate::store) tolerance: f64,
}

/// Writes points, sorted and each key once. A quality of 0 says nothing, and changes none.
pub(in crate::store) async fn upsert(
    connection: &mut SqliteConnection,
    points: &[Point],
    how: Writing,
) -> Result<Upserted, Error> {
    let mut touched = Vec::new();
    let mut upserted = Upserted::default();
    let exact = points.len() <= EXACT_POINTS_MAX;
    for chunk in points.chunks(UPSERT_ROWS) {
        let affected = upsert_chunk(connection, chunk, how).await?;
        upserted.counts.unchanged += chunk.len() as u64 - affected.min(chunk.len() as u64);
        if affected > 0 && exact {
            exactly::count(connection, chunk, how.seq, &mut upserted).await?;
        } else if affected > 0 {
            touched.extend(ranges(chunk));
        }
    }
    if exact {
        upserted.keys.sort_unstable();
        upserted.changed = ranges_of(connection, &upserted.keys).await?;
        return Ok(upserted);
    }
    for ranges in merge(touched).chunks(RANGES_MAX) {
        count(connection, ranges, how.seq, &mut upserted).await?;
    }
    if upserted.counts.superseded > 0 {
        for ranges in upserted.changed.clone().chunks(RANGES_MAX) {
            find_repeated(connection, ranges, how.seq, &mut upserted).await?;
        }
    }
    upserted.changed = merge(std::mem::take(&mut upserted.changed));
    Ok(upserted)
}

/// Takes removals out of readings that are not there anyway; how many there were.
pub(in crate::store) async fn drop_absent(
    connection: &mut SqliteConnection,
    points: &mut Vec<Point>,
) -> Result<u64, Error> {
    let removed: Vec<(i64, i64)> = points
        .iter()
        .filter(|point| point.known().is_none())
        .map(|point| (point.series, point.time))
        .collect();
    let mut present = HashSet::new();
    for keys in removed.chunks(UPSERT_ROWS) {
        let sql = format!(
            "WITH wanted (series_id, time) AS (VALUES {}) SELECT reading.series_id, reading.time \
             FROM wanted JOIN reading ON reading.series_id = wanted.series_id \
             AND reading.time = wanted.time",
            rows(keys.len(), 2)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for (series, time) in keys {
            query = query.bind(series).bind(time);
        }
        let found = query.fetch_all(&mut *connection).await?;
        present.extend(found.iter().map(|row| (row.get("series_id"), row.get("time"))));
    }
    let before = points.len();
    points.retain(|point| point.known().is_some() || present.contains(&(point.series, point.time)));
    Ok((before - points.len()) as u64)
}

/// Gives readings a new number, so that the log brings them again.
pub(in crate::store) async fn touch(
    connection: &mut SqliteConnection,
    organisation: &OrganisationId,
    keys: &[(i64, i64)],
    change: Change,
) -> Result<(), Error> {
    for (series, time) in keys {
        sqlx::query(
            "UPDATE reading SET seq = $1, edited = 1, origin = $2 \
             WHERE series_id = $3 AND time = $4",
        )
        .bind(change.seq)
        .bind(change.origin)
        .bind(series)
        .bind(time)
        .execute(&mut *connection)
        .await?;
    }
    let ranges = ranges_of(connection, keys).await?;
    change::log(connection, organisation, change, &ranges).await
}

async fn upsert_chunk(
    connection: &mut SqliteConnection,
    points: &[Point],
    how: Writing,
) -> Result<u64, Error> {
    let sql = upsert_sql(points.len(), how);
    let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(points.len() == UPSERT_ROWS);
    for point in points {
        query = query
            .bind(point.series)
            .bind(point.time)
            .bind(point.known())
            .bind(i64::from(point.quality))
            .bind(how.seq);
    }
    Ok(query.execute(connection).await?.rows_affected())
}

/// `edited`: 0 made, 1 changed, +2 met again in the same pass, +4 with another value then.
/// Anonymous parameters, since sqlx looks numbered ones up by name, one by one.
fn upsert_sql(rows: usize, how: Writing) -> String {
    let Writing { origin, pass_seq, tolerance, .. } = how;
    let (differs, value) = if tolerance > 0.0 {
        let near = format!("ABS(reading.value - excluded.value) <= {tolerance:e}");
        (
            format!(
                "((reading.value IS NULL) <> (excluded.value IS NULL) \
                 OR ABS(reading.value - excluded.value) > {tolerance:e} \
                 OR excluded.quality NOT IN (0, reading.quality))"
            ),
            // The more precise side is kept.
            format!("CASE WHEN {near} THEN reading.value ELSE excluded.value END"),
        )
    } else {
        (
            "(reading.value IS DISTINCT FROM excluded.value \
             OR excluded.quality NOT IN (0, reading.quality))"
                .to_owned(),
            "excluded.value".to_owned(),
        )
    };
    let again = format!("(reading.seq > {pass_seq} AND reading.origin = {origin})");
    let values = format!("(?,?,?,?,{origin},?,0),").repeat(rows);
    format!(
        "INSERT INTO reading (series_id, time, value, quality, origin, seq, edited) VALUES {} \
         ON CONFLICT (series_id, time) DO UPDATE SET value = {value}, \
         quality = CASE excluded.quality WHEN 0 THEN reading.quality ELSE excluded.quality END, \
         origin = excluded.origin, seq = excluded.seq, \
         edited = CASE WHEN {again} THEN (reading.edited & 3) | 2 \
         | (CASE WHEN {differs} THEN 4 ELSE 0 END) ELSE 1 END WHERE {differs} OR {again}",
        values.trim_end_matches(',')
    )
}

/// The ranges that sorted points span, a series each, cut so that no range spans many.
fn ranges(points: &[Point]) -> Vec<Range> {
    points
        .chunk_by(|one, other| one.series == other.series)
        .flat_map(|series| series.chunks(RANGE_POINTS_MAX))
        .filter_map(|points| Some((points.first()?, points.last()?)))
        .map(|(first, last)| Range { series: first.series, first: first.time, last: last.time })
        .collect()
}

/// Joins neighbouring ranges of one series, while nothing can lie between them that was not asked.
fn merge(ranges: Vec<Range>) -> Vec<Range> {
    let mut merged: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if last.series == range.series && range.first <= last.last => {
                last.last = last.last.max(range.last);
            }
            _ => merged.push(range),
        }
    }
    merged
}

/// One text for each range, since to group them SQLite would sort all their readings.
async fn count(
    connection: &mut SqliteConnection,
    ranges: &[Range],
    seq: i64,
    upserted: &mut Upserted,
) -> Result<(), Error> {
    let sql = format!(
        "{} SELECT series_id, (SELECT MIN(time) || ' ' || MAX(time) || ' ' || SUM(edited = 0) \
         || ' ' || SUM(edited = 1) || ' ' || SUM(edited > 1) FROM reading \
         WHERE reading.series_id = touched.series_id \
         AND time BETWEEN touched.first AND touched.last AND seq = ?) AS found \
         FROM touched ORDER BY series_id, first",
        with_touched(ranges.len())
    );
    for row in bind(&sql, ranges).bind(seq).fetch_all(connection).await? {
        // None: nothing in the range was changed.
        let Some(found) = row.get::<Option<String>, _>("found") else { continue };
        let numbers: Vec<i64> = found.split(' ').filter_map(|text| text.parse().ok()).collect();
        let &[first, last, created, updated, superseded] = numbers.as_slice() else {
            return Err(Error::unreadable("reading", &found, "its counts are no numbers"));
        };
        upserted.counts.created += created.unsigned_abs();
        upserted.counts.updated += updated.unsigned_abs();
        upserted.counts.superseded += superseded.unsigned_abs();
        upserted.changed.push(Range { series: row.get("series_id"), first, last });
    }
    Ok(())
}

async fn find_repeated(
    connection: &mut SqliteConnection,
    ranges: &[Range],
    seq: i64,
    upserted: &mut Upserted,
) -> Result<(), Error> {
    let sql = format!(
        "{} SELECT reading.series_id, time, edited >= 4 AS differs FROM touched \
         JOIN reading ON reading.series_id = touched.series_id \
         AND time BETWEEN touched.first AND touched.last WHERE edited > 1 AND seq = ?",
        with_touched(ranges.len())
    );
    for row in bind(&sql, ranges).bind(seq).fetch_all(connection).await? {
        let key = (row.get("series_id"), row.get("time"));
        upserted.repeated.push(key);
        if row.get::<i64, _>("differs") != 0 {
            upserted.contradicted.push(key);
        }
    }
    Ok(())
}

fn with_touched(ranges: usize) -> String {
    format!("WITH touched (series_id, first, last) AS (VALUES {})", rows(ranges, 3))
}

type Query = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind(sql: &str, ranges: &[Range]) -> Query {
    let mut query = sqlx::query(AssertSqlSafe(sql.to_owned())).persistent(false);
    for range in ranges {
        query = query.bind(range.series).bind(range.first).bind(range.last);
    }
    query
}
