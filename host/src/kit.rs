//! Begins a plugin: writes a project that is built, tested and checked outside of this one.
//!
//! What it writes is under `plugins/templates`, a whole and working plugin called `rest-wells`; that
//! name becomes the new one's. The contract comes along, and to a project in Rust the kit too.

mod files;

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use files::{BOTH, PYTHON, RUST};

/// Longest name of a plugin, bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// What the templates call their plugin.
const TEMPLATE: &str = "rest-wells";

/// A plugin's name: 1 to 64 of a-z, 0-9 and the hyphen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// A text that cannot be a plugin's name.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} cannot be a plugin's name: 1 to {NAME_BYTES_MAX} of a-z, 0-9 and the hyphen")]
pub struct BadName(String);

/// What a plugin is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// With cargo, for wasm32-wasip2.
    Rust,
    /// With componentize-py.
    Python,
}

/// Why no project was begun.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing is written over.
    #[error("{} is there already, and nothing is written over; choose another with --to", .0.display())]
    Present(PathBuf),
    /// The disk said so.
    #[error("{} cannot be written", path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Writes a project into a folder, which must not be there yet or be empty.
pub fn begin(name: &Name, language: Language, folder: &Path) -> Result<(), Error> {
    if fs::read_dir(folder).map_or(folder.exists(), |mut entries| entries.next().is_some()) {
        return Err(Error::Present(folder.to_owned()));
    }
    for (place, text) in BOTH.iter().chain(language.files()) {
        let path = folder.join(place);
        write(&path, &named(text, name)).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => Error::Present(path),
            _ => Error::Write { path, source },
        })?;
    }
    Ok(())
}

impl Language {
    /// What a person types in the new folder to make the component, one command a line.
    pub fn commands(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["cargo test", "cargo build --release --target wasm32-wasip2"],
            Self::Python => &[
                "python3 -m venv .venv",
                ".venv/bin/pip install -r requirements.txt",
                ".venv/bin/componentize-py -d wit -w plugin bindings bindings",
                ".venv/bin/python -m unittest",
                ".venv/bin/componentize-py -d wit -w plugin componentize app -o plugin.wasm",
            ],
        }
    }

    /// Where those commands leave the component, within the folder.
    pub fn component(self, name: &Name) -> String {
        match self {
            Self::Rust => {
                format!("target/wasm32-wasip2/release/plugin_{}.wasm", name.0.replace('-', "_"))
            }
            Self::Python => "plugin.wasm".to_owned(),
        }
    }

    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Rust => RUST,
            Self::Python => PYTHON,
        }
    }
}

/// A template's text with the new plugin's name, also where that is a word of Rust.
fn named(text: &str, name: &Name) -> String {
    let word = name.0.replace('-', "_");
    text.replace(TEMPLATE, &name.0).replace(&TEMPLATE.replace('-', "_"), &word)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::File::create_new(path)?.write_all(text.as_bytes())
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadName(text.chars().take(NAME_BYTES_MAX).collect()))
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
