//! A request of a plugin, and what it is told of it.

use super::super::bindings::ourwater::datasource::http as wit;
use super::super::bindings::ourwater::datasource::records::Delay;
use crate::grant::http::{Broken, Request, Response};

/// What a plugin asks for.
pub(in crate::plugin) fn asked(request: wit::Request) -> Request {
    let wit::Request { method, url, headers, body, credential } = request;
    Request { method, url, headers, body, credential }
}

/// What the server answered.
pub(in crate::plugin) fn answer(response: Response) -> wit::Response {
    let Response { status, headers, body } = response;
    wit::Response { status, headers, body }
}

/// Why there is no answer.
pub(in crate::plugin) fn broken(broken: Broken) -> wit::Broken {
    match broken {
        Broken::Denied(why) => wit::Broken::Denied(why),
        Broken::Unsent { reason, after_ms } => wit::Broken::Unsent(Delay { reason, after_ms }),
        Broken::Lost { reason } => wit::Broken::Lost(Delay { reason, after_ms: None }),
        Broken::TooLarge(limit) => wit::Broken::TooLarge(limit),
    }
}
