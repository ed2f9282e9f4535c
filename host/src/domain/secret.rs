//! A text that no log, error or answer may show.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// A password, a token, a key. Whoever needs its text says so.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Secret(String);

/// A secret that is no text, or an empty one; its value is not told.
#[derive(Debug, thiserror::Error)]
#[error("a secret must be a text of at least one character")]
pub struct BadSecret;

impl Secret {
    /// Takes a text out of sight.
    pub fn new(text: impl Into<String>) -> Result<Self, BadSecret> {
        let text = text.into();
        if text.is_empty() { Err(BadSecret) } else { Ok(Self(text)) }
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Serde's own words about a wrong type would repeat the value.
impl TryFrom<Value> for Secret {
    type Error = BadSecret;

    fn try_from(value: Value) -> Result<Self, BadSecret> {
        match value {
            Value::String(text) => Self::new(text),
            _ => Err(BadSecret),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_its_debug_nor_the_error_about_a_wrong_one_shows_it() {
        let secret: Secret = serde_json::from_str(r#""canary""#).unwrap();
        assert_eq!((secret.expose(), format!("{secret:?}").as_str()), ("canary", "Secret(…)"));
        let error = serde_json::from_str::<Secret>("80317").unwrap_err().to_string();
        assert!(error.contains("must be a text") && !error.contains("80317"), "{error}");
    }
}
