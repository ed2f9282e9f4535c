//! Components that no compiler makes: a core module as text, wrapped by our contract.

use std::fmt::Write as _;
use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const DATASOURCE: &str = "ourwater:datasource/datasource@0.1.0";

/// Where the answer to `get` lies: a page without items where nothing else is written.
pub(super) const PAGE: u32 = 4096;

/// Where a module may put what it likes.
pub(super) const FREE: u32 = 8192;

/// The parts of a module that differ; what is left out is as it should be.
#[derive(Default)]
pub(super) struct Made<'a> {
    /// Imports, which come first.
    pub(super) imports: &'a str,
    /// Instead of a memory of two pages.
    pub(super) memory: Option<&'a str>,
    /// Functions, tables, data.
    pub(super) more: &'a str,
    /// What `get` does before it gives its page.
    pub(super) get: &'a str,
    /// Where `get` says its answer is.
    pub(super) at: Option<u32>,
    /// What is done when the answer was read.
    pub(super) post: &'a str,
    /// What is done when memory is asked for.
    pub(super) realloc: &'a str,
}

impl Made<'_> {
    pub(super) fn component(&self) -> Vec<u8> {
        component_of(&self.text())
    }

    fn text(&self) -> String {
        let Self { imports, more, get, post, realloc, .. } = self;
        let memory = self.memory.unwrap_or(r#"(memory (export "memory") 2)"#);
        let at = self.at.unwrap_or(PAGE);
        let description = description();
        let readings = r"\02";
        format!(
            r#"(module {imports} {memory} {description}
            (data (i32.const {items}) "{readings}")
            (global $top (mut i32) (i32.const 65536))
            {more}
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc}
                global.get $top
                (global.set $top (i32.and
                    (i32.add (i32.add (global.get $top) (local.get 3)) (i32.const 15))
                    (i32.const -8))))
            (func (export "{DATASOURCE}#describe") (result i32) i32.const 128)
            (func (export "{DATASOURCE}#propose") (param i32 i32) (result i32) unreachable)
            (func (export "{DATASOURCE}#check") (param i32 i32) (result i32) unreachable)
            (func (export "{DATASOURCE}#get")
                (param i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i32)
                {get} i32.const {at})
            (func (export "cabi_post_{DATASOURCE}#get") (param i32) {post})
            (func (export "{DATASOURCE}#push")
                (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) unreachable))"#,
            items = PAGE + 8,
        )
    }
}

/// A component, from a module's text and the contract.
fn component_of(text: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = Resolve::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let (package, _) = resolve.push_dir(folder).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

/// What the module says of itself, as it lies in memory at 128.
fn description() -> String {
    let (name, version, gets, schema, asks) = (16, 24, 26, 32, 64);
    let described = words(&[
        name, 5, version, 1, /* an API */ 1, gets, 1, /* pushes nothing */ 0, 0,
        /* paging, duplicates, decimals */ 0, /* step */ 1, schema, 17, asks, 2, 0, 0,
    ]);
    format!(
        r#"(data (i32.const {name}) "maker")
        (data (i32.const {version}) "1") (data (i32.const {gets}) "\02")
        (data (i32.const {schema}) "{{\"type\":\"object\"}}") (data (i32.const {asks}) "{{}}")
        (data (i32.const 128) "{described}")"#
    )
}

/// Numbers as they lie in memory, as the text of data.
pub(super) fn words(numbers: &[u32]) -> String {
    numbers.iter().flat_map(|number| number.to_le_bytes()).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    })
}
