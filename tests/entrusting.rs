//! A credential typed at the command line: it goes in, and nothing ever shows it.

use std::io::Write as _;
use std::process::Stdio;

use crate::harness::Place;

const WELLS: &str = "well,time,level\nA,2020-01-01T00:00:00Z,1.5\nB,2020-01-02T00:00:00Z,2.5\n";

#[test]
fn a_secret_is_read_from_standard_input_and_never_shown() {
    let place = Place::new();
    place.file("wells.csv", WELLS);
    let imported = place.run(&["import", "wells.csv"]);
    assert!(matches!(imported.code, 0 | 2), "{imported:?}");
    let name = "wells.csv";
    let credential = ["datasource", "credential"];
    for kind in ["login", "oauth2"] {
        let set = ["set", name, "access", "--kind", kind, "--user", "me"];
        let mut command = place.command(&[&credential[..], &set].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"canary-password\n").unwrap();
        let said = child.wait_with_output().unwrap();
        assert!(said.status.success());
        let listed = place.run(&[&credential[..], &["list", name]].concat());
        assert!(listed.out.contains(&format!("{kind}  access")), "{listed:?}");
        let shown = place.run(&["datasource", "show", name]);
        for text in [&String::from_utf8(said.stdout).unwrap(), &listed.out, &shown.out] {
            assert!(!text.contains("canary"), "{text}");
        }
    }
    let database = std::fs::read(place.database()).unwrap();
    assert!(!database.windows(6).any(|bytes| bytes == b"canary"));
    let deleted = place.run(&[&credential[..], &["delete", name, "access"]].concat());
    assert_eq!(deleted.code, 0, "{deleted:?}");
    let again = place.run(&[&credential[..], &["delete", name, "access"]].concat());
    assert_eq!(again.code, 3, "{again:?}");
}

#[test]
fn a_client_is_entrusted_with_its_name_and_its_secret() {
    let place = Place::new();
    place.file("wells.csv", WELLS);
    let imported = place.run(&["import", "wells.csv"]);
    assert!(matches!(imported.code, 0 | 2), "{imported:?}");
    let set = ["datasource", "credential", "set", "wells.csv", "access", "--kind", "oauth2"];
    let nameless = place.run(&set);
    assert!(nameless.code == 3 && nameless.err.contains("needs --user"), "{nameless:?}");
    let mut command = place.command(&[&set[..], &["--user", "client"]].concat());
    let said = command.env("OURWATER_SECRET", "canary-secret").output().unwrap();
    assert!(said.status.success(), "{said:?}");
    let listed = place.run(&["datasource", "credential", "list", "wells.csv"]);
    assert!(listed.out.contains("oauth2  access") && !listed.out.contains("canary"), "{listed:?}");
}

#[test]
fn a_login_needs_a_user_and_a_network_must_be_one() {
    let place = Place::new();
    let cases: [&[&str]; 4] = [
        &["datasource", "credential", "set", "wells", "access", "--kind", "login"],
        &["datasource", "credential", "set", "wells", "access", "--kind", "oauth2"],
        &["--allow-network", "10.1.0.0/99", "org", "list"],
        &["datasource", "credential", "set", "wells", "access", "--kind", "spell"],
    ];
    for arguments in cases {
        assert_eq!(place.run(arguments).code, 3, "{arguments:?}");
    }
}
