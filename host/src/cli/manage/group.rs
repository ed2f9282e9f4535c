//! `group`: villages, pincodes, countries or areas of one's own.

use crate::app::{App, Settings};
use crate::cli::output::Output;
use crate::cli::{COMPLETED, InOrganisation, open};
use crate::domain::organisation::Organisation;
use crate::store::Access;
use crate::store::our::{GroupFields, OurGroup};

use super::{list, show};

/// Groups listed in one piece.
const PAGE_GROUPS: u32 = 1_000;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Group {
    #[command(flatten)]
    organisation: InOrganisation,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make one.
    Create {
        /// What people call it.
        name: String,
        /// Village, pincode, country or custom.
        #[arg(long, default_value = "village")]
        kind: String,
    },
    /// All of them.
    List,
    /// One of them.
    Show {
        /// Its id, its id elsewhere, or its name.
        group: String,
    },
    /// Change what is given.
    Change {
        /// Its id, its id elsewhere, or its name.
        group: String,
        /// What people call it.
        #[arg(long)]
        name: Option<String>,
        /// Village, pincode, country or custom.
        #[arg(long)]
        kind: Option<String>,
    },
}

impl Group {
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
        let id = &organisation.id;
        match self.command {
            Command::Create { name, kind } => {
                let (boundary, extra) = (Vec::new(), serde_json::Map::new());
                let fields = GroupFields { name, kind, boundary, extra };
                show(*output, &app.put_group(id, None, &fields).await?);
            }
            Command::List => list_all(&app, &organisation, output).await?,
            Command::Show { group } => {
                let group = app.store.group_called(id, &group).await?;
                show(*output, &app.store.group(id, &group).await?);
            }
            Command::Change { group, name, kind } => {
                let group = app.store.group_called(id, &group).await?;
                let mut fields = app.store.group(id, &group).await?.group;
                fields.name = name.unwrap_or(fields.name);
                fields.kind = kind.unwrap_or(fields.kind);
                show(*output, &app.put_group(id, Some(&group), &fields).await?);
            }
        }
        Ok(COMPLETED)
    }
}

async fn list_all(app: &App, organisation: &Organisation, output: &Output) -> anyhow::Result<()> {
    let mut all: Vec<OurGroup> = Vec::new();
    loop {
        let after = all.last().map_or("", |it| it.id.as_str());
        let page = app.store.groups(&organisation.id, after, PAGE_GROUPS).await?;
        let more = page.len() == PAGE_GROUPS as usize;
        all.extend(page);
        if !more {
            break;
        }
    }
    list(*output, &all, |it| format!("{}  {}  {}", it.id, it.group.kind, it.group.name));
    Ok(())
}
