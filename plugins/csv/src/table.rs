//! Rows of a delimited text, each with the line an editor shows it on.

mod dialect;

use csv_core::{ReadRecordResult, Reader};
use ourwater_sdk::Result;

use crate::config::Config;
use crate::source::Source;

/// A longer field means a quote that was never closed.
const MAX_FIELD_BYTES: usize = 64 * 1024;
/// A longer row means the same, or no table at all.
const MAX_ROW_BYTES: usize = 1024 * 1024;
/// More columns than any spreadsheet has.
const MAX_FIELDS: usize = 32 * 1024;

/// So much of an unreadable row is kept to be shown.
const SHOWN_BYTES: usize = 1024;

const OPEN_QUOTE: &str = "a quote is opened in this row and never closed";
const LONG_FIELD: &str = "a field is longer than 64 KiB (a quote that is not closed?)";
const LONG_ROW: &str = "the row is longer than 1 MiB (a quote that is not closed?)";
const MANY_FIELDS: &str = "the row has more than 32,768 fields";

/// A place in a file where a row begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Place {
    /// In bytes of the file.
    pub(crate) offset: u64,
    /// From 1.
    pub(crate) line: u32,
}

/// What [`Table::advance`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// See [`Table::row`].
    Row,
    /// One line that is no row, and why.
    Unreadable(&'static str),
    End,
}

/// The fields of a row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    text: &'a [u8],
    ends: &'a [usize],
    /// As it stands in the file.
    pub(crate) raw: &'a [u8],
    /// The line it begins on, from 1.
    pub(crate) line: u32,
    /// Whether the file ends in it, without a line end.
    pub(crate) cut: bool,
}

impl<'a> Row<'a> {
    /// The number of fields.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A field without the blanks around it; none where the row ends before it.
    pub(crate) fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.whole(index).map(<[u8]>::trim_ascii)
    }

    /// A field with the blanks around it.
    pub(crate) fn whole(&self, index: usize) -> Option<&'a [u8]> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? };
        self.text.get(start..end)
    }

    /// Whether nothing is written in it.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.iter().all(u8::is_ascii_whitespace)
    }
}

/// A reader of rows.
pub(crate) struct Table {
    source: Source,
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// Of the row: its bytes in the source, its text, its fields.
    extent: (usize, usize, usize),
    line: u32,
    /// Lines the row takes.
    lines: u32,
    cut: bool,
    /// The row is given up: only its first line is used up.
    abandoned: bool,
    quote: Option<u8>,
}

impl Table {
    /// From a place where a row begins.
    pub(crate) fn open(config: &Config, place: Place) -> Result<Self> {
        let source = Source::open(&config.file, config.encoding.as_deref(), place.offset)?;
        Self::over(source, config, place.line)
    }

    /// Over a source that stands at the beginning of `line`.
    pub(crate) fn over(source: Source, config: &Config, line: u32) -> Result<Self> {
        let mut table = Self {
            source,
            reader: dialect::reader(config)?,
            text: vec![0; 4096],
            ends: vec![0; 64],
            extent: (0, 0, 0),
            line,
            lines: 0,
            cut: false,
            abandoned: false,
            quote: config.quote.and_then(dialect::ascii),
        };
        table.restart();
        Ok(table)
    }

    /// Where the next row begins, the present one being used up.
    pub(crate) fn place(&mut self) -> Result<Place> {
        self.finish()?;
        Ok(self.here())
    }

    /// Where the present row begins.
    pub(crate) fn here(&mut self) -> Place {
        Place { offset: self.source.offset(), line: self.line }
    }

    /// The size of the file, bytes, and its digest.
    pub(crate) fn file(&self) -> &ourwater_sdk::files::File {
        &self.source.file
    }

    /// The present row.
    pub(crate) fn row(&self) -> Row<'_> {
        let (raw, text, fields) = self.extent;
        Row {
            text: self.text.get(..text).unwrap_or_default(),
            ends: self.ends.get(..fields).unwrap_or_default(),
            raw: self.source.rest().get(..raw).unwrap_or_default(),
            line: self.line,
            cut: self.cut,
        }
    }

    /// Leaves out lines up to `line`.
    pub(crate) fn skip_to(&mut self, line: u32) -> Result<()> {
        self.finish()?;
        while self.line < line && self.skip_line()? {}
        Ok(())
    }

    /// Goes on to the next row that is not empty.
    pub(crate) fn advance(&mut self) -> Result<Step> {
        self.finish()?;
        self.skip_empty_lines()?;
        let (mut raw, mut text, mut fields) = (0, 0, 0);
        let mut ended = false;
        let fault = loop {
            let input = self.source.rest().get(raw..).unwrap_or_default();
            if input.is_empty() && !ended {
                ended = !self.source.fill()?;
                continue;
            }
            let (result, read, wrote, closed) = self.reader.read_record(
                input,
                self.text.get_mut(text..).unwrap_or_default(),
                self.ends.get_mut(fields..).unwrap_or_default(),
            );
            (raw, text, fields) = (raw + read, text + wrote, fields + closed);
            match result {
                ReadRecordResult::Record => break self.fault(raw, text, fields, ended),
                ReadRecordResult::End => return Ok(Step::End),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
            }
            if let Some(fault) = self.early_fault(raw, text, fields) {
                break Some(fault);
            }
        };
        self.extent = (raw, text, fields);
        if let Some(reason) = fault {
            self.give_up();
            return Ok(Step::Unreadable(reason));
        }
        self.measure(ended)?;
        Ok(Step::Row)
    }

    /// A row that grew out of bounds before its end was found.
    fn early_fault(&self, raw: usize, text: usize, fields: usize) -> Option<&'static str> {
        let last = fields.checked_sub(1).and_then(|last| self.ends.get(last)).copied();
        let open = text.saturating_sub(last.unwrap_or(0));
        match () {
            () if open > MAX_FIELD_BYTES => Some(LONG_FIELD),
            () if raw > MAX_ROW_BYTES => Some(LONG_ROW),
            () if fields > MAX_FIELDS => Some(MANY_FIELDS),
            () => None,
        }
    }

    fn fault(&self, raw: usize, text: usize, fields: usize, ended: bool) -> Option<&'static str> {
        let ends = self.ends.get(..fields).unwrap_or_default();
        let long = || {
            let starts = std::iter::once(&0).chain(ends);
            starts.zip(ends).any(|(start, end)| end - start > MAX_FIELD_BYTES)
        };
        if text > MAX_FIELD_BYTES && long() {
            return Some(LONG_FIELD);
        }
        if ended && self.quote_is_open(raw) {
            return Some(OPEN_QUOTE);
        }
        self.early_fault(raw, text, fields).filter(|&fault| fault != LONG_FIELD)
    }

    /// At the end of the file: quotes come in pairs, unless one swallowed the lines after it.
    fn quote_is_open(&self, raw: usize) -> bool {
        let raw = self.source.rest().get(..raw).unwrap_or_default();
        let Some(quote) = self.quote else { return false };
        line_ends(raw) > 0 && raw.iter().filter(|&&byte| byte == quote).fold(false, |odd, _| !odd)
    }

    /// Counts the row's lines, and takes the second half of its line end.
    fn measure(&mut self, ended: bool) -> Result<()> {
        let (raw, text, fields) = self.extent;
        self.cut = ended;
        if !ended && self.source.rest().get(raw - 1) == Some(&b'\r') {
            let known = self.source.rest().len() > raw || self.source.fill()?;
            if known && self.source.rest().get(raw) == Some(&b'\n') {
                self.extent.0 += 1;
            }
        }
        // Where nothing but delimiters and the line end was left out, there was no quote.
        let plain = raw == text + fields;
        self.lines = if plain { 1 } else { line_ends(self.row().raw) };
        Ok(())
    }

    /// Leaves the row for its first line, so that one stray quote costs one line.
    fn give_up(&mut self) {
        self.restart();
        self.abandoned = true;
        self.extent = (self.extent.0.min(SHOWN_BYTES), 0, 0);
    }

    /// The reader, as at the head of a table. It would take a byte order mark off the next row,
    /// were it not shown an empty line first.
    fn restart(&mut self) {
        self.reader.reset();
        let _ = self.reader.read_record(b"\n", &mut [0], &mut [0]);
    }

    /// Uses up the present row.
    fn finish(&mut self) -> Result<()> {
        if std::mem::take(&mut self.abandoned) {
            self.extent = (0, 0, 0);
            self.skip_line()?;
        }
        self.source.consume(self.extent.0);
        self.line = self.line.saturating_add(self.lines);
        self.extent = (0, 0, 0);
        self.lines = 0;
        Ok(())
    }

    fn skip_empty_lines(&mut self) -> Result<()> {
        loop {
            match self.peek()? {
                Some(b'\r' | b'\n') => self.skip_line()?,
                _ => return Ok(()),
            };
        }
    }

    /// Uses up a line; false where the file ends in it.
    fn skip_line(&mut self) -> Result<bool> {
        loop {
            let rest = self.source.rest();
            if let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
                let carriage = rest.get(end) == Some(&b'\r');
                self.source.consume(end + 1);
                if carriage && self.peek()? == Some(b'\n') {
                    self.source.consume(1);
                }
                self.line = self.line.saturating_add(1);
                return Ok(true);
            }
            self.source.consume(rest.len());
            if !self.source.fill()? {
                return Ok(false);
            }
        }
    }

    fn peek(&mut self) -> Result<Option<u8>> {
        if self.source.rest().is_empty() {
            self.source.fill()?;
        }
        Ok(self.source.rest().first().copied())
    }
}

/// "\r\n" is one, and so is either alone.
fn line_ends(text: &[u8]) -> u32 {
    let mut count = 0_u32;
    let mut before = 0;
    for &byte in text {
        if byte == b'\r' || (byte == b'\n' && before != b'\r') {
            count += 1;
        }
        before = byte;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use ourwater_sdk::native;

    /// Each row with its line; unreadable ones with the reason.
    fn rows(bytes: &[u8], encoding: &str) -> Vec<(u32, String)> {
        native::install(native::Memory::of("f", bytes));
        let config = serde_json::json!({"file": "f", "encoding": encoding});
        let config: Config = serde_json::from_value(config).unwrap();
        let mut table = Table::open(&config, Place { offset: 0, line: 1 }).unwrap();
        let mut rows = Vec::new();
        loop {
            let text = match table.advance().unwrap() {
                Step::End => return rows,
                Step::Unreadable(reason) => reason.to_owned(),
                Step::Row => {
                    let row = table.row();
                    let fields = (0..row.len()).filter_map(|at| row.get(at));
                    let fields: Vec<_> = fields.map(String::from_utf8_lossy).collect();
                    fields.join("|")
                }
            };
            rows.push((table.row().line, text));
        }
    }

    #[test]
    fn every_line_end_counts_once() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "1,\"x", "y\"", "2, z ", "3"].join(end);
            let expected = [(1, "a|b"), (3, &format!("1|x{end}y")), (5, "2|z"), (6, "3")];
            let expected = expected.map(|(line, text)| (line, text.to_owned()));
            assert_eq!(rows(text.as_bytes(), "utf-8"), expected);
        }
    }

    #[test]
    fn each_encoding_gives_the_same_text() {
        let text = "a,°\n1,é";
        let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect();
        let files: [(&str, Vec<u8>); 5] = [
            ("utf-8", text.into()),
            ("utf-8", format!("\u{feff}{text}").into()),
            ("windows-1252", b"a,\xb0\n1,\xe9".to_vec()),
            ("utf-16le", wide(u16::to_le_bytes)),
            ("utf-16be", wide(u16::to_be_bytes)),
        ];
        for (encoding, bytes) in files {
            let expected = [(1, "a|°".to_owned()), (2, "1|é".to_owned())];
            assert_eq!(rows(&bytes, encoding), expected, "{encoding}");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_one_line() {
        let fault = OPEN_QUOTE.to_owned();
        let expected = [(1, fault), (2, "b|2".to_owned()), (3, "c".to_owned())];
        assert_eq!(rows(b"a,\"1\nb,2\nc", "utf-8"), expected);
        let long = format!("a,\"1\n{}", "b,2\n".repeat(MAX_FIELD_BYTES));
        let rows = rows(long.as_bytes(), "utf-8");
        assert_eq!(rows.first().unwrap().1, LONG_FIELD);
        assert_eq!(rows.len(), 1 + MAX_FIELD_BYTES);
    }
}
