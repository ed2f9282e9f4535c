//! A page as it enters: the contract's rules about cursors, sizes and rejections hold from here on.

use super::wit;
use super::{TEXT_BYTES_MAX, contract, places, readings};
use crate::domain::page::{Items, Page, PageRequest, Rejection};
use crate::domain::plugin::Failure;
use crate::domain::sync::{Datatype, is_external_id};
use crate::grant::text;

/// Bytes of a cursor.
const CURSOR_BYTES_MAX: usize = 64 * 1024;

/// What a page may hold beyond its limit: a plugin ends it with the whole source row it began.
const EXCESS_ITEMS_MAX: usize = 4 * 1024;

/// The page, with what breaks a rule among its rejections.
pub(in crate::plugin) fn page(page: wit::Page, request: &PageRequest) -> Result<Page, Failure> {
    check_cursor(&page, request)?;
    check_size(&page, request)?;
    let mut rejected =
        page.rejected.into_iter().map(rejection).collect::<Result<Vec<_>, Failure>>()?;
    let items = match (page.items, request.datatype) {
        (wit::Items::Groups(groups), Datatype::Group) => {
            Items::Groups(places::groups(groups, &mut rejected))
        }
        (wit::Items::Resources(resources), Datatype::Resource) => {
            Items::Resources(places::resources(resources, &mut rejected))
        }
        (wit::Items::Readings(columns), Datatype::Reading) => {
            Items::Readings(readings::readings(columns, &mut rejected)?)
        }
        (_, asked) => return Err(contract(&format!("it was asked for {asked} and gave another"))),
    };
    if let Some(bad) = page.gone.iter().find(|id| !is_external_id(id)) {
        let bad = text::clean(bad, 64);
        return Err(contract(&format!("{bad:?} is gone, and cannot be an external id")));
    }
    let (cursor, more) = (page.cursor, page.more);
    Ok(Page {
        items,
        gone: page.gone,
        rejected,
        empty: page.empty,
        cursor,
        more,
        total: page.total,
    })
}

fn check_cursor(page: &wit::Page, request: &PageRequest) -> Result<(), Failure> {
    let bytes = page.cursor.len();
    if bytes > CURSOR_BYTES_MAX {
        let most = CURSOR_BYTES_MAX / 1024;
        return Err(contract(&format!("a cursor has at most {most} KiB, this one {bytes} bytes")));
    }
    if page.cursor.contains('\0') {
        return Err(contract("a cursor holds no U+0000"));
    }
    if page.more && request.cursor.as_ref() == Some(&page.cursor) {
        return Err(contract("there is more after the page, and its cursor did not move"));
    }
    Ok(())
}

fn check_size(page: &wit::Page, request: &PageRequest) -> Result<(), Failure> {
    let count = match &page.items {
        wit::Items::Groups(groups) => groups.len(),
        wit::Items::Resources(resources) => resources.len(),
        wit::Items::Readings(columns) => columns.iter().map(|column| column.times.len()).sum(),
    };
    if count > (request.limit as usize).saturating_add(EXCESS_ITEMS_MAX) {
        let limit = request.limit;
        return Err(contract(&format!("a page of at most {limit} was asked for, it gave {count}")));
    }
    Ok(())
}

fn rejection(rejection: wit::Rejection) -> Result<Rejection, Failure> {
    let wit::Rejection { place, reason, raw } = rejection;
    let rejection = Rejection::new(&place, text::clean(&reason, TEXT_BYTES_MAX), &raw);
    if rejection.place.is_empty() {
        return Err(contract("a rejection names its place"));
    }
    Ok(rejection)
}
