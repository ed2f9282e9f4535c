//! An answer that is lost in a push: nobody knows what happened, and all ends as if nothing had.

use crate::domain::batch::{Batch, Receipt};
use crate::domain::plugin::Failure;

use super::deliver::{self, push_all};
use super::fault::{At, Fault};
use super::holding::Holding;
use super::subject::Subject;
use super::verdict::{Ended, Held};
use super::world::World;

/// Requests and calls at which a push is broken.
const BREAKS_MAX: usize = 40;

/// Whichever answer is lost, or call is the last: pushed again as `uncertain`, all is there once.
pub(super) async fn lost_answer(subject: &Subject) -> Held {
    let batches = deliver::batches(subject)?;
    let clean = World::new(subject)?;
    push_all(&mut clean.guest().await?, &batches).await?;
    let (expected, calls) = (clean.held()?, clean.calls());
    for request in sampled(clean.requests().len()) {
        let world = World::new(subject)?;
        world.inject(At::Only(request), Fault::AnswerLost);
        let place = format!("the answer to request {request} of a push was lost");
        broken(&world, &batches).await.map_err(|ended| ended.at(&place))?;
        world.calm();
        again(&world, &batches, &expected).await.map_err(|ended| ended.at(&place))?;
    }
    for call in sampled(usize::try_from(calls).unwrap_or(usize::MAX)) {
        let world = World::new(subject)?;
        world.end_at(call as u64);
        let place = format!("a push was ended before call {call} of the host");
        // It ends in a trap, of which nothing can be said.
        let _ = push_all(&mut world.guest().await?, &batches).await;
        again(&world, &batches, &expected).await.map_err(|ended| ended.at(&place))?;
    }
    Ok(())
}

/// Pushes until something goes wrong. An error promises that nothing took effect.
async fn broken(world: &World<'_>, batches: &[Batch]) -> Held {
    for batch in batches {
        let before = world.held()?;
        match world.guest().await?.push(batch).await {
            Ok(receipt) if is_whole(&receipt) => {}
            Ok(_) => return Ok(()),
            Err(failure @ (Failure::Fault(_) | Failure::Limit(_))) => return Err(failure.into()),
            Err(failure) => {
                let Some(difference) = before.difference(&world.held()?) else { return Ok(()) };
                return Err(Ended::Failed(format!(
                    "push failed ({failure}), which promises that nothing took effect, but {difference}; \
                     expected a receipt that calls it unknown"
                )));
            }
        }
    }
    Ok(())
}

async fn again(world: &World<'_>, batches: &[Batch], expected: &Holding) -> Held {
    let uncertain = |batch: &Batch| Batch { uncertain: true, ..batch.clone() };
    let batches: Vec<Batch> = batches.iter().map(uncertain).collect();
    push_all(&mut world.guest().await?, &batches).await?;
    match expected.difference(&world.held()?) {
        None => Ok(()),
        Some(difference) => Err(Ended::Failed(format!(
            "pushed again as uncertain: expected what one good push leaves, got: {difference}"
        ))),
    }
}

fn is_whole(receipt: &Receipt) -> bool {
    receipt.unknown.is_empty() && receipt.untried.is_empty() && receipt.stopped.is_none()
}

fn sampled(count: usize) -> impl Iterator<Item = usize> {
    (0..count).step_by(count.div_ceil(BREAKS_MAX).max(1))
}
