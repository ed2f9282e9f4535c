//! A pull goes on in another instance where the last one ended, and nobody can tell.

use super::pull::{Stopped, Track, Trail};
use super::record::{difference, unequal};
use super::subject::Subject;
use super::verdict::{Ended, Held};
use super::world::World;

/// Calls of the host before which an instance is ended.
const CALLS_MAX: u64 = 60;

/// From every cursor, in a fresh instance, exactly the rest.
pub(super) async fn resume(subject: &Subject) -> Held {
    let mut tried = 0;
    for (track, whole) in &subject.baseline()?.tracks {
        let limit = whole.small();
        let world = World::new(subject)?;
        let trail = track.pull(&mut world.guest().await?, limit, None).await?;
        for at in 1..trail.pages.len() {
            let cursor = trail.pages[at - 1].cursor.clone();
            let rest = track.pull(&mut world.guest().await?, limit, Some(cursor.clone())).await?;
            let expected = Trail { start: None, pages: trail.pages[at..].to_vec() };
            if let Some(difference) = unequal(&expected.records(), &rest.records()) {
                return Err(Ended::Failed(format!(
                    "{}, {limit} a page, gone on with in a fresh instance after page {at}, cursor \
                     {cursor}: {difference}",
                    track.name()
                )));
            }
            tried += 1;
        }
    }
    if tried == 0 {
        return Err(Ended::not_run(
            "the fixture holds too little for two pages of one record each",
        ));
    }
    Ok(())
}

/// Ended before any call of the host, and gone on with from the last cursor.
pub(super) async fn trap(subject: &Subject) -> Held {
    for (track, whole) in &subject.baseline()?.tracks {
        let limit = whole.small().saturating_mul(4);
        let world = World::new(subject)?;
        let trail = track.pull(&mut world.guest().await?, limit, None).await?;
        let calls = world.calls();
        let step = calls.div_ceil(CALLS_MAX).max(1);
        for call in (0..calls).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
            interrupted(subject, track, limit, call, &trail).await?;
        }
    }
    Ok(())
}

async fn interrupted(
    subject: &Subject,
    track: &Track,
    limit: u32,
    call: u64,
    expected: &Trail,
) -> Held {
    let world = World::new(subject)?;
    world.end_at(call);
    let (mut trail, ended) = match track.pull(&mut world.guest().await?, limit, None).await {
        Ok(trail) => (trail, true),
        Err(Stopped::Failed { trail, .. }) => (trail, false),
        Err(endless) => return Err(endless.into()),
    };
    let place = format!("{}, ended before call {call} of the host", track.name());
    if !ended {
        let rest = track.pull(&mut world.guest().await?, limit, trail.cursor()).await;
        trail.pages.extend(rest.map_err(|stopped| Ended::from(stopped).at(&place))?.pages);
    }
    match difference(&expected.standing(), &trail.standing()) {
        None => Ok(()),
        Some(difference) => Err(Ended::Failed(difference).at(&place)),
    }
}
