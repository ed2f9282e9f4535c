//! What is there is given once, from any cursor, and a run with nothing new asks little.

use ourwater_sdk::{Datasource, Datatype, Failure, GetRequest, Items};
use plugin_legacy_mywell::{Config, LegacyMyWell};
use serde_json::{Value, json};

use crate::world::{World, date, request, time};

#[test]
fn readings_with_zero_dates_of_creation_are_given_and_every_cursor_gives_exactly_the_rest() {
    let world = World::new().settled();
    world.seed_days(1111, 0..25, 1);
    let whole = world.pull(None, 7, &[]);
    assert_eq!(whole.points.len(), 25);
    assert_eq!(whole.points[3], (("313603.1111".to_owned(), time(3)), 0.75));
    for (at, cursor) in whole.cursors.iter().enumerate() {
        let rest = world.pull(Some(cursor), 7, &[]);
        let given = (7 * (at + 1)).min(25);
        assert_eq!(rest.points, whole.points[given..], "after page {at}");
    }
}

#[test]
fn a_run_with_nothing_new_asks_two_questions_whatever_the_history() {
    let world = World::new().settled();
    world.seed_days(1111, 0..10, 1);
    let ended = |pulled: &crate::world::Pulled| pulled.cursors.last().unwrap().clone();
    let mut cursor = ended(&world.pull(None, 100, &[]));
    for history in [10, 1_000] {
        world.proxy.seen();
        let idle = world.pull(Some(&cursor), 100, &[]);
        assert_eq!(world.proxy.seen(), ["GET /api/readings"; 2], "after {history}");
        assert!(idle.points.is_empty());
        world.seed_days(1112, 0..990, history * 1_000);
        cursor = ended(&world.pull(Some(&cursor), 100, &[]));
    }
}

#[test]
fn what_is_new_or_changed_since_comes_with_the_next_run() {
    let world = World::new().settled();
    world.seed_days(1111, 0..30, 1);
    let first = world.pull(None, 10, &[]);
    world.seed_days(1112, 0..3, 100);
    // All in the same second, and more than a page of them.
    for row in 1_u32..=25 {
        world.peer.edit(row.into(), &json!({"value": 50 + row}));
    }
    let second = world.pull(first.cursors.last().map(String::as_str), 10, &[]);
    let kept = second.kept();
    assert_eq!(kept.len(), 28);
    assert!((1_u32..=25).all(|row| {
        let key = ("313603.1111".to_owned(), time(i64::from(row) - 1));
        kept.get(&key).is_some_and(|&value| (value - f64::from(50 + row)).abs() < 1e-9)
    }));
    for (at, cursor) in second.cursors.iter().enumerate().take(second.cursors.len() - 1) {
        let rest = world.pull(Some(cursor), 10, &[]);
        let given = second.points.len() - rest.points.len();
        assert_eq!(rest.points, second.points[given..], "after page {at}");
    }
}

#[test]
fn of_rows_for_one_reading_the_last_holds_whichever_of_them_changes() {
    let world = World::new().settled();
    world.seed_days(1111, 0..1, 1);
    world.seed_days(1111, 0..1, 2);
    let first = world.pull(None, 10, &[]);
    for (row, value, given) in [(1, 8.0, None), (2, 9.0, Some(9.0))] {
        world.peer.edit(row, &json!({"value": value}));
        let next = world.pull(first.cursors.last().map(String::as_str), 10, &[]);
        assert_eq!(next.points.last().map(|point| point.1), given);
    }
    assert_eq!(world.pull(None, 10, &[]).points.last().map(|point| point.1), Some(9.0));
}

#[test]
fn what_changes_while_a_run_is_under_way_is_not_missed() {
    let world = World::new().settled();
    world.seed_days(1111, 0..30, 1);
    let page = world.page(&request(Datatype::Reading, 10)).unwrap();
    world.peer.edit(1, &json!({"value": 77}));
    let rest = world.pull(Some(&page.cursor), 10, &[]);
    assert_eq!(rest.points.len(), 20);
    let next = world.pull(rest.cursors.last().map(String::as_str), 10, &[]);
    assert_eq!(next.points, [(("313603.1111".to_owned(), time(0)), 77.0)]);
}

#[test]
fn records_that_are_no_readings_are_named_and_stop_nothing() {
    let world = World::new().settled();
    let row = |id: u64, changes: Value| {
        let mut row = json!({"id": id, "date": date(1), "value": "3.50", "postcode": 313_603,
            "resourceId": 1111});
        row.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        row
    };
    world.peer.seed(
        "reading",
        &json!([
            row(1, json!({"date": "0000-00-00 00:00:00"})),
            row(2, json!({})),
            row(3, json!({"value": null})),
            row(4, json!({"resourceId": null})),
            row(5, json!({"value": 0, "date": "1900-01-01T00:00:00.000Z"})),
        ]),
    );
    let pulled = world.pull(None, 2, &[]);
    assert_eq!(pulled.points.len(), 2);
    let said: Vec<_> =
        pulled.rejected.iter().map(|one| (one.place.as_str(), one.reason.as_str())).collect();
    assert_eq!(
        said,
        [
            ("reading 1", "it has no date"),
            ("reading 3", "its value is not a number"),
            ("reading 4", "it does not say of which resource it is"),
        ]
    );
}

#[test]
fn a_selection_is_made_by_the_server_and_long_ones_are_split() {
    let world = World::new().settled();
    world.seed_days(1111, 0..10, 1);
    world.seed_days(1112, 0..10, 100);
    let mut many: Vec<String> = (0..450).map(|at| format!("313603.{}", 2000 + at)).collect();
    many.push("313603.1112".to_owned());
    let only: Vec<&str> = many.iter().map(String::as_str).collect();
    for (only, points, questions) in
        [(&["313603.1112"][..], 10, 2), (&["313603"], 20, 3), (&["313604"], 0, 1), (&only, 10, 4)]
    {
        world.proxy.seen();
        let pulled = world.pull(None, 10, only);
        assert_eq!((pulled.points.len(), world.proxy.seen().len()), (points, questions));
        let idle = world.pull(pulled.cursors.last().map(String::as_str), 10, only);
        assert!(idle.points.is_empty());
    }
    world.seed_days(1112, 10..11, 200);
    let since = GetRequest { since: Some(time(9)), ..request(Datatype::Reading, 100) };
    let Items::Readings(all) = world.page(&since).unwrap().items else { panic!("readings") };
    assert_eq!(all.iter().map(|one| one.times.len()).sum::<usize>(), 3);
}

#[test]
fn a_changed_selection_starts_again_and_a_foreign_one_is_named() {
    let world = World::new().settled();
    let cursor = world.pull(None, 10, &["313603"]).cursors.pop();
    let only = vec!["313603".to_owned(), "313604.1111".to_owned()];
    let changed = GetRequest { cursor, only, ..request(Datatype::Reading, 10) };
    assert!(matches!(world.page(&changed), Err(Failure::StaleCursor(_))));
    let foreign = GetRequest { only: vec!["w7".to_owned()], ..request(Datatype::Reading, 10) };
    assert!(matches!(world.page(&foreign), Err(Failure::Config(_))));
    let garbled = GetRequest { cursor: Some("7".to_owned()), ..request(Datatype::Reading, 10) };
    assert!(matches!(world.page(&garbled), Err(Failure::StaleCursor(_))));
}

#[test]
fn who_does_not_log_in_sees_places_but_no_readings() {
    let mut world = World::new().settled();
    assert_eq!(LegacyMyWell::check(&world.config).unwrap().len(), 1);
    world.config.anonymous = true;
    let resources = world.page(&request(Datatype::Resource, 100)).unwrap();
    assert!(matches!(resources.items, Items::Resources(all) if all.len() == 20));
    let refused = world.page(&request(Datatype::Reading, 100));
    assert!(matches!(refused, Err(Failure::Denied(_))), "{refused:?}");
    assert!(matches!(LegacyMyWell::check(&world.config), Err(Failure::Denied(_))));
}

#[test]
fn an_address_that_is_none_or_leads_elsewhere_is_the_configurations_fault() {
    let mut world = World::new();
    for url in ["", "mywell.example.org", "ftp://a", "https://", "http://a?b"] {
        world.config = Config { url: url.to_owned(), anonymous: true };
        assert!(matches!(LegacyMyWell::check(&world.config), Err(Failure::Config(_))), "{url}");
    }
    world.config.url = format!("{}/elsewhere/", world.proxy.url());
    let failure = LegacyMyWell::check(&world.config).unwrap_err();
    assert!(matches!(failure, Failure::Config(_)), "{failure:?}");
}
