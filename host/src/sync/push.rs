//! Pushes what changed here, batch after batch: kept before it is sent, acknowledged after.

use std::collections::HashSet;

use crate::domain::batch::{Batch, Receipt};
use crate::domain::faults::Point;
use crate::domain::plugin::Failure;
use crate::domain::sync::Datatype;
use crate::store::push::{Outgoing, OutgoingPlaces, Push, Retry};

use super::fetch::Backoff;
use super::pull::{Error, Job};
use super::source::Source;

/// Readings in a batch.
pub const BATCH_READINGS_MAX: usize = 1_000;

/// Groups or resources in a batch.
const BATCH_PLACES_MAX: usize = 50;

/// Finds out what became of everything that may have arrived, before anything is pulled: what comes
/// back is then known.
pub async fn settle<S: Source>(job: &Job, source: &mut S, datatype: Datatype) -> Result<(), Error> {
    let push = begin(job).await?;
    Pushing { job, push: &push, datatype }.all(source, Some(Retry::Uncertain)).await?;
    Ok(())
}

/// Pushes everything of one datatype; whether there was anything.
pub async fn push<S: Source>(job: &Job, source: &mut S, datatype: Datatype) -> Result<bool, Error> {
    let push = begin(job).await?;
    let pushing = Pushing { job, push: &push, datatype };
    match datatype {
        Datatype::Reading => job.store.cover(&push).await?,
        Datatype::Group | Datatype::Resource => job.store.enqueue_places(&push, datatype).await?,
    }
    let again = pushing.all(source, Some(Retry::Earlier)).await?;
    let anew = pushing.all(source, None).await?;
    Ok(again || anew)
}

async fn begin(job: &Job) -> Result<Push, Error> {
    Ok(job.store.begin_push(&job.held, &job.sync, &job.datasource, job.resolution).await?)
}

struct Pushing<'a> {
    job: &'a Job,
    push: &'a Push,
    datatype: Datatype,
}

/// A batch on its way.
enum Way {
    Readings(Outgoing),
    Places(OutgoingPlaces),
}

impl Way {
    fn batch(&self) -> &Batch {
        match self {
            Self::Readings(outgoing) => &outgoing.batch,
            Self::Places(outgoing) => &outgoing.batch,
        }
    }
}

impl Pushing<'_> {
    /// Sends batch after batch of what is tried again, or of what is new; what could not be tried
    /// while the other system was away is tried again after a wait. Whether there was anything.
    async fn all<S: Source>(&self, source: &mut S, retry: Option<Retry>) -> Result<bool, Error> {
        let mut backoff = Backoff::new(self.job.tuning);
        let (mut waiting, mut sent) = (false, false);
        loop {
            if *self.job.cancel.borrow() {
                return Err(Error::Cancelled);
            }
            let next = if waiting { Some(Retry::Untried) } else { retry };
            let Some(way) = self.next(next).await? else {
                if waiting {
                    waiting = false;
                    continue;
                }
                return Ok(sent);
            };
            sent = true;
            match self.send(source, way).await? {
                None => backoff = Backoff::new(self.job.tuning),
                Some(failure) => {
                    let mut cancel = self.job.cancel.clone();
                    backoff.wait(failure, &mut cancel).await?;
                    waiting = true;
                }
            }
        }
    }

    async fn next(&self, retry: Option<Retry>) -> Result<Option<Way>, Error> {
        let (store, push) = (&self.job.store, self.push);
        if self.datatype != Datatype::Reading {
            let retry = retry.unwrap_or(Retry::Untried);
            let next = store.next_places(push, self.datatype, retry, BATCH_PLACES_MAX).await?;
            return Ok(next.map(Way::Places));
        }
        let next = if let Some(retry) = retry {
            store.retry_readings(push, retry, BATCH_READINGS_MAX).await?
        } else {
            let now = self.job.clock.now();
            store.next_readings(push, BATCH_READINGS_MAX, now).await?
        };
        Ok(next.map(Way::Readings))
    }

    /// Sends a batch and saves its receipt; why the rest has to wait, where it has to.
    async fn send<S: Source>(&self, source: &mut S, way: Way) -> Result<Option<Failure>, Error> {
        // Who lost the lease must not send either.
        self.job.store.holds(&self.job.held).await?;
        let answer = source.push(way.batch()).await;
        self.job.faults().reach(Point::BatchSent).await.map_err(crate::store::Error::from)?;
        let receipt = match answer {
            Ok(receipt) => receipt,
            // Whether anything arrived is not known: the next run finds out.
            Err(failure @ (Failure::Fault(_) | Failure::Limit(_))) => return Err(failure.into()),
            Err(failure) => nothing(way.batch(), failure),
        };
        let stopped = receipt.stopped.clone();
        self.acknowledge(&way, &receipt).await?;
        match stopped {
            None => Ok(None),
            Some(failure @ Failure::Unavailable { .. }) => Ok(Some(failure)),
            Some(failure) => Err(failure.into()),
        }
    }

    async fn acknowledge(&self, way: &Way, receipt: &Receipt) -> Result<(), Error> {
        let (store, push, now) = (&self.job.store, self.push, self.job.clock.now());
        match way {
            Way::Readings(outgoing) => {
                store.acknowledge_readings(push, outgoing, receipt, now).await?;
            }
            Way::Places(outgoing) => {
                let datatype = self.datatype;
                store.acknowledge_places(push, datatype, outgoing, receipt, now).await?;
            }
        }
        Ok(())
    }
}

/// Nothing of the batch took effect. What was uncertain before stays so.
fn nothing(batch: &Batch, failure: Failure) -> Receipt {
    let all: Vec<usize> = (0..batch.items.count()).collect();
    let (unknown, untried) = if batch.uncertain { (all, Vec::new()) } else { (Vec::new(), all) };
    Receipt { unknown, untried, stopped: Some(failure), ..Receipt::default() }
}

/// What a sync does, of the two that OurWater starts.
pub(super) fn datatypes(job: &Job, offered: &[Datatype]) -> Vec<Datatype> {
    let offered: HashSet<Datatype> = offered.iter().copied().collect();
    job.sync.datatypes.iter().copied().filter(|datatype| offered.contains(datatype)).collect()
}
