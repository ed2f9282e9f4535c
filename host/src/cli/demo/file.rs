//! The demo's first part: a file made for this purpose, pulled twice.

use std::path::Path;

use serde_json::{Value, json};

use crate::app::App;
use crate::cli::import::{RunReport, run_to_end};
use crate::cli::output::Output;
use crate::domain::organisation::Organisation;
use crate::sync::Trigger;

/// The sample.
const SAMPLE: &str = include_str!("../wells.csv");

/// The sample's name.
const SAMPLE_NAME: &str = "wells.csv";

/// What was moved.
pub(super) struct Pulled {
    runs: Vec<RunReport>,
    /// In the database at the end.
    pub(super) readings: u64,
}

impl Pulled {
    /// The first run moved what is there, and the second one nothing.
    pub(super) fn is_sound(&self) -> bool {
        let moved = self.runs.iter().map(|it| it.run.counts.created + it.run.counts.updated);
        moved.eq([self.readings, 0])
    }

    pub(super) fn runs_json(&self) -> Vec<Value> {
        self.runs.iter().map(RunReport::json).collect()
    }
}

pub(super) async fn pull_twice(
    app: &App,
    organisation: &Organisation,
    folder: &Path,
    output: &Output,
) -> anyhow::Result<Pulled> {
    let sample = folder.join(SAMPLE_NAME);
    std::fs::write(&sample, SAMPLE)?;
    let file = app.upload(organisation, &sample).await?;
    let proposal = app.understand(organisation, file.name.as_str(), &json!({})).await?;
    output.say(&format!("organisation {}, zone {}", organisation.name, organisation.zone.name()));
    output.say(&format!("{SAMPLE_NAME}, {} bytes; the plugin understood:", file.size));
    for remark in &proposal.found {
        output.say(&format!("  {:22} {}", remark.field, remark.text));
    }
    let sync = app.prepare_import(organisation, SAMPLE_NAME, proposal.config).await?;
    let mut runs = Vec::new();
    for title in ["first run", "second run, of the same file"] {
        let how = Trigger { rewind: true, confirm: true };
        let run = run_to_end(app, organisation, &sync, how).await?;
        let report = RunReport::of(app, organisation, &sync, run).await?;
        output.say(&format!("\n{title}, component sha256:{}", report.run.plugin));
        output.say(&report.text());
        runs.push(report);
    }
    let readings = app.store.count_readings(&organisation.id).await?;
    output.say(&format!("\nreadings in the database: {readings}"));
    Ok(Pulled { runs, readings })
}
