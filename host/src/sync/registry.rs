//! The active plugins by name: each is loaded when it is first needed, and replaced at once.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use tokio::sync::OnceCell;

use crate::domain::limit::LimitError;
use crate::domain::permission::{Allowance, Permission};
use crate::domain::plugin::Failure;
use crate::domain::version::{PluginDigest, Version};
use crate::plugin::{self, Plugin, Plugins};
use crate::store::blob::{self, Blobs};

/// A plugin, and what was granted to it.
#[derive(Debug)]
pub struct Allowed {
    /// What runs.
    pub plugin: Arc<Plugin>,
    /// What it may reach.
    pub permissions: BTreeSet<Permission>,
}

/// Why there is no plugin of a name.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unready {
    /// None of that name is active.
    #[error("there is no active plugin named {name:?}; there are: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// It cannot be loaded.
    #[error("the plugin {name} cannot be loaded: {reason}: ask an administrator")]
    Broken {
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
}

/// The active plugins. Runs that are going on keep what they began with.
#[derive(Debug)]
pub struct Registry {
    sandbox: Arc<Plugins>,
    blobs: Blobs,
    active: RwLock<HashMap<String, Arc<Slot>>>,
}

#[derive(Debug)]
struct Slot {
    digest: PluginDigest,
    allowance: Allowance,
    loaded: OnceCell<Arc<Allowed>>,
}

/// Why a component cannot be loaded.
#[derive(Debug, thiserror::Error)]
enum Unloadable {
    #[error(transparent)]
    Content(#[from] blob::Error),
    #[error(transparent)]
    Plugin(#[from] plugin::Error),
    #[error(transparent)]
    Limit(#[from] LimitError),
}

impl Registry {
    /// None at first.
    pub fn new(sandbox: Arc<Plugins>, blobs: Blobs) -> Self {
        Self { sandbox, blobs, active: RwLock::default() }
    }

    /// Puts a version in the place of the one of its name; `loaded` where it is loaded already.
    pub fn put(&self, version: &Version, loaded: Option<Arc<Plugin>>) {
        let allowance = version.allowance.clone().unwrap_or_default();
        let loaded = match loaded.map(|plugin| limited(&plugin, &allowance)) {
            Some(Ok(allowed)) => OnceCell::new_with(Some(allowed)),
            // Why it cannot is said again where it is needed.
            Some(Err(_)) | None => OnceCell::new(),
        };
        let slot = Arc::new(Slot { digest: version.digest.clone(), allowance, loaded });
        let mut active = self.active.write().unwrap_or_else(PoisonError::into_inner);
        active.insert(version.name.clone(), slot);
    }

    /// Takes the one of a name out, if it is this version.
    pub fn remove(&self, version: &Version) {
        let mut active = self.active.write().unwrap_or_else(PoisonError::into_inner);
        if active.get(&version.name).is_some_and(|slot| slot.digest == version.digest) {
            active.remove(&version.name);
        }
    }

    /// The active one of a name.
    pub async fn get(&self, name: &str) -> Result<Arc<Allowed>, Unready> {
        let slot = self.active().get(name).cloned();
        let Some(slot) = slot else { return Err(self.unknown(name)) };
        let loading = slot.loaded.get_or_try_init(|| self.load(&slot));
        let loaded = loading.await.map_err(|error| Unready::Broken {
            name: name.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Arc::clone(loaded))
    }

    /// From what was compiled before, or else from the component itself.
    async fn load(&self, slot: &Slot) -> Result<Arc<Allowed>, Unloadable> {
        let digest = &slot.digest;
        let plugin = match self.sandbox.find(digest).await? {
            Some(plugin) => plugin,
            None => self.sandbox.load(&self.blobs.content(digest.as_str()).await?).await?,
        };
        Ok(limited(&plugin, &slot.allowance)?)
    }

    fn unknown(&self, name: &str) -> Unready {
        let active = self.active();
        let mut known: Vec<&str> = active.keys().map(String::as_str).collect();
        known.sort_unstable();
        Unready::Unknown { name: name.chars().take(128).collect(), known: known.join(", ") }
    }

    fn active(&self) -> RwLockReadGuard<'_, HashMap<String, Arc<Slot>>> {
        self.active.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn limited(plugin: &Plugin, allowance: &Allowance) -> Result<Arc<Allowed>, LimitError> {
    let plugin = plugin.with_limits(plugin.limits().with(&allowance.limits)?);
    Ok(Arc::new(Allowed { plugin, permissions: allowance.permissions.clone() }))
}

impl From<Unready> for Failure {
    fn from(unready: Unready) -> Self {
        let text = unready.to_string();
        match unready {
            Unready::Unknown { .. } => Self::Config { field: "plugin".to_owned(), text },
            Unready::Broken { .. } => Self::Denied(text),
        }
    }
}
