//! Components of worlds that are nearly ours: what is told to their authors, and that the linker
//! judges as we do.

mod property;

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_text::{LiftLowerAbi, ManglingAndAbi, Resolve, SourceMap};

use super::*;
use crate::plugin::limits::Limits;
use crate::plugin::scan::scan;

const RECORDS: &str = include_str!("../../../../wit/records.wit");
const HOST: &str = include_str!("../../../../wit/host.wit");
const DATASOURCE: &str = include_str!("../../../../wit/datasource.wit");
const PACKAGE: &str = "package ourwater:datasource@0.1.0;";

/// Our contract, as it is.
pub(in crate::plugin) fn contract() -> String {
    let rest = [HOST, DATASOURCE].map(|text| text.replace(PACKAGE, ""));
    format!("{RECORDS}{}", rest.concat())
}

/// Our contract, with texts in it replaced, each of which is there.
fn changed(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(contract(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

/// A component of the world `plugin` of a text, which traps when it is called.
pub(in crate::plugin) fn component(text: &str) -> Vec<u8> {
    let mut sources = SourceMap::default();
    sources.push_str("contract.wit", text);
    let mut resolve = Resolve::default();
    let package = resolve.push_group(sources.parse().map_err(|(_, error)| error).unwrap()).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    encoded(&resolve, world).unwrap()
}

/// None where no component has such a world.
fn encoded(resolve: &Resolve, world: wit_text::WorldId) -> Option<Vec<u8>> {
    let mut module = dummy_module(resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).ok()?;
    ComponentEncoder::default().validate(true).module(&module).ok()?.encode().ok()
}

fn told(component: &[u8]) -> Vec<String> {
    mismatches(&scan(component, &Limits::default()).unwrap())
}

fn assert_told(changes: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(told(&component(&changed(changes))), expected);
}

const EXPORT: &str = "export datasource;";

#[test]
fn our_own_world_and_every_part_of_it_fits() {
    assert_told(&[], &[]);
    assert_told(&[("import sql;", ""), ("import http;", ""), ("import log;", "")], &[]);
    let imports = ["import files;", "import sql;", "import http;", "import log;"];
    assert_told(&imports.map(|import| (import, "")), &[]);
}

#[test]
fn a_later_patch_of_our_contract_fits() {
    assert_told(&[(PACKAGE, "package ourwater:datasource@0.1.9;")], &[]);
}

#[test]
fn another_version_of_the_contract_is_named_beside_ours() {
    let imports = ["files", "sql", "http", "log"];
    let changes = imports.map(|it| format!("import {it};"));
    let mut changes: Vec<_> = changes.iter().skip(1).map(|it| (it.as_str(), "")).collect();
    changes.push((PACKAGE, "package ourwater:datasource@0.2.0;"));
    let expected = [
        "exports ourwater:datasource/datasource@0.2.0; this host speaks 0.1.0",
        "imports ourwater:datasource/files@0.2.0; this host gives 0.1.0",
    ];
    assert_told(&changes, &expected);
}

#[test]
fn a_component_without_the_export_is_told_what_it_exports_instead() {
    assert_told(
        &[(EXPORT, "")],
        &["does not export ourwater:datasource/datasource; it exports nothing"],
    );
    assert_told(
        &[(EXPORT, "export start: func();")],
        &["does not export ourwater:datasource/datasource; it exports start"],
    );
}

#[test]
fn a_missing_function_is_told_as_it_must_be_written() {
    let push = "push: func(config: string, batch: batch) -> result<receipt, failure>;";
    let signature = push.trim_end_matches(';').trim_start_matches("push: ");
    let expected = format!("does not export the function `push`: {signature}");
    assert_told(&[(push, "")], &[&expected]);
}

#[test]
fn fields_and_cases_that_are_missing_added_or_moved_are_told_by_name() {
    assert_told(&[("only: list<external-id>,", "")], &["`get-request` lacks field `only`"]);
    assert_told(
        &[("limit: u32,", "limit: u32,\n    until: option<timestamp>,")],
        &["`get-request` has a field `until`, which the contract has not"],
    );
    assert_told(
        &[("enum paging {", "enum paging { backwards,")],
        &["`paging` has a case `backwards`, which the contract has not"],
    );
    assert_told(
        &[(
            "enum duplicates { overwrites, refuses, stores-both }",
            "enum duplicates { overwrites }",
        )],
        &["`duplicates` lacks case `refuses`", "`duplicates` lacks case `stores-both`"],
    );
    assert_told(
        &[("longitude: f64, latitude: f64", "latitude: f64, longitude: f64")],
        &["`position` has its fields in another order than the contract: longitude, latitude"],
    );
}

#[test]
fn types_that_differ_are_told_beside_ours() {
    assert_told(
        &[("decimals: option<u8>", "decimals: option<u16>")],
        &["`description`, field `decimals`: option<u16> where the contract has option<u8>"],
    );
    assert_told(
        &[("check: func(config: string)", "check: func(config: list<u8>)")],
        &["function `check` takes (config: list<u8>) where the contract has (config: string)"],
    );
    assert_told(
        &[("-> result<list<remark>, failure>", "-> list<remark>")],
        &[
            "function `check` returns list<a record> where the contract has result<list<remark>, failure>",
        ],
    );
}

#[test]
fn everything_that_does_not_fit_is_told_at_once() {
    let changes = [
        ("only: list<external-id>,", ""),
        ("check: func(config: string)", "check: func()"),
        ("method: string,", "method: u8,"),
    ];
    let expected = [
        "function `check` takes () where the contract has (config: string)",
        "`get-request` lacks field `only`",
        "`request`, field `method`: u8 where the contract has string",
    ];
    assert_told(&changes, &expected);
}

#[test]
fn names_of_parameters_do_not_count() {
    assert_told(&[("check: func(config: string)", "check: func(settings: string)")], &[]);
}

/// Our world with one more import, of another package.
fn with(import: &str, package: &str) -> Vec<u8> {
    let text = changed(&[(EXPORT, &format!("import {import};\n  {EXPORT}"))]);
    component(&format!("{text}\n{package}"))
}

#[test]
fn an_import_that_nobody_gives_is_told_with_what_to_do_instead() {
    let cases = [
        (
            "wasi:http/outgoing-handler@0.2.0",
            "package wasi:http@0.2.0 { interface outgoing-handler { handle: func(); } }",
            "imports wasi:http/outgoing-handler@0.2.0, which this host does not give: use \
             ourwater:datasource/http",
        ),
        (
            "wasi:clocks/wall-clock@0.3.0",
            "package wasi:clocks@0.3.0 { interface wall-clock { now: func() -> u64; } }",
            "imports wasi:clocks/wall-clock@0.3.0, which this host does not give: this host links \
             WASI 0.2 without http; compile for it, for example for wasm32-wasip2",
        ),
        (
            "acme:tools/pump@1.2.0",
            "package acme:tools@1.2.0 { interface pump { start: func(); } }",
            "imports acme:tools/pump@1.2.0, which this host does not give",
        ),
    ];
    for (import, package, expected) in cases {
        assert_eq!(told(&with(import, package)), [expected]);
    }
}

#[test]
fn a_function_that_our_interface_has_not_is_told() {
    let more = "all: func() -> result<list<file>, failure>;\n  remove: func(name: string);";
    assert_told(
        &[("all: func() -> result<list<file>, failure>;", more)],
        &["imports `remove` of ourwater:datasource/files, which has no such function"],
    );
}

#[test]
fn types_alone_need_nobody_to_give_them() {
    let package = "package acme:tools@1.2.0 { interface units { enum unit { feet, metres } } }";
    assert_eq!(told(&with("acme:tools/units@1.2.0", package)), [""; 0]);
}

#[test]
fn wasi_fits_in_any_patch_and_part() {
    for version in ["0.2.0", "0.2.3", "0.2.99"] {
        let package = format!(
            "package wasi:clocks@{version} {{ interface monotonic-clock {{ now: func() -> u64; }} }}"
        );
        let import = format!("wasi:clocks/monotonic-clock@{version}");
        assert_eq!(told(&with(&import, &package)), [""; 0]);
    }
}

#[test]
fn a_stranger_with_a_hundred_mistakes_is_told_the_first_twenty() {
    let imports: Vec<String> = (0..100).map(|it| format!("import pump{it}: func();")).collect();
    let text = changed(&[(EXPORT, &format!("{}\n{EXPORT}", imports.join("\n")))]);
    let told = told(&component(&text));
    assert_eq!((told.len(), told[20].as_str()), (21, "and more"));
    assert_eq!(told[0], "imports a function `pump0`, which this host does not give");
}
