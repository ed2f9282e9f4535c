//! A Lizard of one's own: a server that answers as GGMN's API v3 and v4 do, faults included, made from
//! its documentation and from answers that people kept.
//!
//! Its clock stands still until [`Lizard::pass`] moves it, and is what its `Date` header says.

mod http;
mod list;
mod state;
mod v3;
mod v4;

use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::Value;

use http::{Answer, Request};
use state::{Event, Network, Series, State};
pub use state::{Quirks, Station};

/// A running server; it serves as long as the program.
#[derive(Debug, Clone)]
pub struct Lizard {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Lizard {
    /// The user and the password that stand for a personal API key.
    pub const KEY: (&str, &str) = ("__key__", "Ab3dEf9h.key-of-a-person");

    /// An empty server.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        let lizard = Self { port, state: Arc::new(Mutex::new(State::at(port))) };
        let serving = lizard.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let lizard = serving.clone();
                // A client that went away is what is being tested.
                thread::spawn(move || {
                    http::serve(&client, |it| lizard.answer(it)).unwrap_or_default();
                });
            }
        });
        lizard
    }

    /// Its address, without "/api".
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Time passes, ms.
    pub fn pass(&self, time: i64) {
        self.state().clock += time;
    }

    /// Changes how it behaves.
    pub fn behave(&self, change: impl FnOnce(&mut Quirks)) {
        change(&mut self.state().quirks);
    }

    /// A well more; its number.
    pub fn add_station(&self, station: Station) -> u64 {
        let mut state = self.state();
        let id = 60_061 + state.stations.len() as u64;
        state.stations.push((id, station));
        id
    }

    /// A series more at this well, in the well's filter of this code, if it has one; its uuid.
    pub fn add_series(&self, station: u64, filter: Option<&str>, code: &str, unit: &str) -> String {
        let mut state = self.state();
        let id = 398_300 + state.series.len() as u64;
        // So that the order of uuids is not the order in which they were made.
        let uuid = format!(
            "{:08x}-e3fb-449f-bda5-80c63bb7fabc",
            id.wrapping_mul(2_654_435_761) % (1 << 32)
        );
        let filter = filter.map(str::to_owned);
        let (code, unit) = (code.to_owned(), unit.to_owned());
        let value_type = "float".to_owned();
        let series =
            Series { id, uuid, station, filter, code, unit, value_type, ..Series::default() };
        let uuid = series.uuid.clone();
        state.series.push(series);
        uuid
    }

    /// What its series holds: "text", "image".
    pub fn hold(&self, uuid: &str, value_type: &str) {
        value_type.clone_into(&mut self.state().of(uuid).value_type);
    }

    /// Someone stores a reading, as the server's own users do: at this time, ms.
    pub fn set(&self, uuid: &str, time: i64, value: impl Into<Value>) {
        self.store(uuid, time, value, Value::from(0), "");
    }

    /// The same, with a flag and a comment.
    pub fn store(
        &self,
        uuid: &str,
        time: i64,
        value: impl Into<Value>,
        flag: Value,
        comment: &str,
    ) {
        let mut state = self.state();
        let modified = state.clock;
        let event = Event { value: value.into(), flag, comment: comment.to_owned(), modified };
        state.of(uuid).events.insert(time, event);
    }

    /// Someone removes a reading.
    pub fn remove(&self, uuid: &str, time: i64) {
        self.state().of(uuid).events.remove(&time);
    }

    /// Someone removes a well and its series.
    pub fn remove_station(&self, station: u64) {
        let mut state = self.state();
        state.stations.retain(|(id, _)| *id != station);
        state.series.retain(|series| series.station != station);
    }

    /// A monitoring network of these series; its uuid.
    pub fn add_network(&self, name: &str, series: &[&str]) -> String {
        let mut state = self.state();
        let uuid = format!("{:08x}-1111-4a41-846e-b458e06ffb45", state.networks.len() + 1);
        let series = series.iter().map(|&uuid| uuid.to_owned()).collect();
        state.networks.push(Network { uuid: uuid.clone(), name: name.to_owned(), series });
        uuid
    }

    /// What is stored of a series: time, value, flag and comment.
    pub fn stored(&self, uuid: &str) -> Vec<(i64, f64, Value, String)> {
        let mut state = self.state();
        let events = state.of(uuid).events.iter().map(|(&time, event)| {
            let value = state::number(&event.value).unwrap_or(f64::NAN);
            (time, value, event.flag.clone(), event.comment.clone())
        });
        events.collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request) -> Answer {
        let mut state = self.state();
        let answer = match request.path.split_once("/api/").map(|(_, rest)| rest) {
            _ if !request.may_enter(Self::KEY) => {
                Answer::refusal(401, "Invalid username/password.")
            }
            Some(path) if path.starts_with("v3/") => v3::answer(&mut state, request, &path[3..]),
            Some(path) if path.starts_with("v4/") && !state.quirks.only_v3 => {
                v4::answer(&mut state, request, &path[3..])
            }
            _ => Answer::html(404, "<h1>Page not found</h1>"),
        };
        answer.at(state.clock)
    }
}
