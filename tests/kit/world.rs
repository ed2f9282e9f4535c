//! A component in the sandbox, with a server or a file that it may reach.

use std::collections::BTreeMap;
use std::sync::Arc;

use ourwater::domain::network::Networks;
use ourwater::domain::page::{Items, Page, PageRequest};
use ourwater::domain::sync::Datatype;
use ourwater::grant::files::{Files, Readable};
use ourwater::grant::http::{Http, HttpLimits, Network};
use ourwater::plugin::{Compiler, Grant, Instance, Limits, Plugin, Plugins, Settings};
use ourwater::store::blob::Blobs;
use serde_json::Value;

use crate::harness::program;

/// Pages of the longest story; a plugin that gives more does not end.
pub(super) const PAGES_MAX: usize = 100;

/// A plugin with its configuration.
pub(super) struct World {
    pub(super) plugin: Arc<Plugin>,
    pub(super) config: String,
    folder: tempfile::TempDir,
}

impl World {
    pub(super) async fn of(component: &[u8], config: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("compiled");
        let compiler = Compiler::Process(program().to_owned());
        let plugins =
            Plugins::new(Settings { cache, limits: Limits::default(), compiler }).unwrap();
        let plugin = plugins.load(component).await.unwrap();
        Self { plugin, config: config.to_string(), folder }
    }

    /// A fresh instance that may send requests to a server.
    pub(super) async fn reaching(&self, url: &str) -> Instance {
        let here: Networks = "127.0.0.0/8".parse().unwrap();
        let network = Network::new(here.into_list());
        let origins = vec![url.parse().unwrap()];
        let http = Http::new(network, origins, BTreeMap::new(), HttpLimits::default());
        self.plugin.instance(Grant { http: Some(http), ..Grant::default() }).await.unwrap()
    }

    /// A fresh instance that may read a file.
    pub(super) async fn reading(&self, name: &str, text: &str) -> Instance {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let blobs = Blobs::open(self.folder.path().join("files")).unwrap();
        let kept = blobs.borrow(&path).await.unwrap();
        let readable = Readable {
            name: name.to_owned(),
            size: kept.size,
            path: Blobs::path(&kept.sha256),
            sha256: kept.sha256.clone(),
            modified: 0,
        };
        let files = Files::new(blobs.objects(), vec![readable], None, 0);
        self.plugin.instance(Grant { files: Some(files), ..Grant::default() }).await.unwrap()
    }
}

/// All pages after a cursor, each from a fresh instance, and where the next run begins.
pub(super) async fn everything(
    world: &World,
    url: &str,
    datatype: Datatype,
    limit: u32,
    mut cursor: Option<String>,
) -> (Vec<Page>, String) {
    let mut pages = Vec::new();
    loop {
        assert!(pages.len() < PAGES_MAX, "paging does not end");
        let request = PageRequest { datatype, cursor, limit, since: None, only: Vec::new() };
        let page = world.reaching(url).await.get(&world.config, &request).await.unwrap();
        assert!(page.rejected.is_empty(), "{:?}", page.rejected);
        assert!(count(&page) <= limit as usize, "{page:?}");
        let (next, more) = (page.cursor.clone(), page.more);
        pages.push(page);
        if !more {
            return (pages, next);
        }
        cursor = Some(next);
    }
}

pub(super) fn count(page: &Page) -> usize {
    page.items.count()
}

/// What was given, by well and time, none where it was removed; nothing is given twice.
pub(super) fn readings(pages: &[Page]) -> BTreeMap<(String, i64), Option<f64>> {
    let mut found = BTreeMap::new();
    for page in pages {
        let Items::Readings(columns) = &page.items else { panic!("{page:?}") };
        for column in columns {
            let there = column.times.iter().zip(column.values.iter().copied().map(Some));
            let removed = column.removed.iter().map(|time| (time, None));
            for (&time, value) in there.chain(removed) {
                let key = (column.series.resource.clone(), time);
                assert_eq!(found.insert(key, value), None, "given twice");
            }
        }
    }
    found
}
