use proptest::prelude::*;

use super::*;
use crate::plugin::fit;
use crate::plugin::fit::tests::{component, contract};

fn csv() -> &'static [u8] {
    let (_, component) = crate::plugin::builtin().iter().find(|(name, _)| *name == "csv").unwrap();
    component
}

/// A section of a component: its kind, its length, its bytes.
fn section(kind: u8, bytes: &[u8]) -> Vec<u8> {
    [&[kind], &leb(bytes.len())[..], bytes].concat()
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn text(text: &str) -> Vec<u8> {
    [&leb(text.len())[..], text.as_bytes()].concat()
}

fn custom(name: &str, bytes: &[u8]) -> Vec<u8> {
    section(0, &[&text(name)[..], bytes].concat())
}

fn component_of(sections: &[u8]) -> Vec<u8> {
    [b"\0asm\x0d\0\x01\0", sections].concat()
}

/// A list of the contract's binary format.
fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [leb(items.len()), items.concat()].concat()
}

/// A limit, to be set.
type Field = fn(&mut Limits) -> &mut usize;

#[test]
fn a_component_at_its_limits_passes_and_one_past_any_of_them_is_told_which() {
    let counts = scan(csv(), &Limits::default()).unwrap().counts;
    let exact = Limits {
        component_modules_max: counts.modules,
        component_functions_max: counts.functions,
        component_function_bytes_max: counts.function_bytes,
        component_depth_max: counts.nesting,
        component_types_max: counts.types,
        component_data_bytes_max: counts.data_bytes,
        component_custom_bytes_max: counts.custom_bytes,
        component_memories_max: counts.memories,
        component_tables_max: counts.tables,
        ..Limits::default()
    };
    assert!(scan(csv(), &exact).is_ok());
    let fields: [(&str, Field); 9] = [
        ("component_modules_max", |it| &mut it.component_modules_max),
        ("component_functions_max", |it| &mut it.component_functions_max),
        ("component_function_bytes_max", |it| &mut it.component_function_bytes_max),
        ("component_depth_max", |it| &mut it.component_depth_max),
        ("component_types_max", |it| &mut it.component_types_max),
        ("component_data_bytes_max", |it| &mut it.component_data_bytes_max),
        ("component_custom_bytes_max", |it| &mut it.component_custom_bytes_max),
        ("component_memories_max", |it| &mut it.component_memories_max),
        ("component_tables_max", |it| &mut it.component_tables_max),
    ];
    for (limit, field) in fields {
        let mut limits = exact.clone();
        *field(&mut limits) -= 1;
        let error = scan(csv(), &limits).map(drop).unwrap_err();
        assert!(matches!(error, Error::Over { name, .. } if name == limit), "{limit}: {error}");
    }
}

#[test]
fn a_limit_is_told_with_what_was_found() {
    let limits = Limits { component_custom_bytes_max: 1024, ..Limits::default() };
    let bytes = component_of(&custom("names", &[0; 1025]));
    assert_eq!(
        scan(&bytes, &limits).map(drop).unwrap_err().to_string(),
        "custom sections of the component: at most 1 KiB (component_custom_bytes_max), this one has \
         1025 bytes"
    );
}

#[test]
fn components_within_components_end_somewhere() {
    let mut nested = component_of(&[]);
    for _ in 0..8 {
        nested = component_of(&section(4, &nested));
    }
    let error = scan(&nested, &Limits::default()).map(drop).unwrap_err().to_string();
    assert_eq!(error, "depth of the component: at most 8 (component_depth_max), this one has 9");
}

#[test]
fn what_is_cut_off_or_breaks_the_rules_is_no_component() {
    let nothing = component_of(&[]);
    assert!(scan(&nothing, &Limits::default()).is_ok());
    for bad in [&csv()[..csv().len() / 2], &nothing[..5], b"", &component_of(&[9, 1, 0])] {
        let error = scan(bad, &Limits::default()).map(drop).unwrap_err();
        assert!(matches!(error, Error::Invalid(_)), "{error}");
    }
}

#[test]
fn threads_are_not_what_this_engine_has() {
    // One memory that is shared, of one page.
    let module = [&b"\0asm\x01\0\0\0"[..], &section(5, &[1, 3, 1, 1])].concat();
    let error = scan(&component_of(&section(1, &module)), &Limits::default());
    assert!(error.map(drop).unwrap_err().to_string().contains("threads"));
}

#[test]
fn a_component_in_rust_says_so_even_when_its_names_were_stripped() {
    let scanned = scan(csv(), &Limits::default()).unwrap();
    assert_eq!(scanned.maker.language().as_deref(), Some("Rust"));
    let tools: Vec<String> = scanned.maker.tools().iter().map(|it| it.name.clone()).collect();
    assert_eq!(tools[0], "wit-bindgen-rust");
    assert!(tools.contains(&"wit-component".to_owned()), "{tools:?}");
}

/// Producers: a field, its values with their versions.
fn producers(field: &str, values: &[(&str, &str)]) -> Vec<u8> {
    let values: Vec<_> =
        values.iter().map(|(name, version)| [text(name), text(version)].concat()).collect();
    custom("producers", &list(&[[text(field), list(&values)].concat()]))
}

/// Names of core modules, as linkers of scripts leave them.
fn module_names(names: &[&str]) -> Vec<u8> {
    const CORE_MODULES: [u8; 2] = [0, 0x11];
    let each = |(at, name): (usize, &&str)| [leb(at), text(name)].concat();
    let names: Vec<_> = names.iter().enumerate().map(each).collect();
    let names = [&CORE_MODULES[..], &list(&names)].concat();
    custom("component-name", &section(1, &names))
}

fn made(sections: &[Vec<u8>]) -> (Option<String>, Vec<String>) {
    let scanned = scan(&component_of(&sections.concat()), &Limits::default()).unwrap();
    (scanned.maker.language(), scanned.maker.tools().iter().map(ToString::to_string).collect())
}

#[test]
fn a_runtime_within_tells_the_language_its_plugin_was_written_in() {
    let compiled = producers("language", &[("C11", "")]);
    let names = module_names(&["main", "libpython3.14.so", "libcomponentize_py_runtime.so"]);
    let (language, tools) = made(&[compiled.clone(), names]);
    assert_eq!(
        (language.as_deref(), tools),
        (Some("Python 3.14"), vec!["componentize-py".to_owned()])
    );
    let (language, tools) = made(&[compiled, module_names(&["StarlingMonkey"])]);
    assert_eq!(
        (language.as_deref(), tools),
        (Some("JavaScript"), vec!["ComponentizeJS".to_owned()])
    );
}

#[test]
fn tools_that_an_author_chose_come_first_and_versions_are_short() {
    let sections = [
        producers(
            "processed-by",
            &[("wit-component", "0.1"), ("rustc", "1.95.0 (5980761 2026-04-14)")],
        ),
        producers("language", &[("Rust", "")]),
    ];
    let (language, tools) = made(&sections);
    assert_eq!(language.as_deref(), Some("Rust 1.95.0"));
    assert_eq!(tools, ["rustc 1.95.0", "wit-component 0.1"]);
}

#[test]
fn what_a_stranger_writes_there_is_cleaned_cut_and_never_an_error() {
    let long = "x".repeat(1000);
    let many: Vec<_> = (0..100).map(|it| format!("tool{it}\u{1b}[31m{long}")).collect();
    let many: Vec<_> = many.iter().map(|it| (it.as_str(), "1")).collect();
    let (language, tools) = made(&[producers("sdk", &many), custom("producers", &[0xff; 9])]);
    assert_eq!((language, tools.len()), (None, 32));
    assert!(tools.iter().all(|it| it.len() < 80 && !it.contains('\u{1b}')), "{tools:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Bytes exchanged, pieces cut out and pieces doubled; in something small, where each hit counts,
    /// and in something real.
    #[test]
    fn no_bytes_make_it_panic(
        is_real in prop::bool::weighted(0.2),
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..40_usize), 1..8),
    ) {
        let mut bytes = if is_real { csv().to_vec() } else { component(&contract()) };
        for (at, byte, length) in hits {
            let at = at.index(bytes.len());
            let end = (at + length / 3).min(bytes.len());
            match length % 3 {
                0 => bytes[at] = byte,
                1 => drop(bytes.drain(at..end)),
                _ => bytes = [&bytes[..end], &bytes[at..]].concat(),
            }
            if bytes.is_empty() {
                break;
            }
        }
        if let Ok(scanned) = scan(&bytes, &Limits::default()) {
            let told = fit::mismatches(&scanned);
            prop_assert!(told.len() <= 21 && told.iter().all(|it| it.len() < 2000), "{told:?}");
            scanned.maker.language();
        }
    }
}
