//! What a plugin says of itself, and what it makes of configurations that do not fit.

use serde_json::{Value, json};

use crate::domain::credential;
use crate::domain::plugin::{Failure, Remark};
use crate::plugin::config::mistakes;

use super::pull::{Baseline, LARGE, Track};
use super::subject::Subject;
use super::verdict::{Ended, Held, ensure};
use super::world::World;

/// Words in the name of a field that hold what belongs into a credential.
const SECRET_WORDS: [&str; 8] =
    ["password", "passwd", "secret", "token", "apikey", "privatekey", "accesskey", "credential"];

/// Levels of a schema that are looked through.
const DEPTH_MAX: usize = 32;

/// It says what it is in words the host and a person understand.
pub(super) async fn world(subject: &Subject) -> Held {
    let description = subject.description();
    ensure(!description.name.is_empty(), || "it has no name".to_owned())?;
    ensure(!description.version.is_empty(), || "it has no version".to_owned())?;
    let moves = !(description.gets.is_empty() && description.pushes.is_empty());
    ensure(moves, || "it neither gets nor pushes anything".to_owned())?;
    for (what, why) in &description.asks {
        if what != "credentials" {
            let said = why.as_str().or_else(|| why.get("why")?.as_str()).unwrap_or_default();
            ensure(!said.trim().is_empty(), || format!("it asks for {what} and does not say why"))?;
        }
    }
    let asks = credential::asks(&description.asks).map_err(Ended::Failed)?;
    for (name, ask) in asks {
        ensure(!ask.why.trim().is_empty(), || {
            format!("it asks for the credential {name} and does not say why")
        })?;
    }
    Ok(())
}

/// Its schema is one, fits the configuration, and has no place for secrets.
pub(super) async fn schema(subject: &Subject) -> Held {
    let description = subject.description();
    let schema = &description.schema;
    ensure(schema.get("type") == Some(&json!("object")), || {
        format!("expected a schema with \"type\": \"object\", got {}", schema["type"])
    })?;
    if let Some(mistake) = mistakes(&subject.config, description).first() {
        let Remark { field, text } = mistake;
        return Err(Ended::Failed(format!(
            "the configuration does not fit, field {field:?}: {text}"
        )));
    }
    match secret(schema, DEPTH_MAX) {
        Some(field) => Err(Ended::Failed(format!("the field {field:?} would hold a secret"))),
        None => Ok(()),
    }
}

/// Each required field that is missing is named.
pub(super) async fn missing_field(subject: &Subject) -> Held {
    let required = subject.description().schema.get("required").and_then(Value::as_array);
    let required: Vec<&str> = required.into_iter().flatten().filter_map(Value::as_str).collect();
    if required.is_empty() {
        return Err(Ended::not_applicable("no field of its configuration is required"));
    }
    for field in required {
        let mut config = subject.config.clone();
        config.as_object_mut().map(|fields| fields.remove(field));
        for (call, answer) in answers(subject, &config.to_string()).await? {
            match answer {
                Err(Failure::Config { field: named, .. }) if named == field => {}
                other => {
                    let got = told(&other);
                    let seen =
                        format!("{call} without {field:?}: expected `config` naming it, got {got}");
                    return Err(Ended::Failed(seen));
                }
            }
        }
    }
    Ok(())
}

/// Whatever a configuration holds, the plugin answers.
pub(super) async fn wrong_types(subject: &Subject) -> Held {
    let strange = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5e300),
        json!(""),
        json!("\u{0}\u{202e}x"),
        json!([]),
        json!([[[]]]),
        json!({}),
        json!({"": {"a": [1]}}),
        json!("x".repeat(100_000)),
    ];
    let fields: Vec<String> =
        subject.config.as_object().into_iter().flat_map(|it| it.keys().cloned()).collect();
    let mut configs: Vec<String> =
        ["", "null", "[]", "7", "{", "{}", "\"x\""].map(str::to_owned).to_vec();
    configs.push("[".repeat(50_000));
    for field in fields {
        configs.extend(strange.iter().map(|value| {
            let mut config = subject.config.clone();
            config[&field] = value.clone();
            config.to_string()
        }));
    }
    for config in configs {
        for (call, answer) in answers(subject, &config).await? {
            if let Err(failure @ (Failure::Fault(_) | Failure::Limit(_))) = answer {
                let config: String = config.chars().take(200).collect();
                return Err(Ended::Failed(format!("{call} with {config}: {failure}")));
            }
        }
    }
    Ok(())
}

/// The plugin, its configuration and the fixture work together, so that the other checks mean
/// something.
pub(super) async fn fixture(subject: &Subject) -> Held {
    let world = World::new(subject)?;
    let mut guest = world.guest().await?;
    guest.check().await.map_err(|failure| {
        Ended::Failed(format!("check: expected the configuration to be accepted, got {failure}"))
    })?;
    let baseline = Baseline::get(subject).await?;
    if !subject.description().gets.is_empty() {
        ensure(baseline.records() > 1, || {
            format!("expected two records at least, got {}", baseline.records())
        })?;
    }
    // Nobody else sets it.
    let _ = subject.baseline.set(baseline);
    Ok(())
}

type Answer = (&'static str, Result<(), Failure>);

/// What `check`, and `get` where there is one, make of a configuration.
async fn answers(subject: &Subject, config: &str) -> Result<Vec<Answer>, Ended> {
    let mut world = World::new(subject)?;
    config.clone_into(&mut world.config);
    let mut answers = vec![("check", world.guest().await?.check().await.map(drop))];
    if let Some(datatype) = subject.description().gets.last() {
        let track = Track { datatype: *datatype, only: Vec::new() };
        let got = world.guest().await?.get(&track.request(LARGE, None)).await;
        answers.push(("get", got.map(drop)));
    }
    Ok(answers)
}

fn told(answer: &Result<(), Failure>) -> String {
    match answer {
        Ok(()) => "success".to_owned(),
        Err(failure) => failure.to_string(),
    }
}

/// The first property that is meant for a secret, anywhere in a schema.
fn secret(schema: &Value, depth: usize) -> Option<String> {
    let fields = schema.as_object().filter(|_| depth > 0)?;
    if let Some(properties) = fields.get("properties").and_then(Value::as_object) {
        for (name, property) in properties {
            let plain: String = name
                .chars()
                .filter(|it| it.is_alphanumeric())
                .flat_map(char::to_lowercase)
                .collect();
            let hidden = property.get("writeOnly") == Some(&json!(true))
                || property.get("format") == Some(&json!("password"));
            if hidden || SECRET_WORDS.iter().any(|word| plain.contains(word)) {
                return Some(name.clone());
            }
        }
    }
    let nested = fields.values().flat_map(|value| match value {
        Value::Object(inner) => inner.values().chain([value]).collect::<Vec<_>>(),
        Value::Array(inner) => inner.iter().collect(),
        _ => Vec::new(),
    });
    nested.into_iter().find_map(|inner| secret(inner, depth - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_for_a_secret_is_found_wherever_it_is() {
        for schema in [
            json!({"properties": {"api_key": {"type": "string"}}}),
            json!({"$defs": {"Login": {"properties": {"userPassword": {}}}}}),
            json!({"properties": {"x": {"anyOf": [{"properties": {"y": {"writeOnly": true}}}]}}}),
        ] {
            assert!(secret(&schema, DEPTH_MAX).is_some(), "{schema}");
        }
        let harmless = json!({"properties": {"key": {}, "url": {"type": "string"}}});
        assert_eq!(secret(&harmless, DEPTH_MAX), None);
    }
}
