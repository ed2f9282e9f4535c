//! `import`: a file of this machine into the database.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::app::import::FILE_PLUGIN;
use crate::app::{App, Settings};
use crate::domain::id::RunId;
use crate::domain::organisation::{Organisation, Zone};
use crate::domain::page::{Items, PageRequest};
use crate::domain::run::{Counts, Run};
use crate::domain::sync::Sync;
use crate::store::Access;
use crate::sync::{Refusal, Trigger};

use super::output::{Output, clean};
use super::report::{self, ISSUES_SHOWN_MAX, Report};
use super::{COMPLETED, InOrganisation, Usage, WITH_ISSUES, config, open};

/// How often a run is looked at for its progress bar.
const LOOK: Duration = Duration::from_millis(200);

/// Examples:
///   ourwater import wells.csv
///   ourwater import wells.csv --zone Asia/Kolkata
///   ourwater import wells.csv --set readings.time.pattern=%d/%m/%Y
///   ourwater import february.csv --datasource wells    (the wells january.csv went to)
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Import {
    /// The file.
    file: PathBuf,
    /// How it is to be read: JSON, or a file of it. What it leaves open is worked out.
    #[arg(long)]
    config: Option<String>,
    /// One field of the configuration: path.to.field=value. May be given again.
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    organisation: InOrganisation,
    /// The time zone of an organisation that is made [default: UTC].
    #[arg(long)]
    zone: Option<String>,
    /// The datasource's name [default: the file's]. Files under one name feed the same wells.
    #[arg(long)]
    datasource: Option<String>,
    /// Read and count everything, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub(super) async fn run(self, settings: &Settings, output: &Output) -> anyhow::Result<u8> {
        if self.dry_run {
            return self.dry_run(settings, output).await;
        }
        let app = open(settings, Access::Write).await?;
        let organisation = self.organisation.find_or_make(&app, self.zone()?).await?;
        let file = app.upload(&organisation, &self.file).await?;
        let config = self.understand(&app, &organisation, file.name.as_str()).await?;
        let name = self.datasource.as_deref().unwrap_or(file.name.as_str());
        let sync = app.prepare_import(&organisation, name, config).await?;
        let run =
            run_to_end(&app, &organisation, &sync, Trigger { rewind: true, confirm: true }).await?;
        let report = Report::of(&app, &organisation, &sync, run).await?;
        output.show(&report.text(), &report.json());
        Ok(report.exit_code())
    }

    fn zone(&self) -> anyhow::Result<Zone> {
        match &self.zone {
            Some(zone) => Ok(zone.parse().map_err(|error| Usage(format!("{error}")))?),
            None => Ok(Zone::UTC),
        }
    }

    async fn understand(
        &self,
        app: &App,
        organisation: &Organisation,
        file: &str,
    ) -> anyhow::Result<Value> {
        let config = config(self.config.as_deref(), &self.set)?;
        let mut config = app.understand(organisation, file, &config).await?.config;
        // The organisation's zone stays the organisation's, so that changing it there is enough.
        if self.zone.is_some() && config.get("zone").is_none_or(Value::is_null) {
            config["zone"] = json!(self.zone()?.name());
        }
        Ok(config)
    }

    async fn dry_run(&self, settings: &Settings, output: &Output) -> anyhow::Result<u8> {
        let scratch = Scratch::open(settings, &self.file, self.zone()?).await?;
        let config = self.understand(&scratch.app, &scratch.organisation, &scratch.file).await?;
        let mut counts = Counts::default();
        let mut issues = Vec::new();
        for datatype in crate::app::import::configured(&config) {
            let limit = settings.tuning.page_records_max;
            let mut request =
                PageRequest { datatype, cursor: None, limit, since: None, only: Vec::new() };
            loop {
                let page = scratch
                    .app
                    .engine
                    .sample(&scratch.organisation, FILE_PLUGIN, &config, &request)
                    .await?;
                counts.created += page.items.count() as u64;
                counts.empty += u64::from(page.empty);
                counts.rejected += page.rejected.len() as u64;
                let room = (ISSUES_SHOWN_MAX as usize).saturating_sub(issues.len());
                issues.extend(page.rejected.into_iter().take(room));
                if !page.more {
                    break;
                }
                request.cursor = Some(page.cursor);
            }
        }
        let lines: Vec<String> =
            issues.iter().map(|it| clean(&format!("\n  {}: {}", it.place, it.reason))).collect();
        let lines = lines.concat();
        output.show(
            &format!(
                "dry run, nothing written: {} records read, {} empty, {} rejected{lines}",
                counts.created, counts.empty, counts.rejected
            ),
            &json!({"status": "dry run", "read": counts.created, "empty": counts.empty,
                    "rejected": counts.rejected, "issues": issues, "config": config}),
        );
        Ok(if counts.rejected > 0 { WITH_ISSUES } else { COMPLETED })
    }
}

/// An organisation and a database that are thrown away, with one file in it, not copied.
#[derive(Debug)]
pub(super) struct Scratch {
    pub(super) app: App,
    pub(super) organisation: Organisation,
    pub(super) file: String,
    folder: PathBuf,
}

impl Scratch {
    pub(super) async fn open(settings: &Settings, path: &Path, zone: Zone) -> anyhow::Result<Self> {
        let name = crate::domain::id::random_hex();
        let folder = std::env::temp_dir().join(format!("ourwater-{name}"));
        let scratch = Settings {
            database: folder.join("scratch.db").display().to_string(),
            files: None,
            ..settings.clone()
        };
        std::fs::create_dir_all(&folder)?;
        let opened = Self::fill(&scratch, path, zone).await;
        match opened {
            Ok((app, organisation, file)) => Ok(Self { app, organisation, file, folder }),
            Err(error) => {
                std::fs::remove_dir_all(&folder)?;
                Err(error)
            }
        }
    }

    async fn fill(
        settings: &Settings,
        path: &Path,
        zone: Zone,
    ) -> anyhow::Result<(App, Organisation, String)> {
        let app = open(settings, Access::Write).await?;
        let organisation = InOrganisation { org: None }.find_or_make(&app, zone).await?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.parse().map_err(|error| Usage(format!("{error}")))?;
        let path = std::fs::canonicalize(path)
            .map_err(|error| Usage(format!("{} cannot be read: {error}", path.display())))?;
        let kept = app.blobs.borrow(&path).await?;
        let file = app.store.save_file(&organisation, &name, &kept, &app.clock).await?;
        Ok((app, organisation, file.name.to_string()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left in the folder of temporary files is the system's to sweep.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Starts a run and waits for its end, with a progress bar on a terminal; Ctrl-C cancels it.
pub(super) async fn run_to_end(
    app: &App,
    organisation: &Organisation,
    sync: &Sync,
    how: Trigger,
) -> anyhow::Result<Run> {
    let run = app.engine.trigger(&organisation.id, &sync.id, how).await.map_err(refused)?;
    let bar = progress_bar();
    let mut interrupted = Box::pin(tokio::signal::ctrl_c());
    let mut cancelled = false;
    loop {
        tokio::select! {
            found = app.engine.wait(&organisation.id, &run, Some(LOOK)) => {
                let found = found?;
                if found.state.ended() {
                    bar.finish_and_clear();
                    return Ok(found);
                }
                show_progress(app, &run, &bar);
            }
            _ = &mut interrupted, if !cancelled => {
                cancelled = true;
                app.engine.cancel(&run);
                bar.println("stopping after saving what was read; type the same again to go on");
            }
        }
    }
}

fn refused(refusal: Refusal) -> anyhow::Error {
    match refusal {
        Refusal::Store(error) => error.into(),
        refusal => refusal.into(),
    }
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{wide_bar} {human_pos}/{human_len} records, {per_sec}, {eta} left",
    );
    ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show_progress(app: &App, run: &RunId, bar: &ProgressBar) {
    if let Some(progress) = app.engine.progress(run) {
        bar.set_position(progress.records);
        if let Some(total) = progress.total {
            bar.set_length(total);
        }
    }
}

/// The first records of a page, one a line.
pub(super) fn first_records(items: &Items, count: usize) -> Vec<String> {
    match items {
        Items::Groups(groups) => {
            groups.iter().take(count).map(|it| format!("{} {:?}", it.id, it.name)).collect()
        }
        Items::Resources(resources) => {
            resources.iter().take(count).map(|it| format!("{} {:?}", it.id, it.name)).collect()
        }
        Items::Readings(columns) => columns
            .iter()
            .flat_map(|column| column.times.iter().zip(&column.values).map(move |it| (column, it)))
            .take(count)
            .map(|(column, (time, value))| {
                let series = &column.series;
                format!(
                    "{} {} = {value} {} at {}",
                    series.resource,
                    series.property,
                    series.unit,
                    crate::domain::clock::rfc3339(*time)
                )
            })
            .collect(),
    }
}

pub(super) use report::Report as RunReport;
