//! As much of HTTP as it takes: one request on one connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use serde_json::{Value, json};

/// A request as it came.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    authorization: Option<String>,
}

/// What is answered.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    kind: &'static str,
    body: String,
    date: i64,
}

impl Request {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// With this user and password, or without any: the public may look around.
    pub(super) fn may_enter(&self, (user, password): (&str, &str)) -> bool {
        let wanted = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        self.authorization.as_ref().is_none_or(|said| *said == wanted)
    }

    pub(super) fn is_known(&self) -> bool {
        self.authorization.is_some()
    }
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self { status, kind: "application/json", body: body.to_string(), date: 0 }
    }

    pub(super) fn html(status: u16, body: &str) -> Self {
        Self { status, kind: "text/html", body: body.to_owned(), date: 0 }
    }

    pub(super) fn refusal(status: u16, detail: &str) -> Self {
        Self::json(status, &json!({"detail": detail}))
    }

    pub(super) fn missing() -> Self {
        Self::refusal(404, "Not found.")
    }

    pub(super) fn at(self, date: i64) -> Self {
        Self { date, ..self }
    }
}

pub(super) fn serve(client: &TcpStream, answer: impl Fn(&Request) -> Answer) -> io::Result<()> {
    let answer = answer(&read(client)?);
    let date = DateTime::from_timestamp_millis(answer.date).unwrap_or_default();
    let date = date.format("%a, %d %b %Y %H:%M:%S GMT");
    let head = format!(
        "HTTP/1.1 {} Lizard\r\ndate: {date}\r\ncontent-type: {}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        answer.status,
        answer.kind,
        answer.body.len()
    );
    let mut client = client;
    client.write_all(head.as_bytes())?;
    client.write_all(answer.body.as_bytes())?;
    client.shutdown(Shutdown::Both)
}

fn read(client: &TcpStream) -> io::Result<Request> {
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = query.map(|(name, value)| (decoded(name), decoded(value))).collect();
    let mut request = Request { method, path: decoded(path), query, ..Request::default() };
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => request.authorization = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body)?;
    Ok(request)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let code = code.and_then(|two| u8::from_str_radix(two, 16).ok());
        let code = code.filter(|_| *first == b'%');
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
