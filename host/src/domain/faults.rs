//! Where a simulation lets the process die, and what it takes away; in the product nothing at all.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::sync::{UnknownWord, words};

words! {
    /// What keeps two sides from losing, doubling or sending in circles.
    Protection, "a protection" {
        /// What came from a datasource is not pushed back to it.
        Echo = "echo",
        /// What both sides agreed on is remembered while ours is ahead.
        Base = "base",
        /// The cursor moves in the transaction of its page.
        Cursor = "cursor",
        /// A run whose lease is gone cannot write.
        Fence = "fence",
        /// What a coarser side gives back is not an edit.
        Normalise = "normalise",
        /// What may have arrived is looked for before it is made again.
        Uncertain = "uncertain",
        /// The order of numbers in the change log is the order of commits.
        Seq = "seq",
    }
}

words! {
    /// Where a process may die.
    Point, "a point where a process may die" {
        /// A run was begun and did nothing yet.
        RunBegun = "run begun",
        /// A page of the source is here, and not yet saved.
        PageFetched = "page fetched",
        /// Pages are written, and not yet committed.
        PagesWritten = "pages written",
        /// Pages are committed.
        PagesSaved = "pages saved",
        /// A batch is in the outbox, and not yet committed.
        BatchWritten = "batch written",
        /// A batch is in the outbox, and not yet sent.
        BatchKept = "batch kept",
        /// A batch was sent, and its receipt is not yet saved.
        BatchSent = "batch sent",
        /// A receipt is written, and not yet committed.
        ReceiptWritten = "receipt written",
        /// A receipt is saved.
        ReceiptSaved = "receipt saved",
        /// Everything moved, and the run has not ended yet.
        RunMoved = "run moved",
        /// An edit has its number, and is not yet committed.
        EditNumbered = "edit numbered",
    }
}

/// What a simulation does to the process; by default nothing.
#[derive(Clone, Default)]
pub struct Faults {
    #[cfg(feature = "simulation")]
    hook: Option<std::sync::Arc<dyn Hook>>,
}

/// The process died here.
#[derive(Debug, thiserror::Error)]
#[error("the process died: {0}")]
pub struct Died(pub Point);

/// What a simulation decides.
#[cfg(feature = "simulation")]
pub trait Hook: Send + Sync {
    /// Called at each point, in turn; whether the process dies there.
    fn dies(&self, point: Point) -> std::pin::Pin<Box<dyn Future<Output = bool> + Send + '_>>;
    /// What is taken away.
    fn lacks(&self, protection: Protection) -> bool;
}

#[cfg(feature = "simulation")]
impl Faults {
    /// As the simulation decides.
    pub fn of(hook: std::sync::Arc<dyn Hook>) -> Self {
        Self { hook: Some(hook) }
    }

    /// Goes on, unless the process dies here.
    pub async fn reach(&self, point: Point) -> Result<(), Died> {
        match &self.hook {
            Some(hook) if hook.dies(point).await => Err(Died(point)),
            _ => Ok(()),
        }
    }

    /// Whether a protection is taken away.
    pub fn lack(&self, protection: Protection) -> bool {
        self.hook.as_ref().is_some_and(|hook| hook.lacks(protection))
    }
}

#[cfg(not(feature = "simulation"))]
impl Faults {
    /// Goes on.
    #[expect(clippy::unused_async, reason = "in a simulation it waits")]
    pub async fn reach(&self, _: Point) -> Result<(), Died> {
        Ok(())
    }

    /// Nothing is taken away.
    pub fn lack(&self, _: Protection) -> bool {
        false
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Faults").finish_non_exhaustive()
    }
}
