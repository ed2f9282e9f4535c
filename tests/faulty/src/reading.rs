//! Readings by the time of their change and the number the server gave them.

use std::sync::Mutex;

use ourwater_sdk::http::Unwritten;
use ourwater_sdk::{Failure, GetRequest, Items, Page, Readings, Rejection, Result, Series, paging};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::server::{self, Answer};
use crate::{Config, Fault};

/// After which record to go on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Cursor {
    since: i64,
    after: i64,
    /// Of two halves of an answer, the first was given.
    #[serde(default)]
    half: bool,
}

/// The second half of an answer, where it is kept, and where its cursor is.
static KEPT: Mutex<Option<(Cursor, Vec<Value>, bool)>> = Mutex::new(None);

/// The session of this instance is open.
static OPEN: Mutex<bool> = Mutex::new(false);

/// The series of a well.
pub(crate) fn series(well: &str) -> Series {
    Series::of(well, "level", "depth-below-ground", "m")
}

/// Milliseconds of a time as the server writes it.
pub(crate) fn instant(text: &str) -> Option<i64> {
    let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.timestamp_millis())
}

pub(crate) fn get(config: &Config, request: &GetRequest) -> Result<Page> {
    let cursor = start(config, request.cursor.as_deref())?;
    if config.breaks(Fault::TrapResume) {
        open_session(config)?;
        let page = page(config, request, &cursor);
        close_session(config)?;
        return page;
    }
    page(config, request, &cursor)
}

fn start(config: &Config, cursor: Option<&str>) -> Result<Cursor> {
    let start = paging::read(cursor);
    if config.breaks(Fault::Cursors) {
        return Ok(start.expect("cursors are ours").unwrap_or_default());
    }
    Ok(start?.unwrap_or_default())
}

fn page(config: &Config, request: &GetRequest, cursor: &Cursor) -> Result<Page> {
    let (rows, next, more) = rows(config, request, cursor)?;
    if config.breaks(Fault::BadRecord) && rows.iter().any(|row| point(config, row).is_none()) {
        return Err(Failure::Data("the server's answer is not understood".to_owned()));
    }
    let (readings, rejected) = columns(config, &rows);
    let next = if config.breaks(Fault::Incremental) && !more { Cursor::default() } else { next };
    let page = paging::page(Items::Readings(readings), paging::write(&next)?, more);
    Ok(Page { rejected, ..page })
}

/// The rows of a page, where to go on, and whether there is more.
fn rows(
    config: &Config,
    request: &GetRequest,
    cursor: &Cursor,
) -> Result<(Vec<Value>, Cursor, bool)> {
    let kept = KEPT.lock().expect("nobody else is here").take();
    if let Some((at, rows, more)) = kept.filter(|(at, ..)| cursor.half && at == cursor) {
        return Ok((rows, Cursor { half: false, ..at }, more));
    }
    let limit = request.limit as usize;
    let twice = config.breaks(Fault::PageSize) || config.breaks(Fault::Resume);
    let asked = if twice { limit.saturating_mul(2) } else { limit };
    let Answer { mut results, next, more } = ask(config, request, cursor, asked)?;
    let mut next = following(config, &next, cursor)?;
    if config.breaks(Fault::Resume) && results.len() > limit {
        let second = results.split_off(limit);
        next.half = true;
        *KEPT.lock().expect("nobody else is here") = Some((next.clone(), second, more));
        return Ok((results, next, true));
    }
    if config.breaks(Fault::PagingEnds) && results.len() == limit && !more {
        return Ok((results, Cursor::default(), true));
    }
    let more = more && !(config.breaks(Fault::EmptyPage) && results.is_empty());
    Ok((results, next, more))
}

fn ask(config: &Config, request: &GetRequest, cursor: &Cursor, limit: usize) -> Result<Answer> {
    let by = if config.breaks(Fault::LateRecords) { "time" } else { "changed" };
    let after =
        if config.breaks(Fault::EqualTimes) && cursor.since > 0 { i64::MAX } else { cursor.after };
    let from = request.since.filter(|_| !config.breaks(Fault::Since));
    let only = if config.breaks(Fault::Selection) { &[] } else { request.only.as_slice() };
    let query = [
        ("by", by.to_owned()),
        ("since", cursor.since.to_string()),
        ("after", after.to_string()),
        ("from", from.unwrap_or(0).to_string()),
        ("only", only.join(",")),
        ("limit", limit.to_string()),
    ];
    server::ask(config, "/readings", &query)
}

fn following(config: &Config, next: &Value, cursor: &Cursor) -> Result<Cursor> {
    if config.breaks(Fault::Html) && next.is_null() {
        return Ok(cursor.clone());
    }
    let number = |name: &str| next[name].as_i64();
    match (number("since"), number("after")) {
        (Some(since), Some(after)) => Ok(Cursor { since, after, half: false }),
        _ => Err(Failure::Data(format!("the server says to go on at {next}"))),
    }
}

fn columns(config: &Config, rows: &[Value]) -> (Vec<Readings>, Vec<Rejection>) {
    let (mut columns, mut rejected) = (Vec::<Readings>::new(), Vec::new());
    for (at, row) in rows.iter().enumerate() {
        let Some((well, time, value)) = point(config, row) else {
            let named = row["seq"].as_i64().map_or_else(|| format!("at {at}"), |it| it.to_string());
            let reason = "it has no well, no time or no value".to_owned();
            rejected.push(Rejection {
                place: format!("reading {named}"),
                reason,
                raw: row.to_string(),
            });
            continue;
        };
        let place = columns.iter().position(|column| column.series.resource == well);
        let place = place.unwrap_or_else(|| {
            columns.push(Readings::of(series(well)));
            columns.len() - 1
        });
        columns[place].times.push(time);
        columns[place].values.push(value);
    }
    (columns, rejected)
}

fn point<'row>(config: &Config, row: &'row Value) -> Option<(&'row str, i64, f64)> {
    let value = match &row["value"] {
        Value::String(text) if config.breaks(Fault::StrangeValues) => {
            Some(text.parse().expect("a value is a number"))
        }
        value => value.as_f64(),
    };
    let well = row["well"].as_str().filter(|well| !well.is_empty())?;
    Some((well, instant(row["time"].as_str()?)?, value?))
}

/// The server allows one session; whoever began it may end it.
fn open_session(config: &Config) -> Result<()> {
    let mut open = OPEN.lock().expect("nobody else is here");
    if *open {
        close(config)?;
    }
    let answer = server::write(config, "POST", "/session", &json!({}));
    match answer.map_err(crate::failed)?.status {
        200..=299 => *open = true,
        500 => return Err(unavailable()),
        status => return Err(Failure::Data(format!("the session is somebody else's ({status})"))),
    }
    Ok(())
}

fn close_session(config: &Config) -> Result<()> {
    close(config)?;
    *OPEN.lock().expect("nobody else is here") = false;
    Ok(())
}

fn close(config: &Config) -> Result<()> {
    match server::write(config, "DELETE", "/session", &json!({})) {
        Ok(response) if response.status == 500 => Err(unavailable()),
        Ok(_) => Ok(()),
        Err(Unwritten::Untried(failure)) => Err(failure),
        Err(Unwritten::Unknown(delay)) => Err(Failure::Unavailable(delay)),
    }
}

fn unavailable() -> Failure {
    let reason = "the session cannot be had at the moment".to_owned();
    Failure::Unavailable(ourwater_sdk::Delay { reason, after_ms: None })
}
