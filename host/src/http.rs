//! The people's and the programs' side over HTTP: the whole space of addresses, on this page.

mod administrator;
mod browser;
mod caller;
mod conflict;
mod credential;
mod datasource;
mod error;
mod export;
mod feed;
mod file;
mod function;
mod group;
mod headers;
mod issue;
mod json;
mod link;
mod organisation;
mod page;
mod path;
mod plan;
mod plugin;
mod push;
mod reading;
mod resource;
mod run;
mod serve;
mod session;
pub mod stand_in;
mod sync;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{delete, get, post, put};

use crate::app::App;
pub use serve::{Error, Served, asked_to_stop, serve};
use session::Sessions;

/// Where the server can be reached.
#[derive(Debug, Clone)]
pub struct Reach {
    /// What it listens on.
    pub listen: SocketAddr,
    /// Names that people reach it by, besides the loopback's and numbers.
    pub hosts: Vec<String>,
}

/// What every handler works with. Clones share it.
#[derive(Debug, Clone)]
struct Server {
    app: App,
    sessions: Sessions,
    reach: Arc<Reach>,
}

/// Everything that is answered.
pub fn router(app: App, reach: Reach) -> Router {
    let server = Server { app, sessions: Sessions::default(), reach: Arc::new(reach) };
    Router::new()
        .merge(for_programs())
        .merge(for_people())
        .fallback(error::no_such_address)
        .method_not_allowed_fallback(error::no_such_method)
        .layer(from_fn_with_state(server.clone(), browser::refuse_other_sites))
        .layer(map_response(headers::add))
        .with_state(server)
}

/// JSON, with a bearer token.
fn for_programs() -> Router<Server> {
    Router::new()
        // Starting a sync.
        .route("/api/functions/sync/{sync}", get(function::show).post(function::start))
        // The organisation a token belongs to; making one needs none, from this machine.
        .route("/api/v1/organisations", post(organisation::create))
        .route("/api/v1/organisation", get(organisation::show).patch(organisation::change))
        .route("/api/v1/organisation/token", post(organisation::renew_token))
        // What it has.
        .route("/api/v1/files", get(file::list))
        .route(
            "/api/v1/files/{name}",
            get(file::show).put(file::upload).post(file::upload).delete(file::delete),
        )
        .route("/api/v1/files/{name}/content", get(file::content))
        .route("/api/v1/datasources", get(datasource::list).post(datasource::create))
        .route(
            "/api/v1/datasources/{datasource}",
            get(datasource::show).patch(datasource::change).delete(datasource::delete),
        )
        .route("/api/v1/datasources/{datasource}/propose", post(datasource::propose))
        .route("/api/v1/datasources/{datasource}/check", post(datasource::check))
        .route("/api/v1/datasources/{datasource}/exports", get(export::list))
        .route("/api/v1/datasources/{datasource}/exports/{name}", get(export::content))
        .route("/api/v1/datasources/{datasource}/credentials", get(credential::list))
        .route(
            "/api/v1/datasources/{datasource}/credentials/{credential}",
            put(credential::entrust).delete(credential::withdraw),
        )
        .route("/api/v1/syncs", get(sync::list).post(sync::create))
        .route("/api/v1/syncs/{sync}", get(sync::show).patch(sync::change).delete(sync::delete))
        .route("/api/v1/syncs/{sync}/issues", get(issue::list))
        // What the other system starts.
        .route("/api/v1/syncs/{sync}/push", post(push::receive))
        .route("/api/v1/syncs/{sync}/pull", get(feed::show))
        .route("/api/v1/syncs/{sync}/plan", post(plan::make))
        .route("/api/v1/syncs/{sync}/conflicts", get(conflict::list))
        .route("/api/v1/conflicts/{conflict}", post(conflict::decide))
        // What OurWater knows.
        .route("/api/v1/groups", get(group::list).post(group::create))
        .route("/api/v1/groups/{group}", get(group::show).put(group::put))
        .route("/api/v1/resources", get(resource::list).post(resource::create))
        .route("/api/v1/resources/{resource}", get(resource::show).put(resource::put))
        .route("/api/v1/resources/{resource}/readings", get(reading::list).put(reading::put))
        // What became of it.
        .route("/api/v1/runs", get(run::list))
        .route("/api/v1/runs/{run}", get(run::show))
        .route("/api/v1/runs/{run}/cancel", post(run::cancel))
        .route("/api/v1/runs/{run}/log", get(run::log))
        // What this instance can speak to.
        .merge(for_administrators())
}

/// JSON, with an administrator's token; the list of plugins with anybody's.
fn for_administrators() -> Router<Server> {
    Router::new()
        .route("/api/v1/plugins", get(plugin::list).post(plugin::upload))
        .route("/api/v1/plugins/{plugin}", get(plugin::show).delete(plugin::delete))
        .route("/api/v1/plugins/{plugin}/allowance", put(plugin::allow).delete(plugin::withdraw))
        .route("/api/v1/plugins/{plugin}/check", post(plugin::check))
        .route("/api/v1/plugins/{plugin}/activate", post(plugin::activate))
        .route("/api/v1/plugins/{plugin}/rollback", post(plugin::roll_back))
        .route("/api/v1/plugin-events", get(plugin::events))
        // Who may do that; the first is made at this machine.
        .route("/api/v1/administrators", get(administrator::list).post(administrator::create))
        .route("/api/v1/administrators/{name}", delete(administrator::delete))
        .route("/api/v1/administrator/token", post(administrator::renew_token))
}

/// Pages, with a session.
fn for_people() -> Router<Server> {
    let upload = post(page::upload::upload).layer(DefaultBodyLimit::disable());
    let add = post(page::plugins::upload).layer(DefaultBodyLimit::disable());
    Router::new()
        .route("/", get(page::overview::show))
        .route("/style.css", get(page::style))
        .route("/login", post(page::login::log_in))
        .route("/logout", post(page::login::log_out))
        .route("/files", upload)
        .route("/files/{name}", get(page::preview::show).post(page::preview::import))
        .route("/files/{name}/delete", post(page::upload::delete))
        .route("/syncs/{sync}", get(page::sync::show))
        .route("/syncs/{sync}/run", post(page::sync::run))
        .route("/conflicts/{conflict}", post(page::conflict::decide))
        .route("/runs/{run}", get(page::run::show))
        .route("/runs/{run}/cancel", post(page::run::cancel))
        // For administrators.
        .route("/plugins", get(page::plugins::show).merge(add))
        .route("/plugins/rollback", post(page::plugins::roll_back))
        .route("/plugins/{digest}", get(page::plugin::show))
        .route("/plugins/{digest}/allow", post(page::plugin::allow))
        .route("/plugins/{digest}/withdraw", post(page::plugin::withdraw))
        .route("/plugins/{digest}/activate", post(page::plugin::activate))
        .route("/plugins/{digest}/delete", post(page::plugin::delete))
}
