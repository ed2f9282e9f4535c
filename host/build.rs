//! Compiles the built-in plugins to WebAssembly components and hands them to the crate to embed.
//!
//! A second cargo does it, in a target folder of its own that all profiles share: seconds once,
//! nothing after. Nothing of this build's settings may reach it (they are for another machine).

use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest, Sha256};

/// Name for people and package of each built-in plugin.
const PLUGINS: [(&str, &str); 2] =
    [("csv", "plugin-csv"), ("legacy-mywell", "plugin-legacy-mywell")];

const TARGET: &str = "wasm32-wasip2";

/// What of cargo's own variables is about this machine and not about this build.
const KEPT: [&str; 4] = ["CARGO_HOME", "CARGO_MAKEFLAGS", "CARGO_NET_", "CARGO_HTTP_"];

fn main() {
    if let Err(error) = embed() {
        for line in format!("{error:#}").lines() {
            println!("cargo::error={line}");
        }
        exit(1);
    }
}

fn embed() -> Result<()> {
    let workspace = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..").canonicalize()?;
    for watched in ["plugins", "wit", "Cargo.lock", "Cargo.toml", "rust-toolchain.toml"] {
        println!("cargo::rerun-if-changed={}", workspace.join(watched).display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    require_target()?;
    let compiled = compile(&workspace)?;
    let (mut components, mut digests) = (Vec::new(), Vec::new());
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for (name, package) in PLUGINS {
        let from = compiled.join(format!("{}.wasm", package.replace('-', "_")));
        let bytes = fs::read(&from).with_context(|| from.display().to_string())?;
        let component = out.join(format!("{name}.wasm"));
        write(&component, &bytes)?;
        let path = component.to_str().context("the build folder's path must be UTF-8")?;
        components.push(format!("({name:?}, include_bytes!({path:?}))"));
        digests.push(format!("{:?}", hex(&Sha256::digest(&bytes))));
    }
    write(&out.join("builtin.rs"), format!("&[{}]\n", components.join(", ")).as_bytes())?;
    write(&out.join("digests.rs"), format!("&[{}]\n", digests.join(", ")).as_bytes())
}

/// Says what to type where the target is missing, before rustc says something else.
fn require_target() -> Result<()> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let answer =
        Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output()?;
    let folder = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    if answer.status.success() && Path::new(&folder).is_dir() {
        return Ok(());
    }
    bail!(
        "the plugins are compiled for {TARGET}, which this toolchain has not got.\n\
         Type, in the project folder:  rustup toolchain install"
    )
}

/// The folder of the compiled components.
fn compile(workspace: &Path) -> Result<PathBuf> {
    let folder = workspace.join("target/plugins");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace);
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        let about_this_build = name.starts_with("CARGO")
            && !KEPT.iter().any(|kept| name.starts_with(kept))
            || name.starts_with("RUSTC")
            || name == "RUSTFLAGS"
            || name.starts_with("CLIPPY");
        if about_this_build {
            cargo.env_remove(&*name);
        }
    }
    cargo.env("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", "-C target-feature=+simd128");
    cargo.args(["build", "--locked", "--profile", "plugin", "--target", TARGET, "--target-dir"]);
    cargo.arg(&folder);
    cargo.args(PLUGINS.iter().flat_map(|(_, package)| ["--package", *package]));
    if !cargo.status()?.success() {
        bail!("the built-in plugins do not compile; why is said above");
    }
    Ok(folder.join(TARGET).join("plugin"))
}

/// Writes what is new only. A component is copied, since the shared folder may be rebuilt by another
/// profile while rustc reads.
fn write(to: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(to).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    Ok(fs::write(to, bytes)?)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
