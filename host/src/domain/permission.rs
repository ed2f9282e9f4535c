//! What a plugin may be allowed, a word each: it asks, and an administrator grants some of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::credential::CredentialName;
use super::origin::Origin;

/// One thing a plugin may be allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Permission {
    /// To read the files its configuration names, and to write exports.
    Files,
    /// To send requests to the servers its configuration names.
    ConfiguredServers,
    /// To send requests to this server.
    Server(Origin),
    /// To have this credential added to its requests.
    Credential(CredentialName),
    /// What this host has not got, by the plugin's own word.
    Unknown(String),
}

/// A permission and the plugin's reason for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What it asks for.
    pub permission: Permission,
    /// Why, in its own words.
    pub why: String,
}

/// What an administrator decided for a version of a plugin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// Granted, of what it asks.
    #[serde(default)]
    pub permissions: BTreeSet<Permission>,
    /// Limits that differ from the usual ones, by name.
    #[serde(default)]
    pub limits: BTreeMap<String, u64>,
}

/// A text that is no permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no permission: there are files, http:configured, http:https://a.example and \
     credential:name"
)]
pub struct BadPermission(String);

/// What a plugin asks for, from the `asks` of its description; or what is wrong with them.
pub fn asked(asks: &BTreeMap<String, Value>) -> Result<Vec<Asked>, String> {
    let mut all = Vec::new();
    for (word, ask) in asks {
        match word.as_str() {
            "files" => all.push(Asked { permission: Permission::Files, why: why(ask) }),
            "http" => all.extend(servers(ask)?),
            "credentials" => {
                for (name, ask) in ask.as_object().into_iter().flatten() {
                    let name = name.parse().map_err(|error| format!("{name:?}: {error}"))?;
                    all.push(Asked { permission: Permission::Credential(name), why: why(ask) });
                }
            }
            _ => all.push(Asked { permission: Permission::Unknown(word.clone()), why: why(ask) }),
        }
    }
    all.sort_by(|one, other| one.permission.cmp(&other.permission));
    Ok(all)
}

/// The servers that are named, or else those of its configuration; both where it says so.
fn servers(ask: &Value) -> Result<Vec<Asked>, String> {
    let why = why(ask);
    let mut all = Vec::new();
    if ask.get("hosts").is_none() || ask.get("configured") == Some(&Value::Bool(true)) {
        all.push(Asked { permission: Permission::ConfiguredServers, why: why.clone() });
    }
    for host in ask.get("hosts").and_then(Value::as_array).into_iter().flatten() {
        let text = host.as_str().ok_or("http.hosts: write each as a text")?;
        let server = text.parse().map_err(|error| format!("http.hosts, {text:?}: {error}"))?;
        all.push(Asked { permission: Permission::Server(server), why: why.clone() });
    }
    Ok(all)
}

/// A reason stands alone, or under `why`.
fn why(ask: &Value) -> String {
    ask.as_str().or_else(|| ask.get("why")?.as_str()).unwrap_or_default().to_owned()
}

impl Allowance {
    /// Everything that was asked for and that there is; for what this program brings itself.
    pub fn of_all(asked: &[Asked]) -> Self {
        let permissions = asked.iter().map(|asked| asked.permission.clone());
        Self { permissions: permissions.filter(Permission::is_there).collect(), ..Self::default() }
    }

    /// What is asked for and was not granted.
    pub fn lacks<'asked>(&self, asked: &'asked [Asked]) -> Vec<&'asked Permission> {
        let permissions = asked.iter().map(|asked| &asked.permission);
        permissions.filter(|it| !self.permissions.contains(it)).collect()
    }
}

impl Permission {
    /// Whether this host can grant it at all.
    pub fn is_there(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }

    /// The server it names.
    pub fn server(&self) -> Option<&Origin> {
        match self {
            Self::Server(server) => Some(server),
            _ => None,
        }
    }

    /// What it lets a plugin do, for the person who decides.
    pub fn words(&self) -> String {
        match self {
            Self::Files => "read the files its configuration names, and write exports".to_owned(),
            Self::ConfiguredServers => {
                "send requests to the servers its configuration names".to_owned()
            }
            Self::Server(server) => format!("send requests to {server}"),
            Self::Credential(name) => {
                format!("have the credential {name} added to its requests, without seeing it")
            }
            Self::Unknown(word) => format!("{word}: this host has nothing of that name to give"),
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files => formatter.write_str("files"),
            Self::ConfiguredServers => formatter.write_str("http:configured"),
            Self::Server(server) => write!(formatter, "http:{server}"),
            Self::Credential(name) => write!(formatter, "credential:{name}"),
            Self::Unknown(word) => write!(formatter, "unknown:{word}"),
        }
    }
}

impl FromStr for Permission {
    type Err = BadPermission;

    fn from_str(text: &str) -> Result<Self, BadPermission> {
        let bad = || BadPermission(text.chars().take(200).collect());
        match text.split_once(':') {
            None if text == "files" => Ok(Self::Files),
            Some(("http", "configured")) => Ok(Self::ConfiguredServers),
            Some(("http", server)) => server.parse().map(Self::Server).map_err(|_| bad()),
            Some(("credential", name)) => name.parse().map(Self::Credential).map_err(|_| bad()),
            Some(("unknown", word)) => Ok(Self::Unknown(word.to_owned())),
            _ => Err(bad()),
        }
    }
}

impl TryFrom<String> for Permission {
    type Error = BadPermission;

    fn try_from(text: String) -> Result<Self, BadPermission> {
        text.parse()
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> Self {
        permission.to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(asks: Value) -> Result<Vec<String>, String> {
        let asks: BTreeMap<String, Value> = serde_json::from_value(asks).unwrap();
        Ok(asked(&asks)?.iter().map(|it| format!("{} – {}", it.permission, it.why)).collect())
    }

    #[test]
    fn what_a_plugin_asks_is_read_with_its_reasons() {
        let asks = json!({
            "files": "reads exports",
            "http": {"why": "asks for wells", "hosts": ["https://a.example/api"], "configured": true},
            "credentials": {"access": {"why": "to write", "bearer": true}},
            "sql": ["main"],
        });
        assert_eq!(
            words(asks).unwrap(),
            [
                "files – reads exports",
                "http:configured – asks for wells",
                "http:https://a.example – asks for wells",
                "credential:access – to write",
                "unknown:sql – ",
            ]
        );
        assert!(words(json!({"http": {"hosts": ["a.example"]}})).unwrap_err().contains("no URL"));
    }

    #[test]
    fn a_permission_reads_as_it_is_written() {
        for text in ["files", "http:configured", "http:https://a.example:8443", "credential:key"] {
            let permission: Permission = text.parse().unwrap();
            assert_eq!(permission.to_string(), text);
            assert!(permission.is_there() && !permission.words().is_empty());
        }
        for bad in ["", "file", "http:", "http:ftp://a.example", "credential:A B"] {
            assert!(bad.parse::<Permission>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_asked_and_not_granted_is_lacking() {
        let asks = json!({"files": "", "http": "", "mqtt": ""});
        let asked = asked(&serde_json::from_value(asks).unwrap()).unwrap();
        let all = Allowance::of_all(&asked);
        assert_eq!(all.permissions.len(), 2);
        assert_eq!(all.lacks(&asked), [&Permission::Unknown("mqtt".to_owned())]);
        assert_eq!(Allowance::default().lacks(&asked).len(), 3);
    }
}
