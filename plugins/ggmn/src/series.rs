//! The series of a well: which there are, and what their readings are readings of.

use ourwater_sdk::{Failure, Rejection, Result, Series};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::{Config, Version};
use crate::quantity;
use crate::server;
use crate::time;
use crate::value::{self, number, shown, text};
use crate::walk;
use crate::well::{Named, Well, field};

/// Where series are asked for.
pub(crate) const PATH: &str = "timeseries/";

/// Series of one well: the cursor holds a place for each.
pub(crate) const SERIES_MAX: usize = 200;

/// Bytes of a series' name, of its property and of its unit: the cursor holds one of each.
const NAME_BYTES_MAX: usize = 400;

/// The series of a well.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Those that hold numbers, by their uuids.
    pub(crate) known: Vec<Known>,
    /// Those that are not understood.
    pub(crate) rejected: Vec<Rejection>,
}

/// A series as Lizard and as we name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) property: String,
    pub(crate) unit: String,
    /// The time of its first reading, where the server says so.
    #[serde(skip)]
    pub(crate) start: Option<i64>,
}

impl Known {
    pub(crate) fn series(&self, well: &str) -> Series {
        Series::of(well, &self.name, &self.property, &self.unit)
    }
}

/// What series a well has.
pub(crate) fn of(config: &Config, well: &Well) -> Result<Found> {
    let mut found = if well.series.is_empty() {
        let rows = at_place(config, well)?;
        rows.into_iter().map(|row| (None, row)).collect()
    } else {
        named(config, well)?
    };
    if found.len() > SERIES_MAX {
        return Err(too_many());
    }
    // The oldest keeps the plain name, so that a name stays when a further series is added.
    found.sort_by_key(|(_, row)| {
        (number(field(row, "id")).map_or(u64::MAX, f64::to_bits), uuid(row))
    });
    found.dedup_by_key(|(_, row)| uuid(row));
    let mut all = Found::default();
    for (filter, row) in &found {
        match known(well, filter.as_deref(), row) {
            Ok(Some(mut one)) => {
                if all.known.iter().any(|other| other.name == one.name) {
                    one.name = format!("{} {}", one.name, one.uuid);
                }
                all.known.push(one);
            }
            Ok(None) => {}
            Err(reason) => all.rejected.push(rejection(well, row, reason)),
        }
    }
    all.known.sort_by(|one, other| one.uuid.cmp(&other.uuid));
    Ok(all)
}

/// One series with its readings from `start` to `end`, in API v3; none where there is none to see.
pub(crate) fn window(config: &Config, uuid: &str, start: i64, end: i64) -> Result<Option<Value>> {
    let parameters =
        [("uuid", uuid.to_owned()), ("start", start.to_string()), ("end", end.to_string())];
    // Never with min_points: events then have a least and a greatest value, and no value.
    let listing = server::list(config, PATH, &parameters, 1, 1)?.map(|answer| answer.body);
    let mut rows = listing.into_iter().flat_map(|listing| listing.results);
    Ok(rows.find(|row| field(row, "uuid").as_str() == Some(uuid)))
}

/// The series that the station names.
fn named(config: &Config, well: &Well) -> Result<Vec<(Option<String>, Value)>> {
    if well.series.len() > SERIES_MAX {
        return Err(too_many());
    }
    let mut found = Vec::new();
    for Named { uuid, filter } in &well.series {
        let row = server::find(config, &format!("{PATH}{uuid}/"))?;
        found.extend(row.map(|row| (filter.clone(), row)));
    }
    Ok(found)
}

/// The series of the location that is called as the well is and lies where it lies: for a station
/// without filters, or whose filters name no series, as all of GGMN's in API v3.
fn at_place(config: &Config, well: &Well) -> Result<Vec<Value>> {
    let Some(code) = &well.code else { return Ok(Vec::new()) };
    let mut rows = Vec::new();
    if config.version == Version::V3 {
        let of_name = [("location__name", code.clone())];
        rows = walk::all(config, PATH, &of_name, SERIES_MAX, too_many)?;
    } else {
        let of_code = [("code", code.clone())];
        let locations = walk::all(config, "locations/", &of_code, SERIES_MAX, too_many)?;
        for location in locations.iter().filter(|location| well.is_at(location)) {
            if let Some(uuid) = uuid(location) {
                let of_location = [("location__uuid", uuid)];
                rows.extend(walk::all(config, PATH, &of_location, SERIES_MAX, too_many)?);
            }
        }
    }
    rows.retain(|row| {
        let location = field(row, "location");
        !location.is_object() || well.is_at(location)
    });
    Ok(rows)
}

/// None where it holds texts, images or files.
fn known(
    well: &Well,
    filter: Option<&str>,
    row: &Value,
) -> std::result::Result<Option<Known>, &'static str> {
    let uuid = uuid(row).filter(|uuid| value::is_plain(uuid)).ok_or("it has no uuid")?;
    let kind = field(row, "value_type");
    let numeric = match kind {
        Value::String(kind) => matches!(kind.as_str(), "float" | "integer"),
        // 0 is integer and 1 float; who does not say has numbers, as nearly all have.
        kind => kind.is_null() || kind == 0 || kind == 1,
    };
    let code = text(field(row, "code")).or_else(|| text(field(row, "name")));
    let code = code.unwrap_or_else(|| uuid.clone());
    let observed = field(row, "observation_type");
    let (property, unit) = quantity::of(
        &code,
        text(field(observed, "code")).as_deref(),
        text(field(observed, "unit")).as_deref(),
    );
    // Each filter of a well may have a series of the same code; API v3 does not say which it stands
    // in. GGMN's only filter is called as the well itself, and adds nothing.
    let filter = filter.filter(|filter| Some(*filter) != well.code.as_deref());
    let name = filter.map_or_else(|| code.clone(), |filter| format!("{filter} {code}"));
    if [&name, &property, &unit].iter().any(|text| text.len() > NAME_BYTES_MAX) {
        return Err("its code, its observation type or its unit is too long");
    }
    let start = time::read(field(row, "start"));
    Ok(numeric.then_some(Known { uuid, name, property, unit, start }))
}

fn rejection(well: &Well, row: &Value, reason: &str) -> Rejection {
    let uuid = uuid(row).unwrap_or_else(|| shown(row)).chars().take(100).collect::<String>();
    let place = format!("series {uuid} of well {}", well.id);
    Rejection { place, reason: reason.to_owned(), raw: shown(row) }
}

fn uuid(row: &Value) -> Option<String> {
    text(field(row, "uuid"))
}

fn too_many() -> Failure {
    Failure::Data(format!("a well has more than {SERIES_MAX} series"))
}
