//! `conflict`: what both sides of a sync changed differently, and the choice between the two.

use crate::app::Settings;
use crate::cli::output::Output;
use crate::cli::{COMPLETED, InOrganisation, Usage, open};
use crate::domain::clock::rfc3339;
use crate::domain::conflict::{self, Choice, ConflictState};
use crate::domain::id::ConflictId;
use crate::store::Access;

use super::{list, show, sync};

/// Conflicts listed; deciding some brings the next.
const LISTED_MAX: u32 = 10_000;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Conflict {
    #[command(flatten)]
    organisation: InOrganisation,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Those of a sync, the open ones first.
    List {
        /// The sync's name.
        sync: String,
        /// Only those that stand so: open, ours or theirs.
        #[arg(long)]
        state: Option<ConflictState>,
    },
    /// Decide one: the chosen value is here at once, and there after the next run.
    Resolve {
        /// Its id.
        id: String,
        /// Whose value is right: ours or theirs.
        #[arg(long)]
        choose: Choice,
    },
}

impl Conflict {
    pub(in crate::cli) async fn run(
        self,
        settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        let access = match self.command {
            Command::List { .. } => Access::Read,
            Command::Resolve { .. } => Access::Write,
        };
        let app = open(settings, access).await?;
        let organisation = self.organisation.find(&app).await?;
        match self.command {
            Command::List { sync: name, state } => {
                let sync = sync::find(&app, &organisation, &name).await?;
                let found =
                    app.store.conflicts(&organisation.id, &sync.id, state, LISTED_MAX).await?;
                list(*output, &found, line);
            }
            Command::Resolve { id, choose } => {
                let id: ConflictId = id.parse().map_err(|error| Usage(format!("{error}")))?;
                let now = app.clock.now();
                let decided =
                    app.store.resolve_conflict(&organisation.id, &id, choose.into(), now).await?;
                show(*output, &decided);
            }
        }
        Ok(COMPLETED)
    }
}

fn line(conflict: &conflict::Conflict) -> String {
    let what = conflict.time.map_or_else(|| conflict.field.clone(), rfc3339);
    format!(
        "{}  {}  {} {what}: ours {}, theirs {}",
        conflict.id, conflict.state, conflict.record, conflict.ours, conflict.theirs
    )
}
