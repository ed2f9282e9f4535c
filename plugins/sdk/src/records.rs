//! Records of the contract, made of what differs from one to the next.

use crate::{Datatype, Description, Duplicates, Kind, Paging, Readings, Receipt, Series};

impl Description {
    /// A datasource that gives these datatypes, all of a datatype in one sequence of pages.
    pub fn of(name: &str, version: &str, kind: Kind, gets: impl Into<Vec<Datatype>>) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            kind,
            gets: gets.into(),
            pushes: Vec::new(),
            paging: Paging::Whole,
            duplicates: Duplicates::StoresBoth,
            decimals: None,
            step: 1,
            schema: String::new(),
            asks: String::new(),
            extra: String::new(),
        }
    }

    /// Asks for a grant by its word (`files`, `http`), with the reason that an administrator reads.
    /// What has more to it is written into `asks` as JSON.
    #[must_use]
    pub fn asking(mut self, word: &str, why: &str) -> Self {
        let asks = serde_json::from_str(&self.asks).unwrap_or_default();
        let mut asks: serde_json::Map<String, serde_json::Value> = asks;
        asks.insert(word.to_owned(), why.into());
        self.asks = serde_json::Value::Object(asks).to_string();
        self
    }
}

impl Series {
    /// One observed quantity at one resource.
    pub fn of(resource: &str, name: &str, property: &str, unit: &str) -> Self {
        Self {
            resource: resource.to_owned(),
            name: name.to_owned(),
            property: property.to_owned(),
            unit: unit.to_owned(),
        }
    }
}

impl Readings {
    /// A series without points yet.
    pub fn of(series: Series) -> Self {
        Self {
            series,
            times: Vec::new(),
            values: Vec::new(),
            qualities: Vec::new(),
            notes: Vec::new(),
            removed: Vec::new(),
            rows: Vec::new(),
            updated: Vec::new(),
        }
    }
}

/// Nothing yet: each record of the batch is still to be added.
impl Default for Receipt {
    fn default() -> Self {
        Self {
            created: 0,
            updated: 0,
            unchanged: 0,
            ids: Vec::new(),
            refused: Vec::new(),
            conflicting: Vec::new(),
            unknown: Vec::new(),
            untried: Vec::new(),
            stopped: None,
        }
    }
}
