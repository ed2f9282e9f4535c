//! A reading is stored once, however often and through whatever it is pushed.

use ourwater_sdk::{Base, Items, Receipt};
use peers::LegacyMyWell as Peer;
use serde_json::json;

use crate::world::{World, date, readings, time};

fn counts(receipt: &Receipt) -> [usize; 6] {
    let Receipt { created, updated, unchanged, refused, unknown, untried, .. } = receipt;
    let [created, updated, unchanged] = [created, updated, unchanged].map(|&it| it as usize);
    [created, updated, unchanged, refused.len(), unknown.len(), untried.len()]
}

#[test]
fn what_is_pushed_is_pulled_the_same_and_pushed_again_changes_nothing() {
    let world = World::new().settled();
    let points: Vec<_> = (0_u32..1200).map(|day| (day.into(), f64::from(day) / 8.0)).collect();
    let batch = || Items::Readings(vec![readings("313603.1111", &points)]);
    world.proxy.seen();
    assert_eq!(counts(&world.push(batch(), false).unwrap()), [1200, 0, 0, 0, 0, 0]);
    let posts = world.proxy.seen().into_iter().filter(|it| it.starts_with("POST")).count();
    assert_eq!(posts, 3);
    for uncertain in [true, false] {
        assert_eq!(counts(&world.push(batch(), uncertain).unwrap()), [0, 0, 1200, 0, 0, 0]);
    }
    assert_eq!(world.stored().len(), 1200);
    let kept = world.pull(None, 500, &[]).kept();
    assert_eq!(kept.len(), 1200);
    assert!(points.iter().all(|&(day, value)| {
        let there = kept[&("313603.1111".to_owned(), time(day))];
        (there - value).abs() < 0.005 + 1e-9
    }));
}

#[test]
fn an_edit_changes_the_row_that_is_there_and_a_removal_removes_it() {
    let world = World::new().settled();
    world.seed_days(1111, 0..4, 1);
    let mut all = readings("313603.1111", &[(0, 9.0), (1, 0.25), (2, 0.0), (7, 0.0)]);
    all.removed = vec![time(3), time(9)];
    let receipt = world.push(Items::Readings(vec![all]), false).unwrap();
    assert_eq!(counts(&receipt), [1, 3, 2, 0, 0, 0]);
    let expected: Vec<_> = [(0, 9.0), (1, 0.25), (2, 0.0), (7, 0.0)]
        .map(|(day, value)| (1111, date(day), value))
        .to_vec();
    assert_eq!(world.stored(), expected);
}

#[test]
fn of_rows_for_one_reading_the_last_holds_and_the_others_stay_until_it_is_removed() {
    let world = World::new().settled();
    let row = |id, value| json!({"id": id, "date": date(1), "value": value, "postcode": 313_603, "resourceId": 1111});
    world.peer.seed("reading", &json!([row(1, 1), row(2, 2), row(3, 3)]));
    let push = |value| {
        let all = readings("313603.1111", &[(1, value)]);
        counts(&world.push(Items::Readings(vec![all]), false).unwrap())
    };
    assert_eq!(push(3.0), [0, 0, 1, 0, 0, 0]);
    assert_eq!(push(1.0), [0, 1, 0, 0, 0, 0]);
    let values: Vec<_> = world.stored().iter().map(|row| row.2).collect();
    assert_eq!(values, [1.0, 2.0, 1.0]);
    let mut gone = readings("313603.1111", &[]);
    gone.removed = vec![time(1)];
    let receipt = world.push(Items::Readings(vec![gone]), false).unwrap();
    assert_eq!((counts(&receipt), world.stored().len()), ([0, 1, 0, 0, 0, 0], 0));
}

#[test]
fn what_was_changed_there_since_it_was_last_got_is_conflicting_and_left_alone() {
    let world = World::new().settled();
    // 0, 0.25, 0.5, 0.75, 1 and 1.25 on the days 0 to 5, and nothing later.
    world.seed_days(1111, 0..6, 1);
    let before = world.stored();
    let points = [(0, 9.0), (1, 9.0), (2, 0.5), (3, 9.0), (6, 9.0)];
    let mut all = readings("313603.1111", &points);
    all.removed = vec![time(4), time(5), time(7)];
    let value = Base::Value;
    let bases = vec![
        value(0.5),    // Another value is there.
        Base::Nothing, // Something is there.
        value(7.0),    // What is pushed is there.
        value(0.7549), // It is there as it was got, but for what is rounded away.
        value(1.0),    // It was removed there.
        value(3.0),    // Another value is there, and is to be removed.
        value(1.25),   // It is there as it was got, and is to be removed.
        value(1.0),    // It was removed there, and is to be removed.
    ];
    for uncertain in [false, true] {
        let batch = Items::Readings(vec![all.clone()]);
        let receipt = world.push_over(batch, bases.clone(), uncertain).unwrap();
        assert_eq!(receipt.conflicting, [0, 1, 4, 5], "{receipt:?}");
        let changed = if uncertain { 0 } else { 2 };
        assert_eq!((receipt.updated, receipt.unchanged), (changed, 4 - changed));
    }
    let mut expected = before;
    expected[3].2 = 9.0;
    expected.remove(5);
    assert_eq!(world.stored(), expected);
}

#[test]
fn a_receipt_tells_of_each_series_in_turn_of_what_is_there_and_then_of_what_was_removed() {
    let world = World::new().settled();
    let mut first = readings("313603.1111", &[(0, 1.0), (200_000, 1.0)]);
    first.removed = vec![time(9)];
    let mut second = readings("w7", &[(0, 1.0)]);
    second.removed = vec![time(9)];
    let third = readings("313603.1112", &[(0, 1.0), (200_000, 1.0)]);
    let receipt = world.push(Items::Readings(vec![first, second, third]), false).unwrap();
    let refused: Vec<_> = receipt.refused.iter().map(|one| one.at).collect();
    assert_eq!(refused, [1, 3, 4, 6]);
    assert_eq!(counts(&receipt), [2, 0, 1, 4, 0, 0]);
}

#[test]
fn what_was_never_there_is_created_only_where_nothing_is() {
    let world = World::new().settled();
    world.seed_days(1111, 1..2, 1);
    let batch = || Items::Readings(vec![readings("313603.1111", &[(0, 9.0), (1, 9.0), (1, 0.25)])]);
    let nothing = vec![Base::Nothing; 3];
    let receipt = world.push_over(batch(), nothing, false).unwrap();
    // Of two in one second the last counts, and it is there already.
    assert_eq!(counts(&receipt), [1, 0, 1, 1, 0, 0]);
    let over = Items::Readings(vec![readings("313603.1111", &[(0, 8.0), (1, 8.0)])]);
    let receipt = world.push_over(over, vec![Base::Nothing, Base::Unknown], false).unwrap();
    assert_eq!((receipt.conflicting, receipt.updated), (vec![0], 1));
}

#[test]
fn what_the_server_cannot_keep_is_refused_with_its_reason_and_the_rest_is_stored() {
    for mode in ["lb3", "lb2"] {
        let world = World::of(Peer::start_as(mode)).settled();
        let mut other = readings("313603.1112", &[(1, 1.0)]);
        other.series.unit = "cm".to_owned();
        let mut close = readings("313603.1113", &[(1, 1.0), (1, 2.0)]);
        close.times[1] += 999;
        let all = vec![
            readings("313603.1111", &[(1, 1.0), (200_000, 2.0), (3, f64::NAN), (4, 1e8), (5, 5.0)]),
            readings("313603.1169", &[(1, 1.0)]),
            readings("w7", &[(1, 1.0)]),
            other,
            close,
        ];
        let receipt = world.push(Items::Readings(all), false).unwrap();
        assert_eq!(counts(&receipt), [3, 0, 0, 7, 0, 0], "{receipt:?}");
        let refused: Vec<_> = receipt.refused.iter().map(|one| one.at).collect();
        assert_eq!(refused, [1, 2, 3, 5, 6, 7, 8], "{mode}");
        assert!(receipt.refused[0].reason.contains("future"), "{:?}", receipt.refused[0]);
        let stored = [(1111, date(1), 1.0), (1111, date(5), 5.0), (1113, date(1), 2.0)];
        assert_eq!(world.stored(), stored, "{mode}");
    }
}

#[test]
fn a_value_keeps_two_decimals_and_is_then_no_edit() {
    let world = World::new().settled();
    let batch = || Items::Readings(vec![readings("313603.1111", &[(1, 6.916), (2, -0.999)])]);
    assert_eq!(counts(&world.push(batch(), false).unwrap()), [2, 0, 0, 0, 0, 0]);
    assert_eq!(world.stored().iter().map(|row| row.2).collect::<Vec<_>>(), [6.92, -1.0]);
    assert_eq!(counts(&world.push(batch(), false).unwrap()), [0, 0, 2, 0, 0, 0]);
}

#[test]
fn a_reading_that_is_stored_although_its_answer_says_otherwise_counts_as_stored() {
    for mode in ["lb3", "lb2"] {
        let world = World::of(Peer::start_as(mode)).settled();
        // After a reading is stored its resource is updated; this one is found invalid then.
        let zero = "0000-00-00 00:00:00";
        world.peer.seed(
            "resource",
            &json!([{"id": 1120, "postcode": 313_603, "geo": {"lat": 1, "lng": 1}, "owner": "C",
                "type": "well", "createdAt": zero, "updatedAt": zero}]),
        );
        let batch = |value| {
            let invalid = readings("313603.1120", &[(1, value)]);
            Items::Readings(vec![invalid, readings("313603.1111", &[(1, value)])])
        };
        assert_eq!(counts(&world.push(batch(1.0), false).unwrap()), [2, 0, 0, 0, 0, 0], "{mode}");
        assert_eq!(counts(&world.push(batch(2.0), false).unwrap()), [0, 2, 0, 0, 0, 0], "{mode}");
        assert_eq!(counts(&world.push(batch(2.0), true).unwrap()), [0, 0, 2, 0, 0, 0], "{mode}");
        assert_eq!(world.stored().len(), 2, "{mode}");
    }
}
