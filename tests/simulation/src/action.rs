//! What happens in a history, made from a seed: edits on both sides, runs, faults, jumps of the clock.

use ourwater::domain::faults::Point;
use ourwater::domain::plan::Policy;

use crate::hook::Happening;
use crate::remote::{VALUE_MAX, rounded};
use crate::seeded::Seeded;

/// Actions of a history.
const ACTIONS: u64 = 24;

/// Points at which a run may stand still: no transaction is open there.
const PAUSES: [Point; 9] = [
    // Where another host most often meets what is not its own.
    Point::BatchKept,
    Point::BatchKept,
    Point::RunBegun,
    Point::PageFetched,
    Point::PagesSaved,
    Point::BatchKept,
    Point::BatchSent,
    Point::ReceiptSaved,
    Point::RunMoved,
];

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Action {
    /// A reading is changed here.
    LocalReading(Edit),
    /// A reading is changed there.
    RemoteReading(Edit),
    /// A resource is made here.
    LocalResource,
    /// A resource is made there.
    RemoteResource,
    /// A resource is changed here.
    LocalDescription(u64),
    /// A resource is changed there.
    RemoteDescription(u64),
    /// The sync runs.
    Run(Run),
    /// A reading is changed here while the sync runs: the edit waits once it has its number.
    LateEdit(Edit, Run),
    /// The clock jumps, ms.
    Clock(i64),
}

/// A value for a reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Edit {
    /// Which resource, of those there are.
    pub(crate) resource: u64,
    /// Which second.
    pub(crate) slot: u64,
    /// None: the reading is removed.
    pub(crate) value: Option<f64>,
}

/// How a run goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Run {
    /// Of its connection's faults.
    pub(crate) seed: u64,
    /// Answers get lost.
    pub(crate) foul: bool,
    /// What happens to its process.
    pub(crate) happening: Option<Happening>,
    /// What happens while it stands still.
    pub(crate) meanwhile: Meanwhile,
}

/// What happens while a run stands still.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Meanwhile {
    /// Another host takes over.
    TakeOver,
    /// A reading is changed here.
    Local(Edit),
    /// A reading is changed there.
    Remote(Edit),
}

/// A history.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) policy: Policy,
    pub(crate) actions: Vec<Action>,
}

impl History {
    /// The history of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut seeded = Seeded(seed);
        let policy = seeded.one_of(Policy::ALL);
        let mut actions = vec![Action::RemoteResource, Action::RemoteResource];
        actions.extend((0..ACTIONS).map(|_| action(&mut seeded)));
        Self { policy, actions }
    }
}

fn action(seeded: &mut Seeded) -> Action {
    match seeded.below(100) {
        0..30 => Action::LocalReading(edit(seeded, false)),
        30..50 => Action::RemoteReading(edit(seeded, true)),
        50..57 => Action::LocalResource,
        57..58 => Action::RemoteResource,
        58..61 => Action::LocalDescription(seeded.next()),
        61..64 => Action::RemoteDescription(seeded.next()),
        64..68 => Action::Clock(i64::try_from(seeded.below(20_000)).unwrap_or(0) - 5_000),
        68..73 => Action::LateEdit(edit(seeded, false), run(seeded)),
        _ => Action::Run(run(seeded)),
    }
}

fn edit(seeded: &mut Seeded, there: bool) -> Edit {
    let (resource, slot) = (seeded.next(), seeded.below(6));
    let fine = f64::from(u32::try_from(seeded.below(40)).unwrap_or(0)) / 7.0;
    let value = match seeded.below(100) {
        0..8 => None,
        8..12 if !there => Some(VALUE_MAX + 1.0 + fine),
        _ if there || seeded.percent(50) => Some(rounded(fine)),
        _ => Some(fine),
    };
    Edit { resource, slot, value }
}

fn run(seeded: &mut Seeded) -> Run {
    let happening = match seeded.below(100) {
        0..35 => Some(Happening::Death(death(seeded), 1 + seeded.below(3))),
        35..60 => Some(Happening::Pause(seeded.one_of(&PAUSES), 1 + seeded.below(2))),
        _ => None,
    };
    let meanwhile = match seeded.below(3) {
        0 => Meanwhile::TakeOver,
        1 => Meanwhile::Local(edit(seeded, false)),
        _ => Meanwhile::Remote(edit(seeded, true)),
    };
    Run { seed: seeded.next(), foul: seeded.percent(60), happening, meanwhile }
}

/// Anywhere a run passes.
fn death(seeded: &mut Seeded) -> Point {
    loop {
        let point = seeded.one_of(Point::ALL);
        if point != Point::EditNumbered {
            return point;
        }
    }
}
