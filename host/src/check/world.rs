//! A world for one try: the other system at its beginning, files, exports, and what goes wrong.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::domain::digest::hex;
use crate::domain::origin::Origin;
use crate::grant::files::Readable;
use crate::grant::http::HttpLimits;
use crate::grant::{Files, Gate, Grant, Http, LogSink};

use super::fault::{At, Fault, Plan};
use super::guest::Guest;
use super::holding::Holding;
use super::remote::{Remote, Request};
use super::subject::Subject;
use super::verdict::Ended;

/// Bytes of exports.
const EXPORT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The other system, files and exports of one try.
pub(super) struct World<'a> {
    pub(super) subject: &'a Subject,
    /// What the plugin is called with; the subject's, unless a check says otherwise.
    pub(super) config: String,
    remote: Arc<Mutex<Remote>>,
    gate: Arc<Doorkeeper>,
    files: BTreeMap<String, Vec<u8>>,
    modified: i64,
    origins: Vec<Origin>,
    exports: TempDir,
}

/// Counts calls of the host and shuts the gate before one of them.
struct Doorkeeper {
    calls: AtomicU64,
    /// The number of the call that is not made.
    shut_at: AtomicU64,
}

impl<'a> World<'a> {
    /// Everything at its beginning.
    pub(super) fn new(subject: &'a Subject) -> Result<Self, Ended> {
        let exports = tempfile::tempdir().map_err(|error| {
            Ended::not_run(format!("there is no room for exports on this machine: {error}"))
        })?;
        let content = &subject.fixture.files;
        Ok(Self {
            subject,
            config: subject.config.to_string(),
            remote: Arc::new(Mutex::new(Remote::new(subject))),
            gate: Arc::new(Doorkeeper {
                calls: AtomicU64::new(0),
                shut_at: AtomicU64::new(u64::MAX),
            }),
            files: content.iter().map(|(name, it)| (name.clone(), it.0.clone())).collect(),
            modified: 0,
            origins: subject.origins.clone(),
            exports,
        })
    }

    /// A fresh instance of the plugin in this world.
    pub(super) async fn guest(&self) -> Result<Guest<'_>, Ended> {
        let log = LogSink::new();
        let gate = Arc::clone(&self.gate);
        let asks = |what: &str| self.subject.description().asks.contains_key(what);
        let grant = Grant {
            files: if asks("files") { Some(self.readable().await?) } else { None },
            http: self.http(),
            log: Some(log.clone()),
            gate: Some(Gate::new(move || gate.lets_through())),
        };
        let instance = self.subject.plugin.instance(grant).await?;
        Ok(Guest::new(instance, log, &self.subject.canary, self.config.clone()))
    }

    /// Time passes in the other system.
    pub(super) fn later(&mut self) {
        let later = &self.subject.fixture.later;
        self.files.extend(later.iter().map(|(name, it)| (name.clone(), it.0.clone())));
        self.modified += 60_000;
        self.lock().later();
    }

    /// Whether time can pass here.
    pub(super) fn has_later(&self) -> bool {
        let script = self.subject.script.as_ref().is_some_and(|it| it.has_later());
        script || !self.subject.fixture.later.is_empty()
    }

    /// From now on this goes wrong.
    pub(super) fn inject(&self, at: At, fault: Fault) {
        self.lock().plan(Some(Plan { at, fault }));
    }

    /// From now on all goes well, and requests are counted anew.
    pub(super) fn calm(&self) {
        self.lock().plan(None);
    }

    /// The requests since something was injected, or all; logins are left out.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    /// How many requests that is.
    pub(super) fn requests_made(&self) -> usize {
        self.lock().requests.len()
    }

    /// Calls of the host so far.
    pub(super) fn calls(&self) -> u64 {
        self.gate.calls.load(Ordering::SeqCst)
    }

    /// The instance that makes the host's call of this number, from 0, traps there; once.
    pub(super) fn end_at(&self, call: u64) {
        self.gate.shut_at.store(call, Ordering::SeqCst);
    }

    /// Nothing may be reached any more.
    pub(super) fn forget_origins(&mut self) {
        self.origins.clear();
    }

    /// A file holds something else from now on.
    pub(super) fn set_file(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.insert(name.to_owned(), bytes);
        self.modified += 60_000;
    }

    /// What the other system holds now.
    pub(super) fn held(&self) -> Result<Holding, Ended> {
        let state = self.lock().state.clone();
        Holding::of(state, self.exports.path())
            .map_err(|error| Ended::not_run(format!("the exports cannot be read: {error}")))
    }

    fn lock(&self) -> MutexGuard<'_, Remote> {
        self.remote.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn http(&self) -> Option<Http> {
        if !self.subject.asks_http() {
            return None;
        }
        let remote = Arc::clone(&self.remote);
        let answers =
            move |sent| remote.lock().unwrap_or_else(PoisonError::into_inner).exchange(&sent);
        let (origins, keys) = (self.origins.clone(), self.subject.keys.clone());
        Some(Http::scripted(Arc::new(answers), origins, keys, HttpLimits::default()))
    }

    async fn readable(&self) -> Result<Files, Ended> {
        let objects = InMemory::new();
        let mut readable = Vec::new();
        for (place, (name, bytes)) in self.files.iter().enumerate() {
            let path = Path::from(place.to_string());
            let put = objects.put(&path, bytes.clone().into()).await;
            put.map_err(|error| Ended::not_run(format!("{name} cannot be held: {error}")))?;
            readable.push(Readable {
                name: name.clone(),
                size: bytes.len() as u64,
                sha256: hex(&Sha256::digest(bytes)),
                modified: self.modified,
                path,
            });
        }
        let objects: Arc<dyn ObjectStore> = Arc::new(objects);
        let exports = Some(self.exports.path().to_owned());
        Ok(Files::new(objects, readable, exports, EXPORT_BYTES_MAX))
    }
}

impl Doorkeeper {
    fn lets_through(&self) -> bool {
        self.calls.fetch_add(1, Ordering::SeqCst) != self.shut_at.load(Ordering::SeqCst)
    }
}
