//! A configuration and what it stands for: the files it names, and the cursors that belong to it.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::domain::digest::hex;
use crate::domain::file::File;
use crate::domain::plugin::Description;
pub(super) use crate::plugin::config::{fill_in, mistakes};

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
