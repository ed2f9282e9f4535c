//! What the coarser side rounds away is no edit: the more precise one is kept.

use ourwater::domain::plan::Policy;

use super::world::{NOON, World};

#[tokio::test]
async fn four_decimals_and_a_quarter_of_a_second_come_back_rounded_and_change_nothing() {
    let world = World::new(Policy::Review).await;
    world.run().await;
    let ours = || async {
        let all = world.app.store.resources(&world.organisation.id, "", 10).await.unwrap();
        all[0].id.clone()
    };
    let now = world.app.clock.now();
    let points = [(NOON + 250, Some(5.2716)), (NOON + 60_999, Some(-0.9999))];
    world.write(ours().await, points, now).await;
    let kept = world.ours().await;
    let run = world.run().await;
    assert_eq!(run.pushed.created, 2, "{run:?}");
    let values: Vec<_> = world.theirs().into_iter().map(|(_, time, value)| (time, value)).collect();
    let expected = [("1990-01-01T12:00:00.000Z", "5.27"), ("1990-01-01T12:01:00.000Z", "-1")];
    assert_eq!(values, expected.map(|(time, value)| (time.to_owned(), value.to_owned())));
    for _ in 0..2 {
        world.rests().await;
        assert_eq!(world.ours().await, kept);
    }
    // An edit that rounding hides moves nothing; one that it does not hide is sent.
    world.write(ours().await, [(NOON + 250, Some(5.2721))], now + 1).await;
    let run = world.run().await;
    assert_eq!((run.pushed.updated, world.theirs().len()), (0, 2), "{run:?}");
    world.write(ours().await, [(NOON + 250, Some(5.2801))], now + 2).await;
    let run = world.run().await;
    assert_eq!((run.pushed.updated, world.theirs().len()), (1, 2), "{run:?}");
    assert_eq!(world.theirs()[0].2, "5.28");
    world.rests().await;
}
