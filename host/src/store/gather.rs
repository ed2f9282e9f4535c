//! Pages put together until they are worth a transaction: whole pages only, in order of arrival.

use std::collections::HashMap;

use crate::domain::page::{Group, Items, Page, Readings, Rejection, Resource, Series};
use crate::domain::plan::Reading;

/// One point, its series as a place in [`Gathered::series`].
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Point {
    pub(in crate::store) series: i64,
    pub(in crate::store) time: i64,
    /// Not a number where the reading was removed.
    pub(in crate::store) value: f64,
    /// When the source changed it, ms; 0: unknown.
    pub(in crate::store) updated: i64,
    pub(in crate::store) row: u32,
    pub(in crate::store) quality: u8,
}

impl Point {
    /// Its value; none where it was removed.
    pub(in crate::store) fn known(&self) -> Option<f64> {
        (!self.value.is_nan()).then_some(self.value)
    }

    /// What it says; nothing where it was removed.
    pub(in crate::store) fn reading(&self) -> Option<Reading> {
        self.known().map(|value| Reading { value, quality: self.quality })
    }
}

/// Whole pages of one datatype, with the cursor that follows the last.
#[derive(Debug, Default)]
pub struct Gathered {
    pub(in crate::store) series: Vec<Series>,
    places: HashMap<Series, usize>,
    pub(in crate::store) points: Vec<Point>,
    pub(in crate::store) resources: Vec<Resource>,
    pub(in crate::store) groups: Vec<Group>,
    /// External ids of groups or resources that no longer exist.
    pub(in crate::store) gone: Vec<String>,
    pub(in crate::store) rejected: Vec<Rejection>,
    pub(in crate::store) empty: u64,
    pub(in crate::store) cursor: Option<String>,
    pub(in crate::store) complete: bool,
    /// About how much memory its pages took.
    bytes: usize,
}

/// Bytes that are gathered before a commit, however few records they are.
const BYTES_MAX: usize = 32 * 1024 * 1024;

impl Gathered {
    /// Adds a page.
    pub fn add(&mut self, page: Page) {
        self.bytes += page.bytes();
        match page.items {
            Items::Groups(groups) => self.groups.extend(groups),
            Items::Resources(resources) => self.resources.extend(resources),
            Items::Readings(columns) => columns.into_iter().for_each(|it| self.add_column(it)),
        }
        self.gone.extend(page.gone);
        self.rejected.extend(page.rejected);
        self.empty += u64::from(page.empty);
        self.cursor = Some(page.cursor);
        self.complete = !page.more;
    }

    /// Worth a transaction: it holds `records_max` or more, or few that are large.
    pub fn full(&self, records_max: usize) -> bool {
        let records = self.points.len() + self.resources.len() + self.groups.len();
        records + self.rejected.len() >= records_max || self.bytes >= BYTES_MAX
    }

    /// Holds no page.
    pub fn is_empty(&self) -> bool {
        self.cursor.is_none()
    }

    fn add_column(&mut self, column: Readings) {
        let series = self.place(column.series);
        let points = column.times.iter().zip(&column.values).enumerate();
        self.points.extend(points.map(|(at, (&time, &value))| Point {
            series,
            time,
            value,
            row: column.rows.get(at).copied().unwrap_or_default(),
            quality: column.qualities.get(at).copied().unwrap_or_default(),
            updated: column.updated.get(at).copied().unwrap_or_default(),
        }));
        let removed = column.removed.into_iter();
        self.points.extend(removed.map(|time| Point {
            series,
            time,
            value: f64::NAN,
            row: 0,
            quality: 0,
            updated: 0,
        }));
    }

    fn place(&mut self, series: Series) -> i64 {
        let place = self.places.get(&series).copied().unwrap_or_else(|| {
            self.series.push(series.clone());
            self.places.insert(series, self.series.len() - 1);
            self.series.len() - 1
        });
        i64::try_from(place).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(items: Items) -> Page {
        let (gone, rejected, cursor) = (Vec::new(), Vec::new(), String::new());
        Page { items, gone, rejected, empty: 0, cursor, more: true, total: None }
    }

    fn pages_until_full(page: &Page) -> usize {
        let mut gathered = Gathered::default();
        for count in 1..=1_000 {
            gathered.add(page.clone());
            if gathered.full(100_000) {
                return count;
            }
        }
        panic!("it is never full")
    }

    #[test]
    fn few_records_that_are_large_are_worth_a_transaction_too() {
        let mib = || "x".repeat(1 << 20);
        let group = Group {
            id: "g".to_owned(),
            name: "Village".to_owned(),
            kind: "village".to_owned(),
            boundary: Vec::new(),
            updated: None,
            extra: mib(),
        };
        assert_eq!(pages_until_full(&page(Items::Groups(vec![group]))), 32);
        let nothing = || Items::Resources(Vec::new());
        assert_eq!(pages_until_full(&Page { gone: vec![mib()], ..page(nothing()) }), 32);
        let rejected = vec![Rejection { place: mib(), reason: String::new(), raw: String::new() }];
        assert_eq!(pages_until_full(&Page { rejected, ..page(nothing()) }), 32);
        let (name, property, unit) = (mib(), String::new(), String::new());
        let column = Readings::of(Series { resource: mib(), name, property, unit });
        assert_eq!(pages_until_full(&page(Items::Readings(vec![column]))), 16);
    }
}
