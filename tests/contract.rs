//! The contract as a package for others: whole, documented, and the same after a registry has had it.

use std::path::{Path, PathBuf};

use wit_component::{DecodedWasm, OutputToString, WitPrinter};
use wit_parser::{Docs, PackageId, Resolve, TypeDefKind};

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

fn contract() -> (Resolve, PackageId) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit()).unwrap();
    (resolve, package)
}

fn printed(resolve: &Resolve, package: PackageId) -> String {
    let mut printer = WitPrinter::<OutputToString>::default();
    printer.print(resolve, package, &[]).unwrap();
    printer.output.to_string()
}

#[test]
fn the_contract_comes_back_from_a_package_as_it_went_in() {
    let (resolve, package) = contract();
    assert_eq!(resolve.packages[package].name.to_string(), "ourwater:datasource@0.1.0");
    let bytes = wit_component::encode(&resolve, package).unwrap();
    let DecodedWasm::WitPackage(back, id) = wit_component::decode(&bytes).unwrap() else {
        panic!("a package of WIT is decoded as one");
    };
    let text = printed(&back, id);
    assert_eq!(text, printed(&resolve, package));
    assert!(text.contains("An error means that nothing of the batch took effect"), "{text}");
}

#[test]
fn every_item_of_the_contract_says_what_it_promises() {
    let (resolve, package) = contract();
    let package = &resolve.packages[package];
    let mut items = vec![("the package".to_owned(), &package.docs)];
    for (name, &world) in &package.worlds {
        items.push((format!("world {name}"), &resolve.worlds[world].docs));
    }
    for (name, &interface) in &package.interfaces {
        let interface = &resolve.interfaces[interface];
        items.push((format!("interface {name}"), &interface.docs));
        for (function, it) in &interface.functions {
            items.push((format!("{name}.{function}"), &it.docs));
        }
        for &id in interface.types.values() {
            types(&mut items, name, &resolve.types[id]);
        }
    }
    assert!(items.len() > 150, "the contract is not where it was: {}", items.len());
    let bare: Vec<_> = items.iter().filter(|(_, docs)| docs.is_empty()).map(|it| &it.0).collect();
    assert!(bare.is_empty(), "{bare:#?}");
}

fn types<'docs>(
    items: &mut Vec<(String, &'docs Docs)>,
    interface: &str,
    found: &'docs wit_parser::TypeDef,
) {
    let name = format!("{interface}.{}", found.name.as_deref().unwrap_or_default());
    let mut inner = |part: &str, docs| items.push((format!("{name}.{part}"), docs));
    match &found.kind {
        TypeDefKind::Record(it) => it.fields.iter().for_each(|it| inner(&it.name, &it.docs)),
        TypeDefKind::Variant(it) => it.cases.iter().for_each(|it| inner(&it.name, &it.docs)),
        TypeDefKind::Enum(it) => it.cases.iter().for_each(|it| inner(&it.name, &it.docs)),
        // A name that another interface lends is documented there.
        TypeDefKind::Type(wit_parser::Type::Id(_)) => return,
        _ => {}
    }
    items.push((name, &found.docs));
}
