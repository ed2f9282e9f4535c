//! Looks at a stranger's component before it is allowed: what it is, is made of, and asks for.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::fit::Interface;
use super::scan::{Scanned, scan};
use super::{Error, Plugin, Plugins, Prepared, describe, fit};
use crate::domain::permission::{Asked, Permission};
use crate::domain::report::{Linked, Report};

/// Interfaces of a kind that a report lists.
const LISTED_MAX: usize = 64;

/// A component that fits, and what was found out about it.
#[derive(Debug)]
pub struct Inspected {
    /// For the people who decide.
    pub report: Report,
    /// Ready to run.
    pub plugin: Arc<Plugin>,
}

impl Plugins {
    /// Judges a component that nobody has seen yet: reads it, holds it against the contract, and only
    /// then compiles it, links it, and asks it what it is. Whatever does not fit is an error that says
    /// all of it at once.
    pub async fn inspect(&self, component: &[u8]) -> Result<Inspected, Error> {
        self.refuse_foreign(component)?;
        let (bytes, limits) = (component.to_vec(), Arc::clone(&self.limits));
        let scanned = spawn_blocking(move || scan(&bytes, &limits)).await??;
        let mismatches = fit::mismatches(&scanned);
        if !mismatches.is_empty() {
            return Err(Error::Unfit(mismatches));
        }
        let prepared = self.prepare(component).await?;
        let asks = describe::judge(&prepared.plugin.description).map_err(Error::Unfit)?;
        let report = report(&scanned, &prepared, asks, component.len());
        Ok(Inspected { report, plugin: prepared.plugin })
    }
}

fn report(scanned: &Scanned, prepared: &Prepared, asks: Vec<Asked>, bytes: usize) -> Report {
    let Prepared { plugin, took, code_bytes } = prepared;
    let mut warnings = describe::warnings(&plugin.description, &asks);
    warnings.extend(import_warnings(scanned, &asks));
    Report {
        digest: plugin.digest.clone(),
        bytes: number(bytes),
        contract: fit::spoken(scanned).unwrap_or_default().to_owned(),
        description: plugin.description.clone(),
        language: scanned.maker.language(),
        tools: scanned.maker.tools(),
        imports: imports(scanned),
        exports: exports(scanned),
        asks,
        modules: number(scanned.counts.modules),
        functions: number(scanned.counts.functions),
        largest_function_bytes: number(scanned.counts.function_bytes),
        compile_ms: took.as_ref().map(milliseconds),
        compiled_bytes: number(*code_bytes),
        warnings,
    }
}

/// One line for an interface of ours, and one for a whole package of WASI.
fn imports(scanned: &Scanned) -> Vec<Linked> {
    let mut imports: Vec<Linked> = Vec::new();
    for name in scanned.imports.iter().filter(|name| fit::is_used(scanned, name)) {
        let interface = Interface::of(name);
        let name = match interface.package() {
            ("ourwater:datasource", _) => name,
            (package, _) => package,
        };
        if imports.len() < LISTED_MAX && !imports.iter().any(|it| it.name == *name) {
            let meaning = fit::meaning(interface).unwrap_or("types only").to_owned();
            imports.push(Linked { name: fit::shown(name), meaning });
        }
    }
    imports
}

fn exports(scanned: &Scanned) -> Vec<Linked> {
    let named = scanned.exports.iter().take(LISTED_MAX);
    let linked = |name: &String| {
        let meaning = if fit::is_called(name) { "what this host calls" } else { "not used here" };
        Linked { name: fit::shown(name), meaning: meaning.to_owned() }
    };
    named.map(linked).collect()
}

/// Where what is asked for and what is imported contradict each other.
fn import_warnings(scanned: &Scanned, asks: &[Asked]) -> Vec<String> {
    let imports = |path: &str| {
        let mut used = scanned.imports.iter().filter(|name| fit::is_used(scanned, name));
        used.any(|name| Interface::of(name).path.starts_with(path))
    };
    let asks = |word: &str| asks.iter().any(|it| word_of(&it.permission) == word);
    let mut warnings = Vec::new();
    for word in ["files", "http"] {
        if asks(word) && !imports(&format!("ourwater:datasource/{word}")) {
            warnings.push(format!("it asks for {word} and does not import it"));
        }
    }
    if asks("credential") && !asks("http") {
        warnings.push("it asks for credentials and not for http, where they would go".to_owned());
    }
    if imports("wasi:sockets/") {
        warnings.push(
            "it imports sockets, as some languages always do: every use is denied".to_owned(),
        );
    }
    warnings
}

fn word_of(permission: &Permission) -> &'static str {
    match permission {
        Permission::Files => "files",
        Permission::ConfiguredServers | Permission::Server(_) => "http",
        Permission::Credential(_) => "credential",
        Permission::Unknown(_) => "unknown",
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn milliseconds(took: &Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
