//! What a datasource hands over: records in pages, checked where they enter.

use serde::{Deserialize, Serialize};

use super::clock::Timestamp;
use super::sync::Datatype;
use super::text;

/// Bytes of a rejection's place; it is an issue's key.
const PLACE_BYTES_MAX: usize = 1024;

/// Bytes kept of a rejected record.
const RAW_BYTES_MAX: usize = 4 * 1024;

/// Bytes of a point with all its columns: time, value, change, row, quality.
const POINT_BYTES: usize = 8 + 8 + 8 + 4 + 1;

/// What a page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Which records.
    pub datatype: Datatype,
    /// Where to go on; none: from the beginning.
    pub cursor: Option<String>,
    /// At most so many points, groups or resources.
    pub limit: u32,
    /// Leave out readings before this time.
    pub since: Option<Timestamp>,
    /// External ids; empty: all.
    pub only: Vec<String>,
}

/// Records, what could not be understood, and where to go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The records, all of one datatype.
    pub items: Items,
    /// Groups or resources that no longer exist.
    pub gone: Vec<String>,
    /// Records that could not be understood.
    pub rejected: Vec<Rejection>,
    /// Cells that were empty.
    pub empty: u32,
    /// Where to go on; at the end of the data, where the next run starts.
    pub cursor: String,
    /// There is more.
    pub more: bool,
    /// Records in all, for progress only.
    pub total: Option<u64>,
}

impl Page {
    /// About how many bytes it takes in memory.
    pub fn bytes(&self) -> usize {
        let rejected =
            self.rejected.iter().map(|it| it.place.len() + it.reason.len() + it.raw.len());
        let texts = rejected.chain(self.gone.iter().map(String::len));
        let counts = self.gone.len() + self.rejected.len();
        size_of::<Self>()
            + self.items.bytes()
            + counts * size_of::<Rejection>()
            + texts.sum::<usize>()
            + self.cursor.len()
    }
}

/// Records of one datatype.
#[derive(Debug, Clone, PartialEq)]
pub enum Items {
    /// Areas.
    Groups(Vec<Group>),
    /// Places.
    Resources(Vec<Resource>),
    /// Values, in columns of one series each.
    Readings(Vec<Readings>),
}

impl Items {
    /// How many points, groups or resources.
    pub fn count(&self) -> usize {
        match self {
            Self::Groups(groups) => groups.len(),
            Self::Resources(resources) => resources.len(),
            Self::Readings(readings) => readings.iter().map(|column| column.times.len()).sum(),
        }
    }

    fn bytes(&self) -> usize {
        let of_group = |it: &Group| {
            let texts = it.id.len() + it.name.len() + it.kind.len() + it.extra.len();
            size_of::<Group>() + texts + it.boundary.len() * size_of::<Position>()
        };
        let of_resource = |it: &Resource| {
            let owner = it.owner.as_ref().map_or(0, String::len);
            let groups: usize = it.groups.iter().map(|id| size_of::<String>() + id.len()).sum();
            let texts = it.id.len() + it.name.len() + it.kind.len() + it.extra.len();
            size_of::<Resource>() + texts + owner + groups
        };
        let of_column = |it: &Readings| {
            let Series { resource, name, property, unit } = &it.series;
            let texts = resource.len() + name.len() + property.len() + unit.len();
            let points = it.times.len() + it.removed.len();
            size_of::<Readings>() + texts + points * POINT_BYTES
        };
        match self {
            Self::Groups(groups) => groups.iter().map(of_group).sum(),
            Self::Resources(resources) => resources.iter().map(of_resource).sum(),
            Self::Readings(columns) => columns.iter().map(of_column).sum(),
        }
    }
}

/// WGS 84, degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// East of Greenwich.
    pub longitude: f64,
    /// North of the equator.
    pub latitude: f64,
}

/// An area, as the other system knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its external id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Village, pincode, country or custom.
    pub kind: String,
    /// A ring, not closed; empty: unknown.
    pub boundary: Vec<Position>,
    /// When it last changed.
    pub updated: Option<Timestamp>,
    /// What has no field here, as a JSON object; empty for none.
    pub extra: String,
}

/// A place where water is observed, as the other system knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its external id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Well, raingauge, checkdam, quality point or custom.
    pub kind: String,
    /// Where it is.
    pub position: Option<Position>,
    /// Ground surface, metres above mean sea level.
    pub elevation: Option<f64>,
    /// Whose it is.
    pub owner: Option<String>,
    /// External ids of the groups it is in.
    pub groups: Vec<String>,
    /// When it last changed.
    pub updated: Option<Timestamp>,
    /// What has no field here, as a JSON object; empty for none.
    pub extra: String,
}

/// One observed quantity at one resource. Its identity is all four fields.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Series {
    /// The resource's external id.
    pub resource: String,
    /// Tells series of one property apart.
    pub name: String,
    /// What is observed.
    pub property: String,
    /// UCUM.
    pub unit: String,
}

/// Points of one series, in columns of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Readings {
    /// Which series.
    pub series: Series,
    /// UTC milliseconds.
    pub times: Vec<Timestamp>,
    /// All finite.
    pub values: Vec<f64>,
    /// 0 unknown, 1 good, 2 suspect, 3 bad; empty: all unknown.
    pub qualities: Vec<u8>,
    /// Times at which the reading no longer exists.
    pub removed: Vec<Timestamp>,
    /// The source's row of each point; empty: unknown.
    pub rows: Vec<u32>,
    /// When each point last changed in the source; empty: unknown.
    pub updated: Vec<Timestamp>,
}

impl Readings {
    /// No point of a series yet.
    pub fn of(series: Series) -> Self {
        Self {
            series,
            times: Vec::new(),
            values: Vec::new(),
            qualities: Vec::new(),
            removed: Vec::new(),
            rows: Vec::new(),
            updated: Vec::new(),
        }
    }
}

/// A record that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Where it stands in the source; stays the same when it is read again.
    pub place: String,
    /// In plain words.
    pub reason: String,
    /// As the source wrote it, cut.
    pub raw: String,
}

impl Rejection {
    /// A record that cannot be taken, its texts made safe to show and to keep.
    pub fn new(place: &str, reason: String, raw: &str) -> Self {
        let (place, raw) = (text::clean(place, PLACE_BYTES_MAX), text::clean(raw, RAW_BYTES_MAX));
        Self { place, reason, raw }
    }
}
