//! `sync`: what moves between a datasource and OurWater.

use serde_json::json;

use crate::app::App;
use crate::app::Settings;
use crate::cli::import::{RunReport, run_to_end};
use crate::cli::output::{Output, clean};
use crate::cli::{COMPLETED, InOrganisation, Usage, open};
use crate::domain::clock::{Moment, Timestamp, rfc3339};
use crate::domain::id::DatasourceId;
use crate::domain::organisation::Organisation;
use crate::domain::plan::Policy;
use crate::domain::sync::{
    Datatype, Matching, Method, MissingResource, Rules, Schedule, Selection,
};
use crate::store::Access;
use crate::store::sync::{NewSync, SyncChange};
use crate::sync::Trigger;
use crate::sync::plan::Plan;

use super::{list, show};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Sync {
    #[command(flatten)]
    organisation: InOrganisation,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make one.
    Create {
        /// Its name.
        name: String,
        /// The datasource's name.
        #[arg(long)]
        datasource: String,
        /// Run once to completion.
        #[arg(long)]
        one_time: bool,
        #[command(flatten)]
        moves: Moves,
    },
    /// All of them.
    List,
    /// One of them, and its last run.
    Show {
        /// Its name.
        name: String,
    },
    /// Enable or disable it, or change what moves.
    Change {
        /// Its name.
        name: String,
        /// It may run.
        #[arg(long)]
        enabled: Option<bool>,
        /// Run once to completion.
        #[arg(long)]
        one_time: Option<bool>,
        #[command(flatten)]
        moves: Moves,
        /// When the last completed run of a method started, as in
        /// pull-from-datasource=2020-01-31T12:00:00Z. May be given again.
        #[arg(long, value_name = "METHOD=TIME", value_parser = last_sync)]
        last_sync: Vec<(Method, Timestamp)>,
    },
    /// Run it now, and wait for its end.
    Run {
        /// Its name.
        name: String,
        /// Read the source from the beginning.
        #[arg(long)]
        rewind: bool,
        /// You have seen what it would change, and want it.
        #[arg(long)]
        confirm: bool,
    },
    /// Find out what a run would do, without doing it.
    Plan {
        /// Its name.
        name: String,
    },
    /// Delete it, with its runs and issues; the readings stay.
    Delete {
        /// Its name.
        name: String,
    },
}

/// What moves, and what the sync decides by itself.
#[derive(Debug, clap::Args)]
struct Moves {
    /// pull-from-datasource, push-to-datasource, push-from-datasource or pull-from-ourwater. May be
    /// given again.
    #[arg(long = "method")]
    methods: Vec<Method>,
    /// group, resource or reading. May be given again.
    #[arg(long = "datatype")]
    datatypes: Vec<Datatype>,
    /// External ids of resources; none: all. May be given again.
    #[arg(long = "only")]
    only: Vec<String>,
    /// What happens to a reading whose resource is unknown: create or park.
    #[arg(long)]
    missing_resource: Option<MissingResource>,
    /// Who wins a conflict: datasource-wins, ourwater-wins, newest-wins or review.
    #[arg(long)]
    policy: Option<Policy>,
    /// When it runs by itself: never, hourly, daily or weekly.
    #[arg(long)]
    schedule: Option<Schedule>,
    /// What happens to resources that look the same: ask, join or apart.
    #[arg(long)]
    matching: Option<Matching>,
    /// Per cent of the readings there which a run may change before it asks.
    #[arg(long, value_name = "PER CENT")]
    change_percent_max: Option<u32>,
}

impl Sync {
    pub(in crate::cli) async fn run(
        self,
        settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        let access = match self.command {
            Command::List | Command::Show { .. } | Command::Plan { .. } => Access::Read,
            _ => Access::Write,
        };
        let app = open(settings, access).await?;
        let organisation = self.organisation.find(&app).await?;
        match self.command {
            Command::Create { name, datasource, one_time, moves } => {
                let datasource =
                    app.store.datasource_named(&organisation.id, &datasource).await?.id;
                let new = moves.make(datasource, &name, one_time)?;
                show(*output, &app.store.create_sync(&organisation.id, new, &app.clock).await?);
            }
            Command::List => {
                let syncs = app.store.syncs(&organisation.id).await?;
                list(*output, &syncs, |it| format!("{}  {}", it.id, it.name));
            }
            Command::Show { name } => {
                let sync = find(&app, &organisation, &name).await?;
                let last = app.store.last_run(&sync.id).await?;
                let mut shown = json!(sync);
                shown["lastSyncDate"] = json!(sync.last_sync_dates());
                show(*output, &json!({"sync": shown, "lastRun": last}));
            }
            Command::Change { name, enabled, one_time, moves, last_sync } => {
                let sync = find(&app, &organisation, &name).await?;
                let last_sync = last_sync.into_iter().collect();
                let change = SyncChange { one_time, enabled, last_sync, ..moves.change()? };
                show(*output, &app.store.change_sync(&organisation.id, &sync.id, change).await?);
            }
            Command::Run { name, rewind, confirm } => {
                let sync = find(&app, &organisation, &name).await?;
                let how = Trigger { rewind, confirm };
                let run = run_to_end(&app, &organisation, &sync, how).await?;
                let report = RunReport::of(&app, &organisation, &sync, run).await?;
                output.show(&report.text(), &report.json());
                return Ok(report.exit_code());
            }
            Command::Plan { name } => {
                let sync = find(&app, &organisation, &name).await?;
                let plan = app.engine.plan(&organisation.id, &sync.id).await?;
                output.show(&plan_text(&plan), &json!(plan));
            }
            Command::Delete { name } => {
                let sync = find(&app, &organisation, &name).await?;
                app.store.delete_sync(&organisation.id, &sync.id).await?;
                output.show("deleted", &json!({"deleted": sync.id}));
            }
        }
        Ok(COMPLETED)
    }
}

impl Moves {
    fn make(self, datasource: DatasourceId, name: &str, one_time: bool) -> Result<NewSync, Usage> {
        let rules = Rules::default();
        Ok(NewSync {
            datasource,
            name: name.parse().map_err(usage)?,
            methods: some(self.methods).unwrap_or_else(|| vec![Method::PullFromDatasource]),
            datatypes: some(self.datatypes).unwrap_or_else(|| vec![Datatype::Reading]),
            only: Selection::try_from(self.only).map_err(usage)?,
            one_time,
            enabled: true,
            missing_resource: self.missing_resource.unwrap_or(MissingResource::Create),
            rules: Rules {
                policy: self.policy.unwrap_or(rules.policy),
                schedule: self.schedule.unwrap_or(rules.schedule),
                matching: self.matching.unwrap_or(rules.matching),
                change_percent_max: self.change_percent_max.unwrap_or(rules.change_percent_max),
            },
        })
    }

    fn change(self) -> Result<SyncChange, Usage> {
        Ok(SyncChange {
            methods: some(self.methods),
            datatypes: some(self.datatypes),
            only: some(self.only).map(Selection::try_from).transpose().map_err(usage)?,
            missing_resource: self.missing_resource,
            policy: self.policy,
            schedule: self.schedule,
            matching: self.matching,
            change_percent_max: self.change_percent_max,
            ..SyncChange::default()
        })
    }
}

/// What was given; none: nothing was.
fn some<T>(given: Vec<T>) -> Option<Vec<T>> {
    (!given.is_empty()).then_some(given)
}

fn last_sync(text: &str) -> Result<(Method, Timestamp), Usage> {
    let (method, time) = text
        .split_once('=')
        .ok_or_else(|| Usage("write it as METHOD=TIME, TIME 0 for never".to_owned()))?;
    let Moment(time) = time.parse().map_err(usage)?;
    Ok((method.parse().map_err(usage)?, time))
}

fn usage(error: impl std::fmt::Display) -> Usage {
    Usage(error.to_string())
}

fn plan_text(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for (datatype, counts) in &plan.pull {
        let (created, updated, unchanged) = (counts.created, counts.updated, counts.unchanged);
        lines.push(format!(
            "pull {datatype}: {created} to create, {updated} to update, {unchanged} unchanged, {} \
             rejected",
            counts.rejected
        ));
    }
    for (datatype, waiting) in &plan.push {
        let (create, update, retry) = (waiting.create, waiting.update, waiting.retry);
        lines.push(format!(
            "push {datatype}: {create} to create, {update} to update, {retry} to try again"
        ));
    }
    for it in &plan.conflicts {
        let what = it.time.map_or_else(|| it.field.clone(), rfc3339);
        let (ours, theirs, state) = (&it.ours, &it.theirs, it.state);
        lines.push(format!(
            "conflict: {} {what}: ours {ours}, theirs {theirs} ({state})",
            it.record
        ));
    }
    for it in &plan.alike {
        lines.push(format!("alike: {} {} and {} {:?}", it.datatype, it.external, it.id, it.name));
    }
    lines.extend(plan.asks.iter().map(|why| format!("it would stop and ask: {why}")));
    if lines.is_empty() {
        lines.push("a run would do nothing".to_owned());
    }
    clean(&lines.join("\n"))
}

/// A sync by its name or id.
pub(super) async fn find(
    app: &App,
    organisation: &Organisation,
    name: &str,
) -> anyhow::Result<crate::domain::sync::Sync> {
    let syncs = app.store.syncs(&organisation.id).await?;
    let mut found = syncs.into_iter();
    found
        .find(|it| it.name == *name || it.id.as_str() == name)
        .ok_or_else(|| Usage(format!("there is no sync {name:?}: ourwater sync list")).into())
}
