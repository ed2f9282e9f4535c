//! Pages put together until they are worth a transaction: whole pages only, in order of arrival.

use std::collections::HashMap;

use crate::domain::page::{Group, Items, Page, Readings, Rejection, Resource, Series};

/// One point, its series as a place in [`Gathered::series`].
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Point {
    pub(in crate::store) series: i64,
    pub(in crate::store) time: i64,
    pub(in crate::store) value: f64,
    pub(in crate::store) row: u32,
    pub(in crate::store) quality: u8,
}

/// Whole pages of one datatype, with the cursor that follows the last.
#[derive(Debug, Default)]
pub struct Gathered {
    pub(in crate::store) series: Vec<Series>,
    places: HashMap<Series, usize>,
    pub(in crate::store) points: Vec<Point>,
    pub(in crate::store) resources: Vec<Resource>,
    pub(in crate::store) groups: Vec<Group>,
    pub(in crate::store) rejected: Vec<Rejection>,
    pub(in crate::store) empty: u64,
    pub(in crate::store) cursor: Option<String>,
    pub(in crate::store) complete: bool,
}

impl Gathered {
    /// Adds a page.
    pub fn add(&mut self, page: Page) {
        match page.items {
            Items::Groups(groups) => self.groups.extend(groups),
            Items::Resources(resources) => self.resources.extend(resources),
            Items::Readings(columns) => columns.into_iter().for_each(|it| self.add_column(it)),
        }
        self.rejected.extend(page.rejected);
        self.empty += u64::from(page.empty);
        self.cursor = Some(page.cursor);
        self.complete = !page.more;
    }

    /// Worth a transaction: it holds `records_max` or more.
    pub fn full(&self, records_max: usize) -> bool {
        let records = self.points.len() + self.resources.len() + self.groups.len();
        records + self.rejected.len() >= records_max
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
