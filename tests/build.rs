//! Reads the contract as registries do, packs it and unpacks it, for the story that judges the result.
//!
//! It happens here and not in the story, since what reads WIT would otherwise be built into it with
//! features that make a second build of the whole sandbox necessary.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::{Docs, PackageId, Resolve, Type, TypeDef, TypeDefKind};

/// Items of the contract by name, and what is said of each.
type Items<'docs> = Vec<(String, &'docs Docs)>;

fn main() -> Result<(), Box<dyn Error>> {
    let wit = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../wit");
    println!("cargo::rerun-if-changed={}", wit.display());
    println!("cargo::rerun-if-changed=build.rs");
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit)?;
    let packed = wit_component::encode(&resolve, package)?;
    let DecodedWasm::WitPackage(back, unpacked) = wit_component::decode(&packed)? else {
        return Err("a package of WIT is not decoded as one".into());
    };
    let bare: Vec<String> = items(&resolve, package)
        .into_iter()
        .map(|(name, docs)| format!("{name}: {}", if docs.is_empty() { "bare" } else { "said" }))
        .collect();
    write("contract.wit", &printed(&resolve, package)?)?;
    write("unpacked.wit", &printed(&back, unpacked)?)?;
    write("items.txt", &bare.join("\n"))
}

fn write(name: &str, text: &str) -> Result<(), Box<dyn Error>> {
    Ok(fs::write(PathBuf::from(env::var("OUT_DIR")?).join(name), text)?)
}

fn printed(resolve: &Resolve, package: PackageId) -> Result<String, Box<dyn Error>> {
    let mut printer = WitPrinter::default();
    printer.print(resolve, package, &[])?;
    Ok(printer.output.to_string())
}

fn items(resolve: &Resolve, package: PackageId) -> Items<'_> {
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
            of_type(&mut items, name, &resolve.types[id]);
        }
    }
    items
}

fn of_type<'docs>(items: &mut Items<'docs>, interface: &str, found: &'docs TypeDef) {
    let name = format!("{interface}.{}", found.name.as_deref().unwrap_or_default());
    let mut inner = |part: &str, docs| items.push((format!("{name}.{part}"), docs));
    match &found.kind {
        TypeDefKind::Record(it) => it.fields.iter().for_each(|it| inner(&it.name, &it.docs)),
        TypeDefKind::Variant(it) => it.cases.iter().for_each(|it| inner(&it.name, &it.docs)),
        TypeDefKind::Enum(it) => it.cases.iter().for_each(|it| inner(&it.name, &it.docs)),
        // A name that another interface lends is documented there.
        TypeDefKind::Type(Type::Id(_)) => return,
        _ => {}
    }
    items.push((name, &found.docs));
}
