//! What an administrator fills in about a CSV file; doc comments are the help texts of the form.
//!
//! An export whose rows read back identically:
//!
//! ```json
//! {"file": "export.csv", "header": 1, "readings": {
//!   "time": {"columns": ["time"], "pattern": "iso"}, "resource": "resource",
//!   "series": [{"value": "value", "name": "series", "property": "property", "unit": "unit"}],
//!   "quality": {"column": "quality", "codes": {"0": 0, "1": 1, "2": 2, "3": 3}}, "note": "note"}}
//! ```

use std::collections::BTreeMap;

use ourwater_sdk::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

/// A CSV file and what its columns mean. Lines are counted from 1, as an editor shows them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The name of the file.
    #[schemars(extend("x-file" = true))]
    pub file: String,
    /// "utf-8", "utf-16le", "windows-1252" …; left out: what the file's first bytes say, else UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The character between two fields.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// The character around a field that holds delimiters; null: quotes mean nothing.
    #[serde(default = "quotation_mark")]
    pub quote: Option<char>,
    /// The line with the names of the columns; 0: there is none.
    #[serde(default)]
    pub header: u32,
    /// The line where the data begins; left out: the one after the header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u32>,
    /// The decimal mark.
    #[serde(default = "point")]
    pub decimal: char,
    /// The mark between groups of digits, as in 1,234.5 or 1,00,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// Texts that stand for "no value", exactly as they are written, such as "NA" or "-999".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// The zone of times that name none: "UTC+01:00" or "Europe/Amsterdam".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-default" = "organisation.zone"))]
    pub zone: Option<String>,
    /// How a row is read as readings; left out: the file has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readings: Option<ReadingsTable>,
    /// How a row is read as a resource; left out: the file has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourcesTable>,
    /// How a row is read as a group; left out: the file has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<GroupsTable>,
}

/// A column, by its name in the header or by its place from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Column {
    /// Its place from 1.
    Position(u32),
    /// Its name in the header.
    Name(String),
}

/// A text of a row: a column, several joined by a separator, or the same for all rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Text {
    /// One column.
    Column(Column),
    /// Several columns, joined.
    Joined(Joined),
    /// The same text for every row.
    Constant(Constant),
}

/// Several columns as one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Joined {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// What is put between them.
    #[serde(default = "dot")]
    pub separator: String,
}

/// What the file does not say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// The text for every row.
    pub constant: String,
}

/// How a row is read as readings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadingsTable {
    /// When it was observed.
    pub time: Time,
    /// The id of the resource.
    pub resource: Text,
    /// One for each column of values.
    pub series: Vec<Values>,
    /// The source's own mark of quality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// A column of comments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Column>,
}

/// How a time is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// The column of the time; several (date, time) are joined by a space.
    pub columns: Vec<Column>,
    /// "iso", "excel", "epoch-s", "epoch-ms", or a pattern such as "%d/%m/%Y %H:%M".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// A column of milliseconds to add, 0 to 999.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<Column>,
    /// The zone of these times where the text names none; left out: the file's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// A column of values and what they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Values {
    /// The column of the values.
    pub value: Column,
    /// The name of the series; left out: that of the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// What is observed, such as "depth-below-ground"; left out: "unknown".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<Text>,
    /// The unit (UCUM), such as "m"; left out: empty, which is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Text>,
}

/// The source's own mark of quality.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quality {
    /// The column of the codes.
    pub column: Column,
    /// What each code means: 0 unknown, 1 good, 2 suspect, 3 bad. A code that is not here is
    /// unknown, and is kept as a note.
    #[serde(default)]
    pub codes: BTreeMap<String, u8>,
}

/// How a row is read as a resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourcesTable {
    /// Its id.
    pub id: Text,
    /// Its name; left out: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// well, raingauge, checkdam, quality or custom; left out: well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Text>,
    /// Degrees, WGS 84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<Column>,
    /// Degrees, WGS 84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<Column>,
    /// Ground surface, metres above mean sea level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elevation: Option<Column>,
    /// Who it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Column>,
    /// The ids of its groups, with spaces between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Column>,
    /// When it was changed, in ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Column>,
    /// Everything else, as a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Column>,
}

/// How a row is read as a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupsTable {
    /// Its id.
    pub id: Text,
    /// Its name; left out: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// village, pincode, country or custom; left out: custom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Text>,
    /// Its ring, "longitude latitude; longitude latitude; …".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<Column>,
    /// When it was changed, in ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Column>,
    /// Everything else, as a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<Column>,
}

fn comma() -> char {
    ','
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the type of the field")]
fn quotation_mark() -> Option<char> {
    Some('"')
}

fn point() -> char {
    '.'
}

fn dot() -> String {
    ".".to_owned()
}
