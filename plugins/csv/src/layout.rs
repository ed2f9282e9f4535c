//! Where a file's table begins, and how its times and numbers are written.

use ourwater_sdk::Result;

use crate::config::{Config, Time};
use crate::failure::config as fault;
use crate::number::Format;
use crate::source::Source;
use crate::table::{Place, Step, Table};
use crate::time::{Clock, Pattern};
use crate::zone::Zone;

/// What is read at once to find the header.
const HEAD_BYTES: u32 = 8 * 1024;

/// The names of the columns (none without a header), and the table at its first data line.
pub(crate) fn open(config: &Config) -> Result<(Vec<String>, Table)> {
    let mut table = Table::open(config, Place { offset: 0, line: 1 })?;
    let header = header(config, &mut table)?;
    if let Some(first) = config.first {
        if first <= config.header || first == 0 {
            return Err(fault("first", "the data begins after the header; lines count from 1"));
        }
        table.skip_to(first)?;
    }
    Ok((header, table))
}

/// The names of the columns and the table at `place`.
pub(crate) fn resume(config: &Config, place: Place) -> Result<(Vec<String>, Table)> {
    let header = header(config, &mut top(config)?)?;
    Ok((header, Table::open(config, place)?))
}

/// Reads numbers as configured.
pub(crate) fn numbers(config: &Config) -> Result<Format> {
    let digit = |mark: char| mark.is_ascii_digit() || matches!(mark, '-' | '+' | 'e' | 'E');
    if digit(config.decimal) || config.decimal.is_whitespace() {
        return Err(fault("decimal", format!("{:?} cannot be a decimal mark", config.decimal)));
    }
    match config.thousands {
        Some(mark) if mark == config.decimal || digit(mark) => {
            Err(fault("thousands", format!("{mark:?} cannot be the mark between digits as well")))
        }
        thousands => Ok(Format { decimal: config.decimal, thousands }),
    }
}

/// Reads times as configured.
pub(crate) fn clock(config: &Config, time: &Time) -> Result<Clock> {
    const FIELD: &str = "readings.time.pattern";
    let Some(pattern) = &time.pattern else {
        return Err(fault(FIELD, "how the times are written is not decided yet"));
    };
    let pattern = Pattern::of(pattern).map_err(|text| fault(FIELD, text))?;
    let zone = match (&time.zone, &config.zone) {
        (Some(name), _) => Some(zone(name, "readings.time.zone")?),
        (None, Some(name)) => Some(zone(name, "zone")?),
        (None, None) => None,
    };
    Ok(Clock { pattern, zone, numbers: numbers(config)? })
}

/// Reads ISO times, as in a column that says when a record was changed.
pub(crate) fn iso_clock(config: &Config) -> Result<Clock> {
    let zone = config.zone.as_deref().map(|name| zone(name, "zone")).transpose()?;
    Ok(Clock { pattern: Pattern::Iso, zone, numbers: numbers(config)? })
}

fn zone(name: &str, field: &str) -> Result<Zone> {
    name.parse().map_err(|text: String| fault(field, text))
}

/// At the head of the file, of which little is read at once.
fn top(config: &Config) -> Result<Table> {
    let source = Source::open(&config.file, config.encoding.as_deref(), 0)?;
    Table::over(source.chunks_of(HEAD_BYTES), config, 1)
}

fn header(config: &Config, table: &mut Table) -> Result<Vec<String>> {
    if config.header == 0 {
        return Ok(Vec::new());
    }
    if table.file().size == 0 {
        return Err(fault("file", "the file is empty"));
    }
    table.skip_to(config.header)?;
    match table.advance()? {
        Step::Row if table.row().line == config.header => Ok(names(table)),
        _ => Err(fault("header", format!("line {} is no row of names", config.header))),
    }
}

fn names(table: &Table) -> Vec<String> {
    let row = table.row();
    let fields = (0..row.len()).filter_map(|index| row.get(index));
    fields.map(|field| String::from_utf8_lossy(field).trim().to_owned()).collect()
}
