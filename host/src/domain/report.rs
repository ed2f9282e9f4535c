//! What a component is, made of and asks for: what an administrator sees before it is allowed.

use serde::{Deserialize, Serialize};

use super::permission::Asked;
use super::plugin::Description;
use super::sync::Datatype;
use super::version::PluginDigest;

/// What was found out of a component without trusting it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The SHA-256 of the component.
    pub digest: PluginDigest,
    /// Its size, bytes.
    pub bytes: u64,
    /// The version of ourwater:datasource it was made for.
    pub contract: String,
    /// What it says of itself.
    pub description: Description,
    /// The language it was written in, where that can be seen.
    pub language: Option<String>,
    /// What made it: compilers and tools.
    pub tools: Vec<Tool>,
    /// What it imports, in words.
    pub imports: Vec<Linked>,
    /// What it exports, in words.
    pub exports: Vec<Linked>,
    /// What it asks to be allowed, and why.
    pub asks: Vec<Asked>,
    /// Core modules in it.
    pub modules: u64,
    /// Functions of all of them.
    pub functions: u64,
    /// Bytes of the largest function.
    pub largest_function_bytes: u64,
    /// Milliseconds it took to compile; none where it had been compiled before.
    pub compile_ms: Option<u64>,
    /// Bytes of its machine code.
    pub compiled_bytes: u64,
    /// What is worth a look before it is allowed.
    pub warnings: Vec<String>,
}

/// Something that made a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version; empty where it left none.
    pub version: String,
}

/// An interface that is imported or exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// Its name, as in ourwater:datasource/files@0.1.0.
    pub name: String,
    /// What that means here.
    pub meaning: String,
}

impl Report {
    /// What it is and is made of, each thing under its name, for people.
    pub fn facts(&self) -> [(&'static str, String); 6] {
        [
            ("digest", format!("sha256:{}", self.digest)),
            ("contract", format!("ourwater:datasource {}", self.contract)),
            ("gets", datatypes(&self.description.gets)),
            ("takes", datatypes(&self.description.pushes)),
            ("made with", self.made_with()),
            ("size", self.size()),
        ]
    }

    fn made_with(&self) -> String {
        let language = self.language.iter().cloned();
        let all: Vec<String> = language.chain(self.tools.iter().map(Tool::to_string)).collect();
        if all.is_empty() { "it does not say".to_owned() } else { all.join(", ") }
    }

    fn size(&self) -> String {
        let Self { bytes, modules, functions, largest_function_bytes, compiled_bytes, .. } = self;
        let took = match self.compile_ms {
            Some(milliseconds) => format!("compiled in {milliseconds} ms"),
            None => "compiled before".to_owned(),
        };
        format!(
            "{bytes} bytes; modules: {modules}; functions: {functions}, the largest of \
             {largest_function_bytes} bytes; {took}, to {compiled_bytes} bytes"
        )
    }
}

fn datatypes(datatypes: &[Datatype]) -> String {
    if datatypes.is_empty() {
        return "nothing".to_owned();
    }
    datatypes.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ")
}

impl std::fmt::Display for Tool {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.version.as_str() {
            "" => formatter.write_str(&self.name),
            version => write!(formatter, "{} {version}", self.name),
        }
    }
}
