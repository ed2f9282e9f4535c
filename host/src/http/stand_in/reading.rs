//! A reading as it is stored: two decimals, whole seconds.

use serde_json::{Map, Value, json};

use super::filter::{Cell, Filter, time};
use crate::domain::clock::{Timestamp, rfc3339};

const SECOND_MS: i64 = 1000;

/// A row. Times are none where a dump has zeros.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Given when it is put in.
    pub id: u64,
    /// When it was observed.
    pub date: Option<Timestamp>,
    /// As it is kept: two decimals.
    pub value: f64,
    /// Of its resource.
    pub postcode: u64,
    /// Of its resource, within the postcode.
    pub resource: u64,
    /// Of its resource.
    pub village: Option<u64>,
    /// When the row was made.
    pub created: Option<Timestamp>,
    /// When the row last changed.
    pub updated: Option<Timestamp>,
}

impl Reading {
    /// One that is posted; none where it lacks something.
    pub(super) fn parse(row: &Value, now: Timestamp) -> Option<Self> {
        let created = row["createdAt"].as_str().and_then(time).unwrap_or(now);
        let reading = Self {
            id: 0,
            date: Some(time(row["date"].as_str()?)?),
            value: row["value"].as_f64()?,
            postcode: row["postcode"].as_u64()?,
            resource: row["resourceId"].as_u64()?,
            village: row["villageId"].as_u64(),
            created: Some(created),
            updated: Some(now),
        };
        Some(reading.stored())
    }

    /// As the table keeps it.
    pub(super) fn stored(self) -> Self {
        let cut = |time: Timestamp| time - time.rem_euclid(SECOND_MS);
        Self {
            date: self.date.map(cut),
            value: (self.value * 100.0).round() / 100.0,
            created: self.created.map(cut),
            updated: self.updated.map(cut),
            ..self
        }
    }

    pub(super) fn cell(&self, column: &str) -> Cell {
        let number = |number: u64| Cell::Number(number as f64);
        let time = |time: Option<Timestamp>| time.map_or(Cell::None, Cell::Time);
        match column {
            "id" => number(self.id),
            "date" => time(self.date),
            "value" => Cell::Number(self.value),
            "postcode" => number(self.postcode),
            "resourceId" => number(self.resource),
            "villageId" => self.village.map_or(Cell::None, number),
            "createdAt" => time(self.created),
            "updatedAt" => time(self.updated),
            _ => Cell::None,
        }
    }

    pub(super) fn json(&self, filter: Option<&Filter>) -> Value {
        let columns: Map<String, Value> = [
            ("id", json!(self.id)),
            ("date", json!(self.date.map(rfc3339))),
            ("value", json!(self.value)),
            ("villageId", json!(self.village)),
            ("postcode", json!(self.postcode)),
            ("resourceId", json!(self.resource)),
            ("createdAt", json!(self.created.map(rfc3339))),
            ("updatedAt", json!(self.updated.map(rfc3339))),
        ]
        .into_iter()
        .map(|(column, value)| (column.to_owned(), value))
        .collect();
        filter.map_or(Value::Object(columns.clone()), |filter| filter.cut(columns))
    }
}
