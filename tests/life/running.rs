//! A version is replaced while it runs: the run finishes on its own, the next one on the new.

use std::convert::Infallible;

use futures_util::stream;
use ourwater::domain::permission::{Allowance, asked};
use ourwater::domain::plan::Policy;
use ourwater::domain::run::{RunState, Trigger};
use peers::Fault;

use crate::harness::component::again;
use crate::two_way::world::{WELL, World};

#[tokio::test]
async fn a_run_finishes_on_the_version_it_began_with() {
    let world = World::new(Policy::Review).await;
    world.seed_days(WELL, 0..5);
    let builtin = ourwater::plugin::builtin().iter().find(|(name, _)| *name == "legacy-mywell");
    let content = stream::iter([Ok::<_, Infallible>(again(builtin.unwrap().1).into())]);
    let new = world.app.add_plugin(content, "Asha").await.unwrap().version;
    let asks = serde_json::from_value(new.description["asks"].clone()).unwrap();
    let all = Allowance::of_all(&asked(&asks).unwrap());
    world.app.allow_plugin(&new.digest, &all, "Asha").await.unwrap();

    world.proxy.fail("GET /api/readings", Fault::Late);
    let (engine, organisation) = (&world.app.engine, &world.organisation.id);
    let run = engine.trigger(organisation, &world.sync.id, Trigger::default()).await.unwrap();
    let proxy = world.proxy.clone();
    let asked_for = tokio::task::spawn_blocking(move || proxy.wait_for("GET /api/readings", 1));
    asked_for.await.unwrap();
    world.app.activate_plugin(&new.digest, "Asha").await.unwrap();
    world.proxy.release();
    let run = engine.wait(organisation, &run, None).await.unwrap();
    assert_eq!((run.state, run.counts.created), (RunState::Completed, 9), "{run:?}");
    assert_ne!(run.plugin, new.digest.as_str());

    let in_use = world.app.delete_plugin(&new.digest, "Asha").await.unwrap_err().to_string();
    assert!(in_use.contains("in use by datasource"), "{in_use}");
    let run = world.run().await;
    assert_eq!((run.plugin.as_str(), run.counts.created), (new.digest.as_str(), 0), "{run:?}");
    world.app.roll_back_plugin("legacy-mywell", "Asha").await.unwrap();
    world.app.delete_plugin(&new.digest, "Asha").await.unwrap();
}
