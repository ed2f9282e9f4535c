use serde_json::json;

use super::*;
use crate::domain::plugin::{Duplicates, Paging};
use crate::domain::sync::Datatype;

fn good() -> Description {
    Description {
        name: "rain-gauges".to_owned(),
        version: "1.2.0".to_owned(),
        gets: vec![Datatype::Reading],
        pushes: Vec::new(),
        paging: Paging::default(),
        duplicates: Duplicates::default(),
        decimals: None,
        step: 1,
        keeps: BTreeMap::new(),
        schema: json!({"type": "object", "properties": {"url": {"description": "Where it is."}}}),
        asks: asks(&json!({"http": "asks for rain"})),
    }
}

fn asks(asks: &Value) -> BTreeMap<String, Value> {
    serde_json::from_value(asks.clone()).unwrap()
}

fn mistakes(change: impl FnOnce(&mut Description)) -> Vec<String> {
    let mut description = good();
    change(&mut description);
    judge(&description).err().unwrap_or_default()
}

/// Of a description that is fit.
fn remarks(schema: Value, asked: &Value) -> Vec<String> {
    let description = Description { schema, asks: asks(asked), ..good() };
    warnings(&description, &judge(&description).unwrap())
}

#[test]
fn a_good_description_is_fit_and_there_is_nothing_to_say() {
    let asked = judge(&good()).unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(warnings(&good(), &asked), [""; 0]);
}

#[test]
fn a_name_is_typed_and_stands_in_addresses() {
    for name in ["", "Rain", "rain gauges", "rain/gauges", "régen", &"a".repeat(65)] {
        let told = mistakes(|it| name.clone_into(&mut it.name));
        let expected = format!("its name is {name:?}: 1 to 64 small letters, digits and hyphens");
        assert_eq!(told, [expected]);
    }
    assert_eq!(mistakes(|it| it.name = "a".repeat(64)), [""; 0]);
}

#[test]
fn a_version_is_there_and_short() {
    let told = mistakes(|it| it.version = String::new());
    assert_eq!(told, ["its version is \"\": 1 to 64 characters"]);
    assert_eq!(mistakes(|it| it.version = "9".repeat(65)).len(), 1);
}

#[test]
fn a_plugin_that_moves_nothing_is_none() {
    let told = mistakes(|it| it.gets.clear());
    assert_eq!(told, ["it neither gets nor takes anything: `gets` and `pushes` are empty"]);
}

#[test]
fn a_schema_is_one_of_an_object_in_the_dialect_and_within_itself() {
    let list = json!({"$ref": "#/$defs/list"});
    let cases = [
        (
            json!({"type": "string"}),
            "its schema describes no object: it needs \"type\": \"object\"",
        ),
        (
            json!({"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"}),
            "its schema is of another dialect than https://json-schema.org/draft/2020-12/schema",
        ),
        (
            json!({"type": "object", "properties": {"url": {"type": "text"}}}),
            "its schema is no JSON Schema 2020-12: at \"/properties/url/type\": ",
        ),
        (
            json!({"type": "object", "properties": {"url": {"$ref": "https://a.example/url"}}}),
            "its schema refers to \"https://a.example/url\": only \"#/…\" within itself is followed",
        ),
        (
            json!({"type": "object", "properties": {"url": list}, "$defs": {"list": list}}),
            "its schema refers to \"#/$defs/list\", and from there to itself without end",
        ),
        (json!({"type": "object", "properties": {"url": {"pattern": "("}}}), "its schema"),
    ];
    for (schema, expected) in cases {
        let told = mistakes(|it| it.schema = schema);
        assert!(told.len() == 1 && told[0].starts_with(expected), "{told:?}");
    }
}

#[test]
fn a_list_of_lists_is_no_reference_without_end() {
    let tree = json!({"type": "array", "items": {"$ref": "#/$defs/tree"}});
    let schema = json!({"type": "object", "properties": {"tree": tree}, "$defs": {"tree": tree}});
    assert_eq!(mistakes(|it| it.schema = schema), [""; 0]);
}

#[test]
fn asks_that_are_not_understood_are_told() {
    let told = mistakes(|it| it.asks = asks(&json!({"http": {"hosts": ["a.example"]}})));
    assert!(told.len() == 1 && told[0].starts_with("http.hosts, \"a.example\": "), "{told:?}");
    let told = mistakes(|it| it.asks = asks(&json!({"credentials": {"access": {"spell": 1}}})));
    let expected = "how it asks for credentials is not understood: ";
    assert!(told.len() == 1 && told[0].starts_with(expected), "{told:?}");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let told = mistakes(|it| {
        it.name.clear();
        it.version.clear();
        it.gets.clear();
        it.schema = json!(true);
        it.asks = asks(&json!({"credentials": 7}));
    });
    assert_eq!(told.len(), 5, "{told:?}");
}

#[test]
fn what_people_will_miss_is_worth_a_look() {
    let schema = json!({"type": "object", "properties": {"url": {}, "wells": {"description": ""}}});
    let told = remarks(schema, &json!({"http": "", "mqtt": "listens"}));
    let expected = [
        "its configuration does not describe: url, wells",
        "it asks for http:configured and does not say why",
        "mqtt: this host has nothing of that name to give",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_field_that_looks_like_a_secret_is_worth_a_look_wherever_it_is() {
    let field = |name: &str| json!({name: {"description": "Yours."}});
    for name in ["password", "apiKey", "api_key", "clientSecret", "access-token"] {
        let login = json!({"description": "How.", "properties": field(name)});
        let schema = json!({"type": "object", "properties": {"login": login}});
        let told = remarks(schema, &json!({}));
        let expected = format!(
            "its configuration seems to hold a secret: {name}; secrets are credentials, which it \
             asks for and never sees"
        );
        assert_eq!(told, [expected]);
    }
    let schema = json!({"type": "object", "properties": field("key")});
    assert_eq!(remarks(schema, &json!({})), [""; 0]);
}

#[test]
fn a_configuration_of_a_thousand_fields_names_ten() {
    let fields: serde_json::Map<_, _> =
        (0..1000).map(|it| (format!("f{it:03}"), json!({}))).collect();
    let told = remarks(json!({"type": "object", "properties": fields}), &json!({}));
    let names: Vec<_> = (0..10).map(|it| format!("f{it:03}")).collect();
    let expected = format!("its configuration does not describe: {} and more", names.join(", "));
    assert_eq!(told, [expected]);
}
