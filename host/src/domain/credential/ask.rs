//! How a plugin asks for a credential, and the key it makes of one: a way, and the servers it goes to.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Credential, CredentialName};
use crate::domain::origin::{BadOrigin, Origin};
use crate::domain::secret::Secret;

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
    /// As what an OAuth 2 server gives a client.
    pub oauth2: Option<Oauth2>,
    /// The servers it goes to. None: those the configuration names.
    #[serde(default)]
    pub origins: Vec<Place>,
}

/// A server a credential goes to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Place {
    /// The one that this field of the configuration names.
    Field(String),
    /// Always this one.
    Fixed(Origin),
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

/// How the host gets a token as a client (RFC 6749, 4.4); it goes with a request as a bearer token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oauth2 {
    /// The path of the token endpoint, at the origin of the request.
    pub token: String,
    /// What is asked for, where the server wants that said.
    pub scope: Option<String>,
    /// How the client proves itself.
    #[serde(default, rename = "in")]
    pub proof: ClientProof,
}

/// Where a client's secret goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientProof {
    /// Into the header of HTTP Basic, which every server has to take.
    #[default]
    Basic,
    /// Into the form that is posted.
    Body,
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

/// What goes with a request, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// How it goes.
    pub way: Way,
    /// The only servers it goes to.
    pub origins: Vec<Origin>,
}

/// How a key goes with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
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
    /// What an OAuth 2 server gives.
    Oauth2 {
        /// Who.
        client: String,
        /// And the proof.
        secret: Secret,
        /// How to ask.
        oauth2: Oauth2,
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
    /// Only the plugin can say how a token is got.
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
    /// The key a credential makes for the plugin, of a datasource whose configuration names servers
    /// in these fields.
    pub fn key(
        &self,
        credential: &Credential,
        configured: &BTreeMap<String, Origin>,
    ) -> Result<Key, Misfit> {
        Ok(Key { way: self.way(credential)?, origins: self.servers(configured) })
    }

    fn way(&self, credential: &Credential) -> Result<Way, Misfit> {
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
                Way::Fixed(Carrier::Header(named(&name, &self.header)?), value)
            }
            Credential::Query { name, value } => {
                Way::Fixed(Carrier::Query(named(&name, &self.query)?), value)
            }
            Credential::Bearer { token } => Way::Fixed(Carrier::Bearer, token),
            Credential::Basic { user, password } => Way::Basic { user, password },
            Credential::Login { user, password } => {
                let login = self.login.clone().ok_or(Misfit::NoLogin)?;
                Way::Login { user, password, login }
            }
            Credential::Oauth2 { client, secret } => {
                let oauth2 = self.oauth2.clone().ok_or(Misfit::NoLogin)?;
                Way::Oauth2 { client, secret, oauth2 }
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
            ("oauth2", self.oauth2.is_some()),
        ];
        ways.into_iter().filter(|(_, taken)| *taken).map(|(kind, _)| kind).collect()
    }

    /// A field that is left out, or is none of those, names no server.
    fn servers(&self, configured: &BTreeMap<String, Origin>) -> Vec<Origin> {
        if self.origins.is_empty() {
            return configured.values().cloned().collect();
        }
        let server = |place: &Place| match place {
            Place::Field(field) => configured.get(field).cloned(),
            Place::Fixed(origin) => Some(origin.clone()),
        };
        self.origins.iter().filter_map(server).collect()
    }
}

impl TryFrom<String> for Place {
    type Error = BadOrigin;

    fn try_from(text: String) -> Result<Self, BadOrigin> {
        if text.contains("://") { text.parse().map(Self::Fixed) } else { Ok(Self::Field(text)) }
    }
}
