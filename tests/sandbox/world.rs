//! The host the table is held against, and the good plugin that it serves all the while.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use object_store::ObjectStoreExt as _;
use ourwater::domain::page::{Items, Page, PageRequest};
use ourwater::domain::sync::Datatype;
use ourwater::grant::LogSink;
use ourwater::grant::files::{Files, Readable};
use ourwater::plugin::{Compiler, Grant, Limits, Plugin, Plugins, Settings, builtin};
use serde_json::json;

use super::pages;
use super::row::{Deed, Outcome};
use crate::harness::{self, component::component};

const CSV: &str = "well,time,value\nA,2020-01-01T00:00:00Z,1.5\nB,2020-01-02T00:00:00Z,-0.999\n";

const CSV_CONFIG: &str = r#"{"file": "wells.csv", "header": 1, "readings": {
    "time": {"columns": ["time"], "pattern": "iso"}, "resource": "well",
    "series": [{"value": "value", "property": {"constant": "depth-below-ground"}, "unit": {"constant": "m"}}]}}"#;

/// A call of the good plugin, which does not hurry on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Calls of which the middle one counts.
const CALLS: usize = 5;

pub(super) struct World {
    pub(super) plugins: Plugins,
    good: Arc<Plugin>,
    pub(super) hostile: Arc<Plugin>,
    files: Files,
    cache: tempfile::TempDir,
}

impl World {
    pub(super) async fn new() -> Self {
        let cache = tempfile::tempdir().unwrap();
        let plugins = host(cache.path(), limits());
        let (_, csv) = builtin().iter().find(|(name, _)| *name == "csv").unwrap();
        let patient = Limits { call_time_max: PATIENCE, start_time_max: PATIENCE, ..limits() };
        let good = plugins.load(csv).await.unwrap().with_limits(patient);
        let hostile = plugins.inspect(&component("hostile", "hostile")).await.unwrap().plugin;
        Self { plugins, good, hostile, files: wells().await, cache }
    }

    pub(super) async fn outcome(&self, deed: &Deed) -> Outcome {
        match deed {
            Deed::Guest(deed) => {
                let config = json!({"deed": deed}).to_string();
                asked(&self.hostile, &config, None, Grant::default()).await
            }
            Deed::Compile(component) => {
                let limits = Limits {
                    component_function_bytes_max: 7 << 20,
                    compile_cpu_time_max: Duration::from_secs(1),
                    ..limits()
                };
                let host = host(self.cache.path(), limits);
                match host.inspect(component).await {
                    Ok(inspected) => Outcome::Well(format!("{:?}", inspected.report.compile_ms)),
                    Err(error) => Outcome::Refused(error.to_string()),
                }
            }
            Deed::Pull(deed) => pages::pulled(&self.hostile, deed).await,
            Deed::Push(deed) => pages::pushed(&self.hostile, deed).await,
            Deed::Request(request) => request.outcome(&self.hostile).await,
            Deed::Upload(component) => match self.plugins.inspect(component).await {
                Ok(inspected) => {
                    asked(&inspected.plugin, "{}", Some("100"), Grant::default()).await
                }
                Err(error) => Outcome::Refused(error.to_string()),
            },
        }
    }

    /// What a call of the good plugin takes, from a fresh instance to its page.
    pub(super) async fn serve(&self) -> Duration {
        let mut took = Vec::new();
        for _ in 0..CALLS {
            let begun = Instant::now();
            let grant = Grant {
                files: Some(self.files.clone()),
                log: Some(LogSink::new()),
                ..Grant::default()
            };
            let mut instance = self.good.instance(grant).await.unwrap();
            let page = instance.get(CSV_CONFIG, &readings(None)).await.unwrap();
            took.push(begun.elapsed());
            assert_eq!(values(&page), [1.5, -0.999]);
        }
        took.sort();
        took[CALLS / 2]
    }
}

/// A host that compiles what strangers upload in a process of its own.
fn host(cache: &Path, limits: Limits) -> Plugins {
    let compiler = Compiler::Process(harness::program().to_owned());
    Plugins::new(Settings { cache: cache.to_owned(), limits, compiler }).unwrap()
}

/// Short enough for a table of what never ends by itself.
fn limits() -> Limits {
    let soon = Duration::from_millis(700);
    Limits {
        call_time_max: soon,
        start_time_max: soon,
        memory_bytes_max: 64 << 20,
        ..Limits::default()
    }
}

/// Asks a fresh instance for a page.
pub(super) async fn asked(
    plugin: &Plugin,
    config: &str,
    cursor: Option<&str>,
    grant: Grant,
) -> Outcome {
    let asked = async {
        let mut instance = plugin.instance(grant).await?;
        instance.get(config, &readings(cursor)).await
    };
    match asked.await {
        Ok(page) => Outcome::Well(format!("{:?}", page.rejected)),
        Err(failure) => Outcome::Failed(failure),
    }
}

fn readings(cursor: Option<&str>) -> PageRequest {
    let cursor = cursor.map(str::to_owned);
    PageRequest { datatype: Datatype::Reading, cursor, limit: 100, since: None, only: Vec::new() }
}

async fn wells() -> Files {
    let objects = object_store::memory::InMemory::new();
    let path = object_store::path::Path::from("wells");
    objects.put(&path, CSV.into()).await.unwrap();
    let (name, size) = ("wells.csv".to_owned(), CSV.len() as u64);
    let wells = Readable { name, size, sha256: "0".repeat(64), modified: 0, path };
    Files::new(Arc::new(objects), vec![wells], None, 0)
}

fn values(page: &Page) -> Vec<f64> {
    let Items::Readings(columns) = &page.items else { panic!("{page:?}") };
    columns.iter().flat_map(|column| column.values.clone()).collect()
}
