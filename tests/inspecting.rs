//! `plugin inspect`: what a person reads before a plugin is allowed, and how it ends.

use serde_json::json;

use crate::compiling::csv;
use crate::harness::Place;

#[test]
fn a_component_is_described_in_words() {
    let place = Place::new();
    place.file("csv.wasm", csv());
    let ended = place.run(&["plugin", "inspect", "csv.wasm"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(!place.database().exists(), "it needs no database");
    let (described, remarks) = ended.out.split_once("\nWorth a look:").unwrap();
    assert_eq!(steady(described), DESCRIBED);
    assert!(
        remarks.ends_with("\n\nIt fits. It runs only once it is added, allowed and activated.\n")
    );
}

const DESCRIBED: &str = "\
csv 0.1.0
  digest     …
  contract   ourwater:datasource 0.1.0
  gets       group, resource, reading
  takes      group, resource, reading
  made with  …
  size       …

It asks to be allowed:
  - files: read the files its configuration names, and write exports; why: reads the uploaded file, appends to the exported one

It imports:
  - ourwater:datasource/files@0.1.0: reads the files its configuration names, and writes exports
  - wasi:io: moves bytes within the sandbox, and reaches nothing outside
  - wasi:cli: finds no arguments, no environment and no input; what it prints is kept for error texts only
  - wasi:random: gets random numbers

It exports:
  - ourwater:datasource/datasource@0.1.0: what this host calls
";

/// Digests, sizes and versions of tools differ from build to build.
fn steady(text: &str) -> String {
    let varies =
        |line: &&str| ["  digest", "  made with", "  size"].iter().any(|it| line.starts_with(it));
    let line = |line| match Some(line).filter(varies) {
        Some(line) => format!("{}…\n", &line[..13]),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn programs_read_the_same_as_an_object() {
    let place = Place::new();
    place.file("csv.wasm", csv());
    let ended = place.run(&["plugin", "inspect", "csv.wasm", "--json"]);
    let report = ended.json();
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(report["bytes"], json!(csv().len()));
    assert_eq!(report["contract"], json!("0.1.0"));
    assert_eq!(report["description"]["name"], json!("csv"));
    assert_eq!(report["asks"][0]["permission"], json!("files"));
    assert!(report["compileMs"].is_u64() && report["largestFunctionBytes"].is_u64(), "{report}");
}

#[test]
fn what_is_no_plugin_ends_in_bad_usage_and_says_why() {
    let place = Place::new();
    place.file("empty.wasm", b"\0asm\x0d\0\x01\0");
    let ended = place.run(&["plugin", "inspect", "empty.wasm"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert_eq!(
        ended.out,
        "The component does not fit ourwater:datasource 0.1.0:\n  - does not export \
         ourwater:datasource/datasource; it exports nothing\n"
    );
    let ended = place.run(&["plugin", "inspect", "empty.wasm", "--json"]);
    assert_eq!((ended.code, &ended.json()["status"]), (3, &json!("failed")), "{ended:?}");
    assert_eq!(ended.json()["mistakes"].as_array().unwrap().len(), 1, "{ended:?}");

    place.file("module.wasm", b"\0asm\x01\0\0\0");
    let ended = place.run(&["plugin", "inspect", "module.wasm"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.err.contains("compile for wasm32-wasip2"), "{ended:?}");

    let ended = place.run(&["plugin", "inspect", "missing.wasm"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(
        ended.err.starts_with("ourwater: the component missing.wasm cannot be read"),
        "{ended:?}"
    );
}
