//! Where the process of one run dies or stands still, and what it lacks.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ourwater::domain::faults::{Faults, Hook, Point, Protection};
use tokio::sync::Notify;

/// How often each point was met, and killed at.
#[derive(Debug, Clone, Default)]
pub struct Points {
    /// By point: met.
    pub met: BTreeMap<Point, u64>,
    /// By point: killed at.
    pub died: BTreeMap<Point, u64>,
}

impl Points {
    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        for (point, count) in &other.met {
            *self.met.entry(*point).or_default() += count;
        }
        for (point, count) in &other.died {
            *self.died.entry(*point).or_default() += count;
        }
    }
}

/// What happens at a point, the nth time it is met in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    /// The process dies.
    Death(Point, u64),
    /// The process stands still.
    Pause(Point, u64),
}

/// The hook of one run.
#[derive(Debug)]
pub(crate) struct RunHook {
    happening: Option<Happening>,
    lacks: Option<Protection>,
    points: Mutex<Points>,
    /// It stands still.
    pub(crate) parked: Notify,
    /// It may go on.
    pub(crate) resume: Notify,
}

impl RunHook {
    pub(crate) fn new(happening: Option<Happening>, lacks: Option<Protection>) -> Arc<Self> {
        let (parked, resume) = (Notify::new(), Notify::new());
        Arc::new(Self { happening, lacks, points: Mutex::default(), parked, resume })
    }

    pub(crate) fn faults(self: &Arc<Self>) -> Faults {
        Faults::of(self.clone())
    }

    pub(crate) fn points(&self) -> Points {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Points> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn meet(&self, point: Point) -> u64 {
        let mut points = self.lock();
        let met = points.met.entry(point).or_default();
        *met += 1;
        *met
    }
}

impl Hook for RunHook {
    fn dies(&self, point: Point) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(async move {
            let met = self.meet(point);
            match self.happening {
                Some(Happening::Death(at, nth)) if at == point && nth == met => {
                    *self.lock().died.entry(point).or_default() += 1;
                    true
                }
                Some(Happening::Pause(at, nth)) if at == point && nth == met => {
                    self.parked.notify_one();
                    self.resume.notified().await;
                    false
                }
                _ => false,
            }
        })
    }

    fn lacks(&self, protection: Protection) -> bool {
        self.lacks == Some(protection)
    }
}
