//! The hour that clocks show twice when summer time ends, settled by the order of the rows.
//!
//! Within one run of such rows a series goes forward: a time that does not is the second showing.
//! Each such reading carries a note that says how it was taken.

use std::collections::HashMap;

use crate::table::Place;
use crate::zone::Meaning;

/// A longer run is no hour of one night: it is settled in parts.
const MAX_RUN_BYTES: u64 = 4 * 1024 * 1024;

/// The run of such rows that was last read.
#[derive(Debug, Default)]
pub(crate) struct Hour {
    began: Option<Place>,
    last: HashMap<Vec<u8>, i64>,
    second: bool,
}

impl Hour {
    /// Where the run began, if the last row was in one.
    pub(crate) fn began(&self) -> Option<Place> {
        self.began
    }

    /// A row outside such an hour.
    pub(crate) fn leave(&mut self, time: i64) -> i64 {
        if self.began.is_some() {
            self.began = None;
            self.last.clear();
        }
        time
    }

    /// The time of a row of the series `key` that begins at `here`.
    pub(crate) fn resolve(&mut self, here: Place, key: Vec<u8>, meaning: Meaning) -> i64 {
        let (earlier, later) = match meaning {
            Meaning::Twice { earlier, later } => (earlier, later),
            Meaning::Once(time) => return self.leave(time),
            Meaning::Never => return i64::MIN,
        };
        let began = *self.began.get_or_insert(here);
        if here.offset.saturating_sub(began.offset) > MAX_RUN_BYTES {
            self.began = Some(here);
            self.last.clear();
        }
        self.second = self.last.get(&key).is_some_and(|&last| earlier <= last);
        let time = if self.second { later } else { earlier };
        self.last.insert(key, time);
        time
    }

    /// What is to be noted about the row that was last settled.
    pub(crate) fn doubt(&self) -> String {
        let showing = if self.second { "second" } else { "first" };
        format!("summer time ended and the clock showed this time twice: taken as the {showing}")
    }
}
