//! What gathered series are called, and their numbers in the database.

use std::collections::HashMap;

use sqlx::SqliteConnection;

use crate::domain::issue::IssueKind;
use crate::domain::page::Series;

use super::Error;
use super::gather::Point;
use super::issue::Issued;
use super::series::SeriesFinder;

/// What the gathered series are called, by their number in the database.
pub(in crate::store) struct Names {
    numbers: Vec<i64>,
    series: HashMap<i64, Series>,
}

impl Names {
    pub(in crate::store) async fn of(
        connection: &mut SqliteConnection,
        finder: &mut SeriesFinder,
        series: Vec<Series>,
        seq: i64,
    ) -> Result<Self, Error> {
        let mut names = Self { numbers: Vec::with_capacity(series.len()), series: HashMap::new() };
        for series in series {
            let number = finder.find(connection, &series, seq).await?;
            names.numbers.push(number);
            names.series.insert(number, series);
        }
        Ok(names)
    }

    /// The points with their series' numbers, sorted by series and time, in order of arrival.
    pub(in crate::store) fn number(&self, mut points: Vec<Point>) -> Vec<Point> {
        for point in &mut points {
            let place = usize::try_from(point.series).unwrap_or(usize::MAX);
            point.series = self.numbers.get(place).copied().unwrap_or_default();
        }
        points.sort_by_key(|point| (point.series, point.time));
        points
    }

    pub(in crate::store) fn contradicted(&self, point: &Point) -> Issued {
        let what = self.series.get(&point.series).map_or_else(String::new, |series| {
            format!("{} {} {}", series.resource, series.property, series.name)
        });
        let time = crate::domain::clock::rfc3339(point.time);
        Issued {
            kind: IssueKind::Contradicted,
            place: format!("{} at {time}", what.trim_end()),
            reason: "the source gives this reading more than one value; the last one was kept"
                .to_owned(),
            raw: format!("row {}: {}", point.row, point.value),
        }
    }
}
