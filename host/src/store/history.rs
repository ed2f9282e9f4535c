//! The readings of one resource, by series and time, each with where it came from.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::domain::clock::Timestamp;
use crate::domain::id::{OrganisationId, ResourceId};

use super::{Error, Store};

/// What readings made or changed here carry as their origin.
pub const OURWATER: &str = "OurWater";

/// A reading and where it came from.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Kept {
    /// The number of its series, which orders them.
    #[serde(skip)]
    pub series: i64,
    /// Tells series of one property apart.
    pub name: String,
    /// What was observed.
    pub property: String,
    /// UCUM.
    pub unit: String,
    /// When, ms.
    pub time: Timestamp,
    /// The value.
    pub value: f64,
    /// 0 unknown, 1 good, 2 suspect, 3 bad.
    pub quality: i64,
    /// `OurWater`, or the name of the datasource that brought it.
    pub origin: String,
}

impl Store {
    /// A resource's readings behind a series and time; at most `limit`.
    pub async fn history(
        &self,
        organisation: &OrganisationId,
        resource: &ResourceId,
        after: (i64, Timestamp),
        limit: u32,
    ) -> Result<Vec<Kept>, Error> {
        let all = sqlx::query(
            "SELECT id, name, property, unit FROM series \
             WHERE resource = $1 AND organisation = $2 AND id >= $3 ORDER BY id",
        )
        .bind(resource.as_str())
        .bind(organisation.as_str())
        .bind(after.0)
        .fetch_all(&self.read)
        .await?;
        let mut kept = Vec::new();
        for series in &all {
            let behind =
                if series.get::<i64, _>("id") == after.0 { after.1 } else { Timestamp::MIN };
            let room = i64::from(limit) - i64::try_from(kept.len()).unwrap_or(i64::MAX);
            if room <= 0 {
                break;
            }
            kept.extend(self.of_series(series, behind, room).await?);
        }
        Ok(kept)
    }

    async fn of_series(
        &self,
        series: &SqliteRow,
        after: Timestamp,
        room: i64,
    ) -> Result<Vec<Kept>, Error> {
        let id: i64 = series.get("id");
        let rows = sqlx::query(
            "SELECT time, value, quality, origin, CASE plugin WHEN '' THEN NULL ELSE \
             datasource.name END AS name FROM reading LEFT JOIN datasource \
             ON datasource.number = reading.origin \
             WHERE series_id = $1 AND time > $2 AND value IS NOT NULL ORDER BY time LIMIT $3",
        )
        .bind(id)
        .bind(after)
        .bind(room)
        .fetch_all(&self.read)
        .await?;
        let kept = |row: &SqliteRow| Kept {
            series: id,
            name: series.get("name"),
            property: series.get("property"),
            unit: series.get("unit"),
            time: row.get("time"),
            value: row.get("value"),
            quality: row.get("quality"),
            origin: origin(row),
        };
        Ok(rows.iter().map(kept).collect())
    }
}

fn origin(row: &SqliteRow) -> String {
    if row.get::<i64, _>("origin") == 0 {
        return OURWATER.to_owned();
    }
    // The row of a deleted datasource is left, without a plugin.
    let name: Option<String> = row.get("name");
    name.unwrap_or_else(|| "a datasource that was deleted".to_owned())
}
