//! `demo`: a bundled file with honest faults, pulled through the sandbox into a database, twice.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::app::{App, Settings};
use crate::domain::organisation::{Limits, Organisation, Zone};
use crate::store::Access;
use crate::store::organisation::NewOrganisation;
use crate::sync::Trigger;

use super::import::{RunReport, run_to_end};
use super::output::Output;
use super::{COMPLETED, FAILED, open};

/// The sample, made for this purpose.
const SAMPLE: &str = include_str!("wells.csv");

/// The sample's name.
const SAMPLE_NAME: &str = "wells.csv";

#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Go on, and answer HTTP with what was pulled.
    #[arg(long)]
    serve: bool,
}

impl Demo {
    pub(super) async fn run(self, settings: &Settings, output: &Output) -> anyhow::Result<u8> {
        let folder = Folder::new()?;
        let settings = Settings {
            database: folder.0.join("demo.db").display().to_string(),
            files: None,
            ..settings.clone()
        };
        let app = open(&settings, Access::Write).await?;
        let (organisation, token) = make_organisation(&app).await?;
        let runs = pull_twice(&app, &organisation, &folder.0, output).await?;
        let moved = runs.iter().map(|it| it.run.counts.created + it.run.counts.updated);
        let moved: Vec<u64> = moved.collect();
        let stored = app.store.count_readings(&organisation.id).await?;
        let sound = moved.first() == Some(&stored) && moved.get(1) == Some(&0);
        output.say(&format!("\nreadings in the database: {stored}"));
        output.object(&json!({
            "status": if sound { "completed" } else { "failed" },
            "readings": stored,
            "runs": runs.iter().map(RunReport::json).collect::<Vec<Value>>(),
        }));
        if self.serve {
            output.say(&format!("\ntoken of the organisation {}: {token}", organisation.name));
            super::serve::serve(app, super::serve::DEFAULT_LISTEN, Vec::new()).await?;
        }
        Ok(if sound { COMPLETED } else { FAILED })
    }
}

async fn make_organisation(app: &App) -> anyhow::Result<(Organisation, String)> {
    let zone: Zone = "Asia/Kolkata".parse()?;
    let new = NewOrganisation { name: "Dharta".parse()?, zone, limits: Limits::default() };
    let (organisation, token) = app.store.create_organisation(new, &app.clock).await?;
    Ok((organisation, token.as_str().to_owned()))
}

async fn pull_twice(
    app: &App,
    organisation: &Organisation,
    folder: &Path,
    output: &Output,
) -> anyhow::Result<Vec<RunReport>> {
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
    let mut reports = Vec::new();
    for title in ["first run", "second run, of the same file"] {
        let run =
            run_to_end(app, organisation, &sync, Trigger { rewind: true, confirm: true }).await?;
        let report = RunReport::of(app, organisation, &sync, run).await?;
        output.say(&format!("\n{title}, component sha256:{}", report.run.plugin));
        output.say(&report.text());
        reports.push(report);
    }
    Ok(reports)
}

/// A folder of temporary files that goes with the command.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let name = format!("ourwater-demo-{}", crate::domain::id::random_hex());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in the folder of temporary files is the system's to sweep.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
