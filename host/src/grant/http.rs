//! Requests a plugin may send: to the origins it was granted, within limits, with keys it never sees.
//!
//! A request is judged ([`asked`]), given its key ([`keys`]), waits for its turn ([`pace`]), is sent
//! over a connection to addresses that were judged as well ([`network`], [`connection`]), and its
//! answer is cleared of secrets ([`redact`]). What went wrong says whether the server may have acted:
//! `unsent` is proven, all else is `lost`. Redirects are handed over as they are, and no proxy is
//! asked. Where a conformance run plays the other system, a script answers instead of a network
//! ([`scripted`]); all else is the same.

mod asked;
mod connection;
mod door;
mod keys;
mod limits;
mod network;
mod pace;
mod redact;
mod scripted;
mod unpack;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::time::timeout_at;

use super::text;
use crate::domain::credential::{CredentialName, Key};
use crate::domain::origin::Origin;
use asked::Asked;
use connection::{Answer, Connection};
use keys::Keys;
pub use limits::HttpLimits;
pub use network::Network;
pub use scripted::{Remote, Sent};

/// Of what a plugin or an administrator wrote, in a message.
const SHOWN_BYTES_MAX: usize = 500;

/// What a plugin asks for.
#[derive(Clone)]
pub struct Request {
    /// GET, POST and so on.
    pub method: String,
    /// Absolute.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// Bytes, or none.
    pub body: Option<Vec<u8>>,
    /// The credential to add, by name.
    pub credential: Option<String>,
}

/// What the server answered, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// As 200.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// Unpacked.
    pub body: Vec<u8>,
}

/// Why there is no answer, and so whether the server may have acted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Not allowed; says what would have to be.
    #[error("{0}")]
    Denied(String),
    /// Not one byte of the request reached the server.
    #[error("{reason}")]
    Unsent {
        /// What was not there.
        reason: String,
        /// Not before so many milliseconds.
        after_ms: Option<u64>,
    },
    /// It may have taken effect.
    #[error("{reason}")]
    Lost {
        /// What did not come.
        reason: String,
    },
    /// The answer is over a limit; names it.
    #[error("{0}")]
    TooLarge(String),
}

/// The requests of one grant. Clones share its connection, its tokens and what was spent.
#[derive(Clone)]
pub struct Http {
    inner: Arc<Inner>,
}

struct Inner {
    origins: Vec<Origin>,
    limits: HttpLimits,
    session: Mutex<Session>,
}

/// What one request leaves to the next.
struct Session {
    line: Line,
    keys: Keys,
}

/// The way to the servers.
struct Line {
    way: Way,
    limits: HttpLimits,
    kept: Option<Connection>,
    requests: u64,
    bytes: u64,
}

/// Who answers.
#[derive(Clone)]
enum Way {
    Network(Network),
    Script(Remote),
}

impl Http {
    /// Requests to `origins`, with `keys` for those that name them.
    pub fn new(
        network: Network,
        origins: Vec<Origin>,
        keys: BTreeMap<CredentialName, Key>,
        limits: HttpLimits,
    ) -> Self {
        Self::over(Way::Network(network), origins, keys, limits)
    }

    fn over(
        way: Way,
        origins: Vec<Origin>,
        keys: BTreeMap<CredentialName, Key>,
        limits: HttpLimits,
    ) -> Self {
        let line = Line { way, limits: limits.clone(), kept: None, requests: 0, bytes: 0 };
        let session = Mutex::new(Session { line, keys: Keys::new(keys) });
        Self { inner: Arc::new(Inner { origins, limits, session }) }
    }

    /// Sends a request and gives the answer, within the limit of a request and `at_most`.
    pub async fn send(&self, request: Request, at_most: Duration) -> Result<Response, Broken> {
        let Inner { origins, limits, session } = &*self.inner;
        let deadline = Instant::now() + at_most.min(limits.request_time_max);
        let credential = request.credential.clone();
        let asked = Asked::judge(request, origins, limits)?;
        let Session { line, keys } = &mut *session.lock().await;
        let answer = match credential {
            None => line.exchange(&asked, deadline).await,
            Some(name) => keys.exchange(&name, asked, line, deadline).await,
        };
        Ok(keys.redactor().clear(answer?))
    }
}

impl std::fmt::Debug for Http {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Http").field("origins", &self.inner.origins).finish_non_exhaustive()
    }
}

impl Line {
    async fn exchange(&mut self, asked: &Asked, deadline: Instant) -> Result<Answer, Broken> {
        let way = self.way.clone();
        if let Way::Network(network) = &way {
            network.pace.turn(&asked.origin, &self.limits, deadline).await?;
        }
        self.spend(asked)?;
        let answer = match way {
            Way::Network(network) => self.exchange_over(&network, asked, deadline).await?,
            Way::Script(remote) => scripted::answer(&remote, asked, &self.limits)?,
        };
        self.bytes += answer.body.len() as u64;
        Ok(answer)
    }

    /// Over the connection that is there, or a new one: then, and where the old one proves closed,
    /// nothing was sent before.
    async fn exchange_over(
        &mut self,
        network: &Network,
        asked: &Asked,
        deadline: Instant,
    ) -> Result<Answer, Broken> {
        let kept = self.kept.take();
        let kept = kept.filter(|it| it.origin == asked.origin && it.fresh(&self.limits));
        let answered = match kept {
            None => self.over_new(network, asked, deadline).await,
            Some(kept) => match self.over(kept, asked, deadline).await {
                Err(Broken::Unsent { .. }) => self.over_new(network, asked, deadline).await,
                answered => answered,
            },
        };
        let (connection, answer) = answered?;
        network.pace.heed(&asked.origin, &answer, &self.limits);
        self.kept = Some(connection).filter(|it| !network.is_wanted(&it.origin));
        Ok(answer)
    }

    async fn over_new(
        &self,
        network: &Network,
        asked: &Asked,
        deadline: Instant,
    ) -> Result<(Connection, Answer), Broken> {
        let seat = network.seat(&asked.origin, deadline).await?;
        let connecting = network.connect(&asked.origin, seat, &self.limits);
        let late = |_| {
            let time = self.time();
            Broken::unsent(format!("{} cannot be connected to in time: {time}", asked.origin))
        };
        let connection = timeout_at(deadline.into(), connecting).await.map_err(late)??;
        self.over(connection, asked, deadline).await
    }

    async fn over(
        &self,
        connection: Connection,
        asked: &Asked,
        deadline: Instant,
    ) -> Result<(Connection, Answer), Broken> {
        let exchange = connection.exchange(asked, &self.limits);
        let late = |_| {
            Broken::lost(format!("{} gave no whole answer in time: {}", asked.origin, self.time()))
        };
        timeout_at(deadline.into(), exchange).await.map_err(late)?
    }

    /// What a request's time is limited by.
    fn time(&self) -> String {
        let most = self.limits.request_time_max;
        format!("at most {most:?} (http_request_time_ms_max), within its call's (call_time_ms_max)")
    }

    fn spend(&mut self, asked: &Asked) -> Result<(), Broken> {
        let HttpLimits { run_requests_max, run_bytes_max, .. } = self.limits;
        if self.requests >= run_requests_max {
            let text =
                format!("requests: at most {run_requests_max} in one run (http_run_requests_max)");
            return Err(Broken::Denied(text));
        }
        self.bytes += asked.body.len() as u64;
        if self.bytes > run_bytes_max {
            let text = format!(
                "transfer: at most {run_bytes_max} bytes of bodies in one run (http_run_bytes_max)"
            );
            return Err(Broken::Denied(text));
        }
        self.requests += 1;
        Ok(())
    }
}

impl Broken {
    fn unsent(reason: String) -> Self {
        Self::Unsent { reason, after_ms: None }
    }

    fn lost(reason: String) -> Self {
        Self::Lost { reason }
    }
}

fn shown(text: &str) -> String {
    text::clean(text, SHOWN_BYTES_MAX)
}

#[cfg(test)]
pub(crate) mod tests;
