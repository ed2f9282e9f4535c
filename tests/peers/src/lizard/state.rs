//! What the server has, and how it behaves.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

/// 2024-01-01T00:00:00Z, where the clock begins.
const BEGINNING_MS: i64 = 1_704_067_200_000;

/// Everything.
#[derive(Debug)]
pub(super) struct State {
    pub(super) port: u16,
    pub(super) clock: i64,
    pub(super) stations: Vec<(u64, Station)>,
    pub(super) series: Vec<Series>,
    pub(super) networks: Vec<Network>,
    pub(super) quirks: Quirks,
}

/// A groundwater station as it is made.
#[derive(Debug, Clone, Default)]
pub struct Station {
    /// Unique within its organisation.
    pub code: String,
    /// For people.
    pub name: String,
    /// Longitude and latitude.
    pub at: (f64, f64),
    /// Ground surface, m above sea level.
    pub surface: Option<f64>,
    /// The uuid of its organisation.
    pub organisation: String,
    /// The codes of its filters; there may be none.
    pub filters: Vec<String>,
    /// Only users see it.
    pub is_private: bool,
}

/// What servers do, and what people were surprised by.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
pub struct Quirks {
    /// Records of one page at most, whatever is asked for; 0: no such limit.
    pub page_size_max: usize,
    /// Of a list that has several pages every second one is empty, from the first on.
    pub empty_pages: bool,
    /// Addresses in answers name this origin instead of its own.
    pub other_origin: Option<String>,
    /// Every `count` is this.
    pub count: Option<u64>,
    /// Parameters that select wells, or series by their well, are not understood: all are given.
    pub ignores_selection: bool,
    /// API v3 aggregates although nobody asked it to.
    pub aggregates: bool,
    /// Values are texts.
    pub values_are_texts: bool,
    /// The key may only read.
    pub is_read_only: bool,
    /// Values above this are refused, and what came with them.
    pub greatest: Option<f64>,
    /// API v4 shows of a series' location its uuid only.
    pub hides_locations: bool,
    /// There is no API v4 yet.
    pub only_v3: bool,
    /// Answers to uploads leave out the last reading.
    pub forgets_one: bool,
    /// Events come with the latest first.
    pub is_backwards: bool,
}

/// A series.
#[derive(Debug, Default)]
pub(super) struct Series {
    pub(super) id: u64,
    pub(super) uuid: String,
    pub(super) station: u64,
    pub(super) filter: Option<String>,
    pub(super) code: String,
    pub(super) unit: String,
    pub(super) value_type: String,
    pub(super) events: BTreeMap<i64, Event>,
}

/// A reading.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) value: Value,
    pub(super) flag: Value,
    pub(super) comment: String,
    pub(super) modified: i64,
}

/// A monitoring network.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) uuid: String,
    pub(super) name: String,
    pub(super) series: Vec<String>,
}

impl State {
    pub(super) fn at(port: u16) -> Self {
        Self {
            port,
            clock: BEGINNING_MS,
            stations: Vec::new(),
            series: Vec::new(),
            networks: Vec::new(),
            quirks: Quirks::default(),
        }
    }

    /// The series that a test made.
    pub(super) fn of(&mut self, uuid: &str) -> &mut Series {
        let found = self.series.iter_mut().find(|series| series.uuid == uuid);
        found.expect("a test names a series that it made")
    }

    pub(super) fn find(&mut self, uuid: &str) -> Option<&mut Series> {
        self.series.iter_mut().find(|series| series.uuid == uuid)
    }

    pub(super) fn station(&self, id: u64) -> Option<&Station> {
        self.stations.iter().find(|(it, _)| *it == id).map(|(_, station)| station)
    }

    /// Stations that are shown to a user, or to the public.
    pub(super) fn shown(&self, is_user: bool) -> impl Iterator<Item = (u64, &Station)> {
        let all = self.stations.iter().map(|(id, station)| (*id, station));
        all.filter(move |(_, station)| is_user || !station.is_private)
    }

    pub(super) fn is_shown(&self, series: &Series, is_user: bool) -> bool {
        self.station(series.station).is_some_and(|station| is_user || !station.is_private)
    }

    pub(super) fn address(&self, path: &str) -> String {
        let own = || format!("http://127.0.0.1:{}", self.port);
        format!("{}/api/{path}", self.quirks.other_origin.clone().unwrap_or_else(own))
    }

    /// As both versions show where a series is measured.
    pub(super) fn location(&self, station: u64) -> Value {
        let Some(there) = self.station(station) else { return Value::Null };
        json!({
            "uuid": location(station),
            "name": there.code,
            "code": there.code,
            "organisation": {"uuid": there.organisation, "name": format!("Organisation {}", there.organisation)},
            "geometry": geometry(there),
        })
    }

    pub(super) fn value(&self, value: &Value) -> Value {
        match value {
            Value::Number(number) if self.quirks.values_are_texts => number.to_string().into(),
            value => value.clone(),
        }
    }
}

/// The uuid of a station's location.
pub(super) fn location(station: u64) -> String {
    format!("{station:08x}-e3a9-4a41-846e-b458e06ffb45")
}

pub(super) fn geometry(station: &Station) -> Value {
    json!({"type": "Point", "coordinates": [station.at.0, station.at.1, 0.0]})
}

/// A number, or its text.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_f64(),
    }
}

/// As API v4 writes times; what was changed it knows to the microsecond.
pub(super) fn written(time: i64) -> String {
    let time = DateTime::from_timestamp_millis(time).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A time with a zone.
pub(super) fn read(text: &str) -> Option<i64> {
    Some(DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis())
}
