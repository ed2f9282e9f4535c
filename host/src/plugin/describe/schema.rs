//! The schema of a plugin's configuration: usable, without end only where its instance ends it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The dialect of JSON Schema that forms and checks understand.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Fields that are named in a warning.
const NAMED_MAX: usize = 10;

/// Parts of a field's name that say it holds a secret.
const SECRETS: [&str; 7] =
    ["password", "passwd", "passphrase", "secret", "token", "apikey", "privatekey"];

/// What holds a schema of the same value.
const SAME_VALUE: [&str; 4] = ["not", "if", "then", "else"];

/// What holds a list of schemas of the same value.
const SAME_VALUE_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Why a schema is none of a configuration.
pub(super) fn mistake(schema: &Value) -> Option<String> {
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Some("its schema describes no object: it needs \"type\": \"object\"".to_owned());
    }
    if schema.get("$schema").is_some_and(|it| it != DIALECT) {
        return Some(format!("its schema is of another dialect than {DIALECT}"));
    }
    if let Err(error) = jsonschema::draft202012::meta::validate(schema) {
        let at = error.instance_path().to_string();
        return Some(format!("its schema is no JSON Schema 2020-12: at {at:?}: {error}"));
    }
    let references = references(schema);
    if let Some(other) = references.iter().find(|it| schema.pointer(place(it)).is_none()) {
        return Some(format!(
            "its schema refers to {other:?}: only \"#/…\" within itself is followed"
        ));
    }
    if let Some(endless) = references.iter().find(|it| is_endless(schema, it)) {
        return Some(format!(
            "its schema refers to {endless:?}, and from there to itself without end"
        ));
    }
    let built = jsonschema::draft202012::new(schema);
    built.err().map(|error| format!("its schema cannot be used: {error}"))
}

/// What people will miss, and what does not belong in a configuration.
pub(super) fn warnings(schema: &Value) -> Vec<String> {
    let fields = fields(schema);
    let silent = fields.iter().filter(|(_, it)| it.get("description").is_none_or(|it| it == ""));
    let secret = fields.iter().filter(|(name, _)| is_secret(name));
    let mut warnings = Vec::new();
    if let Some(names) = listed(silent.map(|(name, _)| *name)) {
        warnings.push(format!("its configuration does not describe: {names}"));
    }
    if let Some(names) = listed(secret.map(|(name, _)| *name)) {
        warnings.push(format!(
            "its configuration seems to hold a secret: {names}; secrets are credentials, which it asks \
             for and never sees"
        ));
    }
    warnings
}

/// Every field, those within others too.
fn fields(schema: &Value) -> Vec<(&str, &Value)> {
    let (mut fields, mut left) = (Vec::new(), vec![schema]);
    while let Some(value) = left.pop() {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            fields.extend(properties.iter().map(|(name, schema)| (name.as_str(), schema)));
        }
        match value {
            Value::Object(members) => left.extend(members.values()),
            Value::Array(elements) => left.extend(elements),
            _ => {}
        }
    }
    fields.sort_unstable_by_key(|(name, _)| *name);
    fields.dedup_by_key(|(name, _)| *name);
    fields
}

fn is_secret(name: &str) -> bool {
    let mut letters = name.to_lowercase();
    letters.retain(|c| c.is_ascii_alphanumeric());
    SECRETS.iter().any(|part| letters.contains(part))
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.take(NAMED_MAX + 1).collect();
    match names.get(..NAMED_MAX) {
        _ if names.is_empty() => None,
        Some(first) if names.len() > NAMED_MAX => Some(format!("{} and more", first.join(", "))),
        _ => Some(names.join(", ")),
    }
}

/// All references anywhere in it; a dynamic one is treated like any other.
fn references(schema: &Value) -> BTreeSet<&str> {
    let (mut found, mut left) = (BTreeSet::new(), vec![schema]);
    while let Some(value) = left.pop() {
        match value {
            Value::Object(members) => {
                found.extend(own_references(members));
                left.extend(members.values());
            }
            Value::Array(elements) => left.extend(elements),
            _ => {}
        }
    }
    found
}

fn own_references(schema: &Map<String, Value>) -> impl Iterator<Item = &str> {
    ["$ref", "$dynamicRef"].iter().filter_map(|word| schema.get(*word)?.as_str())
}

/// The JSON pointer of a reference within the document; of any other one, what points nowhere.
fn place(reference: &str) -> &str {
    reference.strip_prefix('#').unwrap_or("nowhere")
}

/// Whether following a reference comes back to it without going into a part of the value: a value of
/// no depth at all would be held against it for ever.
fn is_endless(schema: &Value, start: &str) -> bool {
    let (mut seen, mut left) = (BTreeSet::new(), vec![start]);
    while let Some(reference) = left.pop() {
        for next in schema.pointer(place(reference)).map(of_same_value).unwrap_or_default() {
            if next == start {
                return true;
            }
            if seen.insert(next) {
                left.push(next);
            }
        }
    }
    false
}

/// The references that a schema holds its own value against.
fn of_same_value(schema: &Value) -> Vec<&str> {
    let (mut found, mut left) = (Vec::new(), vec![schema]);
    while let Some(members) = left.pop().and_then(Value::as_object) {
        found.extend(own_references(members));
        left.extend(SAME_VALUE.iter().filter_map(|word| members.get(*word)));
        let lists = SAME_VALUE_LISTS.iter().filter_map(|word| members.get(*word)?.as_array());
        left.extend(lists.flatten());
        let dependent = members.get("dependentSchemas").and_then(Value::as_object);
        left.extend(dependent.into_iter().flat_map(Map::values));
    }
    found
}
