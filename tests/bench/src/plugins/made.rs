//! The plugins that are measured: those that `ourwater plugin new` begins, made as it says, and one
//! that does nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use ourwater::kit::{self, Language};

const NAME: &str = "bench-wells";

/// The component of a language.
pub(super) fn component(language: Language) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let project = folder.path().join(NAME);
    kit::begin(&NAME.parse()?, language, &project)?;
    let component = match language {
        Language::Rust => in_rust(&project)?,
        Language::Python => in_python(&project)?,
    };
    std::fs::read(&component).with_context(|| format!("{} is not there", component.display()))
}

/// A component whose pages are empty.
pub(super) fn empty() -> Result<Vec<u8>> {
    let target = workspace().join("target/kit");
    cargo_build(&workspace(), &target, &["--package=rain", "--example=rain-dry"])?;
    let component = target.join("wasm32-wasip2/release/examples/rain_dry.wasm");
    std::fs::read(&component).with_context(|| format!("{} is not there", component.display()))
}

fn in_rust(project: &Path) -> Result<PathBuf> {
    std::fs::copy(workspace().join("Cargo.lock"), project.join("Cargo.lock"))?;
    let target = workspace().join("target/kit");
    cargo_build(project, &target, &[])?;
    Ok(target.join("wasm32-wasip2/release/plugin_bench_wells.wasm"))
}

fn cargo_build(project: &Path, target: &Path, what: &[&str]) -> Result<()> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--offline", "--quiet", "--target", "wasm32-wasip2"]);
    cargo.args(what).current_dir(project).env("CARGO_TARGET_DIR", target);
    ensure!(cargo.status()?.success(), "the plugin in Rust does not build");
    Ok(())
}

fn in_python(project: &Path) -> Result<PathBuf> {
    let program = workspace().join("target/python/bin/componentize-py");
    let component = project.join("made.wasm");
    let mut componentize = Command::new(&program);
    componentize.args(["-d", "wit", "-w", "plugin", "componentize", "app", "-o"]).arg(&component);
    let made = componentize.current_dir(project).output();
    let made = made.with_context(|| {
        format!("{} cannot be started: tests/run installs it", program.display())
    })?;
    let said = String::from_utf8_lossy(&made.stderr);
    ensure!(made.status.success(), "the plugin in Python does not build: {said}");
    Ok(component)
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
