//! The levels of five Spanish wells as GGMN's users sent them to it, with figures counted by another
//! program.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::world::{A_WHILE, BOTH, Kept, World, station};

#[test]
fn real_levels_come_whole_and_what_has_no_value_does_not() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/ggmn/DueroONU_ggmn_timeseries.csv");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: there is no {}", file.display());
        return;
    };
    for version in BOTH {
        let world = World::new(version);
        let (mut wells, mut sent) = (BTreeMap::new(), BTreeMap::<String, Kept>::new());
        for line in text.lines() {
            // time,series,value,well
            let [time, series, value, code] = line.split(',').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            let (well, uuid) = wells.entry(code).or_insert_with(|| {
                let well = world.lizard.add_station(station(code));
                (well.to_string(), world.lizard.add_series(well, Some(code), series, "mMSL"))
            });
            let time = chrono::DateTime::parse_from_rfc3339(time).unwrap().timestamp_millis();
            let value = value.parse::<f64>().ok();
            world.lizard.set(uuid, time, value.map_or(Value::Null, |value| json!(value)));
            if let Some(value) = value {
                sent.entry(well.clone()).or_default().insert((series.to_owned(), time), value);
            }
        }
        world.lizard.pass(A_WHILE);
        let pulled = |well: &String| world.pull(None, 50, well).kept();
        let kept: BTreeMap<_, _> = sent.keys().map(|well| (well.clone(), pulled(well))).collect();
        assert_eq!(kept.values().map(Kept::len).sum::<usize>(), 829, "{version:?}");
        assert_eq!(kept, sent);
    }
}
