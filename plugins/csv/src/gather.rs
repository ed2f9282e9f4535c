//! The points of a page, gathered by series; a row costs no allocation.

use std::collections::{HashMap, HashSet};

use ourwater_sdk::{GetRequest, Note, Readings, Series};

use crate::row::Plan;
use crate::table::Row;

/// Series and their points, in the order they came.
pub(crate) struct Gather<'a> {
    pub(crate) points: usize,
    only: HashSet<&'a str>,
    entries: Vec<Entry>,
    places: HashMap<Vec<u8>, usize>,
    /// Rows that look different may be of one series, which is gathered in one place.
    series: HashMap<[String; 4], usize>,
    last: usize,
    key: Vec<u8>,
}

struct Entry {
    key: Vec<u8>,
    /// Who came after it the last time: files go round their series, or stay in one.
    next: usize,
    /// None: not asked for.
    readings: Option<Readings>,
}

impl<'a> Gather<'a> {
    pub(crate) fn new(request: &'a GetRequest) -> Self {
        Self {
            points: 0,
            only: request.only.iter().map(String::as_str).collect(),
            entries: Vec::new(),
            places: HashMap::new(),
            series: HashMap::new(),
            last: 0,
            key: Vec::new(),
        }
    }

    /// The entry of a cell's series, or why it has no series.
    pub(crate) fn find(
        &mut self,
        plan: &Plan,
        row: &Row<'_>,
        number: usize,
    ) -> Result<usize, String> {
        let Some(cell) = plan.cells.get(number) else { return Err(String::new()) };
        Plan::key(row, number, cell, &mut self.key);
        let last = self.entries.get(self.last);
        if last.is_some_and(|entry| same(&entry.key, &self.key)) {
            return Ok(self.last);
        }
        let guess = last.map_or(0, |entry| entry.next);
        let place = if self.entries.get(guess).is_some_and(|entry| same(&entry.key, &self.key)) {
            guess
        } else if let Some(&place) = self.places.get(&self.key) {
            place
        } else {
            self.insert(plan.series(row, cell)?)
        };
        if let Some(last) = self.entries.get_mut(self.last) {
            last.next = place;
        }
        self.last = place;
        Ok(place)
    }

    /// Whether the series was asked for.
    pub(crate) fn wants(&self, place: usize) -> bool {
        self.entries.get(place).is_some_and(|entry| entry.readings.is_some())
    }

    /// Adds a point.
    pub(crate) fn add(&mut self, place: usize, time: i64, value: f64, line: u32) {
        if let Some(readings) = self.readings_of(place) {
            readings.times.push(time);
            readings.values.push(value);
            readings.rows.push(line);
            self.points += 1;
        }
    }

    /// What is to be said about the point that was added last.
    pub(crate) fn remark(
        &mut self,
        place: usize,
        quality: u8,
        notes: impl Iterator<Item = String>,
    ) {
        let Some(readings) = self.readings_of(place) else { return };
        let Some(at) = readings.times.len().checked_sub(1) else { return };
        if quality > 0 || !readings.qualities.is_empty() {
            readings.qualities.resize(at, 0);
            readings.qualities.push(quality);
        }
        let text = notes.collect::<Vec<_>>().join("; ");
        if !text.is_empty() {
            readings.notes.push(Note { at: u32::try_from(at).unwrap_or(u32::MAX), text });
        }
    }

    /// All series that have points.
    pub(crate) fn readings(self) -> Vec<Readings> {
        let all = self.entries.into_iter().filter_map(|entry| entry.readings);
        let mut all: Vec<_> = all.filter(|readings| !readings.times.is_empty()).collect();
        for readings in &mut all {
            if !readings.qualities.is_empty() {
                readings.qualities.resize(readings.times.len(), 0);
            }
        }
        all
    }

    fn readings_of(&mut self, place: usize) -> Option<&mut Readings> {
        self.entries.get_mut(place)?.readings.as_mut()
    }

    fn insert(&mut self, series: Series) -> usize {
        let Series { resource, name, property, unit } = series.clone();
        let next = self.entries.len();
        let place = *self.series.entry([resource, name, property, unit]).or_insert(next);
        self.places.insert(self.key.clone(), place);
        if place < next {
            return place;
        }
        let wanted = self.only.is_empty() || self.only.contains(series.resource.as_str());
        let readings = wanted.then(|| Readings {
            series,
            times: Vec::new(),
            values: Vec::new(),
            qualities: Vec::new(),
            notes: Vec::new(),
            removed: Vec::new(),
            rows: Vec::new(),
            updated: Vec::new(),
        });
        self.entries.push(Entry { key: self.key.clone(), next: place, readings });
        place
    }
}

/// A word at a time: in WebAssembly the comparison of the standard library goes byte by byte.
fn same(one: &[u8], other: &[u8]) -> bool {
    let (words, rest) = one.as_chunks::<8>();
    let (other_words, other_rest) = other.as_chunks::<8>();
    let equal =
        |(one, other): (&[u8; 8], &[u8; 8])| u64::from_ne_bytes(*one) == u64::from_ne_bytes(*other);
    one.len() == other.len() && words.iter().zip(other_words).all(equal) && rest == other_rest
}
