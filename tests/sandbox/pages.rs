//! Pages and receipts against the contract, and paging that leads nowhere.

use ourwater::domain::batch::{Batch, Pushed};
use ourwater::domain::page::Readings;
use ourwater::grant::Grant;
use ourwater::plugin::Plugin;
use ourwater::sync::pull::{Error, Tuning};
use ourwater::sync::source::Configured;
use serde_json::json;

use super::row::{Deed, Ends, Outcome, Row, fault, guest, limit};
use crate::pulls::world::{World, column};

/// Fewer than a host takes that nobody set.
const PAGES_MAX: u64 = 20_000;

pub(super) fn rows() -> Vec<Row> {
    let pull = |name, ends| Row { name, deed: Deed::Pull(name), ends };
    vec![
        guest("long-cursor", fault(&["contract: a cursor has at most 64 KiB", "66560 bytes"])),
        guest("unequal", fault(&["contract: the columns", "times 2, values 1"])),
        guest("stale-nothing", fault(&["contract: it calls a cursor stale"])),
        guest("other-datatype", fault(&["contract: it was asked for reading"])),
        guest(
            "not-finite",
            Ends::Well(&[
                "well 1 level at 1970-01-01T00:00:00.000Z",
                "well 1 level at 1970-01-01T00:00:01.000Z",
            ]),
        ),
        guest("far-times", Ends::Well(&["well 1 level at", "year"])),
        Row {
            name: "receipt",
            deed: Deed::Push("receipt"),
            ends: fault(&["contract: its receipt does not add up: 7 created", "of a batch of 1"]),
        },
        pull("equal-cursor", fault(&["its cursor did not move"])),
        pull("empty-pages", fault(&["more than 1000 empty pages in a row"])),
        pull("tiny-pages", limit(&["pages: a run takes at most 20000", "(pass_pages_max)"])),
    ]
}

/// A pass from its beginning, saved as it comes.
pub(super) async fn pulled(hostile: &Plugin, deed: &str) -> Outcome {
    let world = World::new(Tuning { pass_pages_max: PAGES_MAX, ..Tuning::default() }).await;
    let held = world.begin(false).await;
    let instance = hostile.instance(Grant::default()).await.unwrap();
    let source = Configured { instance, config: json!({"deed": deed}).to_string() };
    match world.pull_from(&held, source).await {
        Ok(_) => Outcome::Well(String::new()),
        Err(Error::Source(failure)) => Outcome::Failed(failure),
        Err(error) => panic!("{error}"),
    }
}

/// A batch of one reading.
pub(super) async fn pushed(hostile: &Plugin, deed: &str) -> Outcome {
    let column = Readings { times: vec![0], values: vec![1.5], ..column(1) };
    let batch =
        Batch { items: Pushed::Readings(vec![column]), bases: Vec::new(), uncertain: false };
    let pushed = async {
        let mut instance = hostile.instance(Grant::default()).await?;
        instance.push(&json!({"deed": deed}).to_string(), &batch).await
    };
    match pushed.await {
        Ok(receipt) => Outcome::Well(format!("{receipt:?}")),
        Err(failure) => Outcome::Failed(failure),
    }
}
