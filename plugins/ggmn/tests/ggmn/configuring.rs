//! What an administrator is told before anything is kept.

use ourwater_sdk::{Datasource, Failure, native};
use plugin_ggmn::{Config, Ggmn, Version};
use serde_json::{Value, json};

use crate::world::{BOTH, World};

fn fields(world: &World) -> Vec<String> {
    Ggmn::check(&world.config).unwrap().into_iter().map(|remark| remark.field).collect()
}

#[test]
fn a_check_says_when_everything_is_asked_for_and_which_code_nobody_has() {
    for version in BOTH {
        let mut world = World::new(version);
        world.well("1696");
        world.lizard.behave(|quirks| quirks.count = Some(106_962));
        let remarks = Ggmn::check(&world.config).unwrap();
        let all = remarks.iter().find(|remark| remark.field == "codes").unwrap();
        assert!(all.text.contains("106962"), "{}", all.text);
        world.config.codes = vec!["1696".to_owned()];
        assert!(!fields(&world).contains(&"codes".to_owned()));
        world.config.codes.push("nowhere".to_owned());
        let remarks = Ggmn::check(&world.config).unwrap();
        let none = remarks.iter().find(|remark| remark.field == "codes").unwrap();
        assert!(none.text.contains("nowhere"), "{}", none.text);
        assert_eq!(fields(&world).contains(&"version".to_owned()), version == Version::V3);
    }
}

#[test]
fn the_version_that_answers_is_proposed_and_wells_are_asked_for_on_real_data() {
    for version in BOTH {
        let world = World::new(version);
        let (well, _) = world.well("1696");
        world.lizard.behave(|quirks| quirks.only_v3 = version == Version::V3);
        let proposal = Ggmn::propose(&json!({"url": world.config.url})).unwrap();
        let config: Value = serde_json::from_str(&proposal.config).unwrap();
        assert_eq!(config["version"], if version == Version::V3 { "v3" } else { "v4" });
        assert_eq!(proposal.found[0].field, "version");
        let choice = &proposal.undecided[0].choices[0];
        assert_eq!(choice.value, r#"["1696"]"#);
        assert!(choice.example.contains(&well), "{}", choice.example);
        let all = Ggmn::propose(&json!({"url": world.config.url, "codes": []})).unwrap();
        assert!(all.undecided.is_empty(), "who says so gets all");
        let config: Config = serde_json::from_str(&proposal.config).unwrap();
        assert!(Ggmn::check(&config).is_ok());
    }
    let nothing = Ggmn::propose(&json!({})).unwrap();
    assert_eq!(nothing.undecided[0].field, "url");
}

#[test]
fn what_cannot_be_is_named_by_its_field() {
    let mut world = World::new(Version::V4);
    for url in ["", "ggmn.lizard.net", "ftp://a", "https://", "http://a?b"] {
        let config = Config { url: url.to_owned(), ..world.config.clone() };
        let failure = Ggmn::check(&config).unwrap_err();
        assert!(matches!(&failure, Failure::Config(it) if it.field == "url"), "{url}: {failure:?}");
    }
    world.config.url = format!("{}/elsewhere/", world.lizard.url());
    assert!(Ggmn::check(&world.config).is_ok(), "a server may stand below a path");
    let blank = Config { codes: vec![" ".to_owned()], ..world.config.clone() };
    assert!(matches!(Ggmn::check(&blank), Err(Failure::Config(it)) if it.field == "codes"));
    let wrong = serde_json::from_value::<Config>(json!({"url": "http://a", "bbox": [1, 2, 0, 3]}));
    assert!(wrong.unwrap_err().to_string().contains("`bbox`"));
}

#[test]
fn a_wrong_key_is_denied_and_so_is_a_server_that_is_no_lizard() {
    let world = World::new(Version::V4);
    native::install(peers::Web::basic(("__key__", "another")));
    assert!(matches!(Ggmn::check(&world.config), Err(Failure::Denied(_))));
    native::install(peers::Web::basic(peers::Lizard::KEY));
    world.lizard.behave(|quirks| quirks.only_v3 = true);
    let failure = Ggmn::check(&world.config).unwrap_err();
    assert!(matches!(&failure, Failure::Config(it) if it.field == "url"), "{failure:?}");
}

#[test]
fn it_asks_for_a_key_and_says_how_to_make_one() {
    let description = native::describe::<Ggmn>();
    let asks: Value = serde_json::from_str(&description.asks).unwrap();
    assert_eq!(asks["credentials"]["access"]["basic"], true);
    assert!(asks["credentials"]["access"]["why"].as_str().unwrap().contains("__key__"));
    let schema: Value = serde_json::from_str(&description.schema).unwrap();
    assert_eq!(schema["properties"]["url"]["x-origin"], true);
    assert_eq!(schema["required"], json!(["url"]));
}
