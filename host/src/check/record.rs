//! What pages hold, record by record, so that two ways of getting it can be compared.

use std::collections::BTreeMap;

use crate::domain::clock::{Timestamp, rfc3339};
use crate::domain::page::{Items, Page, Series};

/// Characters of a record that are shown.
const SHOWN_CHARACTERS_MAX: usize = 300;

/// What one page says of one record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Record {
    /// Which, in words.
    pub(super) name: String,
    /// As it is; none: it does not exist any more.
    pub(super) content: Option<String>,
}

/// Records as they stand after some pages.
pub(super) type Records = BTreeMap<String, String>;

/// What a page says, in its order.
pub(super) fn listed(page: &Page) -> Vec<Record> {
    let mut records = match &page.items {
        Items::Groups(groups) => groups.iter().map(|it| place("group", &it.id, it)).collect(),
        Items::Resources(places) => places.iter().map(|it| place("resource", &it.id, it)).collect(),
        Items::Readings(columns) => {
            let mut records = Vec::new();
            for column in columns {
                let points = column.times.iter().zip(&column.values).enumerate();
                records.extend(points.map(|(at, (time, value))| {
                    let quality = column.qualities.get(at).copied().unwrap_or_default();
                    let content = Some(format!("{value}, quality {quality}"));
                    Record { name: of_reading(&column.series, *time), content }
                }));
                let gone = column.removed.iter().map(|time| of_reading(&column.series, *time));
                records.extend(gone.map(|name| Record { name, content: None }));
            }
            records
        }
    };
    let what = if matches!(page.items, Items::Groups(_)) { "group" } else { "resource" };
    let gone = page.gone.iter().map(|id| Record { name: format!("{what} {id}"), content: None });
    records.extend(gone);
    records.extend(page.rejected.iter().map(|rejected| Record {
        name: format!("the rejection of {}", rejected.place),
        content: Some(rejected.reason.clone()),
    }));
    records
}

/// A reading, in words.
pub(super) fn of_reading(series: &Series, time: Timestamp) -> String {
    let Series { resource, name, property, unit } = series;
    format!("reading of {resource} ({name}, {property}, {unit}) at {}", rfc3339(time))
}

/// How the records stand after these pages.
pub(super) fn standing<'a>(pages: impl IntoIterator<Item = &'a Page>) -> Records {
    let mut records = Records::new();
    for record in pages.into_iter().flat_map(listed) {
        match record.content {
            Some(content) => records.insert(record.name, content),
            None => records.remove(&record.name),
        };
    }
    records
}

/// What `got` lacks or has otherwise of what was `expected`, in words.
pub(super) fn lacking(expected: &Records, got: &Records) -> Option<String> {
    let wrong: Vec<_> = expected.iter().filter(|(name, it)| got.get(*name) != Some(it)).collect();
    let (name, content) = wrong.first()?;
    let so_many = match wrong.len() {
        1 => String::new(),
        many => format!(" (and {} more)", many - 1),
    };
    Some(match got.get(*name) {
        None => format!("the {} is missing{so_many}", short(name)),
        Some(it) => {
            format!("the {} is {}, not {}{so_many}", short(name), short(it), short(content))
        }
    })
}

/// What differs between `expected` and `got`, in words.
pub(super) fn difference(expected: &Records, got: &Records) -> Option<String> {
    let too_much = || {
        let name = got.keys().find(|name| !expected.contains_key(*name))?;
        Some(format!("the {} should not be there", short(name)))
    };
    lacking(expected, got).or_else(too_much)
}

/// Whether both say the same of the same records, as often; in words where not.
pub(super) fn unequal(expected: &[Record], got: &[Record]) -> Option<String> {
    let mut counts = BTreeMap::<&Record, i64>::new();
    for record in expected {
        *counts.entry(record).or_default() += 1;
    }
    for record in got {
        *counts.entry(record).or_default() -= 1;
    }
    let (record, count) = counts.into_iter().find(|(_, count)| *count != 0)?;
    let content = record.content.as_deref().map_or("gone", |it| it);
    let said = format!("the {} = {}", short(&record.name), short(content));
    let (expected, got) = (expected.len(), got.len());
    Some(if count > 0 {
        format!("{said} is missing; expected {expected} records, got {got}")
    } else {
        format!("{said} came once too often; expected {expected} records, got {got}")
    })
}

fn place(what: &str, id: &str, record: &impl serde::Serialize) -> Record {
    // Such a record has texts and finite numbers only, which can all be written.
    let content = serde_json::to_string(record).unwrap_or_default();
    Record { name: format!("{what} {id}"), content: Some(content) }
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(all: &[(&str, &str)]) -> Records {
        all.iter().map(|(name, it)| ((*name).to_owned(), (*it).to_owned())).collect()
    }

    #[test]
    fn what_is_missing_other_or_too_much_is_named() {
        let expected = records(&[("reading a", "1"), ("reading b", "2")]);
        assert_eq!(difference(&expected, &expected), None);
        let said = difference(&expected, &records(&[("reading a", "1")])).unwrap();
        assert_eq!(said, "the reading b is missing");
        let said = difference(&expected, &records(&[("reading b", "3")])).unwrap();
        assert_eq!(said, "the reading a is missing (and 1 more)");
        let more = records(&[("reading a", "1"), ("reading b", "2"), ("reading c", "3")]);
        assert_eq!(difference(&expected, &more).unwrap(), "the reading c should not be there");
        assert_eq!(lacking(&expected, &more), None);
    }

    #[test]
    fn a_record_that_comes_twice_is_told_from_one_that_comes_once() {
        let record = |name: &str| Record { name: name.to_owned(), content: Some("1".to_owned()) };
        let (once, twice) = ([record("a")], [record("a"), record("a")]);
        assert_eq!(unequal(&once, &once), None);
        assert!(unequal(&once, &twice).unwrap().contains("once too often"));
        assert!(unequal(&twice, &once).unwrap().contains("missing"));
    }
}
