//! Measures nanoseconds a row, by well and by time.
use ourwater_sdk::files::File;
use ourwater_sdk::{Datasource, Datatype, GetRequest, Items, Result, native};
use std::fmt::Write;

fn main() {
    for by_time in [false, true] {
        let mut text = String::from("external_id,resource_id,timeseries,datetime,value\n");
        for row in 0..1_000_000_u32 {
            let (well, hour) =
                if by_time { (row % 1000, row / 1000) } else { (row / 1000, row % 1000) };
            let (day, hour) = (hour / 24, hour % 24);
            writeln!(text, "ext-organisation-well-{well:05},well-{well:05},default-level-series,2020-{:02}-{:02}T{hour:02}:00:00Z,{}.{:03}", 1 + day / 28, 1 + day % 28, row % 90, row % 1000).unwrap();
        }
        let config = serde_json::json!({"file": "f", "header": 1, "readings": {
            "time": {"columns": ["datetime"], "pattern": "iso"}, "resource": "resource_id",
            "series": [{"value": "value", "name": "timeseries"}]}});
        let config = serde_json::from_value(config).unwrap();
        println!("{} bytes a row", text.len() / 1_000_000);
        native::install(One(text.into()));
        for limit in [2_000, 10_000, 50_000] {
            let mut request = GetRequest {
                datatype: Datatype::Reading,
                cursor: None,
                limit,
                since: None,
                only: Vec::new(),
            };
            let (start, mut points) = (std::time::Instant::now(), 0);
            loop {
                let page = plugin_csv::Csv::get(&config, &request).unwrap();
                let Items::Readings(readings) = &page.items else { unreachable!() };
                points += readings.iter().map(|r| r.times.len()).sum::<usize>();
                if !page.more {
                    break;
                }
                request.cursor = Some(page.cursor);
            }
            let pace = start.elapsed().as_nanos() / 1_000_000;
            println!("by_time={by_time} limit={limit} points={points} {pace} ns a row");
        }
    }
}

/// One file whose digest costs nothing.
struct One(Vec<u8>);

impl native::Host for One {
    fn all(&mut self) -> Result<Vec<File>> {
        Ok(vec![File {
            name: "f".into(),
            size: self.0.len() as u64,
            sha256: String::new(),
            modified: 0,
        }])
    }

    fn read(&mut self, _: &str, offset: u64, length: u32) -> Result<Vec<u8>> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        Ok(rest.get(..length as usize).unwrap_or(rest).to_vec())
    }

    fn append(&mut self, _: &str, _: u64, _: &[u8]) -> Result<u64> {
        unreachable!()
    }

    fn log(&mut self, _: ourwater_sdk::log::Level, _: &str) {}
}
