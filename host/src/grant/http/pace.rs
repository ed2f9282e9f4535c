//! How a server is treated: so many requests in a second, none while it wants to be left alone, and
//! so many connections at a time.
//!
//! Requests are counted for each datasource, over all its instances and runs: what one organisation
//! asks of a server, and what the server says to it, is nothing to another. Connections are counted
//! for the whole process, since the server sees one machine; who waits for one gets it in order, and
//! nobody keeps one that another waits for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use hyper::header::{self, HeaderMap, HeaderName};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::Answer;
use super::{Broken, HttpLimits};
use crate::domain::clock::Clock;
use crate::domain::origin::Origin;
use crate::grant::bucket::Bucket;

/// Connections of this process to one server, unless an operator says otherwise.
pub(super) const SERVER_CONNECTIONS_MAX: usize = 16;

/// Statuses with which a server asks to be left alone for a while.
const BUSY: [u16; 2] = [429, 503];

/// What the whole process does at servers.
#[derive(Debug)]
pub(super) struct Traffic {
    connections_max: usize,
    servers: Mutex<HashMap<Origin, Arc<Server>>>,
    paces: Mutex<HashMap<String, Arc<Pace>>>,
}

#[derive(Debug)]
struct Server {
    connections: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// One connection may be open while this is kept.
#[derive(Debug)]
pub(super) struct Seat {
    _permit: Option<OwnedSemaphorePermit>,
    /// Keeps the server known.
    _server: Arc<Server>,
}

/// What one datasource does at servers.
#[derive(Debug, Default)]
pub(super) struct Pace {
    servers: Mutex<HashMap<Origin, Turns>>,
}

#[derive(Debug)]
struct Turns {
    bucket: Bucket,
    quiet_until: Instant,
}

impl Traffic {
    pub(super) fn new(connections_max: usize) -> Self {
        Self { connections_max, servers: Mutex::default(), paces: Mutex::default() }
    }

    /// The pace of a datasource, the same one each time. Those that rest are forgotten.
    pub(super) fn pace(&self, datasource: &str) -> Arc<Pace> {
        let mut paces = lock(&self.paces);
        if let Some(pace) = paces.get(datasource) {
            return Arc::clone(pace);
        }
        let now = Instant::now();
        paces.retain(|_, pace| Arc::strong_count(pace) > 1 || !pace.rests(now));
        Arc::clone(paces.entry(datasource.to_owned()).or_default())
    }

    /// Waits until one more connection to a server may be open.
    pub(super) async fn seat(&self, origin: &Origin) -> Seat {
        let server = self.server(origin);
        let waiting = Waiting::at(&server);
        // Only a closed semaphore gives none, and nobody closes it.
        let permit = Arc::clone(&server.connections).acquire_owned().await.ok();
        drop(waiting);
        Seat { _permit: permit, _server: server }
    }

    /// Whether somebody waits for a connection to a server.
    pub(super) fn is_wanted(&self, origin: &Origin) -> bool {
        let server = lock(&self.servers).get(origin).cloned();
        server.is_some_and(|server| server.waiting.load(Ordering::SeqCst) > 0)
    }

    pub(super) fn connections_max(&self) -> usize {
        self.connections_max
    }

    fn server(&self, origin: &Origin) -> Arc<Server> {
        let mut servers = lock(&self.servers);
        if let Some(server) = servers.get(origin) {
            return Arc::clone(server);
        }
        servers.retain(|_, server| Arc::strong_count(server) > 1);
        let connections = Arc::new(Semaphore::new(self.connections_max));
        let server = Arc::new(Server { connections, waiting: AtomicUsize::new(0) });
        servers.insert(origin.clone(), Arc::clone(&server));
        server
    }
}

/// Counts one that waits, also where it gives up.
struct Waiting<'server>(&'server Server);

impl<'server> Waiting<'server> {
    fn at(server: &'server Server) -> Self {
        server.waiting.fetch_add(1, Ordering::SeqCst);
        Self(server)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Pace {
    /// Waits for a request's turn. One whose turn does not come in time is not sent, and neither is
    /// one to a server that wants to be left alone.
    pub(super) async fn turn(
        &self,
        origin: &Origin,
        limits: &HttpLimits,
        deadline: Instant,
    ) -> Result<(), Broken> {
        let wait = self.reserve(origin, limits, deadline)?;
        if wait.is_zero() {
            return Ok(());
        }
        tokio::time::sleep(wait).await;
        let left = self.turns(origin, Instant::now(), |turns, now| turns.quiet(now));
        left.map_or(Ok(()), |left| Err(alone(origin, left)))
    }

    /// Takes note of what a server answers.
    pub(super) fn heed(&self, origin: &Origin, answer: &Answer, limits: &HttpLimits) {
        if !BUSY.contains(&answer.status) {
            return;
        }
        let Some(delay) = retry_after(&answer.headers) else { return };
        self.turns(origin, Instant::now(), |turns, now| {
            turns.quiet_until = turns.quiet_until.max(now + delay.min(limits.retry_time_max));
        });
    }

    fn reserve(
        &self,
        origin: &Origin,
        limits: &HttpLimits,
        deadline: Instant,
    ) -> Result<Duration, Broken> {
        let rate = limits.requests_per_second_max;
        self.turns(origin, Instant::now(), |turns, now| {
            if let Some(left) = turns.quiet(now) {
                return Err(alone(origin, left));
            }
            let wait = turns.bucket.wait(rate, now);
            if now + wait > deadline {
                let reason = format!(
                    "requests: at most {rate} to {origin} in a second \
                     (http_requests_per_second_max), and others were first"
                );
                return Err(Broken::Unsent { reason, after_ms: Some(ms(wait)) });
            }
            Ok(turns.bucket.reserve(rate, now))
        })
    }

    fn turns<T>(
        &self,
        origin: &Origin,
        now: Instant,
        act: impl FnOnce(&mut Turns, Instant) -> T,
    ) -> T {
        let mut servers = lock(&self.servers);
        let new = || Turns { bucket: Bucket::full(now), quiet_until: now };
        act(servers.entry(origin.clone()).or_insert_with(new), now)
    }

    /// Whether forgetting it would change nothing.
    fn rests(&self, now: Instant) -> bool {
        lock(&self.servers).values().all(|it| it.quiet(now).is_none() && it.bucket.is_full(now))
    }
}

impl Turns {
    fn quiet(&self, now: Instant) -> Option<Duration> {
        Some(self.quiet_until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }
}

/// What a server asks for in `Retry-After`: seconds, or a date, by its own clock where it tells it.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let after = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(after).ok()?;
    let told = text(header::DATE).and_then(|it| httpdate::parse_http_date(it).ok());
    let here = || UNIX_EPOCH + Duration::from_millis(Clock::System.now().unsigned_abs());
    Some(date.duration_since(told.unwrap_or_else(here)).unwrap_or_default())
}

/// Whole milliseconds, and not one too few.
pub(super) fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

fn alone(origin: &Origin, left: Duration) -> Broken {
    let after = ms(left);
    let reason = format!("{origin} asked to be left alone for another {after} ms");
    Broken::Unsent { reason, after_ms: Some(after) }
}

/// A panic while it was held leaves whole entries, so poison means nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
