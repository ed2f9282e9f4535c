//! What only looks leaves no trace.

use super::pull::LARGE;
use super::subject::Subject;
use super::verdict::{Ended, Held};
use super::world::World;

/// `check`, `propose` and `get` change nothing in the other system.
pub(super) async fn nothing(subject: &Subject) -> Held {
    let world = World::new(subject)?;
    let before = world.held()?;
    let unchanged = |call: &str| match before.difference(&world.held()?) {
        None => Ok(()),
        Some(difference) => {
            Err(Ended::Failed(format!("expected {call} to write nothing, got: {difference}")))
        }
    };
    let mut guest = world.guest().await?;
    // What they answer is the matter of other checks.
    let _ = guest.check().await;
    unchanged("check")?;
    let _ = guest.propose().await;
    unchanged("propose")?;
    for (track, _) in &subject.baseline()?.tracks {
        let _ = track.pull(&mut guest, LARGE, None).await;
        unchanged("get")?;
    }
    Ok(())
}
