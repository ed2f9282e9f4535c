//! What goes wrong between a plugin and the other system, as its check asks.

use std::sync::Arc;

use serde_json::Value;

use crate::grant::http::{Broken, Response};

/// What goes wrong with a request.
#[derive(Clone)]
pub(super) enum Fault {
    /// Something else answers: a proxy, a limiter, a login page. The other system does not hear of it.
    Answered(Response),
    /// The connection ends before the request was taken.
    Lost,
    /// The other system acts, and its answer never comes.
    AnswerLost,
    /// Half of the answer's body comes.
    Cut,
    /// The answer's body comes otherwise.
    Rewritten(Arc<dyn Fn(Vec<u8>) -> Vec<u8> + Send + Sync>),
}

/// Which requests it happens to, counted from 0 since it was injected; logins do not count.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) at: At,
    pub(super) fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Every,
    /// Every one that may change something.
    Writes,
    Only(usize),
}

impl At {
    pub(super) fn hits(self, number: usize, method: &str) -> bool {
        match self {
            Self::Every => true,
            Self::Writes => !matches!(method, "GET" | "HEAD" | "OPTIONS"),
            Self::Only(at) => at == number,
        }
    }
}

impl Fault {
    /// An answer with this status, these headers and this body.
    pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, it)| ((*name).to_owned(), (*it).to_owned()));
        Self::Answered(Response { status, headers: headers.collect(), body: body.into() })
    }

    /// JSON bodies come otherwise; others as they are.
    pub(super) fn rewrite(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Rewritten(Arc::new(move |body| match serde_json::from_slice(&body) {
            Ok(mut value) => {
                change(&mut value);
                value.to_string().into_bytes()
            }
            Err(_) => body,
        }))
    }

    /// What the plugin gets; `act` asks the other system.
    pub(super) fn happen(
        &self,
        act: impl FnOnce() -> Result<Response, Broken>,
    ) -> Result<Response, Broken> {
        match self {
            Self::Answered(response) => Ok(response.clone()),
            Self::Lost => Err(lost("the connection ended")),
            Self::AnswerLost => act().and_then(|_| Err(lost("the answer never came"))),
            Self::Cut => act().map(|mut response| {
                response.body.truncate(response.body.len() / 2);
                response
            }),
            Self::Rewritten(change) => act().map(|response| {
                let Response { status, headers, body } = response;
                Response { status, headers, body: change(body) }
            }),
        }
    }
}

fn lost(reason: &str) -> Broken {
    Broken::Lost { reason: reason.to_owned() }
}
