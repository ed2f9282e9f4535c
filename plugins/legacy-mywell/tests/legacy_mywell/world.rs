//! A server of one's own, the plugin before it, and what a host does with both.

use std::collections::BTreeMap;

use ourwater_sdk::{
    Base, Batch, Datasource, Datatype, GetRequest, Items, Page, Readings, Receipt, Rejection,
    Result, Series, native,
};
use peers::{LegacyMyWell as Peer, Proxy, Web};
use plugin_legacy_mywell::{Config, LegacyMyWell};
use serde_json::{Value, json};

pub(crate) struct World {
    pub(crate) peer: Peer,
    pub(crate) proxy: Proxy,
    pub(crate) config: Config,
}

/// What a host has of the readings it was given: the last of each series and time.
pub(crate) type Kept = BTreeMap<(String, i64), f64>;

#[derive(Debug, Default)]
pub(crate) struct Pulled {
    pub(crate) points: Vec<((String, i64), f64)>,
    pub(crate) rejected: Vec<Rejection>,
    pub(crate) cursors: Vec<String>,
}

impl Pulled {
    pub(crate) fn kept(&self) -> Kept {
        self.points.iter().cloned().collect()
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(Peer::start())
    }

    pub(crate) fn of(peer: Peer) -> Self {
        let proxy = Proxy::before(peer.port());
        native::install(Web::of(&peer.url(), Peer::LOGIN));
        let config = Config { url: proxy.url(), anonymous: false };
        Self { peer, proxy, config }
    }

    /// Wells 1110 to 1119 in two pincodes, and their villages.
    pub(crate) fn settled(self) -> Self {
        let mut resources = Vec::new();
        for postcode in [313_603, 313_604] {
            self.peer.seed(
                "village",
                &json!([{"id": 11, "postcode": postcode, "name": "Badgaon",
                "coordinates": {"lat": 24.59, "lng": 74.19}}]),
            );
            for id in 1110..1120 {
                resources.push(json!({"id": id, "postcode": postcode, "villageId": 11,
                    "geo": {"lat": 24.5, "lng": 74.25}, "owner": "Owner A", "type": "well",
                    "well_depth": 21.95, "elevation": 0, "image": "x".repeat(100_000),
                    "mobile": "+910000000000", "createdAt": "2018-07-13T01:58:59Z", "updatedAt": "2018-08-07T03:05:50Z"}));
            }
        }
        self.peer.seed("resource", &Value::Array(resources));
        self
    }

    /// A row a day at well `resource`, as an old dump has them, with ids from `first`.
    pub(crate) fn seed_days(&self, resource: u64, days: std::ops::Range<u32>, first: u64) {
        let rows: Vec<Value> = days
            .map(|day| {
                json!({"id": first + u64::from(day), "date": date(i64::from(day)), "value": f64::from(day) / 4.0,
                    "postcode": 313_603, "resourceId": resource, "villageId": 11,
                    "createdAt": "0000-00-00 00:00:00", "updatedAt": "0000-00-00 00:00:00"})
            })
            .collect();
        self.peer.seed("reading", &Value::Array(rows));
    }

    pub(crate) fn page(&self, request: &GetRequest) -> Result<Page> {
        LegacyMyWell::get(&self.config, request)
    }

    /// Pages of `limit` readings from the cursor to the end.
    pub(crate) fn pull(&self, cursor: Option<&str>, limit: u32, only: &[&str]) -> Pulled {
        let mut pulled = Pulled::default();
        let mut cursor = cursor.map(str::to_owned);
        loop {
            let request = GetRequest {
                cursor,
                only: only.iter().map(|&id| id.to_owned()).collect(),
                ..request(Datatype::Reading, limit)
            };
            let page = self.page(&request).unwrap();
            assert!(page.cursor.len() < 64 * 1024);
            let Items::Readings(all) = page.items else { panic!("readings were asked for") };
            for one in all {
                assert!(one.rows.len() == one.times.len());
                let points = one.times.iter().zip(&one.values);
                pulled.points.extend(
                    points.map(|(&time, &value)| ((one.series.resource.clone(), time), value)),
                );
            }
            pulled.rejected.extend(page.rejected);
            pulled.cursors.push(page.cursor.clone());
            assert!(!page.more || request.cursor.as_ref() != Some(&page.cursor));
            cursor = Some(page.cursor);
            if !page.more {
                return pulled;
            }
        }
    }

    pub(crate) fn push(&self, items: Items, uncertain: bool) -> Result<Receipt> {
        self.push_over(items, Vec::new(), uncertain)
    }

    /// Pushes over what the server had of each point when it was last got.
    pub(crate) fn push_over(
        &self,
        items: Items,
        bases: Vec<Base>,
        uncertain: bool,
    ) -> Result<Receipt> {
        let records = count(&items);
        let keys = match &items {
            Items::Readings(_) => Vec::new(),
            Items::Resources(all) => (0..all.len()).map(|at| at.to_string()).collect(),
            Items::Groups(all) => (0..all.len()).map(|at| at.to_string()).collect(),
        };
        let receipt = LegacyMyWell::push(&self.config, &Batch { items, keys, bases, uncertain })?;
        let total = receipt.created + receipt.updated + receipt.unchanged;
        let listed = receipt.refused.len()
            + receipt.conflicting.len()
            + receipt.unknown.len()
            + receipt.untried.len();
        assert_eq!(total as usize + listed, records, "{receipt:?}");
        Ok(receipt)
    }

    /// The value of each row that is stored, by resource and time, as often as it is there.
    pub(crate) fn stored(&self) -> Vec<(u64, String, f64)> {
        let rows = self.peer.rows("reading");
        let mut rows: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row["resourceId"].as_u64().unwrap(),
                    row["date"].as_str().unwrap_or_default().to_owned(),
                    row["value"].as_f64().unwrap(),
                )
            })
            .collect();
        rows.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        rows
    }
}

pub(crate) fn request(datatype: Datatype, limit: u32) -> GetRequest {
    GetRequest { datatype, cursor: None, limit, since: None, only: Vec::new() }
}

/// Readings of a well, by the day.
pub(crate) fn readings(resource: &str, points: &[(i64, f64)]) -> Readings {
    Readings {
        series: Series {
            resource: resource.to_owned(),
            name: "default".to_owned(),
            property: "depth-below-ground".to_owned(),
            unit: "m".to_owned(),
        },
        times: points.iter().map(|&(day, _)| time(day)).collect(),
        values: points.iter().map(|&(_, value)| value).collect(),
        qualities: Vec::new(),
        notes: Vec::new(),
        removed: Vec::new(),
        rows: Vec::new(),
        updated: Vec::new(),
    }
}

/// Noon of a day since the beginning of 2017, ms.
pub(crate) fn time(day: i64) -> i64 {
    1_483_272_000_000 + day * 86_400_000
}

pub(crate) fn date(day: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(time(day)).unwrap();
    time.format("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

fn count(items: &Items) -> usize {
    match items {
        Items::Readings(all) => all.iter().map(|one| one.times.len() + one.removed.len()).sum(),
        Items::Resources(all) => all.len(),
        Items::Groups(all) => all.len(),
    }
}
