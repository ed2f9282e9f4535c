//! Two sides, a store of ours and a remote, and what users did on each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use ourwater::domain::clock::Clock;
use ourwater::domain::datasource::Datasource;
use ourwater::domain::faults::Point::EditNumbered;
use ourwater::domain::faults::Protection;
use ourwater::domain::id::{OrganisationId, ResourceId};
use ourwater::domain::organisation::{Limits, Zone};
use ourwater::domain::page::Resource;
use ourwater::domain::plan::Policy;
use ourwater::domain::plugin::Paging;
use ourwater::domain::run::{Run as Ended, RunState, Trigger};
use ourwater::domain::sync::{Datatype, Matching, Method, MissingResource, Rules, Selection, Sync};
use ourwater::store::datasource::NewDatasource;
use ourwater::store::edit::{Edit as Edited, EditedPoint};
use ourwater::store::organisation::NewOrganisation;
use ourwater::store::our::ResourceFields;
use ourwater::store::run::{Begun, Held};
use ourwater::store::sync::NewSync;
use ourwater::store::{self, Store};
use ourwater::sync::pull::{self, Job, Progress, Tuning};
use serde_json::json;
use tokio::sync::watch;

use crate::action::{Action, Edit, Meanwhile, Run};
use crate::hook::Happening::{Death, Pause};
use crate::hook::{Points, RunHook};
use crate::remote::{self, Key, RESOLUTION, Remote, Script, Weather};

/// What a user did to a reading on one side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Done {
    /// In what order.
    pub(crate) tick: u64,
    /// What it was to be.
    pub(crate) value: Option<f64>,
    /// What the side had before.
    pub(crate) saw: Option<f64>,
}

/// What users did to a reading, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Both {
    pub(crate) here: Vec<Done>,
    pub(crate) there: Vec<Done>,
}

pub(crate) struct World {
    _folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) organisation: OrganisationId,
    datasource: Datasource,
    pub(crate) sync: Sync,
    pub(crate) remote: Arc<Mutex<Remote>>,
    lacks: Option<Protection>,
    /// By the owner of a resource, which both sides keep, and the second.
    pub(crate) users: BTreeMap<Key, Both>,
    pub(crate) owners: Vec<String>,
    /// Of resources that were made here.
    pub(crate) made_here: std::collections::BTreeSet<String>,
    pub(crate) points: Points,
    tick: u64,
    now: i64,
}

impl World {
    pub(crate) async fn new(policy: Policy, lacks: Option<Protection>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = Store::open_volatile(&folder.path().join("db")).await?;
        let clock = Clock::manual(1_000_000);
        let new =
            NewOrganisation { name: "ours".parse()?, zone: Zone::UTC, limits: Limits::default() };
        let (organisation, _) = store.create_organisation(new, &clock).await?;
        let new = NewDatasource {
            name: "theirs".parse()?,
            plugin: "script".to_owned(),
            config: json!({}),
        };
        let datasource = store.create_datasource(&organisation.id, new, &clock).await?;
        let new = NewSync {
            datasource: datasource.id.clone(),
            name: "both".parse()?,
            methods: vec![Method::PullFromDatasource, Method::PushToDatasource],
            datatypes: vec![Datatype::Resource, Datatype::Reading],
            only: Selection::default(),
            one_time: false,
            enabled: true,
            missing_resource: MissingResource::Create,
            rules: Rules { policy, matching: Matching::Apart, ..Rules::default() },
        };
        let sync = store.create_sync(&organisation.id, new, &clock).await?;
        Ok(Self {
            _folder: folder,
            store,
            organisation: organisation.id,
            datasource,
            sync,
            remote: Arc::default(),
            lacks,
            users: BTreeMap::new(),
            owners: Vec::new(),
            made_here: std::collections::BTreeSet::new(),
            points: Points::default(),
            tick: 0,
            now: 1_000_000,
        })
    }

    pub(crate) fn remote(&self) -> MutexGuard<'_, Remote> {
        self.remote.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn act(&mut self, action: Action) -> Result<()> {
        self.now += 1_000;
        self.remote().now = self.now;
        match action {
            Action::LocalReading(edit) => self.edit_here(edit).await,
            Action::RemoteReading(edit) => self.edit_there(edit),
            Action::LocalResource => self.make_here().await,
            Action::RemoteResource => {
                self.make_there();
                Ok(())
            }
            Action::LocalDescription(seed) => self.describe_here(seed).await,
            Action::RemoteDescription(seed) => {
                self.describe_there(seed);
                Ok(())
            }
            Action::Run(run) => self.run(run).await.map(drop),
            Action::LateEdit(edit, run) => self.edit_late(edit, run).await,
            Action::Clock(by) => {
                self.now += by;
                Ok(())
            }
        }
    }

    /// What is here, by owner and second, with its whole time and value.
    pub(crate) async fn here(&self) -> Result<BTreeMap<Key, (i64, f64)>> {
        let owners = self.owners_here().await?;
        let mut here = BTreeMap::new();
        let mut twice = None;
        self.store
            .export_readings(&self.organisation, |row| {
                let owner = owners.get(&row.resource).cloned().unwrap_or(row.resource);
                let key = (owner, RESOLUTION.cut(row.time));
                if here.insert(key.clone(), (row.time, row.value)).is_some() {
                    twice = Some(key);
                }
                Ok::<(), store::Error>(())
            })
            .await?;
        if let Some(key) = twice {
            bail!("{key:?} stands here twice");
        }
        Ok(here)
    }

    /// What is there, by owner and second.
    pub(crate) fn there(&self) -> BTreeMap<Key, f64> {
        let remote = self.remote();
        let key = |key: &Key| (owner_there(&remote, &key.0), key.1);
        remote.rows.iter().map(|row| (key(&row.key), row.value)).collect()
    }

    /// Owners by what an export calls their resources.
    async fn owners_here(&self) -> Result<BTreeMap<String, String>> {
        let mut owners = BTreeMap::new();
        for resource in self.store.resources(&self.organisation, "", 1_000).await? {
            let owner = resource.resource.owner.clone().unwrap_or_default();
            let external = resource.external.iter().map(|external| external.id.clone()).min();
            let name = external.unwrap_or_else(|| resource.id.to_string());
            owners.insert(name, owner);
        }
        Ok(owners)
    }

    pub(crate) async fn resource_of(&self, owner: &str) -> Result<Option<ResourceId>> {
        let resources = self.store.resources(&self.organisation, "", 1_000).await?;
        let mut found = resources.into_iter();
        Ok(found.find(|it| it.resource.owner.as_deref() == Some(owner)).map(|it| it.id))
    }

    fn owner(&self, number: u64) -> Option<String> {
        let at = usize::try_from(number).unwrap_or(0) % self.owners.len().max(1);
        self.owners.get(at).cloned()
    }

    async fn edit_here(&mut self, edit: Edit) -> Result<()> {
        let faults = RunHook::new(None, self.lacks).faults();
        let store = self.store.with_faults(faults);
        self.edit_with(&store, edit).await
    }

    async fn edit_with(&mut self, store: &Store, edit: Edit) -> Result<()> {
        let Some((key, edited)) = self.edited(edit, true).await? else { return Ok(()) };
        let saw = self.here().await?.get(&key).map(|(_, value)| *value);
        if saw == edit.value {
            return Ok(());
        }
        store.edit_readings(&self.organisation, &[edited], self.now).await?;
        self.note_here(key, edit.value, saw);
        Ok(())
    }

    fn note_here(&mut self, key: Key, value: Option<f64>, saw: Option<f64>) {
        self.tick += 1;
        let done = Done { tick: self.tick, value, saw };
        self.users.entry(key).or_default().here.push(done);
    }

    /// A reading as the store takes it. Half of the seconds have their readings in between.
    async fn edited(&self, edit: Edit, alone: bool) -> Result<Option<(Key, Edited)>> {
        let Some(owner) = self.owner(edit.resource) else { return Ok(None) };
        let Some(resource) = self.resource_of(&owner).await? else { return Ok(None) };
        let second = i64::try_from(edit.slot)? * 1_000;
        let key = (owner, second);
        // Where a reading came from there it has no fraction, and keeps its time.
        let known = self.here().await?.get(&key).map(|(time, _)| *time);
        // What comes from there meanwhile must not stand beside it in the same second.
        let here_before = self.users.get(&key).is_some_and(|both| !both.here.is_empty());
        let between = edit.slot.is_multiple_of(2) && (alone || here_before);
        let fraction = if between { 250 } else { 0 };
        let time = known.unwrap_or(second + fraction);
        let edited = Edited {
            resource,
            name: String::new(),
            property: "depth".to_owned(),
            unit: "m".to_owned(),
            points: vec![EditedPoint { time, value: edit.value, quality: 0 }],
        };
        Ok(Some((key, edited)))
    }

    fn edit_there(&mut self, edit: Edit) -> Result<()> {
        let Some(owner) = self.owner(edit.resource) else { return Ok(()) };
        let second = i64::try_from(edit.slot)? * 1_000;
        let (saw, value) = {
            let mut remote = self.remote();
            let id = remote.resources.values().find(|(it, _)| it.owner.as_deref() == Some(&owner));
            let Some(id) = id.map(|(it, _)| it.id.clone()) else { return Ok(()) };
            let key = (id, second);
            let saw = remote.value(&key);
            if saw == edit.value {
                return Ok(());
            }
            remote.edit(&key, edit.value);
            (saw, edit.value)
        };
        self.tick += 1;
        let done = Done { tick: self.tick, value, saw };
        self.users.entry((owner, second)).or_default().there.push(done);
        Ok(())
    }

    async fn make_here(&mut self) -> Result<()> {
        let owner = format!("owner {}", self.owners.len());
        let fields = fields(&owner, None);
        self.store.put_resource(&self.organisation, None, &fields, self.now).await?;
        self.made_here.insert(owner.clone());
        self.owners.push(owner);
        Ok(())
    }

    fn make_there(&mut self) {
        let owner = format!("owner {}", self.owners.len());
        let id = format!("theirs {}", self.owners.len());
        self.remote().describe(Resource {
            name: format!("no {id}"),
            id,
            kind: "well".to_owned(),
            position: None,
            elevation: None,
            owner: Some(owner.clone()),
            groups: Vec::new(),
            updated: None,
            extra: String::new(),
        });
        self.owners.push(owner);
    }

    async fn describe_here(&mut self, seed: u64) -> Result<()> {
        let Some(owner) = self.owner(seed) else { return Ok(()) };
        let Some(id) = self.resource_of(&owner).await? else { return Ok(()) };
        let mut fields = self.store.resource(&self.organisation, &id).await?.resource;
        fields.kind = format!("kind {}", seed % 5);
        self.store.put_resource(&self.organisation, Some(&id), &fields, self.now).await?;
        Ok(())
    }

    fn describe_there(&mut self, seed: u64) {
        let owner = self.owner(seed);
        let mut remote = self.remote();
        let known = remote.resources.values().find(|(it, _)| it.owner == owner);
        let Some(known) = known.map(|(it, _)| it.clone()) else { return };
        remote.describe(Resource { kind: format!("kind {}", seed % 5), ..known });
    }

    /// An edit that has its number, and waits while the sync runs.
    async fn edit_late(&mut self, edit: Edit, run: Run) -> Result<()> {
        let Some((key, edited)) = self.edited(edit, false).await? else { return Ok(()) };
        let mut saw = self.here().await?.get(&key).map(|(_, value)| *value);
        if saw == edit.value {
            return Ok(());
        }
        let dies = run.seed.is_multiple_of(5);
        let happening = if dies { Death(EditNumbered, 1) } else { Pause(EditNumbered, 1) };
        let hook = RunHook::new(Some(happening), self.lacks);
        let store = self.store.with_faults(hook.faults());
        let (organisation, now) = (self.organisation.clone(), self.now);
        let editing =
            tokio::spawn(async move { store.edit_readings(&organisation, &[edited], now).await });
        if !dies {
            hook.parked.notified().await;
            self.run(Run { happening: None, ..run }).await?;
            saw = self.here().await?.get(&key).map(|(_, value)| *value);
            hook.resume.notify_one();
        }
        let done = editing.await?;
        self.points.add(&hook.points());
        match done {
            Ok(_) => self.note_here(key, edit.value, saw),
            Err(store::Error::Died(_)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// A run, whatever happens to it; how it ended, if it did.
    pub(crate) async fn run(&mut self, run: Run) -> Result<Option<Ended>> {
        let hook = RunHook::new(run.happening, self.lacks);
        let store = self.store.with_faults(hook.faults());
        let held = self.begin(&store).await?;
        let running = tokio::spawn(moving(self.job(&store, &held, &hook), self.script(run)));
        let mut taken_over = false;
        tokio::select! {
            () = hook.parked.notified() => {
                taken_over = self.meanwhile(run.meanwhile).await?;
                hook.resume.notify_one();
            }
            () = finished(&running) => {}
        }
        let moved = running.await?;
        self.points.add(&hook.points());
        let ended = self.end(&store, &held, moved).await;
        if taken_over && self.lacks != Some(Protection::Fence) {
            let lost = matches!(&ended, Err(error) if lost_lease(error));
            if !lost && !matches!(ended, Ok(None)) {
                bail!("a run whose lease was gone ended: {ended:?}");
            }
            return Ok(None);
        }
        match ended {
            Err(error) if taken_over && lost_lease(&error) => Ok(None),
            ended => ended,
        }
    }

    async fn meanwhile(&mut self, what: Meanwhile) -> Result<bool> {
        match what {
            Meanwhile::Local(edit) => self.edit_here(edit).await.map(|()| false),
            Meanwhile::Remote(edit) => self.edit_there(edit).map(|()| false),
            Meanwhile::TakeOver => {
                self.store.interrupt_runs().await?;
                let run = Run { seed: 7, foul: false, happening: None, meanwhile: what };
                Box::pin(self.run(run)).await?;
                Ok(true)
            }
        }
    }

    async fn begin(&self, store: &Store) -> Result<Held> {
        let how = Trigger { rewind: false, confirm: true };
        match store.begin_run(&self.sync, "digest", how, self.now).await? {
            Begun::Held(held) => Ok(held),
            Begun::Running(run) => bail!("{run} is still running"),
        }
    }

    async fn end(
        &self,
        store: &Store,
        held: &Held,
        moved: Result<(), pull::Error>,
    ) -> Result<Option<Ended>> {
        let state = match moved {
            Ok(()) if store.met_issues(&held.run).await? => RunState::CompletedWithIssues,
            Ok(()) => RunState::Completed,
            Err(pull::Error::Store(store::Error::Died(_))) => {
                store.interrupt_runs().await?;
                return Ok(None);
            }
            Err(pull::Error::Store(error)) => return Err(error.into()),
            Err(_) => RunState::Failed,
        };
        store.end_run(held, &self.sync.methods, state, None, self.now).await?;
        Ok(Some(store.run(&self.organisation, &held.run).await?))
    }

    fn job(&self, store: &Store, held: &Held, hook: &Arc<RunHook>) -> Job {
        let (_, cancel) = watch::channel(false);
        Job {
            store: store.clone(),
            clock: Clock::manual(self.now),
            held: held.clone(),
            sync: self.sync.clone(),
            datasource: self.datasource.clone(),
            digest: "same".to_owned(),
            resolution: RESOLUTION,
            keeps: remote::description().keeps,
            paging: Paging::Whole,
            rehearsal: false,
            faults: hook.faults(),
            progress: Arc::new(Progress::default()),
            tuning: Tuning {
                page_records_max: 4,
                gather_records_max: 6,
                backoff_min: Duration::ZERO,
                ..Tuning::default()
            },
            cancel,
        }
    }

    fn script(&self, run: Run) -> Script {
        self.remote().faults = if run.foul { Weather::Foul } else { Weather::Fair };
        let page = 1 + u32::try_from(run.seed % 4).unwrap_or(0);
        Script::new(self.remote.clone(), run.seed, page)
    }
}

/// A whole run with the remote.
async fn moving(job: Job, script: Script) -> Result<(), pull::Error> {
    ourwater::sync::run(&job, script, &remote::description()).await
}

async fn finished<T>(running: &tokio::task::JoinHandle<T>) {
    while !running.is_finished() {
        tokio::task::yield_now().await;
    }
}

fn lost_lease(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(store::Error::LostLease))
}

fn fields(owner: &str, elevation: Option<f64>) -> ResourceFields {
    ResourceFields {
        name: format!("{owner}'s well"),
        kind: "well".to_owned(),
        position: None,
        elevation,
        owner: Some(owner.to_owned()),
        groups: Vec::new(),
        extra: serde_json::Map::new(),
    }
}

pub(crate) fn owner_there(remote: &Remote, id: &str) -> String {
    let found = remote.resources.get(id).and_then(|(resource, _)| resource.owner.clone());
    found.unwrap_or_else(|| id.to_owned())
}

/// The resource of an owner must be one.
pub(crate) fn ensure_single(owners: impl Iterator<Item = String>, side: &str) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for owner in owners {
        let again = owner.clone();
        seen.insert(owner).then_some(()).with_context(|| format!("{again} is {side} twice"))?;
    }
    Ok(())
}
