//! Logging in with the organisation's token, and out.

use axum::Form as Fields;
use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::{ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;

use super::form::Form;
use super::{Page, Result};
use crate::http::Server;
use crate::http::error::Error;
use crate::http::session::{AdminSession, Session};
use crate::store::token::token_digest;

/// What the login form sends.
#[derive(Debug, Deserialize)]
pub(in crate::http) struct Login {
    token: String,
}

/// The form; with a remark when it was filled in before.
pub(super) fn page(remark: Option<&str>) -> Page {
    let body = html! {
        h1 { "OurWater Sync" }
        @if let Some(remark) = remark { p role="alert" { (remark) } }
        form method="post" action="/login" {
            label {
                "Your organisation's token, or an administrator's" br;
                input type="password" name="token" required autocomplete="current-password";
            }
            button class="main" { "Log in" }
        }
        p class="quiet" {
            "The token was shown when the organisation was made. A new one: "
            code { "ourwater org token NAME" } "; for administrators: "
            code { "ourwater admin create NAME" }
        }
    };
    Page::for_anybody("Log in", body)
}

/// Begins a session.
pub(in crate::http) async fn log_in(
    State(server): State<Server>,
    headers: HeaderMap,
    login: std::result::Result<Fields<Login>, FormRejection>,
) -> Result<Response> {
    let Fields(Login { token }) = login.map_err(|error| Error::request(error.body_text()))?;
    let token = token.trim();
    let (store, digest) = (&server.app.store, token_digest(token));
    let first_page = if store.organisation_by_digest(&digest).await?.is_some() {
        "/"
    } else if store.administrator_by_digest(&digest).await?.is_some() {
        "/plugins"
    } else {
        let page = page(Some("That is no token of an organisation or an administrator."));
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    };
    let cookie = server.sessions.begin(digest, is_encrypted(&headers), server.app.clock.now());
    Ok(([(SET_COOKIE, cookie)], Redirect::to(first_page)).into_response())
}

/// Ends it.
pub(in crate::http) async fn log_out(State(server): State<Server>, request: Request) -> Response {
    let headers = request.headers();
    let administrator = matches!(AdminSession::of(headers, &server).await, Ok(Some(_)));
    let cookie = if administrator {
        let form = Form::<AdminSession>::from_request(request, &server).await;
        form.map(|form| server.sessions.end(&form.session))
    } else {
        let form = Form::<Session>::from_request(request, &server).await;
        form.map(|form| server.sessions.end(&form.session))
    };
    match cookie {
        Ok(cookie) => ([(SET_COOKIE, cookie)], Redirect::to("/")).into_response(),
        Err(refused) => refused,
    }
}

/// A proxy in front may have spoken TLS; browsers say what the form's page came by.
fn is_encrypted(headers: &HeaderMap) -> bool {
    headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"))
}
