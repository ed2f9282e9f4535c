//! Two sides, edits on both, and every fault between them: whatever a seed brings, in the end both
//! sides hold the same, no edit was lost unseen, and a further run moves nothing.
//!
//! [`action`] makes a history from a seed, [`world`] lets it happen to a real store and engine and to
//! a scripted [`remote`], [`hook`] kills the process at named points, [`check`] looks at the end.

mod action;
mod check;
mod hook;
mod remote;
mod seeded;
mod world;

use anyhow::{Context as _, Result};
pub use hook::Points;
pub use ourwater::domain::faults::{Point, Protection};

use action::History;
use world::World;

/// A history in which something was violated, as small as it could be made.
#[derive(Debug)]
pub struct Violation {
    /// The seed it came from.
    pub seed: u64,
    /// What was violated.
    pub text: String,
    /// What happened, a line each.
    pub history: Vec<String>,
}

/// Lets the history of a seed happen; the points that were met, or what was violated.
pub fn simulate(seed: u64, lacks: Option<Protection>) -> Result<Points, Violation> {
    let history = History::of(seed);
    match happen(&history, seed, lacks) {
        Ok(points) => Ok(points),
        Err(error) => Err(smallest(history, seed, lacks, &error)),
    }
}

/// Takes actions out as long as something is still violated, and only because of what is lacking.
fn smallest(
    mut history: History,
    seed: u64,
    lacks: Option<Protection>,
    error: &anyhow::Error,
) -> Violation {
    let mut text = format!("{error:#}");
    let mut at = history.actions.len();
    while at > 0 {
        at -= 1;
        let mut smaller = history.clone();
        smaller.actions.remove(at);
        let Err(error) = happen(&smaller, seed, lacks) else { continue };
        if lacks.is_none() || happen(&smaller, seed, None).is_ok() {
            text = format!("{error:#}");
            history = smaller;
        }
    }
    if lacks.is_some()
        && let Err(error) = happen(&history, seed, None)
    {
        text = format!("with every protection: {error:#}");
    }
    let mut lines = vec![format!("policy {}", history.policy)];
    lines.extend(history.actions.iter().map(|action| format!("{action:?}")));
    Violation { seed, text, history: lines }
}

fn happen(history: &History, seed: u64, lacks: Option<Protection>) -> Result<Points> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut world = World::new(history.policy, lacks).await?;
        for action in &history.actions {
            world.act(*action).await.with_context(|| format!("{action:?}"))?;
        }
        check::quiet(&mut world, seed).await?;
        Ok(world.points.clone())
    })
}
