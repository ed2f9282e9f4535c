//! Runs plugins: components of strangers, in a sandbox that grants nothing and limits everything.
//!
//! [`Plugins`] looks at a stranger's component ([`scan`], [`fit`]), compiles it once, in a process of
//! its own ([`compiler`]), and keeps the result; a [`Plugin`] says what it is and makes instances; an
//! [`Instance`] answers calls. What crosses becomes the domain's types, checked, in
//! [`convert`]; why a call ended badly becomes words in [`fault`].

mod bindings;
mod cache;
pub mod compiler;
pub mod config;
mod convert;
mod describe;
mod engine;
mod fault;
mod fit;
mod inspect;
mod instance;
mod limiter;
mod limits;
mod output;
mod scan;
mod state;
#[cfg(test)]
mod tests;
mod wasi;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::domain::plugin::{Description, Failure};
use crate::domain::version::PluginDigest;
pub use crate::grant::Grant;
use bindings::PluginPre;
use cache::Cache;
pub use compiler::Compiler;
pub use inspect::Inspected;
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
    /// Where components that were not built in are compiled.
    pub compiler: Compiler,
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
    #[error(
        "component: at most {} (component_bytes_max), this one has {bytes} bytes",
        limits::bytes(*bytes_max)
    )]
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
    /// Something else, broken, or out of proportion.
    #[error(transparent)]
    Scan(#[from] scan::Error),
    /// Made for another contract, or against it; each thing that does not fit.
    #[error("the component does not fit ourwater:datasource {}: {}", fit::version(), .0.join("; "))]
    Unfit(Vec<String>),
    /// It does not even say what it is.
    #[error("the component was asked to describe itself: {0}")]
    Describe(Failure),
    /// It was not compiled.
    #[error(transparent)]
    Compiler(#[from] compiler::Error),
    /// What was compiled cannot be used.
    #[error("the compiled component cannot be used: {0:#}")]
    Compiled(wasmtime::Error),
    /// A thread that worked on it broke down.
    #[error("looking at the component broke down: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

impl Error {
    /// It is the component that must change, and not this machine.
    pub fn is_of_component(&self) -> bool {
        use compiler::Error as Compile;
        match self {
            Self::TooLarge { .. }
            | Self::Precompiled
            | Self::CoreModule
            | Self::Scan(_)
            | Self::Unfit(_)
            | Self::Describe(_) => true,
            Self::Compiler(error) => matches!(
                error,
                Compile::Refused(_)
                    | Compile::CpuTime(_)
                    | Compile::Memory(_)
                    | Compile::TooLarge(_)
            ),
            _ => false,
        }
    }
}

/// The version of ourwater:datasource that this host speaks.
pub fn contract() -> &'static str {
    fit::version()
}

/// Compiles and keeps plugins.
pub struct Plugins {
    engine: Engine,
    linker: Linker<State>,
    cache: Arc<Cache>,
    limits: Arc<Limits>,
    compiler: Compiler,
    /// One at a time: a burst of uploads must not take the machine.
    compiling: Semaphore,
}

impl Plugins {
    /// Starts the engine.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let Settings { cache, limits, compiler } = settings;
        let cache = Arc::new(Cache::open(&cache)?);
        let engine = engine::start()?;
        let mut linker = Linker::new(&engine);
        state::link(&mut linker).map_err(Error::Link)?;
        let (limits, compiling) = (Arc::new(limits), Semaphore::new(1));
        Ok(Self { engine, linker, cache, limits, compiler, compiling })
    }

    /// Makes ready what was inspected before, or built in: compiles it, or takes what was compiled,
    /// and asks it what it is.
    pub async fn load(&self, component: &[u8]) -> Result<Arc<Plugin>, Error> {
        self.refuse_foreign(component)?;
        Ok(self.prepare(component).await?.plugin)
    }

    async fn prepare(&self, component: &[u8]) -> Result<Prepared, Error> {
        let digest = digest(component);
        let (compiled, took) = self.compiled(&digest, component).await?;
        self.ready(digest, &compiled, took).await
    }

    /// What was compiled before, by the digest of its component; none: [`Plugins::load`] compiles it.
    pub async fn find(&self, digest: &PluginDigest) -> Result<Option<Arc<Plugin>>, Error> {
        match self.found(digest).await? {
            Some(compiled) => Ok(Some(self.ready(digest.clone(), &compiled, None).await?.plugin)),
            None => Ok(None),
        }
    }

    /// Links it, and asks it what it is.
    async fn ready(
        &self,
        digest: PluginDigest,
        compiled: &Component,
        took: Option<Duration>,
    ) -> Result<Prepared, Error> {
        let code = compiled.image_range();
        let code_bytes = code.end.addr() - code.start.addr();
        let pre = self.linker.instantiate_pre(compiled).and_then(PluginPre::new);
        let pre = pre.map_err(|error| Error::Unfit(vec![format!("{error:#}")]))?;
        let (engine, limits) = (self.engine.clone(), Arc::clone(&self.limits));
        let mut instance = Instance::start(&engine, &pre, &limits, Grant::default())
            .await
            .map_err(Error::Describe)?;
        let description = instance.describe().await.map_err(Error::Describe)?;
        let plugin = Arc::new(Plugin { engine, pre, limits, digest, description });
        Ok(Prepared { plugin, took, code_bytes })
    }

    /// What an instance may use, unless its version was allowed otherwise.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What is told apart by its first bytes gets a message of its own.
    fn refuse_foreign(&self, component: &[u8]) -> Result<(), Error> {
        let bytes_max = self.limits.component_bytes_max;
        if component.len() > bytes_max && !is_builtin(component) {
            return Err(Error::TooLarge { bytes: component.len(), bytes_max });
        }
        if Engine::detect_precompiled(component).is_some() {
            return Err(Error::Precompiled);
        }
        match component {
            [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(Error::CoreModule),
            [b'\0', b'a', b's', b'm', ..] => Ok(()),
            _ => Err(scan::Error::Invalid("it does not begin as WebAssembly does".into()).into()),
        }
    }

    /// Machine code, and how long it took to make, unless it was there.
    async fn compiled(
        &self,
        digest: &PluginDigest,
        component: &[u8],
    ) -> Result<(Component, Option<Duration>), Error> {
        if let Some(found) = self.found(digest).await? {
            return Ok((found, None));
        }
        if is_builtin(component) {
            return self.compile(&Compiler::Here, digest, component).await;
        }
        let _alone = self.compiling.acquire().await;
        // Whoever was before may have compiled the same.
        match self.found(digest).await? {
            Some(found) => Ok((found, None)),
            None => self.compile(&self.compiler, digest, component).await,
        }
    }

    /// Off the runtime's threads: finding reads megabytes.
    async fn found(&self, digest: &PluginDigest) -> Result<Option<Component>, Error> {
        let (cache, engine) = (Arc::clone(&self.cache), self.engine.clone());
        let digest = digest.clone();
        Ok(spawn_blocking(move || cache.find(&engine, digest.as_str())).await?)
    }

    async fn compile(
        &self,
        compiler: &Compiler,
        digest: &PluginDigest,
        component: &[u8],
    ) -> Result<(Component, Option<Duration>), Error> {
        let begun = Instant::now();
        let code = compiler.compile(&self.engine, component, &self.limits).await?;
        let took = begun.elapsed();
        let (cache, engine) = (Arc::clone(&self.cache), self.engine.clone());
        let digest = digest.clone();
        let kept = spawn_blocking(move || cache.keep(&engine, digest.as_str(), &code)).await?;
        Ok((kept.map_err(Error::Compiled)?, Some(took)))
    }
}

/// A plugin that can run, and what it cost.
struct Prepared {
    plugin: Arc<Plugin>,
    took: Option<Duration>,
    code_bytes: usize,
}

impl std::fmt::Debug for Plugins {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Plugins").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A component, ready to run.
#[derive(Clone)]
pub struct Plugin {
    engine: Engine,
    pre: PluginPre<State>,
    limits: Arc<Limits>,
    digest: PluginDigest,
    description: Description,
}

impl Plugin {
    /// The SHA-256 of the component.
    pub fn digest(&self) -> &PluginDigest {
        &self.digest
    }

    /// What it says of itself.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// What its instances may use.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The same plugin, whose instances may use otherwise.
    pub fn with_limits(&self, limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits: Arc::new(limits), ..self.clone() })
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
pub fn digest(component: &[u8]) -> PluginDigest {
    const DIGESTS: &[&str] = include!(concat!(env!("OUT_DIR"), "/digests.rs"));
    let mut known = builtin().iter().zip(DIGESTS);
    let known = known.find(|((_, bytes), _)| std::ptr::eq(*bytes, component));
    let known = known.and_then(|(_, digest)| digest.parse().ok());
    known.unwrap_or_else(|| PluginDigest::of_hash(&Sha256::digest(component).into()))
}

/// The very bytes of this program, which are trusted as it is itself.
fn is_builtin(component: &[u8]) -> bool {
    builtin().iter().any(|(_, bytes)| std::ptr::eq(*bytes, component))
}
