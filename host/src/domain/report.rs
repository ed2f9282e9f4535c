//! What a component is, made of and asks for: what an administrator sees before it is allowed.

use serde::{Deserialize, Serialize};

use super::permission::Asked;
use super::plugin::Description;
use super::version::PluginDigest;

/// What was found out of a component without trusting it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl std::fmt::Display for Tool {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.version.as_str() {
            "" => formatter.write_str(&self.name),
            version => write!(formatter, "{} {version}", self.name),
        }
    }
}
