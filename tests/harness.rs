//! The real program, as the stories use it.

mod browser;
pub(crate) mod component;
pub(crate) mod kit;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

pub(crate) use browser::Browser;

/// The program, built once.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--package=ourwater", "--message-format=json"]);
    let built = build.current_dir(root).stderr(Stdio::inherit()).output().unwrap();
    assert!(built.status.success(), "the program does not build");
    let messages = String::from_utf8(built.stdout).unwrap();
    let mut programs = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    programs.next_back().expect("cargo names the program it built")
});

/// A field of an answer that holds text.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Where the program is.
pub(crate) fn program() -> &'static Path {
    &PROGRAM
}

/// A folder with a database of its own.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path("ourwater.db")
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A shell that finds `ourwater` as the README has it.
    pub(crate) fn shell(&self, script: &str) -> Command {
        let folders = std::env::var("PATH").unwrap();
        let program = PROGRAM.parent().unwrap().display();
        let mut shell = Command::new("bash");
        shell.args(["-c", script]).env("PATH", format!("{program}:{folders}"));
        shell.current_dir(&self.folder);
        shell
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&*PROGRAM);
        command.args(arguments).env("OURWATER_DATABASE", self.database()).current_dir(&self.folder);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().unwrap())
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// created, updated, unchanged, superseded, empty, rejected.
    pub(crate) fn counts(&self) -> [u64; 6] {
        let counts = &self.json()["counts"];
        ["created", "updated", "unchanged", "superseded", "empty", "rejected"]
            .map(|name| counts[name].as_u64().unwrap_or_else(|| panic!("{name}: {self:?}")))
    }
}
