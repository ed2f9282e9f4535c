//! What a sync still has to push: handed to the outbox and past the cursor in one transaction.
//!
//! A batch is in the outbox, durably, before it is sent, and leaves it with its receipt. Whatever is
//! found there as sent by a run that is gone may have arrived: it is sent again as it was, and said
//! to be uncertain. A reading is to be pushed where its last change is not the datasource's own and,
//! in a series that the datasource pulls into, the two do not agree on it.

mod batch;
mod changed;
mod covered;
mod outbox;
mod places;
mod queue;
mod receipt;
mod retry;

use sqlx::Row as _;

use crate::domain::datasource::Datasource;
use crate::domain::faults::{Faults, Protection};
use crate::domain::plan::Resolution;
use crate::domain::sync::{Datatype, Method, Sync};

use super::run::Held;
use super::{Error, Store};

pub use batch::{Outgoing, OutgoingPlaces};

/// What a push of one sync works with.
#[derive(Debug, Clone)]
pub struct Push {
    pub(in crate::store) held: Held,
    pub(in crate::store) sync: Sync,
    pub(in crate::store) origin: i64,
    pub(in crate::store) faults: Faults,
    pub(in crate::store) resolution: Resolution,
    /// Readings are pulled by the same sync.
    pub(in crate::store) pulls: bool,
    /// The last change that is pushed by this run.
    upper: i64,
}

/// What of the outbox is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// What may have arrived in an earlier try.
    Uncertain,
    /// What was refused, in conflict or not tried by earlier runs.
    Earlier,
    /// What this run could not try.
    Untried,
}

impl Retry {
    /// Which rows of the outbox, `$2` being the lease.
    fn condition(self) -> &'static str {
        match self {
            Self::Uncertain => "state IN ('sent', 'unknown') AND lease <> $2",
            Self::Earlier => "state IN ('refused', 'conflicting', 'untried') AND lease <> $2",
            Self::Untried => "state = 'untried'",
        }
    }
}

/// Where a sync stands in the change log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct At {
    seq: i64,
    series: i64,
    time: i64,
}

impl At {
    /// Behind everything up to a change.
    fn behind(seq: i64) -> Self {
        Self { seq, series: i64::MAX, time: i64::MAX }
    }
}

impl Store {
    /// Gets ready to push everything changed up to now.
    pub async fn begin_push(
        &self,
        held: &Held,
        sync: &Sync,
        datasource: &Datasource,
        resolution: Resolution,
    ) -> Result<Push, Error> {
        let row = sqlx::query(
            "SELECT number, organisation.seq FROM datasource \
             JOIN organisation ON organisation.id = datasource.organisation \
             WHERE datasource.id = $1",
        )
        .bind(datasource.id.as_str())
        .fetch_one(&self.write)
        .await?;
        let exact = self.faults.lack(Protection::Normalise);
        Ok(Push {
            held: held.clone(),
            sync: sync.clone(),
            origin: row.get("number"),
            faults: self.faults.clone(),
            resolution: if exact { Resolution::EXACT } else { resolution },
            pulls: sync.methods.contains(&Method::PullFromDatasource)
                && sync.datatypes.contains(&Datatype::Reading),
            upper: row.get("seq"),
        })
    }

    /// How many records wait to be pushed, by what a push would look at; nothing is written.
    pub async fn pushed_next(&self, push: &Push, datatype: Datatype) -> Result<Waiting, Error> {
        match datatype {
            Datatype::Reading => self.waiting_readings(push).await,
            _ => self.waiting_places(push, datatype).await,
        }
    }
}

/// What waits to be pushed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Waiting {
    /// The other system does not have them yet, as far as is known.
    pub create: u64,
    /// It has them otherwise.
    pub update: u64,
    /// They were tried before, and are tried again.
    pub retry: u64,
}
