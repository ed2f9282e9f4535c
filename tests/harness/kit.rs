//! Plugins made as a stranger makes them, outside of this workspace: with the author's kit, and by
//! hand from `plugins/README.md` and the contract alone. Each is made once for all stories.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Instant;

use super::Place;

/// The name of the plugins made with the kit.
pub(crate) const NAME: &str = "story-wells";

/// Of `plugin new --lang rust`, after its own tests have passed.
pub(crate) fn rust_component() -> &'static [u8] {
    static MADE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let place = Place::new();
        let project = begun(&place, "rust");
        cargo(&project, &["fmt", "--check"]);
        let component = built(&project, "plugin_story_wells");
        cargo(&project, &["test", "--offline", "--quiet"]);
        forget(&project, &["plugin-story-wells", "ourwater-sdk"]);
        component
    });
    &MADE
}

/// Of `plugin new --lang python`, after its own tests have passed.
pub(crate) fn python_component() -> &'static [u8] {
    static MADE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let place = Place::new();
        let project = begun(&place, "python");
        componentize(&project, &["bindings", "bindings"]);
        run(Command::new(python("python")).args(["-m", "unittest"]).current_dir(&project));
        packed(&project)
    });
    &MADE
}

/// Of the Rust that `plugins/README.md` shows, with plain wit-bindgen.
pub(crate) fn plain_component() -> &'static [u8] {
    static MADE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let place = Place::new();
        let project = by_hand(&place, &[("Cargo.toml", "toml"), ("src/lib.rs", "rust")]);
        fs::copy(root().join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
        let component = built(&project, "rain");
        forget(&project, &["rain"]);
        component
    });
    &MADE
}

/// Of the Python that `plugins/README.md` shows, with plain componentize-py.
pub(crate) fn plain_python_component() -> &'static [u8] {
    static MADE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let place = Place::new();
        packed(&by_hand(&place, &[("app.py", "python")]))
    });
    &MADE
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// A project as the program begins it. Its crates are the ones of this workspace, which are there.
fn begun(place: &Place, language: &str) -> PathBuf {
    let ended = place.run(&["plugin", "new", NAME, "--lang", language]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let project = place.path(NAME);
    if language == "rust" {
        fs::copy(root().join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    }
    project
}

/// What a person has who reads `plugins/README.md` and copies the contract.
fn by_hand(place: &Place, files: &[(&str, &str)]) -> PathBuf {
    let project = place.path("by-hand");
    let readme = fs::read_to_string(root().join("plugins/README.md")).unwrap();
    for (name, language) in files {
        let path = project.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, block(&readme, language)).unwrap();
    }
    fs::create_dir_all(project.join("wit")).unwrap();
    for name in ["datasource.wit", "host.wit", "records.wit"] {
        let contract = root().join("wit").join(name);
        fs::copy(contract, project.join("wit").join(name)).unwrap();
    }
    project
}

/// The only block of a language in a text.
fn block<'text>(text: &'text str, language: &str) -> &'text str {
    let fence = format!("\n```{language}\n");
    let mut blocks = text.split(&fence).skip(1);
    let block = blocks.next().unwrap().split("\n```").next().unwrap();
    assert!(blocks.next().is_none(), "there are two blocks of {language}");
    block
}

fn built(project: &Path, name: &str) -> Vec<u8> {
    let started = Instant::now();
    cargo(project, &["build", "--release", "--offline", "--quiet", "--target", "wasm32-wasip2"]);
    println!("{name}: built in {:.1} s", started.elapsed().as_secs_f64());
    fs::read(target().join(format!("wasm32-wasip2/release/{name}.wasm"))).unwrap()
}

/// One target folder for all, so that the crates they share are compiled once for ever.
fn target() -> PathBuf {
    root().join("target/kit")
}

fn cargo(project: &Path, arguments: &[&str]) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(arguments).current_dir(project).env("CARGO_TARGET_DIR", target());
    run(&mut cargo);
}

/// The project goes away, and what was compiled of it is of no use to the next.
fn forget(project: &Path, packages: &[&str]) {
    let packages: Vec<_> = packages.iter().flat_map(|name| ["--package", *name]).collect();
    cargo(project, &[&["clean", "--offline", "--quiet"], &packages[..]].concat());
    let release = ["clean", "--offline", "--quiet", "--release", "--target", "wasm32-wasip2"];
    cargo(project, &[&release, &packages[..]].concat());
}

fn packed(project: &Path) -> Vec<u8> {
    let started = Instant::now();
    componentize(project, &["componentize", "app", "-o", "plugin.wasm"]);
    println!("python: made in {:.1} s", started.elapsed().as_secs_f64());
    fs::read(project.join("plugin.wasm")).unwrap()
}

fn componentize(project: &Path, arguments: &[&str]) {
    let mut made = Command::new(python("componentize-py"));
    run(made.args(["-d", "wit", "-w", "plugin"]).args(arguments).current_dir(project));
}

/// A program of the virtual environment that `tests/run` makes.
fn python(program: &str) -> PathBuf {
    let path = root().join("target/python/bin").join(program);
    assert!(path.exists(), "{} is missing: tests/run makes it", path.display());
    path
}

fn run(command: &mut Command) {
    let ended = command.output().unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    assert!(ended.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
}
