//! The id in an address; what is no id is not found, like an id of nothing.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use super::error::Error;
use crate::domain::file::FileName;
use crate::domain::id::{ConflictId, DatasourceId, GroupId, ResourceId, RunId, SyncId};

/// The one variable part of an address, as the id of something.
#[derive(Debug)]
pub(super) struct Id<T>(pub(super) T);

/// What an address may name.
pub(super) trait Named: FromStr {
    /// A word of the domain.
    const WHAT: &'static str;
}

impl Named for ConflictId {
    const WHAT: &'static str = "conflict";
}

impl Named for GroupId {
    const WHAT: &'static str = "group";
}

impl Named for ResourceId {
    const WHAT: &'static str = "resource";
}

impl Named for DatasourceId {
    const WHAT: &'static str = "datasource";
}

impl Named for FileName {
    const WHAT: &'static str = "file";
}

impl Named for RunId {
    const WHAT: &'static str = "run";
}

impl Named for SyncId {
    const WHAT: &'static str = "sync";
}

impl<T: Named, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let text = variable(parts, state).await;
        text.parse().map(Self).map_err(|_| Error::not_found(T::WHAT, &text))
    }
}

/// The two variable parts of an address: the id of something, and a name within it to be judged by
/// the handler.
#[derive(Debug)]
pub(super) struct Within<T>(pub(super) T, pub(super) String);

impl<T: Named, S: Send + Sync> FromRequestParts<S> for Within<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let mut texts = variables(parts, state).await.into_iter();
        let (id, name) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
        id.parse().map(|parsed| Self(parsed, name)).map_err(|_| Error::not_found(T::WHAT, &id))
    }
}

/// The variable part as it is, to be judged by the handler.
#[derive(Debug)]
pub(super) struct Variable(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Variable {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        Ok(Self(variable(parts, state).await))
    }
}

/// Nothing where it is not even text: nothing is called that.
async fn variable(parts: &mut Parts, state: &(impl Send + Sync)) -> String {
    variables(parts, state).await.into_iter().next().unwrap_or_default()
}

async fn variables(parts: &mut Parts, state: &(impl Send + Sync)) -> Vec<String> {
    let params = RawPathParams::from_request_parts(parts, state).await;
    params
        .map(|params| params.iter().map(|(_, value)| value.to_owned()).collect())
        .unwrap_or_default()
}
