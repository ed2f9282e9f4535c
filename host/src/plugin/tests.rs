//! The sandbox against real components: the built-in one, and ones that misbehave.

mod components;
mod hostile;
mod requests;

use std::time::Duration;

use super::*;
use crate::domain::page::{Items, Page, PageRequest};
use crate::domain::sync::Datatype;
use crate::grant::LogSink;
use crate::grant::files::{Files, Readable};

const CSV: &str = "well,time,value\nA,2020-01-01T00:00:00Z,1.5\nB,2020-01-02T00:00:00Z,-0.999\n";

const CSV_CONFIG: &str = r#"{"file": "wells.csv", "header": 1, "readings": {
    "time": {"columns": ["time"], "pattern": "iso"}, "resource": "well",
    "series": [{"value": "value", "property": {"constant": "depth-below-ground"}, "unit": {"constant": "m"}}]}}"#;

/// Patient enough for a busy machine, and short enough for a test of a guest that never ends.
fn limits() -> Limits {
    let soon = Duration::from_millis(300);
    Limits { call_time_max: soon, start_time_max: soon, ..Limits::default() }
}

fn plugins(limits: Limits) -> Plugins {
    let cache = components::folder().join("compiled-for-tests");
    Plugins::new(Settings { cache, limits, compiler: Compiler::Here }).unwrap()
}

/// Enough time for every plugin that means well.
fn patient() -> Limits {
    let minute = Duration::from_mins(1);
    Limits { call_time_max: minute, start_time_max: minute, ..Limits::default() }
}

async fn csv(plugins: &Plugins) -> Arc<Plugin> {
    let (_, component) = builtin().iter().find(|(name, _)| *name == "csv").unwrap();
    plugins.load(component).await.unwrap()
}

async fn wells() -> Grant {
    use object_store::ObjectStoreExt;
    let objects = object_store::memory::InMemory::new();
    let path = object_store::path::Path::from("wells");
    objects.put(&path, CSV.into()).await.unwrap();
    let (name, size) = ("wells.csv".to_owned(), CSV.len() as u64);
    let wells = Readable { name, size, sha256: "0".repeat(64), modified: 0, path };
    let files = Files::new(Arc::new(objects), vec![wells], None, 0);
    Grant { files: Some(files), log: Some(LogSink::new()), ..Grant::default() }
}

fn readings() -> PageRequest {
    let (datatype, only) = (Datatype::Reading, Vec::new());
    PageRequest { datatype, cursor: None, limit: 100, since: None, only }
}

async fn assert_serves(plugin: &Plugin) {
    let mut instance = plugin.instance(wells().await).await.unwrap();
    let page = instance.get(CSV_CONFIG, &readings()).await.unwrap();
    assert_eq!(values(&page), [1.5, -0.999]);
}

fn values(page: &Page) -> Vec<f64> {
    let Items::Readings(columns) = &page.items else { panic!("{page:?}") };
    columns.iter().flat_map(|column| column.values.clone()).collect()
}

#[tokio::test]
async fn the_built_in_plugin_says_what_it_is_and_reads_a_file() {
    let plugins = plugins(patient());
    let plugin = csv(&plugins).await;
    let same_bytes_elsewhere = builtin()[0].1.to_vec();
    assert_eq!(*plugin.digest(), digest(&same_bytes_elsewhere));
    assert!(plugin.description().gets.contains(&Datatype::Reading));
    assert_eq!(plugin.description().schema["type"], "object");
    assert_serves(&plugin).await;
}

#[tokio::test]
async fn a_page_goes_on_where_the_last_one_ended_also_in_another_instance() {
    let plugins = plugins(patient());
    let plugin = csv(&plugins).await;
    let mut request = PageRequest { limit: 1, ..readings() };
    let mut all = Vec::new();
    for _ in 0..9 {
        let mut instance = plugin.instance(wells().await).await.unwrap();
        let page = instance.get(CSV_CONFIG, &request).await.unwrap();
        all.extend(values(&page));
        request.cursor = Some(page.cursor);
        if !page.more {
            break;
        }
    }
    assert_eq!(all, [1.5, -0.999]);
}

#[tokio::test]
async fn a_plugin_proposes_from_the_file_itself() {
    let plugins = plugins(patient());
    let mut instance = csv(&plugins).await.instance(wells().await).await.unwrap();
    let proposal = instance.propose(r#"{"file": "wells.csv"}"#).await.unwrap();
    assert!(proposal.config.is_object());
}

#[tokio::test]
async fn without_a_grant_there_are_no_files() {
    let plugins = plugins(patient());
    let mut instance = csv(&plugins).await.instance(Grant::default()).await.unwrap();
    let failure = instance.get(CSV_CONFIG, &readings()).await.unwrap_err();
    assert_eq!(failure.to_string(), "permission: this datasource was not granted any files");
}

#[tokio::test]
async fn a_mistake_in_the_configuration_is_the_plugins_to_explain_and_no_fault() {
    let plugins = plugins(patient());
    let mut instance = csv(&plugins).await.instance(wells().await).await.unwrap();
    let failure = instance.get("{}", &readings()).await.unwrap_err();
    assert!(matches!(&failure, Failure::Config { field, .. } if field == "file"), "{failure}");
    assert_eq!(values(&instance.get(CSV_CONFIG, &readings()).await.unwrap()).len(), 2);
}

#[tokio::test]
async fn what_is_no_component_is_refused_with_what_to_do() {
    let plugins = plugins(Limits { component_bytes_max: 64, ..patient() });
    let cases: [(&[u8], &str); 4] = [
        (b"\0asm\x01\0\0\0", "compile for wasm32-wasip2"),
        (b"PK\x03\x04", "does not begin as WebAssembly does"),
        (b"\0asm\x0d\0\x01\0\xff", "no valid WebAssembly component"),
        (&[0; 65], "component: at most 64 bytes (component_bytes_max), this one has 65 bytes"),
    ];
    for (bytes, text) in cases {
        let error = plugins.inspect(bytes).await.unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}

#[tokio::test]
async fn a_component_of_another_contract_is_told_so() {
    let empty = b"\0asm\x0d\0\x01\0";
    let error = plugins(patient()).inspect(empty).await.unwrap_err();
    assert!(matches!(error, Error::Unfit(_)), "{error}");
}

#[tokio::test]
async fn machine_code_is_never_taken_from_outside() {
    let plugins = plugins(patient());
    let code = plugins.engine.precompile_component(b"\0asm\x0d\0\x01\0").unwrap();
    assert!(matches!(plugins.load(&code).await, Err(Error::Precompiled)));
}
