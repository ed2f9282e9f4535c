//! `plugin check`: tells a plugin's author what is wrong, one line a promise.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use crate::app::Settings as App;
use crate::check::{self, Fixture, Outcome, Report, Verdict};
use crate::cli::output::{Output, clean};
use crate::cli::{COMPLETED, FAILED, Usage};
use crate::plugin::{Plugins, Settings};

/// Exit codes: 0 no check failed, 1 one did, 3 bad usage.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Check {
    /// The component, as it would be uploaded.
    file: PathBuf,
    /// Its configuration: a JSON file, or JSON.
    #[arg(long)]
    config: String,
    /// The other system: a folder with remote.rhai, files/, later/, push.json, check.json; or a JSON
    /// file with the same.
    #[arg(long)]
    fixture: Option<PathBuf>,
    /// Leave a check out; the reason stands in the report. May be given again.
    #[arg(long, value_name = "NAME=REASON")]
    skip: Vec<String>,
    /// Write the report as `JUnit` XML to this file, too.
    #[arg(long, value_name = "OUT")]
    junit: Option<PathBuf>,
}

impl Check {
    pub(in crate::cli) async fn run(self, settings: &App, output: &Output) -> anyhow::Result<u8> {
        let output = *output;
        let component = std::fs::read(&self.file)
            .map_err(|error| Usage(format!("{} cannot be read: {error}", self.file.display())))?;
        let config = crate::cli::config(Some(&self.config), &[])?;
        let fixture = self.fixture.as_deref().map(fixture).transpose()?.unwrap_or_default();
        let skips = skips(&self.skip)?;
        let cache = tempfile::tempdir().context("there is no room for the compiled plugin")?;
        let plugins = Plugins::new(Settings {
            cache: cache.path().to_owned(),
            limits: settings.limits.clone(),
            compiler: settings.compiler.clone(),
        })?;
        let tell = |outcome: &Outcome| tell(output, outcome);
        let report = check::run(&plugins, &component, &config, &fixture, &skips, tell).await?;
        if let Some(path) = &self.junit {
            std::fs::write(path, check::junit(&report))
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        conclude(output, &report);
        Ok(if report.passed() { COMPLETED } else { FAILED })
    }
}

pub(super) fn fixture(path: &Path) -> anyhow::Result<Fixture> {
    if path.is_dir() {
        return Ok(Fixture::read(path)?);
    }
    let text = std::fs::read(path).map_err(|error| {
        Usage(format!("the fixture {} cannot be read: {error}", path.display()))
    })?;
    let fixture = serde_json::from_slice(&text);
    Ok(fixture.map_err(|error| Usage(format!("the fixture {}: {error}", path.display())))?)
}

fn skips(given: &[String]) -> Result<BTreeMap<String, String>, Usage> {
    let split = |text: &String| match text.split_once('=') {
        Some((name, reason)) => Ok((name.to_owned(), reason.to_owned())),
        None => Err(Usage(format!("--skip {text}: a reason is needed, as {text}=REASON"))),
    };
    given.iter().map(split).collect()
}

/// One line as soon as it is known: here, or beside the JSON.
pub(super) fn tell(output: Output, outcome: &Outcome) {
    let Outcome { name, why, remedy, verdict, .. } = outcome;
    let word = verdict.as_str().replace('-', " ");
    let lines = match (verdict, verdict.reason()) {
        (Verdict::Failed { seen }, _) => {
            format!("{word:<14} {name}\n    seen: {seen}\n    why:  {why}\n    do:   {remedy}")
        }
        (_, Some(reason)) => format!("{word:<14} {name}: {reason}"),
        (_, None) => format!("{word:<14} {name}"),
    };
    output.progress(&clean(&lines));
}

fn conclude(output: Output, report: &Report) {
    let Report { plugin, version, .. } = report;
    output.show(&clean(&format!("{plugin} {version}: {}", report.summary())), &json!(report));
}
