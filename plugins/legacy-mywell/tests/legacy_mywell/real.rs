//! The readings of a real LegacyMyWell, with figures that were counted by another program.

use std::path::Path;

use serde_json::{Value, json};

use crate::world::World;

#[test]
fn a_real_history_comes_whole_and_the_next_run_asks_two_questions() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/mywell/legacy_readings.csv");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: there is no {}", file.display());
        return;
    };
    let rows: Vec<Value> = text.lines().skip(1).map(row).collect();
    let world = World::new();
    world.peer.seed("reading", &Value::Array(rows));
    let pulled = world.pull(None, 5_000, &[]);
    assert_eq!((pulled.points.len(), pulled.rejected.len()), (27_384, 65));
    assert_eq!(pulled.kept().len(), 27_041);
    assert_eq!(world.proxy.seen().len(), 6);
    assert!(pulled.rejected.iter().all(|one| one.reason == "it has no date"));
    let idle = world.pull(pulled.cursors.last().map(String::as_str), 5_000, &[]);
    assert_eq!((idle.points.len(), world.proxy.seen().len()), (0, 2));
}

/// id,date,value,villageId,postcode,resourceId,createdAt,updatedAt
fn row(line: &str) -> Value {
    let cells: Vec<&str> = line.split(',').collect();
    let [id, date, value, village, postcode, resource, created, updated] = cells[..] else {
        panic!("{line}");
    };
    let number = |text: &str| text.parse::<f64>().map_or(Value::Null, Value::from);
    let whole = |text: &str| text.parse::<u64>().map_or(Value::Null, Value::from);
    // The server's zone is UTC, as its database's is.
    let instant = |text: &str| {
        if text.starts_with("0000") {
            text.to_owned()
        } else {
            format!("{}Z", text.replace(' ', "T"))
        }
    };
    json!({"id": whole(id), "date": instant(date), "value": number(value), "villageId": whole(village),
        "postcode": whole(postcode), "resourceId": whole(resource), "createdAt": instant(created),
        "updatedAt": instant(updated)})
}
