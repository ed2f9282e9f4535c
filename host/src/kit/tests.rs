use std::collections::BTreeMap;

use super::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Texts of the files below a folder, by their path in it.
fn texts(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let place = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(place, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

fn begun(name: &str, language: Language) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    begin(&name.parse().unwrap(), language, &folder.path().join("new")).unwrap();
    texts(&folder.path().join("new"))
}

#[test]
fn a_name_has_small_letters_digits_and_hyphens() {
    for good in ["a", "rain-2", "7", &"x".repeat(64)] {
        assert!(good.parse::<Name>().is_ok(), "{good}");
    }
    for bad in ["", "Rain", "a_b", "../a", "a/b", "a b", "é", &"x".repeat(65)] {
        assert!(bad.parse::<Name>().is_err(), "{bad}");
    }
}

#[test]
fn a_project_carries_its_own_name_and_nothing_of_the_templates() {
    for language in [Language::Rust, Language::Python] {
        let files = begun("rain-gauges", language);
        for (place, text) in &files {
            assert!(!text.contains("rest-wells") && !text.contains("rest_wells"), "{place}");
        }
        assert!(files["README.md"].contains("rain-gauges"));
    }
    assert!(begun("rain-gauges", Language::Rust)["tests/plugin.rs"].contains("plugin_rain_gauges"));
}

#[test]
fn no_file_of_the_templates_the_contract_or_the_kit_is_forgotten() {
    let written = |from: &Path, files: &BTreeMap<String, String>| {
        let kept: Vec<&String> = files.values().collect();
        for (place, text) in texts(from) {
            let is_kept = kept.contains(&&text) || place.starts_with('.');
            assert!(is_kept, "{} is forgotten in kit/files.rs", from.join(place).display());
        }
    };
    let (rust, python) = (begun(TEMPLATE, Language::Rust), begun(TEMPLATE, Language::Python));
    written(&root().join("plugins/templates/rust"), &rust);
    written(&root().join("plugins/sdk/src"), &rust);
    written(&root().join("plugins/templates/python"), &python);
    for files in [&rust, &python] {
        written(&root().join("plugins/templates/fixture"), files);
        for (place, text) in texts(&root().join("wit")) {
            let contract = Path::new(&place).extension().is_some_and(|it| it == "wit");
            assert!(!contract || files[&format!("wit/{place}")] == text, "{place} is forgotten");
        }
    }
}

#[test]
fn the_kit_in_a_project_stands_on_what_ours_stands_on() {
    let ours = fs::read_to_string(root().join("plugins/sdk/Cargo.toml")).unwrap();
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let theirs = &begun("a", Language::Rust)["vendor/ourwater-sdk/Cargo.toml"];
    let inherited = ours.lines().filter_map(|line| line.strip_suffix(".workspace = true"));
    let mut lines = 0;
    for name in inherited {
        let beginning = format!("{name} = ");
        let line = workspace.lines().find(|line| line.starts_with(&beginning)).unwrap();
        assert!(theirs.lines().any(|it| it == line), "{line} is not in the template");
        lines += 1;
    }
    assert!(lines > 5, "the kit's manifest is not what it was");
}

#[test]
fn nothing_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let name: Name = "a".parse().unwrap();
    fs::write(folder.path().join("mine"), "mine").unwrap();
    for place in [folder.path().to_owned(), folder.path().join("mine")] {
        let error = begin(&name, Language::Python, &place).unwrap_err();
        assert!(matches!(error, Error::Present(_)), "{error}");
    }
    assert_eq!(texts(folder.path()), BTreeMap::from([("mine".to_owned(), "mine".to_owned())]));
    let empty = tempfile::tempdir().unwrap();
    begin(&name, Language::Python, empty.path()).unwrap();
}
