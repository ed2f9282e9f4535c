//! One measurement in a process of its own, printed as one object.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::{engine, sandbox};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum What {
    /// Nothing: makes the database for one of the next four.
    Prepare,
    /// The program itself.
    Import,
    /// The program itself, over what it has imported.
    Reimport,
    /// The engine with the plugin's code compiled natively.
    Native,
    /// The engine with pages from memory.
    Store,
    /// The plugin's code alone, natively.
    AdapterNative,
    /// The plugin's code alone, in its sandbox.
    AdapterWasm,
    /// The sandbox itself.
    Overheads,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Task {
    what: What,
    /// The database, in the folder that all measurements share.
    database: PathBuf,
    /// The file.
    csv: PathBuf,
}

/// Measures, and prints.
#[tokio::main]
pub(crate) async fn run(task: &Task) -> Result<()> {
    let Task { what, database, csv } = task;
    let folder = database.parent().context("the database is in no folder")?;
    let measured = match what {
        What::Prepare => engine::prepare(database, csv).await.map(|()| json!({}))?,
        What::Import => engine::import(database, false).await?,
        What::Reimport => engine::import(database, true).await?,
        What::Native => engine::native(database, csv).await?,
        What::Store => engine::store(database, csv).await?,
        What::AdapterNative => sandbox::native(csv).await?,
        What::AdapterWasm => sandbox::wasm(folder, csv).await?,
        What::Overheads => sandbox::overheads(folder, csv).await?,
    };
    println!("{measured}");
    Ok(())
}

/// Has a process of its own measure; `process_s` is how long it lived.
pub(crate) fn measure(what: What, database: &Path, csv: &Path) -> Result<Value> {
    let name = what.to_possible_value().context("it has no name")?;
    let name = name.get_name();
    let mut child = Command::new(std::env::current_exe()?);
    let begun = Instant::now();
    let done = child.args(["child", name]).args([database, csv]).output()?;
    let process_s = begun.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{name}: {said}");
    let mut measured: Value =
        serde_json::from_slice(&done.stdout).with_context(|| format!("{name}: {said}"))?;
    measured["process_s"] = process_s.into();
    Ok(measured)
}
