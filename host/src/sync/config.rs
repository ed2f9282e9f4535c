//! A configuration before the plugin sees it: defaults filled in, held against the schema.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::domain::digest::hex;
use crate::domain::file::File;
use crate::domain::organisation::Organisation;
use crate::domain::plugin::{Description, Remark};

/// Mistakes shown at once.
const MISTAKES_MAX: usize = 20;

/// The configuration with what the schema says comes from the organisation (`x-default`).
pub(super) fn fill_in(
    config: &Value,
    description: &Description,
    organisation: &Organisation,
) -> Value {
    let mut filled = config.clone();
    let properties = description.schema.get("properties").and_then(Value::as_object);
    if let (Some(filled), Some(properties)) = (filled.as_object_mut(), properties) {
        for (name, schema) in properties {
            let absent = filled.get(name).is_none_or(Value::is_null);
            if absent && schema.get("x-default").is_some_and(|it| it == "organisation.zone") {
                filled.insert(name.clone(), organisation.zone.name().into());
            }
        }
    }
    filled
}

/// What is wrong with a configuration, each mistake with its field.
pub(super) fn mistakes(config: &Value, description: &Description) -> Vec<Remark> {
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

/// The files a configuration names: what its plugin may read.
pub(super) fn named_files(config: &Value, files: Vec<File>) -> Vec<File> {
    let mut texts = Vec::new();
    collect_texts(config, &mut texts);
    files.into_iter().filter(|file| texts.contains(&file.name.as_str())).collect()
}

/// The first file that a field marked `x-file` names and the organisation does not have.
pub(super) fn missing_file(
    config: &Value,
    description: &Description,
    files: &[File],
) -> Option<String> {
    let properties = description.schema.get("properties")?.as_object()?;
    let marked = properties.iter().filter(|(_, it)| it.get("x-file") == Some(&Value::Bool(true)));
    let mut named = marked.filter_map(|(field, _)| config.get(field)?.as_str());
    named.find(|name| files.iter().all(|file| file.name.as_str() != *name)).map(str::to_owned)
}

/// What a cursor belongs to.
pub(super) fn digest(config: &Value, plugin: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(config.to_string());
    hasher.update([0]);
    hasher.update(plugin);
    hex(&hasher.finalize())
}

fn collect_texts<'value>(value: &'value Value, texts: &mut Vec<&'value str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(values) => values.iter().for_each(|value| collect_texts(value, texts)),
        Value::Object(fields) => fields.values().for_each(|value| collect_texts(value, texts)),
        _ => {}
    }
}
