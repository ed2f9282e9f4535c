//! A host without a sandbox that reaches the web, and logs in as the product does.

use std::io;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ourwater_sdk::files::File;
use ourwater_sdk::http::{Broken, Request, Response};
use ourwater_sdk::log::Level;
use ourwater_sdk::native::{Host, Memory};
use ourwater_sdk::{Delay, Result};
use serde_json::{Value, json};
use ureq::Agent;

const TIMEOUT: Duration = Duration::from_mins(1);

/// The host, for one datasource.
#[derive(Debug)]
pub struct Web {
    agent: Agent,
    access: Access,
    files: Memory,
}

/// What the host adds to a request that names a credential.
#[derive(Debug)]
enum Access {
    /// A token in the query, which LegacyMyWell gives to who logs in.
    Login { server: String, user: (&'static str, &'static str), token: Option<String> },
    /// A header.
    Basic(String),
}

impl Web {
    /// Logs in at LegacyMyWell's own door, where a request names a credential.
    pub fn of(server: &str, user: (&'static str, &'static str)) -> Self {
        Self::with(Access::Login { server: server.to_owned(), user, token: None })
    }

    /// Says who asks, by HTTP Basic, where a request names a credential.
    pub fn basic((user, password): (&str, &str)) -> Self {
        Self::with(Access::Basic(format!(
            "Basic {}",
            STANDARD.encode(format!("{user}:{password}"))
        )))
    }

    fn with(access: Access) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT))
            .allow_non_standard_methods(true)
            .build()
            .into();
        Self { agent, access, files: Memory::default() }
    }
}

/// The token of who logs in.
fn log_in(
    agent: &Agent,
    server: &str,
    (username, password): (&str, &str),
) -> std::result::Result<String, Broken> {
    let url = format!("{server}/api/Clients/login");
    let body = json!({"username": username, "password": password});
    let mut answer = agent.post(url).send_json(body).map_err(|error| broken(&error))?;
    let answer: Value = answer.body_mut().read_json().map_err(|error| broken(&error))?;
    let token = answer["id"].as_str().map(str::to_owned);
    token.ok_or_else(|| Broken::Denied("the login is refused".to_owned()))
}

impl Host for Web {
    fn all(&mut self) -> Result<Vec<File>> {
        self.files.all()
    }

    fn read(&mut self, name: &str, offset: u64, length: u32) -> Result<Vec<u8>> {
        self.files.read(name, offset, length)
    }

    fn append(&mut self, name: &str, at: u64, bytes: &[u8]) -> Result<u64> {
        self.files.append(name, at, bytes)
    }

    fn log(&mut self, _level: Level, _message: &str) {}

    fn send(&mut self, request: &Request) -> std::result::Result<Response, Broken> {
        let (mut url, mut headers) = (request.url.clone(), request.headers.clone());
        match &mut self.access {
            _ if request.credential.is_none() => {}
            Access::Basic(value) => headers.push(("authorization".to_owned(), value.clone())),
            Access::Login { server, user, token } => {
                let known = token.take();
                let known = known.map_or_else(|| log_in(&self.agent, server, *user), Ok)?;
                let mark = if url.contains('?') { '&' } else { '?' };
                url = format!("{url}{mark}access_token={known}");
                *token = Some(known);
            }
        }
        let mut sent = ureq::http::Request::builder().method(request.method.as_str()).uri(url);
        for (name, value) in &headers {
            sent = sent.header(name, value);
        }
        let answer = match &request.body {
            Some(body) => sent.body(body.clone()).map(|sent| self.agent.run(sent)),
            None => sent.body(()).map(|sent| self.agent.run(sent)),
        };
        let answer = answer.map_err(|error| Broken::Denied(error.to_string()))?;
        let mut answer = answer.map_err(|error| broken(&error))?;
        let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec();
        let headers = answer.headers().iter().map(|(name, value)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        Ok(Response {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: body.map_err(|error| broken(&error))?,
        })
    }
}

fn broken(error: &ureq::Error) -> Broken {
    let delay = Delay { reason: error.to_string(), after_ms: None };
    match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => Broken::Unsent(delay),
        ureq::Error::Io(io) if io.kind() == io::ErrorKind::ConnectionRefused => {
            Broken::Unsent(delay)
        }
        _ => Broken::Lost(delay),
    }
}
