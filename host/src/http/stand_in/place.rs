//! Villages or resources, by postcode and number.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::filter::{Cell, Filter};

type Row = Map<String, Value>;

/// What may be changed of a resource; a value that is 0 or empty changes nothing.
const CHANGEABLE: [&str; 5] = ["geo", "owner", "elevation", "type", "villageId"];

/// The rows.
#[derive(Debug, Default)]
pub(super) struct Places {
    rows: BTreeMap<(u64, u64), Value>,
}

impl Places {
    pub(super) fn put(&mut self, row: Value) {
        if let Some(key) = key(&row) {
            self.rows.insert(key, row);
        }
    }

    /// None where there is one of this key, or no key.
    pub(super) fn create(&mut self, row: Value) -> Option<Value> {
        let key = key(&row).filter(|key| !self.rows.contains_key(key))?;
        Some(self.rows.entry(key).or_insert(row).clone())
    }

    pub(super) fn has(&self, postcode: u64, number: u64) -> bool {
        self.rows.contains_key(&(postcode, number))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Value> {
        self.rows.values()
    }

    pub(super) fn change(&mut self, change: &Value, now: &str) -> Option<Value> {
        let row = self.rows.get_mut(&key(change)?)?;
        for column in CHANGEABLE {
            let value = &change[column];
            if !value.is_null() && *value != json!(0) && *value != json!("") {
                row[column] = value.clone();
            }
        }
        row["updatedAt"] = json!(now);
        Some(row.clone())
    }

    /// In the order of postcode and number.
    pub(super) fn find(&self, filter: &Filter) -> Value {
        let rows = self.rows.values().filter_map(Value::as_object);
        let wanted = rows.filter(|row| filter.condition.holds(&|column: &str| cell(row, column)));
        wanted.skip(filter.skip).take(filter.limit).map(|row| filter.cut(row.clone())).collect()
    }
}

fn key(row: &Value) -> Option<(u64, u64)> {
    Some((row.get("postcode")?.as_u64()?, row.get("id")?.as_u64()?))
}

fn cell(row: &Row, column: &str) -> Cell {
    row.get(column).map_or(Cell::None, Cell::of)
}
