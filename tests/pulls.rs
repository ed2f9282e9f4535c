//! Whatever a source holds and wherever a pull stops, the store ends with the last value of each
//! reading, every record is counted once, and reading it all again changes nothing.

mod asked;
mod slow;
pub(crate) mod world;

use std::collections::BTreeSet;

use ourwater::domain::run::RunState;
use ourwater::store::run::LogLine;
use ourwater::sync::pull::{self, Tuning};

use world::{Script, Seeded, World, expected, rows};

#[tokio::test]
async fn the_last_value_wins_every_record_is_counted_and_reading_again_changes_nothing() {
    for seed in 0..60 {
        let mut seeded = Seeded(seed);
        let count = 1 + seeded.below(120);
        let rows = rows(&mut seeded, count);
        let stops: BTreeSet<usize> =
            (0..seeded.below(4)).map(|_| usize::try_from(seeded.below(count)).unwrap()).collect();
        let tuning = Tuning {
            page_records_max: u32::try_from(1 + seeded.below(9)).unwrap(),
            gather_records_max: usize::try_from(1 + seeded.below(30)).unwrap(),
            ..Tuning::default()
        };
        let world = World::new(tuning).await;
        let counts = world.run_through(&rows, &stops, false).await;
        let expected = expected(&rows);
        assert_eq!(world.readings().await, expected, "seed {seed}");
        assert_eq!(counts.created, expected.len() as u64, "seed {seed}: {counts:?}");
        assert_eq!(counts.updated + counts.unchanged, 0, "seed {seed}: {counts:?}");
        assert_eq!(counts.superseded, count - expected.len() as u64, "seed {seed}: {counts:?}");

        let again = world.run_through(&rows, &stops, true).await;
        assert_eq!(world.readings().await, expected, "seed {seed}");
        assert_eq!(again.created + again.updated, 0, "seed {seed}: {again:?}");
        assert_eq!(again.unchanged + again.superseded, count, "seed {seed}: {again:?}");
    }
}

#[tokio::test]
async fn a_changed_source_is_counted_as_updates_and_what_is_new_as_created() {
    let world =
        World::new(Tuning { page_records_max: 2, gather_records_max: 3, ..Tuning::default() })
            .await;
    let first = [(0, 1, 1.0), (0, 2, 2.0), (0, 3, 3.0)];
    world.run_through(&first, &BTreeSet::new(), false).await;
    let second = [(0, 1, 1.0), (0, 2, 2.5), (0, 3, 3.0), (1, 1, 0.0)];
    let counts = world.run_through(&second, &BTreeSet::new(), true).await;
    assert_eq!((counts.created, counts.updated, counts.unchanged), (1, 1, 2));
    assert_eq!(world.readings().await, expected(&second));
}

#[tokio::test]
async fn what_changes_after_a_pass_has_ended_is_an_update_and_contradicts_nothing() {
    let world = World::new(Tuning::default()).await;
    let mut rows = vec![(0, 1, 1.0), (0, 2, 2.0)];
    world.run_through(&rows, &BTreeSet::new(), false).await;
    for value in [3.0, 4.0] {
        rows.push((0, 1, value));
        let counts = world.run_through(&rows, &BTreeSet::new(), false).await;
        assert_eq!((counts.updated, counts.superseded), (1, 0), "{counts:?}");
        assert_eq!(world.readings().await, expected(&rows));
    }
    let met = world.issues().await;
    assert_eq!(met.iter().filter(|place| !place.starts_with("row")).count(), 0, "{met:?}");
}

#[tokio::test]
async fn a_run_whose_process_died_is_gone_on_with_under_the_same_id_and_the_dead_one_cannot_write()
{
    let world =
        World::new(Tuning { page_records_max: 1, gather_records_max: 1, ..Tuning::default() })
            .await;
    let dead = world.begin(false).await;
    world.store.release_run(&dead).await.unwrap();
    let heir = world.begin(false).await;
    assert_eq!(dead.run, heir.run);
    let late = world.store.end_run(&dead, &world.sync.methods, RunState::Completed, None, 9).await;
    assert!(matches!(late, Err(ourwater::store::Error::LostLease)), "{late:?}");
    let late = world.pull(&dead, Script { rows: vec![(0, 1, 1.0)], stops: BTreeSet::new() }).await;
    let lost = matches!(late, Err(pull::Error::Store(ourwater::store::Error::LostLease)));
    assert!(lost, "{:?}", late.err());
    assert!(world.readings().await.is_empty());
}

#[tokio::test]
async fn what_a_run_logs_is_kept_in_order_behind_what_it_logged_before() {
    let world = World::new(Tuning::default()).await;
    let held = world.begin(false).await;
    let line = |at: i64| LogLine {
        at,
        level: "info".to_owned(),
        message: format!("\"line\" {at}: déjà vu"),
    };
    let all: Vec<LogLine> = (0..300).map(line).collect();
    for some in [&all[..1], &[], &all[1..]] {
        world.store.log(&held.run, some).await.unwrap();
    }
    assert_eq!(world.store.run_log(&held.run).await.unwrap(), all);
}

#[tokio::test]
async fn issues_are_kept_once_and_leave_when_a_pass_no_longer_meets_them() {
    let world =
        World::new(Tuning { page_records_max: 2, gather_records_max: 2, ..Tuning::default() })
            .await;
    let rows = [(0, 1, 1.0), (0, 2, 2.0), (0, 1, 5.0)];
    world.run_through(&rows, &BTreeSet::from([2]), false).await;
    let issues = world.issues().await;
    let places: Vec<&str> = issues.iter().map(String::as_str).collect();
    assert_eq!(places, ["row 0", "row 2", "well 0 depth at 1970-01-01T00:00:00.001Z"]);
    world.run_through(&rows, &BTreeSet::new(), true).await;
    assert_eq!(world.issues().await, issues);
    world.run_through(&rows[..2], &BTreeSet::new(), true).await;
    assert_eq!(world.issues().await, ["row 0"]);
}
