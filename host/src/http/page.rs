//! Pages for people: plain HTML that works without scripts, on any screen.

pub(super) mod conflict;
mod counts;
mod form;
pub(super) mod login;
pub(super) mod overview;
pub(super) mod plugin;
pub(super) mod plugins;
pub(super) mod preview;
pub(super) mod run;
pub(super) mod sync;
mod time;
pub(super) mod upload;

use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::error::Error;
use super::session::LoggedIn;

/// How often a page of something that is going on loads itself again, seconds.
const REFRESH_S: u32 = 2;

/// An answer that is not what was asked for, as a page.
#[derive(Debug)]
pub(super) struct Failed(Error);

/// What a page's handler gives.
type Result<T> = std::result::Result<T, Failed>;

/// A page to be shown.
#[derive(Debug)]
pub(super) struct Page {
    title: String,
    /// Who sees it; nobody: not logged in.
    viewer: Option<Viewer>,
    /// It shows something that is going on.
    refreshes: bool,
    body: Markup,
}

#[derive(Debug)]
struct Viewer {
    name: String,
    csrf: String,
}

/// The one style sheet.
pub(super) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("page/style.css"))
}

impl Page {
    fn new(title: impl Into<String>, session: &impl LoggedIn, body: Markup) -> Self {
        let (name, csrf) = (session.shown().to_owned(), session.csrf().to_owned());
        let viewer = Viewer { name, csrf };
        Self { title: title.into(), viewer: Some(viewer), refreshes: false, body }
    }

    fn for_anybody(title: impl Into<String>, body: Markup) -> Self {
        Self { title: title.into(), viewer: None, refreshes: false, body }
    }

    fn refreshing(mut self, refreshes: bool) -> Self {
        self.refreshes = refreshes;
        self
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    @if self.refreshes { meta http-equiv="refresh" content=(REFRESH_S); }
                    title { (self.title) " – OurWater Sync" }
                    link rel="stylesheet" href="/style.css";
                }
                body {
                    @if let Some(viewer) = &self.viewer { (top(viewer)) }
                    main { (self.body) }
                }
            }
        };
        Html(page.into_string()).into_response()
    }
}

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let body = html! {
            h1 { "That did not work" }
            p role="alert" { (self.0.text) }
            p { a href="/" { "Back to the overview" } }
        };
        (self.0.status, Page::for_anybody("That did not work", body)).into_response()
    }
}

fn top(viewer: &Viewer) -> Markup {
    html! {
        header {
            a href="/" { strong { "OurWater Sync" } }
            span { (viewer.name) }
            form method="post" action="/logout" {
                (csrf(&viewer.csrf))
                button { "Log out" }
            }
        }
    }
}

/// What every form brings back.
fn csrf(csrf: &str) -> Markup {
    html! { input type="hidden" name="csrf" value=(csrf); }
}
