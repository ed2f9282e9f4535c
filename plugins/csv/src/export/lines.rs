//! The lines of a batch, each read back before it is taken.

use ourwater_sdk::{Group, Readings, Resource, Result};

use crate::config::{Column, Config, GroupsTable, Quality, ReadingsTable, ResourcesTable, Text};
use crate::number;
use crate::records;
use crate::row::{Outcome, Plan};
use crate::sheet::{Draft, Sheet};
use crate::source::Source;
use crate::table::{Row, Step, Table};
use crate::time::Clock;
use crate::zone::Meaning;

const NO_PLACE: &str = "the columns of the file have no place for all of it";
const NOT_THE_SAME: &str = "it would not read back as the same";
const REMOVED: &str = "a CSV file cannot say that a reading no longer exists";

/// A batch as text.
#[derive(Default)]
pub(super) struct Lines {
    /// What a new file begins with.
    pub(super) header: Vec<u8>,
    pub(super) text: Vec<u8>,
    pub(super) written: Vec<Line>,
    /// Items of the batch, and why they were refused.
    pub(super) refused: Vec<(usize, &'static str)>,
}

/// One item of a batch as a line, and where in the text the line is.
pub(super) struct Line {
    pub(super) at: usize,
    start: usize,
    pub(super) end: usize,
}

/// The lines of readings, a point each.
pub(super) fn readings(
    config: &Config,
    table: &ReadingsTable,
    all: &[Readings],
    uncertain: bool,
) -> Result<Lines> {
    let sheet = Sheet::of(config, &reading_columns(table), uncertain)?;
    let mut plan = Plan::of(config, table, &sheet.header)?;
    let mut clock = crate::layout::clock(config, &table.time)?;
    let mut lines = Lines::begin(&sheet);
    let mut points = Vec::new();
    for readings in all {
        for place in 0..readings.times.len() {
            let mut draft = sheet.draft();
            let fits = lay(&mut draft, config, table, &mut clock, readings, place).is_some();
            lines.add(points.len(), fits.then_some(&draft));
            points.push(Some((readings, place)));
        }
        for _ in &readings.removed {
            lines.refused.push((points.len(), REMOVED));
            points.push(None);
        }
    }
    lines.keep(config, |row, at| {
        let point = points.get(at).copied().flatten();
        point.is_some_and(|(readings, place)| same(&mut plan, row, readings, place))
    })?;
    Ok(lines)
}

/// The lines of resources.
pub(super) fn resources(
    config: &Config,
    table: &ResourcesTable,
    all: &[Resource],
    keys: &[String],
    uncertain: bool,
) -> Result<Lines> {
    let columns = [
        Some(&table.longitude),
        Some(&table.latitude),
        Some(&table.elevation),
        Some(&table.owner),
        Some(&table.groups),
        Some(&table.updated),
        Some(&table.extra),
    ];
    let texts = [Some(&table.id), table.name.as_ref(), table.kind.as_ref()];
    let columns = columns.into_iter().flatten().flatten();
    let columns: Vec<_> = texts.into_iter().flatten().flat_map(parts).chain(columns).collect();
    let sheet = Sheet::of(config, &columns, uncertain)?;
    let mut reader = records::Resources::of(config, table, &sheet.header)?;
    let mut lines = Lines::begin(&sheet);
    let named = |resource: &Resource, key: &String| {
        let id = resource.id.clone().or_else(|| Some(key.clone()));
        Resource { id, ..resource.clone() }
    };
    let all: Vec<_> = all.iter().zip(keys).map(|(resource, key)| named(resource, key)).collect();
    for (at, resource) in all.iter().enumerate() {
        let mut draft = sheet.draft();
        let fits = lay_resource(&mut draft, config, table, resource);
        lines.add(at, fits.then_some(&draft));
    }
    lines.keep(config, |row, at| reader.read(row).ok().as_ref() == all.get(at))?;
    Ok(lines)
}

/// The lines of groups.
pub(super) fn groups(
    config: &Config,
    table: &GroupsTable,
    all: &[Group],
    keys: &[String],
    uncertain: bool,
) -> Result<Lines> {
    let columns = [&table.boundary, &table.updated, &table.extra].into_iter().flatten();
    let texts = [Some(&table.id), table.name.as_ref(), table.kind.as_ref()];
    let columns: Vec<_> = texts.into_iter().flatten().flat_map(parts).chain(columns).collect();
    let sheet = Sheet::of(config, &columns, uncertain)?;
    let mut reader = records::Groups::of(config, table, &sheet.header)?;
    let mut lines = Lines::begin(&sheet);
    let named = |group: &Group, key: &String| {
        let id = group.id.clone().or_else(|| Some(key.clone()));
        Group { id, ..group.clone() }
    };
    let all: Vec<_> = all.iter().zip(keys).map(|(group, key)| named(group, key)).collect();
    for (at, group) in all.iter().enumerate() {
        let mut draft = sheet.draft();
        let fits = lay_group(&mut draft, table, group);
        lines.add(at, fits.then_some(&draft));
    }
    lines.keep(config, |row, at| reader.read(row).ok().as_ref() == all.get(at))?;
    Ok(lines)
}

impl Lines {
    fn begin(sheet: &Sheet) -> Self {
        let header = sheet.header_line();
        Self { header, ..Self::default() }
    }

    fn add(&mut self, at: usize, draft: Option<&Draft<'_>>) {
        let Some(draft) = draft else {
            self.refused.push((at, NO_PLACE));
            return;
        };
        let start = self.text.len();
        draft.write(&mut self.text);
        self.written.push(Line { at, start, end: self.text.len() });
    }

    /// Keeps the lines that read back as what they were made of.
    fn keep(
        &mut self,
        config: &Config,
        mut same: impl FnMut(&Row<'_>, usize) -> bool,
    ) -> Result<()> {
        let text = std::mem::take(&mut self.text);
        let mut table = Table::over(Source::memory(text.clone()), config, 1)?;
        let mut drafts = std::mem::take(&mut self.written).into_iter().peekable();
        loop {
            let step = table.advance()?;
            let here = usize::try_from(table.here().offset).unwrap_or(usize::MAX);
            let here = if step == Step::End { usize::MAX } else { here };
            while let Some(lost) = drafts.next_if(|line| line.start < here) {
                self.refused.push((lost.at, NOT_THE_SAME));
            }
            if step == Step::End {
                return Ok(());
            }
            let Some(line) = drafts.next_if(|line| line.start == here) else { continue };
            let row = table.row();
            let whole = step == Step::Row && row.raw.len() == line.end - line.start;
            if whole && same(&row, line.at) {
                let start = self.text.len();
                self.text.extend_from_slice(row.raw);
                self.written.push(Line { at: line.at, start, end: self.text.len() });
            } else {
                self.refused.push((line.at, NOT_THE_SAME));
            }
        }
    }
}

fn reading_columns(table: &ReadingsTable) -> Vec<&Column> {
    let time = table.time.columns.iter().chain(&table.time.milliseconds);
    let series = table.series.iter().flat_map(|values| {
        let texts = [&values.name, &values.property, &values.unit].into_iter().flatten();
        texts.flat_map(parts).chain([&values.value])
    });
    let quality = table.quality.as_ref().map(|quality| &quality.column);
    time.chain(parts(&table.resource)).chain(series).chain(quality).chain(&table.note).collect()
}

fn parts(text: &Text) -> Vec<&Column> {
    match text {
        Text::Constant(_) => Vec::new(),
        Text::Column(column) => vec![column],
        Text::Joined(joined) => joined.columns.iter().collect(),
    }
}

/// Lays a point into a row; none where it has no place.
fn lay(
    draft: &mut Draft<'_>,
    config: &Config,
    table: &ReadingsTable,
    clock: &mut Clock,
    readings: &Readings,
    place: usize,
) -> Option<()> {
    let (&time, &value) = (readings.times.get(place)?, readings.values.get(place)?);
    let milliseconds =
        table.time.milliseconds.as_ref().map(|column| (column, time.rem_euclid(1000)));
    let text = clock
        .write(time.saturating_sub(milliseconds.map_or(0, |(_, milliseconds)| milliseconds)))?;
    let pieces = text.splitn(table.time.columns.len(), ' ');
    let mut fits =
        table.time.columns.iter().zip(pieces).all(|(column, piece)| draft.put(column, piece));
    if let Some((column, milliseconds)) = milliseconds {
        fits &= draft.put(column, &milliseconds.to_string());
    }
    let series = &readings.series;
    fits &= draft.put_text(&table.resource, &series.resource);
    let constant = |text: &Option<Text>, value: &str| match text {
        Some(Text::Constant(constant)) => constant.constant == value,
        _ => true,
    };
    let values = table.series.iter().find(|values| {
        constant(&values.name, &series.name)
            && constant(&values.property, &series.property)
            && constant(&values.unit, &series.unit)
            && (values.name.is_some() || values.value == Column::Name(series.name.clone()))
    });
    // A name that is left out may also be that of a column known by its place: the first is tried.
    let values = values.or(table.series.first())?;
    let texts = [
        (&values.name, &series.name),
        (&values.property, &series.property),
        (&values.unit, &series.unit),
    ];
    for (place, text) in texts {
        fits &= place.as_ref().is_none_or(|place| draft.put_text(place, text));
    }
    fits &= draft.put(&values.value, &number::write(value, config.decimal));
    let level = readings.qualities.get(place).copied().unwrap_or(0);
    fits &= put_quality(draft, table.quality.as_ref(), level);
    let mut notes = readings.notes.iter().filter(|note| note.at as usize == place);
    fits &= draft.put_some(table.note.as_ref(), notes.next().map(|note| note.text.as_str()));
    (fits && notes.next().is_none()).then_some(())
}

fn put_quality(draft: &mut Draft<'_>, quality: Option<&Quality>, level: u8) -> bool {
    let Some(quality) = quality else { return level == 0 };
    let plain = level.to_string();
    let means = |code: &&String| quality.codes.get(*code) == Some(&level);
    match quality
        .codes
        .keys()
        .find(|code| **code == plain && means(code))
        .or_else(|| quality.codes.keys().find(means))
    {
        Some(code) => draft.put(&quality.column, code),
        None => level == 0,
    }
}

fn same(plan: &mut Plan, row: &Row<'_>, readings: &Readings, place: usize) -> bool {
    let time = plan.time(row).ok();
    let expected = readings.times.get(place).map(|&time| Meaning::Once(time));
    let value = readings.values.get(place).map(|value| value.to_bits());
    let level = readings.qualities.get(place).copied().unwrap_or(0);
    let note = readings.notes.iter().find(|note| note.at as usize == place);
    let mut read = plan.cells.iter().filter_map(|cell| match plan.outcome(row, cell) {
        Outcome::Value(value) => Some((value.to_bits(), plan.series(row, cell).ok())),
        _ => None,
    });
    let (first, second) = (read.next(), read.next());
    let (read_level, read_note) = plan.remarks(row);
    time == expected
        && second.is_none()
        && first.is_some_and(|(bits, series)| {
            Some(bits) == value && series.as_ref() == Some(&readings.series)
        })
        && read_level == level
        && read_note.as_deref() == note.map(|note| note.text.as_str())
}

fn lay_resource(
    draft: &mut Draft<'_>,
    config: &Config,
    table: &ResourcesTable,
    resource: &Resource,
) -> bool {
    let number = |value: f64| number::write(value, config.decimal);
    let (longitude, latitude) = match &resource.position {
        Some(position) => (Some(number(position.longitude)), Some(number(position.latitude))),
        None => (None, None),
    };
    let elevation = resource.elevation.map(number);
    let updated = resource.updated.and_then(crate::time::write_iso);
    put_head(draft, &table.id, resource.id.as_deref(), table.name.as_ref(), &resource.name)
        && table.kind.as_ref().is_none_or(|kind| draft.put_text(kind, &resource.kind))
        && draft.put_some(table.longitude.as_ref(), longitude.as_deref())
        && draft.put_some(table.latitude.as_ref(), latitude.as_deref())
        && draft.put_some(table.elevation.as_ref(), elevation.as_deref())
        && draft.put_some(table.owner.as_ref(), resource.owner.as_deref())
        && draft.put_some(table.groups.as_ref(), Some(&resource.groups.join(" ")))
        && draft.put_some(table.updated.as_ref(), updated.as_deref())
        && draft.put_some(table.extra.as_ref(), Some(&resource.extra))
}

fn lay_group(draft: &mut Draft<'_>, table: &GroupsTable, group: &Group) -> bool {
    let point = |place: &ourwater_sdk::Position| {
        format!("{} {}", number::write(place.longitude, '.'), number::write(place.latitude, '.'))
    };
    let boundary = group.boundary.iter().map(point).collect::<Vec<_>>().join("; ");
    let updated = group.updated.and_then(crate::time::write_iso);
    put_head(draft, &table.id, group.id.as_deref(), table.name.as_ref(), &group.name)
        && table.kind.as_ref().is_none_or(|kind| draft.put_text(kind, &group.kind))
        && draft.put_some(table.boundary.as_ref(), Some(&boundary))
        && draft.put_some(table.updated.as_ref(), updated.as_deref())
        && draft.put_some(table.extra.as_ref(), Some(&group.extra))
}

fn put_head(
    draft: &mut Draft<'_>,
    place: &Text,
    id: Option<&str>,
    name_place: Option<&Text>,
    name: &str,
) -> bool {
    id.is_some_and(|id| draft.put_text(place, id))
        && name_place.is_none_or(|place| draft.put_text(place, name))
}
