//! What a plugin's description of itself must hold when it is uploaded, and what is worth a warning.

mod schema;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::credential;
use crate::domain::permission::{self, Asked};
use crate::domain::plugin::Description;

/// Longest name of a plugin: people type it, and it stands in addresses.
const NAME_CHARACTERS_MAX: usize = 64;

/// Longest version.
const VERSION_CHARACTERS_MAX: usize = 64;

/// What a plugin asks for; or everything that makes its description unfit.
pub(super) fn judge(description: &Description) -> Result<Vec<Asked>, Vec<String>> {
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
    match asked(&description.asks) {
        Ok(asked) if mistakes.is_empty() => return Ok(asked),
        Ok(_) => {}
        Err(mistake) => mistakes.push(mistake),
    }
    Err(mistakes)
}

/// What is worth a look in a description that is fit.
pub(super) fn warnings(description: &Description, asked: &[Asked]) -> Vec<String> {
    let mut warnings = schema::warnings(&description.schema);
    let silent = asked.iter().filter(|it| it.why.is_empty());
    warnings.extend(silent.map(|it| format!("it asks for {} and does not say why", it.permission)));
    let unknown = asked.iter().filter(|it| !it.permission.is_there());
    warnings.extend(unknown.map(|it| it.permission.words()));
    warnings
}

/// The permissions a plugin asks for, or what of it is not understood.
fn asked(asks: &BTreeMap<String, Value>) -> Result<Vec<Asked>, String> {
    credential::asks(asks)?;
    permission::asked(asks)
}

#[cfg(test)]
mod tests;
