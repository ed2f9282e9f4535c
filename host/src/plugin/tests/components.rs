//! Compiles the components that misbehave, once a process, as build.rs compiles the built-in ones.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

const CORE_MODULE: u8 = 1;
const CORE_INSTANCE: u8 = 2;

/// Misbehaves as its configuration asks.
pub(super) fn hostile() -> Vec<u8> {
    read("hostile.wasm")
}

/// Never says what it is.
pub(super) fn silent() -> Vec<u8> {
    read("examples/describe.wasm")
}

/// Never finishes starting: has one more module, whose start function loops, and an instance of it.
/// No compiler makes such a thing from Rust, whose constructors run with the first call.
pub(super) fn starting() -> Vec<u8> {
    let mut component = hostile();
    let kinds = sections(&component).into_iter();
    let modules = kinds.filter(|kind| *kind == CORE_MODULE).count();
    let module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x08\x01\0\
        \x0a\x09\x01\x07\0\x03\x40\x0c\0\x0b\x0b";
    component.extend([CORE_MODULE, u8::try_from(module.len()).unwrap()]);
    component.extend(module);
    component.extend([CORE_INSTANCE, 4, 1, 0, u8::try_from(modules).unwrap(), 0]);
    component
}

/// What plugins are compiled in.
pub(super) fn folder() -> PathBuf {
    workspace().join("target/plugins")
}

/// The kinds of a component's sections, in order.
fn sections(component: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    let mut rest = &component[8..];
    while let Some((kind, mut after)) = rest.split_first() {
        let (mut length, mut shift) = (0_usize, 0);
        while let Some((byte, next)) = after.split_first() {
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            after = next;
            if byte & 0x80 == 0 {
                break;
            }
        }
        kinds.push(*kind);
        rest = &after[length..];
    }
    kinds
}

fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(name: &str) -> Vec<u8> {
    static COMPILED: LazyLock<PathBuf> = LazyLock::new(compile);
    std::fs::read(COMPILED.join(name)).unwrap()
}

fn compile() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(workspace());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let kept = ["CARGO_HOME", "CARGO_NET_", "CARGO_HTTP_"];
        let foreign = ["CARGO", "RUSTC", "RUSTFLAGS", "CLIPPY"];
        let starts = |list: &[&str]| list.iter().any(|start| name.starts_with(start));
        if starts(&foreign) && !starts(&kept) {
            cargo.env_remove(&*name);
        }
    }
    cargo.env("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", "-C target-feature=+simd128");
    cargo.args(["build", "--locked", "--quiet", "--profile", "plugin", "--lib", "--examples"]);
    cargo.args(["--target", "wasm32-wasip2", "--package", "hostile", "--target-dir"]).arg(folder());
    assert!(cargo.status().unwrap().success());
    folder().join("wasm32-wasip2/plugin")
}
