//! Requests that the host sends, and what each answer tells the host to do.
//!
//! [`send`] is the contract's own function. [`Call`] writes a request; [`Call::read`] asks, and may
//! be repeated freely; [`Call::write`] changes something, and tells what certainly did not happen
//! from what may have.

mod answer;

pub use crate::bindings::ourwater::datasource::http::{Broken, Request, Response};
pub use answer::{Fault, failure, json};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Delay, Failure, Result};

/// One request, as the contract has it.
///
/// # Errors
/// Where no whole answer came; any answer, whatever its status, is a response.
pub fn send(request: &Request) -> std::result::Result<Response, Broken> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::ourwater::datasource::http::send(request);
    #[cfg(not(target_family = "wasm"))]
    crate::native::with(|host| host.send(request))
}

/// Why a write has no answer to be judged.
#[derive(Debug, Clone, PartialEq)]
pub enum Unwritten {
    /// Nothing took effect.
    Untried(Failure),
    /// It may or may not have taken effect.
    Unknown(Delay),
}

/// A request being written.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    request: Request,
}

impl Call {
    /// A request with this method ("GET") to this absolute address.
    pub fn new(method: &str, url: &str) -> Self {
        let accept = ("accept".to_owned(), "application/json".to_owned());
        let request = Request {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: vec![accept],
            body: None,
            credential: None,
        };
        Self { request }
    }

    /// Adds a parameter to the query; name and value are encoded here.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.request.url.push(if self.request.url.contains('?') { '&' } else { '?' });
        encode(name, &mut self.request.url);
        self.request.url.push('=');
        encode(value, &mut self.request.url);
        self
    }

    /// The credential, by name, that the host adds.
    #[must_use]
    pub fn credential(mut self, name: Option<&str>) -> Self {
        self.request.credential = name.map(str::to_owned);
        self
    }

    /// The body, as JSON.
    pub fn body<T: Serialize + ?Sized>(self, body: &T) -> Result<Self> {
        let bytes = serde_json::to_vec(body).map_err(|error| Failure::Data(error.to_string()))?;
        Ok(self.bytes(bytes))
    }

    /// The body, as JSON that is written already.
    #[must_use]
    pub fn bytes(mut self, json: Vec<u8>) -> Self {
        let kind = ("content-type".to_owned(), "application/json".to_owned());
        self.request.headers.push(kind);
        self.request.body = Some(json);
        self
    }

    /// Sends it, and gives whatever came: for answers that are judged otherwise than by [`Self::read`].
    ///
    /// # Errors
    /// Where no whole answer came.
    pub fn send(&self) -> std::result::Result<Response, Broken> {
        send(&self.request)
    }

    /// Asks for something. `fault` is whose fault it is when the server finds the question wrong.
    pub fn read<T: DeserializeOwned>(&self, fault: Fault) -> Result<Answer<T>> {
        understand(&self.ask()?, fault)
    }

    /// Asks for one thing; none where the server says, in JSON, that it has no such thing (404, 410).
    /// Another page for 404 is some other server's, or of another address: `fault`'s.
    pub fn find<T: DeserializeOwned>(&self, fault: Fault) -> Result<Option<Answer<T>>> {
        let response = self.ask()?;
        let is_json = || serde_json::from_slice::<serde_json::Value>(&response.body).is_ok();
        if matches!(response.status, 404 | 410) && is_json() {
            return Ok(None);
        }
        understand(&response, fault).map(Some)
    }

    fn ask(&self) -> Result<Response> {
        send(&self.request).map_err(|broken| match broken {
            Broken::Denied(text) => Failure::Denied(text),
            Broken::Unsent(delay) | Broken::Lost(delay) => Failure::Unavailable(delay),
            Broken::TooLarge(text) => Failure::Data(text),
        })
    }

    /// Changes something. A response is a 2xx, or a refusal that the caller has to understand
    /// (400, 404, 409, 413, 422, 500).
    pub fn write(&self) -> std::result::Result<Response, Unwritten> {
        let response = send(&self.request).map_err(|broken| match broken {
            Broken::Denied(text) => Unwritten::Untried(Failure::Denied(text)),
            Broken::Unsent(delay) => Unwritten::Untried(Failure::Unavailable(delay)),
            Broken::Lost(delay) => Unwritten::Unknown(delay),
            Broken::TooLarge(reason) => Unwritten::Unknown(Delay { reason, after_ms: None }),
        })?;
        match response.status {
            // 500 is the server's own word on the request; 502 and the like are a gateway's.
            200..=299 | 400 | 404 | 409 | 413 | 422 | 500 => Ok(response),
            408 | 501..=599 => Err(Unwritten::Unknown(answer::delay(&response))),
            _ => Err(Unwritten::Untried(
                failure(&response, Fault::Data).unwrap_or_else(|| answer::unexpected(&response)),
            )),
        }
    }
}

/// What a question was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// The answer.
    pub body: T,
    /// The server's own clock when it answered, ms, where it says so.
    pub time: Option<i64>,
}

fn understand<T: DeserializeOwned>(response: &Response, fault: Fault) -> Result<Answer<T>> {
    match failure(response, fault) {
        Some(failure) => Err(failure),
        None => Ok(Answer { body: json(response)?, time: answer::time(response) }),
    }
}

/// What stands unencoded in a query: what RFC 3986 leaves unreserved, and what has no meaning there.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:,/@!*()$'".contains(&byte)
}

fn encode(text: &str, to: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if is_plain(byte) {
            to.push(char::from(byte));
        } else {
            to.push('%');
            to.push(char::from(DIGITS[usize::from(byte >> 4)]));
            to.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests;
