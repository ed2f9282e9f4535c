//! LegacyMyWell, a real LoopBack server, and OurWater hold the same, whoever changes what and
//! whatever breaks in between.

mod conflicts;
mod history;
mod places;
mod rounding;
mod stops;
pub(crate) mod world;

use ourwater::domain::plan::Policy;
use ourwater::domain::run::RunState;

use world::{WELL, World, time};

/// What a run with nothing new asks.
const IDLE: [&str; 5] = [
    "POST /api/Clients/login",
    "GET /api/villages",
    "GET /api/resources",
    "GET /api/readings",
    "GET /api/readings",
];

#[tokio::test]
async fn everything_comes_once_and_an_idle_run_asks_as_much_after_a_long_history_as_after_a_short_one()
 {
    let world = World::new(Policy::Review).await;
    world.seed_days(WELL, 0..30);
    let first = world.run().await;
    assert_eq!((first.state, first.counts.updated), (RunState::Completed, 0), "{first:?}");
    assert_eq!(world.ours().await, world.theirs());
    for days in [30..31, 31..12_000] {
        world.seed_days(WELL, days);
        world.run().await;
        assert_eq!(world.ours().await, world.theirs());
        world.proxy.seen();
        world.rests().await;
        assert_eq!(world.proxy.seen(), IDLE);
    }
    assert_eq!(world.theirs().len(), 12_000);
}

#[tokio::test]
async fn edits_on_both_sides_reach_the_other_in_one_run_and_the_next_moves_nothing() {
    let world = World::new(Policy::Review).await;
    world.seed_days(WELL, 0..30);
    world.run().await;
    world.edit(WELL, &[(3, Some(7.25)), (4, None), (40, Some(8.5)), (41, Some(0.0))]).await;
    world.edit_there(5, 9.75);
    world.seed_days(WELL, 50..53);
    let run = world.run().await;
    assert_eq!((run.counts.created, run.counts.updated), (3, 1), "{run:?}");
    assert_eq!((run.pushed.created, run.pushed.updated), (2, 2), "{run:?}");
    assert_eq!(run.state, RunState::Completed);
    let ours = world.ours().await;
    assert_eq!(ours, world.theirs());
    assert_eq!(ours.len(), 30 - 1 + 2 + 3);
    assert!(ours.contains(&(WELL.to_owned(), time(3), "7.25".to_owned())), "{ours:?}");
    assert!(ours.contains(&(WELL.to_owned(), time(5), "9.75".to_owned())), "{ours:?}");
    world.rests().await;
}
