//! Requests of the hostile guest, to a server of ours, over a network of ours.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use ourwater::domain::credential::{Carrier, Key, Way};
use ourwater::domain::origin::Origin;
use ourwater::domain::secret::Secret;
use ourwater::grant::http::{HttpLimits, Network};
use ourwater::grant::{Grant, Http};
use ourwater::plugin::Plugin;
use serde_json::json;

use super::remote::{Act, Remote};
use super::row::Outcome;
use super::world::asked;

/// What no guest, and no message, may ever hold.
const TOKEN: &str = "canary-token";

/// Within the time of a call.
const REQUEST_TIME_MAX: Duration = Duration::from_millis(400);

/// A request, or several. `{port}` in an address is the server's.
pub(super) struct Request {
    pub(super) deed: &'static str,
    pub(super) url: &'static str,
    pub(super) method: &'static str,
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// What may be reached; where nothing is named, what is asked for.
    pub(super) granted: &'static [&'static str],
    /// Where the token may go; else wherever may be reached.
    pub(super) entrusted: Option<&'static str>,
    pub(super) names: Names,
    /// This machine counts as the internet.
    pub(super) open: bool,
    pub(super) server: Server,
    /// How many datasources ask, one after another, over one network.
    pub(super) datasources: usize,
    /// How many connections the server sees.
    pub(super) connections: usize,
}

/// What names mean.
pub(super) enum Names {
    /// This machine.
    Here,
    /// One thing after another.
    Script(&'static [&'static [&'static str]]),
}

/// The server at the port.
pub(super) enum Server {
    Acts(fn() -> Vec<Act>),
    Full,
}

impl Request {
    /// One request that a server of ours sees.
    pub(super) const fn to(url: &'static str, acts: fn() -> Vec<Act>) -> Self {
        Self { open: true, server: Server::Acts(acts), connections: 1, ..Self::never(url) }
    }

    /// One request that never reaches a server.
    pub(super) const fn never(url: &'static str) -> Self {
        Self {
            deed: "http",
            url,
            method: "GET",
            headers: &[],
            granted: &[],
            entrusted: None,
            names: Names::Here,
            open: false,
            server: Server::Acts(Vec::new),
            datasources: 1,
            connections: 0,
        }
    }

    /// How it ended, and how often the server was reached.
    pub(super) async fn outcome(&self, hostile: &Plugin) -> Outcome {
        let remote = match self.server {
            Server::Acts(acts) => Remote::start(acts()).await,
            Server::Full => Remote::full().await,
        };
        let at = |text: &str| text.replace("{port}", &remote.port.to_string());
        let config = json!({
            "deed": self.deed, "url": at(self.url), "method": self.method, "headers": self.headers,
        });
        let (config, network) = (config.to_string(), self.network());
        let mut outcome = Outcome::Well(String::new());
        for number in 0..self.datasources {
            let grant = self.grant(network.of(&number.to_string()), at);
            outcome = asked(hostile, &config, None, grant).await;
        }
        let seen = remote.connections();
        assert_eq!(seen, self.connections, "{}: connections; {outcome:?}", self.url);
        outcome
    }

    fn grant(&self, network: Network, at: impl Fn(&str) -> String) -> Grant {
        let granted = if self.granted.is_empty() { &[self.url][..] } else { self.granted };
        let origins: Vec<Origin> = granted.iter().map(|it| at(it).parse().unwrap()).collect();
        let entrusted = self.entrusted.map(|it| vec![at(it).parse().unwrap()]);
        let key = Key {
            way: Way::Fixed(Carrier::Bearer, Secret::new(TOKEN).unwrap()),
            origins: entrusted.unwrap_or_else(|| origins.clone()),
        };
        let keys = BTreeMap::from([("access".parse().unwrap(), key)]);
        let limits = HttpLimits {
            request_time_max: REQUEST_TIME_MAX,
            answer_bytes_max: 1 << 20,
            idle_time_max: if matches!(self.names, Names::Script(_)) {
                Duration::ZERO
            } else {
                REQUEST_TIME_MAX
            },
            run_requests_max: 20,
            ..HttpLimits::default()
        };
        let http = Http::new(network, origins, keys, limits);
        Grant { http: Some(http), ..Grant::default() }
    }

    fn network(&self) -> Network {
        let allowed = if self.open { vec!["127.0.0.0/8".parse().unwrap()] } else { Vec::new() };
        let network = Network::new(allowed);
        let meant = |all: &&[&str]| all.iter().map(|it| it.parse::<IpAddr>().unwrap()).collect();
        match self.names {
            Names::Here => network.with_resolver(|_| Ok(vec![[127, 0, 0, 1].into()])),
            Names::Script(script) => {
                let script: Mutex<VecDeque<Vec<IpAddr>>> =
                    Mutex::new(script.iter().map(meant).collect());
                network.with_resolver(move |_| {
                    let next = script.lock().unwrap().pop_front();
                    next.ok_or_else(|| io::Error::other("the script ended"))
                })
            }
        }
    }
}
