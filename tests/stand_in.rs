//! The small LegacyMyWell of the demo and the real LoopBack server are the same to the plugin.

use std::net::TcpListener;

use ourwater::domain::clock::Clock;
use ourwater::http::stand_in::{self, Reading, StandIn};
use ourwater_sdk::{
    Batch, Datasource, Datatype, GetRequest, Items, Page, Position, Readings, Receipt, Resource,
    Series, native,
};
use peers::{LegacyMyWell as Peer, Web};
use plugin_legacy_mywell::{Config, LegacyMyWell};
use serde_json::json;

const NOON: i64 = 1_483_272_000_000;
const DAY_MS: i64 = 86_400_000;
const DAYS: i64 = 25;

#[test]
fn the_stand_in_is_to_the_plugin_what_the_real_server_is() {
    let peer = Peer::start();
    seed_peer(&peer);
    let real = story(&peer.url(), Peer::LOGIN);
    let stand_in = StandIn::new(Clock::System);
    seed_stand_in(&stand_in);
    let small = story(&serve(stand_in.clone()), stand_in::LOGIN);
    assert!(small.iter().any(|step| step.contains("in the future")), "{small:#?}");
    for (step, (small, real)) in small.iter().zip(&real).enumerate() {
        assert_eq!(small, real, "step {step}");
    }
    assert_eq!(small.len(), real.len());
    assert_eq!(stand_in.readings().len(), peer.rows("reading").len());
    assert_eq!(stand_in.resources().len(), peer.rows("resource").len());
}

#[test]
fn an_idle_run_asks_the_stand_in_as_much_after_a_long_history_as_after_a_short_one() {
    let mut asked = Vec::new();
    for days in [10, 20_000] {
        let stand_in = StandIn::new(Clock::System);
        stand_in.add_readings((0..days).map(reading));
        native::install(Web::of(&serve(stand_in.clone()), stand_in::LOGIN));
        let config = Config { url: serve(stand_in.clone()), anonymous: false };
        let cursor = pull(&config, None, 5_000).pop().unwrap().cursor;
        let before = stand_in.requests();
        assert_eq!(pull(&config, Some(cursor), 5_000).len(), 1);
        asked.push(stand_in.requests() - before);
    }
    assert_eq!(asked, [2, 2]);
}

/// What the plugin gave and answered, step by step, without what differs by the clock.
fn story(url: &str, login: (&'static str, &'static str)) -> Vec<String> {
    native::install(Web::of(url, login));
    let config = Config { url: url.to_owned(), anonymous: false };
    let mut steps = Vec::new();
    for datatype in [Datatype::Group, Datatype::Resource] {
        let page = LegacyMyWell::get(&config, &request(datatype, None, 100)).unwrap();
        steps.push(format!("{:?}", page.items));
    }
    let pages = pull(&config, None, 7);
    steps.extend(pages.iter().map(|page| format!("{:?}", undated(page))));
    let batch = [(3, 0.75), (4, 44.444), (30, 3.0), (31, 0.0), (200_000, 1.0)];
    for uncertain in [false, true] {
        let mut at_well = readings("313603.1111", &batch);
        at_well.removed = vec![NOON + 5 * DAY_MS];
        let items = Items::Readings(vec![at_well, readings("313603.1169", &[(1, 1.0)])]);
        steps.push(format!("{:?}", push(&config, items, uncertain)));
    }
    steps.push(format!("{:?}", push(&config, Items::Resources(vec![well()]), false)));
    steps.push(format!("{:?}", push(&config, Items::Resources(vec![well()]), true)));
    let cursor = pages.last().map(|page| page.cursor.clone());
    steps.extend(pull(&config, cursor, 7).iter().map(|page| format!("{:?}", undated(page))));
    steps
}

fn pull(config: &Config, mut cursor: Option<String>, limit: u32) -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    loop {
        let page = LegacyMyWell::get(config, &request(Datatype::Reading, cursor, limit)).unwrap();
        cursor = Some(page.cursor.clone());
        let more = page.more;
        pages.push(page);
        if !more {
            return pages;
        }
    }
}

fn undated(page: &Page) -> Items {
    let Items::Readings(all) = &page.items else { panic!("readings were asked for") };
    let all = all.iter().map(|one| Readings { updated: Vec::new(), ..one.clone() });
    Items::Readings(all.collect())
}

fn push(config: &Config, items: Items, uncertain: bool) -> Receipt {
    let keys = match &items {
        Items::Resources(all) => (0..all.len()).map(|at| at.to_string()).collect(),
        _ => Vec::new(),
    };
    LegacyMyWell::push(config, &Batch { items, keys, bases: Vec::new(), uncertain }).unwrap()
}

/// Serves as long as the tests do.
fn serve(stand_in: StandIn) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            stand_in.serve(listener).await.unwrap();
        });
    });
    url
}

fn seed_peer(peer: &Peer) {
    peer.seed("village", &json!([village()]));
    peer.seed("resource", &json!([resource()]));
    let rows: Vec<_> = (0..DAYS)
        .map(|day| {
            let date = ourwater::domain::clock::rfc3339(NOON + day * DAY_MS);
            let zero = "0000-00-00 00:00:00";
            json!({"date": date, "value": day as f64 / 4.0, "postcode": 313_603, "villageId": 11,
                "resourceId": 1111, "createdAt": zero, "updatedAt": zero})
        })
        .collect();
    peer.seed("reading", &json!(rows));
}

fn seed_stand_in(stand_in: &StandIn) {
    stand_in.add_village(village());
    stand_in.add_resource(resource());
    stand_in.add_readings((0..DAYS).map(reading));
}

fn reading(day: i64) -> Reading {
    Reading {
        id: 0,
        date: Some(NOON + day * DAY_MS),
        value: day as f64 / 4.0,
        postcode: 313_603,
        resource: 1111,
        village: Some(11),
        created: None,
        updated: None,
    }
}

fn village() -> serde_json::Value {
    json!({"id": 11, "postcode": 313_603, "name": "Badgaon",
        "coordinates": {"lat": 24.59, "lng": 74.19}, "createdAt": "2017-11-28T08:34:19.000Z",
        "updatedAt": "2017-11-28T08:34:19.000Z"})
}

fn resource() -> serde_json::Value {
    json!({"id": 1111, "postcode": 313_603, "villageId": 11, "type": "well", "owner": "Owner A",
        "geo": {"lat": 24.59, "lng": 74.19}, "well_depth": 21.95, "elevation": 0,
        "createdAt": "2018-07-13T01:58:59.000Z", "updatedAt": "2018-08-07T03:05:50.000Z"})
}

fn readings(resource: &str, points: &[(i64, f64)]) -> Readings {
    Readings {
        series: Series {
            resource: resource.to_owned(),
            name: "default".to_owned(),
            property: "depth-below-ground".to_owned(),
            unit: "m".to_owned(),
        },
        times: points.iter().map(|(day, _)| NOON + day * DAY_MS).collect(),
        values: points.iter().map(|point| point.1).collect(),
        qualities: Vec::new(),
        notes: Vec::new(),
        removed: Vec::new(),
        rows: Vec::new(),
        updated: Vec::new(),
    }
}

fn well() -> Resource {
    Resource {
        id: None,
        name: "A new well".to_owned(),
        kind: "well".to_owned(),
        position: Some(Position { longitude: 74.2, latitude: 24.6 }),
        elevation: None,
        owner: Some("Owner B".to_owned()),
        groups: vec!["313603".to_owned()],
        updated: None,
        extra: String::new(),
    }
}

fn request(datatype: Datatype, cursor: Option<String>, limit: u32) -> GetRequest {
    GetRequest { datatype, cursor, limit, since: None, only: Vec::new() }
}
