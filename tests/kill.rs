//! An import killed again and again ends as an undisturbed one does.

use std::fmt::Write as _;
use std::process::Child;

use ourwater::domain::run::Run;
use ourwater::store::{Access, Store};
use sqlx::Connection as _;

use crate::harness::Place;

const ROWS: u64 = 40_000;
const KILLS: u64 = 100;

/// Small pages and gathers, so that there are many commits to be killed between.
const TUNING: [&str; 4] = ["--page-records", "100", "--gather-records", "200"];

#[test]
fn an_import_killed_at_a_hundred_moments_ends_as_an_undisturbed_one() {
    let content = wells();
    let undisturbed = Place::new();
    let file = undisturbed.file("wells.csv", &content);
    let expected = undisturbed.run(&import(file.to_str().unwrap()));

    let place = Place::new();
    let file = place.file("wells.csv", &content);
    let arguments = import(file.to_str().unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut histogram = [0_u32; 12];
    let mut kills = 0;
    for kill in 0..KILLS {
        let mut child = place.start(&arguments);
        let records = runtime.block_on(reach(&place, &mut child, ROWS * (kill + 1) / (KILLS + 2)));
        child.kill().unwrap();
        child.wait().unwrap();
        let bin = match records {
            0 => 0,
            records if records >= ROWS => 11,
            records => usize::try_from(1 + records * 10 / ROWS).unwrap(),
        };
        histogram[bin] += 1;
        kills += u32::from((1..=10).contains(&bin));
    }
    println!("kills before the first commit, in each tenth, after the last: {histogram:?}");
    assert!(kills >= 80, "{histogram:?}");
    let ended = place.run(&arguments);
    assert_eq!(ended.counts(), expected.counts());
    assert_eq!(ended.code, expected.code);
    assert_eq!(runtime.block_on(dump(&place)), runtime.block_on(dump(&undisturbed)));
}

fn import(file: &str) -> Vec<&str> {
    ["import", file, "--json"].into_iter().chain(TUNING).collect()
}

/// Hourly levels of three wells by time, with a word, an empty cell and contradictions among them.
fn wells() -> String {
    let mut content = "well,time,level\n".to_owned();
    for row in 0..ROWS {
        let (well, hour) = (row % 3, row / 3);
        let (day, hour) = (1 + hour / 24, hour % 24);
        let (year, month, day) = (1990 + day / 336, 1 + day / 28 % 12, 1 + day % 28);
        let value = match row {
            row if row % 997 == 0 => "dry".to_owned(),
            row if row % 991 == 0 => String::new(),
            row => format!("{}.{:02}", row % 13, row % 100),
        };
        let again = i32::from(row % 500 == 77);
        writeln!(content, "w{well},{year}-{month:02}-{day:02}T{hour:02}:00:00Z,{value}").unwrap();
        if again == 1 {
            writeln!(content, "w{well},{year}-{month:02}-{day:02}T{hour:02}:00:00Z,99.5").unwrap();
        }
    }
    content
}

/// Looks at the run until it has so many records, or its process ends.
async fn reach(place: &Place, child: &mut Child, records: u64) -> u64 {
    loop {
        let found = last_run(place).await.map_or(0, |run| run.counts.records());
        if found >= records || child.try_wait().unwrap().is_some() {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

async fn last_run(place: &Place) -> Option<Run> {
    let store = Store::open(&place.database(), Access::Read).await.ok()?;
    let organisation = store.organisations().await.ok()?.pop()?;
    store.runs(&organisation.id, None, 1).await.ok()?.pop()
}

/// Everything but sequence numbers, random ids and times of day, in order.
async fn dump(place: &Place) -> String {
    let path = place.database();
    let url = format!("sqlite:{}?mode=ro", path.display());
    let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let mut dump = String::new();
    for sql in [
        "SELECT r.name || '|' || s.name || '|' || s.property || '|' || s.unit || '|' || time || '|' \
         || value || '|' || quality FROM reading JOIN series s ON s.id = series_id \
         JOIN resource r ON r.id = s.resource ORDER BY 1",
        "SELECT datatype || '|' || place || '|' || kind || '|' || reason || '|' || raw FROM issue \
         ORDER BY 1",
        "SELECT created || '|' || updated || '|' || unchanged || '|' || superseded || '|' || empty \
         || '|' || rejected || '|' || state FROM run ORDER BY 1",
        "SELECT datatype || '|' || complete || '|' || pass FROM cursor ORDER BY 1",
    ] {
        for row in sqlx::query_scalar::<_, String>(sql).fetch_all(&mut database).await.unwrap() {
            writeln!(dump, "{row}").unwrap();
        }
    }
    dump
}
