//! Our own contract, read from the very text that plugins are made from.

use std::sync::LazyLock;

use wit_parser::{Function, InterfaceId, PackageId, Resolve, SourceMap, Type, TypeDef};

/// The interface that a plugin exports.
pub(super) const EXPORTED: &str = "ourwater:datasource/datasource";

/// Its text, by file.
const TEXTS: [(&str, &str); 3] = [
    ("records.wit", include_str!("../../../../wit/records.wit")),
    ("host.wit", include_str!("../../../../wit/host.wit")),
    ("datasource.wit", include_str!("../../../../wit/datasource.wit")),
];

/// Parsed once.
pub(super) static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    Contract::parse().expect("the contract is a text of ours, and bindings are generated from it")
});

/// The package ourwater:datasource.
pub(super) struct Contract {
    resolve: Resolve,
    package: PackageId,
    version: String,
}

impl Contract {
    fn parse() -> Option<Self> {
        let mut sources = SourceMap::default();
        for (name, text) in TEXTS {
            sources.push_str(name, text);
        }
        let mut resolve = Resolve::default();
        let package = resolve.push_group(sources.parse().ok()?).ok()?;
        let version = resolve.packages.get(package)?.name.version.as_ref()?.to_string();
        Some(Self { resolve, package, version })
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// An interface by its path, as in ourwater:datasource/files.
    pub(super) fn interface(&self, path: &str) -> Option<InterfaceId> {
        let (package, name) = path.split_once('/')?;
        let ours = self.resolve.packages.get(self.package)?;
        let (namespace, rest) = package.split_once(':')?;
        if (namespace, rest) != (ours.name.namespace.as_str(), ours.name.name.as_str()) {
            return None;
        }
        ours.interfaces.get(name).copied()
    }

    pub(super) fn functions(&self, path: &str) -> impl Iterator<Item = &Function> {
        let interface = self.interface(path).and_then(|id| self.resolve.interfaces.get(id));
        interface.into_iter().flat_map(|interface| interface.functions.values())
    }

    /// What a type is; none for those that are built in.
    pub(super) fn definition(&self, of: Type) -> Option<&TypeDef> {
        match of {
            Type::Id(id) => self.resolve.types.get(id),
            _ => None,
        }
    }
}
