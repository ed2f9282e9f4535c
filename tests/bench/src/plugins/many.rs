//! Many syncs at once, each of which waits for its server most of the time: 41 requests of 100 ms for a
//! thousand readings, so that one alone takes 4.1 s. With the same readings in 11 requests, what is
//! written at the end, by all at the same time, weighs more: that is measured, too.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use ourwater::app::{App, Settings};
use ourwater::domain::network::Networks;
use ourwater::domain::organisation::{Limits, Organisation, Zone};
use ourwater::domain::run::{RunState, Trigger};
use ourwater::domain::sync::{Datatype, Matching, Method, MissingResource, Rules, Selection, Sync};
use ourwater::plugin::Compiler;
use ourwater::store::datasource::NewDatasource;
use ourwater::store::organisation::NewOrganisation;
use ourwater::store::sync::NewSync;
use ourwater::sync::pull::Tuning;
use peers::Wells;
use serde_json::json;

use super::one::ready;

/// How long a server takes for an answer.
const ANSWER: Duration = Duration::from_millis(100);

/// Servers. Of one, this process keeps few connections at a time.
const SERVERS: usize = 20;

/// Readings of a server.
const READINGS: usize = 1_000;

/// Readings of a page.
pub(super) const PAGE: u32 = 25;

/// Readings of a page where there are few.
pub(super) const LARGE_PAGE: u32 = 100;

/// The time all take, over the time that one would take whose server alone is waited for.
pub(super) async fn over_ideal(component: &[u8], count: usize, page: u32) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("bench.db").display().to_string();
    let settings = Settings {
        allow_networks: "127.0.0.1".parse::<Networks>()?.into_list(),
        tuning: Tuning { page_records_max: page, ..Tuning::default() },
        ..Settings::new(database, Compiler::of_this_program()?)
    };
    let app = App::open(&settings).await?;
    ready(&app, component).await?;
    let servers: Vec<Wells> = (0..SERVERS).map(|_| Wells::slow(1, READINGS, ANSWER)).collect();
    let organisation = organisation(&app, count).await?;
    let mut syncs = Vec::new();
    for (at, server) in servers.iter().cycle().take(count).enumerate() {
        syncs.push(sync(&app, &organisation, at, &server.url()).await?);
    }
    let begun = Instant::now();
    let how = Trigger { rewind: false, confirm: true };
    let triggered = syncs.iter().map(|sync| app.engine.trigger(&organisation.id, &sync.id, how));
    let runs = try_join_all(triggered).await?;
    for run in &runs {
        let run = app.engine.wait(&organisation.id, run, None).await?;
        let whole = run.state == RunState::Completed && run.counts.created == READINGS as u64;
        ensure!(whole, "{run:?}");
    }
    let wall = begun.elapsed();
    let requests: usize = servers.iter().map(Wells::requests).sum();
    let ideal = ANSWER.mul_f64(requests as f64 / count as f64);
    Ok(wall.as_secs_f64() / ideal.as_secs_f64())
}

async fn organisation(app: &App, runs: usize) -> Result<Organisation> {
    let limits = Limits { runs_max: u32::try_from(runs)?, ..Limits::default() };
    let new = NewOrganisation { name: "Bench".parse()?, zone: Zone::UTC, limits };
    Ok(app.store.create_organisation(new, &app.clock).await?.0)
}

async fn sync(app: &App, organisation: &Organisation, at: usize, url: &str) -> Result<Sync> {
    let name = format!("wells {at}").parse().context("the name")?;
    let config = json!({"url": url, "anonymous": true});
    let new = NewDatasource { name, plugin: "bench-wells".to_owned(), config };
    let datasource = app.store.create_datasource(&organisation.id, new, &app.clock).await?;
    let new = NewSync {
        datasource: datasource.id,
        name: format!("wells {at}").parse().context("the name")?,
        methods: vec![Method::PullFromDatasource],
        datatypes: vec![Datatype::Reading],
        only: Selection::default(),
        one_time: false,
        enabled: true,
        missing_resource: MissingResource::Create,
        rules: Rules { matching: Matching::Apart, ..Rules::default() },
    };
    Ok(app.store.create_sync(&organisation.id, new, &app.clock).await?)
}
