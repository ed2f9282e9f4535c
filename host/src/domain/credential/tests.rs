//! What serves a plugin, and what is said where it does not.

use super::*;

fn ask(json: Value) -> Ask {
    serde_json::from_value(json).unwrap()
}

fn credential(json: Value) -> Credential {
    serde_json::from_value(json).unwrap()
}

fn legacy() -> Ask {
    ask(json!({
        "why": "to read and write",
        "login": {"path": "/api/Clients/login", "user": "username", "password": "password",
                  "token": "/id", "send": {"query": "access_token"}},
        "query": "access_token",
    }))
}

#[test]
fn a_login_takes_its_recipe_and_a_token_its_name_from_the_plugin() {
    let login = credential(json!({"kind": "login", "user": "me", "password": "canary"}));
    let Ok(Key::Login { user, login, .. }) = legacy().key(&login) else { panic!() };
    assert_eq!((user.as_str(), login.send), ("me", Carrier::Query("access_token".to_owned())));
    let token = credential(json!({"kind": "query", "value": "canary"}));
    let Ok(Key::Fixed(send, _)) = legacy().key(&token) else { panic!() };
    assert_eq!(send, Carrier::Query("access_token".to_owned()));
}

#[test]
fn what_does_not_serve_is_told_with_what_would() {
    let basic = credential(json!({"kind": "basic", "user": "me", "password": "canary"}));
    let misfit = legacy().key(&basic).unwrap_err().to_string();
    assert!(misfit.contains("the plugin takes query or login"), "{misfit}");
    let open = ask(json!({"why": "to read"}));
    assert!(open.key(&basic).is_ok());
    let nameless = credential(json!({"kind": "header", "value": "canary"}));
    assert_eq!(open.key(&nameless).unwrap_err(), Misfit::Name("header"));
    let login = credential(json!({"kind": "login", "user": "me", "password": "canary"}));
    assert_eq!(open.key(&login).unwrap_err(), Misfit::NoLogin);
}

#[test]
fn a_credential_reads_back_from_what_is_sealed_and_shows_no_secret() {
    for kind in [
        json!({"kind": "header", "name": "X-Key", "value": "canary"}),
        json!({"kind": "query", "name": null, "value": "canary"}),
        json!({"kind": "basic", "user": "me", "password": "canary"}),
        json!({"kind": "bearer", "token": "canary"}),
        json!({"kind": "login", "user": "me", "password": "canary"}),
    ] {
        let it = credential(kind);
        assert_eq!(serde_json::from_str::<Credential>(&it.expose()).unwrap(), it);
        assert!(!format!("{it:?}").contains("canary"), "{it:?}");
    }
}

#[test]
fn an_ask_this_host_does_not_know_is_refused_and_not_passed_over() {
    let asked = BTreeMap::from([(
        "credentials".to_owned(),
        json!({"access": {"why": "to read", "kerberos": true}}),
    )]);
    assert!(asks(&asked).unwrap_err().contains("kerberos"));
    let bad_name = BTreeMap::from([("credentials".to_owned(), json!({"A b": {"why": ""}}))]);
    assert!(asks(&bad_name).is_err());
}
