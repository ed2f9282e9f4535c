//! Other programs moving the same file into SQLite under the same key; null where one cannot be had.
//!
//! They come from `PyPI` into a folder that is thrown away. Timed is the program alone, once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value};

use crate::sqlite::count;

/// Runs a command, then says what it took: seconds, and KiB at most.
const TIMER: &str = "
import json, resource, subprocess, sys, time
begun = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=sys.stderr)
wall = time.perf_counter() - begun
print(json.dumps([wall, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
";

/// Pages of rows, merged by key through a staging table.
const DLT: &str = r#"
import os, sys
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
import dlt, pyarrow.csv
csv, database = sys.argv[1:]
key = ["resource_id", "timeseries", "datetime"]
@dlt.resource(name="reading", write_disposition="merge", primary_key=key)
def rows():
    yield from pyarrow.csv.open_csv(csv)
target = dlt.destinations.sqlalchemy("sqlite:///" + database)
pipeline = dlt.pipeline("bench", pipelines_dir=database + ".dlt", destination=target,
                        dataset_name="main")
pipeline.run(rows())
"#;

/// Rows, upserted into a table that is there already, as it asks for.
const MQ_BRIDGE: &str = r#"
import sqlite3, sys, mq_bridge
csv, database = sys.argv[1:]
connection = sqlite3.connect(database)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("""CREATE TABLE reading (external_id TEXT, resource_id TEXT, timeseries TEXT,
    datetime TEXT, value REAL, PRIMARY KEY (resource_id, timeseries, datetime)) WITHOUT ROWID""")
connection.close()
names = ["external_id", "resource_id", "timeseries", "datetime", "value"]
query = f"""INSERT INTO reading ({", ".join(names)})
    VALUES ({", ".join("${payload:" + name + "}" for name in names)})
    ON CONFLICT (resource_id, timeseries, datetime)
    DO UPDATE SET external_id = excluded.external_id, value = excluded.value"""
mq_bridge.Route.from_config({
    "input": {"file": {"path": csv, "format": "csv", "mode": "consume"}},
    "output": {"sqlx": {"url": "sqlite://" + database, "table": "reading", "insert_query": query}},
    "batch_size": 10000,
    "exit_on_empty": True,
}).run()
"#;

/// What each took, and its memory.
pub(crate) fn measure(folder: &Path, csv: &Path, rows: u64) -> Map<String, Value> {
    let mut figures = Map::new();
    for peer in [Peer::Sling, Peer::Dlt, Peer::MqBridge] {
        let name = peer.name();
        eprintln!("{name} …");
        let measured = peer.measure(&folder.join(name), csv, rows);
        if let Err(error) = &measured {
            eprintln!("{name} cannot be measured: {error:#}");
        }
        let (wall_s, peak_kib) = measured.ok().unzip();
        figures.insert(format!("{name}_wall_s"), wall_s.into());
        figures.insert(format!("{name}_peak_mib"), peak_kib.map(|kib| kib / 1024.0).into());
    }
    figures
}

#[derive(Debug, Clone, Copy)]
enum Peer {
    Sling,
    Dlt,
    MqBridge,
}

impl Peer {
    fn name(self) -> &'static str {
        match self {
            Self::Sling => "sling",
            Self::Dlt => "dlt",
            Self::MqBridge => "mq_bridge",
        }
    }

    /// The wheel of sling that brings its program along; a later one fetches it from elsewhere.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Sling => &["sling-linux-amd64==1.4.11"],
            Self::Dlt => &["dlt[sqlalchemy]", "pyarrow"],
            Self::MqBridge => &["mq-bridge"],
        }
    }

    /// Wall seconds and KiB.
    fn measure(self, folder: &Path, csv: &Path, rows: u64) -> Result<(f64, f64)> {
        let python = install(folder, self.packages())?;
        let database = folder.join("peer.db");
        let mut timed = Command::new(&python);
        // What they leave in a person's folder is thrown away, too.
        timed.env("HOME", folder).args(["-c", TIMER]);
        match self {
            Self::Sling => sling(&mut timed, folder, csv, &database)?,
            Self::Dlt => _ = timed.arg(&python).args(["-c", DLT]).args([csv, &database]),
            Self::MqBridge => _ = timed.arg(&python).args(["-c", MQ_BRIDGE]).args([csv, &database]),
        }
        let said = succeed(&mut timed)?.stdout;
        let stored = count(&database, "reading")?;
        ensure!(stored == rows, "it moved {stored} rows, not {rows}");
        serde_json::from_slice(&said).context("its time")
    }
}

/// An environment of its own; its python.
fn install(folder: &Path, packages: &[&str]) -> Result<PathBuf> {
    succeed(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let python = folder.join("bin/python");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    succeed(Command::new(&python).args(pip).args(packages))?;
    Ok(python)
}

fn sling(timed: &mut Command, folder: &Path, csv: &Path, database: &Path) -> Result<()> {
    let library = fs::read_dir(folder.join("lib"))?.next().context("no library")??.path();
    timed.arg(library.join("site-packages/sling_linux_amd64/bin/sling-linux-amd64"));
    timed.args(["run", "--src-stream", &format!("file://{}", csv.display())]);
    timed.args(["--tgt-conn", &format!("sqlite://{}", database.display())]);
    timed.args(["--tgt-object", "main.reading", "--mode", "incremental"]);
    timed.args(["--primary-key", "resource_id,timeseries,datetime"]);
    // It loads through sqlite3, and would fetch one.
    let sqlite3 = succeed(Command::new("which").arg("sqlite3"))?.stdout;
    timed.env("SQLITE_PATH", String::from_utf8_lossy(&sqlite3).trim());
    timed.env("SLING_DISABLE_TELEMETRY", "true");
    Ok(())
}

fn succeed(command: &mut Command) -> Result<Output> {
    let done = command.output().with_context(|| command.get_program().display().to_string())?;
    let said = String::from_utf8_lossy(&done.stderr);
    let last: Vec<&str> = said.lines().rev().take(3).collect();
    ensure!(done.status.success(), "{}: {}", command.get_program().display(), last.join(" | "));
    Ok(done)
}
