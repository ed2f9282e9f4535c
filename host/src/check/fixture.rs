//! A fixture: the other system as its author describes it, from a folder or as one JSON object.
//!
//! | in the folder | |
//! |---|---|
//! | `remote.rhai` | a script that answers requests: see [`super::script`] |
//! | `files/NAME`  | files the plugin may read |
//! | `later/NAME`  | what they become when time passes |
//! | `push.json`   | what is pushed, `{"groups": […], "resources": […], "readings": […]}` |
//! | `check.json`  | checks that are left out, `{"skip": {"push-twice": "why"}}` |
//!
//! Without `push.json` readings are pushed that are made from what the plugin gets: new points after
//! the last of up to three series.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::clock::Moment;
use crate::domain::page::{Group, Readings, Resource, Series};

/// Bytes of a fixture's files together.
const FIXTURE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The other system, and what is done with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fixture {
    /// A script that answers requests.
    pub remote: Option<String>,
    /// Files the plugin may read, by name.
    pub files: BTreeMap<String, Content>,
    /// What they become when time passes; those that are not named stay.
    pub later: BTreeMap<String, Content>,
    /// What is pushed, as `push.json` has it.
    pub push: Option<Pushes>,
    /// Checks that are left out, by name, and why.
    pub skip: BTreeMap<String, String>,
}

/// What a file holds. As JSON a text, or `{"base64": …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Content(pub Vec<u8>);

/// What is pushed. Places without an id are new to the other system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pushes {
    /// Areas, in the contract's fields.
    pub groups: Vec<Value>,
    /// Places, in the contract's fields.
    pub resources: Vec<Value>,
    /// Values, a series each.
    pub readings: Vec<Column>,
}

/// Points of one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    resource: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    property: String,
    #[serde(default)]
    unit: String,
    /// RFC 3339, or milliseconds.
    times: Vec<Value>,
    values: Vec<f64>,
    #[serde(default)]
    qualities: Vec<u8>,
}

/// Why a folder is no fixture.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk said so.
    #[error("the fixture {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// What was read.
        path: PathBuf,
        /// Why not.
        reason: io::Error,
    },
    /// A file of it is not what it should be.
    #[error("the fixture's {name} is not understood: {reason}")]
    Misunderstood {
        /// Which.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Over the limit.
    #[error("a fixture's files have at most {FIXTURE_BYTES_MAX} bytes together")]
    TooLarge,
    /// There is nothing in it that could answer a plugin.
    #[error("{} holds neither remote.rhai nor files/ nor push.json: it is no fixture", .0.display())]
    Empty(PathBuf),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Bytes { base64: String },
}

impl Fixture {
    /// A folder with any of `remote.rhai`, `files/`, `later/`, `push.json` and `check.json`.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        struct Check {
            skip: BTreeMap<String, String>,
        }
        let remote = text(folder, "remote.rhai")?;
        let push = parsed::<Pushes>(folder, "push.json")?;
        let check = parsed::<Check>(folder, "check.json")?.unwrap_or_default();
        let (files, later) = (files(&folder.join("files"))?, files(&folder.join("later"))?);
        if remote.is_none() && files.is_empty() && push.is_none() {
            return Err(Error::Empty(folder.to_owned()));
        }
        Ok(Self { remote, files, later, push, skip: check.skip })
    }
}

impl Pushes {
    /// The areas, and whether each is new.
    pub(super) fn groups(&self) -> Result<Vec<(bool, Group)>, Error> {
        let plain = json!({"id": "", "name": "", "kind": "custom", "boundary": [],
            "updated": null, "extra": ""});
        self.groups.iter().map(|given| place(given, &plain)).collect()
    }

    /// The places, and whether each is new.
    pub(super) fn resources(&self) -> Result<Vec<(bool, Resource)>, Error> {
        let plain = json!({"id": "", "name": "", "kind": "well", "position": null,
            "elevation": null, "owner": null, "groups": [], "updated": null, "extra": ""});
        self.resources.iter().map(|given| place(given, &plain)).collect()
    }

    /// The values.
    pub(super) fn readings(&self) -> Result<Vec<Readings>, Error> {
        self.readings.iter().map(Column::readings).collect()
    }
}

impl Column {
    fn readings(&self) -> Result<Readings, Error> {
        let Self { resource, name, property, unit, times, values, qualities } = self.clone();
        let time = |time: Value| serde_json::from_value(time).map(|Moment(time)| time);
        let times: Result<Vec<_>, _> = times.into_iter().map(time).collect();
        let times = times.map_err(|error| misunderstood("push.json", &error))?;
        if times.len() != values.len() || ![0, times.len()].contains(&qualities.len()) {
            let reason = format!("the columns of {resource} differ in length");
            return Err(Error::Misunderstood { name: "push.json", reason });
        }
        let series = Series { resource, name, property, unit };
        let (removed, rows, updated) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Readings { series, times, values, qualities, removed, rows, updated })
    }
}

impl From<Written> for Content {
    fn from(written: Written) -> Self {
        match written {
            Written::Text(text) => Self(text.into_bytes()),
            Written::Bytes { base64 } => Self(BASE64_STANDARD.decode(base64).unwrap_or_default()),
        }
    }
}

impl From<Content> for Written {
    fn from(Content(bytes): Content) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Bytes { base64: BASE64_STANDARD.encode(error.as_bytes()) },
        }
    }
}

/// A record with what it leaves out; without an id it is new.
fn place<T: for<'de> Deserialize<'de>>(given: &Value, plain: &Value) -> Result<(bool, T), Error> {
    let new = given.get("id").is_none_or(Value::is_null);
    let mut whole = plain.clone();
    if let (Some(whole), Some(given)) = (whole.as_object_mut(), given.as_object()) {
        whole.extend(
            given
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.clone(), value.clone())),
        );
    }
    let record = serde_json::from_value(whole);
    Ok((new, record.map_err(|error| misunderstood("push.json", &error))?))
}

fn misunderstood(name: &'static str, error: &serde_json::Error) -> Error {
    Error::Misunderstood { name, reason: error.to_string() }
}

fn parsed<T: for<'de> Deserialize<'de>>(
    folder: &Path,
    name: &'static str,
) -> Result<Option<T>, Error> {
    let text = text(folder, name)?;
    let parsed = text.map(|text| serde_json::from_str(&text)).transpose();
    parsed.map_err(|error| misunderstood(name, &error))
}

fn text(folder: &Path, name: &str) -> Result<Option<String>, Error> {
    let path = folder.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && folder.is_dir() => Ok(None),
        Err(reason) => Err(Error::Unreadable { path, reason }),
    }
}

fn files(folder: &Path) -> Result<BTreeMap<String, Content>, Error> {
    let unreadable = |reason| Error::Unreadable { path: folder.to_owned(), reason };
    let mut files = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        bytes += entry.metadata().map_err(unreadable)?.len();
        if bytes > FIXTURE_BYTES_MAX {
            return Err(Error::TooLarge);
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        files.insert(name, Content(std::fs::read(entry.path()).map_err(unreadable)?));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_its_json_are_one_fixture() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("files")).unwrap();
        std::fs::write(folder.path().join("files/wells.csv"), [b'a', 0xff]).unwrap();
        std::fs::write(folder.path().join("remote.rhai"), "fn start() { #{} }").unwrap();
        std::fs::write(folder.path().join("check.json"), r#"{"skip": {"x": "why"}}"#).unwrap();
        let fixture = Fixture::read(folder.path()).unwrap();
        assert_eq!(fixture.files["wells.csv"].0, [b'a', 0xff]);
        let again = serde_json::from_str(&serde_json::to_string(&fixture).unwrap()).unwrap();
        assert_eq!(fixture, again);
        assert!(matches!(Fixture::read(&folder.path().join("files")), Err(Error::Empty(_))));
    }

    #[test]
    fn what_a_pushed_record_leaves_out_is_filled_in_and_a_mistake_is_named() {
        let pushes: Pushes = serde_json::from_value(json!({
            "resources": [{"name": "New"}, {"id": "7", "name": "Old", "elevation": 2.5}],
            "readings": [{"resource": "7", "times": ["1970-01-01T00:00:01Z"], "values": [1.5]}],
        }))
        .unwrap();
        let places = pushes.resources().unwrap();
        assert_eq!((places[0].0, places[1].0, places[1].1.elevation), (true, false, Some(2.5)));
        assert_eq!(pushes.readings().unwrap()[0].times, [1000]);
        let uneven = json!({"readings": [{"resource": "7", "times": [], "values": [1.5]}]});
        let uneven: Pushes = serde_json::from_value(uneven).unwrap();
        assert!(uneven.readings().unwrap_err().to_string().contains("push.json"));
    }
}
