//! Columns of readings as they enter: looked at once, and moved, not copied, where nothing is wrong.

use super::{contract, wit};
use crate::domain::page::{Readings, Rejection, Series};
use crate::domain::plugin::Failure;
use crate::domain::sound;

/// The columns, without the points that were rejected.
pub(super) fn readings(
    columns: Vec<wit::Readings>,
    rejected: &mut Vec<Rejection>,
) -> Result<Vec<Readings>, Failure> {
    let mut kept = Vec::with_capacity(columns.len());
    for column in columns {
        check_lengths(&column)?;
        kept.extend(sound::column(moved(column), rejected));
    }
    Ok(kept)
}

fn check_lengths(column: &wit::Readings) -> Result<(), Failure> {
    let points = column.times.len();
    let optional = |length: usize| length == 0 || length == points;
    let (values, qualities) = (column.values.len(), column.qualities.len());
    let (rows, updated) = (column.rows.len(), column.updated.len());
    if values != points || ![qualities, rows, updated].into_iter().all(optional) {
        return Err(contract(&format!(
            "the columns of a series have one length; here times {points}, values {values}, \
             qualities {qualities}, rows {rows}, updated {updated}"
        )));
    }
    if column.notes.iter().any(|note| note.at as usize >= points) {
        return Err(contract(&format!(
            "a note stands at one of the {points} points of its series"
        )));
    }
    Ok(())
}

/// Notes are not stored yet; they reject nothing.
fn moved(column: wit::Readings) -> Readings {
    let wit::Series { resource, name, property, unit } = column.series;
    Readings {
        series: Series { resource, name, property, unit },
        times: column.times,
        values: column.values,
        qualities: column.qualities,
        removed: column.removed,
        rows: column.rows,
        updated: column.updated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(times: Vec<i64>, values: Vec<f64>) -> wit::Readings {
        let series = wit::Series {
            resource: "well".to_owned(),
            name: "level".to_owned(),
            property: "depth".to_owned(),
            unit: "m".to_owned(),
        };
        let (qualities, notes, removed) = (Vec::new(), Vec::new(), Vec::new());
        let (rows, updated) = (Vec::new(), Vec::new());
        wit::Readings { series, times, values, qualities, notes, removed, rows, updated }
    }

    #[test]
    fn good_columns_are_moved_and_not_copied() {
        let good = column(vec![1, 2], vec![0.5, -0.999]);
        let (times, values) = (good.times.as_ptr(), good.values.as_ptr());
        let mut rejected = Vec::new();
        let kept = readings(vec![good], &mut rejected).unwrap();
        assert_eq!((kept[0].times.as_ptr(), kept[0].values.as_ptr()), (times, values));
        assert!(rejected.is_empty());
    }

    #[test]
    fn bad_points_are_rejected_one_by_one_and_named() {
        let mut bad = column(vec![0, 1, sound::LAST_TIME + 1, 3], vec![1.0, f64::NAN, 3.0, 4.0]);
        bad.qualities = vec![0, 1, 2, 4];
        let mut numbered = bad.clone();
        numbered.rows = vec![7, 8, 9, 10];
        let mut rejected = Vec::new();
        let kept = readings(vec![bad, numbered], &mut rejected).unwrap();
        assert_eq!((&kept[0].times, &kept[0].qualities), (&vec![0], &vec![0]));
        assert_eq!((&kept[1].values, &kept[1].rows), (&vec![1.0], &vec![7]));
        let places: Vec<_> = rejected.iter().map(|found| found.place.as_str()).collect();
        assert_eq!(places[0], "well level at 1970-01-01T00:00:00.001Z");
        assert_eq!(places[3..], ["row 8, level", "row 9, level", "row 10, level"]);
        assert_eq!(rejected[0].raw, "1970-01-01T00:00:00.001Z = NaN");
        assert!(rejected[2].reason.contains("quality 4"), "{}", rejected[2].reason);
    }

    #[test]
    fn a_series_nobody_can_name_loses_each_of_its_points_by_name() {
        let mut bad = column(vec![0, 1], vec![1.0, 2.0]);
        bad.series.resource = "a\0b".to_owned();
        let mut rejected = Vec::new();
        assert!(readings(vec![bad], &mut rejected).unwrap().is_empty());
        assert_eq!(rejected.len(), 2);
        assert!(!rejected[0].place.contains('\0'));
    }

    #[test]
    fn removals_out_of_range_are_rejected() {
        let mut bad = column(vec![], vec![]);
        bad.removed = vec![5, i64::MIN];
        let mut rejected = Vec::new();
        assert_eq!(readings(vec![bad], &mut rejected).unwrap()[0].removed, [5]);
        assert_eq!(rejected.len(), 1);
    }

    #[test]
    fn unequal_columns_and_notes_beside_them_are_faults() {
        let cases = [
            column(vec![1], vec![]),
            wit::Readings { rows: vec![1], ..column(vec![1, 2], vec![1.0, 2.0]) },
            wit::Readings {
                notes: vec![wit::Note { at: 1, text: String::new() }],
                ..column(vec![1], vec![1.0])
            },
        ];
        for case in cases {
            let failure = readings(vec![case], &mut Vec::new()).unwrap_err();
            assert!(failure.to_string().starts_with("plugin fault: contract: "), "{failure}");
        }
    }
}
