//! Which columns are numbers, and with which decimal mark.

use super::Findings;
use super::columns::Column;
use crate::number::{self, Format};

/// Whether a text is a number with this decimal mark.
pub(crate) fn is_number(text: &str, decimal: char) -> bool {
    number::parse(text.as_bytes(), Format { decimal, thousands: None }).is_ok()
}

/// The decimal mark of the columns that could be values.
pub(crate) fn decimal(columns: &[&Column], findings: &mut Findings) -> char {
    let all =
        |mark| columns.iter().filter(|column| column.mostly(|cell| is_number(cell, mark))).count();
    let example = |mark| {
        let mut cells = columns.iter().flat_map(|column| &column.cells);
        cells.find(|cell| cell.contains(mark) && is_number(cell, mark)).cloned()
    };
    let (mark, name) = if all(',') > all('.') { (',', "comma") } else { ('.', "point") };
    let why = match example(mark) {
        Some(example) => format!("a {name}, as in {example}"),
        None => "the numbers have no decimals: a point is taken".to_owned(),
    };
    findings.decide("decimal", mark.to_string(), why);
    mark
}
