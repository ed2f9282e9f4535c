//! The one place where everything is wired.

pub mod edit;
pub mod export;
pub mod import;
pub mod life;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::IpNet;

use crate::domain::clock::Clock;
use crate::domain::version::{Version, VersionState};
use crate::plugin::{self, Compiler, Limits, Plugin, Plugins};
use crate::store::blob::{self, Blobs};
use crate::store::{self, Access, Store};
use crate::sync::Engine;
use crate::sync::granted::{Means, Network, Seal};
use crate::sync::pull::Tuning;
use crate::sync::registry::Registry;

/// Everything a command or a request works with. Clones share it.
#[derive(Debug, Clone)]
pub struct App {
    /// What OurWater knows.
    pub store: Store,
    /// Contents of files.
    pub blobs: Blobs,
    /// Seals what datasources are entrusted with.
    pub seal: Seal,
    /// Compiles and inspects plugins.
    pub sandbox: Arc<Plugins>,
    /// Runs syncs.
    pub engine: Engine,
    /// What time it is.
    pub clock: Clock,
}

/// Where things are.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The database: a path, or `sqlite:` and a path.
    pub database: String,
    /// Contents of files, and compiled plugins; by default beside the database.
    pub files: Option<PathBuf>,
    /// What it is opened for.
    pub access: Access,
    /// Networks outside the internet that plugins may reach.
    pub allow_networks: Vec<IpNet>,
    /// How much a run holds in memory.
    pub tuning: Tuning,
    /// What plugins may use, unless a version was allowed otherwise.
    pub limits: Limits,
    /// Where plugins that were not built in are compiled.
    pub compiler: Compiler,
}

impl Settings {
    /// A database to write to; all else as nobody says otherwise.
    pub fn new(database: impl Into<String>, compiler: Compiler) -> Self {
        Self {
            database: database.into(),
            files: None,
            access: Access::Write,
            allow_networks: Vec::new(),
            tuning: Tuning::default(),
            limits: Limits::default(),
            compiler,
        }
    }
}

/// Why nothing could be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The folder of contents.
    #[error(transparent)]
    Blobs(#[from] blob::Error),
    /// The sandbox, or a plugin.
    #[error(transparent)]
    Plugin(#[from] plugin::Error),
    /// Another kind of database.
    #[error("{0:?} is not a database this version knows: give a path, or sqlite: and a path")]
    Database(String),
}

impl App {
    /// Opens everything; for writing, the built-in plugins are made active.
    pub async fn open(settings: &Settings) -> Result<Self, Error> {
        Self::open_at(settings, Clock::System).await
    }

    /// Opens everything by a clock of one's own.
    pub async fn open_at(settings: &Settings, clock: Clock) -> Result<Self, Error> {
        let database = database_path(&settings.database)?;
        let files = settings.files.clone();
        let files = files.unwrap_or_else(|| database.with_extension("files"));
        let store = Store::open(database, settings.access).await?;
        let blobs = Blobs::open(&files)?;
        let sandbox = Arc::new(Plugins::new(plugin::Settings {
            cache: files.join("compiled"),
            limits: settings.limits.clone(),
            compiler: settings.compiler.clone(),
        })?);
        let registry = Registry::new(Arc::clone(&sandbox), blobs.clone());
        let mut built_in = Vec::new();
        for (_, component) in plugin::builtin() {
            let plugin = sandbox.load(component).await?;
            if settings.access == Access::Write {
                let (digest, bytes) = (plugin.digest(), component.len() as u64);
                store.register_built_in(digest, plugin.description(), bytes, &clock).await?;
            }
            built_in.push(plugin);
        }
        activate(&registry, &store.versions().await?, &built_in);
        let (network, seal) = (Network::new(settings.allow_networks.clone()), Seal::new(&files));
        let means = Means { network, seal: seal.clone() };
        let (kept, contents, time) = (store.clone(), blobs.clone(), clock.clone());
        let engine = Engine::new(kept, contents, means, time, settings.tuning, registry);
        Ok(Self { store, blobs, seal, sandbox, engine, clock })
    }
}

/// What the store says is active; those of this program's are loaded already.
fn activate(registry: &Registry, versions: &[Version], built_in: &[Arc<Plugin>]) {
    for version in versions.iter().filter(|version| version.state == VersionState::Active) {
        let loaded = built_in.iter().find(|plugin| *plugin.digest() == version.digest);
        registry.put(version, loaded.cloned());
    }
}

fn database_path(database: &str) -> Result<&Path, Error> {
    let path = database.strip_prefix("sqlite://").or(database.strip_prefix("sqlite:"));
    let path = path.unwrap_or(database);
    if path.is_empty() || path.contains("://") {
        return Err(Error::Database(database.to_owned()));
    }
    Ok(Path::new(path))
}
