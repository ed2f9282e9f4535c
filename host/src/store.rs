//! What OurWater knows, in one SQLite file: what is saved together is one transaction.

pub mod administrator;
mod alias;
mod base;
pub mod blob;
mod caution;
pub mod change;
mod column;
pub mod conflict;
mod contradiction;
pub mod copy;
pub mod credential;
pub mod cursor;
pub mod datasource;
pub mod due;
pub mod edit;
pub mod feed;
pub mod file;
pub mod gather;
pub mod history;
pub mod issue;
mod link;
mod lookup;
mod names;
pub mod open;
pub mod organisation;
pub mod our;
mod place;
pub mod push;
pub mod reading;
pub mod received;
mod resolve;
pub mod run;
pub mod save;
pub mod seal;
pub mod series;
pub mod sync;
pub mod token;
pub mod version;

use sqlx::SqlitePool;

use crate::domain::faults::{Died, Faults};

pub use open::Access;
pub use save::{Gathered, Pull, Pulling, Saved};

/// An open database: one connection that writes, some that read.
#[derive(Debug, Clone)]
pub struct Store {
    pub(in crate::store) write: SqlitePool,
    pub(in crate::store) read: SqlitePool,
    /// What a simulation does to it.
    pub(in crate::store) faults: Faults,
    /// Held as long as this process may write.
    _lock: Option<std::sync::Arc<std::fs::File>>,
}

impl Store {
    /// The same store in a simulation's hands.
    #[must_use]
    pub fn with_faults(&self, faults: Faults) -> Self {
        Self { faults, ..self.clone() }
    }
}

/// Why the store did not do what it was asked; a variant per thing the caller may do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database itself: disk, permissions, a damaged file.
    #[error("the database could not go on: {0}")]
    Database(#[from] sqlx::Error),
    /// Another process writes to it.
    #[error("{database} is in use by another process ({holder}): stop it, or ask it over HTTP")]
    InUse {
        /// The database's path.
        database: String,
        /// What the holder says of itself.
        holder: String,
    },
    /// It cannot be opened.
    #[error("{database} cannot be opened: {reason}")]
    Open {
        /// The database's path.
        database: String,
        /// Why.
        reason: String,
    },
    /// There is none, or it is another organisation's.
    #[error("there is no {what} {id}")]
    NotFound {
        /// A word of the domain.
        what: &'static str,
        /// What was asked for.
        id: String,
    },
    /// More than one is called so.
    #[error("several {what}s are called {id:?}: give the id of one")]
    Several {
        /// A word of the domain.
        what: &'static str,
        /// What was asked for.
        id: String,
    },
    /// The name is taken.
    #[error("there is a {what} named {name:?} already")]
    Taken {
        /// A word of the domain.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Something still needs it.
    #[error("the {what} is in use by {by}: delete that first")]
    InUseBy {
        /// A word of the domain.
        what: &'static str,
        /// What needs it.
        by: String,
    },
    /// A limit was reached; names it.
    #[error("{0}")]
    Limit(String),
    /// Another process took the run over: nothing of this was written.
    #[error("the run was taken over by another process")]
    LostLease,
    /// A series has one pulling owner.
    #[error("{0}")]
    Owned(String),
    /// A record of theirs looks like one of ours, and nobody said yet whether it is.
    #[error(
        "the {what} {id} of the datasource looks like one that is here already: see which with \
         `ourwater sync plan`, then set the sync's matching to join or apart"
    )]
    Alike {
        /// A word of the domain.
        what: &'static str,
        /// Its external id.
        id: String,
    },
    /// A record was sent, and nobody knows whether it arrived.
    #[error(
        "a {what} was pushed to this datasource and may be what now comes back: first run the sync \
         that pushes, which finds out"
    )]
    Uncertain {
        /// A word of the domain.
        what: &'static str,
    },
    /// More would change than may without being asked for.
    #[error("{0}")]
    Unconfirmed(String),
    /// A version of a plugin does not stand where that can be done with it.
    #[error("{0}")]
    Standing(String),
    /// Somebody decided it before.
    #[error("the conflict {0} was decided already")]
    Decided(String),
    /// A simulation killed the process.
    #[error(transparent)]
    Died(#[from] Died),
    /// A credential could not be sealed or opened.
    #[error("credential: {0}")]
    Seal(#[from] seal::Error),
    /// A row that this version cannot read.
    #[error("{table} {id} holds something this version cannot read: {reason}")]
    Unreadable {
        /// Which table.
        table: &'static str,
        /// Which row.
        id: String,
        /// What is wrong.
        reason: String,
    },
}

impl Error {
    /// For a stored text that does not parse.
    pub(in crate::store) fn unreadable(
        table: &'static str,
        id: &str,
        reason: impl std::fmt::Display,
    ) -> Self {
        Self::Unreadable { table, id: id.to_owned(), reason: reason.to_string() }
    }
}
