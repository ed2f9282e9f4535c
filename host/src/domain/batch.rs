//! What is handed to a datasource, and what it says became of it.

use super::page::{Group, Readings, Resource};
use super::plugin::Failure;

/// Records of one datatype, handed over together.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The records.
    pub items: Pushed,
    /// What the other system had of each reading when it was last got, by place; empty: unknown.
    pub bases: Vec<Base>,
    /// Each may have arrived in an earlier try: look before creating.
    pub uncertain: bool,
}

/// What the other system had of a reading when it was last got.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Base {
    /// It is not got from there.
    Unknown,
    /// It had none.
    Nothing,
    /// A value.
    Value(f64),
}

/// Records of one datatype.
#[derive(Debug, Clone, PartialEq)]
pub enum Pushed {
    /// Areas.
    Groups(Vec<Keyed<Group>>),
    /// Places.
    Resources(Vec<Keyed<Resource>>),
    /// Values, in columns of one series each.
    Readings(Vec<Readings>),
}

/// A record with our id, the same on every try.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyed<T> {
    /// Our id.
    pub key: String,
    /// The other system does not have it yet; the record's own id then means nothing.
    pub new: bool,
    /// As it is to be.
    pub record: T,
}

impl Pushed {
    /// How many groups, resources or points; of readings first the times, then what is removed, of
    /// each series in turn.
    pub fn count(&self) -> usize {
        match self {
            Self::Groups(groups) => groups.len(),
            Self::Resources(resources) => resources.len(),
            Self::Readings(columns) => {
                columns.iter().map(|column| column.times.len() + column.removed.len()).sum()
            }
        }
    }
}

/// What became of a batch, by place in it. What is in no list took effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// New there.
    pub created: u64,
    /// Changed there.
    pub updated: u64,
    /// There already, the same.
    pub unchanged: u64,
    /// Ids the other system gave.
    pub ids: Vec<(usize, String)>,
    /// Will be refused again as they are, and why.
    pub refused: Vec<(usize, String)>,
    /// Changed there since they were last got; nothing was written.
    pub conflicting: Vec<usize>,
    /// May or may not have taken effect.
    pub unknown: Vec<usize>,
    /// Did not take effect; to be sent again.
    pub untried: Vec<usize>,
    /// Why the batch ended early.
    pub stopped: Option<Failure>,
}
