//! Records that could not be understood, named by the line an editor shows.

use ourwater_sdk::Rejection;

use crate::failure::shown;
use crate::table::Row;

/// The rejections of a page.
#[derive(Debug, Default)]
pub(crate) struct Rejected {
    pub(crate) list: Vec<Rejection>,
}

impl Rejected {
    /// A row that is of no use.
    pub(crate) fn row(&mut self, row: &Row<'_>, reason: &str) {
        self.add(format!("row {}", row.line), row, reason);
    }

    /// One cell of a row that has several.
    pub(crate) fn cell(&mut self, row: &Row<'_>, label: &str, reason: &str) {
        self.add(format!("row {}, {label}", row.line), row, reason);
    }

    fn add(&mut self, place: String, row: &Row<'_>, reason: &str) {
        self.list.push(Rejection { place, reason: reason.to_owned(), raw: shown(row.raw) });
    }
}
