//! A server of one's own, the plugin before it, and what a host does with both.

use std::collections::BTreeMap;

use ourwater_sdk::{
    Base, Batch, Datasource, Datatype, GetRequest, Group, Items, Page, Readings, Receipt,
    Rejection, Resource, Result, Series, native,
};
use peers::{Lizard, Proxy, Station, Web};
use plugin_ggmn::{Config, Ggmn, Version};

pub(crate) const BOTH: [Version; 2] = [Version::V3, Version::V4];

/// Longer than a change may be seen late.
pub(crate) const A_WHILE: i64 = 10 * 60 * 1000;

/// Pages of one pull.
const PAGES_MAX: usize = 5_000;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub(crate) struct World {
    pub(crate) lizard: Lizard,
    pub(crate) proxy: Proxy,
    pub(crate) config: Config,
}

/// What a host has of the readings it was given, by the series' name and the time.
pub(crate) type Kept = BTreeMap<(String, i64), f64>;

#[derive(Debug, Default)]
pub(crate) struct Pulled {
    /// In the order of coming; none: removed.
    pub(crate) points: Vec<((String, i64), Option<f64>)>,
    pub(crate) all: Vec<Readings>,
    pub(crate) rejected: Vec<Rejection>,
    pub(crate) empty: u32,
    pub(crate) cursors: Vec<String>,
}

impl Pulled {
    /// What a host has after it, which had this before.
    pub(crate) fn over(&self, mut kept: Kept) -> Kept {
        for (key, value) in self.points.clone() {
            match value {
                Some(value) => drop(kept.insert(key, value)),
                None => drop(kept.remove(&key)),
            }
        }
        kept
    }

    pub(crate) fn kept(&self) -> Kept {
        self.over(Kept::new())
    }

    pub(crate) fn end(&self) -> Option<&str> {
        self.cursors.last().map(String::as_str)
    }

    fn add(&mut self, page: Page, limit: u32) {
        let Items::Readings(all) = page.items else { panic!("readings were asked for") };
        let given = all.iter().map(|one| one.times.len() + one.removed.len()).sum::<usize>();
        assert!(given <= limit as usize, "{given} of {limit}");
        for one in &all {
            assert_eq!(one.qualities.len(), one.times.len());
            assert!(one.updated.is_empty() || one.updated.len() == one.times.len());
            let key = |time: &i64| (one.series.name.clone(), *time);
            let there = one.times.iter().map(key).zip(one.values.iter().copied().map(Some));
            let gone = one.removed.iter().map(|time| (key(time), None));
            let mut points: Vec<_> = there.chain(gone).collect();
            points.sort_by_key(|(key, _)| key.1);
            self.points.extend(points);
        }
        self.all.extend(all);
        self.rejected.extend(page.rejected);
        self.empty += page.empty;
        self.cursors.push(page.cursor);
    }
}

impl World {
    pub(crate) fn new(version: Version) -> Self {
        let lizard = Lizard::start();
        let proxy = Proxy::before(lizard.port());
        native::install(Web::basic(Lizard::KEY));
        let config = serde_json::from_value(serde_json::json!({"url": proxy.url()}));
        let config = Config { version, ..config.unwrap() };
        Self { lizard, proxy, config }
    }

    /// A well of GGMN with one series, which its placeholder made.
    pub(crate) fn well(&self, code: &str) -> (String, String) {
        let station = station(code);
        let well = self.lizard.add_station(station);
        let uuid = self.lizard.add_series(well, Some(code), "GWmMSL", "mMSL");
        self.lizard.set(&uuid, 1_483_233_061_000, 0);
        (well.to_string(), uuid)
    }

    /// A reading a day: a quarter more each day, from 0 on.
    pub(crate) fn days(&self, uuid: &str, days: std::ops::Range<i32>) {
        for day in days {
            self.lizard.set(uuid, time(day.into()), f64::from(day) / 4.0);
        }
    }

    pub(crate) fn page(&self, request: &GetRequest) -> Result<Page> {
        Ggmn::get(&self.config, request)
    }

    /// Pages of `limit` readings of a well, from the cursor to the end.
    pub(crate) fn pull(&self, cursor: Option<&str>, limit: u32, well: &str) -> Pulled {
        self.pull_in(cursor, || limit, well)
    }

    /// The same, with a limit for each page.
    pub(crate) fn pull_in(
        &self,
        cursor: Option<&str>,
        mut limit: impl FnMut() -> u32,
        well: &str,
    ) -> Pulled {
        let mut pulled = Pulled::default();
        let mut cursor = cursor.map(str::to_owned);
        loop {
            let limit = limit();
            let request = GetRequest { cursor, ..of(Datatype::Reading, limit, &[well]) };
            let page = self.page(&request).unwrap();
            assert!(page.cursor.len() < 64 * 1024);
            assert!(pulled.cursors.len() < PAGES_MAX, "it does not end");
            assert!(!page.more || request.cursor.as_ref() != Some(&page.cursor), "{page:?}");
            let more = page.more;
            cursor = Some(page.cursor.clone());
            pulled.add(page, limit);
            if !more {
                return pulled;
            }
        }
    }

    pub(crate) fn resources(&self, limit: u32, only: &[&str]) -> (Vec<Resource>, Vec<Rejection>) {
        let (mut all, mut rejected) = (Vec::new(), Vec::new());
        for page in self.pages(&of(Datatype::Resource, limit, only)) {
            let Items::Resources(resources) = page.items else { panic!("resources") };
            assert!(resources.len() + page.rejected.len() <= limit as usize);
            all.extend(resources);
            rejected.extend(page.rejected);
        }
        (all, rejected)
    }

    pub(crate) fn groups(&self, limit: u32, only: &[&str]) -> Vec<Group> {
        let pages = self.pages(&of(Datatype::Group, limit, only)).into_iter();
        let groups = pages.flat_map(|page| match page.items {
            Items::Groups(groups) => groups,
            _ => panic!("groups were asked for"),
        });
        groups.collect()
    }

    fn pages(&self, request: &GetRequest) -> Vec<Page> {
        let mut pages = Vec::new();
        let mut cursor = None;
        loop {
            let page =
                self.page(&GetRequest { cursor: cursor.clone(), ..request.clone() }).unwrap();
            assert!(!page.more || cursor.as_ref() != Some(&page.cursor));
            cursor = Some(page.cursor.clone());
            assert!(pages.len() < PAGES_MAX, "it does not end");
            pages.push(page);
            if !pages.last().is_some_and(|page| page.more) {
                return pages;
            }
        }
    }

    pub(crate) fn push(&self, all: Vec<Readings>) -> Result<Receipt> {
        self.push_over(all, Vec::new(), false)
    }

    /// Pushes over what the server had of each point when it was last got.
    pub(crate) fn push_over(
        &self,
        all: Vec<Readings>,
        bases: Vec<Base>,
        uncertain: bool,
    ) -> Result<Receipt> {
        let points = all.iter().map(|one| one.times.len() + one.removed.len()).sum::<usize>();
        let items = Items::Readings(all);
        let receipt =
            Ggmn::push(&self.config, &Batch { items, keys: Vec::new(), bases, uncertain })?;
        let total = (receipt.created + receipt.updated + receipt.unchanged) as usize;
        let listed = receipt.refused.len()
            + receipt.conflicting.len()
            + receipt.unknown.len()
            + receipt.untried.len();
        assert_eq!(total + listed, points, "{receipt:?}");
        Ok(receipt)
    }

    /// The times and values that are stored, without the placeholder.
    pub(crate) fn stored(&self, uuid: &str) -> Vec<(i64, f64)> {
        let stored = self.lizard.stored(uuid).into_iter();
        let stored = stored.filter(|event| event.0 != 1_483_233_061_000);
        stored.map(|(time, value, ..)| (time, value)).collect()
    }
}

pub(crate) fn station(code: &str) -> Station {
    Station {
        code: code.to_owned(),
        name: format!("02.06.{code}"),
        at: (-5.068_848_461_502_114, 41.952_685_706_575_72),
        surface: Some(757.747_99),
        organisation: "a".to_owned(),
        filters: vec![code.to_owned()],
        is_private: false,
    }
}

pub(crate) fn of(datatype: Datatype, limit: u32, only: &[&str]) -> GetRequest {
    let only = only.iter().map(|&id| id.to_owned()).collect();
    GetRequest { datatype, cursor: None, limit, since: None, only }
}

/// Readings of a well's levels, by the day.
pub(crate) fn readings(well: &str, points: &[(i64, f64)]) -> Readings {
    let mut readings = Readings::of(Series::of(well, "GWmMSL", "elevation-above-sea-level", "m"));
    readings.times = points.iter().map(|&(day, _)| time(day)).collect();
    readings.values = points.iter().map(|&(_, value)| value).collect();
    readings
}

/// Noon of a day since the beginning of 2018, ms.
pub(crate) fn time(day: i64) -> i64 {
    1_514_808_000_000 + day * DAY_MS
}
