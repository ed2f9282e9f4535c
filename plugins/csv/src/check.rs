//! Tries a configuration on the first rows and says how they are understood.

use chrono::DateTime;
use ourwater_sdk::{Datatype, GetRequest, Items, Page, Remark, Result, files};

use crate::config::Config;
use crate::failure::config as fault;
use crate::{page, records};

/// So many points or records are tried.
const TRIED: u32 = 100;
/// So many of them are shown.
const SHOWN: usize = 3;

/// Whether the configuration fits the file, and what its first rows say.
pub(crate) fn check(config: &Config) -> Result<Vec<Remark>> {
    if config.readings.is_none() && config.resources.is_none() && config.groups.is_none() {
        return Err(fault("readings", "nothing says what a row is: readings, resources or groups"));
    }
    let mut remarks = Vec::new();
    let files = files::all()?;
    if !files.iter().any(|file| file.name == config.file && file.size > 0) {
        let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
        let text = format!(
            "nothing is in {:?} yet: it can be written to, not read; there are: {}",
            config.file,
            names.join(", ")
        );
        remarks.push(Remark { field: "file".to_owned(), text });
        return Ok(remarks);
    }
    if let Some(table) = &config.readings {
        let page = page::get(config, table, &request(Datatype::Reading))?;
        describe("readings", &page, &mut remarks);
    }
    if let Some(table) = &config.resources {
        let page = records::resources(config, table, &request(Datatype::Resource))?;
        describe("resources", &page, &mut remarks);
    }
    if let Some(table) = &config.groups {
        let page = records::groups(config, table, &request(Datatype::Group))?;
        describe("groups", &page, &mut remarks);
    }
    Ok(remarks)
}

fn request(datatype: Datatype) -> GetRequest {
    GetRequest { datatype, cursor: None, limit: TRIED, since: None, only: Vec::new() }
}

fn describe(field: &str, page: &Page, remarks: &mut Vec<Remark>) {
    let mut say = |text| remarks.push(Remark { field: field.to_owned(), text });
    let samples = samples(&page.items);
    let (read, rejected) = (samples.len(), page.rejected.len());
    say(format!(
        "of the first {}: {read} {field}, {} empty, {rejected} rejected",
        read + page.empty as usize + rejected,
        page.empty
    ));
    samples.into_iter().take(SHOWN).for_each(&mut say);
    for rejection in page.rejected.iter().take(SHOWN) {
        say(format!("{}: {}: {}", rejection.place, rejection.reason, rejection.raw));
    }
}

fn samples(items: &Items) -> Vec<String> {
    match items {
        Items::Groups(all) => {
            all.iter().map(|group| format!("{} {:?}", group.kind, group.name)).collect()
        }
        Items::Resources(all) => {
            all.iter().map(|resource| format!("{} {:?}", resource.kind, resource.name)).collect()
        }
        Items::Readings(all) => all.iter().flat_map(points).collect(),
    }
}

fn points(readings: &ourwater_sdk::Readings) -> impl Iterator<Item = String> {
    let series = &readings.series;
    let points = readings.rows.iter().zip(&readings.times).zip(&readings.values);
    points.map(move |((row, &time), value)| {
        let time = DateTime::from_timestamp_millis(time).map(|time| time.to_rfc3339());
        let (resource, name, time) = (&series.resource, &series.name, time.unwrap_or_default());
        format!("row {row}: {resource}, {name}: {value} {} at {time}", series.unit)
    })
}
