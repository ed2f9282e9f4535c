//! Takes what another system posts: checked like a plugin's page, saved in a run of its own.
//!
//! Every record is as safe to post again as to read again, so a receipt that was lost costs nothing;
//! with a key, the same body is answered with the receipt it got.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tokio::task::JoinError;

use crate::domain::datasource::Datasource;
use crate::domain::id::{OrganisationId, RunId, SyncId};
use crate::domain::page::{Group, Items, Page, Readings, Rejection, Resource};
use crate::domain::plan::Resolution;
use crate::domain::run::{RECEIVED, RunState, Trigger};
use crate::domain::sound;
use crate::domain::sync::{Datatype, Method, Sync};
use crate::store::received::Given;
use crate::store::run::{Begun, Held};
use crate::store::{self, Gathered, Pulling, Saved};

use super::outcome::failure;
use super::{Engine, pull, resolution};

/// The part of a sync's source that is posted; parts that are pulled have other numbers.
const POSTED: i64 = -1;

/// Longest key, bytes.
const KEY_BYTES_MAX: usize = 256;

/// What another system hands over.
#[derive(Debug, Default)]
pub struct Posted {
    /// Areas.
    pub groups: Vec<Group>,
    /// Places.
    pub resources: Vec<Resource>,
    /// Values.
    pub readings: Vec<Readings>,
    /// What could not be understood.
    pub rejected: Vec<Rejection>,
    /// A person there has seen what it would change, and wants it.
    pub confirm: bool,
    /// Under this key, the same body gets the same receipt.
    pub key: Option<Key>,
}

/// What a body was posted under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// As the other system chose it.
    pub key: String,
    /// Of the whole body, in hexadecimal.
    pub sha256: String,
}

/// What became of it: each record is counted once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostReceipt {
    /// The run it was saved in.
    pub run: RunId,
    /// New in OurWater.
    pub created: u64,
    /// There with another value.
    pub updated: u64,
    /// There already, the same.
    pub unchanged: u64,
    /// Given again later in the same body.
    pub superseded: u64,
    /// Changed in OurWater, too, and differently.
    pub conflicts: u64,
    /// Not taken.
    pub rejected: Vec<NotTaken>,
}

/// A record that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotTaken {
    /// Which.
    pub place: String,
    /// Why.
    pub reason: String,
}

/// Why nothing of it was taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The sync is not for that.
    #[error("the sync takes nothing that is posted: give it the method push-from-datasource")]
    Method,
    /// The sync is switched off.
    #[error("the sync is disabled: enable it first")]
    Disabled,
    /// A one-time sync has completed.
    #[error("the sync runs once, and has completed: make another, or make it a lasting one")]
    Consumed,
    /// The sync does not move such records.
    #[error("the sync moves no {0}: add it to its datatypes")]
    Datatype(Datatype),
    /// A run of it is going on.
    #[error("the sync is running, as {0}: post again when it has ended")]
    Running(RunId),
    /// The key cannot be one.
    #[error("a key has 1 to {KEY_BYTES_MAX} bytes and no control character")]
    BadKey,
    /// The key was used for another body.
    #[error("the key was used for another body: take a new key for each body")]
    KeyUsed,
    /// The database could not go on, or does not know it.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The run failed.
    #[error(transparent)]
    Stopped(#[from] pull::Error),
    /// The task broke down.
    #[error("the task that saved it broke down: {0}")]
    Task(#[from] JoinError),
}

impl Engine {
    /// Saves what was posted to a sync.
    pub async fn receive(
        &self,
        organisation: &OrganisationId,
        sync: &SyncId,
        posted: Posted,
    ) -> Result<PostReceipt, Error> {
        let store = &self.inner.store;
        let sync = store.sync(organisation, sync).await?;
        let datasource = store.datasource(organisation, &sync.datasource).await?;
        if !sync.does(Method::PushFromDatasource) {
            return Err(Error::Method);
        }
        // A receipt that was lost is given again, whatever became of the sync.
        if let Some(receipt) = self.given(&sync, posted.key.as_ref()).await? {
            return Ok(receipt);
        }
        ensure(&sync, &posted)?;
        if let Some(run) = store.own_open_run(&sync.id).await? {
            return Err(Error::Running(run));
        }
        let how = Trigger { rewind: false, confirm: posted.confirm };
        let held = match store.begin_run(&sync, RECEIVED, how, self.inner.clock.now()).await? {
            Begun::Held(held) => held,
            Begun::Running(run) => return Err(Error::Running(run)),
        };
        let engine = self.clone();
        // A task of its own: whoever posted may have gone, and the run is ended all the same.
        tokio::spawn(async move { engine.take(&Taking { held, sync, datasource }, posted).await })
            .await?
    }

    /// The receipt that was given for the same body.
    async fn given(&self, sync: &Sync, key: Option<&Key>) -> Result<Option<PostReceipt>, Error> {
        let Some(Key { key, sha256 }) = key else { return Ok(None) };
        let Some(given) = self.inner.store.given(&sync.id, key).await? else { return Ok(None) };
        if given.sha256 != *sha256 {
            return Err(Error::KeyUsed);
        }
        let receipt = serde_json::from_str(&given.receipt).map_err(|error| {
            let (table, id, reason) = ("received", key.clone(), error.to_string());
            store::Error::Unreadable { table, id, reason }
        })?;
        Ok(Some(receipt))
    }

    async fn take(&self, taking: &Taking, posted: Posted) -> Result<PostReceipt, Error> {
        let (store, key) = (&self.inner.store, posted.key.clone());
        let saved = self.save(taking, posted).await;
        let (held, methods) = (&taking.held, [Method::PushFromDatasource]);
        let now = self.inner.clock.now();
        let receipt = match saved {
            Ok(receipt) => receipt,
            Err(error) => {
                let failure = failure(&taking.datasource.name, &error);
                store.end_run(held, &methods, RunState::Failed, Some(&failure), now).await?;
                return Err(error.into());
            }
        };
        let issues = store.met_issues(&held.run).await?;
        let state = if issues { RunState::CompletedWithIssues } else { RunState::Completed };
        store.end_run(held, &methods, state, None, now).await?;
        if let Some(Key { key, sha256 }) = key {
            let given = Given { sha256, receipt: serde_json::json!(receipt).to_string() };
            store.give(&taking.sync.id, &key, &given, now).await?;
        }
        Ok(receipt)
    }

    async fn save(&self, taking: &Taking, posted: Posted) -> Result<PostReceipt, pull::Error> {
        let posted = self.selected(&taking.sync, posted).await?;
        let mut receipt = PostReceipt::of(taking.held.run.clone());
        let mut rejected = posted.rejected;
        for items in [
            Items::Groups(posted.groups),
            Items::Resources(posted.resources),
            Items::Readings(posted.readings),
        ] {
            let last = matches!(items, Items::Readings(_));
            let found = if last { std::mem::take(&mut rejected) } else { Vec::new() };
            if is_empty(&items) && found.is_empty() {
                continue;
            }
            let not_taken = found
                .iter()
                .map(|it| NotTaken { place: it.place.clone(), reason: it.reason.clone() });
            receipt.rejected.extend(not_taken);
            receipt.add(&self.save_items(taking, items, found).await?);
        }
        Ok(receipt)
    }

    async fn save_items(
        &self,
        taking: &Taking,
        items: Items,
        rejected: Vec<Rejection>,
    ) -> Result<Saved, store::Error> {
        let (store, clock) = (&self.inner.store, &self.inner.clock);
        let Taking { held, sync, datasource } = taking;
        let datatype = datatype_of(&items);
        let allowed = self.inner.registry.get(&datasource.plugin).await.ok();
        let description = allowed.as_ref().map(|allowed| allowed.plugin.description());
        let keeps = description.and_then(|it| it.keeps.get(&datatype).cloned());
        let resolution = description.map_or(Resolution::EXACT, resolution);
        store.begin_pass(&sync.id, datatype, (POSTED, &[]), RECEIVED, &held.run).await?;
        let how = Pulling { resolution, keeps, rehearsal: false };
        let mut pull = store.begin_pull(held, sync, datasource, (datatype, POSTED), how).await?;
        let mut gathered = Gathered::default();
        gathered.add(Page {
            items,
            gone: Vec::new(),
            rejected,
            empty: 0,
            cursor: String::new(),
            more: false,
            total: None,
        });
        store.save(&mut pull, gathered, clock.now()).await
    }

    /// Only what the sync selects; the rest is told to be not selected.
    async fn selected(&self, sync: &Sync, mut posted: Posted) -> Result<Posted, store::Error> {
        let only: BTreeSet<&str> = sync.only.ids().iter().map(String::as_str).collect();
        if only.is_empty() {
            return Ok(posted);
        }
        let mut resources: BTreeSet<String> = BTreeSet::new();
        for resource in &posted.resources {
            let of_group = resource.groups.iter().any(|group| only.contains(group.as_str()));
            if of_group || only.contains(resource.id.as_str()) {
                resources.insert(resource.id.clone());
            }
        }
        for column in &posted.readings {
            let id = &column.series.resource;
            let groups = self.inner.store.groups_of(sync, id).await?;
            if only.contains(id.as_str()) || groups.iter().any(|it| only.contains(it.as_str())) {
                resources.insert(id.clone());
            }
        }
        let rejected = &mut posted.rejected;
        let mut taken = |what: &str, id: &str, selected: bool| {
            if !selected {
                let reason = "the sync does not select it".to_owned();
                rejected.push(Rejection::new(&format!("{what} {id}"), reason, ""));
            }
            selected
        };
        posted.groups.retain(|it| taken("group", &it.id, only.contains(it.id.as_str())));
        posted.resources.retain(|it| taken("resource", &it.id, resources.contains(&it.id)));
        posted.readings.retain(|it| {
            let id = &it.series.resource;
            taken("readings of", id, resources.contains(id))
        });
        Ok(posted)
    }
}

/// What is taken, and for which run.
struct Taking {
    held: Held,
    sync: Sync,
    datasource: Datasource,
}

impl Posted {
    /// What is sound of it; the rest is among the rejected.
    #[must_use]
    pub fn sound(mut self) -> Self {
        let rejected = &mut self.rejected;
        let mut judge = |what: &str, id: &str, sound: sound::Sound| {
            let refused = sound.err();
            let fits = refused.is_none();
            let place = format!("{what} {id}");
            rejected.extend(refused.map(|reason| Rejection::new(&place, reason, id)));
            fits
        };
        self.groups.retain(|it| judge("group", &it.id, sound::group(it)));
        self.resources.retain(|it| judge("resource", &it.id, sound::resource(it)));
        let columns = std::mem::take(&mut self.readings);
        self.readings = columns.into_iter().filter_map(|it| sound::column(it, rejected)).collect();
        self
    }
}

impl PostReceipt {
    fn add(&mut self, saved: &Saved) {
        self.created += saved.counts.created;
        self.updated += saved.counts.updated;
        self.unchanged += saved.counts.unchanged;
        self.superseded += saved.counts.superseded;
        self.conflicts += saved.conflicts;
    }

    fn of(run: RunId) -> Self {
        let (created, updated, unchanged, superseded, conflicts) = (0, 0, 0, 0, 0);
        let rejected = Vec::new();
        Self { run, created, updated, unchanged, superseded, conflicts, rejected }
    }
}

fn ensure(sync: &Sync, posted: &Posted) -> Result<(), Error> {
    if !sync.enabled {
        return Err(Error::Disabled);
    }
    if sync.consumed {
        return Err(Error::Consumed);
    }
    let given = [
        (Datatype::Group, posted.groups.is_empty()),
        (Datatype::Resource, posted.resources.is_empty()),
        (Datatype::Reading, posted.readings.is_empty()),
    ];
    let strange = given.iter().find(|(it, empty)| !empty && !sync.datatypes.contains(it));
    if let Some((datatype, _)) = strange {
        return Err(Error::Datatype(*datatype));
    }
    let sound =
        |key: &str| (1..=KEY_BYTES_MAX).contains(&key.len()) && !key.contains(char::is_control);
    if posted.key.as_ref().is_some_and(|it| !sound(&it.key)) {
        return Err(Error::BadKey);
    }
    Ok(())
}

fn datatype_of(items: &Items) -> Datatype {
    match items {
        Items::Groups(_) => Datatype::Group,
        Items::Resources(_) => Datatype::Resource,
        Items::Readings(_) => Datatype::Reading,
    }
}

fn is_empty(items: &Items) -> bool {
    match items {
        Items::Groups(groups) => groups.is_empty(),
        Items::Resources(resources) => resources.is_empty(),
        Items::Readings(columns) => columns.is_empty(),
    }
}
