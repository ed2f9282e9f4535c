//! Credentials: what a person entrusts, how a plugin asks for it, and the key the two make.

mod ask;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::clock::Timestamp;
use super::secret::Secret;
pub use ask::{Ask, Carrier, ClientProof, Key, Login, Misfit, Oauth2, Place, Way, asks};

/// Longest name of a credential, characters.
pub const CREDENTIAL_NAME_CHARACTERS_MAX: usize = 64;

/// What a plugin calls a credential: small letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CredentialName(String);

/// A text that cannot name a credential.
#[derive(Debug, thiserror::Error)]
#[error(
    "a credential's name has 1 to {CREDENTIAL_NAME_CHARACTERS_MAX} small letters, digits and hyphens"
)]
pub struct BadCredentialName;

/// What a person entrusts to a datasource.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Credential {
    /// A header; its name where the plugin leaves it open.
    Header {
        /// The header's name.
        name: Option<String>,
        /// Its value.
        value: Secret,
    },
    /// A parameter of the query; its name where the plugin leaves it open.
    Query {
        /// The parameter's name.
        name: Option<String>,
        /// Its value.
        value: Secret,
    },
    /// HTTP Basic.
    Basic {
        /// Who.
        user: String,
        /// And the proof.
        password: Secret,
    },
    /// A bearer token.
    Bearer {
        /// The token.
        token: Secret,
    },
    /// The host logs in and keeps the token it is given.
    Login {
        /// Who.
        user: String,
        /// And the proof.
        password: Secret,
    },
    /// OAuth 2: the host asks for tokens as a client of the other system, on nobody's behalf.
    Oauth2 {
        /// Who.
        client: String,
        /// And the proof.
        secret: Secret,
    },
}

/// What a datasource was entrusted with.
pub type Credentials = BTreeMap<CredentialName, Credential>;

/// What anyone may know of a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entrusted {
    /// What the plugin calls it.
    pub name: CredentialName,
    /// The word of its kind.
    pub kind: String,
    /// When it was entrusted.
    pub created: Timestamp,
}

impl Credential {
    /// The word of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Header { .. } => "header",
            Self::Query { .. } => "query",
            Self::Basic { .. } => "basic",
            Self::Bearer { .. } => "bearer",
            Self::Login { .. } => "login",
            Self::Oauth2 { .. } => "oauth2",
        }
    }

    /// As the JSON it is read from, secrets and all: to be sealed at once.
    pub fn expose(&self) -> String {
        let kind = self.kind();
        let exposed = match self {
            Self::Header { name, value } | Self::Query { name, value } => {
                json!({"kind": kind, "name": name, "value": value.expose()})
            }
            Self::Basic { user, password } | Self::Login { user, password } => {
                json!({"kind": kind, "user": user, "password": password.expose()})
            }
            Self::Bearer { token } => json!({"kind": kind, "token": token.expose()}),
            Self::Oauth2 { client, secret } => {
                json!({"kind": kind, "client": client, "secret": secret.expose()})
            }
        };
        exposed.to_string()
    }
}

impl CredentialName {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CredentialName {
    type Err = BadCredentialName;

    fn from_str(text: &str) -> Result<Self, BadCredentialName> {
        let fits = (1..=CREDENTIAL_NAME_CHARACTERS_MAX).contains(&text.len())
            && text.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits { Ok(Self(text.to_owned())) } else { Err(BadCredentialName) }
    }
}

impl TryFrom<String> for CredentialName {
    type Error = BadCredentialName;

    fn try_from(text: String) -> Result<Self, BadCredentialName> {
        text.parse()
    }
}

impl From<CredentialName> for String {
    fn from(name: CredentialName) -> Self {
        name.0
    }
}

impl fmt::Display for CredentialName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
