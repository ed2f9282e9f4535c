//! `sync`: what moves between a datasource and OurWater.

use serde_json::json;

use crate::app::App;
use crate::app::Settings;
use crate::cli::import::{RunReport, run_to_end};
use crate::cli::output::Output;
use crate::cli::{COMPLETED, InOrganisation, Usage, open};
use crate::domain::organisation::Organisation;
use crate::domain::sync::{Datatype, Method, MissingResource, Rules, Selection};
use crate::store::Access;
use crate::store::sync::{NewSync, SyncChange};
use crate::sync::Trigger;

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
        /// What moves.
        #[arg(long = "datatype", default_values_t = [Datatype::Reading])]
        datatypes: Vec<Datatype>,
        /// External ids of resources; none: all.
        #[arg(long = "only")]
        only: Vec<String>,
        /// Run once to completion.
        #[arg(long)]
        one_time: bool,
        /// What happens to a reading whose resource is unknown: create or park.
        #[arg(long, default_value_t = MissingResource::Create)]
        missing_resource: MissingResource,
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
        /// What moves.
        #[arg(long = "datatype")]
        datatypes: Vec<Datatype>,
        /// Run once to completion.
        #[arg(long)]
        one_time: Option<bool>,
    },
    /// Run it now, and wait for its end.
    Run {
        /// Its name.
        name: String,
        /// Read the source from the beginning.
        #[arg(long)]
        rewind: bool,
    },
    /// Delete it, with its runs and issues; the readings stay.
    Delete {
        /// Its name.
        name: String,
    },
}

impl Sync {
    pub(in crate::cli) async fn run(
        self,
        settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        let access = match self.command {
            Command::List | Command::Show { .. } => Access::Read,
            _ => Access::Write,
        };
        let app = open(settings, access).await?;
        let organisation = self.organisation.find(&app).await?;
        match self.command {
            Command::Create { name, datasource, datatypes, only, one_time, missing_resource } => {
                let datasource =
                    app.store.datasource_named(&organisation.id, &datasource).await?.id;
                let new = NewSync {
                    datasource,
                    name: name.parse().map_err(|error| Usage(format!("{error}")))?,
                    methods: vec![Method::PullFromDatasource],
                    datatypes,
                    only: Selection::try_from(only).map_err(|error| Usage(error.to_string()))?,
                    one_time,
                    enabled: true,
                    missing_resource,
                    rules: Rules::default(),
                };
                show(*output, &app.store.create_sync(&organisation.id, new, &app.clock).await?);
            }
            Command::List => {
                let syncs = app.store.syncs(&organisation.id).await?;
                list(*output, &syncs, |it| format!("{}  {}", it.id, it.name));
            }
            Command::Show { name } => {
                let sync = find(&app, &organisation, &name).await?;
                let last = app.store.last_run(&sync.id).await?;
                show(*output, &json!({"sync": sync, "lastRun": last}));
            }
            Command::Change { name, enabled, datatypes, one_time } => {
                let sync = find(&app, &organisation, &name).await?;
                let datatypes = (!datatypes.is_empty()).then_some(datatypes);
                let change = SyncChange { datatypes, one_time, enabled, ..Default::default() };
                show(*output, &app.store.change_sync(&organisation.id, &sync.id, change).await?);
            }
            Command::Run { name, rewind } => {
                let sync = find(&app, &organisation, &name).await?;
                let run =
                    run_to_end(&app, &organisation, &sync, Trigger { rewind, confirm: false })
                        .await?;
                let report = RunReport::of(&app, &organisation, &sync, run).await?;
                output.show(&report.text(), &report.json());
                return Ok(report.exit_code());
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

async fn find(
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
