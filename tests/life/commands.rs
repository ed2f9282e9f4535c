//! The same life, typed.

use crate::harness::Place;

use super::{RAIN, rain};

#[test]
fn a_plugin_is_added_allowed_activated_run_replaced_and_rolled_back_by_command() {
    let place = Place::new();
    place.file("rain.txt", RAIN);
    let first = place.file("first.wasm", rain("first"));
    let second = place.file("second.wasm", rain("second"));
    let run = |arguments: &[&str]| {
        let ended = place.run(arguments);
        assert!(matches!(ended.code, 0 | 2), "{arguments:?}: {ended:?}");
        ended.out
    };
    let shown = run(&["plugin", "add", first.to_str().unwrap()]);
    assert!(shown.contains("rain 1.0.0  uploaded"), "{shown}");
    assert!(shown.contains("files: read the files its configuration names"), "{shown}");
    assert!(shown.contains("ourwater plugin allow "), "it says what to type next: {shown}");
    let digest = |out: &str| {
        let line = out.lines().find(|line| line.trim().starts_with("digest")).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    let first = digest(&shown);
    let refused = place.run(&["plugin", "activate", &first]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("waits for a decision"), "{refused:?}");
    run(&["plugin", "allow", &first[..8], "--all"]);
    let shown = run(&["plugin", "activate", &first[..8]]);
    assert!(shown.contains("rain 1.0.0  active"), "{shown}");

    run(&["org", "create", "Dharta"]);
    run(&["file", "upload", "rain.txt"]);
    run(&["datasource", "create", "rain", "--plugin", "rain", "--set", "file=rain.txt"]);
    run(&[
        "sync",
        "create",
        "rain",
        "--datasource",
        "rain",
        "--method",
        "pull-from-datasource",
        "--datatype",
        "reading",
    ]);
    run(&["sync", "run", "rain"]);
    assert!(run(&["readings", "export"]).contains(",1.5"));

    let shown = run(&["plugin", "add", second.to_str().unwrap()]);
    assert!(shown.contains("rain 2.0.0  allowed"), "{shown}");
    run(&["plugin", "activate", &digest(&shown)[..8]]);
    run(&["sync", "run", "rain"]);
    assert!(run(&["readings", "export"]).contains(",15"));
    let shown = run(&["plugin", "rollback", "rain"]);
    assert!(shown.contains("rain 1.0.0  active") && shown.contains("used by  rain of Dharta"));
    run(&["sync", "run", "rain"]);
    assert!(run(&["readings", "export"]).contains(",1.5"));
    let told = run(&["plugin", "events"]);
    assert!(told.contains("command line  rolled back to rain 1.0.0"), "{told}");
    let listed = run(&["plugin", "list", "--json"]);
    assert!(listed.contains("\"state\": \"active\""), "{listed}");
}

#[test]
fn what_was_mistyped_is_said_before_anything_is_done() {
    let place = Place::new();
    let first = place.file("first.wasm", rain("first"));
    assert_eq!(place.run(&["plugin", "add", first.to_str().unwrap()]).code, 0);
    let cases: [(&[&str], &str); 9] = [
        (&["plugin", "allow", "0000", "--limit", "memory_bytes_max"], "NAME=NUMBER"),
        (&["plugin", "list", "--plugin-limit", "memory=1"], "no limit named \"memory\""),
        (&["plugin", "list", "--plugin-limit", "memory_bytes_max=1"], "can be 1048576 to"),
        (
            &["plugin", "add", "first.wasm", "--plugin-limit", "component_bytes_max=8"],
            "component_bytes_max: a component has at most 8 bytes",
        ),
        (&["plugin", "show", "0000"], "there is no version"),
        (&["plugin", "show", "0"], "at least 4 digits"),
        (&["plugin", "allow", "0000", "--permission", "everything"], "is no permission"),
        (&["plugin", "rollback", "snow"], "there is no active plugin"),
        (&["plugin", "add", "nothing.wasm"], "nothing.wasm cannot be read"),
    ];
    for (arguments, words) in cases {
        let refused = place.run(arguments);
        assert!(refused.code == 3 || refused.code == 1, "{refused:?}");
        assert!(refused.err.contains(words), "{words}: {refused:?}");
    }
}

#[test]
fn limits_are_listed_and_set_for_a_host_and_for_a_version() {
    let place = Place::new();
    let listed = place.run(&["plugin", "limits", "--plugin-limit", "memory_bytes_max=2097152"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    let line = |name: &str| {
        let line = listed.out.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("{name}: {listed:?}")).to_owned()
    };
    assert!(line("memory_bytes_max").contains("2 MiB  version"), "{listed:?}");
    assert!(line("component_bytes_max").contains("64 MiB  host"), "{listed:?}");
    let first = place.file("first.wasm", rain("first"));
    let added = place.run(&["plugin", "add", first.to_str().unwrap(), "--json"]);
    let digest = added.json()["digest"].as_str().unwrap().to_owned();
    let allow = |limit: &str| place.run(&["plugin", "allow", &digest, "--all", "--limit", limit]);
    let refused = allow("compile_memory_bytes_max=1073741824");
    assert!(refused.err.contains("set with --plugin-limit"), "{refused:?}");
    let allowed = allow("memory_bytes_max=4194304");
    assert!(allowed.out.contains("memory_bytes_max 4194304"), "{allowed:?}");
}

#[test]
fn an_administrator_is_made_renewed_and_deleted() {
    let place = Place::new();
    let made = place.run(&["admin", "create", "Asha", "--json"]);
    assert!(made.json()["token"].as_str().unwrap().starts_with("ourwater_"), "{made:?}");
    assert_eq!(place.run(&["admin", "create", "Asha"]).code, 3);
    let renewed = place.run(&["admin", "token", "Asha", "--json"]);
    assert_ne!(renewed.json()["token"], made.json()["token"]);
    assert!(place.run(&["admin", "list"]).out.contains("Asha"));
    assert_eq!(place.run(&["admin", "delete", "Asha"]).code, 0);
    assert_eq!(place.run(&["admin", "delete", "Asha"]).code, 3);
}
