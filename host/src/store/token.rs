//! The secret an organisation is known by: shown once, kept as a hash.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::domain::digest::hex;
use crate::domain::id::random_hex;

/// A bearer token: 256 random bits behind a prefix that secret scanners can look for.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    pub fn random() -> Self {
        Self(format!("ourwater_{}{}", random_hex(), random_hex()))
    }

    /// The secret itself, to be shown once.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

/// What is kept of a token. Looking this up tells a guesser nothing by the time it takes, since he
/// cannot choose the bits that are compared.
pub fn token_digest(token: &str) -> String {
    hex(&Sha256::digest(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_show_itself_in_logs() {
        let token = Token::random();
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(token.as_str().len(), "ourwater_".len() + 64);
        assert_ne!(token_digest(token.as_str()), token_digest(Token::random().as_str()));
    }
}
