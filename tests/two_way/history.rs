//! Histories with rows that contradict each other: the last holds, and each is accounted for.

use std::path::Path;

use ourwater::domain::issue::IssueKind;
use ourwater::domain::plan::Policy;
use ourwater::domain::run::RunState;
use serde_json::{Value, json};

use super::world::{WELL, World, time};

#[tokio::test]
async fn of_rows_that_disagree_the_last_holds_all_are_counted_and_nothing_flips() {
    let world = World::new(Policy::Review).await;
    let row = |day: i64, value: f64| {
        json!({"date": time(day), "value": value, "postcode": 313_603, "resourceId": 1111,
            "villageId": 11, "createdAt": "0000-00-00 00:00:00", "updatedAt": "0000-00-00 00:00:00"})
    };
    let mut undated = row(0, 1.0);
    undated["date"] = json!("0000-00-00 00:00:00");
    let rows = [row(1, 1.0), row(2, 2.0), row(1, 3.0), row(2, 2.0), row(1, 4.0), undated];
    world.peer.seed("reading", &rows.to_vec().into());
    let run = world.run().await;
    let counts = run.counts;
    assert_eq!(run.state, RunState::CompletedWithIssues);
    assert_eq!((counts.superseded, counts.rejected), (3, 1), "{run:?}");
    let expected =
        [(1, "4"), (2, "2")].map(|(day, it)| (WELL.to_owned(), time(day), it.to_owned()));
    assert_eq!(world.ours().await, expected);
    let (store, organisation) = (&world.app.store, &world.organisation.id);
    let issues = store.issues(organisation, &world.sync.id, None, 10).await.unwrap();
    let of = |kind| issues.iter().filter(|issue| issue.kind == kind).count();
    assert_eq!(of(IssueKind::Rejected), 1, "{issues:?}");
    assert!(of(IssueKind::Contradicted) >= 1, "{issues:?}");
    world.rests().await;

    // An edit changes the row that holds; the others stay, and say nothing.
    world.edit(WELL, &[(1, Some(9.5))]).await;
    world.run().await;
    assert_eq!(world.peer.rows("reading").len(), 6);
    world.rests().await;
    world.edit(WELL, &[(1, None)]).await;
    world.run().await;
    assert_eq!(world.peer.rows("reading").len(), 3, "all of its rows go");
    world.rests().await;
}

#[tokio::test]
async fn a_real_history_comes_whole_with_every_row_accounted_for() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/mywell/legacy_readings.csv");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: there is no {}", file.display());
        return;
    };
    let world = World::new(Policy::Review).await;
    let rows: Vec<Value> = text.lines().skip(1).map(row).collect();
    assert_eq!(rows.len(), 27_449);
    world.peer.seed("reading", &rows.into());
    let run = world.run().await;
    assert_eq!(run.state, RunState::CompletedWithIssues);
    assert_eq!((run.counts.superseded, run.counts.rejected), (343, 65), "{run:?}");
    assert_eq!(world.ours().await.len(), 27_041);
    let (store, organisation) = (&world.app.store, &world.organisation.id);
    let issues = store.issues(organisation, &world.sync.id, None, 1_000).await.unwrap();
    let undated = issues.iter().filter(|issue| issue.reason == "it has no date").count();
    assert_eq!(undated, 65);
    world.proxy.seen();
    world.rests().await;
    assert_eq!(world.proxy.seen(), super::IDLE);
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
    json!({"id": whole(id), "date": instant(date), "value": number(value),
        "villageId": whole(village), "postcode": whole(postcode), "resourceId": whole(resource),
        "createdAt": instant(created), "updatedAt": instant(updated)})
}
