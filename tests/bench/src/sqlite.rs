//! What SQLite's own program needs for the same file, with the same key and the same durability.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::data::HEADER;

/// `sqlite3 .import` into a new database, replacing what has the same key; none without sqlite3.
pub(crate) fn import(database: &Path, csv: &Path) -> Result<Option<Value>> {
    let create = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         CREATE TABLE reading (external_id TEXT, resource_id TEXT, timeseries TEXT, \
         datetime TEXT, value REAL, \
         PRIMARY KEY (resource_id, timeseries, datetime) ON CONFLICT REPLACE) WITHOUT ROWID;";
    let begun = Instant::now();
    let mut sqlite3 = Command::new("sqlite3");
    sqlite3.arg(database).arg(create).args([".mode csv".to_owned(), skip_header(csv)]);
    let done = match sqlite3.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        done => done.context("sqlite3")?,
    };
    let wall_s = begun.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success() && said.is_empty(), "sqlite3 .import: {said}");
    let rows = count(database, "reading")?;
    Ok(Some(json!({"wall_s": wall_s, "rows": rows, "stored": rows})))
}

/// How many rows a table has.
pub(crate) fn count(database: &Path, table: &str) -> Result<u64> {
    let mut sqlite3 = Command::new("sqlite3");
    let counted = sqlite3.arg(database).arg(format!("SELECT COUNT(*) FROM {table}")).output()?;
    let text = String::from_utf8_lossy(&counted.stdout);
    text.trim().parse().with_context(|| format!("rows of {table}: {text:?}"))
}

fn skip_header(csv: &Path) -> String {
    format!(".import --skip {} \"{}\" reading", HEADER.lines().count(), csv.display())
}
