//! The demo's second part: edits on both sides reach the other, and a conflict is decided.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::app::App;
use crate::cli::import::{RunReport, run_to_end};
use crate::cli::output::Output;
use crate::domain::clock::{Timestamp, rfc3339};
use crate::domain::conflict::Conflict;
use crate::domain::organisation::Organisation;
use crate::domain::sync::Sync;
use crate::http::stand_in::StandIn;
use crate::store;
use crate::store::edit::{Edit, EditedPoint};
use crate::sync::Trigger;

use super::mywell::{self, READINGS, WELL, time};

/// What is changed between the first run and the second.
const CHANGES: [Change; 4] = [
    Change { what: "changed here", month: 3, ours: Some(6.5), theirs: None, expected: 6.5 },
    Change { what: "changed there", month: 5, ours: None, theirs: Some(7.25), expected: 7.25 },
    Change { what: "changed on both", month: 8, ours: Some(8.0), theirs: Some(9.0), expected: 9.0 },
    Change { what: "made here", month: READINGS, ours: Some(5.5), theirs: None, expected: 5.5 },
];

/// A change of one reading.
struct Change {
    what: &'static str,
    month: usize,
    ours: Option<f64>,
    theirs: Option<f64>,
    /// What both sides are to hold.
    expected: f64,
}

/// The readings of a side, by time.
type Held = BTreeMap<Timestamp, f64>;

/// What was moved, read back from both sides.
pub(super) struct TwoWay {
    runs: Vec<RunReport>,
    conflicts: Vec<Conflict>,
    ours: Held,
    theirs: Held,
    /// Requests of the last run.
    requests: u64,
}

impl TwoWay {
    /// Both sides hold the same, each change where it belongs, and the last run moved nothing.
    pub(super) fn is_sound(&self) -> bool {
        let moved = self.runs.iter().map(|it| {
            let (counts, pushed) = (it.run.counts, it.run.pushed);
            [counts.updated, pushed.created, pushed.updated, it.run.conflicts]
        });
        moved.eq([[0; 4], [2, 1, 1, 1], [0; 4]])
            && self.ours == self.theirs
            && self.ours.len() == READINGS + 1
            && CHANGES.iter().all(|it| self.ours.get(&time(it.month)) == Some(&it.expected))
    }

    pub(super) fn json(&self) -> Value {
        let change = |change: &Change| {
            let time = time(change.month);
            json!({"what": change.what, "resource": WELL, "time": rfc3339(time),
                "ourwater": self.ours.get(&time), "legacy_mywell": self.theirs.get(&time)})
        };
        json!({
            "readings": {"ourwater": self.ours.len(), "legacy_mywell": self.theirs.len()},
            "runs": self.runs.iter().map(RunReport::json).collect::<Vec<Value>>(),
            "changes": CHANGES.iter().map(change).collect::<Vec<Value>>(),
            "conflicts": self.conflicts,
            "agree": self.ours == self.theirs,
            "requests_of_the_last_run": self.requests,
        })
    }

    fn text(&self) -> String {
        let line = |change: &Change| {
            let value = |held: &Held| held.get(&time(change.month)).map_or(f64::NAN, |it| *it);
            let (at, what) = (rfc3339(time(change.month)), change.what);
            format!("\n  {at}  {what:16} {:>8} {:>14}", value(&self.ours), value(&self.theirs))
        };
        let mut text = format!("{WELL:26}  {:16} OurWater  LegacyMyWell", "");
        text.extend(CHANGES.iter().map(line));
        text.extend(self.conflicts.iter().map(decided));
        text
    }
}

fn decided(conflict: &Conflict) -> String {
    let time = conflict.time.map(rfc3339).unwrap_or_default();
    let (ours, theirs) = (&conflict.ours["value"], &conflict.theirs["value"]);
    format!(
        "\nconflict over {} at {time}: {ours} here, {theirs} there; decided by {}: {}",
        conflict.record, conflict.policy, conflict.state
    )
}

/// Pulls, changes readings on both sides, syncs them, and syncs once more.
pub(super) async fn show(app: &App, output: &Output) -> anyhow::Result<TwoWay> {
    let (stand_in, url) = mywell::start(app).await?;
    let (organisation, _) = super::make_organisation(app, "Badgaon").await?;
    let sync = mywell::sync_with(app, &organisation, &url).await?;
    let sides = Sides { app, organisation, sync, stand_in };
    output.say(&format!("\n\na small LegacyMyWell inside this process, at {url}"));
    let mut runs = vec![sides.run("first run: everything comes", output).await?];
    sides.change().await?;
    runs.push(sides.run("second run, after changes on both sides", output).await?);
    let before = sides.stand_in.requests();
    runs.push(sides.run("third run: nothing is left to do", output).await?);
    let requests = sides.stand_in.requests() - before;
    let (organisation, sync) = (&sides.organisation.id, &sides.sync.id);
    let conflicts = app.store.conflicts(organisation, sync, None, 10).await?;
    let (ours, theirs) = (sides.ours().await?, sides.theirs());
    let two_way = TwoWay { runs, conflicts, ours, theirs, requests };
    output.say(&format!("\nread back from both sides:\n{}", two_way.text()));
    output.say(&format!(
        "readings: {} in OurWater, {} in LegacyMyWell; the third run asked {requests} questions",
        two_way.ours.len(),
        two_way.theirs.len()
    ));
    Ok(two_way)
}

/// OurWater, LegacyMyWell, and the sync between them.
struct Sides<'a> {
    app: &'a App,
    organisation: Organisation,
    sync: Sync,
    stand_in: StandIn,
}

impl Sides<'_> {
    async fn run(&self, title: &str, output: &Output) -> anyhow::Result<RunReport> {
        let (app, organisation, sync) = (self.app, &self.organisation, &self.sync);
        let run = run_to_end(app, organisation, sync, Trigger::default()).await?;
        let report = RunReport::of(app, organisation, sync, run).await?;
        output.say(&format!("\n{title}, component sha256:{}", report.run.plugin));
        output.say(&report.text());
        Ok(report)
    }

    /// People on both sides change readings.
    async fn change(&self) -> anyhow::Result<()> {
        for change in &CHANGES {
            if let Some(value) = change.theirs {
                let rows = self.stand_in.readings();
                let row = rows.iter().find(|row| row.date == Some(time(change.month)));
                row.map(|row| self.stand_in.edit(row.id, value));
            }
        }
        let points = CHANGES.iter().filter_map(|change| {
            let value = Some(change.ours?);
            Some(EditedPoint { time: time(change.month), value, quality: 0 })
        });
        let edit = Edit {
            resource: self.our_well().await?,
            name: "default".to_owned(),
            property: "depth-below-ground".to_owned(),
            unit: "m".to_owned(),
            points: points.collect(),
        };
        let (store, now) = (&self.app.store, self.app.clock.now());
        store.edit_readings(&self.organisation.id, &[edit], now).await?;
        Ok(())
    }

    async fn our_well(&self) -> anyhow::Result<crate::domain::id::ResourceId> {
        let wells = self.app.store.resources(&self.organisation.id, "", 1).await?;
        let well = wells.into_iter().next();
        well.map(|well| well.id).ok_or_else(|| anyhow::anyhow!("the well has not come"))
    }

    async fn ours(&self) -> Result<Held, store::Error> {
        let mut held = Held::new();
        let row = |row: store::reading::ReadingRow| {
            held.insert(row.time, row.value);
            Ok::<_, store::Error>(())
        };
        self.app.store.export_readings(&self.organisation.id, row).await?;
        Ok(held)
    }

    fn theirs(&self) -> Held {
        let rows = self.stand_in.readings();
        rows.iter().filter_map(|row| Some((row.date?, row.value))).collect()
    }
}
