//! One page of readings, in the order of the file.

use ourwater_sdk::{Failure, GetRequest, Items, Page, Result, paging};

use crate::config::{Config, ReadingsTable};
use crate::cursor::{self, Cursor};
use crate::failure::config as fault;
use crate::gather::Gather;
use crate::hour::Hour;
use crate::layout;
use crate::rejected::Rejected;
use crate::row::{MAX_PAGE_BYTES, Outcome, Plan};
use crate::table::{Place, Row, Step, Table};
use crate::time::Trouble;
use crate::zone::Meaning;

/// The page after the request's cursor.
pub(crate) fn get(config: &Config, readings: &ReadingsTable, request: &GetRequest) -> Result<Page> {
    let (header, mut table, cursor) = cursor::open(config, request)?;
    let mut reader = Reader {
        plan: Plan::of(config, readings, &header)?,
        gather: Gather::new(request),
        rejected: Rejected::default(),
        hour: Hour::default(),
        empty: 0,
        limit: request.limit.max(1) as usize,
        since: request.since.unwrap_or(i64::MIN),
    };
    let mut cell = cursor.as_ref().map_or(0, |cursor| cursor.cell);
    if let Some(from) = cursor.as_ref().and_then(|cursor| cursor.hour) {
        reader.recall(layout::resume(config, from)?.1, table.place()?)?;
    }
    let mut bytes = 0;
    let more = loop {
        if reader.is_full() || bytes > MAX_PAGE_BYTES {
            break true;
        }
        let step = table.advance()?;
        bytes += table.row().raw.len();
        match step {
            Step::End => break false,
            Step::Unreadable(reason) => reader.rejected.row(&table.row(), reason),
            Step::Row => {
                if let Some(stopped) = reader.take(&mut table, cell)? {
                    cell = stopped;
                    break true;
                }
            }
        }
        cell = 0;
    };
    let place = if cell > 0 { table.here() } else { table.place()? };
    let total = estimate(reader.gather.points, bytes, table.file().size);
    let sha256 = table.file().sha256.clone();
    if more && cell == 0 {
        cursor::keep(config, header, table);
    }
    let next = Cursor { sha256, place, cell, hour: reader.hour.began() };
    let items = Items::Readings(reader.gather.readings());
    Ok(Page {
        rejected: reader.rejected.list,
        empty: reader.empty,
        total,
        ..paging::page(items, paging::write(&next)?, more)
    })
}

struct Reader<'a> {
    plan: Plan,
    gather: Gather<'a>,
    rejected: Rejected,
    hour: Hour,
    empty: u32,
    limit: usize,
    since: i64,
}

impl Reader<'_> {
    fn is_full(&self) -> bool {
        self.gather.points + self.rejected.list.len() >= self.limit
    }

    /// Takes the table's row from a cell on; the cell before which the page was full.
    fn take(&mut self, table: &mut Table, from: usize) -> Result<Option<usize>> {
        let Some(meaning) = self.time(&table.row())? else { return Ok(None) };
        let time = match meaning {
            Meaning::Once(time) => self.hour.leave(time),
            _ => self.resolve(table.here(), &table.row(), meaning),
        };
        let twice = !matches!(meaning, Meaning::Once(_));
        let row = table.row();
        for number in from..self.plan.cells.len() {
            if self.is_full() {
                return Ok(Some(number));
            }
            if !self.cell(&row, number, time, twice) {
                break;
            }
        }
        Ok(None)
    }

    /// One cell; false where it says that the whole row is of no use.
    fn cell(&mut self, row: &Row<'_>, number: usize, time: i64, twice: bool) -> bool {
        let Some(cell) = self.plan.cells.get(number) else { return false };
        let entry = match self.gather.find(&self.plan, row, number) {
            Ok(entry) => entry,
            Err(reason) if number == 0 => {
                self.rejected.row(row, &reason);
                return false;
            }
            Err(reason) => {
                self.rejected.cell(row, &cell.label, &reason);
                return true;
            }
        };
        if time < self.since || !self.gather.wants(entry) {
            return true;
        }
        match self.plan.outcome(row, cell) {
            Outcome::Empty => self.empty = self.empty.saturating_add(1),
            Outcome::Value(value) => {
                self.gather.add(entry, time, value, row.line);
                if twice || self.plan.has_remarks() {
                    let (quality, note) = self.plan.remarks(row);
                    let doubt = twice.then(|| self.hour.doubt());
                    self.gather.remark(entry, quality, doubt.into_iter().chain(note));
                }
            }
            Outcome::Rejected(reason) => {
                let reason = self.plan.explain(row, reason);
                if self.plan.cells.len() == 1 {
                    self.rejected.row(row, &reason);
                } else {
                    self.rejected.cell(row, &cell.label, &reason);
                }
            }
        }
        true
    }

    /// The time of a row; none where it was rejected, or nothing is written in the row.
    fn time(&mut self, row: &Row<'_>) -> Result<Option<Meaning>> {
        match self.plan.time(row) {
            Ok(meaning) => return Ok(Some(meaning)),
            Err(Trouble::NoZone) => {
                let text = "the times name no zone: say which zone their clock was in";
                return Err(fault("zone", text));
            }
            Err(Trouble::Rejected(_)) if row.is_blank() => {}
            Err(Trouble::Rejected(reason)) => self.rejected.row(row, &reason),
        }
        Ok(None)
    }

    fn resolve(&mut self, here: Place, row: &Row<'_>, meaning: Meaning) -> i64 {
        let mut key = Vec::new();
        if let Some(cell) = self.plan.cells.first() {
            Plan::key(row, 0, cell, &mut key);
        }
        self.hour.resolve(here, key, meaning)
    }

    /// Reads the rows of an hour that the clocks showed twice again, up to the cursor's place.
    fn recall(&mut self, mut table: Table, until: Place) -> Result<()> {
        loop {
            let step = table.advance()?;
            let here = table.here();
            if step == Step::End || here.offset >= until.offset {
                return Ok(());
            }
            if step == Step::Row {
                match self.plan.time(&table.row()) {
                    Ok(Meaning::Once(time)) => _ = self.hour.leave(time),
                    Ok(meaning) => _ = self.resolve(here, &table.row(), meaning),
                    Err(Trouble::Rejected(_)) => {}
                    Err(Trouble::NoZone) => return Err(Failure::Data("no zone".to_owned())),
                }
            }
        }
    }
}

/// How many points the whole file has, if it goes on like this page.
fn estimate(points: usize, bytes: usize, size: u64) -> Option<u64> {
    (points as u64).checked_mul(size)?.checked_div(bytes as u64)
}
