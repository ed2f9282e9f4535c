//! Works out a configuration from the file itself, says why, and asks what no row settles.

mod columns;
mod dates;
mod known;
mod numbers;
mod roles;
mod sample;
mod shape;

use ourwater_sdk::{Failure, Proposal, Question, Remark, Result};
use serde_json::{Map, Value, json};

use crate::config::Config;
use crate::failure::config as fault;
use sample::Sample;

/// What is found, decided or asked on the way.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    config: Map<String, Value>,
    found: Vec<Remark>,
    undecided: Vec<Question>,
}

impl Findings {
    fn say(&mut self, field: &str, text: impl Into<String>) {
        self.found.push(Remark { field: field.to_owned(), text: text.into() });
    }

    fn decide(&mut self, field: &str, value: impl Into<Value>, why: impl Into<String>) {
        self.config.insert(field.to_owned(), value.into());
        self.say(field, why);
    }
}

/// The proposal for a file; what `given` decides stays as it is.
pub(crate) fn propose(given: &Value) -> Result<Proposal> {
    let Some(file) = given.get("file").and_then(Value::as_str) else {
        return Err(fault("file", "which file is meant?"));
    };
    let mut findings = Findings::default();
    findings.config.insert("file".to_owned(), json!(file));
    let sample = Sample::take(file, given, &mut findings)?;
    let shape = shape::find(&sample, given, &mut findings);
    let draft = draft(given, &findings)?;
    match columns::read(&draft, &shape) {
        Ok(table) => roles::assign(&sample, &shape, &table, &draft, given, &mut findings)?,
        Err(Failure::Config(remark)) => findings.found.push(remark),
        Err(failure) => return Err(failure),
    }
    let mut config = Value::Object(findings.config);
    merge(&mut config, given);
    let decided = |field: &str| given.pointer(&format!("/{}", field.replace('.', "/"))).is_some();
    findings.undecided.retain(|question| !decided(&question.field));
    Ok(Proposal {
        config: config.to_string(),
        found: findings.found,
        undecided: findings.undecided,
    })
}

/// How the table is cut into fields, before its columns are understood.
fn draft(given: &Value, findings: &Findings) -> Result<Config> {
    let mut draft = Value::Object(findings.config.clone());
    merge(&mut draft, given);
    if let Some(draft) = draft.as_object_mut() {
        for section in ["readings", "resources", "groups"] {
            draft.remove(section);
        }
    }
    serde_json::from_value(draft).map_err(|error| fault("", error.to_string()))
}

/// Lays `given` over `config`, object by object.
fn merge(config: &mut Value, given: &Value) {
    match (config, given) {
        (Value::Object(config), Value::Object(given)) => {
            for (key, value) in given {
                merge(config.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (config, given) => *config = given.clone(),
    }
}
