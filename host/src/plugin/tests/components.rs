//! Compiles the component that misbehaves, once a process, as build.rs compiles the built-in ones.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// Misbehaves as its configuration asks.
pub(super) fn hostile() -> Vec<u8> {
    read("hostile.wasm")
}

/// What plugins are compiled in.
pub(super) fn folder() -> PathBuf {
    workspace().join("target/plugins")
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
    cargo.args(["build", "--locked", "--quiet", "--profile", "plugin", "--lib"]);
    cargo.args(["--target", "wasm32-wasip2", "--package", "hostile", "--target-dir"]).arg(folder());
    assert!(cargo.status().unwrap().success());
    folder().join("wasm32-wasip2/plugin")
}
