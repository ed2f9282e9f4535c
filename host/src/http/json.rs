//! Bodies of requests as the types a handler takes, whatever the header says they are.

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::Error;

/// Largest body that is not a file, bytes.
pub(super) const BODY_BYTES_MAX: usize = 1024 * 1024;

/// A body; an empty one counts as an empty object.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

/// What follows the question mark of an address.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let bytes = to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(|_| {
            Error::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "limit",
                format!("the body did not arrive whole, or has more than {BODY_BYTES_MAX} bytes"),
            )
        })?;
        let text: &[u8] = if bytes.trim_ascii().is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| {
            if error.is_data() {
                Error::unfit("", format!("the body does not fit: {error}"))
            } else {
                Error::request(format!("the body is no JSON: {error}"))
            }
        })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let asked = Query::from_request_parts(parts, state).await;
        asked.map(|Query(asked)| Self(asked)).map_err(|error| {
            Error::request(format!("what follows the ? does not fit: {}", cause(&error)))
        })
    }
}

/// Without what axum puts before it.
fn cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
