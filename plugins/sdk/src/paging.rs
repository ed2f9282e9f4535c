//! Cursors and pages, so that a plugin writes neither by hand.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Failure, Items, Page, Result};

/// The cursor as the plugin wrote it, or none at the beginning.
///
/// # Errors
/// `stale-cursor` where it cannot be read: the host then starts from none.
pub fn read<C: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<C>> {
    cursor
        .map(|text| serde_json::from_str(text))
        .transpose()
        .map_err(|error| Failure::StaleCursor(error.to_string()))
}

/// The text of a cursor.
pub fn write<C: Serialize>(cursor: &C) -> Result<String> {
    serde_json::to_string(cursor).map_err(|error| Failure::Data(error.to_string()))
}

/// A page without rejections, empty cells or removals.
pub fn page(items: Items, cursor: String, more: bool) -> Page {
    Page { items, gone: Vec::new(), rejected: Vec::new(), empty: 0, cursor, more, total: None }
}

/// Pages a source that is asked the literal `start, limit, page`: changed since `start` (ms), so
/// many a page, pages from 0. `ask` returns a page's items and their number; a page with fewer
/// than `limit` is the last. The next run starts at the greatest change seen (`newest`).
pub fn by_number(
    cursor: Option<&str>,
    limit: u32,
    ask: impl FnOnce(i64, u32, u32) -> Result<Answer>,
) -> Result<Page> {
    let at = read::<ByNumber>(cursor)?.unwrap_or_default();
    let answer = ask(at.start, limit, at.page)?;
    let newest = at.newest.max(answer.newest.unwrap_or(i64::MIN));
    let more = answer.count >= limit;
    let next = if more {
        ByNumber { start: at.start, page: at.page + 1, newest }
    } else {
        ByNumber { start: newest.max(at.start), page: 0, newest: newest.max(at.start) }
    };
    Ok(page(answer.items, write(&next)?, more))
}

/// What a numbered page held.
#[derive(Debug)]
pub struct Answer {
    /// The records.
    pub items: Items,
    /// How many records the source returned.
    pub count: u32,
    /// The greatest time of change among them, ms.
    pub newest: Option<i64>,
}

#[derive(serde::Serialize, serde::Deserialize, Default)]
struct ByNumber {
    start: i64,
    page: u32,
    newest: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_pages_end_where_a_page_is_short_and_the_next_run_starts_at_the_newest_change() {
        let mut asked = Vec::new();
        let mut cursor = None;
        for count in [2, 2, 1] {
            let page = by_number(cursor.as_deref(), 2, |start, _, page| {
                asked.push((start, page));
                Ok(Answer { items: Items::Resources(Vec::new()), count, newest: Some(70) })
            })
            .unwrap();
            assert_eq!(page.more, count == 2);
            cursor = Some(page.cursor);
        }
        assert_eq!(asked, [(0, 0), (0, 1), (0, 2)]);
        by_number(cursor.as_deref(), 2, |start, _, page| {
            assert_eq!((start, page), (70, 0));
            Ok(Answer { items: Items::Resources(Vec::new()), count: 0, newest: None })
        })
        .unwrap();
    }

    #[test]
    fn a_foreign_cursor_is_stale() {
        assert!(matches!(read::<u32>(Some("gibberish")), Err(Failure::StaleCursor(_))));
    }
}
