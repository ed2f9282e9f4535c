//! A walk through lists whose pages are numbered, and through things that are asked for one by one.

use ourwater_sdk::{Failure, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Config;
use crate::server::{self, Parameter};
use crate::value;

/// Records of one answer: Lizard has been asked for a thousand, and answers slowly then.
const PAGE_SIZE_MAX: u32 = 200;

/// Questions in one call, so that a slow server does not outlast it.
const QUESTIONS_A_CALL: u32 = 10;

/// Things that are asked for by themselves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    /// The thing with this id.
    One(String),
    /// Those of the list that these parameters select.
    List(Vec<Parameter>),
    /// Those that the search finds for this code: API v3 selects no wells by code.
    Search(String),
}

/// Where to go on. Its default is the beginning, where every run starts: no date says which wells
/// were removed, and none is known to select those that changed.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cursor {
    part: usize,
    page: Option<Numbered>,
}

/// A page of a list. Its size stays the same through the whole list, whatever a later call may
/// want, so that its number keeps its meaning; a server that gives fewer, or none, counts alike.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbered {
    number: u32,
    size: u32,
    /// Records of it that were given.
    given: u32,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) records: Vec<Value>,
    /// Ids of which there is nothing.
    pub(crate) missing: Vec<String>,
}

/// At most `limit` records after the cursor, which is then where to go on; none at the end.
/// `path` is the list's ("groundwaterstations/"), and what stands below it under its id.
pub(crate) fn next(
    config: &Config,
    path: &str,
    parts: &[Part],
    cursor: &mut Option<Cursor>,
    limit: u32,
) -> Result<Found> {
    let mut found = Found::default();
    let mut at = cursor.take().unwrap_or_default();
    if at.part >= parts.len() && at.part > 0 {
        return Err(Failure::StaleCursor("the selection has changed".to_owned()));
    }
    for _ in 0..QUESTIONS_A_CALL {
        let Some(part) = parts.get(at.part) else { return Ok(found) };
        let room = limit.saturating_sub(found.count());
        if room == 0 {
            break;
        }
        at = step(config, path, part, at, room, &mut found)?;
    }
    if at.part < parts.len() {
        *cursor = Some(at);
    }
    Ok(found)
}

/// All records of a list, which is known to be short; more than `most` are the given failure.
pub(crate) fn all(
    config: &Config,
    path: &str,
    parameters: &[Parameter],
    most: usize,
    too_many: impl Fn() -> Failure,
) -> Result<Vec<Value>> {
    let (mut all, mut at) = (Vec::new(), None);
    loop {
        let (records, next) = page(config, path, parameters, at, PAGE_SIZE_MAX)?;
        all.extend(records);
        // Pages that are empty count as well, or a server could go on for ever.
        let pages = next.map_or(0, |next| next.number as usize);
        if all.len() > most || pages > most {
            return Err(too_many());
        }
        match next {
            None => return Ok(all),
            some => at = some,
        }
    }
}

/// Asks for a part, or for a page of it, and says what comes next.
fn step(
    config: &Config,
    path: &str,
    part: &Part,
    at: Cursor,
    room: u32,
    found: &mut Found,
) -> Result<Cursor> {
    let next = match part {
        Part::One(id) => {
            one(config, path, id, found)?;
            None
        }
        Part::List(parameters) => {
            let (records, next) = page(config, path, parameters, at.page, room)?;
            found.records.extend(records);
            next
        }
        Part::Search(code) => {
            let parameters = [("q", code.clone())];
            // Each hit is a question more.
            let room = room.min(QUESTIONS_A_CALL);
            let (hits, next) = page(config, "search/", &parameters, at.page, room)?;
            for id in hits.iter().filter_map(|hit| station(hit, code)) {
                one(config, path, &id, found)?;
            }
            next
        }
    };
    Ok(at.followed_by(next))
}

impl Cursor {
    /// The next page of the same part, or the next part.
    fn followed_by(self, page: Option<Numbered>) -> Self {
        match page {
            Some(page) => Self { part: self.part, page: Some(page) },
            None => Self { part: self.part + 1, page: None },
        }
    }
}

impl Found {
    fn count(&self) -> u32 {
        let count = self.records.len() + self.missing.len();
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

/// At most `limit` records of a list, and where it goes on.
fn page(
    config: &Config,
    path: &str,
    parameters: &[Parameter],
    at: Option<Numbered>,
    limit: u32,
) -> Result<(Vec<Value>, Option<Numbered>)> {
    let size = limit.clamp(1, PAGE_SIZE_MAX);
    let at = at.unwrap_or(Numbered { number: 1, size, given: 0 });
    let Some(answer) = server::list(config, path, parameters, at.number, at.size)? else {
        return Ok((Vec::new(), None));
    };
    let listing = answer.body;
    let is_last = listing.is_last();
    let there = listing.results.len();
    let records: Vec<Value> =
        listing.results.into_iter().skip(at.given as usize).take(limit as usize).collect();
    let given = at.given.saturating_add(u32::try_from(records.len()).unwrap_or(u32::MAX));
    let next = if there > given as usize && !records.is_empty() {
        Some(Numbered { given, ..at })
    } else if is_last {
        None
    } else {
        let number = at.number.checked_add(1).ok_or_else(endless)?;
        Some(Numbered { number, given: 0, ..at })
    };
    Ok((records, next))
}

fn one(config: &Config, path: &str, id: &str, found: &mut Found) -> Result<()> {
    let there =
        if value::is_plain(id) { server::find(config, &format!("{path}{id}/"))? } else { None };
    match there {
        Some(record) => found.records.push(record),
        None => found.missing.push(id.to_owned()),
    }
    Ok(())
}

/// The id of the station that a hit of the search names, if it has this code.
fn station(hit: &Value, code: &str) -> Option<String> {
    let is_station = hit.get("entity_name")? == "groundwaterstation";
    let is_it = hit.get("description")?.as_str()? == code;
    (is_station && is_it).then(|| value::id(hit.get("entity_id")?)).flatten()
}

fn endless() -> Failure {
    Failure::Data("the server names a next page after every page".to_owned())
}
