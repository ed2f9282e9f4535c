//! What serves a plugin, where it goes, and what is said where it does not.

use serde_json::Value;

use super::*;
use crate::domain::origin::Origin;

fn way(ask: &Ask, credential: &Credential) -> Result<Way, Misfit> {
    ask.key(credential, &BTreeMap::new()).map(|key| key.way)
}

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
    let Ok(Way::Login { user, login, .. }) = way(&legacy(), &login) else { panic!() };
    assert_eq!((user.as_str(), login.send), ("me", Carrier::Query("access_token".to_owned())));
    let token = credential(json!({"kind": "query", "value": "canary"}));
    let Ok(Way::Fixed(send, _)) = way(&legacy(), &token) else { panic!() };
    assert_eq!(send, Carrier::Query("access_token".to_owned()));
}

#[test]
fn what_does_not_serve_is_told_with_what_would() {
    let basic = credential(json!({"kind": "basic", "user": "me", "password": "canary"}));
    let misfit = way(&legacy(), &basic).unwrap_err().to_string();
    assert!(misfit.contains("the plugin takes query or login"), "{misfit}");
    let open = ask(json!({"why": "to read"}));
    assert!(way(&open, &basic).is_ok());
    let nameless = credential(json!({"kind": "header", "value": "canary"}));
    assert_eq!(way(&open, &nameless).unwrap_err(), Misfit::Name("header"));
    let login = credential(json!({"kind": "login", "user": "me", "password": "canary"}));
    assert_eq!(way(&open, &login).unwrap_err(), Misfit::NoLogin);
}

#[test]
fn a_credential_reads_back_from_what_is_sealed_and_shows_no_secret() {
    for kind in [
        json!({"kind": "header", "name": "X-Key", "value": "canary"}),
        json!({"kind": "query", "name": null, "value": "canary"}),
        json!({"kind": "basic", "user": "me", "password": "canary"}),
        json!({"kind": "bearer", "token": "canary"}),
        json!({"kind": "login", "user": "me", "password": "canary"}),
        json!({"kind": "oauth2", "client": "me", "secret": "canary"}),
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

#[test]
fn a_client_takes_its_recipe_from_the_plugin() {
    let client = credential(json!({"kind": "oauth2", "client": "me", "secret": "canary"}));
    let asked = ask(json!({"why": "to read", "oauth2": {"token": "/oauth/token", "in": "body"}}));
    let Ok(Way::Oauth2 { client: who, oauth2, .. }) = way(&asked, &client) else { panic!() };
    assert_eq!((who.as_str(), oauth2.proof), ("me", ClientProof::Body));
    assert_eq!(way(&ask(json!({"why": "to read"})), &client), Err(Misfit::NoLogin));
}

#[test]
fn a_key_goes_to_the_servers_that_are_named_and_else_to_the_configured_ones() {
    let origin = |text: &str| text.parse::<Origin>().unwrap();
    let (ours, other) = (origin("https://a.example"), origin("https://b.example"));
    let configured = BTreeMap::from([
        ("server".to_owned(), ours.clone()),
        ("archive".to_owned(), other.clone()),
    ]);
    let token = credential(json!({"kind": "bearer", "token": "canary"}));
    let cases = [
        (json!([]), vec![other, ours.clone()]),
        (json!(["server"]), vec![ours.clone()]),
        (json!(["server", "https://c.example/"]), vec![ours, origin("https://c.example")]),
        (json!(["left-out"]), vec![]),
    ];
    for (origins, expected) in cases {
        let ask = ask(json!({"why": "to read", "origins": origins}));
        assert_eq!(ask.key(&token, &configured).unwrap().origins, expected);
    }
}
