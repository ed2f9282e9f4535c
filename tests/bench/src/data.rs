//! The generated file: hourly readings of a thousand wells, the same for the same number of rows.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use clap::ValueEnum;
use ourwater::domain::clock::rfc3339;
use serde_json::{Value, json};

/// Wells, each with one series.
const WELLS: u64 = 1000;

/// 2015-01-01T00:00:00Z.
const FIRST_TIME: i64 = 1_420_070_400_000;

/// Milliseconds between two readings of a well.
const STEP: i64 = 3_600_000;

/// The names of the columns.
pub(crate) const HEADER: &str = "external_id,resource_id,timeseries,datetime,value";

/// What the rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// All hours of a well, then the next well.
    Well,
    /// All wells of an hour, then the next hour.
    Time,
}

impl Order {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Well => Self::Time,
            Self::Time => Self::Well,
        }
    }
}

/// Writes exactly so many rows, about 90 bytes each.
pub(crate) fn write(path: &Path, rows: u64, order: Order) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    writeln!(file, "{HEADER}")?;
    let wells = WELLS.min(rows);
    // Where the wells do not share the rows evenly, the first ones have an hour more.
    let hours = |well: u64| rows / wells + u64::from(well < rows % wells);
    match order {
        Order::Well => {
            for well in 0..wells {
                (0..hours(well)).try_for_each(|hour| write_row(&mut file, well, hour))?;
            }
        }
        Order::Time => {
            for hour in 0..hours(0) {
                let measured = (0..wells).filter(|&well| hour < hours(well));
                measured.into_iter().try_for_each(|well| write_row(&mut file, well, hour))?;
            }
        }
    }
    file.into_inner()?.sync_all()
}

fn write_row(file: &mut impl Write, well: u64, hour: u64) -> io::Result<()> {
    let time = rfc3339(FIRST_TIME + hour.cast_signed() * STEP);
    let level = 2_000 + scatter(well << 32 | hour) % 20_000;
    writeln!(
        file,
        "GLD{well:08},a0eebc99-9c0b-4ef8-bb6d-{well:012},level,{time},{}.{:03}",
        level / 1000,
        level % 1000
    )
}

/// As good as random, and always the same (splitmix64).
fn scatter(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// The configuration that reads such a file under the name `file`.
pub(crate) fn config(file: &str) -> Value {
    json!({
        "file": file,
        "header": 1,
        "zone": "UTC",
        "readings": {
            "time": {"columns": ["datetime"], "pattern": "iso"},
            "resource": "resource_id",
            "series": [{
                "value": "value",
                "name": "timeseries",
                "property": {"constant": "depth-below-ground"},
                "unit": {"constant": "m"},
            }],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_hold_the_same_rows() {
        let folder = tempfile::tempdir().unwrap();
        let rows_of = |order| {
            let path = folder.path().join("rows.csv");
            write(&path, 2_345, order).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
            rows.sort();
            rows
        };
        let rows = rows_of(Order::Well);
        assert_eq!(rows.len(), 2_346);
        assert_eq!(rows, rows_of(Order::Time));
        assert!(rows.windows(2).all(|pair| pair[0] != pair[1]));
        assert!((85..95).contains(&rows[7].len()), "{}", rows[7]);
    }
}
