//! Readings of a well are given once, from any cursor, and later what is new, late or corrected.

use ourwater_sdk::{Datatype, Failure, GetRequest};
use plugin_ggmn::Version;
use serde_json::{Value, json};

use crate::world::{A_WHILE, BOTH, World, of, time};

#[test]
fn every_cursor_gives_exactly_the_rest_and_the_placeholder_is_no_reading() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        world.days(&uuid, 0..25);
        let whole = world.pull(None, 7, &well);
        assert_eq!((whole.kept().len(), whole.empty), (25, 1), "{version:?}");
        // 0 is a value.
        assert_eq!(whole.points[0], (("GWmMSL".to_owned(), time(0)), Some(0.0)));
        for (at, cursor) in whole.cursors.iter().enumerate().take(whole.cursors.len() - 1) {
            let rest = world.pull(Some(cursor), 7, &well);
            let given = whole.points.len() - rest.points.len();
            assert_eq!(rest.points, whole.points[given..], "{version:?} after page {at}");
        }
    }
}

#[test]
fn what_is_new_late_or_corrected_since_comes_with_the_next_run() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        world.days(&uuid, 0..100);
        world.lizard.pass(A_WHILE);
        let first = world.pull(None, 30, &well);
        world.lizard.pass(A_WHILE);
        world.lizard.set(&uuid, time(100), 77.0);
        world.lizard.set(&uuid, time(90), 78.0);
        world.lizard.set(&uuid, time(80) + 1000, 79.0);
        world.lizard.store(&uuid, time(95), 1.0, json!(-99), "");
        world.lizard.store(&uuid, time(96), Value::Null, json!(0), "");
        let second = world.pull(first.end(), 30, &well);
        let kept = second.over(first.kept());
        let at = |time| kept.get(&("GWmMSL".to_owned(), time)).copied();
        assert_eq!(at(time(100)), Some(77.0));
        assert_eq!((at(time(90)), at(time(80) + 1000)), (Some(78.0), Some(79.0)), "{version:?}");
        // What is flagged as deleted is gone; API v3 shows no flags.
        assert_eq!(at(time(95)), (version == Version::V3).then_some(1.0));
        assert_eq!(at(time(96)), None);
        for (at, cursor) in second.cursors.iter().enumerate().take(second.cursors.len() - 1) {
            let rest = world.pull(Some(cursor), 30, &well);
            let given = second.points.len() - rest.points.len();
            assert_eq!(rest.points, second.points[given..], "{version:?} after page {at}");
        }
    }
}

#[test]
fn a_run_with_nothing_new_asks_and_moves_as_little_whatever_the_history() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        let mut said = Vec::new();
        for history in [100, 3_000] {
            world.days(&uuid, 0..history);
            world.lizard.pass(A_WHILE);
            let first = world.pull(None, 500, &well);
            world.lizard.pass(A_WHILE);
            world.proxy.seen();
            let idle = world.pull(first.end(), 500, &well);
            let (asked, moved) = (world.proxy.seen().len(), idle.points.len());
            said.push((asked, moved));
            assert_eq!(idle.over(first.kept()), first.kept());
        }
        assert_eq!(said[0], said[1], "{version:?}");
        // The well, its series and what changed; with v3 the lookback comes again.
        let lookback = if version == Version::V3 { 31 } else { 0 };
        assert_eq!(said[0], (3, lookback));
    }
}

#[test]
fn what_changes_while_a_run_is_under_way_is_not_missed() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        world.days(&uuid, 0..30);
        world.lizard.pass(A_WHILE);
        let page = world.page(&of(Datatype::Reading, 20, &[&well])).unwrap();
        world.lizard.set(&uuid, time(5), 77.0);
        world.lizard.set(&uuid, time(5) + 1, 78.0);
        let rest = world.pull(Some(&page.cursor), 20, &well);
        let next = world.pull(rest.end(), 20, &well).kept();
        let at = |time| next.get(&("GWmMSL".to_owned(), time)).copied();
        assert_eq!((at(time(5)), at(time(5) + 1)), (Some(77.0), Some(78.0)), "{version:?}");
    }
}

#[test]
fn what_is_late_beyond_the_lookback_is_not_found_by_v3_and_is_by_v4() {
    for version in BOTH {
        let mut world = World::new(version);
        world.config.lookback_days = 10;
        let (well, uuid) = world.well("1696");
        world.days(&uuid, 0..100);
        world.lizard.pass(A_WHILE);
        let first = world.pull(None, 1_000, &well);
        world.lizard.pass(A_WHILE);
        for day in [80, 95] {
            world.lizard.set(&uuid, time(day), 77.0);
        }
        let second = world.pull(first.end(), 1_000, &well);
        let found = |day| second.kept().get(&("GWmMSL".to_owned(), time(day))).copied();
        let late = (version == Version::V4).then_some(77.0);
        assert_eq!((found(80), found(95)), (late, Some(77.0)));
    }
}

#[test]
fn a_well_that_is_removed_while_it_is_read_ends_there() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        world.days(&uuid, 0..30);
        let page = world.page(&of(Datatype::Reading, 10, &[&well])).unwrap();
        world.lizard.remove_station(well.parse().unwrap());
        let rest = world.pull(Some(&page.cursor), 10, &well);
        assert_eq!(rest.points.len(), 0);
        assert!(rest.rejected[0].reason.contains("no well with this id"), "{:?}", rest.rejected);
    }
}

#[test]
fn readings_before_the_wanted_time_are_left_out() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        world.days(&uuid, 0..30);
        let request = GetRequest { since: Some(time(28)), ..of(Datatype::Reading, 100, &[&well]) };
        let page = world.page(&request).unwrap();
        let ourwater_sdk::Items::Readings(all) = page.items else { panic!("readings") };
        assert_eq!(all[0].times, [time(28), time(29)], "{version:?}");
    }
}

#[test]
fn events_that_do_not_come_by_their_time_are_given_whole_or_not_at_all() {
    let world = World::new(Version::V4);
    let (well, uuid) = world.well("1696");
    world.days(&uuid, 0..10);
    world.lizard.behave(|quirks| quirks.is_backwards = true);
    assert_eq!(world.pull(None, 100, &well).kept().len(), 10);
    let failure = world.page(&of(Datatype::Reading, 5, &[&well])).unwrap_err();
    assert!(matches!(&failure, Failure::Data(text) if text.contains(&uuid)), "{failure:?}");
}

#[test]
fn pages_that_are_capped_or_empty_lose_nothing() {
    let world = World::new(Version::V4);
    let (well, uuid) = world.well("1696");
    world.days(&uuid, 0..25);
    world.lizard.behave(|quirks| {
        quirks.page_size_max = 4;
        quirks.empty_pages = true;
        quirks.count = Some(1);
        quirks.other_origin = Some("https://elsewhere.example".to_owned());
    });
    for limit in [1, 3, 4, 100] {
        assert_eq!(world.pull(None, limit, &well).kept().len(), 25, "pages of {limit}");
    }
}

#[test]
fn a_foreign_cursor_is_stale_and_readings_are_asked_for_well_by_well() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        world.days(&uuid, 0..5);
        let page = world.page(&of(Datatype::Reading, 2, &[&well])).unwrap();
        let other = BOTH.into_iter().find(|it| *it != version).unwrap();
        for (cursor, version) in [("7".to_owned(), version), (page.cursor, other)] {
            let mut config = world.config.clone();
            config.version = version;
            let request = GetRequest { cursor: Some(cursor), ..of(Datatype::Reading, 2, &[&well]) };
            let failed = <plugin_ggmn::Ggmn as ourwater_sdk::Datasource>::get(&config, &request);
            assert!(matches!(failed, Err(Failure::StaleCursor(_))), "{failed:?}");
        }
        let all = world.page(&of(Datatype::Reading, 2, &[]));
        assert!(matches!(all, Err(Failure::Unsupported(_))));
    }
}
