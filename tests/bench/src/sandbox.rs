//! The plugin alone, its pages dropped: in its sandbox and natively, and what the sandbox adds.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use ourwater::domain::page::Page;
use ourwater::domain::plugin::Failure;
use ourwater::grant::files::{Files, Readable};
use ourwater::plugin::{Compiler, Grant, Limits, Plugin, Plugins, Settings, builtin};
use ourwater::store::blob::Blobs;
use ourwater::sync::pull::Tuning;
use ourwater::sync::source::{Configured, Source};
use serde_json::{Value, json};

use crate::data::{self, Order};
use crate::meter::cpu_ns;
use crate::native::{FILE, Native, request};

/// Records of a small page.
const SMALL_PAGE: u32 = 1_000;

/// How often a short piece is measured; the least counts.
const TRIES: usize = 5;

/// All pages, natively.
pub(crate) async fn native(csv: &Path) -> Result<Value> {
    alone(&mut Native::open(csv)?).await
}

/// All pages, from the sandbox.
pub(crate) async fn wasm(folder: &Path, csv: &Path) -> Result<Value> {
    let (plugin, _) = load(folder).await?;
    let files = files(folder, csv).await?;
    alone(&mut instance(&plugin, &files).await?).await
}

/// Loading what was compiled before, the first call of an instance, and a page more or less.
pub(crate) async fn overheads(folder: &Path, csv: &Path) -> Result<Value> {
    let (plugin, component_load_ms) = load(folder).await?;
    let one_row = folder.join("one.csv");
    data::write(&one_row, 1, Order::Well)?;
    let first_call_ms = first_call_ms(&plugin, &files(folder, &one_row).await?).await?;
    let files = files(folder, csv).await?;
    let page_overhead_us = page_overhead_us(&plugin, &files).await?;
    Ok(json!({
        "component_load_ms": component_load_ms,
        "first_call_ms": first_call_ms,
        "page_overhead_us": page_overhead_us,
    }))
}

async fn alone(source: &mut impl Source) -> Result<Value> {
    let cost = drain(source, Tuning::default().page_records_max).await?;
    Ok(json!({"rows": cost.rows, "cpu_ns": cost.cpu_ns}))
}

/// Making an instance and getting one page of one row.
async fn first_call_ms(plugin: &Plugin, files: &Files) -> Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..TRIES {
        let begun = Instant::now();
        instance(plugin, files).await?.get(&request(1)).await?;
        least = least.min(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(least)
}

/// What the same rows cost more in small pages than in large ones, for each page more.
async fn page_overhead_us(plugin: &Plugin, files: &Files) -> Result<Option<f64>> {
    let mut source = instance(plugin, files).await?;
    let (mut large, mut small) = (Cost::MOST, Cost::MOST);
    for _ in 0..TRIES {
        large = large.min(drain(&mut source, Tuning::default().page_records_max).await?);
        small = small.min(drain(&mut source, SMALL_PAGE).await?);
    }
    let pages = small.pages.saturating_sub(large.pages);
    let more = small.cpu_ns as f64 - large.cpu_ns as f64;
    Ok((pages > 0).then(|| more / 1e3 / pages as f64))
}

/// What fetching all pages took.
#[derive(Debug, Clone, Copy)]
struct Cost {
    rows: u64,
    pages: u64,
    cpu_ns: u64,
}

impl Cost {
    const MOST: Self = Self { rows: 0, pages: 0, cpu_ns: u64::MAX };

    fn min(self, other: Self) -> Self {
        if other.cpu_ns < self.cpu_ns { other } else { self }
    }
}

/// Fetches every page and drops it.
async fn drain(source: &mut impl Source, limit: u32) -> Result<Cost> {
    let mut request = request(limit);
    let mut cost = Cost { rows: 0, pages: 0, cpu_ns: 0 };
    let begun = cpu_ns()?;
    loop {
        let Page { items, cursor, more, .. } = source.get(&request).await?;
        cost.rows += items.count() as u64;
        cost.pages += 1;
        if !more {
            cost.cpu_ns = cpu_ns()?.saturating_sub(begun);
            return Ok(cost);
        }
        request.cursor = Some(cursor);
    }
}

/// The plugin, and how long it took after the engine was there.
async fn load(folder: &Path) -> Result<(Arc<Plugin>, f64)> {
    let cache = folder.join("files/compiled");
    let (limits, compiler) = (Limits::default(), Compiler::Here);
    let plugins = Plugins::new(Settings { cache, limits, compiler })?;
    let builtin = builtin().iter().find(|(name, _)| *name == "csv");
    let (_, component) = builtin.context("no CSV plugin is built in")?;
    let begun = Instant::now();
    let plugin = plugins.load(component).await?;
    Ok((plugin, begun.elapsed().as_secs_f64() * 1e3))
}

async fn instance(plugin: &Plugin, files: &Files) -> Result<Configured, Failure> {
    let grant = Grant { files: Some(files.clone()), ..Grant::default() };
    let instance = plugin.instance(grant).await?;
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
