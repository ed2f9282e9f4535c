//! Takes batches. All looking comes before the first write, so that an error means that nothing
//! took effect; after it, each record is accounted for.

mod answer;
mod create;
pub(crate) mod reading;
pub(crate) mod resource;

use ourwater_sdk::{Assigned, Delay, Failure, Receipt, Refused};

/// What became of each record so far.
#[derive(Debug)]
struct Tally {
    fates: Vec<Fate>,
    stopped: Option<Failure>,
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq)]
enum Fate {
    Untried,
    Created,
    /// Created, and given this id.
    Named(String),
    Updated,
    Unchanged,
    Refused(String),
    /// Refused with this reason, and perhaps stored all the same.
    Doubtful(String),
    Unknown,
    /// Changed there meanwhile.
    Conflicting,
}

impl Tally {
    fn of(records: usize) -> Self {
        Self { fates: vec![Fate::Untried; records], stopped: None }
    }

    fn set(&mut self, at: usize, fate: Fate) {
        self.fates[at] = fate;
    }

    fn refuse(&mut self, at: usize, reason: impl Into<String>) {
        self.set(at, Fate::Refused(reason.into()));
    }

    fn stop(&mut self, failure: Failure) {
        self.stopped.get_or_insert(failure);
    }

    /// These may have taken effect; what follows is not tried.
    fn lose(&mut self, records: impl IntoIterator<Item = usize>, delay: Delay) {
        for at in records {
            self.set(at, Fate::Unknown);
        }
        self.stop(Failure::Unavailable(delay));
    }

    fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    fn receipt(self) -> Receipt {
        let mut receipt = Receipt {
            created: 0,
            updated: 0,
            unchanged: 0,
            ids: Vec::new(),
            refused: Vec::new(),
            conflicting: Vec::new(),
            unknown: Vec::new(),
            untried: Vec::new(),
            stopped: self.stopped,
        };
        for (at, fate) in (0..).zip(self.fates) {
            match fate {
                Fate::Untried => receipt.untried.push(at),
                Fate::Created => receipt.created += 1,
                Fate::Named(id) => {
                    receipt.created += 1;
                    receipt.ids.push(Assigned { at, id });
                }
                Fate::Updated => receipt.updated += 1,
                Fate::Unchanged => receipt.unchanged += 1,
                Fate::Refused(reason) => receipt.refused.push(Refused { at, reason }),
                Fate::Doubtful(_) | Fate::Unknown => receipt.unknown.push(at),
                Fate::Conflicting => receipt.conflicting.push(at),
            }
        }
        receipt
    }
}
