//! Stands before a server and does, to the requests it is told of, what networks do.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// A request that has not come after so long does not come.
const WAIT_MAX: Duration = Duration::from_mins(2);

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends; the server never heard of it.
    CutBefore,
    /// The server has acted; its answer is lost.
    CutAfter,
    /// The server never heard of it: an answer with this status.
    Status(u16),
    /// The server never heard of it: 429, to be tried again after so many seconds.
    Busy(u32),
    /// The same, to be tried again at a date, which is a minute after the answer's own.
    BusyUntil,
    /// The server never heard of it: the answer points to another host.
    Elsewhere,
    /// The server has acted; the body of its answer ends half way.
    Truncated,
    /// The server never heard of it: a page for people, with status 200.
    Html,
    /// The server has acted; its answer is held back until [`Proxy::release`].
    Late,
}

/// A proxy on a port of its own; it serves as long as the program.
#[derive(Debug, Clone)]
pub struct Proxy {
    port: u16,
    script: Arc<Mutex<Script>>,
    met: Arc<Condvar>,
}

#[derive(Debug, Default)]
struct Script {
    /// Beginnings of request lines that are yet to come.
    faults: Vec<(String, Fault)>,
    seen: Vec<String>,
    /// What was held back may go.
    released: bool,
}

impl Proxy {
    /// Before the server on this port of this machine.
    pub fn before(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        let script = Arc::new(Mutex::new(Script::default()));
        let proxy = Self { port, script, met: Arc::default() };
        let serving = proxy.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let proxy = serving.clone();
                // A client that went away is what is being tested.
                thread::spawn(move || proxy.serve(client, server).unwrap_or_default());
            }
        });
        proxy
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The next request that begins so ("POST /api/readings") meets this fault. Of several that
    /// fit, the one told first.
    pub fn fail(&self, beginning: &str, fault: Fault) {
        self.script().faults.push((beginning.to_owned(), fault));
    }

    /// Faults that no request has met.
    pub fn unmet(&self) -> usize {
        self.script().faults.len()
    }

    /// The method and path of each request since this was last asked.
    pub fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.script().seen)
    }

    /// Waits until so many requests that begin so have come since [`Self::seen`] was last asked.
    pub fn wait_for(&self, beginning: &str, count: usize) {
        let few = |script: &mut Script| {
            script.seen.iter().filter(|line| line.starts_with(beginning)).count() < count
        };
        let waited = self.met.wait_timeout_while(self.script(), WAIT_MAX, few);
        let (script, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(script);
        assert!(!waited.timed_out(), "no {count} requests came that begin so: {beginning}");
    }

    /// Lets every answer go that is held back, now and from now on.
    pub fn release(&self) {
        self.script().released = true;
        self.met.notify_all();
    }

    fn hold_back(&self) {
        let waited =
            self.met.wait_timeout_while(self.script(), WAIT_MAX, |script| !script.released);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut client: TcpStream, server: u16) -> io::Result<()> {
        let (line, request) = request(&client)?;
        let fault = self.meet(&line);
        let answer = match fault {
            Some(Fault::CutBefore) => return client.shutdown(Shutdown::Both),
            Some(Fault::Status(status)) => plain(status, "", "text/plain", "out of order"),
            Some(Fault::Busy(seconds)) => {
                plain(429, &format!("retry-after: {seconds}\r\n"), "text/plain", "busy")
            }
            Some(Fault::BusyUntil) => {
                let headers = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
                               retry-after: Sun, 06 Nov 1994 08:50:37 GMT\r\n";
                plain(429, headers, "text/plain", "busy")
            }
            Some(Fault::Elsewhere) => {
                plain(302, "location: https://elsewhere.example/\r\n", "text/plain", "")
            }
            Some(Fault::Html) => plain(200, "", "text/html", "<html>Be right back</html>"),
            None | Some(Fault::CutAfter | Fault::Truncated | Fault::Late) => {
                forward(server, &request)?
            }
        };
        if fault == Some(Fault::Late) {
            self.hold_back();
        }
        match fault {
            Some(Fault::CutAfter) => {}
            Some(Fault::Truncated) => client.write_all(&half_a_body(&answer))?,
            _ => client.write_all(&answer)?,
        }
        client.shutdown(Shutdown::Both)
    }

    fn meet(&self, line: &str) -> Option<Fault> {
        let mut script = self.script();
        let (method, target) = line.split_once(' ').unwrap_or_default();
        let path = target.split(['?', ' ']).next().unwrap_or_default();
        script.seen.push(format!("{method} {path}"));
        self.met.notify_all();
        let at = script.faults.iter().position(|(beginning, _)| line.starts_with(beginning))?;
        Some(script.faults.remove(at).1)
    }
}

/// The request line, and the whole request as it is passed on: for one answer on one connection.
fn request(client: &TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let (mut head, mut length) = (line.clone(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let small = header.to_ascii_lowercase();
        if let Some(size) = small.strip_prefix("content-length:") {
            length = size.trim().parse().unwrap_or(0);
        }
        if header.trim().is_empty() {
            break;
        }
        if !small.starts_with("connection:") {
            head.push_str(&header);
        }
    }
    head.push_str("connection: close\r\n\r\n");
    let mut whole = head.into_bytes();
    let head = whole.len();
    whole.resize(head + length, 0);
    reader.read_exact(&mut whole[head..])?;
    Ok((line, whole))
}

fn forward(server: u16, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(("127.0.0.1", server))?;
    server.write_all(request)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    Ok(answer)
}

fn plain(status: u16, header: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Fault\r\n{header}content-type: {kind}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

fn half_a_body(answer: &[u8]) -> Vec<u8> {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
    answer[..head + (answer.len() - head) / 2].to_vec()
}
