//! The checks of plugins: a good one passes them all, and of the faulty ones each fails exactly one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ourwater::check::{self, Fixture, Report, Verdict};
use ourwater::plugin::{Compiler, Limits, Plugins, Settings};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::component::{component, path};
use crate::harness::{Place, program};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn fixture_folder() -> PathBuf {
    root().join("tests/faulty/fixture")
}

fn plugins() -> Plugins {
    let cache = root().join("target/plugins/compiled-for-tests");
    let compiler = Compiler::Process(program().to_owned());
    Plugins::new(Settings { cache, limits: Limits::default(), compiler }).unwrap()
}

async fn checked(plugins: &Plugins, component: &[u8], config: &Value, fixture: &Fixture) -> Report {
    check::run(plugins, component, config, fixture, &BTreeMap::new(), |_| ()).await.unwrap()
}

fn ended(report: &Report, wanted: &str) -> Vec<String> {
    let ended = report.checks.iter().filter(|check| check.verdict.as_str() == wanted);
    ended.map(|check| check.name.clone()).collect()
}

/// The good plugin, or the one that breaks the promise of this name.
async fn broken(plugins: Arc<Plugins>, promise: Option<&'static str>) -> Report {
    let other = promise.filter(|name| ["world", "schema"].contains(name));
    let name = other.map_or("faulty".to_owned(), |name| format!("faulty_{name}"));
    let component = component("faulty", &name);
    let mut config = json!({"url": "https://wells.example"});
    if let Some(promise) = promise.filter(|_| other.is_none()) {
        config["fault"] = promise.into();
    }
    let fixture = Fixture::read(&fixture_folder()).unwrap();
    checked(&plugins, &component, &config, &fixture).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_good_plugin_passes_every_check_and_each_faulty_one_fails_exactly_its_own() {
    let plugins = Arc::new(plugins());
    let promises: Vec<Option<&str>> = check::names().map(Some).chain([None]).collect();
    let mut halves = JoinSet::new();
    for half in promises.chunks(promises.len().div_ceil(2)) {
        let (plugins, half) = (Arc::clone(&plugins), half.to_vec());
        halves.spawn(async move {
            for promise in half {
                assert_is_found(promise, &broken(Arc::clone(&plugins), promise).await);
            }
        });
    }
    while let Some(half) = halves.join_next().await {
        half.unwrap();
    }
}

fn assert_is_found(promise: Option<&str>, report: &Report) {
    let wanted: Vec<&str> = promise.into_iter().collect();
    assert_eq!(ended(report, "failed"), wanted, "{report:#?}");
    assert!(ended(report, "not-applicable").is_empty(), "{report:#?}");
    if promise.is_none() {
        assert_eq!(ended(report, "passed").len(), check::names().count(), "{report:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_plugins_keep_what_they_promise_and_what_is_left_out_has_its_reason() {
    let plugins = plugins();
    let cases: [(&str, &str, &[&str]); 3] = [
        ("legacy-mywell", "legacy-mywell/fixture", &[]),
        (
            "csv",
            "csv/fixture/reading",
            &["push-twice", "receipts", "bad-push", "round-trip", "lost-answer"],
        ),
        ("csv", "csv/fixture/export", &["fixture", "push-twice"]),
    ];
    for (name, folder, skipped) in cases {
        let folder = root().join("plugins").join(folder);
        let config = std::fs::read(folder.join("config.json")).unwrap();
        let fixture = Fixture::read(&folder).unwrap();
        let (_, component) = ourwater::plugin::builtin().iter().find(|it| it.0 == name).unwrap();
        let config = serde_json::from_slice(&config).unwrap();
        let report = checked(&plugins, component, &config, &fixture).await;
        assert_eq!(ended(&report, "failed"), [""; 0], "{report:#?}");
        assert_eq!(ended(&report, "skipped"), skipped, "{report:#?}");
        assert!(report.checks.iter().filter(|it| it.verdict == Verdict::Passed).count() >= 7);
    }
}

#[tokio::test]
async fn without_a_fixture_only_what_needs_none_is_run_and_what_cannot_be_loaded_is_told_so() {
    let plugins = plugins();
    let config = json!({"url": "https://wells.example"});
    let faulty = component("faulty", "faulty");
    let report = checked(&plugins, &faulty, &config, &Fixture::default()).await;
    assert_eq!(ended(&report, "passed"), ["world", "schema", "missing-field", "wrong-types"]);
    assert_eq!(ended(&report, "not-run").len(), report.checks.len() - 4);
    let report = checked(&plugins, b"\0asm\x01\0\0\0", &config, &Fixture::default()).await;
    assert_eq!(ended(&report, "failed"), ["world"]);
    let Verdict::Failed { seen } = &report.checks[0].verdict else { panic!("{report:?}") };
    assert!(seen.contains("wasm32-wasip2"), "{seen}");
}

#[test]
fn an_author_types_one_command_and_reads_what_to_do() {
    let place = Place::new();
    let (file, fixture) = (path("faulty", "faulty"), fixture_folder());
    let check = |config: &str, more: &[&str]| {
        let (file, fixture) = (file.to_str().unwrap(), fixture.to_str().unwrap());
        let typed = ["plugin", "check", file, "--config", config, "--fixture", fixture];
        place.run(&[&typed[..], more].concat())
    };
    let broken = r#"{"url": "https://wells.example", "fault": "html"}"#;
    let failed = check(broken, &["--junit", "report.xml"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    for text in ["failed         html", "seen: ", "why:  ", "do:   ", "31 passed, 1 failed"] {
        assert!(failed.out.contains(text), "{text}: {failed:?}");
    }
    let xml = std::fs::read_to_string(place.path("report.xml")).unwrap();
    assert!(xml.contains("tests=\"32\" failures=\"1\""), "{xml}");
    let skipped = check(broken, &["--skip", "html=the proxy is ours", "--json"]);
    assert_eq!(skipped.code, 0, "{skipped:?}");
    let report: Report = serde_json::from_value(skipped.json()).unwrap();
    let reason = report.checks.iter().find(|check| check.name == "html").unwrap();
    assert_eq!(reason.verdict.reason(), Some("the proxy is ours"));
    assert!(skipped.err.contains("passed         resume"), "{skipped:?}");
}

#[test]
fn what_is_typed_wrongly_is_told_and_is_no_failed_check() {
    let place = Place::new();
    let file = path("faulty", "faulty");
    let file = file.to_str().unwrap();
    let config = r#"{"url": "https://wells.example"}"#;
    place.file("remote.rhai", "fn answer(request) { nonsense }");
    let cases: [(&[&str], &str); 6] = [
        (&["missing.wasm", "--config", config], "missing.wasm"),
        (&[file, "--config", "{"], "--config is not JSON"),
        (&[file, "--config", r#"{"url": "wells"}"#], "url"),
        (&[file, "--config", config, "--skip", "html"], "a reason is needed"),
        (&[file, "--config", config, "--skip", "htm=x"], "there are world, schema"),
        (&[file, "--config", config, "--fixture", "."], "remote.rhai: "),
    ];
    for (typed, told) in cases {
        let ended = place.run(&[&["plugin", "check"], typed].concat());
        assert_eq!(ended.code, 3, "{typed:?}: {ended:?}");
        assert!(ended.err.contains(told), "{typed:?}: {ended:?}");
    }
}
