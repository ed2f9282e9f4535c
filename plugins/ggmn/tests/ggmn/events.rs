//! What is a reading, what is none, and what is kept of what Lizard says of it.

use plugin_ggmn::Version;
use serde_json::{Value, json};

use crate::world::{BOTH, World, time};

#[test]
fn aggregates_are_noticed_and_never_taken_for_readings() {
    let world = World::new(Version::V3);
    let (well, uuid) = world.well("1696");
    world.days(&uuid, 0..3);
    world.lizard.behave(|quirks| quirks.aggregates = true);
    let pulled = world.pull(None, 100, &well);
    assert!(pulled.points.is_empty());
    assert_eq!(pulled.rejected.len(), 4);
    let issue = &pulled.rejected[1];
    assert!(issue.reason.contains("the least and the greatest value"), "{}", issue.reason);
    assert_eq!(issue.place, format!("series {uuid} at {}", time(0)));
    assert!(issue.raw.contains("\"max\":0.0"), "{}", issue.raw);
}

#[test]
fn values_may_be_texts_and_what_is_none_is_named_and_stops_nothing() {
    for version in BOTH {
        let world = World::new(version);
        let (well, uuid) = world.well("1696");
        world.lizard.behave(|quirks| quirks.values_are_texts = true);
        for (day, value) in
            [json!(697.65), json!("101"), json!("dry"), json!(-0.999)].iter().enumerate()
        {
            world.lizard.set(&uuid, time(day.try_into().unwrap()), value.clone());
        }
        let pulled = world.pull(None, 2, &well);
        let values: Vec<_> = pulled.kept().into_values().collect();
        assert_eq!((values, pulled.empty), (vec![697.65, 101.0, -0.999], 1), "{version:?}");
        let [issue] = pulled.rejected.as_slice() else { panic!("{:?}", pulled.rejected) };
        assert_eq!(issue.reason, "its value is not a number");
    }
}

#[test]
fn a_flag_becomes_a_quality_and_is_kept_with_its_comment() {
    let world = World::new(Version::V4);
    let (well, uuid) = world.well("1696");
    let flags = [json!(0), json!(1), json!(3), json!(7), json!(99), json!(5), Value::Null];
    for (day, flag) in (0..).zip(flags) {
        let comment = if day == 2 { "sensor moved" } else { "" };
        world.lizard.store(&uuid, time(day), 1.0, flag, comment);
    }
    let pulled = world.pull(None, 100, &well);
    let one = &pulled.all[0];
    assert_eq!(one.qualities, [1, 1, 2, 3, 0, 0, 0]);
    let notes: Vec<_> = one.notes.iter().map(|note| (note.at, note.text.as_str())).collect();
    let expected =
        [(1, "flag 1"), (2, "flag 3; sensor moved"), (3, "flag 7"), (4, "flag 99"), (5, "flag 5")];
    assert_eq!(notes, expected);
    assert_eq!(one.updated, [1_704_067_200_000; 7]);
}
