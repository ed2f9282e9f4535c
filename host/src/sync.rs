//! Runs syncs: what must hold before one starts, its pulls in order, and the word it ends in.

mod config;
mod ensure;
mod fetch;
pub mod granted;
mod outcome;
mod part;
pub mod plan;
pub mod pull;
pub mod push;
pub mod receive;
mod refusal;
pub mod registry;
pub mod schedule;
pub mod source;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use crate::domain::clock::Clock;
use crate::domain::credential::Credentials;
use crate::domain::faults::{Faults, Point};
use crate::domain::id::{DatasourceId, OrganisationId, RunId, SyncId};
use crate::domain::organisation::Organisation;
use crate::domain::page::{Page, PageRequest};
use crate::domain::permission::Permission;
use crate::domain::plan::Resolution;
use crate::domain::plugin::{Description, Failure, Proposal, Remark};
pub use crate::domain::run::Trigger;
use crate::domain::run::{Run, RunState};
use crate::domain::sync::{Datatype, Method};
use crate::grant::files::{Files, Readable};
use crate::grant::log::LogSink;
use crate::plugin::{Grant, Instance};
use crate::store::blob::Blobs;
use crate::store::run::{Begun, Held};
use crate::store::{self, Store};

use ensure::Ensured;
use granted::Means;
use outcome::{failure, lines};
use pull::{Job, Tuning};
pub use refusal::Refusal;
use registry::{Allowed, Registry};
use source::Source;

/// What a datasource's exports may take together, bytes.
const EXPORT_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;

/// Runs syncs. Clones share what is running.
#[derive(Debug, Clone)]
pub struct Engine {
    inner: Arc<Inner>,
    /// What configurations are tried with: a datasource need not be there yet.
    trying: Arc<Credentials>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    blobs: Blobs,
    means: Means,
    clock: Clock,
    tuning: Tuning,
    registry: Registry,
    active: Mutex<HashMap<RunId, Active>>,
    /// Held while a plan is made: one at a time, since each takes as much room as the database.
    planning: tokio::sync::Mutex<()>,
    /// The process is going to end: what is cut off is gone on with later.
    stopping: AtomicBool,
}

#[derive(Debug)]
struct Active {
    organisation: OrganisationId,
    cancel: watch::Sender<bool>,
    ended: watch::Receiver<bool>,
    progress: Arc<pull::Progress>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Records met.
    pub records: u64,
    /// Records in all, where the source says so.
    pub total: Option<u64>,
}

impl Engine {
    /// An engine over a store, with the active plugins.
    pub fn new(
        store: Store,
        blobs: Blobs,
        means: Means,
        clock: Clock,
        tuning: Tuning,
        registry: Registry,
    ) -> Self {
        let (active, planning) = (Mutex::default(), tokio::sync::Mutex::default());
        let stopping = AtomicBool::new(false);
        let inner =
            Inner { store, blobs, means, clock, tuning, registry, active, planning, stopping };
        Self { inner: Arc::new(inner), trying: Arc::default() }
    }

    /// The same engine, which tries configurations with these credentials.
    #[must_use]
    pub fn trying(&self, credentials: Credentials) -> Self {
        Self { inner: Arc::clone(&self.inner), trying: Arc::new(credentials) }
    }

    /// The active plugins.
    pub fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    /// Starts a run, or goes on with one whose process died.
    pub async fn trigger(
        &self,
        organisation: &OrganisationId,
        sync: &SyncId,
        how: Trigger,
    ) -> Result<RunId, Refusal> {
        let ensured = self.ensure(organisation, sync).await?;
        let now = self.inner.clock.now();
        let digest = ensured.allowed.plugin.digest();
        let begun = self.inner.store.begin_run(&ensured.sync, digest.as_str(), how, now).await?;
        let held = match begun {
            Begun::Held(held) => held,
            Begun::Running(run) => return Err(Refusal::Running(run)),
        };
        let run = held.run.clone();
        let (cancel, cancelled) = watch::channel(false);
        let (end, ended) = watch::channel(false);
        let progress = Arc::new(pull::Progress::default());
        let organisation = organisation.clone();
        let active = Active { organisation, cancel, ended, progress: progress.clone() };
        self.active().insert(run.clone(), active);
        let job = Job { progress, ..self.job(&ensured, held, cancelled) };
        let engine = self.clone();
        tokio::spawn(async move {
            engine.work(job, ensured).await;
            end.send_replace(true);
        });
        Ok(run)
    }

    /// Waits until a run has ended or the time is up; the run as it then stands.
    pub async fn wait(
        &self,
        organisation: &OrganisationId,
        run: &RunId,
        at_most: Option<Duration>,
    ) -> Result<Run, store::Error> {
        let ended = self.active().get(run).map(|active| active.ended.clone());
        if let Some(mut ended) = ended {
            let waiting = ended.wait_for(|ended| *ended);
            match at_most {
                Some(at_most) => drop(tokio::time::timeout(at_most, waiting).await),
                None => drop(waiting.await),
            }
        }
        self.inner.store.run(organisation, run).await
    }

    /// Stops a run, after saving what it has fetched; false when it is not running here.
    pub fn cancel(&self, run: &RunId) -> bool {
        let active = self.active();
        active.get(run).map(|active| active.cancel.send_replace(true)).is_some()
    }

    /// Cuts every run off after saving what it has fetched, and lets it go: the next trigger of its
    /// sync goes on with it. For a process that is going to end.
    pub async fn interrupt_all(&self) -> Vec<RunId> {
        self.inner.stopping.store(true, Ordering::SeqCst);
        let running: Vec<_> = {
            let active = self.active();
            let stop = |(run, it): (&RunId, &Active)| {
                it.cancel.send_replace(true);
                (run.clone(), it.ended.clone())
            };
            active.iter().map(stop).collect()
        };
        let mut interrupted = Vec::new();
        for (run, mut ended) in running {
            // Whoever ends a run is gone only when it has ended.
            let _ = ended.wait_for(|ended| *ended).await;
            interrupted.push(run);
        }
        interrupted
    }

    /// How far a run is, while it is running here.
    pub fn progress(&self, run: &RunId) -> Option<Progress> {
        let active = self.active();
        let progress = &active.get(run)?.progress;
        let total = progress.total.load(Ordering::Relaxed);
        let records = progress.records.load(Ordering::Relaxed);
        Some(Progress { records, total: (total > 0).then_some(total) })
    }

    /// Works out what a configuration leaves open, from the source itself.
    pub async fn propose(
        &self,
        organisation: &Organisation,
        plugin: &str,
        config: &Value,
    ) -> Result<Proposal, Failure> {
        let (mut instance, config) = self.instance(organisation, plugin, config).await?;
        instance.propose(&config.to_string()).await
    }

    /// Tries a configuration against the source.
    pub async fn check(
        &self,
        organisation: &Organisation,
        plugin: &str,
        config: &Value,
    ) -> Result<Vec<Remark>, Failure> {
        let (mut instance, config) = self.instance(organisation, plugin, config).await?;
        instance.check(&config.to_string()).await
    }

    /// One page of a datasource that need not be there yet; writes nothing.
    pub async fn sample(
        &self,
        organisation: &Organisation,
        plugin: &str,
        config: &Value,
        request: &PageRequest,
    ) -> Result<Page, Failure> {
        let (mut instance, config) = self.instance(organisation, plugin, config).await?;
        instance.get(&config.to_string(), request).await
    }

    async fn instance(
        &self,
        organisation: &Organisation,
        plugin: &str,
        config: &Value,
    ) -> Result<(Instance, Value), Failure> {
        let allowed = self.inner.registry.get(plugin).await?;
        let config = config::fill_in(config, allowed.plugin.description(), organisation.zone);
        let files = self.files(&allowed, &organisation.id, &config, None).await;
        let files = files.map_err(|error| Failure::Data(error.to_string()))?;
        let network = self.inner.means.network.of(organisation.id.as_str());
        let http = granted::http(&network, &allowed, &config, &self.trying)?;
        let grant = Grant { files, http, ..Grant::default() };
        Ok((allowed.plugin.instance(grant).await?, config))
    }

    /// What a run works with.
    fn job(&self, ensured: &Ensured, held: Held, cancel: watch::Receiver<bool>) -> Job {
        let description = ensured.allowed.plugin.description();
        Job {
            store: self.inner.store.clone(),
            clock: self.inner.clock.clone(),
            held,
            digest: config::digest(&ensured.config, ensured.allowed.plugin.digest().as_str()),
            sync: ensured.sync.clone(),
            datasource: ensured.datasource.clone(),
            progress: Arc::default(),
            tuning: Tuning {
                pass_pages_max: ensured.allowed.plugin.limits().pass_pages_max,
                ..self.inner.tuning
            },
            resolution: resolution(description),
            keeps: description.keeps.clone(),
            paging: description.paging,
            rehearsal: false,
            faults: Faults::default(),
            cancel,
        }
    }

    /// The files a configuration names, and the folder of the datasource that is written to, where
    /// the plugin was granted any.
    async fn files(
        &self,
        allowed: &Allowed,
        organisation: &OrganisationId,
        config: &Value,
        written: Option<&DatasourceId>,
    ) -> Result<Option<Files>, store::Error> {
        if !allowed.permissions.contains(&Permission::Files) {
            return Ok(None);
        }
        let files = self.inner.store.files(organisation).await?;
        let readable = config::named_files(config, files).into_iter().map(|file| Readable {
            name: file.name.to_string(),
            size: file.size,
            path: Blobs::path(&file.sha256),
            sha256: file.sha256,
            modified: file.modified,
        });
        let (blobs, readable) = (&self.inner.blobs, readable.collect());
        let exports = written.map(|datasource| blobs.exports(datasource));
        Ok(Some(Files::new(blobs.objects(), readable, exports, EXPORT_BYTES_MAX)))
    }

    async fn work(&self, job: Job, ensured: Ensured) {
        let log = LogSink::new();
        let moved = move_all(&job, ensured, log.clone()).await;
        let ended = self.end(&job, moved, &log).await;
        self.active().remove(&job.held.run);
        if let Err(error) = ended {
            tracing::error!(run = %job.held.run, %error, "a run could not be ended");
        }
    }

    async fn end(
        &self,
        job: &Job,
        moved: Result<(), pull::Error>,
        log: &LogSink,
    ) -> Result<(), store::Error> {
        let store = &job.store;
        let now = self.inner.clock.now();
        store.log(&job.held.run, &lines(log, now)).await?;
        let (state, failure) = match moved {
            Ok(()) if store.met_issues(&job.held.run).await? => {
                (RunState::CompletedWithIssues, None)
            }
            Ok(()) => (RunState::Completed, None),
            Err(pull::Error::Cancelled) if self.inner.stopping.load(Ordering::SeqCst) => {
                return store.release_run(&job.held).await;
            }
            Err(pull::Error::Cancelled) => (RunState::Cancelled, None),
            Err(error) => (RunState::Failed, Some(failure(&job.datasource.name, &error))),
        };
        store.end_run(&job.held, &ours(&job.sync), state, failure.as_ref(), now).await
    }

    fn active(&self) -> MutexGuard<'_, HashMap<RunId, Active>> {
        self.inner.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn move_all(job: &Job, ensured: Ensured, log: LogSink) -> Result<(), pull::Error> {
    let source = ensured.source(log).await?;
    run(job, source, ensured.allowed.plugin.description()).await
}

/// A whole run with a source: what may have arrived is looked for, then everything is pulled, then
/// what changed here is pushed; groups before resources before readings.
pub async fn run<S: Source>(
    job: &Job,
    mut source: S,
    description: &Description,
) -> Result<(), pull::Error> {
    job.faults().reach(Point::RunBegun).await.map_err(store::Error::from)?;
    let does = |method| job.sync.methods.contains(&method);
    let pushed = if does(Method::PushToDatasource) {
        push::datatypes(job, &description.pushes)
    } else {
        Vec::new()
    };
    for datatype in &pushed {
        push::settle(job, &mut source, *datatype).await?;
    }
    if does(Method::PullFromDatasource) {
        for datatype in push::datatypes(job, &description.gets) {
            source = pull::pull(job, source, datatype).await?;
        }
    }
    for datatype in &pushed {
        let sent = push::push(job, &mut source, *datatype).await?;
        // What the other system made of it belongs to this run: the next one is to move nothing.
        let comes_back = description.gets.contains(datatype) && *datatype != Datatype::Reading;
        if sent && comes_back && does(Method::PullFromDatasource) {
            source = pull::pull(job, source, *datatype).await?;
        }
    }
    job.faults().reach(Point::RunMoved).await.map_err(store::Error::from)?;
    Ok(())
}

/// The methods that a run of OurWater's carries out; the others are the other system's to start.
fn ours(sync: &crate::domain::sync::Sync) -> Vec<Method> {
    let started_here =
        |method: &Method| matches!(method, Method::PullFromDatasource | Method::PushToDatasource);
    sync.methods.iter().copied().filter(started_here).collect()
}

/// How finely a plugin's other system keeps readings.
pub fn resolution(description: &Description) -> Resolution {
    Resolution { decimals: description.decimals, step: description.step.into() }
}
