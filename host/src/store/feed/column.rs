//! The readings of a snapshot, in columns: by the change log, or by series and time.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _};

use crate::domain::clock::Timestamp;
use crate::domain::sync::Datatype;

use super::place::{At, Place};
use super::{Error, Feeding, Store, selected};

/// Series, or changes of one, that are looked at for one page.
const LOOKED_MAX: usize = 1_000;

/// Readings of one series.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Column {
    /// Our id of the resource.
    pub resource: String,
    /// Its id in the system that reads, where it is known there.
    pub external: Option<String>,
    /// Tells series of one property apart.
    pub name: String,
    /// What was observed.
    pub property: String,
    /// UCUM.
    pub unit: String,
    /// UTC milliseconds.
    pub times: Vec<Timestamp>,
    /// One for each time.
    pub values: Vec<f64>,
    /// One for each time: 0 unknown, 1 good, 2 suspect, 3 bad.
    pub qualities: Vec<i64>,
    /// Times at which the reading no longer exists.
    pub removed: Vec<Timestamp>,
}

/// Readings of one series that may belong to the page.
struct Stretch {
    series: i64,
    /// Only those of this change; none: of any up to the snapshot.
    seq: Option<i64>,
    first: Timestamp,
    last: Timestamp,
    column: Column,
}

impl Store {
    /// At most `room` readings behind a place; where to go on, unless that was all.
    pub(super) async fn columns(
        &self,
        feeding: &Feeding<'_>,
        place: &Place,
        at: At,
        room: usize,
    ) -> Result<(Vec<Column>, Option<At>), Error> {
        let mut columns = Vec::new();
        if !feeding.sync.datatypes.contains(&Datatype::Reading) {
            return Ok((columns, None));
        }
        let stretches = match place.since {
            Some(_) => self.logged(feeding, place, at).await?,
            None => self.all(feeding, at).await?,
        };
        let looked_at_all = stretches.len() < LOOKED_MAX;
        let (mut behind, mut room) = (at, room);
        for stretch in stretches {
            let seq = stretch.seq.unwrap_or_default();
            let first = if (seq, stretch.series) == (at.seq, at.series) {
                stretch.first.max(at.time.saturating_add(1))
            } else {
                stretch.first
            };
            let found = self.readings_of(feeding, place, &stretch, first, room).await?;
            let series = stretch.series;
            behind = At { seq, series, time: Timestamp::MAX };
            if let Some(last) = found.last().filter(|_| found.len() == room) {
                let time = last.get("time");
                columns.push(filled(stretch.column, &found));
                return Ok((columns, Some(At { seq, series, time })));
            }
            room -= found.len();
            if !found.is_empty() {
                columns.push(filled(stretch.column, &found));
            }
        }
        Ok((columns, (!looked_at_all).then_some(behind)))
    }

    async fn readings_of(
        &self,
        feeding: &Feeding<'_>,
        place: &Place,
        stretch: &Stretch,
        first: Timestamp,
        room: usize,
    ) -> Result<Vec<SqliteRow>, Error> {
        let rows = sqlx::query(
            "SELECT time, value, quality FROM reading WHERE series_id = $1 \
             AND time BETWEEN $2 AND $3 AND seq BETWEEN $4 AND $5 AND origin <> $6 \
             AND (value IS NOT NULL OR $7) ORDER BY time LIMIT $8",
        )
        .bind(stretch.series)
        .bind(first)
        .bind(stretch.last)
        .bind(stretch.seq.unwrap_or_default())
        .bind(stretch.seq.unwrap_or(place.snapshot))
        .bind(feeding.origin)
        .bind(i64::from(place.removed))
        .bind(i64::try_from(room).unwrap_or(i64::MAX))
        .fetch_all(&self.read)
        .await?;
        Ok(rows)
    }

    /// Every series that is selected, from a place on.
    async fn all(&self, feeding: &Feeding<'_>, at: At) -> Result<Vec<Stretch>, Error> {
        let sql = format!(
            "SELECT NULL AS seq, {SERIES}, NULL AS first, NULL AS last FROM series \
             JOIN resource ON resource.id = series.resource AND described = 1 \
             WHERE series.organisation = $3 AND series.id >= $4 AND {} ORDER BY series.id LIMIT $5",
            selected("series.resource")
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(feeding.sync.datasource.as_str())
            .bind(&feeding.only)
            .bind(feeding.sync.organisation.as_str())
            .bind(at.series)
            .bind(i64::try_from(LOOKED_MAX).unwrap_or(i64::MAX))
            .fetch_all(&self.read)
            .await?;
        Ok(rows.iter().map(stretch).collect())
    }

    /// Every series that a change touched, change by change, from a place on.
    async fn logged(
        &self,
        feeding: &Feeding<'_>,
        place: &Place,
        at: At,
    ) -> Result<Vec<Stretch>, Error> {
        let sql = format!(
            "SELECT change.seq, {SERIES}, MIN(first) AS first, MAX(last) AS last FROM change \
             JOIN series ON series.id = change.series_id \
             JOIN resource ON resource.id = series.resource AND described = 1 \
             WHERE change.organisation = $3 AND (change.seq, change.series_id) >= ($4, $5) \
             AND change.seq <= $6 AND {} GROUP BY change.seq, change.series_id \
             ORDER BY change.seq, change.series_id LIMIT $7",
            selected("series.resource")
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(feeding.sync.datasource.as_str())
            .bind(&feeding.only)
            .bind(feeding.sync.organisation.as_str())
            .bind(at.seq)
            .bind(at.series)
            .bind(place.snapshot)
            .bind(i64::try_from(LOOKED_MAX).unwrap_or(i64::MAX))
            .fetch_all(&self.read)
            .await?;
        Ok(rows.iter().map(stretch).collect())
    }
}

const SERIES: &str = "series.id, series.resource, series.name, series.property, series.unit, \
     (SELECT MIN(external_id) FROM link WHERE link.our_id = series.resource \
     AND link.datasource = $1 AND link.kind = 'resource' AND gone = 0) AS external";

fn stretch(row: &SqliteRow) -> Stretch {
    let column = Column {
        resource: row.get("resource"),
        external: row.get("external"),
        name: row.get("name"),
        property: row.get("property"),
        unit: row.get("unit"),
        times: Vec::new(),
        values: Vec::new(),
        qualities: Vec::new(),
        removed: Vec::new(),
    };
    let bound = |column, unbound| row.get::<Option<Timestamp>, _>(column).unwrap_or(unbound);
    Stretch {
        series: row.get("id"),
        seq: row.get("seq"),
        first: bound("first", Timestamp::MIN),
        last: bound("last", Timestamp::MAX),
        column,
    }
}

fn filled(mut column: Column, rows: &[SqliteRow]) -> Column {
    for row in rows {
        let (time, value): (Timestamp, Option<f64>) = (row.get("time"), row.get("value"));
        match value {
            Some(value) => {
                column.times.push(time);
                column.values.push(value);
                column.qualities.push(row.get("quality"));
            }
            None => column.removed.push(time),
        }
    }
    column
}
