//! Resources, a page at a time and without the images that make one answer of nine megabytes.

use ourwater_sdk::{Failure, GetRequest, Items, Page, Rejection, Resource, Result, paging};
use serde_json::json;

use crate::config::Config;
use crate::group::Cursor;
use crate::id::Id;
use crate::quantity::Kind;
use crate::row::{ResourceRow, instant, number, shown, text};
use crate::select;
use crate::server::{self, Question, ROWS_MAX};

/// How many resources there are, and whether there are more than one answer holds.
pub(crate) fn count(config: &Config) -> Result<(usize, bool)> {
    let question = Question {
        from: "resources",
        columns: &["id"],
        conditions: Vec::new(),
        order: &["postcode", "id"],
        limit: ROWS_MAX,
    };
    let rows = server::find::<ResourceRow>(config, &question)?.body;
    Ok((rows.len(), rows.len() >= ROWS_MAX as usize))
}

/// A page of resources. Each run reads them all: they are few, and one may appear or change
/// without any date saying so.
pub(crate) fn get(config: &Config, request: &GetRequest) -> Result<Page> {
    let parts = select::conditions(&request.only, "id")?;
    let cursor: Cursor = paging::read(request.cursor.as_deref())?.unwrap_or_default();
    let Some(part) = parts.get(cursor.part) else {
        return Err(Failure::StaleCursor("the selection has changed".to_owned()));
    };
    let question = Question {
        from: "resources",
        columns: &ResourceRow::COLUMNS,
        conditions: vec![part.clone(), cursor.condition()],
        order: &["postcode", "id"],
        limit: request.limit.clamp(1, ROWS_MAX),
    };
    let rows = server::find::<ResourceRow>(config, &question)?.body;
    let full = rows.len() >= question.limit as usize;
    let (mut resources, mut rejected) = (Vec::new(), Vec::new());
    for row in &rows {
        match row.id() {
            Some(id) => resources.push(resource(id, row)),
            None => rejected.push(nameless(row)),
        }
    }
    let last = rows.iter().rev().find_map(ResourceRow::id).map(|id| (id.postcode, id.number));
    let (next, more) = cursor.next(last, full, parts.len());
    Ok(Page { rejected, ..paging::page(Items::Resources(resources), paging::write(&next)?, more) })
}

fn resource(id: Id, row: &ResourceRow) -> Resource {
    let village = row.village().map(|village| Id { number: village, ..id }.to_string());
    let extra = number(&row.well_depth).map(|depth| json!({"well_depth": depth}).to_string());
    Resource {
        id: Some(id.to_string()),
        name: id.to_string(),
        kind: text(&row.kind).unwrap_or_else(|| Kind::of(id).name().to_owned()),
        position: row.position(),
        elevation: number(&row.elevation),
        owner: text(&row.owner),
        groups: std::iter::once(id.postcode.to_string()).chain(village).collect(),
        updated: instant(&row.updated_at),
        extra: extra.unwrap_or_default(),
    }
}

fn nameless(row: &ResourceRow) -> Rejection {
    Rejection {
        place: format!("resource of {}", shown(&row.owner)),
        reason: "it has no id and postcode that are whole numbers above 0".to_owned(),
        raw: String::new(),
    }
}
