//! What a run would do, found out on a copy of the database: nothing is written, nothing is pushed.
//!
//! The real source is read with the real plugin. What would be pushed is handed to nobody: on the
//! copy it counts as taken, so that what follows from it is planned as well.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::batch::{Batch, Pushed, Receipt};
use crate::domain::conflict::Conflict;
use crate::domain::id::{OrganisationId, SyncId};
use crate::domain::page::{Page, PageRequest};
use crate::domain::plugin::Failure;
use crate::domain::run::{Counts, Trigger};
use crate::domain::sync::{Datatype, Method};
use crate::grant::log::LogSink;
use crate::store::copy::{Alike, Copy};
use crate::store::push::Waiting;
use crate::store::run::Begun;
use crate::store::{self};

use super::ensure::Ensured;
use super::pull::{self, Job};
use super::source::Source;
use super::{Engine, Refusal, push};

/// Conflicts listed.
const CONFLICTS_MAX: u32 = 1_000;

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What would become of the records that are pulled.
    pub pull: BTreeMap<Datatype, Counts>,
    /// What would be pushed.
    pub push: BTreeMap<Datatype, Waiting>,
    /// Records that both sides changed differently, and what would become of each.
    pub conflicts: Vec<Conflict>,
    /// Records of theirs that would be taken for ones that are here.
    pub alike: Vec<Alike>,
    /// Why it would stop, unless it is confirmed; empty: it would not.
    pub asks: Vec<String>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sync cannot run.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Each plan takes as much room as the database.
    #[error("another plan is being made: try again when it is done")]
    Busy,
    /// A run would fail.
    #[error("a run would fail: {0}")]
    Fails(#[from] pull::Error),
    /// The database could not go on.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Engine {
    /// Finds out what a run of a sync would do.
    pub async fn plan(&self, organisation: &OrganisationId, sync: &SyncId) -> Result<Plan, Error> {
        let _alone = self.inner.planning.try_lock().map_err(|_| Error::Busy)?;
        let ensured = self.ensure(organisation, sync).await?;
        let copy = self.inner.store.copy().await?;
        let planned = self.plan_on(&copy, &ensured).await;
        copy.close().await;
        planned
    }

    async fn plan_on(&self, copy: &Copy, ensured: &Ensured) -> Result<Plan, Error> {
        let (digest, now) = (ensured.allowed.plugin.digest(), self.inner.clock.now());
        let how = Trigger::default();
        let held = match copy.store.begin_run(&ensured.sync, digest.as_str(), how, now).await? {
            Begun::Held(held) => held,
            Begun::Running(run) => return Err(Refusal::Running(run).into()),
        };
        let (_cancel, cancelled) = tokio::sync::watch::channel(false);
        let mut job = self.job(ensured, held, cancelled);
        job.store = copy.store.clone();
        let mut planning = Planning { copy, job, ensured, asks: Vec::new() };
        let retried = planning.retried().await?;
        let pull = planning.pulls().await?;
        let alike = copy.alike(&ensured.datasource.id).await?;
        let conflicts = planning.conflicts().await?;
        let push = planning.pushes(&retried).await?;
        Ok(Plan { pull, push, conflicts, alike, asks: planning.asks })
    }
}

/// A plan in the making.
struct Planning<'a> {
    copy: &'a Copy,
    job: Job,
    ensured: &'a Ensured,
    asks: Vec<String>,
}

impl Planning<'_> {
    /// What the sync pushes, of what the plugin takes.
    fn pushed(&self) -> Vec<Datatype> {
        if !self.job.sync.does(Method::PushToDatasource) {
            return Vec::new();
        }
        push::datatypes(&self.job, &self.ensured.allowed.plugin.description().pushes)
    }

    /// What earlier runs left to be tried again; of groups and resources, what may have arrived is
    /// taken for arrived.
    async fn retried(&self) -> Result<BTreeMap<Datatype, u64>, Error> {
        let mut retried = BTreeMap::new();
        for datatype in self.pushed() {
            retried.insert(datatype, self.waiting(datatype).await?.retry);
            if datatype != Datatype::Reading {
                push::settle(&self.job, &mut Taking, datatype).await?;
            }
        }
        Ok(retried)
    }

    async fn pulls(&mut self) -> Result<BTreeMap<Datatype, Counts>, Error> {
        let mut pulled = BTreeMap::new();
        if !self.job.sync.does(Method::PullFromDatasource) {
            return Ok(pulled);
        }
        let mut before = Counts::default();
        for datatype in push::datatypes(&self.job, &self.ensured.allowed.plugin.description().gets)
        {
            self.pull(datatype).await?;
            let (organisation, run) = (&self.job.sync.organisation, &self.job.held.run);
            let counts = self.copy.store.run(organisation, run).await?.counts;
            pulled.insert(datatype, since(counts, before));
            before = counts;
        }
        Ok(pulled)
    }

    /// Pulls as a run would; where that would ask, it is noted, and gone on with.
    async fn pull(&mut self, datatype: Datatype) -> Result<(), Error> {
        self.job.rehearsal = false;
        let source = self.ensured.source(LogSink::new()).await.map_err(pull::Error::from)?;
        match pull::pull(&self.job, source, datatype).await {
            Ok(_) => return Ok(()),
            Err(pull::Error::Store(
                asks @ (store::Error::Alike { .. } | store::Error::Unconfirmed(_)),
            )) => self.asks.push(asks.to_string()),
            Err(error) => return Err(error.into()),
        }
        self.job.rehearsal = true;
        let source = self.ensured.source(LogSink::new()).await.map_err(pull::Error::from)?;
        pull::pull(&self.job, source, datatype).await?;
        Ok(())
    }

    async fn conflicts(&self) -> Result<Vec<Conflict>, Error> {
        let sync = &self.job.sync;
        let store = &self.copy.store;
        let mut found = store.conflicts(&sync.organisation, &sync.id, None, CONFLICTS_MAX).await?;
        found.retain(|conflict| conflict.run == self.job.held.run);
        Ok(found)
    }

    async fn pushes(
        &self,
        retried: &BTreeMap<Datatype, u64>,
    ) -> Result<BTreeMap<Datatype, Waiting>, Error> {
        let mut pushes = BTreeMap::new();
        for datatype in self.pushed() {
            let waiting = self.waiting(datatype).await?;
            let retry = retried.get(&datatype).copied().unwrap_or_default();
            pushes.insert(datatype, Waiting { retry, ..waiting });
            if datatype != Datatype::Reading {
                push::push(&self.job, &mut Taking, datatype).await?;
            }
        }
        Ok(pushes)
    }

    async fn waiting(&self, datatype: Datatype) -> Result<Waiting, Error> {
        let Job { store, held, sync, datasource, resolution, .. } = &self.job;
        let push = store.begin_push(held, sync, datasource, *resolution).await?;
        Ok(store.pushed_next(&push, datatype).await?)
    }
}

/// Nobody, who takes every group and resource as the other system would at best.
struct Taking;

impl Source for Taking {
    async fn get(&mut self, _: &PageRequest) -> Result<Page, Failure> {
        Err(Failure::Unsupported("nothing is here".to_owned()))
    }

    async fn push(&mut self, batch: &Batch) -> Result<Receipt, Failure> {
        let keys: Vec<(bool, &String)> = match &batch.items {
            Pushed::Groups(all) => all.iter().map(|it| (it.new, &it.key)).collect(),
            Pushed::Resources(all) => all.iter().map(|it| (it.new, &it.key)).collect(),
            Pushed::Readings(_) => Vec::new(),
        };
        let ids = keys.iter().enumerate().filter(|(_, (new, _))| *new);
        Ok(Receipt {
            updated: batch.items.count() as u64,
            ids: ids.map(|(at, (_, key))| (at, (*key).clone())).collect(),
            ..Receipt::default()
        })
    }
}

fn since(counts: Counts, before: Counts) -> Counts {
    Counts {
        created: counts.created - before.created,
        updated: counts.updated - before.updated,
        unchanged: counts.unchanged - before.unchanged,
        superseded: counts.superseded - before.superseded,
        empty: counts.empty - before.empty,
        rejected: counts.rejected - before.rejected,
    }
}
