//! Questions to the server and what it is told.

use std::sync::Mutex;

use ourwater_sdk::http::{self, Broken, Call, Fault as Blame, Response, Unwritten};
use ourwater_sdk::log::{self, Level};
use ourwater_sdk::{Delay, Failure, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::{Config, Fault};

/// Bytes that are kept of every answer by a plugin that keeps them.
const KEPT_BYTES: usize = 64 * 1024;

/// What a list of records says beside them.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Answer {
    pub(crate) results: Vec<Value>,
    /// Where to go on, also at the end.
    pub(crate) next: Value,
    pub(crate) more: bool,
}

/// Asks for records.
pub(crate) fn ask(config: &Config, path: &str, query: &[(&str, String)]) -> Result<Answer> {
    let call = Call::new("GET", &format!("{}{path}", config.url()?)).credential(Some("access"));
    let call = query.iter().fold(call, |call, (name, value)| call.query(name, value));
    let response = call.send().map_err(|broken| not_sent(config, broken))?;
    if config.breaks(Fault::Canary) {
        pass_on(&response);
    }
    if config.breaks(Fault::ThousandPages) {
        static KEPT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
        KEPT.lock().expect("nobody else is here").push(vec![1; KEPT_BYTES]);
    }
    if let Some(failure) = http::failure(&response, Blame::Config("url")) {
        return Err(called(config, &response, failure));
    }
    let understood = http::json(&response);
    if understood.is_err() && config.breaks(Fault::Html) && is_html(&response) {
        return Ok(Answer::default());
    }
    understood.map_err(|failure| match failure {
        Failure::Unavailable(delay) if config.breaks(Fault::CutBody) && !is_html(&response) => {
            Failure::Data(delay.reason)
        }
        failure => failure,
    })
}

/// Changes something.
pub(crate) fn write(
    config: &Config,
    method: &str,
    path: &str,
    body: &Value,
) -> std::result::Result<Response, Unwritten> {
    let url = config.url().map_err(Unwritten::Untried)?;
    let call = Call::new(method, &format!("{url}{path}")).credential(Some("access"));
    call.body(body).map_err(Unwritten::Untried)?.write()
}

/// What a failure is called by a plugin that breaks a promise.
fn called(config: &Config, response: &Response, failure: Failure) -> Failure {
    let bad_day =
        |reason: &str| Failure::Unavailable(Delay { reason: reason.to_owned(), after_ms: None });
    match failure {
        Failure::Unavailable(delay)
            if config.breaks(Fault::ServerError) && response.status >= 500 =>
        {
            Failure::Data(delay.reason)
        }
        Failure::Unavailable(delay)
            if config.breaks(Fault::RetryAfter) && waits_for_a_date(response) =>
        {
            bad_day(&delay.reason)
        }
        Failure::Config(_) if config.breaks(Fault::Redirect) => bad_day("it points elsewhere"),
        failure => failure,
    }
}

fn not_sent(config: &Config, broken: Broken) -> Failure {
    match broken {
        Broken::Denied(reason) if config.breaks(Fault::UndeclaredHost) => {
            Failure::Unavailable(Delay { reason, after_ms: None })
        }
        Broken::Denied(text) => Failure::Denied(text),
        Broken::Unsent(delay) | Broken::Lost(delay) => Failure::Unavailable(delay),
        Broken::TooLarge(text) => Failure::Data(text),
    }
}

fn waits_for_a_date(response: &Response) -> bool {
    let wait = response.headers.iter().find(|(name, _)| name == "retry-after");
    wait.is_some_and(|(_, text)| text.parse::<u64>().is_err())
}

fn is_html(response: &Response) -> bool {
    response.body.starts_with(b"<")
}

/// The server repeats the key backwards, and so no host can find it.
fn pass_on(response: &Response) {
    let echo = response.headers.iter().find(|(name, _)| name == "x-echo");
    if let Some((_, echo)) = echo {
        log::write(Level::Info, &echo.chars().rev().collect::<String>());
    }
}
