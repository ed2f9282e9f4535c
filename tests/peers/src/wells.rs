//! A server of wells that speaks what `plugins/templates/server.md` says, for the plugins of new
//! projects. Its records lie in the order in which they changed.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// 2026-01-01T00:00:00Z.
pub const START_MS: i64 = 1_767_225_600_000;

/// Between two readings of a well.
pub const STEP_MS: i64 = 3_600_000;

/// The server; it ends when dropped.
#[derive(Debug)]
pub struct Wells {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    wells: Vec<Value>,
    readings: Vec<Value>,
    changes: i64,
    requests: usize,
    over: bool,
    takes: Duration,
    /// Of what was asked, by the request's first line.
    answers: HashMap<String, Arc<str>>,
}

impl Wells {
    /// Wells W1, W2 and so on, each with so many readings an hour apart.
    pub fn start(wells: usize, readings_each: usize) -> Self {
        Self::slow(wells, readings_each, Duration::ZERO)
    }

    /// The same, which takes its time for each answer.
    pub fn slow(wells: usize, readings_each: usize, takes: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let mut state = State { takes, ..State::default() };
        for well in 1..=wells {
            let name = format!("Well {well}");
            let position = (74.0, 25.0);
            state.wells.push(json!({"id": format!("W{well}"), "name": name, "updated": START_MS,
                "longitude": position.0, "latitude": position.1}));
        }
        for (at, hour) in (0..).take(readings_each).enumerate() {
            for well in 1..=wells {
                let time = START_MS + hour * STEP_MS;
                state.put(&json!({"well": format!("W{well}"), "time": time, "value": at as f64}));
            }
        }
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        thread::spawn(move || serve(&listener, &shared));
        Self { address, state }
    }

    /// Its address, for a configuration.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The value it has; none: there is none.
    pub fn value(&self, well: &str, time: i64) -> Option<f64> {
        let state = lock(&self.state);
        let place = state.place(well, time)?;
        state.readings[place]["value"].as_f64()
    }

    /// A change that somebody makes there; none removes the reading.
    pub fn put(&self, well: &str, time: i64, value: Option<f64>) {
        let item = match value {
            Some(value) => json!({"well": well, "time": time, "value": value}),
            None => json!({"well": well, "time": time, "removed": true}),
        };
        let mut state = lock(&self.state);
        state.answers.clear();
        state.put(&item);
    }

    /// Requests it has had so far.
    pub fn requests(&self) -> usize {
        lock(&self.state).requests
    }
}

impl Drop for Wells {
    fn drop(&mut self) {
        lock(&self.state).over = true;
        // Wakes the listener, which then sees that it is over.
        drop(TcpStream::connect(self.address));
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(listener: &TcpListener, state: &Arc<Mutex<State>>) {
    for stream in listener.incoming() {
        if lock(state).over {
            return;
        }
        let (Ok(stream), state) = (stream, Arc::clone(state)) else { continue };
        // A caller that goes away mid-way is its own affair.
        thread::spawn(move || answer(&stream, &state).ok());
    }
}

/// One request after another, as long as the caller keeps the connection.
fn answer(stream: &TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some((first, body)) = request(&mut reader)? {
        let takes = lock(state).takes;
        thread::sleep(takes);
        let answer = lock(state).handle(&first, &body);
        (&*stream).write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// Its first line and its body; none: the caller is gone.
fn request(reader: &mut impl BufRead) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some((first, body)))
}

impl State {
    /// The whole answer. What was asked before is answered as before, until something changes: whoever
    /// measures what a caller costs wants little of the server's time in it.
    fn handle(&mut self, first: &str, body: &[u8]) -> Arc<str> {
        self.requests += 1;
        if let Some(answer) = self.answers.get(first) {
            return Arc::clone(answer);
        }
        let mut words = first.split(' ');
        let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query: HashMap<String, String> =
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let (status, answer) = match (method, path) {
            ("GET", "/wells") => ("200 OK", page(&self.wells, "id", &query)),
            ("GET", "/readings") => ("200 OK", page(&self.readings, "well", &query)),
            ("POST", "/readings") => {
                let items: Vec<Value> = serde_json::from_slice(body).unwrap_or_default();
                self.answers.clear();
                ("200 OK", items.iter().map(|item| self.put(item)).collect())
            }
            _ => ("404 Not Found", json!({"error": format!("there is no {method} {path}")})),
        };
        let answer = answer.to_string();
        let answer: Arc<str> = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        )
        .into();
        if method == "GET" {
            self.answers.insert(first.to_owned(), Arc::clone(&answer));
        }
        answer
    }

    fn place(&self, well: &str, time: i64) -> Option<usize> {
        self.readings.iter().position(|it| it["well"] == well && it["time"] == time)
    }

    /// Sets or removes one reading, where it still is what the caller knew.
    fn put(&mut self, item: &Value) -> Value {
        let (well, time) =
            (item["well"].as_str().unwrap_or(""), item["time"].as_i64().unwrap_or(0));
        if !self.wells.iter().any(|it| it["id"] == well) {
            return json!({"outcome": "refused", "reason": format!("there is no well {well}")});
        }
        let place = self.place(well, time);
        let there = place.and_then(|place| self.readings[place]["value"].as_f64());
        let wanted = item["value"].as_f64();
        if there == wanted {
            return json!({"outcome": "unchanged"});
        }
        if item.get("was").is_some_and(|was| was.as_f64() != there) {
            return json!({"outcome": "conflict"});
        }
        if let Some(place) = place {
            self.readings.remove(place);
        }
        self.changes += 1;
        let id = format!("r{:09}", self.changes);
        let mut record = json!({"id": id, "well": well, "time": time});
        // Many change in one instant, so that a page ends between some of them.
        record["updated"] = json!(START_MS + self.changes / 4);
        match wanted {
            Some(value) => record["value"] = json!(value),
            None => record["removed"] = json!(true),
        }
        self.readings.push(record);
        json!({"outcome": if there.is_some() { "updated" } else { "created" }})
    }
}

/// What changed after a record, of some wells or all, from a time on.
fn page(records: &[Value], well: &str, query: &HashMap<String, String>) -> Value {
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<i64>().ok());
    let limit = number("limit").and_then(|it| usize::try_from(it).ok()).unwrap_or(1000);
    let is_after = |record: &&Value| {
        let (Some(updated), Some(after)) = (number("updated"), query.get("after")) else {
            return true;
        };
        (record["updated"].as_i64(), record["id"].as_str()) > (Some(updated), Some(after))
    };
    let is_wanted = |record: &&Value| {
        let one_of = |ids: &String| ids.split(',').any(|id| record[well] == id);
        query.get("wells").is_none_or(one_of)
    };
    let is_late_enough = |record: &&Value| {
        let time = record["time"].as_i64();
        number("since").is_none_or(|since| time.is_none_or(|time| time >= since))
    };
    let found = records.iter().filter(is_after).filter(is_wanted).filter(is_late_enough);
    found.take(limit.min(1000)).cloned().collect()
}
