//! A world for one try: the other system at its beginning, files, exports, and what goes wrong.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use rhai::Dynamic;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::domain::digest::hex;
use crate::domain::origin::Origin;
use crate::grant::files::Readable;
use crate::grant::http::{Broken, HttpLimits, Response, Sent};
use crate::grant::{Files, Gate, Grant, Http, LogSink};

use super::fault::{At, Fault, Plan};
use super::guest::Guest;
use super::script::{self, Script};
use super::subject::{Mistakes, Subject};
use super::verdict::Ended;

/// Bytes of exports.
const EXPORT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Begins a field of the script's state that is its own affair: a count, a log.
const OWN_AFFAIR: char = '_';

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

/// What the other system holds: the script's state but its own affairs, and the exports.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Holding {
    remote: Value,
    exports: BTreeMap<String, Vec<u8>>,
}

struct Remote {
    script: Option<Arc<Script>>,
    state: Dynamic,
    plan: Option<Plan>,
    /// Since the plan was made.
    requests: Vec<Request>,
    login_paths: Vec<String>,
    mistakes: Mistakes,
}

/// A request that was sent.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// What was answered, before anything went wrong with it.
    pub(super) body: Vec<u8>,
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
        let script = subject.script.clone();
        let state = match &script {
            Some(script) => script.start().unwrap_or_else(|mistake| {
                subject.mistakes.note(mistake);
                Dynamic::UNIT
            }),
            None => Dynamic::UNIT,
        };
        let exports = tempfile::tempdir().map_err(|error| {
            Ended::not_run(format!("there is no room for exports on this machine: {error}"))
        })?;
        let content = &subject.fixture.files;
        Ok(Self {
            subject,
            config: subject.config.to_string(),
            remote: Arc::new(Mutex::new(Remote {
                script,
                state,
                plan: None,
                requests: Vec::new(),
                login_paths: subject.login_paths(),
                mistakes: subject.mistakes.clone(),
            })),
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
        let mut remote = self.lock();
        let Remote { script, state, mistakes, .. } = &mut *remote;
        if let Some(script) = script.as_ref().filter(|script| script.has_later())
            && let Err(mistake) = script.later(state)
        {
            mistakes.note(mistake);
        }
    }

    /// Whether time can pass here.
    pub(super) fn has_later(&self) -> bool {
        let script = self.subject.script.as_ref().is_some_and(|it| it.has_later());
        script || !self.subject.fixture.later.is_empty()
    }

    /// From now on this goes wrong.
    pub(super) fn inject(&self, at: At, fault: Fault) {
        let mut remote = self.lock();
        remote.plan = Some(Plan { at, fault });
        remote.requests.clear();
    }

    /// From now on all goes well, and requests are counted anew.
    pub(super) fn calm(&self) {
        let mut remote = self.lock();
        remote.plan = None;
        remote.requests.clear();
    }

    /// The requests since something was injected, or all; logins are left out.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
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
        let unreadable = |error: &dyn std::fmt::Display| {
            Ended::not_run(format!("what the other system holds cannot be read: {error}"))
        };
        let mut remote = script::value(&self.lock().state).map_err(|it| unreadable(&it))?;
        forget_own_affairs(&mut remote);
        let mut exports = BTreeMap::new();
        let entries = std::fs::read_dir(self.exports.path()).map_err(|it| unreadable(&it))?;
        for entry in entries {
            let path = entry.map_err(|it| unreadable(&it))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            exports.insert(name, std::fs::read(&path).map_err(|it| unreadable(&it))?);
        }
        Ok(Holding { remote, exports })
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

impl Remote {
    fn exchange(&mut self, sent: &Sent) -> Result<Response, Broken> {
        let path = url::Url::parse(&sent.url).map(|url| url.path().to_owned());
        if path.is_ok_and(|path| self.login_paths.contains(&path)) {
            return self.act(sent);
        }
        let number = self.requests.len();
        self.requests.push(Request { body: Vec::new() });
        match self.plan.clone().filter(|plan| plan.at.hits(number)) {
            Some(plan) => plan.fault.happen(|| self.act_at(number, sent)),
            None => self.act_at(number, sent),
        }
    }

    fn act_at(&mut self, number: usize, sent: &Sent) -> Result<Response, Broken> {
        let response = self.act(sent)?;
        if let Some(request) = self.requests.get_mut(number) {
            request.body.clone_from(&response.body);
        }
        Ok(response)
    }

    fn act(&mut self, sent: &Sent) -> Result<Response, Broken> {
        let unsent = |reason: &str| Broken::Unsent { reason: reason.to_owned(), after_ms: None };
        let Some(script) = &self.script else {
            return Err(unsent("the fixture has no remote.rhai: nobody answers"));
        };
        script.answer(&mut self.state, sent).map_err(|mistake| {
            self.mistakes.note(mistake);
            unsent("the fixture's script has a mistake")
        })
    }
}

impl Doorkeeper {
    fn lets_through(&self) -> bool {
        self.calls.fetch_add(1, Ordering::SeqCst) != self.shut_at.load(Ordering::SeqCst)
    }
}

impl Holding {
    /// The first thing that is otherwise in `other`, in words.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        if let Some(place) = differing(&self.remote, &other.remote, "state") {
            return Some(place);
        }
        let names = self.exports.keys().chain(other.exports.keys());
        let differs = |name: &&String| self.exports.get(*name) != other.exports.get(*name);
        names.into_iter().find(differs).map(|name| {
            let bytes = |held: &Self| held.exports.get(name).map_or(0, Vec::len);
            format!("the export {name} has {} bytes and then {}", bytes(self), bytes(other))
        })
    }
}

fn forget_own_affairs(state: &mut Value) {
    match state {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.starts_with(OWN_AFFAIR));
            fields.values_mut().for_each(forget_own_affairs);
        }
        Value::Array(values) => values.iter_mut().for_each(forget_own_affairs),
        _ => {}
    }
}

fn differing(one: &Value, other: &Value, place: &str) -> Option<String> {
    const SHOWN_CHARACTERS_MAX: usize = 200;
    let short = |value: &Value| value.to_string().chars().take(SHOWN_CHARACTERS_MAX).collect();
    match (one, other) {
        _ if one == other => None,
        (Value::Object(a), Value::Object(b)) => {
            let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
            names.into_iter().find_map(|name| {
                let (a, b) = (a.get(name), b.get(name));
                differing(
                    a.unwrap_or(&Value::Null),
                    b.unwrap_or(&Value::Null),
                    &format!("{place}.{name}"),
                )
            })
        }
        (Value::Array(a), Value::Array(b)) => (0..a.len().max(b.len())).find_map(|at| {
            let (a, b) = (a.get(at).unwrap_or(&Value::Null), b.get(at).unwrap_or(&Value::Null));
            differing(a, b, &format!("{place}[{at}]"))
        }),
        _ => {
            let (one, other): (String, String) = (short(one), short(other));
            Some(format!("{place} was {one} and is {other}"))
        }
    }
}
