//! What the server answers, taken as it comes: a column may hold a number, its text, or null.

use ourwater_sdk::Position;
use serde::Deserialize;
use serde_json::Value;

use crate::id::Id;
use crate::time;

/// A reading.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ReadingRow {
    pub(crate) id: Value,
    pub(crate) date: Value,
    pub(crate) value: Value,
    pub(crate) postcode: Value,
    pub(crate) resource_id: Value,
    pub(crate) created_at: Value,
    pub(crate) updated_at: Value,
}

impl ReadingRow {
    /// Of a row that is given.
    pub(crate) const COLUMNS: [&str; 6] =
        ["id", "date", "value", "postcode", "resourceId", "updatedAt"];

    /// Of a row that is looked at before it is changed.
    pub(crate) const LOOKED_AT: [&str; 6] =
        ["id", "date", "value", "postcode", "resourceId", "createdAt"];

    pub(crate) fn resource(&self) -> Option<Id> {
        Some(Id { postcode: positive(&self.postcode)?, number: positive(&self.resource_id)? })
    }
}

/// A resource, without its image and without what says how to reach a person.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ResourceRow {
    id: Value,
    postcode: Value,
    geo: Value,
    pub(crate) owner: Value,
    pub(crate) elevation: Value,
    #[serde(rename = "type")]
    pub(crate) kind: Value,
    pub(crate) well_depth: Value,
    #[serde(rename = "villageId")]
    village: Value,
    #[serde(rename = "updatedAt")]
    pub(crate) updated_at: Value,
}

impl ResourceRow {
    pub(crate) const COLUMNS: [&str; 9] = [
        "id",
        "postcode",
        "geo",
        "owner",
        "elevation",
        "type",
        "well_depth",
        "villageId",
        "updatedAt",
    ];

    pub(crate) fn id(&self) -> Option<Id> {
        Some(Id { postcode: positive(&self.postcode)?, number: positive(&self.id)? })
    }

    pub(crate) fn position(&self) -> Option<Position> {
        position(&self.geo)
    }

    /// The village's number; by convention it begins the resource's.
    pub(crate) fn village(&self) -> Option<u64> {
        let village = positive(&self.village).or_else(|| self.id().map(Id::village));
        village.filter(|&village| village > 0)
    }
}

/// A village.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct VillageRow {
    id: Value,
    postcode: Value,
    pub(crate) name: Value,
    coordinates: Value,
    pub(crate) updated_at: Value,
}

impl VillageRow {
    pub(crate) const COLUMNS: [&str; 5] = ["id", "postcode", "name", "coordinates", "updatedAt"];

    pub(crate) fn id(&self) -> Option<Id> {
        Some(Id { postcode: positive(&self.postcode)?, number: positive(&self.id)? })
    }

    pub(crate) fn position(&self) -> Option<Position> {
        position(&self.coordinates)
    }
}

/// A finite number, or the text of one.
pub(crate) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// A whole number above 0: an id or a part of one.
pub(crate) fn positive(value: &Value) -> Option<u64> {
    let whole = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    whole.filter(|&whole| whole > 0)
}

/// A time in ms.
pub(crate) fn instant(value: &Value) -> Option<i64> {
    time::parse(value.as_str()?)
}

/// A text that is not blank.
pub(crate) fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// A value as a person may see it.
pub(crate) fn shown(value: &Value) -> String {
    const CHARACTERS_MAX: usize = 100;
    value.to_string().chars().take(CHARACTERS_MAX).collect()
}

fn position(value: &Value) -> Option<Position> {
    let latitude = number(value.get("lat")?).filter(|degrees| degrees.abs() <= 90.0)?;
    let longitude = number(value.get("lng")?).filter(|degrees| degrees.abs() <= 180.0)?;
    Some(Position { longitude, latitude })
}
