//! Which wells are given: all, or those selected by ids, by code or by place.

use ourwater_sdk::{Datasource, Datatype, Position};
use plugin_ggmn::{Config, Ggmn, Version};
use serde_json::json;

use crate::world::{BOTH, World, of, station};

fn ids(world: &World, limit: u32) -> Vec<String> {
    world.resources(limit, &[]).0.into_iter().map(|well| well.id.unwrap()).collect()
}

/// Wells 60061 and so on, each a tenth of a degree east of the one before.
fn wells(version: Version, count: i32) -> World {
    let world = World::new(version);
    for at in 0..count {
        let mut station = station(&format!("{}", 1696 + at));
        station.at = (f64::from(at) / 10.0, 42.0);
        world.lizard.add_station(station);
    }
    world
}

#[test]
fn a_well_keeps_the_number_of_its_station_and_what_is_said_of_it() {
    for version in BOTH {
        let world = World::new(version);
        world.well("1696");
        let (wells, _) = world.resources(10, &[]);
        let [well] = wells.as_slice() else { panic!("{wells:?}") };
        assert_eq!(well.id.as_deref(), Some("60061"));
        assert_eq!((well.name.as_str(), well.kind.as_str()), ("02.06.1696", "well"));
        assert_eq!(well.elevation, Some(757.747_99));
        let at = Position { longitude: -5.068_848_461_502_114, latitude: 41.952_685_706_575_72 };
        assert_eq!(well.position, Some(at));
        assert!(well.extra.contains(r#""code":"1696""#), "{}", well.extra);
        // API v3 does not say whose a station is.
        let owner = (version == Version::V4).then_some("Organisation a");
        assert_eq!(well.owner.as_deref(), owner);
    }
}

#[test]
fn wells_come_once_in_pages_of_any_size_whatever_the_server_makes_of_them() {
    for version in BOTH {
        let world = wells(version, 23);
        let expected: Vec<String> = (60_061..60_084).map(|id| id.to_string()).collect();
        for limit in [1, 4, 10, 100] {
            assert_eq!(ids(&world, limit), expected, "pages of {limit}");
        }
        world.lizard.behave(|quirks| {
            quirks.page_size_max = 3;
            quirks.empty_pages = true;
            quirks.count = Some(106_962);
            quirks.other_origin = Some("https://ggmn.elsewhere.example".to_owned());
        });
        for limit in [2, 5, 100] {
            assert_eq!(ids(&world, limit), expected, "pages of {limit} through its quirks");
        }
    }
}

#[test]
fn a_page_that_follows_may_be_larger_or_smaller_than_the_one_before() {
    let world = wells(Version::V4, 23);
    let (mut found, mut cursor) = (Vec::new(), None);
    for limit in [7, 3, 50, 1, 5, 50, 50, 50] {
        let request = ourwater_sdk::GetRequest { cursor, ..of(Datatype::Resource, limit, &[]) };
        let page = world.page(&request).unwrap();
        let ourwater_sdk::Items::Resources(wells) = page.items else { panic!("resources") };
        assert!(wells.len() <= limit as usize);
        found.extend(wells.into_iter().filter_map(|well| well.id));
        cursor = Some(page.cursor);
        if !page.more {
            break;
        }
    }
    assert_eq!(found, (60_061..60_084).map(|id| id.to_string()).collect::<Vec<_>>());
}

#[test]
fn wells_selected_by_their_ids_are_asked_for_alone() {
    for version in BOTH {
        let world = wells(version, 23);
        world.proxy.seen();
        let (wells, rejected) = world.resources(10, &["60070", "60061", "99999", "../users"]);
        let found: Vec<_> = wells.iter().filter_map(|well| well.id.as_deref()).collect();
        assert_eq!(found, ["60070", "60061"]);
        let places: Vec<_> = rejected.iter().map(|one| one.place.as_str()).collect();
        assert_eq!(places, ["well 99999", "well ../users"]);
        let seen = world.proxy.seen();
        let asked = seen.iter().filter(|line| line.contains("groundwaterstations/"));
        assert!(asked.clone().all(|line| !line.ends_with("groundwaterstations/")), "{seen:?}");
        assert_eq!(asked.count(), 3);
    }
}

#[test]
fn a_hundred_thousand_wells_are_not_walked_for_a_few_codes() {
    for version in BOTH {
        let mut world = wells(version, 40);
        // Another country's well has the same code; a third has it within its own.
        let mut other = station("1700");
        other.organisation = "b".to_owned();
        world.lizard.add_station(other);
        world.lizard.add_station(station("11700"));
        world.config.codes = vec!["1700".to_owned(), "1702".to_owned(), "nowhere".to_owned()];
        for limit in [1, 2, 100] {
            assert_eq!(ids(&world, limit), ["60065", "60101", "60067"], "pages of {limit}");
        }
        world.proxy.seen();
        ids(&world, 100);
        // A question for each code; with v3 one more for each well found, with v4 one for networks.
        let questions = if version == Version::V3 { 6 } else { 4 };
        assert_eq!(world.proxy.seen().len(), questions, "{version:?}");
        if version == Version::V4 {
            world.config.organisation = Some("b".to_owned());
            assert_eq!(ids(&world, 100), ["60101"]);
        }
    }
}

#[test]
fn wells_in_a_box_are_given_also_by_a_server_that_knows_no_boxes() {
    for version in BOTH {
        let mut world = wells(version, 30);
        world.config = Config {
            bbox: serde_json::from_value(json!([0.95, 41.0, 1.35, 43.0])).unwrap(),
            ..world.config
        };
        let expected = ["60071", "60072", "60073", "60074"];
        assert_eq!(ids(&world, 3), expected);
        let of_the_box =
            |remarks: &[ourwater_sdk::Remark]| remarks.iter().any(|remark| remark.field == "bbox");
        assert!(!of_the_box(&Ggmn::check(&world.config).unwrap()));
        world.lizard.behave(|quirks| quirks.ignores_selection = true);
        assert_eq!(ids(&world, 3), expected);
        assert!(of_the_box(&Ggmn::check(&world.config).unwrap()));
    }
}

#[test]
fn a_well_named_by_its_id_and_left_out_by_the_configuration_is_an_issue() {
    let mut world = wells(Version::V4, 3);
    world.config.codes = vec!["1697".to_owned()];
    let (wells, rejected) = world.resources(10, &["60061", "60062"]);
    assert_eq!(wells.len(), 1);
    assert!(rejected[0].reason.contains("left out by the datasource's codes"), "{rejected:?}");
}

#[test]
fn who_has_no_key_sees_public_wells_only() {
    for version in BOTH {
        let mut world = wells(version, 2);
        let mut private = station("secret");
        private.is_private = true;
        world.lizard.add_station(private);
        assert_eq!(ids(&world, 10).len(), 3);
        world.config.anonymous = true;
        assert_eq!(ids(&world, 10), ["60061", "60062"]);
    }
}
