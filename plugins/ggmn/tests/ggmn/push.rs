//! A reading is stored once, however often and through whatever it is pushed.

use ourwater_sdk::{Base, Batch, Datasource, Failure, Items, Readings, Receipt, Series};
use plugin_ggmn::{Ggmn, Version};
use serde_json::json;

use crate::world::{BOTH, World, readings, time};

fn counts(receipt: &Receipt) -> [usize; 6] {
    let Receipt { created, updated, unchanged, refused, unknown, untried, .. } = receipt;
    let [created, updated, unchanged] = [created, updated, unchanged].map(|&it| it as usize);
    [created, updated, unchanged, refused.len(), unknown.len(), untried.len()]
}

#[test]
fn what_is_pushed_is_pulled_the_same_and_pushed_again_changes_nothing() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        let points: Vec<_> = (0_u32..2_500).map(|day| (day.into(), f64::from(day) / 7.0)).collect();
        let batch = || vec![readings(&well, &points)];
        world.proxy.seen();
        assert_eq!(counts(&world.push(batch()).unwrap()), [2_500, 0, 0, 0, 0, 0], "{version:?}");
        let posts = world.proxy.seen().into_iter().filter(|it| it.starts_with("POST")).count();
        assert_eq!(posts, 3);
        for uncertain in [true, false] {
            let again = world.push_over(batch(), Vec::new(), uncertain).unwrap();
            assert_eq!(counts(&again), [0, 0, 2_500, 0, 0, 0]);
        }
        let kept = world.pull(None, 1_000, &well).kept();
        let expected: Vec<_> = points.iter().map(|&(day, value)| (time(day), value)).collect();
        assert_eq!(world.stored(&uuid), expected);
        assert_eq!(
            kept.into_values().collect::<Vec<_>>(),
            expected.iter().map(|it| it.1).collect::<Vec<_>>()
        );
    }
}

#[test]
fn an_edit_overwrites_and_a_removal_removes_where_the_api_can() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        world.days(&uuid, 0..4);
        let mut all = readings(&well, &[(0, 9.0), (1, 0.25), (2, 0.0), (7, 0.0)]);
        all.removed = vec![time(3), time(9)];
        let receipt = world.push(vec![all]).unwrap();
        let mut expected = vec![(time(0), 9.0), (time(1), 0.25), (time(2), 0.0)];
        if version == Version::V4 {
            assert_eq!(counts(&receipt), [1, 3, 2, 0, 0, 0]);
        } else {
            assert_eq!(counts(&receipt), [1, 2, 2, 1, 0, 0]);
            assert!(receipt.refused[0].reason.contains("cannot remove"), "{receipt:?}");
            expected.push((time(3), 0.75));
        }
        expected.push((time(7), 0.0));
        assert_eq!(world.stored(&uuid), expected);
    }
}

#[test]
fn what_was_changed_there_since_it_was_last_got_is_conflicting_and_left_alone() {
    let world = World::new(Version::V4);
    let (well, uuid) = world.well("1696");
    // 0, 0.25, 0.5, 0.75, 1 and 1.25 on the days 0 to 5, and nothing later.
    world.days(&uuid, 0..6);
    let before = world.stored(&uuid);
    let points = [(0, 9.0), (1, 9.0), (2, 0.5), (3, 9.0), (6, 9.0)];
    let mut all = readings(&well, &points);
    all.removed = vec![time(4), time(5), time(7)];
    let value = Base::Value;
    let bases = vec![
        value(0.5),    // Another value is there.
        Base::Nothing, // Something is there.
        value(7.0),    // What is pushed is there.
        value(0.75),   // It is there as it was got.
        value(1.0),    // It was removed there.
        value(3.0),    // Another value is there, and is to be removed.
        value(1.25),   // It is there as it was got, and is to be removed.
        value(1.0),    // It was removed there, and is to be removed.
    ];
    for uncertain in [false, true] {
        let receipt = world.push_over(vec![all.clone()], bases.clone(), uncertain).unwrap();
        assert_eq!(receipt.conflicting, [0, 1, 4, 5], "{receipt:?}");
        let changed = if uncertain { 0 } else { 2 };
        assert_eq!((receipt.updated, receipt.unchanged), (changed, 4 - changed));
    }
    let mut expected = before;
    expected[3].1 = 9.0;
    expected.remove(5);
    assert_eq!(world.stored(&uuid), expected);
}

#[test]
fn what_lizard_cannot_keep_is_refused_with_its_reason_and_the_rest_is_stored() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        world.lizard.behave(|quirks| quirks.greatest = Some(1_000.0));
        let points =
            [(1, 1.0), (2, f64::NAN), (3, 3.0), (4, 5_000.0), (5, 5.0), (5, 6.0), (3_000_000, 1.0)];
        let mut other = readings(&well, &[(1, 1.0)]);
        other.series = Series::of(&well, "GWmBGS", "depth-below-ground", "m");
        let foreign = readings("99999", &[(1, 1.0)]);
        let receipt = world.push(vec![readings(&well, &points), other, foreign]).unwrap();
        let refused: Vec<_> =
            receipt.refused.iter().map(|it| (it.at, it.reason.as_str())).collect();
        assert_eq!(
            refused.iter().map(|it| it.0).collect::<Vec<_>>(),
            [1, 3, 4, 6, 7, 8],
            "{version:?}"
        );
        for (at, part) in [
            (0, "not a number"),
            (1, "A valid number is required"),
            (2, "same time"),
            (3, "years 1000 to 9999"),
            (4, "it has GWmMSL, elevation-above-sea-level in m"),
            (5, "no well \"99999\""),
        ] {
            assert!(refused[at].1.contains(part), "{refused:?}");
        }
        let stored = [(1, 1.0), (3, 3.0), (5, 6.0)].map(|(day, value)| (time(day), value));
        assert_eq!(world.stored(&uuid), stored);
        assert_eq!(counts(&receipt), [3, 0, 0, 6, 0, 0]);
    }
}

#[test]
fn a_quality_becomes_a_flag_and_a_flag_that_was_noted_comes_back_with_its_comment() {
    let world = World::new(Version::V4);
    let (well, uuid) = world.well("1696");
    world.lizard.store(&uuid, time(0), 1.0, json!(7), "sensor moved");
    let mut got: Readings = world.pull(None, 10, &well).all.remove(0);
    got.values[0] = 2.0;
    got.updated.clear();
    world.push(vec![got]).unwrap();
    let mut new = readings(&well, &[(1, 1.0), (2, 1.0), (3, 1.0), (4, 1.0)]);
    new.qualities = vec![0, 1, 2, 3];
    world.push(vec![new]).unwrap();
    let stored = world.lizard.stored(&uuid);
    let told: Vec<_> = stored[1..].iter().map(|it| (it.1, it.2.clone(), it.3.as_str())).collect();
    assert_eq!(told[0], (2.0, json!(7), "sensor moved"));
    assert_eq!(told[1..].iter().map(|it| it.1.clone()).collect::<Vec<_>>(), [99, 0, 3, 6]);
    let back = world.pull(None, 10, &well).all.remove(0);
    assert_eq!(back.qualities, [3, 0, 1, 2, 3]);
    // A quality alone may change.
    let mut judged = readings(&well, &[(1, 1.0)]);
    judged.qualities = vec![3];
    let receipt = world.push(vec![judged]).unwrap();
    assert_eq!((receipt.updated, world.lizard.stored(&uuid)[2].2.clone()), (1, json!(6)));
}

#[test]
fn a_key_that_may_only_read_stops_the_batch_before_anything_takes_effect() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        world.lizard.behave(|quirks| quirks.is_read_only = true);
        let receipt = world.push(vec![readings(&well, &[(1, 1.0), (2, 2.0)])]).unwrap();
        assert_eq!(receipt.untried, [0, 1]);
        assert!(matches!(receipt.stopped, Some(Failure::Denied(_))), "{receipt:?}");
        assert!(world.stored(&uuid).is_empty());
    }
}

#[test]
fn wells_and_networks_are_not_made_here() {
    let world = World::new(Version::V4);
    for items in [Items::Resources(Vec::new()), Items::Groups(Vec::new())] {
        let batch = Batch { items, keys: Vec::new(), bases: Vec::new(), uncertain: false };
        let refused = Ggmn::push(&world.config, &batch);
        assert!(matches!(refused, Err(Failure::Unsupported(_))), "{refused:?}");
    }
}
