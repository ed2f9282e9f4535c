//! `file`: uploaded files.

use std::path::PathBuf;

use serde_json::json;

use crate::app::Settings;
use crate::cli::output::Output;
use crate::cli::{COMPLETED, InOrganisation, Usage, open};
use crate::store::Access;

use super::{list, show};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct File {
    #[command(flatten)]
    organisation: InOrganisation,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Upload one, under its own name.
    Upload {
        /// Where it is.
        path: PathBuf,
    },
    /// All of them.
    List,
    /// Delete one that no datasource uses.
    Delete {
        /// Its name.
        name: String,
    },
}

impl File {
    pub(in crate::cli) async fn run(
        self,
        settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        let access =
            if matches!(self.command, Command::List) { Access::Read } else { Access::Write };
        let app = open(settings, access).await?;
        let organisation = self.organisation.find(&app).await?;
        match self.command {
            Command::Upload { path } => show(*output, &app.upload(&organisation, &path).await?),
            Command::List => {
                let files = app.store.files(&organisation.id).await?;
                list(*output, &files, |it| format!("{:>12} bytes  {}", it.size, it.name));
            }
            Command::Delete { name } => {
                let name = name.parse().map_err(|error| Usage(format!("{error}")))?;
                app.store.delete_file(&organisation.id, &name).await?;
                output.show("deleted", &json!({"deleted": name}));
            }
        }
        Ok(COMPLETED)
    }
}
