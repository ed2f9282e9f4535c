//! A cursor is a place in a file with exactly this content.

use std::cell::RefCell;

use ourwater_sdk::{Failure, GetRequest, Result, paging};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::layout;
use crate::source;
use crate::table::{Place, Table};

/// Where to go on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// Digest of the file.
    pub(crate) sha256: String,
    /// Of the row.
    #[serde(flatten)]
    pub(crate) place: Place,
    /// So many cells of that row were given already.
    #[serde(default)]
    pub(crate) cell: usize,
    /// Where the hour began that the clocks showed twice, if the rows before the place are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hour: Option<Place>,
}

/// A table at the end of a page, where the next one mostly begins.
struct Kept {
    config: Config,
    header: Vec<String>,
    table: Table,
}

thread_local! {
    /// Saves reading the head of the file and what lies around the cursor again for each page.
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// The names of the columns, the table at the request's cursor, and the cursor.
pub(crate) fn open(
    config: &Config,
    request: &GetRequest,
) -> Result<(Vec<String>, Table, Option<Cursor>)> {
    let kept = KEPT.take();
    let Some(cursor) = paging::read::<Cursor>(request.cursor.as_deref())? else {
        let (header, table) = layout::open(config)?;
        return Ok((header, table, None));
    };
    let file = source::find(&config.file)?;
    if file.sha256 != cursor.sha256 || cursor.place.offset > file.size {
        return Err(Failure::StaleCursor(format!("{:?} has changed", config.file)));
    }
    let (header, table) = match kept.and_then(|kept| kept.at(config, &cursor)) {
        Some(found) => found,
        None => layout::resume(config, cursor.place)?,
    };
    Ok((header, table, Some(cursor)))
}

/// Keeps a table whose present row is used up for the page after this one.
pub(crate) fn keep(config: &Config, header: Vec<String>, table: Table) {
    KEPT.set(Some(Kept { config: config.clone(), header, table }));
}

/// Makes the next page begin as in a fresh instance.
pub fn forget() {
    KEPT.set(None);
}

impl Kept {
    fn at(mut self, config: &Config, cursor: &Cursor) -> Option<(Vec<String>, Table)> {
        let here = self.table.here();
        let same = self.config == *config
            && self.table.file().sha256 == cursor.sha256
            && here == cursor.place;
        same.then_some((self.header, self.table))
    }
}
