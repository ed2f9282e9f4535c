//! Values that are none: what crosses breaks the rules of components.

use super::made::{FREE, Made, words};
use super::row::{Row, fault, limit, upload};

pub(super) const LOG: &str =
    r#"(import "ourwater:datasource/log@0.1.0" "write" (func $log (param i32 i32 i32)))"#;

pub(super) fn rows() -> Vec<Row> {
    [handed_over(), given_back()].into_iter().flatten().collect()
}

/// Arguments of a host function, which is then not called.
fn handed_over() -> Vec<Row> {
    vec![
        upload(
            "log-bad-utf8",
            || log(r#"(data (i32.const 8192) "\ff\fe\80")"#, "1", "8192", "3"),
            fault(&["get broke the rules of components", "utf-8"]),
        ),
        upload(
            "log-outside-pointer",
            || log("", "1", "0xfffffff0", "100"),
            fault(&["get", "out of bounds"]),
        ),
        upload(
            "log-bad-enum",
            || log("", "99", "8192", "1"),
            fault(&["get broke the rules of components", "discriminant"]),
        ),
    ]
}

/// Answers that the host reads.
fn given_back() -> Vec<Row> {
    vec![
        upload(
            "result-bad-utf8",
            || get(r#"(data (i32.const 8192) "\c3\28")"#, &cursor(FREE, 2)),
            fault(&["get broke the rules of components", "utf-8"]),
        ),
        upload(
            "result-outside-list",
            || get("", &gone(0x7fff_fff0, 10)),
            fault(&["get broke the rules of components", "out of bounds"]),
        ),
        upload(
            "result-misaligned-list",
            || get("", &gone(FREE + 1, 1)),
            fault(&["get broke the rules of components", "aligned"]),
        ),
        upload(
            "result-bad-discriminant",
            || get("", "(i32.store8 (i32.const 4096) (i32.const 7))"),
            fault(&["get broke the rules of components", "discriminant"]),
        ),
        upload(
            "result-misaligned",
            || Made { at: Some(4097), ..Made::default() }.component(),
            fault(&["get broke the rules of components", "aligned"]),
        ),
        upload(
            "result-outside",
            || Made { at: Some(0xffff_fff0), ..Made::default() }.component(),
            fault(&["get broke the rules of components", "out of bounds"]),
        ),
        upload(
            "realloc-outside",
            || Made { realloc: "(return (i32.const -16))", ..Made::default() }.component(),
            fault(&["get broke the rules of components", "realloc"]),
        ),
        upload(
            "result-alias-strings",
            || aliases(&words(&[1 << 20, 1 << 20])),
            limit(&["transfer: at most 16 MiB", "(hostcall_bytes_max)"]),
        ),
        upload(
            "result-huge-list",
            || {
                let memory = Some(r#"(memory (export "memory") 900)"#);
                let get = &gone(65536, 7_000_000);
                Made { memory, get, ..Made::default() }.component()
            },
            limit(&["transfer: at most 16 MiB", "(hostcall_bytes_max)"]),
        ),
    ]
}

fn log(more: &str, level: &str, pointer: &str, length: &str) -> Vec<u8> {
    let get = format!("(call $log (i32.const {level}) (i32.const {pointer}) (i32.const {length}))");
    Made { imports: LOG, more, get: &get, ..Made::default() }.component()
}

fn get(more: &str, get: &str) -> Vec<u8> {
    Made { more, get, ..Made::default() }.component()
}

/// A thousand strings, each of which is the same megabyte.
fn aliases(string: &str) -> Vec<u8> {
    let more = format!(r#"(data (i32.const 8192) "{}")"#, string.repeat(1000));
    let memory = Some(r#"(memory (export "memory") 32)"#);
    Made { memory, more: &more, get: &gone(FREE, 1000), ..Made::default() }.component()
}

/// Says where the ids of what no longer exists are.
fn gone(pointer: u32, length: u32) -> String {
    stores(4116, pointer, length)
}

/// Says where the cursor is.
fn cursor(pointer: u32, length: u32) -> String {
    stores(4136, pointer, length)
}

fn stores(at: u32, pointer: u32, length: u32) -> String {
    let after = at + 4;
    format!(
        "(i32.store (i32.const {at}) (i32.const {pointer}))
         (i32.store (i32.const {after}) (i32.const {length}))"
    )
}
