//! The interface as its callers meet it: the real router over a real store and the real plugin.

mod credentials;
mod feed;
mod pages;
mod plan;
mod push;
mod records;
mod stories;
mod strangers;

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::{Reach, router};
use crate::app::{App, Settings};
use crate::domain::organisation::{Limits, Organisation, Zone};
use crate::plugin::Compiler;
use crate::store::organisation::NewOrganisation;

/// A server with two organisations.
struct World {
    app: App,
    router: Router,
    ours: (Organisation, String),
    theirs: (Organisation, String),
    folder: TempDir,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("ourwater.db").display().to_string();
        let files = Some(folder.path().join("files"));
        let settings = Settings { files, ..Settings::new(database, Compiler::Here) };
        let app = App::open(&settings).await.unwrap();
        let reach = Reach { listen: ([127, 0, 0, 1], 8080).into(), hosts: Vec::new() };
        let router = router(app.clone(), reach);
        let ours = organisation(&app, "Ours").await;
        let theirs = organisation(&app, "Theirs").await;
        Self { app, router, ours, theirs, folder }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// With our token.
    async fn ask(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.send(request(method, path, Some(&self.ours.1), body)).await
    }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn organisation(app: &App, name: &str) -> (Organisation, String) {
    let new =
        NewOrganisation { name: name.parse().unwrap(), zone: Zone::UTC, limits: Limits::default() };
    let (organisation, token) = app.store.create_organisation(new, &app.clock).await.unwrap();
    (organisation, token.as_str().to_owned())
}

fn request(method: &str, path: &str, token: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let here: SocketAddr = ([127, 0, 0, 1], 40000).into();
    let mut request = Request::builder().method(method).uri(path).extension(ConnectInfo(here));
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(body.into()).unwrap()
}
