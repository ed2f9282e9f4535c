//! A LegacyMyWell inside the demo, and a sync with it in both directions.

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::App;
use crate::domain::clock::Timestamp;
use crate::domain::credential::Credential;
use crate::domain::id::DatasourceId;
use crate::domain::organisation::Organisation;
use crate::domain::plan::Policy;
use crate::domain::secret::Secret;
use crate::domain::sync::{Datatype, Method, MissingResource, Rules, Selection, Sync};
use crate::http::stand_in::{self, Reading, StandIn};
use crate::store::datasource::NewDatasource;
use crate::store::sync::NewSync;

/// What both sides call the well, the datasource and the sync.
pub(super) const WELL: &str = "313603.1111";
const NAME: &str = "mywell";

/// Of the well.
const POSTCODE: u64 = 313_603;
const NUMBER: u64 = 1111;
const VILLAGE: u64 = 11;

/// Readings that are there at first: two years, one each month.
pub(super) const READINGS: usize = 24;

/// 2024-01-01T06:30:00Z.
const FIRST: Timestamp = 1_704_090_600_000;

const MONTH_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Starts it on a port of its own: the server, and its address.
pub(super) async fn start(app: &App) -> anyhow::Result<(StandIn, String)> {
    let stand_in = StandIn::new(app.clock.clone());
    stand_in.add_village(village());
    stand_in.add_resource(well());
    stand_in.add_readings((0..READINGS).map(reading));
    let listener = TcpListener::bind((stand_in::ADDRESS, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(stand_in.clone().serve(listener));
    Ok((stand_in, url))
}

/// Makes the datasource, entrusts it with the login, and makes the sync.
pub(super) async fn sync_with(
    app: &App,
    organisation: &Organisation,
    url: &str,
) -> anyhow::Result<Sync> {
    let (store, clock, organisation) = (&app.store, &app.clock, &organisation.id);
    let (plugin, config) = ("legacy-mywell".to_owned(), json!({"url": url}));
    let new = NewDatasource { name: NAME.parse()?, plugin, config };
    let datasource: DatasourceId = store.create_datasource(organisation, new, clock).await?.id;
    let (user, password) = stand_in::LOGIN;
    let login = Credential::Login { user: user.to_owned(), password: Secret::new(password)? };
    store.entrust(&app.seal, organisation, &datasource, &"access".parse()?, &login, clock).await?;
    let new = NewSync {
        datasource,
        name: NAME.parse()?,
        methods: vec![Method::PullFromDatasource, Method::PushToDatasource],
        datatypes: Datatype::ALL.to_vec(),
        only: Selection::default(),
        one_time: false,
        enabled: true,
        missing_resource: MissingResource::Create,
        rules: Rules { policy: Policy::DatasourceWins, ..Rules::default() },
    };
    Ok(store.create_sync(organisation, new, clock).await?)
}

/// When the reading of a month was taken.
pub(super) fn time(month: usize) -> Timestamp {
    FIRST + i64::try_from(month).unwrap_or(i64::MAX / MONTH_MS) * MONTH_MS
}

fn reading(month: usize) -> Reading {
    Reading {
        id: 0,
        date: Some(time(month)),
        value: 4.0 + (month % 12) as f64 / 4.0,
        postcode: POSTCODE,
        resource: NUMBER,
        village: Some(VILLAGE),
        created: Some(time(month)),
        updated: Some(time(month)),
    }
}

fn village() -> Value {
    json!({"id": VILLAGE, "postcode": POSTCODE, "name": "Badgaon",
        "coordinates": {"lat": 24.59, "lng": 74.19}})
}

fn well() -> Value {
    json!({"id": NUMBER, "postcode": POSTCODE, "villageId": VILLAGE, "type": "well",
        "owner": "Owner A", "geo": {"lat": 24.59, "lng": 74.19}})
}
