//! Who is asking: the organisation that a bearer token belongs to.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::Server;
use super::error::Error;
use crate::domain::organisation::Organisation;

/// The organisation that asks. A handler that takes it answers nobody else.
#[derive(Debug)]
pub(super) struct Caller(pub(super) Organisation);

impl FromRequestParts<Server> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Error> {
        let token = bearer(parts).ok_or_else(Error::unknown_caller)?;
        let organisation = server.app.store.organisation_by_token(token).await?;
        organisation.map(Self).ok_or_else(Error::unknown_caller)
    }
}

/// The token that came.
pub(super) fn bearer(parts: &Parts) -> Option<&str> {
    let text = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
