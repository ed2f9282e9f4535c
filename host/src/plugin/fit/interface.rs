//! Names of interfaces: when one version serves for another, and what an import means to this host.

/// An interface as a component names it, as in wasi:clocks/wall-clock@0.2.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plugin) struct Interface<'a> {
    /// Package and name.
    pub(in crate::plugin) path: &'a str,
    pub(in crate::plugin) version: Option<&'a str>,
}

/// What our own interfaces let a plugin do, once it is granted.
const OURS: [(&str, &str); 5] = [
    ("files", "reads the files its configuration names, and writes exports"),
    ("http", "sends requests to servers it was allowed"),
    ("sql", "queries connections it was allowed"),
    ("log", "writes lines in the run's log"),
    ("records", "the contract's types"),
];

/// WASI that is linked, and what that means; by package.
const WASI: [(&str, &[&str], &str); 6] = [
    ("wasi:clocks", &["wall-clock", "monotonic-clock"], "reads this host's clock"),
    ("wasi:random", &["random", "insecure", "insecure-seed"], "gets random numbers"),
    (
        "wasi:io",
        &["error", "poll", "streams"],
        "moves bytes within the sandbox, and reaches nothing outside",
    ),
    (
        "wasi:cli",
        &[
            "exit",
            "environment",
            "stdin",
            "stdout",
            "stderr",
            "terminal-input",
            "terminal-output",
            "terminal-stdin",
            "terminal-stdout",
            "terminal-stderr",
        ],
        "finds no arguments, no environment and no input; what it prints is kept for error texts only",
    ),
    ("wasi:filesystem", &["types", "preopens"], "finds no files and no folders"),
    (
        "wasi:sockets",
        &[
            "tcp",
            "tcp-create-socket",
            "udp",
            "udp-create-socket",
            "instance-network",
            "network",
            "ip-name-lookup",
        ],
        "may try to open connections: each is denied",
    ),
];

/// The version of WASI that is linked.
const WASI_VERSION: &str = "0.2.0";

/// How interfaces begin that people expect and this host does not give, and what to do.
pub(in crate::plugin) const NOT_GIVEN: [(&str, &str); 4] = [
    ("wasi:http", "use ourwater:datasource/http"),
    ("wasi:keyvalue", "a plugin keeps no state; what it must know next time goes into the cursor"),
    ("wasi:config", "the configuration is handed to every function"),
    (
        "wasi:",
        "this host links WASI 0.2 without http; compile for it, for example for wasm32-wasip2",
    ),
];

impl<'a> Interface<'a> {
    pub(in crate::plugin) fn of(name: &'a str) -> Self {
        match name.rsplit_once('@') {
            Some((path, version)) => Self { path, version: Some(version) },
            None => Self { path: name, version: None },
        }
    }

    /// Whether the linker takes one for the other: versions that semantic versioning calls
    /// compatible.
    pub(super) fn serves(self, other: Self) -> bool {
        let track = |it: Self| it.version.and_then(track);
        self == other
            || self.path == other.path && track(self).is_some_and(|ours| track(other) == Some(ours))
    }

    /// The package, as in wasi:clocks, and the name in it.
    pub(in crate::plugin) fn package(self) -> (&'a str, &'a str) {
        self.path.split_once('/').unwrap_or((self.path, ""))
    }
}

/// What compatible versions have in common; none where only the same one is.
fn track(version: &str) -> Option<&str> {
    let version = version.split('+').next()?;
    if version.contains('-') {
        return None;
    }
    let (major, rest) = version.split_once('.')?;
    let (minor, _patch) = rest.split_once('.')?;
    match (major, minor) {
        ("0", "0") => None,
        ("0", _) => version.get(..major.len() + 1 + minor.len()),
        _ => Some(major),
    }
}

/// Whether WASI as it is linked has the interface.
pub(super) fn is_linked(asked: Interface<'_>) -> bool {
    let (package, name) = asked.package();
    let linked = Interface { path: asked.path, version: Some(WASI_VERSION) };
    let listed = WASI.iter().any(|(it, names, _)| *it == package && names.contains(&name));
    listed && asked.serves(linked)
}

/// What an import means here; none for what this host does not know.
pub(in crate::plugin) fn meaning(asked: Interface<'_>) -> Option<&'static str> {
    let (package, name) = asked.package();
    if package == "ourwater:datasource" {
        return OURS.iter().find(|(it, _)| *it == name).map(|(_, meaning)| *meaning);
    }
    WASI.iter().find(|(it, ..)| *it == package).map(|(.., meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_serve_for_each_other_as_semantic_versioning_has_it() {
        let serves = |one, other| Interface::of(one).serves(Interface::of(other));
        assert!(serves("a:b/c@0.1.0", "a:b/c@0.1.7") && serves("a:b/c@1.9.0", "a:b/c@1.0.2"));
        assert!(serves("a:b/c@0.0.3", "a:b/c@0.0.3") && serves("a:b/c", "a:b/c"));
        for other in ["a:b/c@0.2.0", "a:b/c@1.1.0", "a:b/d@0.1.0", "a:b/c", "a:b/c@0.1.0-rc.1"] {
            assert!(!serves("a:b/c@0.1.0", other), "{other}");
        }
        assert!(!serves("a:b/c@0.0.3", "a:b/c@0.0.4") && !serves("a:b/c@x", "a:b/c@y"));
    }
}
