//! Components of this workspace that are not built in, compiled as build.rs compiles those that are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// Packages that this process has compiled.
static COMPILED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The component that a package's library or example of that name is.
pub(crate) fn component(package: &str, name: &str) -> Vec<u8> {
    std::fs::read(path(package, name)).unwrap()
}

/// Where it is.
pub(crate) fn path(package: &str, name: &str) -> PathBuf {
    let folder = workspace().join("target/plugins");
    let mut compiled = COMPILED.lock().unwrap();
    if !compiled.contains(package) {
        compile(package, &folder);
        compiled.insert(package.to_owned());
    }
    drop(compiled);
    let compiled = folder.join("wasm32-wasip2/plugin");
    let name = format!("{name}.wasm").replace('-', "_");
    let places = [compiled.join(&name), compiled.join("examples").join(&name)];
    let found = places.iter().find(|place| place.exists());
    found.unwrap_or_else(|| panic!("there is no {places:?}")).clone()
}

/// Another version of a component with the same code: sections that nobody knows are skipped.
pub(crate) fn again(component: &[u8]) -> Vec<u8> {
    [component, b"\0\x06\x05again"].concat()
}

fn compile(package: &str, folder: &Path) {
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
    cargo.args(["--target", "wasm32-wasip2", "--package", package, "--target-dir"]).arg(folder);
    assert!(cargo.status().unwrap().success(), "{package} does not compile");
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
