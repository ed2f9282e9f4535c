//! A column of readings: looked at once, and moved, not copied, where nothing is wrong.

use super::{LAST_QUALITY, in_range, point, series};
use crate::domain::clock::{Timestamp, rfc3339};
use crate::domain::page::{Readings, Rejection, Series};

/// The column without the points that are not sound; none where nobody can name its series.
pub fn sound(mut column: Readings, rejected: &mut Vec<Rejection>) -> Option<Readings> {
    if let Err(problem) = series(&column.series) {
        reject_points(&mut column, rejected, |_, _, _| Err(problem.clone()));
        return None;
    }
    if !all_good(&column) {
        reject_points(&mut column, rejected, |time, value, quality| {
            point(time, Some(value), quality)
        });
    }
    reject_removals(&mut column, rejected);
    Some(column)
}

fn all_good(column: &Readings) -> bool {
    column.times.iter().all(|time| in_range(*time))
        && column.values.iter().all(|value| value.is_finite())
        && column.qualities.iter().all(|quality| *quality <= LAST_QUALITY)
}

/// Takes the points with a problem out of the column.
fn reject_points(
    column: &mut Readings,
    rejected: &mut Vec<Rejection>,
    judge: impl Fn(Timestamp, f64, u8) -> Result<(), String>,
) {
    let mut kept = Vec::with_capacity(column.times.len());
    for (at, (&time, &value)) in column.times.iter().zip(&column.values).enumerate() {
        let quality = column.qualities.get(at).copied().unwrap_or_default();
        let found = judge(time, value, quality);
        kept.push(found.is_ok());
        if let Err(reason) = found {
            let place = place(&column.series, time, column.rows.get(at).copied());
            let raw = format!("{} = {value}", rfc3339(time));
            rejected.push(Rejection::new(&place, reason, &raw));
        }
    }
    keep(&mut column.times, &kept);
    keep(&mut column.values, &kept);
    keep(&mut column.qualities, &kept);
    keep(&mut column.rows, &kept);
    keep(&mut column.updated, &kept);
}

fn reject_removals(column: &mut Readings, rejected: &mut Vec<Rejection>) {
    let series = &column.series;
    column.removed.retain(|&time| {
        let good = in_range(time);
        if !good {
            let reason = "it is removed at a year that is not one of 1000 to 9999".to_owned();
            let place = place(series, time, None);
            rejected.push(Rejection::new(&place, reason, &time.to_string()));
        }
        good
    });
}

/// A row may hold several series, so it alone names no point.
fn place(series: &Series, time: Timestamp, row: Option<u32>) -> String {
    let label = if series.name.is_empty() { &series.property } else { &series.name };
    match row {
        Some(row) => format!("row {row}, {label}"),
        None => format!("{} {label} at {}", series.resource, rfc3339(time)),
    }
}

fn keep<T>(list: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    list.retain(|_| kept.next().copied().unwrap_or_default());
}
