//! One plugin: from its upload until it is ready, from the cache until it answers, and by the reading.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use futures_util::stream;
use ourwater::app::{App, Settings};
use ourwater::domain::page::{Page, PageRequest};
use ourwater::domain::permission::{Allowance, asked};
use ourwater::domain::sync::Datatype;
use ourwater::grant::http::{Http, HttpLimits, Remote, Response};
use ourwater::plugin::{self, Compiler, Grant, Instance, Limits, Plugin, Plugins};
use serde_json::{Value, json};

/// Readings of the large page.
const READINGS: usize = 1_000;

/// Calls that are measured together.
const CALLS: u32 = 200;

/// How often a short piece is measured; the least counts.
const TRIES: usize = 10;

/// Plugins and instances that memory is measured over.
const COPIES: usize = 40;

const CONFIG: &str = r#"{"url": "https://wells.example", "anonymous": true}"#;

pub(super) struct Cost {
    /// Seconds from the upload to the version being active.
    pub(super) ready_s: f64,
    /// Milliseconds from the cache to an instance.
    pub(super) cold_ms: f64,
    /// Nanoseconds of a reading, when a page of them is got.
    pub(super) get_ns: f64,
}

/// MiB.
pub(super) struct Memory {
    /// Of a plugin that waits.
    pub(super) idle_mib: f64,
    /// Of an instance that has answered.
    pub(super) running_mib: f64,
}

pub(super) async fn cost(component: &[u8]) -> Result<Cost> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("bench.db").display().to_string();
    let settings = Settings::new(database, Compiler::of_this_program()?);
    let app = App::open(&settings).await?;
    let begun = Instant::now();
    let version = ready(&app, component).await?;
    let ready_s = begun.elapsed().as_secs_f64();
    let cache = folder.path().join("bench.files/compiled");
    let (plugin, cold_ms) = cold(&cache, &version).await?;
    let get_ns = get_ns(&plugin).await?;
    Ok(Cost { ready_s, cold_ms, get_ns })
}

pub(super) async fn memory(component: &[u8]) -> Result<Memory> {
    let folder = tempfile::tempdir()?;
    let plugins = plugins(folder.path())?;
    let plugin = plugins.load(component).await?;
    let running_mib = running_mib(&plugin).await?;
    Ok(Memory { running_mib, idle_mib: idle_mib(&plugins, component).await? })
}

/// Uploads, allows and activates; the digest.
pub(super) async fn ready(
    app: &App,
    component: &[u8],
) -> Result<ourwater::domain::version::PluginDigest> {
    let content = stream::iter([Ok::<_, Infallible>(component.to_vec().into())]);
    let version = app.add_plugin(content, "bench").await?.version;
    let asks = serde_json::from_value(version.description["asks"].clone())?;
    let asked = asked(&asks).map_err(anyhow::Error::msg)?;
    app.allow_plugin(&version.digest, &Allowance::of_all(&asked), "bench").await?;
    app.activate_plugin(&version.digest, "bench").await?;
    Ok(version.digest)
}

/// In an engine that has not seen it.
async fn cold(
    cache: &Path,
    digest: &ourwater::domain::version::PluginDigest,
) -> Result<(Arc<Plugin>, f64)> {
    let (mut least, mut loaded) = (f64::INFINITY, None);
    for _ in 0..TRIES {
        let plugins = plugins(cache)?;
        let begun = Instant::now();
        let plugin = plugins.find(digest).await?.context("it is not in the cache")?;
        drop(plugin.instance(Grant::default()).await?);
        least = least.min(begun.elapsed().as_secs_f64() * 1e3);
        loaded = Some(plugin);
    }
    Ok((loaded.context("it was never loaded")?, least))
}

/// Microseconds of a `get` that gives an empty page: the call, its deadline, and both ways across.
pub(super) async fn call_us(component: &[u8]) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let plugins = plugins(folder.path())?;
    let plugin = plugins.load(component).await?;
    let mut instance = plugin.instance(Grant::default()).await?;
    let request = request()?;
    let mut least = f64::INFINITY;
    for _ in 0..TRIES {
        let begun = Instant::now();
        for _ in 0..CALLS {
            instance.get("{}", &request).await?;
        }
        least = least.min(begun.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS));
    }
    Ok(least)
}

async fn get_ns(plugin: &Plugin) -> Result<f64> {
    let readings: Vec<Value> = (0_i64..)
        .take(READINGS)
        .map(|at| {
            json!({"id": format!("r{at}"), "well": "W1", "time": 1_767_225_600_000_i64 + 60_000 * at,
                "value": at as f64 / 8.0, "updated": 1_767_225_600_000_i64 + at})
        })
        .collect();
    let mut instance = instance(plugin, &Value::from(readings).to_string()).await?;
    let mut least = f64::INFINITY;
    for _ in 0..TRIES {
        let begun = Instant::now();
        let page = get(&mut instance).await?;
        least = least.min(begun.elapsed().as_secs_f64() * 1e9 / READINGS as f64);
        ensure!(page.items.count() == READINGS, "{} readings came", page.items.count());
    }
    Ok(least)
}

async fn running_mib(plugin: &Plugin) -> Result<f64> {
    let mut instances = Vec::new();
    let before = resident_mib()?;
    for _ in 0..COPIES {
        let mut instance = instance(plugin, "[]").await?;
        get(&mut instance).await?;
        instances.push(instance);
    }
    Ok((resident_mib()? - before) / instances.len() as f64)
}

/// Of versions that differ in a section that nobody knows.
async fn idle_mib(plugins: &Plugins, component: &[u8]) -> Result<f64> {
    let mut kept = Vec::new();
    let mut before = resident_mib()?;
    for copy in 0..=COPIES {
        let section = [0, 3, 2, b'n', u8::try_from(copy)?];
        let component = [component, &section].concat();
        kept.push(plugins.load(&component).await?);
        if copy == 0 {
            before = resident_mib()?;
        }
    }
    Ok((resident_mib()? - before) / COPIES as f64)
}

async fn instance(plugin: &Plugin, body: &str) -> Result<Instance> {
    let body = body.as_bytes().to_vec();
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let remote: Remote = Arc::new(move |_| {
        Ok(Response { status: 200, headers: headers.clone(), body: body.clone() })
    });
    let origins = vec!["https://wells.example".parse()?];
    let http = Http::scripted(remote, origins, BTreeMap::new(), HttpLimits::default());
    Ok(plugin.instance(Grant { http: Some(http), ..Grant::default() }).await?)
}

async fn get(instance: &mut Instance) -> Result<Page> {
    Ok(instance.get(CONFIG, &request()?).await?)
}

fn request() -> Result<PageRequest> {
    let (datatype, limit) = (Datatype::Reading, u32::try_from(READINGS)?);
    Ok(PageRequest { datatype, cursor: None, limit, since: None, only: Vec::new() })
}

fn plugins(cache: &Path) -> Result<Plugins> {
    let (cache, limits) = (cache.to_owned(), Limits::default());
    Ok(Plugins::new(plugin::Settings { cache, limits, compiler: Compiler::Here })?)
}

fn resident_mib() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line.and_then(|it| it.split_whitespace().next()).context("VmRSS")?.parse()?;
    Ok(kib / 1024.0)
}
