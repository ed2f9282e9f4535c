//! One row as readings: for each cell of values exactly one of a reading, nothing, or a rejection.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ourwater_sdk::{Result, Series};

use crate::column::{self, Cells};
use crate::config::{Column, Config, ReadingsTable, Text};
use crate::failure::config as fault;
use crate::layout;
use crate::number::{self, Format};
use crate::table::Row;
use crate::time::{Clock, Trouble};
use crate::zone::Meaning;

/// A page ends after so many bytes of text, also where nothing in them was asked for.
pub(crate) const MAX_PAGE_BYTES: usize = 64 * 1024 * 1024;
/// The longest id the contract takes.
pub(crate) const MAX_ID_BYTES: usize = 512;
/// More columns of values than any logger has.
const MAX_SERIES: usize = 1024;

/// The columns of a readings table, found.
pub(crate) struct Plan {
    time: Vec<usize>,
    milliseconds: Option<usize>,
    clock: Clock,
    resource: Cells,
    pub(crate) cells: Vec<Cell>,
    quality: Option<(usize, BTreeMap<String, u8>)>,
    note: Option<usize>,
    numbers: Format,
    missing: Vec<String>,
    /// The number of columns of the header; of the columns needed where there is none.
    width: usize,
    joined: Vec<u8>,
}

/// A column of values.
pub(crate) struct Cell {
    pub(crate) value: usize,
    /// What to call it where a row has several.
    pub(crate) label: String,
    name: Cells,
    property: Cells,
    unit: Cells,
    /// The columns that tell its series apart.
    keys: Vec<usize>,
}

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Outcome {
    Value(f64),
    Empty,
    Rejected(&'static str),
}

impl Plan {
    /// Finds the columns.
    pub(crate) fn of(config: &Config, table: &ReadingsTable, header: &[String]) -> Result<Self> {
        let find = |column: &Column, field| column::find(header, column, field);
        if table.time.columns.is_empty() {
            return Err(fault("readings.time.columns", "it needs at least one column"));
        }
        if table.series.is_empty() || table.series.len() > MAX_SERIES {
            return Err(fault("readings.series", "it needs 1 to 1,024 columns of values"));
        }
        let resource = column::cells(header, &table.resource, "readings.resource")?;
        let time = &table.time;
        let optional = |column: &Option<Column>, field| {
            column.as_ref().map(|column| find(column, field)).transpose()
        };
        let mut plan = Self {
            time: column::all(header, &time.columns, "readings.time.columns")?,
            milliseconds: optional(&time.milliseconds, "readings.time.milliseconds")?,
            clock: layout::clock(config, time)?,
            cells: cells(table, header, &resource)?,
            resource,
            quality: quality(table, header)?,
            note: optional(&table.note, "readings.note")?,
            numbers: layout::numbers(config)?,
            missing: config.missing.iter().map(|text| text.trim().to_owned()).collect(),
            width: header.len(),
            joined: Vec::new(),
        };
        if header.is_empty() {
            plan.width = plan.needed().max().map_or(0, |last| last + 1);
        }
        Ok(plan)
    }

    /// When the row was observed.
    pub(crate) fn time(&mut self, row: &Row<'_>) -> std::result::Result<Meaning, Trouble> {
        let text = if let [only] = self.time.as_slice() {
            row.get(*only).ok_or_else(|| self.early(row))?
        } else {
            self.joined.clear();
            for (place, &column) in self.time.iter().enumerate() {
                if place > 0 {
                    self.joined.push(b' ');
                }
                let part = row.get(column).ok_or_else(|| self.early(row))?;
                self.joined.extend_from_slice(part);
            }
            self.joined.trim_ascii()
        };
        let milliseconds = match self.milliseconds {
            Some(column) => thousandths(row.get(column).ok_or_else(|| self.early(row))?)?,
            None => 0,
        };
        self.clock.read(text, milliseconds)
    }

    /// What a cell holds.
    pub(crate) fn outcome(&self, row: &Row<'_>, cell: &Cell) -> Outcome {
        let Some(text) = row.get(cell.value) else {
            return Outcome::Rejected("the row ends before its value");
        };
        if text.is_empty() && row.cut && cell.value + 1 == row.len() {
            return Outcome::Rejected("the file ends in the middle of this row, before its value");
        }
        if text.is_empty() || self.missing.iter().any(|missing| missing.as_bytes() == text) {
            return Outcome::Empty;
        }
        match number::parse(text, self.numbers) {
            Ok(value) => Outcome::Value(value),
            Err(reason) => Outcome::Rejected(reason),
        }
    }

    /// Its reason, with what it has of what.
    pub(crate) fn explain(&self, row: &Row<'_>, reason: &str) -> String {
        if row.len() < self.width && reason.starts_with("the row ends") {
            return format!("the row ends early: it has {} of {} fields", row.len(), self.width);
        }
        reason.to_owned()
    }

    /// What tells the cell's series from others, appended to `key`.
    pub(crate) fn key(row: &Row<'_>, number: usize, cell: &Cell, key: &mut Vec<u8>) {
        key.clear();
        key.extend_from_slice(&number.to_le_bytes());
        for &column in &cell.keys {
            let part = row.get(column);
            let length = part.map_or(usize::MAX, <[u8]>::len);
            key.extend_from_slice(&length.to_le_bytes());
            key.extend_from_slice(part.unwrap_or_default());
        }
    }

    /// The cell's series, or why it has none.
    pub(crate) fn series(&self, row: &Row<'_>, cell: &Cell) -> std::result::Result<Series, String> {
        let part = |cells: &Cells, word: &str| {
            let text = cells.text(row).map_err(|reason| {
                let reason = format!("there is no {word}: {reason}");
                if reason.contains("row ends") { self.explain(row, "the row ends") } else { reason }
            })?;
            if text.len() > MAX_ID_BYTES || text.chars().any(char::is_control) {
                return Err(format!("the {word} is too long, or has control characters"));
            }
            Ok(text)
        };
        let resource = part(&self.resource, "resource")?;
        if resource.is_empty() {
            return Err("there is no resource".to_owned());
        }
        Ok(Series {
            resource,
            name: part(&cell.name, "series")?,
            property: part(&cell.property, "property")?,
            unit: part(&cell.unit, "unit")?,
        })
    }

    /// The row's quality, and what is to be noted.
    pub(crate) fn remarks(&self, row: &Row<'_>) -> (u8, Option<String>) {
        let mut notes = Vec::new();
        let mut level = 0;
        if let Some((column, codes)) = &self.quality {
            let code = String::from_utf8_lossy(row.get(*column).unwrap_or_default());
            match codes.get(code.as_ref()) {
                Some(known) => level = *known,
                None if code.is_empty() => {}
                None => notes.push(format!("quality {code}")),
            }
        }
        let note = self.note.and_then(|column| row.whole(column)).unwrap_or_default();
        if !note.is_empty() {
            notes.push(String::from_utf8_lossy(note).into_owned());
        }
        (level, (!notes.is_empty()).then(|| notes.join("; ")))
    }

    /// Whether rows may say more than time and value.
    pub(crate) fn has_remarks(&self) -> bool {
        self.quality.is_some() || self.note.is_some()
    }

    fn needed(&self) -> impl Iterator<Item = usize> {
        let cells =
            self.cells.iter().flat_map(|cell| cell.keys.iter().copied().chain([cell.value]));
        self.time.iter().copied().chain(self.milliseconds).chain(cells)
    }

    fn early(&self, row: &Row<'_>) -> Trouble {
        Trouble::Rejected(Cow::Owned(self.explain(row, "the row ends before its time")))
    }
}

fn thousandths(text: &[u8]) -> std::result::Result<i64, Trouble> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u16>().ok());
    match number {
        Some(number) if number < 1000 => Ok(i64::from(number)),
        _ => Err(Trouble::Rejected("its milliseconds are not a number from 0 to 999".into())),
    }
}

fn cells(table: &ReadingsTable, header: &[String], resource: &Cells) -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    for (place, values) in table.series.iter().enumerate() {
        let field = |name: &str| format!("readings.series[{place}].{name}");
        let value = column::find(header, &values.value, &field("value"))?;
        let label = header.get(value).filter(|name| !name.is_empty()).cloned();
        let label = label.unwrap_or_else(|| format!("column {}", value + 1));
        let part = |text: &Option<Text>, name: &str, default: &str| match text {
            Some(text) => column::cells(header, text, &field(name)),
            None => Ok(Cells::Constant(default.to_owned())),
        };
        let name = part(&values.name, "name", &label)?;
        let property = part(&values.property, "property", "unknown")?;
        let unit = part(&values.unit, "unit", "")?;
        let keys = [resource, &name, &property, &unit].map(Cells::columns).concat();
        cells.push(Cell { value, label, name, property, unit, keys });
    }
    Ok(cells)
}

fn quality(
    table: &ReadingsTable,
    header: &[String],
) -> Result<Option<(usize, BTreeMap<String, u8>)>> {
    let Some(quality) = &table.quality else { return Ok(None) };
    if quality.codes.values().any(|&level| level > 3) {
        return Err(fault("readings.quality.codes", "a code means 0, 1, 2 or 3"));
    }
    let column = column::find(header, &quality.column, "readings.quality.column")?;
    Ok(Some((column, quality.codes.clone())))
}
