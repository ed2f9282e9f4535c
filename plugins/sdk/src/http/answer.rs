//! What an answer tells the host to do, by its status and its body.

use std::time::UNIX_EPOCH;

use serde::de::DeserializeOwned;

use super::Response;
use crate::{Delay, Failure, Remark, Result};

/// Characters of an answer that a person is shown.
const SHOWN_CHARACTERS_MAX: usize = 200;

/// A server's wish to be left alone is believed up to a day.
const RETRY_AFTER_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// Whose fault it is when the server finds a request wrong (400, 404, 422 and the like).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The configuration's, in this field.
    Config(&'static str),
    /// The data's.
    Data,
}

/// What an answer that is no success tells the host to do; none for a success.
pub fn failure(response: &Response, fault: Fault) -> Option<Failure> {
    Some(match response.status {
        200..=299 => return None,
        300..=399 => redirected(response, fault),
        401 | 403 | 407 => Failure::Denied(said(response)),
        408 | 425 | 429 | 500..=599 => Failure::Unavailable(delay(response)),
        400..=499 => blame(fault, said(response)),
        _ => unexpected(response),
    })
}

/// The body of a success.
///
/// # Errors
/// A page for people is some other server's answer (a proxy, a login, maintenance): `unavailable`.
/// Broken JSON is cut off on its way: `unavailable` too. JSON of another shape is `data`.
pub fn json<T: DeserializeOwned>(response: &Response) -> Result<T> {
    serde_json::from_slice(&response.body).map_err(|error| {
        let text = format!("the answer is not understood ({error}): {}", excerpt(&response.body));
        match error.classify() {
            serde_json::error::Category::Data => Failure::Data(text),
            _ => Failure::Unavailable(Delay { reason: text, after_ms: retry_after(response) }),
        }
    })
}

/// When to try again, and why not now.
pub(super) fn delay(response: &Response) -> Delay {
    Delay { reason: said(response), after_ms: retry_after(response) }
}

pub(super) fn unexpected(response: &Response) -> Failure {
    Failure::Data(said(response))
}

/// The server's clock, ms.
pub(super) fn time(response: &Response) -> Option<i64> {
    header(response, "date").and_then(instant)
}

fn redirected(response: &Response, fault: Fault) -> Failure {
    let to = header(response, "location").map_or_else(
        || "another address, which it does not name".to_owned(),
        |place| excerpt(place.as_bytes()),
    );
    let field = match fault {
        Fault::Config(field) => field,
        Fault::Data => "url",
    };
    let text = format!("the server answered {} and points to {to}", response.status);
    Failure::Config(Remark { field: field.to_owned(), text })
}

fn blame(fault: Fault, text: String) -> Failure {
    match fault {
        Fault::Config(field) => Failure::Config(Remark { field: field.to_owned(), text }),
        Fault::Data => Failure::Data(text),
    }
}

fn said(response: &Response) -> String {
    let body = excerpt(&response.body);
    if body.is_empty() {
        format!("the server answered {}", response.status)
    } else {
        format!("the server answered {}: {body}", response.status)
    }
}

/// The beginning of a text as a person may see it, on one line.
fn excerpt(bytes: &[u8]) -> String {
    let head = bytes.get(..SHOWN_CHARACTERS_MAX * 4).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    let plain: String = text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(" ").chars().take(SHOWN_CHARACTERS_MAX).collect()
}

/// Seconds, or a date: then as far ahead as it is of the server's own clock.
fn retry_after(response: &Response) -> Option<u64> {
    let text = header(response, "retry-after")?;
    let wait = match text.parse::<u64>() {
        Ok(seconds) => seconds.saturating_mul(1000),
        Err(_) => u64::try_from(instant(text)?.saturating_sub(time(response)?)).unwrap_or(0),
    };
    Some(wait.min(RETRY_AFTER_MS_MAX))
}

fn instant(text: &str) -> Option<i64> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    let found = response.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim())
}
