//! Wells: Lizard calls them groundwater stations.
//!
//! A well's id is its station's number. It is the same in both versions of the API, is what a
//! station is asked for by, and never changes; a code may be another organisation's too, and
//! may be corrected; and stations show no uuid.

use ourwater_sdk::{Position, Rejection, Resource};
use serde_json::{Map, Value};

use crate::config::Config;
use crate::value::{id, is_near, last_part, number, position, shown, text};
use crate::{server, time};

/// Where a station's series are asked for.
pub(crate) const PATH: &str = "groundwaterstations/";

/// Bytes of a code.
const CODE_BYTES_MAX: usize = 200;

/// What has no field of its own in a resource.
const EXTRA: [&str; 6] =
    ["code", "station_type", "status", "top_level", "bottom_level", "aquifer_confiment"];

/// A station.
#[derive(Debug, Clone)]
pub(crate) struct Well {
    pub(crate) id: String,
    pub(crate) code: Option<String>,
    pub(crate) position: Option<Position>,
    /// What it says of its series, by their ids, with the code of the filter that each stands in.
    pub(crate) series: Vec<Named>,
    organisation: Option<String>,
    station: Value,
}

/// A series that a station names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named {
    pub(crate) uuid: String,
    /// None: the station itself.
    pub(crate) filter: Option<String>,
}

impl Well {
    pub(crate) fn read(station: Value) -> Result<Self, Rejection> {
        let Some(id) = station.get("id").and_then(id) else {
            return Err(Rejection {
                place: format!("well {}", shown(field(&station, "code"))),
                reason: "it has no id that is a whole number above 0".to_owned(),
                raw: shown(&station),
            });
        };
        let organisation = field(&station, "organisation");
        Ok(Self {
            id,
            code: text(field(&station, "code")).filter(|code| code.len() <= CODE_BYTES_MAX),
            position: position(field(&station, "geometry")),
            series: series(&station),
            organisation: text(field(organisation, "uuid"))
                .or_else(|| text(field(organisation, "unique_id"))),
            station,
        })
    }

    /// Whether it is one that the configuration selects. A server that knows no such selection
    /// gives all wells.
    pub(crate) fn is_wanted(&self, config: &Config) -> bool {
        let by_code = config.codes.is_empty()
            || self.code.as_ref().is_some_and(|code| config.codes.contains(code));
        let by_place = config
            .bbox
            .is_none_or(|bbox| self.position.is_some_and(|position| bbox.contains(position)));
        let by_organisation = match (&config.organisation, &self.organisation) {
            (Some(wanted), Some(is)) => wanted == is,
            // API v3 does not say whose a station is.
            _ => true,
        };
        by_code && by_place && by_organisation
    }

    /// Whether this location, or none that can be told from it, is where the well is. Codes are
    /// unique within an organisation only, so that the position has to agree.
    pub(crate) fn is_at(&self, location: &Value) -> bool {
        let code = self.code.as_deref();
        let called = ["code", "name"].iter().any(|name| location[*name].as_str() == code);
        let near = match (self.position, position(field(location, "geometry"))) {
            (Some(one), Some(other)) => is_near(one, other),
            _ => true,
        };
        code.is_some() && called && near
    }

    pub(crate) fn resource(&self, groups: Vec<String>) -> Resource {
        let name = text(field(&self.station, "name")).or_else(|| self.code.clone());
        Resource {
            id: Some(self.id.clone()),
            name: name.unwrap_or_else(|| self.id.clone()),
            kind: "well".to_owned(),
            position: self.position,
            elevation: number(field(&self.station, "surface_level")),
            owner: text(field(field(&self.station, "organisation"), "name")),
            groups,
            updated: time::read(field(&self.station, "last_modified")),
            extra: self.extra(),
        }
    }

    fn extra(&self) -> String {
        let kept = EXTRA.iter().map(|name| (*name, field(&self.station, name)));
        let kept: Map<String, Value> = kept
            .filter(|(_, value)| !value.is_null() && value.as_str() != Some(""))
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        if kept.is_empty() { String::new() } else { Value::Object(kept).to_string() }
    }
}

/// The well with this id; none where there is none, or none that we may see.
pub(crate) fn find(
    config: &Config,
    id: &str,
) -> ourwater_sdk::Result<Option<Result<Well, Rejection>>> {
    if !crate::value::is_plain(id) {
        return Ok(None);
    }
    Ok(server::find(config, &format!("{PATH}{id}/"))?.map(Well::read))
}

/// The series of the station and of its filters. A station may have neither.
fn series(station: &Value) -> Vec<Named> {
    let filters = field(station, "filters").as_array().map(Vec::as_slice).unwrap_or_default();
    let of_filters = filters.iter().flat_map(|filter| {
        let code = text(field(filter, "code"));
        uuids(filter).map(move |uuid| Named { uuid, filter: code.clone() })
    });
    let of_station = uuids(station).map(|uuid| Named { uuid, filter: None });
    of_filters.chain(of_station).collect()
}

/// Series stand as addresses, whatever their host, or as objects.
fn uuids(of: &Value) -> impl Iterator<Item = String> {
    let named = field(of, "timeseries").as_array().map(Vec::as_slice).unwrap_or_default();
    named.iter().filter_map(|one| {
        let uuid = match one {
            Value::String(address) => last_part(address).map(str::to_owned),
            other => text(field(other, "uuid")),
        };
        uuid.filter(|uuid| crate::value::is_plain(uuid))
    })
}

/// A field; null where it is missing.
pub(crate) fn field<'a>(of: &'a Value, name: &str) -> &'a Value {
    of.get(name).unwrap_or(&Value::Null)
}
