//! What belongs to one instance, and the host functions it calls.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::component::{HasSelf, Linker};

use super::bindings;
use super::bindings::ourwater::datasource::{files, http, log, records, sql};
use super::convert;
use super::limiter::Limiter;
use super::limits::Limits;
use super::output::Output;
use super::wasi::{self, Wasi};
use crate::domain::plugin::Failure;
use crate::grant::log::Level;
use crate::grant::{Files, Grant, text};

/// Of an origin in a refusal.
const ORIGIN_BYTES_MAX: usize = 200;

/// The data of a store.
pub(super) struct State {
    pub(super) wasi: Wasi,
    pub(super) limiter: Limiter,
    pub(super) output: Output,
    /// When the call under way must have ended.
    pub(super) deadline: Instant,
    pub(super) limits: Arc<Limits>,
    /// Lines the call under way wrote.
    pub(super) call_lines: usize,
    grant: Grant,
}

impl State {
    pub(super) fn new(limits: &Arc<Limits>, grant: Grant) -> Self {
        let output = Output::keeping(limits.stderr_bytes_kept);
        Self {
            wasi: Wasi::new(limits, &output),
            limiter: Limiter::new(limits),
            output,
            deadline: Instant::now(),
            limits: Arc::clone(limits),
            call_lines: 0,
            grant,
        }
    }

    /// Ends the instance where the gate is shut.
    fn pass(&self) -> wasmtime::Result<()> {
        match &self.grant.gate {
            Some(gate) if !gate.opens() => Err(wasmtime::Error::msg("ended at a call of the host")),
            _ => Ok(()),
        }
    }

    fn files(&self) -> Result<&Files, Failure> {
        let denied = || Failure::Denied("this datasource was not granted any files".to_owned());
        self.grant.files.as_ref().ok_or_else(denied)
    }
}

/// Everything a component may import.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasi::link(linker)?;
    bindings::Plugin::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
}

impl records::Host for State {}

impl files::Host for State {
    async fn all(&mut self) -> wasmtime::Result<Result<Vec<files::File>, records::Failure>> {
        self.pass()?;
        let listed = match self.files() {
            Ok(files) => files.all().await,
            Err(failure) => Err(failure),
        };
        Ok(listed.map(convert::listed).map_err(convert::refusal))
    }

    async fn read(
        &mut self,
        name: String,
        offset: u64,
        length: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, records::Failure>> {
        self.pass()?;
        let bytes = match self.files() {
            Ok(files) => files.read(&name, offset, length).await,
            Err(failure) => Err(failure),
        };
        Ok(bytes.map_err(convert::refusal))
    }

    async fn append(
        &mut self,
        name: String,
        at: u64,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<u64, records::Failure>> {
        self.pass()?;
        let size = match self.files() {
            Ok(files) => files.append(&name, at, &bytes).await,
            Err(failure) => Err(failure),
        };
        Ok(size.map_err(convert::refusal))
    }
}

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        if let Some(sink) = &self.grant.log {
            sink.write(level, &message, self.call_lines, &self.limits.log);
            self.call_lines = self.call_lines.saturating_add(1);
        }
        Ok(())
    }
}

impl http::Host for State {
    async fn send(
        &mut self,
        request: http::Request,
    ) -> wasmtime::Result<Result<http::Response, http::Broken>> {
        self.pass()?;
        let Some(granted) = &self.grant.http else {
            let origin = text::clean(&origin(&request.url), ORIGIN_BYTES_MAX);
            let denied = format!("this datasource was not granted http: it asked for {origin}");
            return Ok(Err(http::Broken::Denied(denied)));
        };
        let left = self.deadline.saturating_duration_since(Instant::now());
        let answer = granted.send(convert::http::asked(request), left).await;
        Ok(answer.map(convert::http::answer).map_err(convert::http::broken))
    }
}

impl sql::Host for State {
    async fn query(
        &mut self,
        connection: String,
        _statement: String,
        _parameters: Vec<sql::Value>,
        _limit: u32,
    ) -> wasmtime::Result<Result<sql::Table, records::Failure>> {
        Ok(Err(no_sql(&connection)))
    }

    async fn execute(
        &mut self,
        connection: String,
        _statement: String,
        _parameters: Vec<Vec<sql::Value>>,
    ) -> wasmtime::Result<Result<Vec<u64>, records::Failure>> {
        Ok(Err(no_sql(&connection)))
    }
}

fn no_sql(connection: &str) -> records::Failure {
    let connection = text::clean(connection, ORIGIN_BYTES_MAX);
    let denied = format!("this datasource was not granted sql: it asked for {connection:?}");
    convert::refusal(Failure::Denied(denied))
}

/// Scheme, host and port: what follows may hold what no message should, and so may what precedes
/// an `@`.
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if scheme.is_empty() { host.to_owned() } else { format!("{scheme}://{host}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_names_neither_path_nor_password() {
        assert_eq!(origin("https://me:secret@a.example:8443/p?token=1"), "https://a.example:8443");
        assert_eq!(origin("nonsense"), "nonsense");
    }
}
