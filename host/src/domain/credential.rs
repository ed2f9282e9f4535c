//! Credentials: what a person entrusts, how a plugin asks for it, and the key the two make.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::clock::Timestamp;
use super::secret::Secret;

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

/// How a plugin asks for a credential: the ways it can go with a request. None: any.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Why, for the person who is asked.
    pub why: String,
    /// As the header of this name.
    pub header: Option<String>,
    /// As the parameter of this name.
    pub query: Option<String>,
    /// As HTTP Basic.
    #[serde(default)]
    pub basic: bool,
    /// As a bearer token.
    #[serde(default)]
    pub bearer: bool,
    /// As what a login gives.
    pub login: Option<Login>,
}

/// How the host logs in: a JSON object is posted, a token is in the JSON answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// At the origin of the request.
    pub path: String,
    /// The field that takes the user.
    pub user: String,
    /// The field that takes the password.
    pub password: String,
    /// Where the token is in the answer, as a JSON pointer.
    pub token: String,
    /// How the token goes with a request.
    pub send: Carrier,
}

/// How a token goes with a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Carrier {
    /// As the header of this name.
    Header(String),
    /// As the parameter of this name.
    Query(String),
    /// As a bearer token.
    Bearer,
}

/// What goes with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// The same with each.
    Fixed(Carrier, Secret),
    /// HTTP Basic.
    Basic {
        /// Who.
        user: String,
        /// And the proof.
        password: Secret,
    },
    /// What the login gives.
    Login {
        /// Who.
        user: String,
        /// And the proof.
        password: Secret,
        /// How to log in.
        login: Login,
    },
}

/// Why a credential does not serve a plugin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// The plugin takes others.
    #[error("a credential of kind {kind} does not serve: the plugin takes {takes}")]
    Kind {
        /// The word of its kind.
        kind: &'static str,
        /// The words of those that serve.
        takes: String,
    },
    /// Nobody says what the header or the parameter is called.
    #[error("a credential of kind {0} needs a name here: the plugin names none")]
    Name(&'static str),
    /// Only the plugin can say how to log in.
    #[error("the plugin does not say how to log in: entrust a token or a password instead")]
    NoLogin,
}

/// The credentials a plugin asks for, by name.
pub fn asks(asks: &BTreeMap<String, Value>) -> Result<BTreeMap<CredentialName, Ask>, String> {
    match asks.get("credentials") {
        None => Ok(BTreeMap::new()),
        Some(asked) => BTreeMap::deserialize(asked)
            .map_err(|error| format!("how it asks for credentials is not understood: {error}")),
    }
}

impl Ask {
    /// The key a credential makes for the plugin.
    pub fn key(&self, credential: &Credential) -> Result<Key, Misfit> {
        let takes = self.takes();
        let kind = credential.kind();
        if !takes.is_empty() && !takes.contains(&kind) {
            return Err(Misfit::Kind { kind, takes: takes.join(" or ") });
        }
        let named = |own: &Option<String>, asked: &Option<String>| {
            own.clone().or_else(|| asked.clone()).ok_or(Misfit::Name(kind))
        };
        Ok(match credential.clone() {
            Credential::Header { name, value } => {
                Key::Fixed(Carrier::Header(named(&name, &self.header)?), value)
            }
            Credential::Query { name, value } => {
                Key::Fixed(Carrier::Query(named(&name, &self.query)?), value)
            }
            Credential::Bearer { token } => Key::Fixed(Carrier::Bearer, token),
            Credential::Basic { user, password } => Key::Basic { user, password },
            Credential::Login { user, password } => {
                let login = self.login.clone().ok_or(Misfit::NoLogin)?;
                Key::Login { user, password, login }
            }
        })
    }

    fn takes(&self) -> Vec<&'static str> {
        let ways = [
            ("header", self.header.is_some()),
            ("query", self.query.is_some()),
            ("basic", self.basic),
            ("bearer", self.bearer),
            ("login", self.login.is_some()),
        ];
        ways.into_iter().filter(|(_, taken)| *taken).map(|(kind, _)| kind).collect()
    }
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
