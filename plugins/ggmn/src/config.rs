//! What an administrator fills in about a Lizard server, and which of its wells are wanted.

use ourwater_sdk::schemars::{self, JsonSchema};
use ourwater_sdk::{Failure, Position, Remark, Result};
use serde::{Deserialize, Serialize};

/// Codes that one configuration names; each is a question of its own.
const CODES_MAX: usize = 1_000;

/// Days that a lookback may reach: a century.
const LOOKBACK_DAYS_MAX: u32 = 36_525;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A Lizard server, such as that of GGMN. Without codes, a box or an organisation, all its wells
/// are wanted. Of several of these a well has to fit each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Its address, such as `https://ggmn.lizard.net`; "/api/v4" is added to it.
    #[schemars(extend("x-origin" = true))]
    pub url: String,
    /// Of its API. Servers that still answer v3 are asked with it; v4 finds what changed since.
    #[serde(default)]
    pub version: Version,
    /// Wells with these codes, such as `["1696"]`. Several wells may have the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// Wells in this box: west, south, east and north in degrees, such as `[-5.2, 41.8, -5, 42]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<[f64; 4]>")]
    pub bbox: Option<Bbox>,
    /// Wells of this organisation: its `uuid`, which API v3 calls its `unique_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Monitoring networks that are groups, by their `uuid`; none named: all. API v3 has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    /// With API v3, which cannot say what changed: so many days before the last reading are read
    /// again by every run. What was added or corrected before them is not found.
    #[serde(default = "lookback_days")]
    pub lookback_days: u32,
    /// Ask without an API key. Only public wells are shown then, and nothing is taken.
    #[serde(default)]
    pub anonymous: bool,
}

/// A version of Lizard's API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    V3,
    #[default]
    V4,
}

/// Part of the world, not across 180 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; 4]", into = "[f64; 4]")]
pub struct Bbox {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Config {
    /// The address of what the API has there: "timeseries/" and so on.
    pub(crate) fn address(&self, path: &str) -> Result<String> {
        let base = self.url.trim().trim_end_matches('/');
        let host = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
        let version = match self.version {
            Version::V3 => "v3",
            Version::V4 => "v4",
        };
        match host {
            Some(host) if !host.contains(['?', '#', ' ']) => {
                Ok(format!("{base}/api/{version}/{path}"))
            }
            _ => Err(wrong("url", "an address begins with https:// or http:// and has no ? or #")),
        }
    }

    /// What no schema says.
    pub(crate) fn validate(&self) -> Result<()> {
        if self.codes.len() > CODES_MAX {
            let text = format!("at most {CODES_MAX} codes are named; give a bbox instead");
            return Err(wrong("codes", &text));
        }
        if self.codes.iter().any(|code| code.trim().is_empty()) {
            return Err(wrong("codes", "a code is not blank"));
        }
        if self.lookback_days > LOOKBACK_DAYS_MAX {
            let text = format!("a lookback reaches at most {LOOKBACK_DAYS_MAX} days");
            return Err(wrong("lookback_days", &text));
        }
        self.address("").map(|_| ())
    }

    pub(crate) fn lookback_ms(&self) -> i64 {
        i64::from(self.lookback_days) * DAY_MS
    }

    pub(crate) fn selects_all(&self) -> bool {
        self.codes.is_empty() && self.bbox.is_none() && self.organisation.is_none()
    }

    /// The credential that the host adds to each request.
    pub(crate) fn credential(&self) -> Option<&'static str> {
        (!self.anonymous).then_some("access")
    }
}

impl Bbox {
    pub(crate) fn contains(&self, position: Position) -> bool {
        (self.west..=self.east).contains(&position.longitude)
            && (self.south..=self.north).contains(&position.latitude)
    }

    /// As API v3 is asked for it.
    pub(crate) fn corners(&self) -> String {
        format!("{},{},{},{}", self.west, self.south, self.east, self.north)
    }

    /// As API v4 is asked for it.
    pub(crate) fn polygon(&self) -> String {
        let Self { west, south, east, north } = self;
        let ring = [(west, south), (east, south), (east, north), (west, north), (west, south)];
        let ring: Vec<String> = ring.iter().map(|(x, y)| format!("{x} {y}")).collect();
        format!("POLYGON (({}))", ring.join(", "))
    }
}

impl TryFrom<[f64; 4]> for Bbox {
    type Error = &'static str;

    fn try_from([west, south, east, north]: [f64; 4]) -> std::result::Result<Self, Self::Error> {
        let in_order = -180.0 <= west
            && west < east
            && east <= 180.0
            && -90.0 <= south
            && south < north
            && north <= 90.0;
        if in_order {
            return Ok(Self { west, south, east, north });
        }
        Err("`bbox` is west, south, east and north in degrees: west is less than east, and south \
             less than north; for a box across 180 degrees make two datasources")
    }
}

impl From<Bbox> for [f64; 4] {
    fn from(it: Bbox) -> Self {
        [it.west, it.south, it.east, it.north]
    }
}

pub(crate) fn wrong(field: &str, text: &str) -> Failure {
    Failure::Config(Remark { field: field.to_owned(), text: text.to_owned() })
}

fn lookback_days() -> u32 {
    30
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_has_its_corners_in_order() {
        let read = serde_json::from_str::<Bbox>;
        let spain = read("[-5.2, 41.8, -5, 42]").unwrap();
        assert_eq!(spain.corners(), "-5.2,41.8,-5,42");
        let polygon = "POLYGON ((-5.2 41.8, -5 41.8, -5 42, -5.2 42, -5.2 41.8))";
        assert_eq!(spain.polygon(), polygon);
        assert!(spain.contains(Position { longitude: -5.0, latitude: 41.8 }));
        assert!(!spain.contains(Position { longitude: 41.9, latitude: -5.1 }));
        for wrong in ["[41.8, -5.2, 42]", "[1, 2, 1, 3]", "[170, 0, -170, 1]", "[0, 0, 1, 91]"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
