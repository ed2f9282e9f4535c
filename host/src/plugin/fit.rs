//! Whether a component speaks the contract, in words that its author can act on.
//!
//! Everything that does not fit is said at once. The linker has the last word; what it would take is
//! never refused here, so versions and missing definitions are judged as it judges them: an import
//! may be any part of what there is, types need no definition, and names of parameters do not count.

mod compare;
mod contract;
mod interface;

use wasmparser::component_types::{
    ComponentEntityType, ComponentFuncTypeId, ComponentInstanceTypeId,
};
use wit_parser::Function;

use super::scan::Scanned;
use crate::grant::text;
use compare::Comparison;
use contract::CONTRACT;
use interface::NOT_GIVEN;
pub(super) use interface::{Interface, meaning};

/// Mismatches that are told.
const MISMATCHES_MAX: usize = 20;

/// Bytes of a name that a component gives something.
const NAME_BYTES_MAX: usize = 128;

/// Version of the contract that this host speaks.
pub(super) fn version() -> &'static str {
    CONTRACT.version()
}

/// The version of the contract a component exports.
pub(super) fn spoken(scanned: &Scanned) -> Option<&str> {
    let exports = scanned.exports.iter().map(|name| Interface::of(name));
    exports.filter(|it| it.path == contract::EXPORTED).find_map(|it| it.version)
}

/// Whether an export is the interface the host calls.
pub(super) fn is_called(name: &str) -> bool {
    let ours = Interface { path: contract::EXPORTED, version: Some(CONTRACT.version()) };
    Interface::of(name).serves(ours)
}

/// Whether anything of an import needs the host; types alone do not.
pub(super) fn is_used(scanned: &Scanned, name: &str) -> bool {
    scanned.import(name).is_some_and(|item| match item.ty {
        ComponentEntityType::Instance(instance) => needs_definition(scanned, instance),
        _ => true,
    })
}

/// What keeps a component from being linked and called; empty where nothing does.
pub(super) fn mismatches(scanned: &Scanned) -> Vec<String> {
    let imports = scanned.imports.iter().filter_map(|name| Some((name, scanned.import(name)?)));
    let imported = imports.flat_map(|(name, item)| imported(scanned, name, &item.ty));
    let mut told: Vec<String> = Vec::new();
    for mismatch in exported(scanned).into_iter().chain(imported) {
        if told.len() == MISMATCHES_MAX {
            told.push("and more".to_owned());
            break;
        }
        // A type of the contract is used by several functions.
        if !told.contains(&mismatch) {
            told.push(mismatch);
        }
    }
    told
}

/// The interface a host calls, and each of its functions.
fn exported(scanned: &Scanned) -> Vec<String> {
    let path = contract::EXPORTED;
    let named = || {
        let all = scanned.exports.iter().filter(|name| Interface::of(name).path == path);
        all.map(String::as_str)
    };
    let Some(name) = named().find(|name| is_called(name)) else {
        return vec![match named().next() {
            Some(other) => {
                format!("exports {}; this host speaks {}", shown(other), CONTRACT.version())
            }
            None => format!("does not export {path}{}", instead(&scanned.exports)),
        }];
    };
    let Some(ComponentEntityType::Instance(instance)) = scanned.export(name).map(|it| it.ty) else {
        return vec![format!("exports {}, which is no interface", shown(name))];
    };
    let functions = CONTRACT.functions(path);
    functions.flat_map(|function| callable(scanned, instance, function)).collect()
}

/// Whether the host can call a function of the interface.
fn callable(
    scanned: &Scanned,
    instance: ComponentInstanceTypeId,
    function: &Function,
) -> Vec<String> {
    let Some(instance) = scanned.types().get(instance) else { return Vec::new() };
    match instance.exports.get(&function.name).map(|it| it.ty) {
        Some(ComponentEntityType::Func(theirs)) => compared(scanned, function, theirs),
        Some(_) => vec![format!("`{}` is no function", function.name)],
        None => {
            let signature = compare::signature(&CONTRACT, function);
            vec![format!("does not export the function `{}`: {signature}", function.name)]
        }
    }
}

/// Whether the host gives all of what is imported under a name.
fn imported(scanned: &Scanned, name: &str, item: &ComponentEntityType) -> Vec<String> {
    let instance = match item {
        ComponentEntityType::Instance(instance) => *instance,
        // A type needs no definition, and a resource is the linker's to judge.
        ComponentEntityType::Type { .. } | ComponentEntityType::Value(_) => return Vec::new(),
        ComponentEntityType::Func(_) => {
            return vec![format!(
                "imports a function `{}`, which this host does not give",
                shown(name)
            )];
        }
        ComponentEntityType::Module(_) | ComponentEntityType::Component(_) => {
            return vec![format!(
                "imports a module `{}`, which this host does not give",
                shown(name)
            )];
        }
    };
    let asked = Interface::of(name);
    let ours = Interface { path: asked.path, version: Some(CONTRACT.version()) };
    if CONTRACT.interface(asked.path).is_some() && asked.serves(ours) {
        return functions(scanned, instance)
            .flat_map(|(function, theirs)| given(scanned, asked, function, theirs))
            .collect();
    }
    if !needs_definition(scanned, instance) || interface::is_linked(asked) {
        return Vec::new();
    }
    vec![match CONTRACT.interface(asked.path) {
        Some(_) => format!("imports {}; this host gives {}", shown(name), CONTRACT.version()),
        None => not_given(name, asked),
    }]
}

fn not_given(name: &str, asked: Interface<'_>) -> String {
    let hint = NOT_GIVEN.iter().find(|(start, _)| asked.path.starts_with(start));
    let hint = hint.map(|(_, hint)| format!(": {hint}")).unwrap_or_default();
    format!("imports {}, which this host does not give{hint}", shown(name))
}

/// Whether the host gives a function of one of our interfaces.
fn given(
    scanned: &Scanned,
    asked: Interface<'_>,
    name: &str,
    theirs: ComponentFuncTypeId,
) -> Vec<String> {
    match CONTRACT.functions(asked.path).find(|function| function.name == name) {
        Some(function) => compared(scanned, function, theirs),
        None => {
            vec![format!("imports `{}` of {}, which has no such function", shown(name), asked.path)]
        }
    }
}

fn compared(scanned: &Scanned, function: &Function, theirs: ComponentFuncTypeId) -> Vec<String> {
    let mut comparison = Comparison::new(&CONTRACT, scanned);
    comparison.function(function, theirs);
    comparison.mismatches
}

/// Functions and what else it takes a definition for; types alone take none.
fn needs_definition(scanned: &Scanned, instance: ComponentInstanceTypeId) -> bool {
    let Some(instance) = scanned.types().get(instance) else { return false };
    instance.exports.values().any(|item| match item.ty {
        ComponentEntityType::Type { created, .. } => {
            matches!(created, wasmparser::component_types::ComponentAnyTypeId::Resource(_))
        }
        ComponentEntityType::Instance(within) => needs_definition(scanned, within),
        _ => true,
    })
}

fn functions(
    scanned: &Scanned,
    instance: ComponentInstanceTypeId,
) -> impl Iterator<Item = (&str, ComponentFuncTypeId)> {
    let instance = scanned.types().get(instance).into_iter();
    instance.flat_map(|instance| &instance.exports).filter_map(|(name, item)| match item.ty {
        ComponentEntityType::Func(function) => Some((name.as_str(), function)),
        _ => None,
    })
}

/// What a component exports where it does not export what it should.
fn instead(exports: &[String]) -> String {
    match exports {
        [] => "; it exports nothing".to_owned(),
        [first, ..] => format!("; it exports {}", shown(first)),
    }
}

/// A stranger's name in a text.
pub(super) fn shown(name: &str) -> String {
    text::clean(name, NAME_BYTES_MAX)
}

#[cfg(test)]
pub(super) mod tests;
