//! Readings of one well, series after series. The host keeps a cursor for each well, and that holds
//! a place for each of its series.
//!
//! API v4 is asked for what was modified since the last pass ([`changed`]): late and corrected readings
//! come too. API v3 knows no such question, and is read by windows of time ([`window`]), a lookback
//! before the last reading included. What is deleted outright leaves no trace in either; a reading with
//! the flag of deletion, or without value, is given as removed.

mod changed;
mod cursor;
mod window;

use ourwater_sdk::{Failure, GetRequest, Items, Page, Rejection, Result, paging};

use crate::config::{Config, Version};
use crate::event::Gathered;
use crate::resource;
use crate::series::{self, Known};
use crate::well;
use cursor::{Cursor, Now, Place};

/// Questions for readings in one call, whose answers may all be empty.
const QUESTIONS_A_CALL: u32 = 10;

/// What one question brought.
#[derive(Debug)]
struct Step {
    /// Events that were given.
    events: u32,
    then: Then,
}

/// How a series goes on.
#[derive(Debug)]
enum Then {
    At(Place),
    /// It is read; where the next pass begins, if anywhere.
    Done(Option<i64>),
}

/// The well whose readings are asked for. What is known of it is looked up once in a call, where it
/// is needed at all.
#[derive(Debug)]
struct Asked<'a> {
    config: &'a Config,
    id: &'a str,
    series: Option<Vec<Known>>,
    rejected: Vec<Rejection>,
}

/// A page of readings.
pub(crate) fn get(config: &Config, request: &GetRequest) -> Result<Page> {
    let [id] = request.only.as_slice() else {
        let text = "readings are asked for one well at a time, by its id";
        return Err(Failure::Unsupported(text.to_owned()));
    };
    let mut cursor = Cursor::read(request.cursor.as_deref(), config.version)?;
    let mut asked = Asked { config, id, series: None, rejected: Vec::new() };
    let (mut gathered, mut count) = (Vec::<Gathered>::new(), 0);
    for _ in 0..QUESTIONS_A_CALL {
        let room = request.limit.max(1).saturating_sub(count);
        if room == 0 {
            break;
        }
        let (one, place) = match cursor.now.take() {
            Some(Now::In { series, place }) => (series, place),
            now => match asked.begin(now.as_ref(), &mut cursor)? {
                Some(next) => next,
                None => break,
            },
        };
        let into = last(&mut gathered, &one, id);
        let step = match config.version {
            Version::V4 => changed::step(config, &one, place, room, request.since, into)?,
            Version::V3 => window::step(config, &one, place, room, request.since, into)?,
        };
        count += step.events;
        cursor.now = Some(match step.then {
            Then::At(place) => Now::In { series: one, place },
            Then::Done(next) => cursor.done(&one.uuid, next),
        });
    }
    asked.end(&mut cursor);
    let more = cursor.now.is_some();
    let mut page = page(gathered, paging::write(&cursor)?, more);
    page.rejected.extend(asked.rejected);
    Ok(page)
}

impl Asked<'_> {
    /// The series that comes next in this pass, and where it begins; none at the end of the pass.
    fn begin(&mut self, now: Option<&Now>, cursor: &mut Cursor) -> Result<Option<(Known, Place)>> {
        let all = match self.series.take() {
            Some(all) => all,
            None => self.look_up()?,
        };
        let all = self.series.insert(all);
        let after = now.map(|now| match now {
            Now::After(uuid) => uuid.as_str(),
            Now::In { series, .. } => series.uuid.as_str(),
        });
        let Some(one) = next(all, after).cloned() else {
            cursor.end(all);
            return Ok(None);
        };
        let stands = cursor.stands.get(&one.uuid).copied();
        let place = match self.config.version {
            Version::V4 => changed::first(stands),
            Version::V3 => window::first(self.config, &one, stands),
        };
        Ok(Some((one, place)))
    }

    /// Ends the pass where it is known that no series follows.
    fn end(&self, cursor: &mut Cursor) {
        if let (Some(Now::After(uuid)), Some(all)) = (&cursor.now, &self.series)
            && next(all, Some(uuid)).is_none()
        {
            cursor.end(all);
        }
    }

    /// A well that the configuration leaves out has no series here.
    fn look_up(&mut self) -> Result<Vec<Known>> {
        match well::find(self.config, self.id)? {
            Some(Ok(well)) if well.is_wanted(self.config) => {
                let found = series::of(self.config, &well)?;
                self.rejected.extend(found.rejected);
                return Ok(found.known);
            }
            Some(Ok(_)) => {}
            Some(Err(rejection)) => self.rejected.push(rejection),
            None => self.rejected.push(resource::missing(self.id.to_owned())),
        }
        Ok(Vec::new())
    }
}

/// The first series after this one; they are in the order of their uuids.
fn next<'a>(all: &'a [Known], after: Option<&str>) -> Option<&'a Known> {
    all.iter().find(|one| after.is_none_or(|after| one.uuid.as_str() > after))
}

/// What is gathered of this series; a page tells each series once.
fn last<'a>(gathered: &'a mut Vec<Gathered>, one: &Known, id: &str) -> &'a mut Gathered {
    let series = one.series(id);
    let place = gathered.iter().position(|it| it.readings.series == series);
    let place = place.unwrap_or_else(|| {
        gathered.push(Gathered::of(series, &one.uuid));
        gathered.len() - 1
    });
    &mut gathered[place]
}

fn page(gathered: Vec<Gathered>, cursor: String, more: bool) -> Page {
    let (mut all, mut rejected, mut empty) = (Vec::new(), Vec::new(), 0);
    for (readings, bad, placeholders) in gathered.into_iter().map(Gathered::finish) {
        rejected.extend(bad);
        empty += placeholders;
        if !readings.times.is_empty() || !readings.removed.is_empty() {
            all.push(readings);
        }
    }
    Page { rejected, empty, ..paging::page(Items::Readings(all), cursor, more) }
}
