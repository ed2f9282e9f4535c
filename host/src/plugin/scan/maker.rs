//! What made a component: languages and tools, as compilers leave them in custom sections.

use wasmparser::{ComponentName, CustomSectionReader, KnownCustom, ProducersSectionReader};

use crate::domain::report::Tool;
use crate::grant::text;

/// Bytes of a tool's name or version.
const NAME_BYTES_MAX: usize = 64;

/// Languages and tools that are kept.
const KEPT_MAX: usize = 32;

/// Runtimes that come along as modules: how their names begin, the language, and what embeds it.
const RUNTIMES: [(&str, &str, Option<&str>); 3] = [
    ("libpython", "Python", None),
    ("libcomponentize_py_runtime", "Python", Some("componentize-py")),
    ("StarlingMonkey", "JavaScript", Some("ComponentizeJS")),
];

/// What is left of a component in Rust whose own names were stripped.
const RUST_BINDINGS: &str = "wit-bindgen-rust";

/// Tools that are named first: what an author chose, not what came along.
const CHOSEN: [&str; 4] = ["rustc", "wit-bindgen", "componentize-py", "ComponentizeJS"];

/// What is known of a component's making. All of it was written by strangers.
#[derive(Debug, Default)]
pub(in crate::plugin) struct Maker {
    languages: Vec<Tool>,
    runtime: Option<Tool>,
    tools: Vec<Tool>,
}

impl Maker {
    /// Broken sections tell nothing: they are no part of what runs.
    pub(super) fn read(&mut self, section: &CustomSectionReader<'_>) {
        match section.as_known() {
            KnownCustom::Producers(fields) => self.producers(fields),
            KnownCustom::ComponentName(names) => {
                for name in names.into_iter().flatten() {
                    if let ComponentName::CoreModules(modules) = name {
                        let names = modules.into_iter().flatten();
                        names.for_each(|module| self.module(module.name));
                    }
                }
            }
            _ => {}
        }
    }

    fn producers(&mut self, fields: ProducersSectionReader<'_>) {
        for field in fields.into_iter().flatten() {
            let kept = match field.name {
                "language" => &mut self.languages,
                "processed-by" | "sdk" => &mut self.tools,
                _ => continue,
            };
            for value in field.values.into_iter().flatten() {
                keep(kept, tool(value.name, value.version));
            }
        }
    }

    fn module(&mut self, name: &str) {
        for (start, language, embedded) in RUNTIMES {
            let Some(rest) = name.strip_prefix(start) else { continue };
            if let Some(embedded) = embedded {
                keep(&mut self.tools, tool(embedded, ""));
            }
            let version = rest.strip_suffix(".so").unwrap_or_default();
            let known = self.runtime.as_ref().is_some_and(|known| !known.version.is_empty());
            if !known {
                self.runtime = Some(tool(language, version));
            }
        }
    }

    /// The language, with its version where that is known: "Rust 1.95.0", "Python 3.14". A runtime
    /// within says more than what the runtime itself was written in.
    pub(in crate::plugin) fn language(&self) -> Option<String> {
        let scripted = ["JavaScript", "TypeScript", "Python"];
        let named = |names: &[&str]| {
            self.languages.iter().find(|language| names.contains(&language.name.as_str()))
        };
        if let Some(runtime) = self.runtime.as_ref().or_else(|| named(&scripted)) {
            return Some(runtime.to_string());
        }
        let Some(language) = self.languages.first() else {
            let bound = self.tools.iter().any(|tool| tool.name == RUST_BINDINGS);
            return bound.then(|| "Rust".to_owned());
        };
        let compiler =
            self.tools.iter().find(|tool| language.name == "Rust" && tool.name == "rustc");
        let version = compiler.map_or(&language.version, |compiler| &compiler.version);
        Some(tool(&language.name, version).to_string())
    }

    /// All tools, those an author chose first.
    pub(in crate::plugin) fn tools(&self) -> Vec<Tool> {
        let chosen = |tool: &Tool| CHOSEN.iter().any(|chosen| tool.name.starts_with(chosen));
        let mut tools = self.tools.clone();
        tools.sort_by_key(|tool| !chosen(tool));
        tools
    }
}

/// The first word of a version: compilers add a digest and a date.
fn tool(name: &str, version: &str) -> Tool {
    let version = version.split_whitespace().next().unwrap_or_default();
    Tool { name: text::clean(name, NAME_BYTES_MAX), version: text::clean(version, NAME_BYTES_MAX) }
}

fn keep(kept: &mut Vec<Tool>, tool: Tool) {
    if kept.len() < KEPT_MAX && !kept.contains(&tool) {
        kept.push(tool);
    }
}
