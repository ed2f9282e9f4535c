//! Where the table is: its delimiter, its header, its first line of data, what stands above it.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde_json::Value;

use super::sample::Sample;
use super::{Findings, dates, known};

/// So many lines are looked at.
const MAX_LINES: usize = 2000;
/// In order of trust: a comma is also a decimal mark.
const DELIMITERS: [(char, &str); 4] =
    [('\t', "tab"), (';', "semicolon"), ('|', "bar"), (',', "comma")];

/// Where the table is.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    /// Names of the columns; none without a header.
    pub(crate) names: Vec<String>,
    /// What the row under the header says of each column.
    pub(crate) units: Vec<String>,
    /// `key: value` lines above the table, as they stand.
    pub(crate) notes: Vec<(String, String)>,
    /// Lines above the table.
    pub(crate) above: Vec<String>,
    pub(crate) width: usize,
}

/// Finds it; what is given stays as it is.
pub(crate) fn find(sample: &Sample, given: &Value, findings: &mut Findings) -> Shape {
    let lines: Vec<_> = sample.lines.iter().take(MAX_LINES).map(String::as_str).collect();
    let delimiter = given.get("delimiter").and_then(Value::as_str);
    let delimiter = match delimiter.and_then(|text| text.chars().next()) {
        Some(delimiter) => delimiter,
        None => delimiter_of(&lines, findings),
    };
    let rows: Vec<_> = lines.iter().map(|line| split(line, delimiter)).collect();
    let width = usual_width(&rows).0;
    let first = match number(given, "first") {
        Some(first) => first.saturating_sub(1),
        None => first_data(&rows, width),
    };
    let (header, first) = match number(given, "header") {
        Some(0) => (None, first),
        Some(line) => (Some(line - 1), first.max(line)),
        None => (header_above(&rows, first, width), first),
    };
    describe(&rows, header, first, given, findings);
    let empty = Vec::new();
    let names = header.and_then(|at| rows.get(at)).unwrap_or(&empty);
    let names = names.iter().map(|name| name.trim().to_owned()).collect();
    let units = (header.map_or(first, |at| at + 1)..first).filter_map(|at| rows.get(at));
    let units = units.into_iter().find(|row| known::are_units(row)).cloned().unwrap_or_default();
    let above: Vec<_> =
        lines.iter().take(header.unwrap_or(first)).map(|line| (*line).to_owned()).collect();
    Shape { names, units, notes: notes(&above, delimiter), above, width }
}

/// The fields of one line.
fn split(line: &str, delimiter: char) -> Vec<String> {
    let delimiter = u8::try_from(delimiter).unwrap_or(b',');
    let mut reader: Reader = ReaderBuilder::new().delimiter(delimiter).build();
    let (mut text, mut ends) = (vec![0; line.len() + 1], vec![0; line.len() + 2]);
    let (result, read, written, mut count) =
        reader.read_record(line.as_bytes(), &mut text, &mut ends);
    let (mut text_length, mut done) = (written, result == ReadRecordResult::Record);
    if !done && read == line.len() {
        let rest = text.get_mut(text_length..).unwrap_or_default();
        let more = reader.read_record(&[], rest, ends.get_mut(count..).unwrap_or_default());
        text_length += more.2;
        count += more.3;
        done = more.0 == ReadRecordResult::Record;
    }
    let ends = ends.get(..if done { count } else { 0 }).unwrap_or_default();
    let starts = std::iter::once(&0).chain(ends);
    let fields =
        starts.zip(ends).filter_map(|(&start, &end)| text.get(start..end.min(text_length)));
    fields.map(|field| String::from_utf8_lossy(field).trim().to_owned()).collect()
}

fn delimiter_of(lines: &[&str], findings: &mut Findings) -> char {
    for least in [80, 50] {
        for (delimiter, name) in DELIMITERS {
            let rows: Vec<_> = lines.iter().map(|line| split(line, delimiter)).collect();
            let (width, share) = usual_width(&rows);
            if width > 1 && share >= least {
                let why = format!("{share} of 100 lines have {width} fields between {name}s");
                findings.decide("delimiter", delimiter.to_string(), why);
                return delimiter;
            }
        }
    }
    findings.say("delimiter", "no character divides the lines evenly: a comma is taken");
    ','
}

/// The usual number of fields in the lower half of the lines, and how usual it is, in percent.
fn usual_width(rows: &[Vec<String>]) -> (usize, usize) {
    let written: Vec<_> = rows.iter().map(Vec::len).filter(|&width| width > 0).collect();
    let lower = written.get(written.len() / 2..).unwrap_or_default();
    let count = |width: usize| lower.iter().filter(|&&other| other == width).count();
    let usual = lower.iter().copied().max_by_key(|&width| (count(width), width)).unwrap_or(0);
    (usual, (count(usual) * 100).checked_div(lower.len()).unwrap_or(0))
}

/// The first row that has a date and the usual fields, or else one that has numbers.
fn first_data(rows: &[Vec<String>], width: usize) -> usize {
    let usual = |row: &&Vec<String>| row.len() == width || (row.len() + 1 == width && width > 2);
    let dated =
        |row: &Vec<String>| usual(&row) && row.iter().any(|field| dates::looks_like_a_date(field));
    let numbered = |row: &Vec<String>| {
        row.len() == width && row.iter().any(|field| field.parse::<f64>().is_ok())
    };
    let dated = rows.iter().position(dated);
    dated.or_else(|| rows.iter().position(numbered)).unwrap_or(0)
}

/// The row above the data, or above the rows of units in between.
fn header_above(rows: &[Vec<String>], first: usize, width: usize) -> Option<usize> {
    let above = rows.get(..first)?;
    let mut written = above.iter().enumerate().rev().filter(|(_, row)| !row.is_empty());
    let (at, row) = written.find(|(_, row)| !known::are_units(row))?;
    let names = row.iter().all(|field| field.parse::<f64>().is_err());
    let fits =
        row.len() == width || row.len() == width + 1 || (width > 2 && row.len() + 1 == width);
    (names && fits).then_some(at)
}

fn describe(
    rows: &[Vec<String>],
    header: Option<usize>,
    first: usize,
    given: &Value,
    findings: &mut Findings,
) {
    let line = first + 1;
    if given.get("header").is_none() {
        if let Some(at) = header {
            let why = format!("line {} names the columns of the rows from line {line}", at + 1);
            findings.decide("header", at + 1, why);
        } else {
            let why = format!("nothing above line {line} names its columns");
            findings.decide("header", 0, why);
        }
    }
    let expected = header.map_or(0, |at| at + 1);
    if given.get("first").is_none() && first > expected {
        let between = rows.get(expected..first).unwrap_or_default();
        let units = between.iter().any(|row| known::are_units(row));
        let what =
            if units { "the lines between say units" } else { "the lines before are no data" };
        findings.decide("first", line, format!("line {line} is the first with a date; {what}"));
    }
}

fn number(given: &Value, field: &str) -> Option<usize> {
    given.get(field)?.as_u64()?.try_into().ok()
}

/// `Key:<TAB>value`, `#key;value`, `Key: value`, and a `Key:` whose value is the next line.
fn notes(above: &[String], delimiter: char) -> Vec<(String, String)> {
    let mut notes = Vec::new();
    for (at, line) in above.iter().enumerate() {
        let line = line.trim_start_matches('#').trim();
        let parts = line.split_once(delimiter).or_else(|| line.split_once([':', '=']));
        let Some((key, value)) = parts else { continue };
        let value = value.trim_matches([':', ' ', '\t', delimiter]);
        let next = above.get(at + 1).map(|next| next.trim()).filter(|_| line.ends_with(':'));
        let value = if value.is_empty() { next.unwrap_or_default() } else { value };
        notes.push((key.trim_end_matches(':').trim().to_owned(), value.trim().to_owned()));
    }
    notes
}
