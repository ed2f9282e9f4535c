//! Wells as resources, a page at a time: those that the host names, or that the configuration selects.

use ourwater_sdk::{GetRequest, Items, Page, Rejection, Result, paging};

use crate::config::{Config, Version};
use crate::network::Members;
use crate::server::Parameter;
use crate::walk::{self, Cursor, Part};
use crate::well::{self, Well};

/// A page of resources.
pub(crate) fn get(config: &Config, request: &GetRequest) -> Result<Page> {
    let mut cursor: Option<Cursor> = paging::read(request.cursor.as_deref())?;
    let parts = parts(config, &request.only);
    let found = walk::next(config, well::PATH, &parts, &mut cursor, request.limit.max(1))?;
    let (mut wells, mut rejected) = (Vec::new(), Vec::new());
    rejected.extend(found.missing.into_iter().map(missing));
    for station in found.records {
        match Well::read(station) {
            Ok(well) if well.is_wanted(config) => wells.push(well),
            // A list may hold wells that were not asked for; who is named ought to be given.
            Ok(well) if !request.only.is_empty() => rejected.push(unwanted(well)),
            Ok(_) => {}
            Err(rejection) => rejected.push(rejection),
        }
    }
    let members = if wells.is_empty() { Members::default() } else { Members::read(config)? };
    let resources = wells.iter().map(|well| well.resource(members.of(well))).collect();
    let more = cursor.is_some();
    let cursor = paging::write(&cursor.unwrap_or_default())?;
    Ok(Page { rejected, ..paging::page(Items::Resources(resources), cursor, more) })
}

/// What has to be asked for these ids; for what the configuration selects where there are none.
pub(crate) fn parts(config: &Config, only: &[String]) -> Vec<Part> {
    if !only.is_empty() {
        return only.iter().cloned().map(Part::One).collect();
    }
    match config.version {
        Version::V3 if !config.codes.is_empty() => {
            config.codes.iter().cloned().map(Part::Search).collect()
        }
        Version::V4 if !config.codes.is_empty() => {
            let of_code = |code: &String| Part::List(parameters(config, Some(code)));
            config.codes.iter().map(of_code).collect()
        }
        _ => vec![Part::List(parameters(config, None))],
    }
}

fn parameters(config: &Config, code: Option<&String>) -> Vec<Parameter> {
    let (area, organisation) = match config.version {
        Version::V3 => ("in_bbox", "organisation__unique_id"),
        Version::V4 => ("geometry__within", "organisation__uuid"),
    };
    let area = config.bbox.map(|bbox| match config.version {
        Version::V3 => (area, bbox.corners()),
        Version::V4 => (area, bbox.polygon()),
    });
    let organisation = config.organisation.clone().map(|uuid| (organisation, uuid));
    let code = code.map(|code| ("code", code.clone()));
    code.into_iter().chain(area).chain(organisation).collect()
}

/// What is said of an id that leads nowhere.
pub(crate) fn missing(id: String) -> Rejection {
    let reason = "Lizard has no well with this id, or none that the API key may see";
    Rejection { place: format!("well {id}"), reason: reason.to_owned(), raw: id }
}

fn unwanted(well: Well) -> Rejection {
    let reason = "it is selected by its id, and left out by the datasource's codes, bbox or \
                  organisation";
    Rejection { place: format!("well {}", well.id), reason: reason.to_owned(), raw: well.id }
}
