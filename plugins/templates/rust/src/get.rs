//! Pages, in the order in which the server's records changed: what is new, late or corrected since
//! the last run all comes after its cursor.

use std::collections::BTreeMap;

use ourwater_sdk::http::Fault;
use ourwater_sdk::{
    Datatype, Failure, GetRequest, Items, Page, Position, Readings, Rejection, Resource, Result,
    paging,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Config, series};

/// Records that the server gives at once.
const RECORDS_A_QUESTION: u32 = 1000;

/// Ids that fit into an address. Of more, everything is read and the rest left out here.
const IDS_A_QUESTION: usize = 50;

/// The last record read. Two may have changed in the same millisecond, so the time alone would
/// lose or repeat one where a page ends between them.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    updated: i64,
    id: String,
}

/// What every record has: without it nobody can go on after it, but after the one before.
#[derive(Debug, Deserialize)]
struct Key {
    id: String,
    updated: i64,
}

#[derive(Debug, Deserialize)]
struct Well {
    name: String,
    longitude: Option<f64>,
    latitude: Option<f64>,
    elevation: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Reading {
    well: String,
    time: i64,
    value: Option<f64>,
    #[serde(default)]
    removed: bool,
}

/// The page after the request's cursor.
pub(crate) fn page(config: &Config, request: &GetRequest) -> Result<Page> {
    let mut cursor: Cursor = paging::read(request.cursor.as_deref())?.unwrap_or_default();
    let limit = request.limit.clamp(1, RECORDS_A_QUESTION);
    let records = ask(config, request, &cursor, limit)?;
    let (mut found, mut moved) = (Found::default(), false);
    for record in &records {
        let (place, taken) = match parse::<Key>(record) {
            Ok(key) => {
                let taken = found.take(record, &key, request);
                (cursor, moved) = (Cursor { updated: key.updated, id: key.id }, true);
                (cursor.id.clone(), taken)
            }
            Err(reason) => (format!("after {}", cursor.id), Err(reason)),
        };
        if let Err(reason) = taken {
            let place = format!("{} {place}", name(request.datatype)?);
            found.rejected.push(Rejection { place, reason, raw: record.to_string() });
        }
    }
    let items = match request.datatype {
        Datatype::Reading => Items::Readings(found.readings.into_values().collect()),
        _ => Items::Resources(found.resources),
    };
    // A full page may be the last one; the next is then empty and ends where this one does.
    let more = records.len() == limit as usize;
    if more && !moved {
        return Err(Failure::Data("no record of a page has an id and a time of change".to_owned()));
    }
    let page = paging::page(items, paging::write(&cursor)?, more);
    Ok(Page { gone: found.gone, rejected: found.rejected, empty: found.empty, ..page })
}

fn ask(config: &Config, request: &GetRequest, cursor: &Cursor, limit: u32) -> Result<Vec<Value>> {
    let path = format!("{}s", name(request.datatype)?);
    let mut call = config.call("GET", &path)?.query("limit", &limit.to_string());
    if !cursor.id.is_empty() {
        call = call.query("updated", &cursor.updated.to_string()).query("after", &cursor.id);
    }
    if (1..=IDS_A_QUESTION).contains(&request.only.len()) {
        call = call.query("wells", &request.only.join(","));
    }
    if let Some(since) = request.since {
        call = call.query("since", &since.to_string());
    }
    let records: Vec<Value> = call.read(Fault::Config("url"))?.body;
    if records.len() > limit as usize {
        return Err(Failure::Data(format!("{path}: at most {limit} records were asked for")));
    }
    Ok(records)
}

fn name(datatype: Datatype) -> Result<&'static str> {
    match datatype {
        Datatype::Resource => Ok("well"),
        Datatype::Reading => Ok("reading"),
        Datatype::Group => Err(Failure::Unsupported("the server has no groups".to_owned())),
    }
}

/// What a page is made of.
#[derive(Debug, Default)]
struct Found {
    resources: Vec<Resource>,
    readings: BTreeMap<String, Readings>,
    gone: Vec<String>,
    rejected: Vec<Rejection>,
    empty: u32,
}

impl Found {
    /// Takes a record, or says why it cannot be understood: it is then rejected alone.
    fn take(&mut self, record: &Value, key: &Key, request: &GetRequest) -> Result<(), String> {
        let wanted = |well: &String| request.only.is_empty() || request.only.contains(well);
        if request.datatype == Datatype::Resource {
            if record["gone"] == true {
                self.gone.push(key.id.clone());
            } else if wanted(&key.id) {
                self.resources.push(resource(&parse(record)?, key));
            }
            return Ok(());
        }
        let reading: Reading = parse(record)?;
        if wanted(&reading.well) && request.since.is_none_or(|since| reading.time >= since) {
            self.add(&reading, key.updated);
        }
        Ok(())
    }

    fn add(&mut self, reading: &Reading, updated: i64) {
        let new = || Readings::of(series(&reading.well));
        let column = self.readings.entry(reading.well.clone()).or_insert_with(new);
        match reading.value {
            _ if reading.removed => column.removed.push(reading.time),
            None => self.empty += 1,
            Some(value) => {
                column.times.push(reading.time);
                column.values.push(value);
                column.updated.push(updated);
            }
        }
    }
}

fn parse<'de, T: Deserialize<'de>>(record: &'de Value) -> Result<T, String> {
    T::deserialize(record).map_err(|error| error.to_string())
}

fn resource(well: &Well, key: &Key) -> Resource {
    let position = well.longitude.zip(well.latitude);
    Resource {
        id: Some(key.id.clone()),
        name: well.name.clone(),
        kind: "well".to_owned(),
        position: position.map(|(longitude, latitude)| Position { longitude, latitude }),
        elevation: well.elevation,
        owner: None,
        groups: Vec::new(),
        updated: Some(key.updated),
        extra: String::new(),
    }
}
