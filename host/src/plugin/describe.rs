//! What a plugin's description of itself must hold when it is uploaded, and what is worth a warning.

mod schema;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::credential;
use crate::domain::origin::Origin;
use crate::domain::plugin::Description;
use crate::domain::report::Asked;

/// Longest name of a plugin: people type it, and it stands in addresses.
const NAME_CHARACTERS_MAX: usize = 64;

/// Longest version.
const VERSION_CHARACTERS_MAX: usize = 64;

/// What makes a description unfit; empty where nothing does.
pub(super) fn mistakes(description: &Description) -> Vec<String> {
    let mut mistakes = Vec::new();
    let Description { name, version, gets, pushes, .. } = description;
    let simple = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if !(1..=NAME_CHARACTERS_MAX).contains(&name.len()) || !name.bytes().all(simple) {
        mistakes.push(format!(
            "its name is {name:?}: 1 to {NAME_CHARACTERS_MAX} small letters, digits and hyphens"
        ));
    }
    if !(1..=VERSION_CHARACTERS_MAX).contains(&version.chars().count()) {
        mistakes
            .push(format!("its version is {version:?}: 1 to {VERSION_CHARACTERS_MAX} characters"));
    }
    if gets.is_empty() && pushes.is_empty() {
        mistakes
            .push("it neither gets nor takes anything: `gets` and `pushes` are empty".to_owned());
    }
    mistakes.extend(schema::mistake(&description.schema));
    mistakes.extend(asked(&description.asks).err());
    mistakes
}

/// What is worth a look in a description that is fit.
pub(super) fn warnings(description: &Description, asked: &[Asked]) -> Vec<String> {
    let mut warnings = schema::warnings(&description.schema);
    let silent = asked.iter().filter(|it| it.why.is_empty());
    warnings.extend(silent.map(|it| format!("it asks for {} and does not say why", it.permission)));
    warnings
}

/// The permissions a plugin asks for, or what of it is not understood.
pub(super) fn asked(asks: &BTreeMap<String, Value>) -> Result<Vec<Asked>, String> {
    let mut all = Vec::new();
    for (word, asked) in asks {
        match word.as_str() {
            "files" => all.push(one("files", reason("files", asked)?)),
            "http" => all.extend(requests(asked)?),
            "sql" => all.extend(connections(asked)?),
            "credentials" => {
                for (name, ask) in credential::asks(asks)? {
                    all.push(one(&format!("credential:{name}"), ask.why));
                }
            }
            _ => {
                return Err(format!(
                    "it asks for {word:?}, which this host does not know: there are files, http, sql \
                     and credentials"
                ));
            }
        }
    }
    Ok(all)
}

/// `"why"`, or `{"why": "…", "hosts": ["https://api.example.org"]}`.
fn requests(asked: &Value) -> Result<Vec<Asked>, String> {
    let why = reason("http", asked)?;
    let Some(hosts) = asked.get("hosts") else { return Ok(vec![one("http:configured", why)]) };
    let not_understood = || format!("it asks for http with \"hosts\": {hosts}: a list of servers");
    let hosts = hosts.as_array().ok_or_else(not_understood)?;
    let origin = |host: &Value| {
        let origin: Result<Origin, _> = host.as_str().ok_or_else(not_understood)?.parse();
        let origin = origin.map_err(|error| format!("it asks for http to {host}: {error}"))?;
        Ok(one(&format!("http:{origin}"), why.clone()))
    };
    hosts.iter().map(origin).collect()
}

/// `{"main": "why"}`, or `{"main": {"why": "…"}}`.
fn connections(asked: &Value) -> Result<Vec<Asked>, String> {
    let Some(named) = asked.as_object() else {
        return Err("it asks for sql without naming connections: {\"NAME\": \"why\"}".to_owned());
    };
    let named = named.iter();
    named.map(|(name, asked)| Ok(one(&format!("sql:{name}"), reason("sql", asked)?))).collect()
}

fn reason(word: &str, asked: &Value) -> Result<String, String> {
    let why = asked.as_str().or_else(|| asked.get("why").and_then(Value::as_str));
    why.map(str::to_owned).ok_or_else(|| {
        format!(
            "how it asks for {word} is not understood: give the reason, or an object with \"why\""
        )
    })
}

fn one(permission: &str, why: String) -> Asked {
    Asked { permission: permission.to_owned(), why }
}

#[cfg(test)]
mod tests;
