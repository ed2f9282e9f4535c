//! The name of an organisation, a datasource or a sync: one short line of text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// 1 to 128 characters, no control character, no space at either end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// Longest name, characters.
pub const NAME_CHARACTERS_MAX: usize = 128;

/// A text that cannot be a name.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} cannot be a name: 1 to {NAME_CHARACTERS_MAX} characters, no control character")]
pub struct BadName(String);

impl Name {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let name = text.trim();
        let fits = (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count());
        if fits && !name.contains(char::is_control) {
            Ok(Self(name.to_owned()))
        } else {
            Err(BadName(text.chars().take(64).collect()))
        }
    }
}

impl TryFrom<String> for Name {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line() {
        assert_eq!(" Jal Bhagirathi ".parse::<Name>().unwrap().as_str(), "Jal Bhagirathi");
        for bad in ["", "   ", "two\nlines", "nul\0", &"x".repeat(129)] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
    }
}
