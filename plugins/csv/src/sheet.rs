//! The rows of an export: which column holds what, and how a record is laid into them.

use csv_core::{WriteResult, Writer, WriterBuilder};
use ourwater_sdk::{Result, files};

use crate::column;
use crate::config::{Column, Config, Text};
use crate::failure::config as fault;
use crate::layout;

/// More columns than this no export has.
const MAX_WIDTH: u32 = 1024;

/// A header that was cut off is not longer.
const MAX_TORN_BYTES: u64 = 64 * 1024;

/// The columns of an export.
pub(crate) struct Sheet {
    pub(crate) header: Vec<String>,
    width: usize,
    delimiter: u8,
    quote: Option<u8>,
}

/// A row that is being filled.
pub(crate) struct Draft<'a> {
    sheet: &'a Sheet,
    cells: Vec<Option<String>>,
}

impl Sheet {
    /// The columns of the file as it is, or those the configuration names, in its order.
    ///
    /// `uncertain`: an earlier try may have been cut off within the header, which is then written
    /// to its end.
    pub(crate) fn of(config: &Config, columns: &[&Column], uncertain: bool) -> Result<Self> {
        let size = file_size(&config.file)?;
        if uncertain && size > 0 && config.header == 1 && size <= MAX_TORN_BYTES {
            let new = Self::laid_out(config, columns, false);
            let present = files::read(&config.file, 0, u32::try_from(size).unwrap_or(0))?;
            let torn = |sheet: &Self| {
                let header = sheet.header_line();
                present.len() < header.len() && header.starts_with(&present)
            };
            if let Some(sheet) = new.ok().filter(torn) {
                return Ok(sheet);
            }
        }
        Self::laid_out(config, columns, size > 0)
    }

    /// What a new file begins with.
    pub(crate) fn header_line(&self) -> Vec<u8> {
        let mut line = Vec::new();
        if !self.header.is_empty() {
            self.write(self.header.iter().map(String::as_str), &mut line);
        }
        line
    }

    fn laid_out(config: &Config, columns: &[&Column], exists: bool) -> Result<Self> {
        let byte = |letter: char, field| match u8::try_from(letter) {
            Ok(byte) if byte.is_ascii() => Ok(byte),
            _ => Err(fault(field, "an export needs an ASCII character here")),
        };
        let header = match (exists, config.header) {
            (_, 0) => Vec::new(),
            (true, _) => layout::open(config)?.0,
            (false, 1) if config.first.is_none() => names(columns)?,
            (false, _) => {
                return Err(fault("header", "an export has its header on line 1, or none"));
            }
        };
        let width = if header.is_empty() { positions(columns)? } else { header.len() };
        let delimiter = byte(config.delimiter, "delimiter")?;
        let quote = config.quote.map(|quote| byte(quote, "quote")).transpose()?;
        Ok(Self { header, width, delimiter, quote })
    }

    /// An empty row.
    pub(crate) fn draft(&self) -> Draft<'_> {
        Draft { sheet: self, cells: vec![None; self.width] }
    }

    /// Writes fields as a line.
    pub(crate) fn write<'a>(&self, fields: impl Iterator<Item = &'a str>, text: &mut Vec<u8>) {
        let style = match self.quote {
            Some(_) => csv_core::QuoteStyle::Necessary,
            None => csv_core::QuoteStyle::Never,
        };
        let mut writer = WriterBuilder::new()
            .delimiter(self.delimiter)
            .quote(self.quote.unwrap_or(b'"'))
            .quote_style(style)
            .build();
        for (place, field) in fields.enumerate() {
            if place > 0 {
                emit(text, 4, |output| writer.delimiter(output));
            }
            let mut input = field.as_bytes();
            emit(text, 2 * field.len() + 4, |output| {
                let (result, read, written) = writer.field(input, output);
                input = input.get(read..).unwrap_or_default();
                (result, written)
            });
        }
        finish(&mut writer, text);
    }
}

impl Draft<'_> {
    /// Puts a text into a column; false where another is in it, or there is no such column.
    pub(crate) fn put(&mut self, column: &Column, text: &str) -> bool {
        let Ok(index) = column::find(&self.sheet.header, column, "") else { return false };
        match self.cells.get_mut(index) {
            Some(Some(present)) => present == text,
            Some(empty) => {
                *empty = Some(text.to_owned());
                true
            }
            None => false,
        }
    }

    /// Puts an optional text into an optional column; false where it has no place.
    pub(crate) fn put_some(&mut self, column: Option<&Column>, text: Option<&str>) -> bool {
        match (column, text) {
            (_, None | Some("")) => true,
            (Some(column), Some(text)) => self.put(column, text),
            (None, Some(_)) => false,
        }
    }

    /// Puts a text where the configuration has it; false where it says another.
    pub(crate) fn put_text(&mut self, place: &Text, text: &str) -> bool {
        match place {
            Text::Constant(constant) => constant.constant == text,
            Text::Column(column) => self.put(column, text),
            Text::Joined(joined) => {
                let parts: Vec<_> = text.split(joined.separator.as_str()).collect();
                parts.len() == joined.columns.len()
                    && joined.columns.iter().zip(parts).all(|(column, part)| self.put(column, part))
            }
        }
    }

    /// Writes the row as a line.
    pub(crate) fn write(&self, text: &mut Vec<u8>) {
        let fields = self.cells.iter().map(|cell| cell.as_deref().unwrap_or_default());
        self.sheet.write(fields, text);
    }
}

/// The size of a file; 0 where there is none.
pub(crate) fn file_size(name: &str) -> Result<u64> {
    let all = files::all()?;
    Ok(all.iter().find(|file| file.name == name).map_or(0, |file| file.size))
}

fn emit(text: &mut Vec<u8>, room: usize, write: impl FnOnce(&mut [u8]) -> (WriteResult, usize)) {
    let start = text.len();
    text.resize(start + room, 0);
    let written = text.get_mut(start..).map_or(0, |output| write(output).1);
    text.truncate(start + written);
}

/// The line end: a bare line feed, whatever the writer's own is.
fn finish(writer: &mut Writer, text: &mut Vec<u8>) {
    emit(text, 4, |output| writer.terminator(output));
    if text.ends_with(b"\r\n") {
        text.truncate(text.len() - 2);
        text.push(b'\n');
    }
}

fn names(columns: &[&Column]) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for column in columns {
        match column {
            Column::Name(name) if names.contains(name) => {}
            Column::Name(name) => names.push(name.clone()),
            Column::Position(_) => {
                return Err(fault(
                    "header",
                    "name the columns of a new export, or set header to 0",
                ));
            }
        }
    }
    Ok(names)
}

fn positions(columns: &[&Column]) -> Result<usize> {
    let mut width = 0;
    for column in columns {
        match column {
            Column::Position(position) if (1..=MAX_WIDTH).contains(position) => {
                width = width.max(*position as usize);
            }
            _ => {
                return Err(fault(
                    "header",
                    "without a header, columns are numbers from 1 to 1,024",
                ));
            }
        }
    }
    Ok(width)
}
