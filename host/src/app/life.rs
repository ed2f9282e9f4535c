//! The life of a plugin: it is added, allowed, activated, rolled back, deleted.
//!
//! Each step is one transaction of the store; what runs follows it, and is read from the store when
//! the process begins. So a process may die between any two steps, and the next one finds the last
//! step that was taken whole.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::check::{self, Fixture, Outcome};
use crate::domain::limit::LimitError;
use crate::domain::permission::Allowance;
use crate::domain::version::{PluginDigest, Version};
use crate::plugin::{self, Inspected, Plugin};
use crate::store::blob::{self, Received};
use crate::store::version::NewVersion;
use crate::store::{self};

use super::App;

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The component is none that can run here.
    #[error(transparent)]
    Component(#[from] plugin::Error),
    /// It was not taken in to its end.
    #[error("component_bytes_max: a component has at most {0} bytes, and this one has more")]
    TooLarge(u64),
    /// A limit that is set is none, or out of bounds.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The digest names no version, or several.
    #[error("{0}")]
    Unclear(String),
    /// It does not stand where that can be done, or the database could not go on.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// It cannot be played against what was given.
    #[error(transparent)]
    Check(#[from] check::Error),
    /// Its content cannot be kept.
    #[error(transparent)]
    Content(#[from] blob::Error),
}

/// A component that was inspected and kept.
#[derive(Debug)]
pub struct Added {
    /// The version it is.
    pub version: Version,
    /// It was not known before.
    pub new: bool,
}

/// What a version is played against.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checking {
    /// The configuration it is called with.
    pub config: Value,
    /// The other system.
    #[serde(default)]
    pub fixture: Fixture,
    /// Checks that are left out, and why.
    #[serde(default)]
    pub skip: BTreeMap<String, String>,
}

/// Fewest digits of a digest that stand for it.
const DIGEST_DIGITS_MIN: usize = 4;

impl App {
    /// Takes in a component, inspects it and keeps it; it does not run before somebody allows and
    /// activates it. Of one that does not fit, nothing stays.
    pub async fn add_plugin<E: Display>(
        &self,
        content: impl Stream<Item = Result<Bytes, E>>,
        who: &str,
    ) -> Result<Added, Error> {
        let received = self.receive(content).await?;
        let component = received.content().await?;
        let Inspected { report, plugin } = self.sandbox.inspect(&component).await?;
        let digest = report.digest.clone();
        let new = NewVersion {
            digest,
            description: plugin.description(),
            report: json!(report),
            bytes: component.len() as u64,
        };
        // Held until the version points at it, so that no sweep takes it away.
        let _kept = received.keep().await?;
        let (version, new) = self.store.add_version(new, who, &self.clock).await?;
        Ok(Added { version, new })
    }

    /// Lets a version run with what is granted of what it asks.
    pub async fn allow_plugin(
        &self,
        digest: &PluginDigest,
        allowance: &Allowance,
        who: &str,
    ) -> Result<Version, Error> {
        self.sandbox.limits().of_version(&allowance.limits)?;
        let version = self.store.allow_version(digest, allowance, who, &self.clock).await?;
        self.follow(&version, None);
        Ok(version)
    }

    /// Takes the decision back.
    pub async fn withdraw_plugin(
        &self,
        digest: &PluginDigest,
        who: &str,
    ) -> Result<Version, Error> {
        Ok(self.store.withdraw_version(digest, who, &self.clock).await?)
    }

    /// Makes a version the one of its name that runs, once it is sure that it can.
    pub async fn activate_plugin(
        &self,
        digest: &PluginDigest,
        who: &str,
    ) -> Result<Version, Error> {
        let plugin = self.loaded(digest).await?;
        let version = self.store.activate_version(digest, who, &self.clock).await?;
        self.follow(&version, Some(plugin));
        Ok(version)
    }

    /// Makes the version active again that was so before.
    pub async fn roll_back_plugin(&self, name: &str, who: &str) -> Result<Version, Error> {
        let version = self.store.roll_back(name, who, &self.clock).await?;
        self.follow(&version, None);
        Ok(version)
    }

    /// Deletes a version that nothing uses.
    pub async fn delete_plugin(&self, digest: &PluginDigest, who: &str) -> Result<(), Error> {
        let version = self.store.version(digest).await?;
        self.store.delete_version(digest, who, &self.clock).await?;
        self.engine.registry().remove(&version);
        self.store.sweep_blobs(&self.blobs).await?;
        Ok(())
    }

    /// Plays a version against a scripted system, and keeps what was found with it.
    pub async fn check_plugin(
        &self,
        digest: &PluginDigest,
        asked: &Checking,
        who: &str,
        progress: impl Fn(&Outcome),
    ) -> Result<(Version, check::Report), Error> {
        self.store.version(digest).await?;
        let component = self.content(digest).await?;
        let Checking { config, fixture, skip } = asked;
        let run = check::run(&self.sandbox, &component, config, fixture, skip, progress);
        let report = run.await?;
        let (kept, summary) = (json!(report), report.summary());
        let version = self.store.keep_check(digest, &kept, &summary, who, &self.clock).await?;
        Ok((version, report))
    }

    /// The version that a digest, or the beginning of one, names.
    pub async fn find_version(&self, text: &str) -> Result<Version, Error> {
        let all = self.store.versions().await?;
        let long_enough = text.len() >= DIGEST_DIGITS_MIN;
        let mut found: Vec<Version> = all
            .into_iter()
            .filter(|it| long_enough && it.digest.as_str().starts_with(text))
            .collect();
        match (found.pop(), found.len()) {
            (Some(version), 0) => Ok(version),
            (Some(_), _) => Err(Error::Unclear(format!("several versions begin with {text}"))),
            (None, _) => Err(Error::Unclear(format!(
                "there is no version {:?}: give at least {DIGEST_DIGITS_MIN} digits of its digest, \
                 as `ourwater plugin list` shows them",
                text.chars().take(64).collect::<String>()
            ))),
        }
    }

    async fn receive<E: Display>(
        &self,
        content: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Received, Error> {
        let bytes_max = self.sandbox.limits().component_bytes_max as u64;
        match self.blobs.receive(content, bytes_max).await {
            Err(blob::Error::TooLarge { bytes_max }) => Err(Error::TooLarge(bytes_max)),
            received => Ok(received?),
        }
    }

    /// Of the active version, as it now stands.
    fn follow(&self, version: &Version, loaded: Option<Arc<Plugin>>) {
        if version.state == crate::domain::version::VersionState::Active {
            self.engine.registry().put(version, loaded);
        }
    }

    async fn loaded(&self, digest: &PluginDigest) -> Result<Arc<Plugin>, Error> {
        self.store.version(digest).await?;
        if let Some(plugin) = self.sandbox.find(digest).await? {
            return Ok(plugin);
        }
        Ok(self.sandbox.load(&self.content(digest).await?).await?)
    }

    /// The component; one that this program brings is in no folder.
    async fn content(&self, digest: &PluginDigest) -> Result<Vec<u8>, Error> {
        let mut built_in = plugin::builtin().iter().map(|(_, component)| *component);
        match built_in.find(|component| plugin::digest(component) == *digest) {
            Some(component) => Ok(component.to_vec()),
            None => Ok(self.blobs.content(digest.as_str()).await?),
        }
    }
}
