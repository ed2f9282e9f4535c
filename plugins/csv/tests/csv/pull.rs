//! Pulls everything, page by page: each in a fresh instance, or all in one.

use ourwater_sdk::{
    Datasource, Datatype, Failure, GetRequest, Items, Page, Rejection, Series, native,
};
use plugin_csv::{Config, Csv};
use serde_json::Value;

/// One point, with all that is said about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    pub(crate) series: Series,
    pub(crate) time: i64,
    pub(crate) value: f64,
    pub(crate) quality: u8,
    pub(crate) note: Option<String>,
    pub(crate) row: u32,
}

/// Everything a file gave.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Pulled {
    pub(crate) points: Vec<Point>,
    pub(crate) rejected: Vec<Rejection>,
    pub(crate) empty: u32,
    pub(crate) cursor: String,
}

impl Pulled {
    /// Points in the order of rows; of one row, in the order of series.
    fn add(&mut self, page: Page) {
        let Items::Readings(all) = page.items else { panic!("readings were asked for") };
        let mut points = Vec::new();
        for readings in all {
            for at in 0..readings.times.len() {
                let note = readings.notes.iter().find(|note| note.at as usize == at);
                points.push(Point {
                    series: readings.series.clone(),
                    time: readings.times[at],
                    value: readings.values[at],
                    quality: readings.qualities.get(at).copied().unwrap_or(0),
                    note: note.map(|note| note.text.clone()),
                    row: readings.rows[at],
                });
            }
        }
        self.points.extend(points);

        self.rejected.extend(page.rejected);
        self.empty += page.empty;
        self.cursor = page.cursor;
    }
}

pub(crate) fn install(bytes: &[u8]) {
    native::install(native::Memory::of("f", bytes));
}

pub(crate) fn config(value: &Value) -> Config {
    let mut whole = serde_json::json!({"file": "f", "zone": "UTC"});
    whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

pub(crate) fn request(cursor: Option<String>, limit: u32) -> GetRequest {
    GetRequest { datatype: Datatype::Reading, cursor, limit, since: None, only: Vec::new() }
}

/// Pulls all pages of so many points.
pub(crate) fn all(config: &Config, limit: u32) -> Result<Pulled, Failure> {
    from(config, None, limit)
}

/// Pulls all pages after a cursor.
pub(crate) fn from(config: &Config, cursor: Option<String>, limit: u32) -> Result<Pulled, Failure> {
    pull(config, cursor, limit, plugin_csv::forget)
}

/// Pulls all pages of so many points from one instance.
pub(crate) fn in_one_instance(config: &Config, limit: u32) -> Result<Pulled, Failure> {
    pull(config, None, limit, || {})
}

fn pull(
    config: &Config,
    cursor: Option<String>,
    limit: u32,
    before_page: fn(),
) -> Result<Pulled, Failure> {
    let mut pulled = Pulled::default();
    let mut cursor = cursor;
    loop {
        before_page();
        let page = Csv::get(config, &request(cursor.clone(), limit))?;
        let more = page.more;
        assert!(!more || cursor.as_ref() != Some(&page.cursor), "the cursor stands still");
        cursor = Some(page.cursor.clone());
        let before = pulled.points.len() + pulled.rejected.len();
        pulled.add(page);
        assert!(pulled.points.len() + pulled.rejected.len() - before <= limit.max(1) as usize);
        if !more {
            // A page may end within a row.
            pulled.points.sort_by_cached_key(|point| (point.row, format!("{:?}", point.series)));
            return Ok(pulled);
        }
    }
}

/// The proposal for `f`, what was decided already being given.
pub(crate) fn propose(given: &Value) -> (Value, ourwater_sdk::Proposal) {
    let mut whole = serde_json::json!({"file": "f"});
    whole.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
    let proposal = Csv::propose(&whole).unwrap();
    (serde_json::from_str(&proposal.config).unwrap(), proposal)
}

/// Pulls a file with nothing but its proposal, times without a zone being UTC.
pub(crate) fn proposed(bytes: &[u8], given: &Value) -> Result<Pulled, Failure> {
    install(bytes);
    let (value, _) = propose(given);
    let config = config(&value);
    Csv::check(&config)?;
    all(&config, 10_000)
}

/// Times and values, in short.
pub(crate) fn short(pulled: &Pulled) -> Vec<(i64, f64)> {
    pulled.points.iter().map(|point| (point.time, point.value)).collect()
}
