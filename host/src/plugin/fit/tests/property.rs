//! Whatever fits, the linker takes, and whatever the linker takes, fits.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};
use wit_text::{PackageId, Type, TypeDefKind, WorldId, WorldItem};

use super::*;
use crate::grant::Grant;
use crate::plugin::bindings::PluginPre;
use crate::plugin::engine;
use crate::plugin::instance::Instance;
use crate::plugin::state::{self, State};

/// What is done to our contract, at places that are drawn.
#[derive(Debug, Clone, Copy)]
enum Change {
    RemoveMember,
    RenameMember,
    SwapMembers,
    AlterMember,
    RemoveFunction,
    RenameFunction,
    RemoveParameter,
    RenameParameter,
    AlterParameter,
    AlterResult,
    RemoveImport,
    Version,
}

fn changes() -> impl Strategy<Value = Vec<(Change, usize, usize)>> {
    use Change::*;
    let change = prop::sample::select(vec![
        RemoveMember,
        RenameMember,
        SwapMembers,
        AlterMember,
        RemoveFunction,
        RenameFunction,
        RemoveParameter,
        RenameParameter,
        AlterParameter,
        AlterResult,
        RemoveImport,
        Version,
    ]);
    prop::collection::vec((change, any::<usize>(), any::<usize>()), 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_fits_is_what_the_linker_takes(changes in changes()) {
        let (mut resolve, package, world) = parsed();
        for (change, at, member) in changes {
            apply(&mut resolve, package, world, change, at, member);
        }
        let Some(component) = encoded(&resolve, world) else { return Err(TestCaseError::reject("")) };
        let told = told(&component);
        prop_assert_eq!(told.is_empty(), is_taken(&component), "{:?}", told);
    }
}

fn parsed() -> (Resolve, PackageId, WorldId) {
    let mut sources = SourceMap::default();
    sources.push_str("contract.wit", contract());
    let mut resolve = Resolve::default();
    let package = resolve.push_group(sources.parse().map_err(|(_, error)| error).unwrap()).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    (resolve, package, world)
}

/// One of a list, or none of an empty one.
fn pick<T>(list: &mut [T], at: usize) -> Option<&mut T> {
    let index = at.checked_rem(list.len())?;
    list.get_mut(index)
}

fn apply(
    resolve: &mut Resolve,
    package: PackageId,
    world: WorldId,
    change: Change,
    at: usize,
    member: usize,
) {
    match change {
        Change::RemoveMember | Change::RenameMember | Change::SwapMembers | Change::AlterMember => {
            let mut types: Vec<_> = resolve.types.iter_mut().map(|(_, it)| &mut it.kind).collect();
            if let Some(kind) = pick(&mut types, at) {
                change_type(kind, change, member);
            }
        }
        Change::RemoveImport => {
            let imports = &mut resolve.worlds[world].imports;
            // The types that all others use stay.
            imports.shift_remove_index(1 + at % 4);
        }
        Change::Version => {
            let versions = ["0.1.0", "0.1.7", "0.2.0", "0.0.1", "1.0.0", "0.1.0-rc.1"];
            let version = versions[at % versions.len()].parse().unwrap();
            resolve.packages[package].name.version = Some(version);
        }
        _ => change_function(resolve, world, change, at, member),
    }
}

fn change_type(kind: &mut TypeDefKind, change: Change, member: usize) {
    match kind {
        TypeDefKind::Record(record) => {
            let ty = |it: &mut wit_text::Field| it.ty = Type::U8;
            let name = |it: &mut wit_text::Field| "other".clone_into(&mut it.name);
            change_members(&mut record.fields, change, member, name, ty);
        }
        TypeDefKind::Variant(variant) => {
            let ty = |it: &mut wit_text::Case| it.ty = it.ty.is_none().then_some(Type::U8);
            let name = |it: &mut wit_text::Case| "other".clone_into(&mut it.name);
            change_members(&mut variant.cases, change, member, name, ty);
        }
        TypeDefKind::Enum(cases) => {
            let name = |it: &mut wit_text::EnumCase| "other".clone_into(&mut it.name);
            change_members(&mut cases.cases, change, member, name, |_| {});
        }
        TypeDefKind::List(inner) | TypeDefKind::Option(inner) => *inner = Type::U16,
        TypeDefKind::Result(result) => result.ok = None,
        _ => {}
    }
}

fn change_members<T>(
    members: &mut Vec<T>,
    change: Change,
    at: usize,
    name: impl Fn(&mut T),
    ty: impl Fn(&mut T),
) {
    let index = at % members.len();
    match change {
        Change::RemoveMember => drop(members.remove(index)),
        Change::SwapMembers => members.swap(0, index),
        Change::RenameMember => name(&mut members[index]),
        _ => ty(&mut members[index]),
    }
}

fn change_function(
    resolve: &mut Resolve,
    world: WorldId,
    change: Change,
    at: usize,
    member: usize,
) {
    let world = &resolve.worlds[world];
    let items = world.imports.values().chain(world.exports.values());
    let interfaces: Vec<_> = items
        .filter_map(|item| match item {
            WorldItem::Interface { id, .. } => Some(*id),
            _ => None,
        })
        .collect();
    let functions = &mut resolve.interfaces[interfaces[at % interfaces.len()]].functions;
    if functions.is_empty() {
        return;
    }
    let index = member % functions.len();
    let function = &mut functions[index];
    match change {
        Change::RemoveFunction => drop(functions.shift_remove_index(index)),
        Change::RenameFunction => {
            let mut function = function.clone();
            "other".clone_into(&mut function.name);
            functions.shift_remove_index(index);
            functions.insert("other".to_owned(), function);
        }
        Change::RemoveParameter => drop(function.params.pop()),
        Change::RenameParameter => {
            if let Some(parameter) = pick(&mut function.params, at) {
                "other".clone_into(&mut parameter.name);
            }
        }
        Change::AlterParameter => {
            if let Some(parameter) = pick(&mut function.params, at) {
                parameter.ty = Type::S16;
            }
        }
        _ => function.result = function.result.is_none().then_some(Type::U8),
    }
}

/// As a plugin is made ready, short of calling it.
fn is_taken(component: &[u8]) -> bool {
    static HOST: LazyLock<(Engine, Linker<State>)> = LazyLock::new(|| {
        let engine = engine::start().unwrap();
        let mut linker = Linker::new(&engine);
        state::link(&mut linker).unwrap();
        (engine, linker)
    });
    let (engine, linker) = &*HOST;
    let component = Component::new(engine, component).unwrap();
    let Ok(pre) = linker.instantiate_pre(&component).and_then(PluginPre::new) else { return false };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let limits = Arc::new(Limits::default());
    runtime.block_on(Instance::start(engine, &pre, &limits, Grant::default())).is_ok()
}
