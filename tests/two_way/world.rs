//! Both sides, and a sync between them.

use ourwater::app::{App, Settings};
use ourwater::domain::clock::{Clock, Timestamp, rfc3339};
use ourwater::domain::credential::{Credential, CredentialName};
use ourwater::domain::id::ResourceId;
use ourwater::domain::network::Networks;
use ourwater::domain::organisation::{Limits, Organisation, Zone};
use ourwater::domain::plan::Policy;
use ourwater::domain::run::{Run, Trigger};
use ourwater::domain::secret::Secret;
use ourwater::domain::sync::{Datatype, Method, MissingResource, Rules, Selection, Sync};
use ourwater::plugin::Compiler;
use ourwater::store;
use ourwater::store::datasource::NewDatasource;
use ourwater::store::edit::{Edit, EditedPoint};
use ourwater::store::organisation::NewOrganisation;
use ourwater::store::reading::ReadingRow;
use ourwater::store::sync::NewSync;
use ourwater::sync::pull::Tuning;
use peers::{LegacyMyWell as Peer, Proxy};
use serde_json::{Value, json};
use std::time::Duration;

use crate::harness::Place;

/// A well that both sides know.
pub(crate) const WELL: &str = "313603.1111";

/// Another one.
pub(crate) const OTHER_WELL: &str = "313603.1112";

/// This machine, which a plugin reaches only where the operator says so.
pub(crate) const LOOPBACK: &str = "127.0.0.0/8";

pub(crate) struct World {
    pub(crate) place: Place,
    pub(crate) peer: Peer,
    pub(crate) proxy: Proxy,
    pub(crate) app: App,
    pub(crate) organisation: Organisation,
    pub(crate) sync: Sync,
}

/// A reading as both sides can show it: resource, time and value.
pub(crate) type Shown = (String, String, String);

impl World {
    /// A server with two wells in a village, and a sync of everything in both directions.
    pub(crate) async fn new(policy: Policy) -> Self {
        let peer = Peer::start();
        let proxy = Proxy::before(peer.port());
        peer.seed(
            "village",
            &json!([{"id": 11, "postcode": 313_603, "name": "Badgaon",
                "coordinates": {"lat": 24.59, "lng": 74.19}}]),
        );
        peer.seed("resource", &[1111, 1112].map(well).into());
        let place = Place::new();
        let app = open(&place).await;
        let (organisation, sync) = make_sync(&app, &proxy.url(), policy).await;
        Self { place, peer, proxy, app, organisation, sync }
    }

    /// A run that goes through, with issues or without.
    pub(crate) async fn run(&self) -> Run {
        let run = self.try_run().await;
        assert!(run.state.completed(), "{run:?}");
        run
    }

    pub(crate) async fn try_run(&self) -> Run {
        let (engine, organisation) = (&self.app.engine, &self.organisation.id);
        let run = engine.trigger(organisation, &self.sync.id, Trigger::default()).await.unwrap();
        engine.wait(organisation, &run, None).await.unwrap()
    }

    /// A run that finds nothing to do on either side.
    pub(crate) async fn rests(&self) {
        let (ours, theirs) = (self.ours().await, self.peer.rows("reading"));
        let run = self.run().await;
        assert_eq!((run.counts.created, run.counts.updated, run.conflicts), (0, 0, 0), "{run:?}");
        assert_eq!((run.pushed.created, run.pushed.updated), (0, 0), "{run:?}");
        assert_eq!((self.ours().await, self.peer.rows("reading")), (ours, theirs));
    }

    /// What OurWater holds.
    pub(crate) async fn ours(&self) -> Vec<Shown> {
        let mut all = Vec::new();
        let row = |row: ReadingRow| {
            all.push((row.resource, rfc3339(row.time), row.value.to_string()));
            Ok::<_, store::Error>(())
        };
        self.app.store.export_readings(&self.organisation.id, row).await.unwrap();
        all.sort();
        all
    }

    /// What LegacyMyWell holds, row by row.
    pub(crate) fn theirs(&self) -> Vec<Shown> {
        let rows = self.peer.rows("reading");
        let mut all: Vec<Shown> = rows.iter().map(shown).collect();
        all.sort();
        all
    }

    /// A row there for each of these days, as the server's users make them.
    pub(crate) fn seed_days(&self, resource: &str, days: std::ops::Range<i64>) {
        let resource: u64 = resource.split('.').next_back().unwrap().parse().unwrap();
        let rows = days.map(|day| {
            json!({"date": time(day), "value": (day % 400) as f64 / 4.0, "postcode": 313_603,
                "resourceId": resource, "villageId": 11, "createdAt": "2018-01-01T00:00:00Z",
                "updatedAt": "2018-01-01T00:00:00Z"})
        });
        self.peer.seed("reading", &rows.collect());
    }

    /// Someone changes the reading of a day there.
    pub(crate) fn edit_there(&self, day: i64, value: f64) {
        let rows = self.peer.rows("reading");
        let row = rows.iter().find(|row| row["date"] == time(day).as_str()).unwrap();
        self.peer.edit(row["id"].as_u64().unwrap(), &json!({"value": value}));
    }

    /// Someone makes, changes or removes readings here, now.
    pub(crate) async fn edit(&self, resource: &str, days: &[(i64, Option<f64>)]) {
        self.edit_at(resource, days, self.app.clock.now()).await;
    }

    pub(crate) async fn edit_at(
        &self,
        resource: &str,
        days: &[(i64, Option<f64>)],
        now: Timestamp,
    ) {
        let resource = self.our_id(resource).await;
        let points = days.iter().map(|&(day, value)| (day * DAY_MS + NOON, value));
        self.write(resource, points, now).await;
    }

    /// Writes depths of a well.
    pub(crate) async fn write(
        &self,
        resource: ResourceId,
        points: impl IntoIterator<Item = (Timestamp, Option<f64>)>,
        now: Timestamp,
    ) {
        let point = |(time, value)| EditedPoint { time, value, quality: 0 };
        let edit = Edit {
            resource,
            name: "default".to_owned(),
            property: "depth-below-ground".to_owned(),
            unit: "m".to_owned(),
            points: points.into_iter().map(point).collect(),
        };
        self.app.store.edit_readings(&self.organisation.id, &[edit], now).await.unwrap();
    }

    async fn our_id(&self, external: &str) -> ResourceId {
        let all = self.app.store.resources(&self.organisation.id, "", 100).await.unwrap();
        let known = |it: &&store::our::OurResource| it.external.iter().any(|it| it.id == external);
        all.iter().find(known).unwrap().id.clone()
    }
}

const DAY_MS: i64 = 86_400_000;

/// Of the first day of 1990.
pub(crate) const NOON: Timestamp = 631_195_200_000;

/// Noon of a day since the beginning of 1990.
pub(crate) fn time(day: i64) -> String {
    rfc3339(NOON + day * DAY_MS)
}

pub(crate) async fn open(place: &Place) -> App {
    let settings = Settings {
        allow_networks: LOOPBACK.parse::<Networks>().unwrap().into_list(),
        tuning: Tuning { backoff_min: Duration::from_millis(1), ..Tuning::default() },
        ..Settings::new(place.database().display().to_string(), Compiler::Here)
    };
    App::open(&settings).await.unwrap()
}

async fn make_sync(app: &App, url: &str, policy: Policy) -> (Organisation, Sync) {
    let (store, clock) = (&app.store, &app.clock);
    let new = NewOrganisation {
        name: "Dharta".parse().unwrap(),
        zone: Zone::UTC,
        limits: Limits::default(),
    };
    let (organisation, _) = store.create_organisation(new, clock).await.unwrap();
    let config = json!({"url": url});
    let (name, plugin) = ("mywell".parse().unwrap(), "legacy-mywell".to_owned());
    let new = NewDatasource { name, plugin, config };
    let datasource = store.create_datasource(&organisation.id, new, clock).await.unwrap().id;
    entrust(app, &organisation, &datasource).await;
    let new = NewSync {
        datasource,
        name: "mywell".parse().unwrap(),
        methods: vec![Method::PullFromDatasource, Method::PushToDatasource],
        datatypes: Datatype::ALL.to_vec(),
        only: Selection::default(),
        one_time: false,
        enabled: true,
        missing_resource: MissingResource::Create,
        rules: Rules { policy, ..Rules::default() },
    };
    let sync = store.create_sync(&organisation.id, new, clock).await.unwrap();
    (organisation, sync)
}

async fn entrust(
    app: &App,
    organisation: &Organisation,
    datasource: &ourwater::domain::id::DatasourceId,
) {
    let (user, password) = Peer::LOGIN;
    let password = Secret::new(password).unwrap();
    let login = Credential::Login { user: user.to_owned(), password };
    let name: CredentialName = "access".parse().unwrap();
    let (store, clock): (_, &Clock) = (&app.store, &app.clock);
    store.entrust(&app.seal, &organisation.id, datasource, &name, &login, clock).await.unwrap();
}

fn well(id: u64) -> Value {
    json!({"id": id, "postcode": 313_603, "villageId": 11, "geo": {"lat": 24.59, "lng": 74.19},
        "owner": "Owner A", "type": "well", "well_depth": 21.95, "elevation": 0,
        "createdAt": "2018-07-13T01:58:59Z", "updatedAt": "2018-08-07T03:05:50Z"})
}

fn shown(row: &Value) -> Shown {
    let resource = format!("{}.{}", row["postcode"], row["resourceId"]);
    let time = row["date"].as_str().unwrap_or_default().to_owned();
    (resource, time, row["value"].as_f64().unwrap().to_string())
}
