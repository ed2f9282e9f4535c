//! A host without a sandbox that reaches the web, and logs in as the product does.

use std::io;
use std::time::Duration;

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
    server: String,
    login: (&'static str, &'static str),
    token: Option<String>,
    files: Memory,
}

impl Web {
    /// Logs in at LegacyMyWell's own door, where a request names a credential.
    pub fn of(server: &str, login: (&'static str, &'static str)) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT))
            .allow_non_standard_methods(true)
            .build()
            .into();
        Self { agent, server: server.to_owned(), login, token: None, files: Memory::default() }
    }

    fn token(&mut self) -> std::result::Result<String, Broken> {
        if let Some(token) = &self.token {
            return Ok(token.clone());
        }
        let (username, password) = self.login;
        let url = format!("{}/api/Clients/login", self.server);
        let body = json!({"username": username, "password": password});
        let mut answer = self.agent.post(url).send_json(body).map_err(|error| broken(&error))?;
        let answer: Value = answer.body_mut().read_json().map_err(|error| broken(&error))?;
        let token = answer["id"].as_str().map(str::to_owned);
        self.token.clone_from(&token);
        token.ok_or_else(|| Broken::Denied("the login is refused".to_owned()))
    }
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
        let mut url = request.url.clone();
        if request.credential.is_some() {
            let mark = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{mark}access_token={}", self.token()?);
        }
        let mut sent = ureq::http::Request::builder().method(request.method.as_str()).uri(url);
        for (name, value) in &request.headers {
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
