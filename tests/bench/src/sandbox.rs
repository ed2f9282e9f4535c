//! The plugin alone, its pages dropped: in its sandbox and natively, and what the sandbox adds.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use ourwater::domain::page::{Page, PageRequest};
use ourwater::domain::plugin::Failure;
use ourwater::grant::files::{Files, Readable};
use ourwater::plugin::{Grant, Limits, Plugin, Plugins, Settings, builtin};
use ourwater::store::blob::Blobs;
use ourwater::sync::pull::Tuning;
use ourwater::sync::source::{Configured, Source};
use serde_json::{Value, json};

use crate::data::{self, Order};
use crate::meter::Meter;
use crate::native::{FILE, Native, request};

/// Records of a small page.
const SMALL_PAGE: u32 = 1_000;

/// All pages, natively.
pub(crate) async fn native(csv: &Path) -> Result<Value> {
    let mut native = Native::open(csv)?;
    let meter = Meter::start();
    let (rows, _) = drain(&mut native, Tuning::default().page_records_max).await?;
    meter.stop(rows)
}

/// All pages, from the sandbox.
pub(crate) async fn wasm(folder: &Path, csv: &Path) -> Result<Value> {
    let (plugin, _) = load(folder).await?;
    let mut source = instance(&plugin, folder, csv).await?;
    let meter = Meter::start();
    let (rows, _) = drain(&mut source, Tuning::default().page_records_max).await?;
    meter.stop(rows)
}

/// Loading what was compiled before, the first call of an instance, and a page more or less.
pub(crate) async fn overheads(folder: &Path, csv: &Path) -> Result<Value> {
    let (plugin, component_load_ms) = load(folder).await?;
    let one_row = folder.join("one.csv");
    data::write(&one_row, 1, Order::Well)?;
    let files = files(folder, &one_row).await?;
    let begun = Instant::now();
    let mut source = with_files(&plugin, files).await?;
    source.get(&request(1)).await?;
    let first_call_ms = begun.elapsed().as_secs_f64() * 1e3;
    let page_overhead_us = page_overhead_us(&plugin, folder, csv).await?;
    Ok(json!({
        "component_load_ms": component_load_ms,
        "first_call_ms": first_call_ms,
        "page_overhead_us": page_overhead_us,
    }))
}

/// What the same rows cost more in small pages than in large ones, for each page more.
async fn page_overhead_us(plugin: &Arc<Plugin>, folder: &Path, csv: &Path) -> Result<Option<f64>> {
    let mut source = instance(plugin, folder, csv).await?;
    let large_page = Tuning::default().page_records_max;
    drain(&mut source, large_page).await?;
    let begun = Instant::now();
    let (_, large) = drain(&mut source, large_page).await?;
    let large_time = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let (_, small) = drain(&mut source, SMALL_PAGE).await?;
    let small_time = begun.elapsed().as_secs_f64();
    let more = small.saturating_sub(large);
    Ok((more > 0).then(|| (small_time - large_time) * 1e6 / more as f64))
}

/// Fetches every page and drops it; how many rows and pages there were.
async fn drain(source: &mut impl Source, limit: u32) -> Result<(u64, u64)> {
    let (mut request, mut rows, mut pages): (PageRequest, _, _) = (request(limit), 0, 0);
    loop {
        let Page { items, cursor, more, .. } = source.get(&request).await?;
        rows += items.count() as u64;
        pages += 1;
        if !more {
            return Ok((rows, pages));
        }
        request.cursor = Some(cursor);
    }
}

/// The plugin, and how long it took after the engine was there.
async fn load(folder: &Path) -> Result<(Arc<Plugin>, f64)> {
    let cache = folder.join("files/compiled");
    let plugins = Plugins::new(Settings { cache, limits: Limits::default() })?;
    let builtin = builtin().iter().find(|(name, _)| *name == "csv");
    let (_, component) = builtin.context("no CSV plugin is built in")?;
    let begun = Instant::now();
    let plugin = plugins.load(component).await?;
    Ok((plugin, begun.elapsed().as_secs_f64() * 1e3))
}

async fn instance(plugin: &Plugin, folder: &Path, csv: &Path) -> Result<Configured> {
    Ok(with_files(plugin, files(folder, csv).await?).await?)
}

async fn with_files(plugin: &Plugin, files: Files) -> Result<Configured, Failure> {
    let instance = plugin.instance(Grant { files: Some(files), ..Grant::default() }).await?;
    Ok(Configured { instance, config: data::config(FILE).to_string() })
}

async fn files(folder: &Path, csv: &Path) -> Result<Files> {
    let blobs = Blobs::open(folder.join("files"))?;
    let kept = blobs.borrow(csv).await?;
    let readable = Readable {
        name: FILE.to_owned(),
        size: kept.size,
        path: Blobs::path(&kept.sha256),
        sha256: kept.sha256.clone(),
        modified: 0,
    };
    Ok(Files::new(blobs.objects(), vec![readable], None, 0))
}
