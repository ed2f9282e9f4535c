//! What a component is made of: validated and counted in one pass, before anything compiles it.
//!
//! Compiling is where a small file can cost hours, so what is out of proportion is refused here, with
//! the limit's name. Afterwards the types of all it imports and exports are known.

mod maker;

use std::ops::ControlFlow;

use wasmparser::component_types::ComponentItem;
use wasmparser::types::Types;
use wasmparser::{
    BinaryReaderError, Encoding, FuncValidatorAllocations, Parser, Payload, ValidPayload, Validator,
};

use super::engine;
use super::limits::{Limits, bytes};
use crate::grant::text;
pub(super) use maker::Maker;

/// Longest text of an error of the parser's that is passed on.
const ERROR_BYTES_MAX: usize = 512;

/// Why a component is not compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It breaks the rules of WebAssembly, or uses what the engine has not.
    #[error("this is no valid WebAssembly component: {0}")]
    Invalid(String),
    /// Out of proportion.
    #[error("{what} of the component: at most {most} ({name}), this one has {found}")]
    Over {
        /// What there is too much of.
        what: &'static str,
        /// The limit's name.
        name: &'static str,
        /// The limit, with its unit.
        most: String,
        /// What was found until it was given up, with its unit.
        found: String,
    },
}

impl From<BinaryReaderError> for Error {
    fn from(error: BinaryReaderError) -> Self {
        Self::Invalid(text::clean(&error.to_string(), ERROR_BYTES_MAX))
    }
}

/// A valid component within the limits.
pub(super) struct Scanned {
    pub(super) counts: Counts,
    pub(super) maker: Maker,
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
    types: Types,
}

/// How much there is of everything, in all modules and components within.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) modules: usize,
    pub(super) functions: usize,
    /// Of the largest one.
    pub(super) function_bytes: usize,
    pub(super) nesting: usize,
    types: usize,
    data_bytes: usize,
    custom_bytes: usize,
    memories: usize,
    tables: usize,
}

impl Scanned {
    pub(super) fn types(&self) -> wasmparser::types::TypesRef<'_> {
        self.types.as_ref()
    }

    pub(super) fn import(&self, name: &str) -> Option<&ComponentItem> {
        self.types.as_ref().component_item_for_import(name)
    }

    pub(super) fn export(&self, name: &str) -> Option<&ComponentItem> {
        self.types.as_ref().component_item_for_export(name)
    }
}

/// Reads all of it once. Blocks.
pub(super) fn scan(component: &[u8], limits: &Limits) -> Result<Scanned, Error> {
    let mut pass = Pass::new();
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        pass.count(&payload)?;
        pass.counts.within(limits)?;
        if let ControlFlow::Break(types) = pass.validate(&payload)? {
            let Pass { counts, maker, imports, exports, .. } = pass;
            return Ok(Scanned { counts, maker, imports, exports, types });
        }
    }
    Err(Error::Invalid("it ends too early".to_owned()))
}

struct Pass {
    validator: Validator,
    scratch: FuncValidatorAllocations,
    counts: Counts,
    maker: Maker,
    imports: Vec<String>,
    exports: Vec<String>,
    /// Of modules and components that are open: 1 in the outermost one.
    depth: usize,
}

impl Pass {
    fn new() -> Self {
        Self {
            validator: Validator::new_with_features(engine::features()),
            scratch: FuncValidatorAllocations::default(),
            counts: Counts::default(),
            maker: Maker::default(),
            imports: Vec::new(),
            exports: Vec::new(),
            depth: 0,
        }
    }

    fn count(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
        let counts = &mut self.counts;
        match payload {
            Payload::Version { encoding, .. } => {
                counts.modules += usize::from(*encoding == Encoding::Module);
                self.depth += 1;
                counts.nesting = counts.nesting.max(self.depth);
            }
            Payload::End(_) => self.depth = self.depth.saturating_sub(1),
            Payload::TypeSection(types) => counts.types += size(types.count()),
            Payload::CoreTypeSection(types) => counts.types += size(types.count()),
            Payload::ComponentTypeSection(types) => counts.types += size(types.count()),
            Payload::MemorySection(memories) => counts.memories += size(memories.count()),
            Payload::TableSection(tables) => counts.tables += size(tables.count()),
            Payload::CodeSectionStart { count, .. } => counts.functions += size(*count),
            Payload::CodeSectionEntry(body) => {
                counts.function_bytes = counts.function_bytes.max(body.range().len());
            }
            Payload::DataSection(data) => counts.data_bytes += data.range().len(),
            Payload::CustomSection(custom) => {
                counts.custom_bytes += custom.data().len();
                self.maker.read(custom);
            }
            Payload::ComponentImportSection(imports) if self.depth == 1 => {
                for import in imports.clone() {
                    self.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(exports) if self.depth == 1 => {
                for export in exports.clone() {
                    self.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Breaks with the types when the outermost component ends.
    fn validate(&mut self, payload: &Payload<'_>) -> Result<ControlFlow<Types>, BinaryReaderError> {
        match self.validator.payload(payload)? {
            ValidPayload::Func(function, body) => {
                let scratch = std::mem::take(&mut self.scratch);
                let mut validator = function.into_validator(scratch);
                validator.validate(&body)?;
                self.scratch = validator.into_allocations();
            }
            ValidPayload::End(types) if self.depth == 0 => return Ok(ControlFlow::Break(types)),
            // The parser goes on into what is within by itself.
            ValidPayload::Ok | ValidPayload::Parser(_) | ValidPayload::End(_) => {}
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl Counts {
    /// The first limit that is passed is the error.
    fn within(&self, limits: &Limits) -> Result<(), Error> {
        macro_rules! hold {
            ($($what:literal: $count:ident <= $limit:ident, in $words:expr;)+) => {
                $(hold($what, self.$count, stringify!($limit), limits.$limit, $words)?;)+
            };
        }
        let number = |count: usize| count.to_string();
        hold! {
            "modules": modules <= component_modules_max, in number;
            "functions": functions <= component_functions_max, in number;
            "largest function": function_bytes <= component_function_bytes_max, in bytes;
            "depth": nesting <= component_depth_max, in number;
            "types": types <= component_types_max, in number;
            "data": data_bytes <= component_data_bytes_max, in bytes;
            "custom sections": custom_bytes <= component_custom_bytes_max, in bytes;
            "memories": memories <= component_memories_max, in number;
            "tables": tables <= component_tables_max, in number;
        }
        Ok(())
    }
}

fn hold(
    what: &'static str,
    found: usize,
    name: &'static str,
    most: usize,
    words: fn(usize) -> String,
) -> Result<(), Error> {
    if found <= most {
        return Ok(());
    }
    Err(Error::Over { what, name, most: words(most), found: words(found) })
}

fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
