//! The csv plugin without a sandbox: the same code compiled for this machine, reading the same file.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use ourwater::domain::page::{Items, Page, PageRequest, Readings, Rejection, Series};
use ourwater::domain::plugin::Failure;
use ourwater::domain::sync::Datatype;
use ourwater::sync::source::Source;
use ourwater_sdk::{Datasource as _, files, log, native};
use plugin_csv::{Config, Csv};

use crate::data;

/// The name under which the plugin knows the file.
pub(crate) const FILE: &str = "readings.csv";

/// Gives the plugin's pages, made on the thread that asks.
#[derive(Debug)]
pub(crate) struct Native {
    config: Config,
    disk: Disk,
}

impl Native {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| path.display().to_string())?;
        let size = file.metadata()?.len();
        let config = serde_json::from_value(data::config(FILE))?;
        Ok(Self { config, disk: Disk { file: Arc::new(file), size } })
    }

    /// One page, as the domain has it.
    pub(crate) fn page(&self, request: &PageRequest) -> Result<Page, Failure> {
        native::install(self.disk.clone());
        let asked = ourwater_sdk::GetRequest {
            datatype: ourwater_sdk::Datatype::Reading,
            cursor: request.cursor.clone(),
            limit: request.limit,
            since: request.since,
            only: request.only.clone(),
        };
        let page = Csv::get(&self.config, &asked);
        moved(page.map_err(|failure| Failure::Data(format!("{failure:?}")))?)
    }
}

impl Source for Native {
    async fn get(&mut self, request: &PageRequest) -> Result<Page, Failure> {
        self.page(request)
    }
}

/// All readings in pages of so many.
pub(crate) fn request(limit: u32) -> PageRequest {
    PageRequest { datatype: Datatype::Reading, cursor: None, limit, since: None, only: Vec::new() }
}

/// The page in the domain's words: the columns are moved, not copied.
fn moved(page: ourwater_sdk::Page) -> Result<Page, Failure> {
    let ourwater_sdk::Items::Readings(columns) = page.items else {
        return Err(Failure::Fault("readings were asked for".to_owned()));
    };
    let rejected = page.rejected.into_iter().map(|rejection| Rejection {
        place: rejection.place,
        reason: rejection.reason,
        raw: rejection.raw,
    });
    Ok(Page {
        items: Items::Readings(columns.into_iter().map(column).collect()),
        gone: page.gone,
        rejected: rejected.collect(),
        empty: page.empty,
        cursor: page.cursor,
        more: page.more,
        total: page.total,
    })
}

fn column(column: ourwater_sdk::Readings) -> Readings {
    let ourwater_sdk::Series { resource, name, property, unit } = column.series;
    Readings {
        series: Series { resource, name, property, unit },
        times: column.times,
        values: column.values,
        qualities: column.qualities,
        removed: column.removed,
        rows: column.rows,
        updated: column.updated,
    }
}

/// A file of the machine, read by ranges.
#[derive(Debug, Clone)]
struct Disk {
    file: Arc<File>,
    size: u64,
}

impl native::Host for Disk {
    fn all(&mut self) -> ourwater_sdk::Result<Vec<files::File>> {
        let (name, sha256) = (FILE.to_owned(), "0".repeat(64));
        Ok(vec![files::File { name, size: self.size, sha256, modified: 0 }])
    }

    fn read(&mut self, name: &str, offset: u64, length: u32) -> ourwater_sdk::Result<Vec<u8>> {
        let left = self.size.saturating_sub(offset).min(u64::from(length));
        let mut bytes = vec![0; usize::try_from(left).unwrap_or(usize::MAX)];
        let read = self.file.read_exact_at(&mut bytes, offset);
        read.map_err(|error| ourwater_sdk::Failure::Data(format!("{name}: {error}")))?;
        Ok(bytes)
    }

    fn append(&mut self, name: &str, _at: u64, _bytes: &[u8]) -> ourwater_sdk::Result<u64> {
        Err(ourwater_sdk::Failure::Denied(format!("{name} is only read here")))
    }

    fn log(&mut self, _level: log::Level, _message: &str) {}
}
