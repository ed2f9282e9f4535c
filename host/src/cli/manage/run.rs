//! `run`: runs of syncs, and what became of every record.

use crate::app::Settings;
use crate::cli::output::{Output, clean};
use crate::cli::report::issues;
use crate::cli::{COMPLETED, InOrganisation, Usage, open};
use crate::domain::clock::rfc3339;
use crate::domain::id::RunId;
use crate::store::Access;

use super::{list, show};

/// Runs listed, the last first.
const RUNS_LISTED_MAX: u32 = 100;

/// Issues listed.
const ISSUES_LISTED_MAX: u32 = 10_000;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Run {
    #[command(flatten)]
    organisation: InOrganisation,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// The last ones.
    List,
    /// One of them.
    Show {
        /// Its id.
        id: String,
    },
    /// What its plugin and the host wrote down.
    Log {
        /// Its id.
        id: String,
    },
    /// The records of its sync that could not be moved.
    Issues {
        /// Its id.
        id: String,
    },
}

impl Run {
    pub(in crate::cli) async fn run(
        self,
        settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        let app = open(settings, Access::Read).await?;
        let organisation = self.organisation.find(&app).await?.id;
        match self.command {
            Command::List => {
                let runs = app.store.runs(&organisation, None, RUNS_LISTED_MAX).await?;
                list(*output, &runs, |it| {
                    let records = it.counts.records();
                    format!("{}  {}  {} records  {}", it.id, rfc3339(it.started), records, it.state)
                });
            }
            Command::Show { id } => {
                show(*output, &app.store.run(&organisation, &parse(&id)?).await?);
            }
            Command::Log { id } => {
                let run = app.store.run(&organisation, &parse(&id)?).await?;
                let lines = app.store.run_log(&run.id).await?;
                list(*output, &lines, |it| {
                    format!("{} {} {}", rfc3339(it.at), it.level, it.message)
                });
            }
            Command::Issues { id } => {
                let run = app.store.run(&organisation, &parse(&id)?).await?;
                let found =
                    app.store.issues(&organisation, &run.sync, None, ISSUES_LISTED_MAX).await?;
                list(*output, &found, |it| clean(issues(std::slice::from_ref(it)).trim_start()));
            }
        }
        Ok(COMPLETED)
    }
}

fn parse(id: &str) -> Result<RunId, Usage> {
    id.parse().map_err(|error| Usage(format!("{error}")))
}
