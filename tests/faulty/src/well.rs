//! Wells: few, so that every run starts at the first.

use ourwater_sdk::{GetRequest, Items, Page, Position, Rejection, Resource, Result, paging};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::server::{self, Answer};
use crate::{Config, Fault};

#[derive(Debug, Default, Serialize, Deserialize)]
struct Cursor {
    after: String,
}

/// Whether there are any.
pub(crate) fn first(config: &Config) -> Result<()> {
    server::ask(config, "/wells", &[("limit", "1".to_owned())]).map(drop)
}

pub(crate) fn get(config: &Config, request: &GetRequest) -> Result<Page> {
    let cursor: Cursor = paging::read(request.cursor.as_deref())?.unwrap_or_default();
    let query = [
        ("limit", request.limit.to_string()),
        ("after", cursor.after),
        ("only", request.only.join(",")),
    ];
    let answer = server::ask(config, "/wells", &query)?;
    let Answer { results, next, more } = answer;
    let (mut wells, mut rejected) = (Vec::new(), Vec::new());
    for (at, row) in results.iter().enumerate() {
        match well(row) {
            Some(well) => wells.push(well),
            None => rejected.push(Rejection {
                place: format!(
                    "well {}",
                    text(&row["id"]).unwrap_or_else(|| format!("{at}, {next}"))
                ),
                reason: "it is not understood".to_owned(),
                raw: row.to_string(),
            }),
        }
    }
    let more = more && !(config.breaks(Fault::EmptyPage) && results.is_empty());
    let cursor = if more { text(&next).unwrap_or_default() } else { String::new() };
    let page =
        paging::page(Items::Resources(wells), paging::write(&Cursor { after: cursor })?, more);
    Ok(Page { rejected, ..page })
}

fn well(row: &Value) -> Option<Resource> {
    Some(Resource {
        id: Some(text(&row["id"])?),
        name: text(&row["name"])?,
        kind: "well".to_owned(),
        position: Some(Position {
            longitude: row["longitude"].as_f64()?,
            latitude: row["latitude"].as_f64()?,
        }),
        elevation: None,
        owner: None,
        groups: Vec::new(),
        updated: None,
        extra: String::new(),
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
