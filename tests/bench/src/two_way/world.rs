//! OurWater and a stand-in that hold the same readings, and a sync between them.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use ourwater::app::{App, Settings};
use ourwater::domain::clock::Timestamp;
use ourwater::domain::credential::Credential;
use ourwater::domain::id::ResourceId;
use ourwater::domain::network::Networks;
use ourwater::domain::organisation::{Limits, Organisation, Zone};
use ourwater::domain::run::{Run, RunState, Trigger};
use ourwater::domain::secret::Secret;
use ourwater::domain::sync::{Datatype, Method, MissingResource, Rules, Selection, Sync};
use ourwater::http::stand_in::{self, Reading, StandIn};
use ourwater::plugin::{self, Compiler};
use ourwater::store::datasource::NewDatasource;
use ourwater::store::edit::{Edit, EditedPoint};
use ourwater::store::organisation::NewOrganisation;
use ourwater::store::sync::NewSync;
use serde_json::json;
use tempfile::TempDir;

use super::direct;

/// Wells that share the readings.
pub(super) const WELLS: u64 = 50;

const POSTCODE: u64 = 313_603;
const VILLAGE: u64 = 11;

/// 1950-01-01T00:00:00Z.
const FIRST_TIME: Timestamp = -631_152_000_000;

const HOUR_MS: i64 = 3_600_000;

/// Both sides.
pub(super) struct World {
    app: App,
    organisation: Organisation,
    sync: Sync,
    pub(super) stand_in: StandIn,
    /// Our ids of the wells, in order of number.
    wells: Vec<ResourceId>,
    /// Readings of the history.
    history: u64,
    /// Hours after the history that have a reading of each well.
    added: std::cell::Cell<u64>,
    _folder: TempDir,
}

impl World {
    /// Fills the other side, and pulls.
    pub(super) async fn new(history: u64) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = folder.path().join("bench.db").display().to_string();
        // What the engine costs is to be seen, and not how it spares a server.
        let unhurried = BTreeMap::from([("http_requests_per_second_max".to_owned(), 10_000)]);
        let settings = Settings {
            allow_networks: "127.0.0.1".parse::<Networks>()?.into_list(),
            limits: plugin::Limits::default().with(&unhurried)?,
            ..Settings::new(database, Compiler::Here)
        };
        let app = App::open(&settings).await?;
        let stand_in = filled(&app, history);
        let url = direct::serve(stand_in.clone())?;
        let (organisation, sync) = make_sync(&app, &url).await?;
        let (wells, added) = (Vec::new(), std::cell::Cell::new(0));
        let mut world =
            Self { app, organisation, sync, stand_in, wells, history, added, _folder: folder };
        let run = world.run().await?;
        let readings = world.app.store.count_readings(&world.organisation.id).await?;
        ensure!(readings == history, "{readings} of {history} readings came: {run:?}");
        world.find_wells().await?;
        Ok(world)
    }

    /// A run to its end.
    pub(super) async fn run(&self) -> Result<Run> {
        let (engine, organisation) = (&self.app.engine, &self.organisation.id);
        let how = Trigger { rewind: false, confirm: true };
        let run = engine.trigger(organisation, &self.sync.id, how).await?;
        let run = engine.wait(organisation, &run, None).await?;
        ensure!(run.state == RunState::Completed, "{run:?}");
        Ok(run)
    }

    /// New readings there.
    pub(super) fn add_there(&self, count: u64) {
        let readings = self.next(count).into_iter().map(|(well, time)| reading(well, time));
        self.stand_in.add_readings(readings);
    }

    /// New readings here, as the other side would store them.
    pub(super) async fn add_here(&self, count: u64) -> Result<Vec<Reading>> {
        let places = self.next(count);
        self.write(&places, 3.25).await?;
        let readings = places.into_iter().map(|(well, time)| reading(well, time));
        Ok(readings.map(|reading| Reading { value: 3.25, ..reading }).collect())
    }

    /// Changes the first readings of the history; how many.
    pub(super) async fn change_here(&self, count: u64) -> Result<u64> {
        let count = count.min(self.history);
        let places: Vec<_> = (0..count).map(place).collect();
        self.write(&places, 77.5).await?;
        Ok(count)
    }

    /// Both sides hold as many readings, and a run finds nothing left to do.
    pub(super) async fn ensure_agreed(&self) -> Result<()> {
        let ours = self.app.store.count_readings(&self.organisation.id).await?;
        let theirs = self.stand_in.readings().len() as u64;
        ensure!(ours == theirs, "{ours} readings here, {theirs} there");
        let run = self.run().await?;
        let moved = [run.counts.created, run.counts.updated, run.pushed.created];
        ensure!(moved == [0; 3] && run.pushed.updated == 0, "{run:?}");
        Ok(())
    }

    /// Places after all that are known.
    fn next(&self, count: u64) -> Vec<(u64, Timestamp)> {
        let first = self.history.next_multiple_of(WELLS) + self.added.get();
        self.added.set(self.added.get() + count);
        (first..first + count).map(place).collect()
    }

    async fn write(&self, places: &[(u64, Timestamp)], value: f64) -> Result<()> {
        let edits = self.wells.iter().enumerate().map(|(well, resource)| {
            let of_well = places.iter().filter(|place| place.0 == well as u64);
            let point = |&(_, time): &(u64, Timestamp)| EditedPoint {
                time,
                value: Some(value),
                quality: 0,
            };
            Edit {
                resource: resource.clone(),
                name: "default".to_owned(),
                property: "depth-below-ground".to_owned(),
                unit: "m".to_owned(),
                points: of_well.map(point).collect(),
            }
        });
        let (edits, now): (Vec<Edit>, _) = (edits.collect(), self.app.clock.now());
        self.app.store.edit_readings(&self.organisation.id, &edits, now).await?;
        Ok(())
    }

    async fn find_wells(&mut self) -> Result<()> {
        let all = self.app.store.resources(&self.organisation.id, "", 1000).await?;
        for well in 0..WELLS {
            let id = format!("{POSTCODE}.{}", number(well));
            let found = all.iter().find(|it| it.external.iter().any(|it| it.id == id));
            self.wells.push(found.with_context(|| format!("{id} has not come"))?.id.clone());
        }
        Ok(())
    }
}

/// The well and the time of a reading: all wells of an hour, then the next hour.
fn place(at: u64) -> (u64, Timestamp) {
    (at % WELLS, FIRST_TIME + (at / WELLS).cast_signed() * HOUR_MS)
}

fn number(well: u64) -> u64 {
    VILLAGE * 100 + 10 + well
}

pub(super) fn reading(well: u64, time: Timestamp) -> Reading {
    Reading {
        id: 0,
        date: Some(time),
        value: (time / HOUR_MS).rem_euclid(2_000) as f64 / 100.0,
        postcode: POSTCODE,
        resource: number(well),
        village: Some(VILLAGE),
        created: Some(time),
        updated: Some(time),
    }
}

fn filled(app: &App, history: u64) -> StandIn {
    let stand_in = empty(app.clock.clone());
    stand_in.add_readings((0..history).map(place).map(|(well, time)| reading(well, time)));
    stand_in
}

/// A stand-in that knows the wells.
pub(super) fn empty(clock: ourwater::domain::clock::Clock) -> StandIn {
    let stand_in = StandIn::new(clock);
    let at = json!({"lat": 24.59, "lng": 74.19});
    stand_in.add_village(
        json!({"id": VILLAGE, "postcode": POSTCODE, "name": "Badgaon", "coordinates": at}),
    );
    for well in 0..WELLS {
        stand_in.add_resource(json!({"id": number(well), "postcode": POSTCODE,
            "villageId": VILLAGE, "type": "well", "owner": "Owner A", "geo": at}));
    }
    stand_in
}

async fn make_sync(app: &App, url: &str) -> Result<(Organisation, Sync)> {
    let (store, clock) = (&app.store, &app.clock);
    let new =
        NewOrganisation { name: "bench".parse()?, zone: Zone::UTC, limits: Limits::default() };
    let (organisation, _) = store.create_organisation(new, clock).await?;
    let (plugin, config) = ("legacy-mywell".to_owned(), json!({"url": url}));
    let new = NewDatasource { name: "bench".parse()?, plugin, config };
    let datasource = store.create_datasource(&organisation.id, new, clock).await?.id;
    let (user, password) = stand_in::LOGIN;
    let login = Credential::Login { user: user.to_owned(), password: Secret::new(password)? };
    let name = "access".parse()?;
    store.entrust(&app.seal, &organisation.id, &datasource, &name, &login, clock).await?;
    let new = NewSync {
        datasource,
        name: "bench".parse()?,
        methods: vec![Method::PullFromDatasource, Method::PushToDatasource],
        datatypes: Datatype::ALL.to_vec(),
        only: Selection::default(),
        one_time: false,
        enabled: true,
        missing_resource: MissingResource::Create,
        rules: Rules::default(),
    };
    let sync = store.create_sync(&organisation.id, new, clock).await?;
    Ok((organisation, sync))
}
