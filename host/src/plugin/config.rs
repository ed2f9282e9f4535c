//! A configuration before the plugin sees it: defaults filled in, held against the schema.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::organisation::Zone;
use crate::domain::origin::{BadOrigin, Origin};
use crate::domain::plugin::{Description, Remark};

/// Mistakes shown at once.
const MISTAKES_MAX: usize = 20;

/// A field that says where requests go, and does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the field {field:?} names no server: {reason}")]
pub struct NoServer {
    /// Of the configuration.
    pub field: String,
    /// What is wrong with it.
    pub reason: BadOrigin,
}

/// The configuration with what the schema says comes from the organisation (`x-default`).
pub fn fill_in(config: &Value, description: &Description, zone: Zone) -> Value {
    let mut filled = config.clone();
    let properties = description.schema.get("properties").and_then(Value::as_object);
    if let (Some(filled), Some(properties)) = (filled.as_object_mut(), properties) {
        for (name, schema) in properties {
            let absent = filled.get(name).is_none_or(Value::is_null);
            if absent && schema.get("x-default").is_some_and(|it| it == "organisation.zone") {
                filled.insert(name.clone(), zone.name().into());
            }
        }
    }
    filled
}

/// What is wrong with a configuration, each mistake with its field.
pub fn mistakes(config: &Value, description: &Description) -> Vec<Remark> {
    match jsonschema::validator_for(&description.schema) {
        Ok(validator) => validator
            .iter_errors(config)
            .take(MISTAKES_MAX)
            .map(|error| Remark {
                field: error.instance_path().as_str().trim_start_matches('/').replace('/', "."),
                text: error.to_string(),
            })
            .collect(),
        Err(error) => vec![Remark {
            field: String::new(),
            text: format!("the plugin's schema is no JSON Schema: {error}"),
        }],
    }
}

/// The origins of the fields that the schema marks `x-origin`, by field.
pub fn origins(
    config: &Value,
    description: &Description,
) -> Result<BTreeMap<String, Origin>, NoServer> {
    let properties = description.schema.get("properties").and_then(Value::as_object);
    let marked = properties.into_iter().flatten();
    let marked = marked.filter(|(_, it)| it.get("x-origin") == Some(&Value::Bool(true)));
    let named = marked.filter_map(|(field, _)| Some((field, config.get(field)?.as_str()?)));
    let origin = |(field, url): (&String, &str)| {
        let origin = url.parse();
        let origin = origin.map_err(|reason| NoServer { field: field.clone(), reason })?;
        Ok((field.clone(), origin))
    };
    named.map(origin).collect()
}
