//! A field of a configuration by its path, such as `readings.time.pattern`.

use std::str::FromStr;

use serde_json::{Map, Value};

/// A field and what it is to be: `readings.time.pattern=%d/%m/%Y`.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Names, and places from 0 in lists, with dots between them.
    pub path: String,
    /// What it is to be.
    pub value: Value,
}

/// What cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum BadSetting {
    /// Not a path and a value.
    #[error("{0:?} sets nothing: write a field, = and its value, as in header=3")]
    NoValue(String),
    /// The configuration has something else there.
    #[error("{path:?} cannot be set: there is nothing of that name to set it in")]
    NoPlace {
        /// What was to be set.
        path: String,
    },
}

impl Setting {
    /// A text becomes what it is as JSON, where it is JSON, and else stays a text.
    pub fn new(path: &str, value: &str) -> Self {
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Self { path: path.to_owned(), value }
    }

    /// Sets it; objects on the way are made where they are missing.
    pub fn apply(&self, config: &mut Value) -> Result<(), BadSetting> {
        let mut place = config;
        for name in self.path.split('.') {
            place = descend(place, name)
                .ok_or_else(|| BadSetting::NoPlace { path: self.path.clone() })?;
        }
        *place = self.value.clone();
        Ok(())
    }
}

impl FromStr for Setting {
    type Err = BadSetting;

    fn from_str(text: &str) -> Result<Self, BadSetting> {
        match text.split_once('=') {
            Some((path, value)) if !path.is_empty() => Ok(Self::new(path, value)),
            _ => Err(BadSetting::NoValue(text.to_owned())),
        }
    }
}

fn descend<'value>(place: &'value mut Value, name: &str) -> Option<&'value mut Value> {
    if let Value::Array(list) = place {
        return list.get_mut(name.parse::<usize>().ok()?);
    }
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    Some(place.as_object_mut()?.entry(name).or_insert(Value::Null))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_set_where_its_path_says() {
        let mut config = json!({"file": "a.csv", "readings": {"series": [{"value": 2}]}});
        for text in ["readings.time.pattern=%d/%m/%Y", "header=3", "readings.series.0.unit=m"] {
            text.parse::<Setting>().unwrap().apply(&mut config).unwrap();
        }
        assert_eq!(
            config,
            json!({"file": "a.csv", "header": 3, "readings": {
                "time": {"pattern": "%d/%m/%Y"}, "series": [{"value": 2, "unit": "m"}]}})
        );
    }

    #[test]
    fn what_has_no_place_is_refused() {
        let mut config = json!({"file": "a.csv", "list": []});
        for text in ["file.name=x", "list.0=x"] {
            assert!(text.parse::<Setting>().unwrap().apply(&mut config).is_err(), "{text}");
        }
        assert!("header".parse::<Setting>().is_err());
    }
}
