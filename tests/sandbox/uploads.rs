//! Uploads that are no plugins, or cost more than they may.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::made::Made;
use super::row::{Deed, Ends, Row, upload};
use crate::harness::{self, component::component};

const CUSTOM_SECTION: u8 = 0;

pub(super) fn rows() -> Vec<Row> {
    [foreign(), broken(), out_of_proportion()].into_iter().flatten().collect()
}

/// Something else.
fn foreign() -> Vec<Row> {
    vec![
        upload("zip", || b"PK\x03\x04plugin".to_vec(), Ends::Refused(&["does not begin as"])),
        upload("empty", Vec::new, Ends::Refused(&["does not begin as"])),
        upload(
            "core-module",
            || wat::parse_str("(module)").unwrap(),
            Ends::Refused(&["this is a core WebAssembly module", "compile for wasm32-wasip2"]),
        ),
        upload("machine-code", machine_code, Ends::Refused(&["this is a compiled module"])),
        upload(
            "no-contract",
            || wat::parse_str("(component)").unwrap(),
            Ends::Refused(&["does not fit ourwater:datasource 0.1.0"]),
        ),
    ]
}

/// Nearly a component.
fn broken() -> Vec<Row> {
    vec![
        upload(
            "truncated",
            || {
                let mut component = component("hostile", "hostile");
                component.truncate(component.len() / 2);
                component
            },
            Ends::Refused(&["this is no valid WebAssembly component"]),
        ),
        upload(
            "name-twice",
            || {
                wat::parse_str(r#"(component (import "a" (instance)) (import "a" (instance)))"#)
                    .unwrap()
            },
            Ends::Refused(&["this is no valid WebAssembly component", "conflicts"]),
        ),
        upload(
            "name-in-two-versions",
            || {
                let log = |version| {
                    format!(
                        r#"(import "ourwater:datasource/log@0.{version}" (instance
                        (export "write" (func (param "level" u32)))))"#
                    )
                };
                wat::parse_str(format!("(component {} {})", log("1.0"), log("2.0"))).unwrap()
            },
            Ends::Refused(&["does not fit ourwater:datasource 0.1.0", "0.2.0"]),
        ),
    ]
}

/// Small to upload, and large to compile.
fn out_of_proportion() -> Vec<Row> {
    vec![
        upload(
            "too-large",
            || [b"\0asm\x0d\0\x01\0".to_vec(), vec![0; 64 << 20]].concat(),
            Ends::Refused(&["component: at most 64 MiB"]),
        ),
        upload(
            "huge-custom-section",
            || custom_section(33 << 20),
            Ends::Refused(&["custom sections", "at most 32 MiB (component_custom_bytes_max)"]),
        ),
        upload(
            "many-functions",
            || Made { more: &"(func)".repeat(120_000), ..Made::default() }.component(),
            Ends::Refused(&["functions", "at most 100000 (component_functions_max)"]),
        ),
        upload(
            "huge-function",
            || huge_function(120_000),
            Ends::Refused(&["largest function", "at most 1 MiB (component_function_bytes_max)"]),
        ),
        Row {
            name: "compile-bomb",
            deed: Deed::Compile(huge_function(250_000)),
            ends: Ends::Refused(&[
                "compiling: at most",
                "(compile_",
                "and the component needs more",
            ]),
        },
        upload(
            "nested-components",
            || {
                let (open, close) = ("(component ".repeat(12), ")".repeat(12));
                wat::parse_str(format!("{open}{close}")).unwrap()
            },
            Ends::Refused(&["depth", "at most 8 (component_depth_max)"]),
        ),
        upload(
            "many-types",
            || {
                let types = "(type (func))".repeat(60_000);
                wat::parse_str(format!("(component {types})")).unwrap()
            },
            Ends::Refused(&["types", "at most 50000 (component_types_max)"]),
        ),
    ]
}

/// What the compiler itself makes of a component.
fn machine_code() -> Vec<u8> {
    let mut compiler = Command::new(harness::program());
    compiler.args(["compile-plugin", "60", "4000000000", "1000000"]);
    let mut child = compiler.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&Made::default().component()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout.len() > 1000);
    output.stdout
}

fn custom_section(bytes: usize) -> Vec<u8> {
    let mut component = Made::default().component();
    let length = u32::try_from(bytes + 2).unwrap();
    component.push(CUSTOM_SECTION);
    component.extend([0, 7, 14, 21, 28].map(|shift| {
        let more = if shift < 28 { 0x80 } else { 0 };
        u8::try_from((length >> shift) & 0x7f).unwrap() | more
    }));
    component.extend([1, b'x']);
    component.extend(vec![0; bytes]);
    component
}

/// One function, each statement of which depends on the one before.
fn huge_function(statements: usize) -> Vec<u8> {
    let statement = "(local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 31)) \
                     (i32.load (i32.and (local.get 0) (i32.const 1023)))))";
    let more = format!("(func (local i32) {})", statement.repeat(statements));
    Made { more: &more, ..Made::default() }.component()
}
