//! Which of Lizard's series each pushed reading belongs to. Neither wells nor series are made here.

use std::collections::{BTreeMap, HashMap};

use ourwater_sdk::{Base, Readings, Result};

use super::Tally;
use crate::config::{Config, Version};
use crate::series::{self, Known};
use crate::{flag, time, well};

/// Readings for one of Lizard's series.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) uuid: String,
    /// By their times: one upload may not name a time twice.
    pub(super) wanted: BTreeMap<i64, Wanted>,
}

/// One point of the batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub(super) at: usize,
    /// None: it no longer exists.
    pub(super) value: Option<f64>,
    /// None: nobody judged it here.
    pub(super) flag: Option<i64>,
    pub(super) base: Base,
}

/// The series that each reading goes to; those that have none are refused.
pub(super) fn of(
    config: &Config,
    all: &[Readings],
    bases: &[Base],
    tally: &mut Tally,
) -> Result<Vec<Target>> {
    let mut wells = HashMap::new();
    let mut targets: BTreeMap<String, BTreeMap<i64, Wanted>> = BTreeMap::new();
    let mut first = 0;
    for readings in all {
        let points = readings.times.len() + readings.removed.len();
        let id = readings.series.resource.as_str();
        if !wells.contains_key(id) {
            wells.insert(id, known(config, id)?);
        }
        match find(config, readings, wells.get(id).and_then(Option::as_deref)) {
            Err(reason) => (first..first + points).for_each(|at| tally.refuse(at, reason.clone())),
            Ok(uuid) => {
                let wanted = targets.entry(uuid.to_owned()).or_default();
                points_of(readings, first, bases, wanted, tally);
            }
        }
        first += points;
    }
    Ok(targets.into_iter().map(|(uuid, wanted)| Target { uuid, wanted }).collect())
}

/// The series of a well; none where there is no such well.
fn known(config: &Config, id: &str) -> Result<Option<Vec<Known>>> {
    match well::find(config, id)? {
        Some(Ok(well)) => Ok(Some(series::of(config, &well)?.known)),
        _ => Ok(None),
    }
}

fn find<'a>(
    config: &Config,
    readings: &Readings,
    known: Option<&'a [Known]>,
) -> std::result::Result<&'a str, String> {
    let series = &readings.series;
    let made = match config.version {
        Version::V3 => "API v3 makes none: Lizard's own import does",
        Version::V4 => "it is made in Lizard by an administrator",
    };
    let known =
        known.ok_or_else(|| format!("Lizard has no well {:?}, and {made}", series.resource))?;
    let is_it = |one: &&Known| one.series(&series.resource) == *series;
    known.iter().find(is_it).map(|one| one.uuid.as_str()).ok_or_else(|| {
        let named =
            known.iter().take(10).map(|it| format!("{}, {} in {}", it.name, it.property, it.unit));
        let there = named.collect::<Vec<_>>().join("; ");
        let there = if there.is_empty() { "none".to_owned() } else { there };
        format!(
            "Lizard has no series {:?} ({} in {}) at well {}, and {made}; it has {there}",
            series.name, series.property, series.unit, series.resource
        )
    })
}

/// Points in the order of receipts: what is there, then what was removed.
fn points_of(
    readings: &Readings,
    first: usize,
    bases: &[Base],
    wanted: &mut BTreeMap<i64, Wanted>,
    tally: &mut Tally,
) {
    let flags = flags(readings);
    let there = readings.times.iter().zip(flags).enumerate().map(|(at, (&time, flag))| {
        let value = readings.values.get(at).copied().filter(|value| value.is_finite());
        (time, value.map(Some).ok_or("its value is not a number"), flag)
    });
    let removed = readings.removed.iter().map(|&time| (time, Ok(None), None));
    for (at, (time, value, flag)) in (first..).zip(there.chain(removed)) {
        let base = bases.get(at).copied().unwrap_or(Base::Unknown);
        let value = value.and_then(|value| {
            time::write(time).map(|_| value).ok_or("its time is not in the years 1000 to 9999")
        });
        let value = match value {
            Ok(value) => value,
            Err(reason) => {
                tally.refuse(at, reason);
                continue;
            }
        };
        if let Some(before) = wanted.insert(time, Wanted { at, value, flag, base }) {
            let reason = "another reading of the batch is of the same time; Lizard keeps one";
            tally.refuse(before.at, reason);
        }
    }
}

/// The flag of each point: as Lizard gave it once, or what its quality stands for.
fn flags(readings: &Readings) -> Vec<Option<i64>> {
    let of_quality = |at: usize| readings.qualities.get(at).map(|&quality| flag::of(quality));
    let mut flags: Vec<Option<i64>> = (0..readings.times.len()).map(of_quality).collect();
    for note in &readings.notes {
        let noted = flag::noted(&note.text);
        let place = usize::try_from(note.at).ok().and_then(|at| flags.get_mut(at));
        if let (Some(flag), Some(place)) = (noted, place)
            && place.is_none_or(|of| flag::quality(Some(of)) == flag::quality(Some(flag)))
        {
            *place = Some(flag);
        }
    }
    flags
}
