//! A reading that both sides changed is decided by policy or by a person, and never in silence.

use ourwater::domain::conflict::ConflictState;
use ourwater::domain::plan::{Policy, Winner};
use serde_json::json;

use super::world::{WELL, World};

const HOUR_MS: i64 = 3_600_000;

/// A world in which both sides changed the reading of day 3: ours to 7.25, theirs to 9.75.
async fn disagreeing(policy: Policy, later_here_ms: i64) -> World {
    let world = World::new(policy).await;
    world.seed_days(WELL, 0..10);
    world.run().await;
    let now = world.app.clock.now();
    world.edit_there(3, 9.75);
    world.edit_at(WELL, &[(3, Some(7.25)), (4, Some(5.5))], now + later_here_ms).await;
    world
}

/// What both sides hold of day 3.
async fn held(world: &World) -> [String; 2] {
    let of = |all: Vec<(String, String, String)>| {
        let day = super::time(3);
        all.into_iter().find(|(_, time, _)| *time == day).unwrap().2
    };
    [of(world.ours().await), of(world.theirs())]
}

#[tokio::test]
async fn each_policy_brings_its_winner_to_both_sides_and_records_both_values() {
    let cases = [
        (Policy::DatasourceWins, HOUR_MS, ConflictState::Theirs, "9.75"),
        (Policy::OurwaterWins, -HOUR_MS, ConflictState::Ours, "7.25"),
        (Policy::NewestWins, HOUR_MS, ConflictState::Ours, "7.25"),
        (Policy::NewestWins, -HOUR_MS, ConflictState::Theirs, "9.75"),
    ];
    for (policy, later_here_ms, state, value) in cases {
        let world = disagreeing(policy, later_here_ms).await;
        let run = world.run().await;
        assert_eq!(run.conflicts, 1, "{policy}: {run:?}");
        assert_eq!(held(&world).await, [value, value], "{policy}");
        let (organisation, sync) = (&world.organisation.id, &world.sync.id);
        let conflicts = world.app.store.conflicts(organisation, sync, None, 10).await.unwrap();
        let [conflict] = &conflicts[..] else { panic!("{conflicts:?}") };
        assert_eq!((conflict.state, conflict.record.as_str()), (state, WELL));
        assert_eq!(
            (&conflict.ours["value"], &conflict.theirs["value"]),
            (&json!(7.25), &json!(9.75))
        );
        assert_eq!(conflict.base.as_ref().unwrap()["value"], 0.75);
        assert_eq!(world.ours().await, world.theirs(), "{policy}");
        world.rests().await;
    }
}

#[tokio::test]
async fn a_person_decides_and_the_chosen_value_reaches_both_sides_while_the_rest_moves() {
    for (winner, value) in [(Winner::Ours, "7.25"), (Winner::Theirs, "9.75")] {
        let world = disagreeing(Policy::Review, 0).await;
        assert_eq!(world.run().await.conflicts, 1);
        assert_eq!(held(&world).await, ["7.25", "9.75"]);
        let differ = |ours: Vec<_>, theirs: Vec<_>| {
            ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs).count()
        };
        assert_eq!(differ(world.ours().await, world.theirs()), 1, "the rest has moved");
        world.rests().await;
        let (organisation, sync) = (&world.organisation.id, &world.sync.id);
        let (store, open) = (&world.app.store, Some(ConflictState::Open));
        let conflicts = store.conflicts(organisation, sync, open, 10).await.unwrap();
        let [conflict] = &conflicts[..] else { panic!("{conflicts:?}") };
        let now = world.app.clock.now();
        store.resolve_conflict(organisation, &conflict.id, winner, now).await.unwrap();
        world.run().await;
        assert_eq!(held(&world).await, [value, value]);
        assert_eq!(world.ours().await, world.theirs());
        world.rests().await;
    }
}

#[tokio::test]
async fn the_same_change_on_both_sides_is_no_conflict() {
    let world = World::new(Policy::Review).await;
    world.seed_days(WELL, 0..10);
    world.run().await;
    world.edit_there(3, 7.25);
    world.edit(WELL, &[(3, Some(7.25))]).await;
    let run = world.run().await;
    assert_eq!((run.conflicts, run.counts.updated, run.pushed.updated), (0, 0, 0), "{run:?}");
    world.rests().await;
}
