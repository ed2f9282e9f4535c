//! What is checked: a plugin with its configuration, beside the other system as it is described.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;

use crate::domain::credential::{self, CredentialName, Key};
use crate::domain::organisation::Zone;
use crate::domain::origin::Origin;
use crate::domain::plugin::Description;
use crate::domain::sync::Datatype;
use crate::plugin::{Plugin, config};

use super::canary::Canary;
use super::fixture::Fixture;
use super::pull::Baseline;
use super::script::{Mistake, Script};
use super::verdict::Ended;

/// A plugin and all that is needed to run it.
pub(super) struct Subject {
    pub(super) plugin: Arc<Plugin>,
    /// Defaults filled in.
    pub(super) config: Value,
    pub(super) fixture: Fixture,
    pub(super) script: Option<Arc<Script>>,
    pub(super) origins: Vec<Origin>,
    pub(super) keys: BTreeMap<CredentialName, Key>,
    pub(super) canary: Canary,
    pub(super) mistakes: Mistakes,
    /// Set by the check that finds out whether plugin and fixture work together.
    pub(super) baseline: OnceLock<Baseline>,
}

/// The first mistake of the fixture's script, wherever it was met.
#[derive(Clone, Default)]
pub(super) struct Mistakes(Arc<Mutex<Option<Mistake>>>);

impl Subject {
    /// Why it cannot be made is in words: a credential, an origin or a script that is none.
    pub(super) fn new(
        plugin: Arc<Plugin>,
        config: &Value,
        fixture: &Fixture,
    ) -> Result<Self, super::Error> {
        let description = plugin.description();
        let config = config::fill_in(config, description, Zone::UTC);
        let canary = Canary::new();
        let unfit = |reason: String| super::Error::Config(reason);
        let configured = config::origins(&config, description);
        let configured = configured.map_err(|error| unfit(error.to_string()))?;
        let keys = canary.keys(description, &configured).unwrap_or_default();
        let origins = configured.into_values().chain(fixed(description)).collect();
        let script = fixture.remote.as_deref().map(Script::new).transpose()?.map(Arc::new);
        Ok(Self {
            plugin,
            config,
            fixture: fixture.clone(),
            script,
            origins,
            keys,
            canary,
            mistakes: Mistakes::default(),
            baseline: OnceLock::new(),
        })
    }

    /// What the plugin says of itself.
    pub(super) fn description(&self) -> &Description {
        self.plugin.description()
    }

    /// Whether it says that it reaches servers.
    pub(super) fn asks_http(&self) -> bool {
        self.description().asks.contains_key("http")
    }

    /// Whether the fixture has what the plugin needs: a script for servers, files for files.
    pub(super) fn has_other_system(&self) -> bool {
        if self.asks_http() { self.script.is_some() } else { self.fixture != Fixture::default() }
    }

    /// The paths at which the host logs in for the plugin.
    pub(super) fn login_paths(&self) -> Vec<String> {
        let asks = credential::asks(&self.description().asks).unwrap_or_default();
        asks.into_values().filter_map(|ask| ask.login).map(|login| login.path).collect()
    }

    pub(super) fn gets(&self, datatype: Datatype) -> bool {
        self.description().gets.contains(&datatype)
    }

    /// What was got where nothing went wrong.
    pub(super) fn baseline(&self) -> Result<&Baseline, Ended> {
        self.baseline.get().ok_or_else(|| Ended::not_run("the check `fixture` did not pass"))
    }
}

impl Mistakes {
    /// Keeps the first.
    pub(super) fn note(&self, mistake: Mistake) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(mistake);
    }

    pub(super) fn first(&self) -> Option<Mistake> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The servers a plugin names itself, as in `{"http": {"hosts": ["https://api.example.org"]}}`.
fn fixed(description: &Description) -> Vec<Origin> {
    let hosts = description.asks.get("http").and_then(|http| http.get("hosts"));
    let hosts = hosts.and_then(Value::as_array).into_iter().flatten();
    hosts.filter_map(|host| host.as_str()?.parse().ok()).collect()
}
