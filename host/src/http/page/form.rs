//! A form that somebody who is logged in sent from one of our own pages.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse as _, Response};

use super::Failed;
use crate::http::Server;
use crate::http::error::Error;
use crate::http::session::{LoggedIn, Session};

/// A form's fields and who sent it; a form without its session's secret is refused.
#[derive(Debug)]
pub(in crate::http) struct Form<S = Session> {
    pub(in crate::http) session: S,
    fields: Vec<(String, String)>,
}

impl<S> Form<S> {
    /// A field; nothing where it was left out.
    pub(super) fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// Every field whose name begins so, without that beginning.
    pub(super) fn beginning(&self, with: &str) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.fields.iter();
        fields.filter_map(move |(name, value)| Some((name.strip_prefix(with)?, value.as_str())))
    }
}

impl<S: LoggedIn> FromRequest<Server> for Form<S> {
    type Rejection = Response;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let session = S::from_request_parts(&mut parts, server).await?;
        let request = Request::from_parts(parts, body);
        let fields = axum::Form::from_request(request, server).await;
        let axum::Form(fields) =
            fields.map_err(|error| Failed(Error::request(error.body_text())).into_response())?;
        let form = Self { session, fields };
        let own = form.session.refuse_foreign(form.field("csrf"));
        own.map_err(|error| Failed(error).into_response())?;
        Ok(form)
    }
}
