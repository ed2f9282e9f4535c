//! `resource`: where water is observed; made and changed here they are OurWater's own.

use crate::app::{App, Settings};
use crate::cli::output::Output;
use crate::cli::{COMPLETED, InOrganisation, open};
use crate::domain::organisation::Organisation;
use crate::domain::page::Position;
use crate::store::Access;
use crate::store::our::{OurResource, ResourceFields};

use super::{list, show};

/// Resources listed in one piece.
const PAGE_RESOURCES: u32 = 1_000;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Resource {
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
        #[command(flatten)]
        described: Described,
    },
    /// All of them.
    List,
    /// One of them.
    Show {
        /// Its id, its id elsewhere, or its name.
        resource: String,
    },
    /// Change what is given.
    Change {
        /// Its id, its id elsewhere, or its name.
        resource: String,
        /// What people call it.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        described: Described,
    },
}

/// What a person says of it.
#[derive(Debug, clap::Args)]
struct Described {
    /// Well, raingauge, checkdam, quality point or custom.
    #[arg(long)]
    kind: Option<String>,
    /// Degrees east, WGS 84.
    #[arg(long, requires = "latitude", allow_negative_numbers = true)]
    longitude: Option<f64>,
    /// Degrees north, WGS 84.
    #[arg(long, requires = "longitude", allow_negative_numbers = true)]
    latitude: Option<f64>,
    /// Ground surface, metres above mean sea level.
    #[arg(long, allow_negative_numbers = true)]
    elevation: Option<f64>,
    /// Whose it is.
    #[arg(long)]
    owner: Option<String>,
    /// A group it is in: its id, its id elsewhere, or its name. May be given again.
    #[arg(long = "group")]
    groups: Vec<String>,
}

impl Resource {
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
            Command::Create { name, described } => {
                let kind = described.kind.clone().unwrap_or_else(|| "well".to_owned());
                let fields = described.change(&app, &organisation, unknown(name, kind)).await?;
                show(*output, &app.put_resource(id, None, &fields).await?);
            }
            Command::List => list_all(&app, &organisation, output).await?,
            Command::Show { resource } => {
                let resource = app.store.resource_called(id, &resource).await?;
                show(*output, &app.store.resource(id, &resource).await?);
            }
            Command::Change { resource, name, described } => {
                let resource = app.store.resource_called(id, &resource).await?;
                let mut fields = app.store.resource(id, &resource).await?.resource;
                fields.name = name.unwrap_or(fields.name);
                let fields = described.change(&app, &organisation, fields).await?;
                show(*output, &app.put_resource(id, Some(&resource), &fields).await?);
            }
        }
        Ok(COMPLETED)
    }
}

impl Described {
    /// The fields with what was given in them.
    async fn change(
        self,
        app: &App,
        organisation: &Organisation,
        mut fields: ResourceFields,
    ) -> anyhow::Result<ResourceFields> {
        let position = self.longitude.zip(self.latitude);
        let position = position.map(|(longitude, latitude)| Position { longitude, latitude });
        fields.position = position.or(fields.position);
        fields.kind = self.kind.unwrap_or(fields.kind);
        fields.elevation = self.elevation.or(fields.elevation);
        fields.owner = self.owner.or(fields.owner);
        if !self.groups.is_empty() {
            fields.groups.clear();
        }
        for group in &self.groups {
            fields.groups.push(app.store.group_called(&organisation.id, group).await?);
        }
        Ok(fields)
    }
}

fn unknown(name: String, kind: String) -> ResourceFields {
    ResourceFields {
        name,
        kind,
        position: None,
        elevation: None,
        owner: None,
        groups: Vec::new(),
        extra: serde_json::Map::new(),
    }
}

async fn list_all(app: &App, organisation: &Organisation, output: &Output) -> anyhow::Result<()> {
    let mut all: Vec<OurResource> = Vec::new();
    loop {
        let after = all.last().map_or("", |it| it.id.as_str());
        let page = app.store.resources(&organisation.id, after, PAGE_RESOURCES).await?;
        let more = page.len() == PAGE_RESOURCES as usize;
        all.extend(page);
        if !more {
            break;
        }
    }
    list(*output, &all, |it| format!("{}  {}  {}", it.id, it.resource.kind, it.resource.name));
    Ok(())
}
