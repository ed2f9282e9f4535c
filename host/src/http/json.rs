//! Bodies of requests as the types a handler takes, whatever the header says they are.

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use bytes::Bytes;
use serde::Deserialize;
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

/// Records of a page, where nobody says how many.
const PAGE_RECORDS: u32 = 1_000;

/// Records of a page, at most.
const PAGE_RECORDS_MAX: u32 = 10_000;

/// Which page of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct After {
    /// As the link named next says.
    pub(super) after: Option<String>,
    limit: Option<u32>,
}

impl After {
    /// Records of the page.
    pub(super) fn limit(&self) -> Result<u32, Error> {
        match self.limit.unwrap_or(PAGE_RECORDS) {
            limit @ 1..=PAGE_RECORDS_MAX => Ok(limit),
            _ => Err(Error::unfit("limit", format!("limit is one of 1 to {PAGE_RECORDS_MAX}"))),
        }
    }
}

/// A body that was taken as it is, as what a handler works with.
pub(super) fn fit<T: DeserializeOwned>(body: serde_json::Value) -> Result<T, Error> {
    serde_json::from_value(body)
        .map_err(|error| Error::unfit("", format!("the body does not fit: {error}")))
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        parse(&read(request, BODY_BYTES_MAX).await?).map(Self)
    }
}

/// A whole body of at most so many bytes.
pub(super) async fn read(request: Request, bytes_max: usize) -> Result<Bytes, Error> {
    to_bytes(request.into_body(), bytes_max).await.map_err(|_| too_large(bytes_max))
}

/// For a body that goes over the limit, or is cut off: nobody can tell.
pub(super) fn too_large(bytes_max: usize) -> Error {
    Error::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "limit",
        format!("the body did not arrive whole, or has more than {bytes_max} bytes"),
    )
}

/// A body as what a handler works with; an empty one counts as an empty object.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let text: &[u8] = if bytes.trim_ascii().is_empty() { b"{}" } else { bytes };
    serde_json::from_slice(text).map_err(|error| {
        if error.is_data() {
            Error::unfit("", format!("the body does not fit: {error}"))
        } else {
            Error::request(format!("the body is no JSON: {error}"))
        }
    })
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
