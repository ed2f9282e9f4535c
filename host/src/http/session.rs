//! Who is logged in: random names of sessions, in memory only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::Server;
use super::error::Error;
use crate::domain::clock::Timestamp;
use crate::domain::id::random_hex;
use crate::domain::organisation::Organisation;
use crate::store::administrator::Administrator;

/// How long a session lasts, milliseconds.
const SESSION_MS_MAX: i64 = 12 * 60 * 60 * 1000;

/// Sessions at a time; one more ends the oldest.
const SESSIONS_MAX: usize = 1000;

const COOKIE_NAME: &str = "ourwater_session";

/// Everybody who is logged in. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Sessions {
    all: Arc<Mutex<HashMap<String, Kept>>>,
}

#[derive(Debug, Clone)]
struct Kept {
    /// Of the token it was begun with: a renewed token ends it.
    token_digest: String,
    csrf: String,
    since: Timestamp,
}

/// Somebody of an organisation who is logged in. A page that takes it sends others to the login.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) organisation: Organisation,
    /// What each form must bring back, so that only our own forms do anything.
    pub(super) csrf: String,
    name: String,
}

/// An administrator who is logged in. A page that takes it sends others to the login.
#[derive(Debug)]
pub(super) struct AdminSession {
    pub(super) administrator: Administrator,
    csrf: String,
    name: String,
}

/// Somebody who is logged in, as every page and form needs it.
pub(super) trait LoggedIn: FromRequestParts<Server, Rejection = Response> + Send {
    /// Who it is, for the top of a page.
    fn shown(&self) -> &str;

    /// What each form must bring back.
    fn csrf(&self) -> &str;

    /// The session's own name.
    fn name(&self) -> &str;

    /// Refuses a form that is not one of this session's.
    fn refuse_foreign(&self, csrf: &str) -> Result<(), Error> {
        if csrf == self.csrf() {
            return Ok(());
        }
        Err(Error::forbidden("this form is out of date: go back, reload the page and try again"))
    }
}

impl Sessions {
    /// Begins one; the cookie to set, which goes encrypted only where it came so.
    pub(super) fn begin(&self, token_digest: String, encrypted: bool, now: Timestamp) -> String {
        let name = format!("{}{}", random_hex(), random_hex());
        let mut all = self.all();
        all.retain(|_, kept| is_current(kept, now));
        if all.len() >= SESSIONS_MAX {
            let oldest =
                all.iter().min_by_key(|(_, kept)| kept.since).map(|(name, _)| name.clone());
            oldest.and_then(|oldest| all.remove(&oldest));
        }
        all.insert(name.clone(), Kept { token_digest, csrf: random_hex(), since: now });
        let seconds = SESSION_MS_MAX / 1000;
        let secure = if encrypted { "; Secure" } else { "" };
        format!(
            "{COOKIE_NAME}={name}; Path=/; HttpOnly; SameSite=Strict{secure}; Max-Age={seconds}"
        )
    }

    /// Ends one; the cookie to set.
    pub(super) fn end(&self, session: &impl LoggedIn) -> String {
        self.all().remove(session.name());
        format!("{COOKIE_NAME}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
    }

    fn current(&self, name: &str, now: Timestamp) -> Option<Kept> {
        self.all().get(name).filter(|kept| is_current(kept, now)).cloned()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Who is logged in, or nobody.
    pub(super) async fn of(headers: &HeaderMap, server: &Server) -> Result<Option<Self>, Error> {
        let Some((name, kept)) = current(headers, server) else { return Ok(None) };
        let found = server.app.store.organisation_by_digest(&kept.token_digest).await?;
        Ok(found.map(|organisation| Self { organisation, csrf: kept.csrf, name }))
    }
}

impl AdminSession {
    /// Which administrator is logged in, or none.
    pub(super) async fn of(headers: &HeaderMap, server: &Server) -> Result<Option<Self>, Error> {
        let Some((name, kept)) = current(headers, server) else { return Ok(None) };
        let found = server.app.store.administrator_by_digest(&kept.token_digest).await?;
        Ok(found.map(|administrator| Self { administrator, csrf: kept.csrf, name }))
    }
}

impl LoggedIn for Session {
    fn shown(&self) -> &str {
        &self.organisation.name
    }

    fn csrf(&self) -> &str {
        &self.csrf
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl LoggedIn for AdminSession {
    fn shown(&self) -> &str {
        &self.administrator.name
    }

    fn csrf(&self) -> &str {
        &self.csrf
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl FromRequestParts<Server> for AdminSession {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Response> {
        match Self::of(&parts.headers, server).await {
            Ok(Some(session)) => Ok(session),
            Ok(None) => Err(Redirect::to("/").into_response()),
            Err(error) => Err(error.into_response()),
        }
    }
}

impl FromRequestParts<Server> for Session {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Response> {
        match Self::of(&parts.headers, server).await {
            Ok(Some(session)) => Ok(session),
            Ok(None) => Err(Redirect::to("/").into_response()),
            Err(error) => Err(error.into_response()),
        }
    }
}

/// The session a request belongs to, and its name.
fn current(headers: &HeaderMap, server: &Server) -> Option<(String, Kept)> {
    let name = cookie(headers)?;
    let kept = server.sessions.current(name, server.app.clock.now())?;
    Some((name.to_owned(), kept))
}

fn is_current(kept: &Kept, now: Timestamp) -> bool {
    now - kept.since < SESSION_MS_MAX
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|it| it.to_str().ok());
    let mut pairs = cookies.flat_map(|it| it.split(';')).filter_map(|it| it.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value)
}
