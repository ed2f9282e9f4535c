//! The requests a plugin is granted: to the origins its configuration names, with what was entrusted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::domain::credential::{self, CredentialName, Credentials, Misfit};
use crate::domain::origin::Origin;
use crate::domain::permission::Permission;
use crate::domain::plugin::{Description, Failure};
use crate::grant::Http;
use crate::grant::http::HttpLimits;
pub use crate::grant::http::Network;
use crate::plugin::config::{self, NoServer};
pub use crate::store::seal::Seal;

use super::registry::Allowed;

/// What grants are made with. Clones share it.
#[derive(Debug, Clone)]
pub struct Means {
    /// How servers are reached.
    pub network: Network,
    /// What opens credentials.
    pub seal: Seal,
}

/// Why requests cannot be granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ungranted {
    /// A field that says where requests go does not.
    #[error(transparent)]
    Origin(#[from] NoServer),
    /// A credential is of a kind the plugin has no use for.
    #[error("the credential {name}: {reason}")]
    Credential {
        /// Which.
        name: CredentialName,
        /// Why.
        reason: Misfit,
    },
    /// The plugin asks in a way this host does not know.
    #[error("the plugin cannot be granted what it needs: {0}")]
    Plugin(String),
}

/// The requests of one instance, where its plugin was granted any.
pub(super) fn http(
    network: &Network,
    allowed: &Allowed,
    config: &Value,
    credentials: &Credentials,
) -> Result<Option<Http>, Ungranted> {
    let Allowed { plugin, permissions } = allowed;
    let (description, limits) = (plugin.description(), &plugin.limits().http);
    reach(network, description, permissions, config, credentials, limits)
}

fn reach(
    network: &Network,
    description: &Description,
    granted: &BTreeSet<Permission>,
    config: &Value,
    credentials: &Credentials,
    limits: &HttpLimits,
) -> Result<Option<Http>, Ungranted> {
    let by_configuration = granted.contains(&Permission::ConfiguredServers);
    let configured = by_configuration.then(|| config::origins(config, description)).transpose()?;
    let fixed: Vec<Origin> = granted.iter().filter_map(Permission::server).cloned().collect();
    if configured.is_none() && fixed.is_empty() {
        return Ok(None);
    }
    let configured = configured.unwrap_or_default();
    let mut keys = BTreeMap::new();
    for (name, ask) in credential::asks(&description.asks).map_err(Ungranted::Plugin)? {
        if !granted.contains(&Permission::Credential(name.clone())) {
            continue;
        }
        let Some(credential) = credentials.get(&name) else { continue };
        let key = ask.key(credential, &configured);
        let key = key.map_err(|reason| Ungranted::Credential { name: name.clone(), reason })?;
        keys.insert(name, key);
    }
    let origins = configured.into_values().chain(fixed).collect();
    Ok(Some(Http::new(network.clone(), origins, keys, limits.clone())))
}

impl From<Ungranted> for Failure {
    fn from(ungranted: Ungranted) -> Self {
        let field = match &ungranted {
            Ungranted::Origin(NoServer { field, .. }) => field.clone(),
            Ungranted::Credential { .. } => "credentials".to_owned(),
            Ungranted::Plugin(_) => "plugin".to_owned(),
        };
        Self::Config { field, text: ungranted.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::permission::{Allowance, asked};

    fn description(asks: Value) -> Description {
        Description {
            name: "legacy".to_owned(),
            version: "1".to_owned(),
            gets: Vec::new(),
            pushes: Vec::new(),
            paging: crate::domain::plugin::Paging::Whole,
            duplicates: crate::domain::plugin::Duplicates::Overwrites,
            decimals: None,
            step: 1,
            keeps: std::collections::BTreeMap::new(),
            schema: json!({"properties": {
                "server": {"type": "string", "x-origin": true},
                "homepage": {"type": "string"},
            }}),
            asks: serde_json::from_value(asks).unwrap(),
        }
    }

    fn granted(asks: Value, config: &Value, credentials: Value) -> Result<Option<Http>, Ungranted> {
        let credentials = serde_json::from_value(credentials).unwrap();
        let description = description(asks);
        let all = Allowance::of_all(&asked(&description.asks).unwrap()).permissions;
        let (network, limits) = (Network::new(Vec::new()), HttpLimits::default());
        reach(&network, &description, &all, config, &credentials, &limits)
    }

    #[test]
    fn only_the_marked_fields_say_where_requests_may_go() {
        let config = json!({"server": "https://a.example/api", "homepage": "https://b.example"});
        let http = granted(json!({"http": "to read"}), &config, json!({})).unwrap();
        let shown = format!("{:?}", http.unwrap());
        assert!(shown.contains("a.example") && !shown.contains("b.example"), "{shown}");
        assert!(granted(json!({}), &config, json!({})).unwrap().is_none());
    }

    #[test]
    fn a_field_that_names_no_server_and_a_credential_of_no_use_are_refused_by_name() {
        let config = json!({"server": "a.example"});
        let refused = granted(json!({"http": "to read"}), &config, json!({})).unwrap_err();
        assert!(matches!(&refused, Ungranted::Origin(NoServer { field, .. }) if field == "server"));
        let asks = json!({"http": "", "credentials": {"access": {"why": "", "bearer": true}}});
        let basic = json!({"access": {"kind": "basic", "user": "me", "password": "canary"}});
        let refused = granted(asks, &json!({}), basic).unwrap_err().to_string();
        assert!(refused.contains("access") && !refused.contains("canary"), "{refused}");
    }
}
