//! Villages, and the pincodes they imply.

use ourwater_sdk::{GetRequest, Group, Items, Page, Rejection, Result, paging};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::config::Config;
use crate::row::{VillageRow, instant, shown, text};
use crate::select;
use crate::server::{self, Question, ROWS_MAX};

/// Where to go on; its default is the beginning, where every run starts: villages are few, and one
/// may appear or change without any date saying so.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Cursor {
    /// Of the conditions that select.
    pub(crate) part: usize,
    /// Postcode and number of the last row.
    pub(crate) after: Option<(u64, u64)>,
    /// A pincode that was given, where its first village did not fit into the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pincode: Option<u64>,
}

impl Cursor {
    /// Rows after it, in the order of postcode and number.
    pub(crate) fn condition(&self) -> Value {
        match self.after {
            None => json!({}),
            Some((postcode, number)) => json!({"or": [
                {"postcode": {"gt": postcode}},
                {"postcode": postcode, "id": {"gt": number}},
            ]}),
        }
    }

    /// Where the page after this one begins, and whether there is one.
    pub(crate) fn next(self, last: Option<(u64, u64)>, full: bool, parts: usize) -> (Self, bool) {
        if full && last.is_some() {
            (Self { part: self.part, after: last, pincode: None }, true)
        } else if self.part + 1 < parts {
            (Self { part: self.part + 1, ..Self::default() }, true)
        } else {
            (Self::default(), false)
        }
    }
}

/// A page of groups.
pub(crate) fn get(config: &Config, request: &GetRequest) -> Result<Page> {
    let parts = select::conditions(&request.only, "id")?;
    let cursor: Cursor = paging::read(request.cursor.as_deref())?.unwrap_or_default();
    let Some(part) = parts.get(cursor.part) else {
        return Err(ourwater_sdk::Failure::StaleCursor("the selection has changed".to_owned()));
    };
    let question = Question {
        from: "villages",
        columns: &VillageRow::COLUMNS,
        conditions: vec![part.clone(), cursor.condition()],
        order: &["postcode", "id"],
        limit: request.limit.clamp(1, ROWS_MAX),
    };
    let rows = server::find::<VillageRow>(config, &question)?.body;
    let limit = question.limit as usize;
    let mut pincode = cursor.pincode.or(cursor.after.map(|(postcode, _)| postcode));
    let mut last = cursor.after;
    let (mut groups, mut rejected) = (Vec::new(), Vec::new());
    let mut fits = true;
    for row in &rows {
        match village(row) {
            Ok((postcode, village)) => {
                // A village may bring its pincode with it.
                if pincode != Some(postcode) && groups.len() < limit {
                    pincode = Some(postcode);
                    groups.push(of_pincode(postcode));
                }
                fits = groups.len() < limit;
                if !fits {
                    break;
                }
                groups.push(village);
            }
            Err(rejection) => rejected.push(rejection),
        }
        last = row.id().map(|id| (id.postcode, id.number)).or(last);
    }
    let (next, more) = if fits {
        cursor.next(last, rows.len() >= limit, parts.len())
    } else {
        (Cursor { part: cursor.part, after: last, pincode }, true)
    };
    Ok(Page { rejected, ..paging::page(Items::Groups(groups), paging::write(&next)?, more) })
}

fn village(row: &VillageRow) -> std::result::Result<(u64, Group), Rejection> {
    let id = row.id().ok_or_else(|| Rejection {
        place: format!("village {}", shown(&row.name)),
        reason: "it has no id and postcode that are whole numbers above 0".to_owned(),
        raw: String::new(),
    })?;
    let group = Group {
        id: Some(id.to_string()),
        name: text(&row.name).unwrap_or_else(|| id.to_string()),
        kind: "village".to_owned(),
        // All that is known is one point of it.
        boundary: row.position().into_iter().collect(),
        updated: instant(&row.updated_at),
        extra: String::new(),
    };
    Ok((id.postcode, group))
}

fn of_pincode(postcode: u64) -> Group {
    Group {
        id: Some(postcode.to_string()),
        name: postcode.to_string(),
        kind: "pincode".to_owned(),
        boundary: Vec::new(),
        updated: None,
        extra: String::new(),
    }
}
