//! Dependencies point down, and each heavy package is named in one place only.

use std::path::{Path, PathBuf};

/// Which modules of the host a module may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("private", &["domain"]),
    ("grant", &["domain"]),
    ("plugin", &["domain", "grant", "private"]),
    ("check", &["domain", "grant", "plugin"]),
    ("store", &["domain", "private"]),
    ("sync", &["domain", "grant", "plugin", "store"]),
    ("http", &["domain", "store", "sync", "plugin", "check", "app"]),
    ("app", &["domain", "store", "sync", "plugin", "check"]),
    ("kit", &[]),
    ("cli", &["domain", "store", "sync", "plugin", "check", "app", "http", "kit"]),
];

/// Where a package may be named.
const NAMED_IN: &[(&str, &[&str])] =
    &[("sqlx", &["store"]), ("wasmtime", &["plugin", "grant"]), ("axum", &["http"])];

const FILE_LINES_MAX: usize = 400;

#[test]
fn arrows_point_down_only() {
    let mut wrong = Vec::new();
    for (module, path, text) in sources() {
        let Some((_, allowed)) = MAY_NAME.iter().find(|(name, _)| *name == module) else {
            continue;
        };
        for (other, _) in MAY_NAME.iter().filter(|(name, _)| *name != module) {
            if text.contains(&format!("crate::{other}")) && !allowed.contains(other) {
                wrong.push(format!("{} names {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn heavy_packages_have_one_place() {
    let mut wrong = Vec::new();
    for (module, path, text) in sources() {
        for (package, places) in NAMED_IN {
            if text.contains(&format!("{package}::")) && !places.contains(&module.as_str()) {
                wrong.push(format!("{} names {package}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_are_short() {
    let long: Vec<String> = sources()
        .filter(|(_, _, text)| text.lines().count() > FILE_LINES_MAX)
        .map(|(_, path, text)| format!("{}: {}", path.display(), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

/// Module, path and text of every source file of the host.
fn sources() -> impl Iterator<Item = (String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 30, "the sources are not where they were");
    files.into_iter().map(move |path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let first = path.strip_prefix(&root).unwrap().components().next().unwrap();
        let module = first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
        (module, path, text)
    })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
}
