//! Where the readings of a well go on: in the middle of a pass, or where the next one begins.

use std::collections::BTreeMap;

use ourwater_sdk::{Failure, Result, paging};
use serde::{Deserialize, Serialize};

use crate::config::Version;
use crate::series::Known;

/// What was read, and what is being read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    /// By the uuid of a series, where its next pass begins, ms: with API v4 a time of change, with v3
    /// the time of its last reading.
    pub(super) stands: BTreeMap<String, i64>,
    /// None between two passes.
    pub(super) now: Option<Now>,
}

/// What is being read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub(super) enum Now {
    In {
        series: Known,
        place: Place,
    },
    /// The series after this one, if there is one.
    After(String),
}

/// Where a series goes on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub(super) enum Place {
    /// In what changed.
    Changed {
        /// Changes from this time of the server; none: everything.
        since: Option<i64>,
        /// Events later than this one.
        after: Option<i64>,
        /// The number of the page of these; a server may give one that is empty.
        page: u32,
        /// Where the next pass begins, as far as it is known.
        next: Option<i64>,
    },
    /// In time.
    Window {
        from: Option<i64>,
        /// Length of the window, ms.
        span: i64,
    },
}

impl Cursor {
    pub(super) fn read(cursor: Option<&str>, version: Version) -> Result<Self> {
        let cursor: Self = paging::read(cursor)?.unwrap_or_default();
        let fits = match (&cursor.now, version) {
            (Some(Now::In { place: Place::Changed { page, .. }, .. }), Version::V4) => *page > 0,
            (Some(Now::In { place: Place::Window { span, .. }, .. }), Version::V3) => *span > 0,
            (Some(Now::In { .. }), _) => false,
            _ => true,
        };
        let plain = |known: &Known| crate::value::is_plain(&known.uuid);
        let is_plain = !matches!(&cursor.now, Some(Now::In { series, .. }) if !plain(series));
        if fits && is_plain {
            return Ok(cursor);
        }
        Err(Failure::StaleCursor("it is of another version of the API".to_owned()))
    }

    /// A series is read to its end.
    pub(super) fn done(&mut self, uuid: &str, next: Option<i64>) -> Now {
        if let Some(next) = next {
            self.stands.insert(uuid.to_owned(), next);
        }
        Now::After(uuid.to_owned())
    }

    /// The pass is over. What is no longer a series of the well is forgotten.
    pub(super) fn end(&mut self, all: &[Known]) {
        self.now = None;
        self.stands.retain(|uuid, _| all.iter().any(|one| one.uuid == *uuid));
    }
}
