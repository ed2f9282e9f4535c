//! Runs plugins: components of strangers, in a sandbox that grants nothing and limits everything.
//!
//! [`Plugins`] compiles a component once and keeps the result; a [`Plugin`] says what it is and makes
//! instances; an [`Instance`] answers calls. What crosses becomes the domain's types, checked, in
//! [`convert`]; why a call ended badly becomes words in [`fault`].

mod bindings;
mod cache;
pub mod config;
mod convert;
mod engine;
mod fault;
mod instance;
mod limiter;
mod limits;
mod output;
mod state;
#[cfg(test)]
mod tests;
mod wasi;

use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::domain::digest::hex;
use crate::domain::plugin::{Description, Failure};
pub use crate::grant::Grant;
use bindings::PluginPre;
use cache::Cache;
pub use instance::Instance;
pub use limits::Limits;
use state::State;

/// How plugins are run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder of compiled modules.
    pub cache: PathBuf,
    /// What an instance may use.
    pub limits: Limits,
}

/// Why a plugin cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not on this machine.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// Its results cannot be kept.
    #[error(transparent)]
    Cache(#[from] cache::Error),
    /// Our own functions contradict the contract.
    #[error("the host's functions cannot be linked: {0:#}")]
    Link(wasmtime::Error),
    /// Over the limit.
    #[error("component: at most {}, this one has {bytes} bytes", limits::bytes(*bytes_max))]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// Machine code, which is never taken from outside.
    #[error("this is a compiled module; upload the WebAssembly component it was made of")]
    Precompiled,
    /// Another kind of WebAssembly.
    #[error(
        "this is a core WebAssembly module, not a component; compile for wasm32-wasip2, or wrap it \
         with `wasm-tools component new`"
    )]
    CoreModule,
    /// Something else, or broken.
    #[error("this is no valid WebAssembly component: {0}")]
    Invalid(String),
    /// Made for another contract.
    #[error("the component does not fit ourwater:datasource 0.1.0: {0}")]
    Unfit(String),
    /// It does not even say what it is.
    #[error("the component was asked to describe itself: {0}")]
    Describe(Failure),
    /// The thread that compiled it broke down.
    #[error("compiling the component broke down: {0}")]
    Compiler(#[from] tokio::task::JoinError),
}

/// Compiles and keeps plugins.
pub struct Plugins {
    engine: Engine,
    linker: Linker<State>,
    cache: Arc<Cache>,
    limits: Arc<Limits>,
}

impl Plugins {
    /// Starts the engine.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let Settings { cache, limits } = settings;
        let cache = Arc::new(Cache::open(&cache)?);
        let engine = engine::start()?;
        let mut linker = Linker::new(&engine);
        state::link(&mut linker).map_err(Error::Link)?;
        Ok(Self { engine, linker, cache, limits: Arc::new(limits) })
    }

    /// Compiles a component, or takes what was compiled before, and asks it what it is.
    pub async fn load(&self, component: &[u8]) -> Result<Arc<Plugin>, Error> {
        self.refuse_foreign(component)?;
        let digest = digest(component);
        let compiled = self.compile(&digest, component).await?;
        let pre = self.linker.instantiate_pre(&compiled).and_then(PluginPre::new);
        let pre = pre.map_err(|error| Error::Unfit(format!("{error:#}")))?;
        let (engine, limits) = (self.engine.clone(), Arc::clone(&self.limits));
        let mut instance = Instance::start(&engine, &pre, &limits, Grant::default())
            .await
            .map_err(Error::Describe)?;
        let description = instance.describe().await.map_err(Error::Describe)?;
        Ok(Arc::new(Plugin { engine, pre, limits, digest, description }))
    }

    /// What is told apart by its first bytes gets a message of its own.
    fn refuse_foreign(&self, component: &[u8]) -> Result<(), Error> {
        let bytes_max = self.limits.component_bytes_max;
        if component.len() > bytes_max {
            return Err(Error::TooLarge { bytes: component.len(), bytes_max });
        }
        if Engine::detect_precompiled(component).is_some() {
            return Err(Error::Precompiled);
        }
        match component {
            [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(Error::CoreModule),
            [b'\0', b'a', b's', b'm', ..] => Ok(()),
            _ => Err(Error::Invalid("it does not begin as WebAssembly does".to_owned())),
        }
    }

    /// Off the runtime's threads: compiling takes seconds, and finding reads megabytes.
    async fn compile(&self, digest: &str, component: &[u8]) -> Result<Component, Error> {
        let (cache, engine) = (Arc::clone(&self.cache), self.engine.clone());
        let name = digest.to_owned();
        if let Some(found) = spawn_blocking(move || cache.find(&engine, &name)).await? {
            return Ok(found);
        }
        let (cache, engine) = (Arc::clone(&self.cache), self.engine.clone());
        let (name, component) = (digest.to_owned(), component.to_vec());
        spawn_blocking(move || cache.compile(&engine, &name, &component))
            .await?
            .map_err(|error| Error::Invalid(format!("{error:#}")))
    }
}

impl std::fmt::Debug for Plugins {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Plugins").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A component, ready to run.
pub struct Plugin {
    engine: Engine,
    pre: PluginPre<State>,
    limits: Arc<Limits>,
    digest: String,
    description: Description,
}

impl Plugin {
    /// The SHA-256 of the component, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What it says of itself.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// A fresh instance that may reach what `grant` names and nothing else.
    pub async fn instance(&self, grant: Grant) -> Result<Instance, Failure> {
        Instance::start(&self.engine, &self.pre, &self.limits, grant).await
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Plugin").field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// The plugins this program was built with, by name. They get no privilege over others.
pub fn builtin() -> &'static [(&'static str, &'static [u8])] {
    BUILTIN
}

/// There is one copy of a static, and its place tells it from others with the same bytes.
static BUILTIN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The SHA-256 of a component. Of a built-in one it is known, which saves a third of its load.
fn digest(component: &[u8]) -> String {
    const DIGESTS: &[&str] = include!(concat!(env!("OUT_DIR"), "/digests.rs"));
    let mut known = builtin().iter().zip(DIGESTS);
    match known.find(|((_, bytes), _)| std::ptr::eq(*bytes, component)) {
        Some((_, digest)) => (*digest).to_owned(),
        None => hex(&Sha256::digest(component)),
    }
}
