//! Answers that are lost and processes that are killed: the next runs end with each reading there
//! once.

use ourwater::domain::plan::Policy;
use ourwater::domain::run::RunState;
use ourwater::sync::{Refusal, Trigger};
use peers::Fault;

use super::world::{LOOPBACK, OTHER_WELL, WELL, World, open};

/// Five batches, some thirteen requests.
const READINGS: i64 = 5_000;

/// Requests in a row that go wrong.
const FAULTS: usize = 3;

/// Posts after which the program is killed, each time it is started.
const KILLED_AFTER: [usize; 6] = [1, 2, 1, 3, 1, 2];

async fn edited() -> World {
    let world = World::new(Policy::Review).await;
    world.seed_days(WELL, 0..20);
    world.run().await;
    let days: Vec<_> = (0..READINGS).map(|day| (day, Some((day % 700) as f64 / 8.0))).collect();
    world.edit(OTHER_WELL, &days).await;
    world.edit(WELL, &[(3, Some(7.25))]).await;
    world
}

/// Each reading is there once, with its value.
async fn assert_exact(world: &World) {
    let (ours, theirs) = (world.ours().await, world.theirs());
    assert_eq!(i64::try_from(theirs.len()).unwrap(), READINGS + 20);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!((&ours.0, &ours.1), (&theirs.0, &theirs.1));
        let value = |text: &str| text.parse::<f64>().unwrap();
        assert!((value(&ours.2) - value(&theirs.2)).abs() < 0.005 + 1e-9, "{ours:?} {theirs:?}");
    }
    world.rests().await;
}

#[tokio::test]
async fn an_answer_that_is_lost_doubles_nothing_and_loses_nothing() {
    for fault in [Fault::CutAfter, Fault::Truncated, Fault::CutBefore, Fault::Status(500)] {
        let world = edited().await;
        for _ in 0..FAULTS {
            world.proxy.fail("POST /api/readings", fault);
        }
        // Each run meets a fault at least, and the last one has what is left to itself.
        for _ in 0..FAULTS {
            world.try_run().await;
        }
        let run = world.run().await;
        assert_eq!((run.state, world.proxy.unmet()), (RunState::Completed, 0), "{fault:?} {run:?}");
        assert_exact(&world).await;
    }
}

#[tokio::test]
async fn an_answer_that_comes_late_is_waited_for_and_an_edit_made_meanwhile_follows() {
    let world = World::new(Policy::Review).await;
    world.seed_days(WELL, 0..5);
    world.run().await;
    world.edit(OTHER_WELL, &[(1, Some(1.5)), (2, Some(2.5))]).await;
    world.proxy.fail("POST /api/readings", Fault::Late);
    world.proxy.seen();
    let (engine, organisation) = (&world.app.engine, &world.organisation.id);
    let run = engine.trigger(organisation, &world.sync.id, Trigger::default()).await.unwrap();
    let proxy = world.proxy.clone();
    let sent = tokio::task::spawn_blocking(move || proxy.wait_for("POST /api/readings", 1));
    sent.await.unwrap();
    let second = engine.trigger(organisation, &world.sync.id, Trigger::default()).await;
    assert!(matches!(&second, Err(Refusal::Running(going_on)) if *going_on == run), "{second:?}");
    world.edit(OTHER_WELL, &[(1, Some(9.5))]).await;
    world.proxy.release();
    let run = engine.wait(organisation, &run, None).await.unwrap();
    assert_eq!((run.state, run.pushed.created), (RunState::Completed, 2), "{run:?}");
    let run = world.run().await;
    assert_eq!((run.pushed.created, run.pushed.updated, run.conflicts), (0, 1, 0), "{run:?}");
    let theirs = world.theirs();
    assert_eq!(theirs.len(), 7);
    assert!(theirs.iter().any(|(well, _, value)| well == OTHER_WELL && value == "9.5"));
    world.rests().await;
}

#[tokio::test]
async fn a_host_killed_in_the_middle_of_a_push_goes_on_with_it_and_nothing_is_there_twice() {
    let mut world = edited().await;
    let World { app, place, .. } = world;
    drop(app);
    let arguments = ["sync", "run", "mywell", "--allow-network", LOOPBACK, "--json"];
    let mut rows = Vec::new();
    for posts in KILLED_AFTER {
        world.proxy.seen();
        let mut program = place.start(&arguments);
        world.proxy.wait_for("POST /api/readings", posts);
        program.kill().unwrap();
        program.wait().unwrap();
        rows.push(world.peer.rows("reading").len());
    }
    println!("rows there after each kill: {rows:?}");
    assert!(rows.windows(2).any(|pair| pair[0] < pair[1]), "it never went on: {rows:?}");
    assert!(rows[0] < rows[rows.len() - 1]);
    let ended = place.run(&arguments);
    assert_eq!(ended.code, 0, "{ended:?}");
    world.app = open(&place).await;
    world.place = place;
    assert_exact(&world).await;
}
