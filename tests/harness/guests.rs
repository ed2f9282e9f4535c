//! The components that misbehave, compiled once a process, as the built-in plugins are.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Misbehaves as its configuration asks.
pub(crate) fn hostile() -> Vec<u8> {
    read("hostile.wasm")
}

/// Never says what it is.
pub(crate) fn silent() -> Vec<u8> {
    read("examples/describe.wasm")
}

fn read(name: &str) -> Vec<u8> {
    static COMPILED: LazyLock<PathBuf> = LazyLock::new(compile);
    std::fs::read(COMPILED.join(name)).unwrap()
}

fn compile() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = root.join("target/plugins");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root);
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
    cargo.args(["--target", "wasm32-wasip2", "--package", "hostile", "--target-dir"]).arg(&folder);
    assert!(cargo.status().unwrap().success(), "the components that misbehave do not build");
    folder.join("wasm32-wasip2/plugin")
}
