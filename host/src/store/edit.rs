//! Readings made, changed or removed in OurWater by people, with origin 0.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::Timestamp;
use crate::domain::faults::Point as Place;
use crate::domain::id::{OrganisationId, ResourceId, SyncId};
use crate::domain::plan::Resolution;
use crate::domain::run::Counts;

use super::change::{self, Change};
use super::column::{parsed, rows};
use super::gather::Point;
use super::reading::{self, Writing};
use super::{Error, Store};

/// Readings that are changed at once.
pub const EDITS_MAX: usize = 10_000;

/// Points whose old values are kept in one statement.
const ROWS: usize = 500;

/// OurWater itself.
const OURS: i64 = 0;

/// Readings of one series, as a person wants them.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// Where they were observed.
    pub resource: ResourceId,
    /// Tells series of one property apart.
    pub name: String,
    /// What was observed.
    pub property: String,
    /// UCUM.
    pub unit: String,
    /// The readings.
    pub points: Vec<EditedPoint>,
}

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EditedPoint {
    /// When, ms.
    pub time: Timestamp,
    /// Finite; none: there is to be no reading.
    pub value: Option<f64>,
    /// 0 unknown, 1 good, 2 suspect, 3 bad.
    pub quality: u8,
}

impl Store {
    /// Writes readings, all or none.
    pub async fn edit_readings(
        &self,
        organisation: &OrganisationId,
        edits: &[Edit],
        now: Timestamp,
    ) -> Result<Counts, Error> {
        let readings: usize = edits.iter().map(|edit| edit.points.len()).sum();
        if readings > EDITS_MAX {
            return Err(Error::Limit(format!(
                "limit edits_max: at most {EDITS_MAX} readings are changed at once, these are \
                 {readings}"
            )));
        }
        let early = self.early_seq(organisation).await?;
        self.faults.reach(Place::EditNumbered).await?;
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let connection = &mut *transaction;
        let seq = self.next_seq(connection, organisation, early).await?;
        let change = Change { seq, origin: OURS, at: now };
        let mut counts = Counts::default();
        for edit in edits {
            counts += write(connection, organisation, edit, change).await?;
        }
        transaction.commit().await?;
        Ok(counts)
    }
}

async fn write(
    connection: &mut SqliteConnection,
    organisation: &OrganisationId,
    edit: &Edit,
    change: Change,
) -> Result<Counts, Error> {
    let (series, owner) = find_or_make(connection, organisation, edit).await?;
    let mut points = points(series, &edit.points);
    let absent = reading::drop_absent(connection, &mut points).await?;
    if let Some(owner) = &owner {
        keep_bases(connection, owner, "1 = 1", &points, change.at).await?;
    }
    for (datasource, agreed) in pushed_to(connection, series, owner.as_deref()).await? {
        keep_bases(connection, &datasource, &agreed, &points, change.at).await?;
    }
    let how = Writing {
        origin: OURS,
        seq: change.seq,
        // Nothing is a repetition of what a source gave.
        pass_seq: i64::MAX,
        tolerance: Resolution::EXACT.tolerance(),
    };
    let upserted = reading::upsert(connection, &points, how).await?;
    change::log(connection, organisation, change, &upserted.changed).await?;
    Ok(Counts { unchanged: upserted.counts.unchanged + absent, ..upserted.counts })
}

/// Sorted, the last of each time.
fn points(series: i64, edited: &[EditedPoint]) -> Vec<Point> {
    let mut points: Vec<Point> = edited
        .iter()
        .map(|edited| Point {
            series,
            time: edited.time,
            value: edited.value.unwrap_or(f64::NAN),
            updated: 0,
            row: 0,
            quality: edited.quality,
        })
        .collect();
    points.sort_by_key(|point| point.time);
    points.reverse();
    points.dedup_by_key(|point| point.time);
    points.reverse();
    points
}

/// What both sides agreed on, before ours moves away from it. A reading that is open already keeps
/// the value they agreed on first.
async fn keep_bases(
    connection: &mut SqliteConnection,
    datasource: &str,
    agreed: &str,
    points: &[Point],
    now: Timestamp,
) -> Result<(), Error> {
    for points in points.chunks(ROWS) {
        let sql = format!(
            "WITH point (series_id, time, value, quality) AS (VALUES {}) \
             INSERT INTO base (datasource, series_id, time, known, value, quality, edited) \
             SELECT ?, point.series_id, point.time, reading.seq IS NOT NULL, reading.value, \
             COALESCE(reading.quality, 0), ? FROM point LEFT JOIN reading \
             ON reading.series_id = point.series_id AND reading.time = point.time \
             WHERE (reading.seq IS NULL OR reading.value IS DISTINCT FROM point.value \
             OR point.quality NOT IN (0, reading.quality)) AND {agreed} \
             ON CONFLICT (datasource, series_id, time) DO UPDATE SET edited = excluded.edited",
            rows(points.len(), 4)
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for point in points {
            query = query
                .bind(point.series)
                .bind(point.time)
                .bind(point.known())
                .bind(i64::from(point.quality));
        }
        query.bind(datasource).bind(now).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The datasources that a series is pushed to, and which of its readings they have: those behind the
/// push cursor that are not on their way.
async fn pushed_to(
    connection: &mut SqliteConnection,
    series: i64,
    owner: Option<&str>,
) -> Result<Vec<(String, String)>, Error> {
    let rows = sqlx::query(
        "SELECT sync.id, sync.datasource, push.seq, push.series_id, push.time, backfill \
         FROM covered JOIN sync ON sync.id = covered.sync JOIN push ON push.sync = covered.sync \
         AND push.datatype = 'reading' WHERE covered.series_id = $1 \
         AND sync.datasource IS DISTINCT FROM $2",
    )
    .bind(series)
    .bind(owner)
    .fetch_all(connection)
    .await?;
    let agreed = |row: &SqliteRow| {
        let number = |column| row.get::<i64, _>(column);
        let behind = row.get::<Option<i64>, _>("backfill").unwrap_or(i64::MAX);
        let sync: SyncId = parsed(row, "covered", "id")?;
        let condition = format!(
            "(reading.seq, reading.series_id, reading.time) <= ({}, {}, {}) \
             AND reading.time <= {behind} AND NOT EXISTS (SELECT 1 FROM outbox \
             WHERE outbox.sync = '{sync}' AND outbox.series_id = reading.series_id \
             AND outbox.time = reading.time)",
            number("seq"),
            number("series_id"),
            number("time")
        );
        Ok((row.get("datasource"), condition))
    };
    rows.iter().map(agreed).collect()
}

/// The series' number, and the datasource that pulls into it.
async fn find_or_make(
    connection: &mut SqliteConnection,
    organisation: &OrganisationId,
    edit: &Edit,
) -> Result<(i64, Option<String>), Error> {
    let known = sqlx::query("SELECT 1 FROM resource WHERE id = $1 AND organisation = $2")
        .bind(edit.resource.as_str())
        .bind(organisation.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    if known.is_none() {
        return Err(Error::NotFound { what: "resource", id: edit.resource.to_string() });
    }
    let found = sqlx::query(
        "SELECT id, owner FROM series WHERE resource = $1 AND name = $2 AND property = $3 \
         AND unit = $4",
    )
    .bind(edit.resource.as_str())
    .bind(&edit.name)
    .bind(&edit.property)
    .bind(&edit.unit)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(row) = found {
        return Ok((row.get("id"), row.get("owner")));
    }
    let row = sqlx::query(
        "INSERT INTO series (id, organisation, resource, name, property, unit, owner) \
         SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5, NULL FROM series RETURNING id",
    )
    .bind(organisation.as_str())
    .bind(edit.resource.as_str())
    .bind(&edit.name)
    .bind(&edit.property)
    .bind(&edit.unit)
    .fetch_one(connection)
    .await?;
    Ok((row.get("id"), None))
}
