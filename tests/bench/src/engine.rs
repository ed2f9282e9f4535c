//! Whole imports into a database: through the program itself, or its engine with another source.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use ourwater::app::{App, Settings};
use ourwater::domain::clock::Clock;
use ourwater::domain::faults::Faults;
use ourwater::domain::id::OrganisationId;
use ourwater::domain::organisation::{Limits, Zone};
use ourwater::domain::page::{Page, PageRequest};
use ourwater::domain::plan::Resolution;
use ourwater::domain::plugin::{Failure, Paging};
use ourwater::domain::run::{Run, RunState};
use ourwater::domain::sync::{Datatype, Method, MissingResource, Rules, Selection, Sync};
use ourwater::plugin::Compiler;
use ourwater::store::datasource::NewDatasource;
use ourwater::store::organisation::NewOrganisation;
use ourwater::store::run::{Begun, Held};
use ourwater::store::sync::NewSync;
use ourwater::store::{Access, Store};
use ourwater::sync::Trigger;
use ourwater::sync::pull::{self, Job, Progress, Tuning};
use ourwater::sync::source::Source;
use serde_json::Value;
use tokio::sync::watch;

use crate::data;
use crate::meter::Meter;
use crate::native::{FILE, Native, request};

/// Makes a database with an organisation and a sync over `csv`; compiles the plugin.
pub(crate) async fn prepare(database: &Path, csv: &Path) -> Result<()> {
    let app = open(database).await?;
    let (store, clock) = (&app.store, &app.clock);
    let new =
        NewOrganisation { name: "bench".parse()?, zone: Zone::UTC, limits: Limits::default() };
    let (organisation, _) = store.create_organisation(new, clock).await?;
    let kept = app.blobs.borrow(csv).await?;
    store.save_file(&organisation, &FILE.parse()?, &kept, clock).await?;
    let (name, plugin) = ("bench".parse()?, "csv".to_owned());
    let new = NewDatasource { name, plugin, config: data::config(FILE) };
    let datasource = store.create_datasource(&organisation.id, new, clock).await?.id;
    let new = NewSync {
        datasource,
        name: "bench".parse()?,
        methods: vec![Method::PullFromDatasource],
        datatypes: vec![Datatype::Reading],
        only: Selection::default(),
        one_time: false,
        enabled: true,
        missing_resource: MissingResource::Create,
        rules: Rules::default(),
    };
    store.create_sync(&organisation.id, new, clock).await?;
    Ok(())
}

/// The program itself: from the trigger to the ended run. `again`: everything is there already.
pub(crate) async fn import(database: &Path, again: bool) -> Result<Value> {
    let app = open(database).await?;
    let (organisation, sync) = the_sync(&app.store).await?;
    let meter = Meter::start();
    let run = app
        .engine
        .trigger(&organisation, &sync.id, Trigger { rewind: again, confirm: true })
        .await?;
    let run = app.engine.wait(&organisation, &run, None).await?;
    let measured = meter.stop(rows(&run, again)?)?;
    stored(&app.store, &organisation, &measured).await
}

/// The same engine and store, the plugin's code compiled natively.
pub(crate) async fn native(database: &Path, csv: &Path) -> Result<Value> {
    pull_from(database, Native::open(csv)?).await
}

/// The same engine and store, the pages being in memory already.
pub(crate) async fn store(database: &Path, csv: &Path) -> Result<Value> {
    let (native, mut pages) = (Native::open(csv)?, VecDeque::new());
    let mut request = request(Tuning::default().page_records_max);
    loop {
        let page = native.page(&request)?;
        let more = page.more;
        request.cursor = Some(page.cursor.clone());
        pages.push_back(page);
        if !more {
            return pull_from(database, Memory { pages }).await;
        }
    }
}

/// Pages that were made before.
struct Memory {
    pages: VecDeque<Page>,
}

impl Source for Memory {
    async fn get(&mut self, _request: &PageRequest) -> Result<Page, Failure> {
        self.pages.pop_front().ok_or_else(|| Failure::Data("no page is left".to_owned()))
    }
}

async fn pull_from(database: &Path, source: impl Source) -> Result<Value> {
    let store = Store::open(database, Access::Write).await?;
    let (organisation, sync) = the_sync(&store).await?;
    let clock = Clock::System;
    let meter = Meter::start();
    let begun = store.begin_run(&sync, "bench", Trigger::default(), clock.now()).await?;
    let Begun::Held(held) = begun else { bail!("it is running already") };
    let methods = sync.methods.clone();
    pull_run(&store, &clock, &held, sync, source).await?;
    store.end_run(&held, &methods, RunState::Completed, None, clock.now()).await?;
    let run = store.run(&organisation, &held.run).await?;
    let measured = meter.stop(rows(&run, false)?)?;
    stored(&store, &organisation, &measured).await
}

async fn pull_run(
    store: &Store,
    clock: &Clock,
    held: &Held,
    sync: Sync,
    source: impl Source,
) -> Result<()> {
    let datasource = store.datasource(&sync.organisation, &sync.datasource).await?;
    let (_cancel, cancelled) = watch::channel(false);
    let job = Job {
        store: store.clone(),
        clock: clock.clone(),
        held: held.clone(),
        sync,
        datasource,
        digest: "bench".to_owned(),
        resolution: Resolution::EXACT,
        keeps: std::collections::BTreeMap::new(),
        paging: Paging::Whole,
        rehearsal: false,
        faults: Faults::default(),
        progress: Arc::new(Progress::default()),
        tuning: Tuning::default(),
        cancel: cancelled,
    };
    pull::pull(&job, source, Datatype::Reading).await?;
    Ok(())
}

async fn open(database: &Path) -> Result<App> {
    let settings = Settings {
        // Beside all databases of this benchmark, so that the plugin is compiled once.
        files: database.parent().map(|folder| folder.join("files")),
        ..Settings::new(database.display().to_string(), Compiler::Here)
    };
    Ok(App::open(&settings).await?)
}

async fn the_sync(store: &Store) -> Result<(OrganisationId, Sync)> {
    let organisation = store.organisations().await?.pop().context("no organisation")?.id;
    let sync = store.syncs(&organisation).await?.pop().context("no sync")?;
    Ok((organisation, sync))
}

/// How many rows the run moved: nothing else may have become of any.
fn rows(run: &Run, again: bool) -> Result<u64> {
    ensure!(run.state == RunState::Completed, "the run {}: {:?}", run.state, run.failure);
    let rows = if again { run.counts.unchanged } else { run.counts.created };
    ensure!(rows == run.counts.records(), "not all rows moved: {:?}", run.counts);
    Ok(rows)
}

/// Adds how many readings are in the database.
async fn stored(store: &Store, organisation: &OrganisationId, measured: &Value) -> Result<Value> {
    let mut measured = measured.clone();
    measured["stored"] = store.count_readings(organisation).await?.into();
    Ok(measured)
}
