//! `datasource`: plugins and their configurations.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use crate::app::{App, Settings};
use crate::cli::output::Output;
use crate::cli::{COMPLETED, InOrganisation, Usage, config, open};
use crate::domain::datasource;
use crate::store::Access;
use crate::store::datasource::{DatasourceChange, NewDatasource};

use super::credential::Credential;
use super::{list, show};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Datasource {
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
        /// The plugin.
        #[arg(long, default_value = "csv")]
        plugin: String,
        /// JSON, or a file of it.
        #[arg(long)]
        config: Option<String>,
        /// One field of the configuration: path.to.field=value. May be given again.
        #[arg(long, value_name = "FIELD=VALUE")]
        set: Vec<String>,
        /// Work out from the source what the configuration leaves open.
        #[arg(long)]
        propose: bool,
    },
    /// All of them.
    List,
    /// One of them.
    Show {
        /// Its name.
        name: String,
    },
    /// Replace its configuration.
    Change {
        /// Its name.
        name: String,
        /// JSON, or a file of it.
        #[arg(long)]
        config: Option<String>,
        /// One field of the configuration: path.to.field=value. May be given again.
        #[arg(long, value_name = "FIELD=VALUE")]
        set: Vec<String>,
    },
    /// What it is entrusted with: secrets go in and never come out.
    #[command(subcommand)]
    Credential(Credential),
    /// Write a file that was pushed to it into a file of this machine.
    Export {
        /// Its name.
        name: String,
        /// The file of this machine; one that is there is not overwritten.
        file: PathBuf,
        /// Which of its files [default: the only one].
        #[arg(long)]
        export: Option<String>,
    },
    /// Delete it, once no sync uses it.
    Delete {
        /// Its name.
        name: String,
    },
}

impl Datasource {
    pub(in crate::cli) async fn run(
        self,
        settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        let access = match self.command {
            Command::List
            | Command::Show { .. }
            | Command::Export { .. }
            | Command::Credential(Credential::List { .. }) => Access::Read,
            _ => Access::Write,
        };
        let app = open(settings, access).await?;
        let organisation = self.organisation.find(&app).await?;
        let id = &organisation.id;
        match self.command {
            Command::Create { name, plugin, config: text, set, propose } => {
                let mut config = config(text.as_deref(), &set)?;
                if propose {
                    let proposal = app.engine.propose(&organisation, &plugin, &config).await?;
                    if !proposal.undecided.is_empty() {
                        return Err(Usage(super::super::output::questions(&proposal)).into());
                    }
                    config = proposal.config;
                }
                let name = name.parse().map_err(|error| Usage(format!("{error}")))?;
                let new = NewDatasource { name, plugin, config };
                show(*output, &app.store.create_datasource(id, new, &app.clock).await?);
            }
            Command::List => {
                let datasources = app.store.datasources(id).await?;
                list(*output, &datasources, |it| format!("{}  {}  {}", it.id, it.plugin, it.name));
            }
            Command::Show { name } => show(*output, &app.store.datasource_named(id, &name).await?),
            Command::Change { name, config: text, set } => {
                let datasource = app.store.datasource_named(id, &name).await?;
                let text = text.unwrap_or_else(|| datasource.config.to_string());
                let config = Some(config(Some(&text), &set)?);
                let change = DatasourceChange { config, ..Default::default() };
                show(*output, &app.store.change_datasource(id, &datasource.id, change).await?);
            }
            Command::Credential(command) => command.run(&app, id, *output).await?,
            Command::Export { name, file, export } => {
                let datasource = app.store.datasource_named(id, &name).await?;
                let bytes = export_to(&app, &datasource, export, &file).await?;
                let text = format!("{bytes} bytes written to {}", file.display());
                output.show(&text, &json!({"file": file, "bytes": bytes}));
            }
            Command::Delete { name } => {
                let datasource = app.store.datasource_named(id, &name).await?;
                app.store.delete_datasource(id, &datasource.id).await?;
                output.show("deleted", &json!({"deleted": datasource.id}));
            }
        }
        Ok(COMPLETED)
    }
}

/// Copies an export; how many bytes it has.
async fn export_to(
    app: &App,
    datasource: &datasource::Datasource,
    export: Option<String>,
    file: &Path,
) -> anyhow::Result<u64> {
    let all = app.exports(datasource).await?;
    let names: Vec<&str> = all.iter().map(|it| it.name.as_str()).collect();
    let name = match (export, names.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => (*only).to_owned(),
        (None, []) => return Err(Usage("nothing was pushed to it yet".to_owned()).into()),
        (None, _) => {
            return Err(Usage(format!("which? --export, one of: {}", names.join(", "))).into());
        }
    };
    let found = app.export(datasource, &name).await?;
    let (path, size) = found.ok_or_else(|| Usage(format!("there is no export {name:?}")))?;
    let cannot = || format!("{} cannot be written", file.display());
    let mut from = tokio::fs::File::open(path).await.with_context(cannot)?;
    let mut to = tokio::fs::File::create_new(file).await.with_context(cannot)?;
    tokio::io::copy(&mut tokio::io::AsyncReadExt::take(&mut from, size), &mut to)
        .await
        .with_context(cannot)?;
    to.sync_all().await.with_context(cannot)?;
    Ok(size)
}
