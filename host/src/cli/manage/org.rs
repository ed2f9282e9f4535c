//! `org`: organisations and their tokens.

use serde_json::json;

use crate::app::Settings;
use crate::cli::output::Output;
use crate::cli::{COMPLETED, InOrganisation, Usage, open};
use crate::domain::organisation::{Limits, Zone};
use crate::store::Access;
use crate::store::organisation::{NewOrganisation, OrganisationChange};

use super::{list, show};

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Org {
    /// Make one; prints its token, once.
    Create {
        /// Its name.
        name: String,
        /// What times without a zone are read in, such as Asia/Kolkata.
        #[arg(long, default_value = "UTC")]
        zone: String,
    },
    /// All of them.
    List,
    /// One of them.
    Show {
        /// Its name or id.
        org: String,
    },
    /// Change its name or zone.
    Change {
        /// Its name or id.
        org: String,
        /// Its new name.
        #[arg(long)]
        name: Option<String>,
        /// Its new zone.
        #[arg(long)]
        zone: Option<String>,
    },
    /// Give it a new token; the old one is void.
    Token {
        /// Its name or id.
        org: String,
    },
    /// Delete it, once it owns nothing.
    Delete {
        /// Its name or id.
        org: String,
    },
}

impl Org {
    pub(in crate::cli) async fn run(
        self,
        settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        match self {
            Self::Create { name, zone } => create(settings, output, &name, &zone).await?,
            Self::List => {
                let app = open(settings, Access::Read).await?;
                let organisations = app.store.organisations().await?;
                list(*output, &organisations, |it| {
                    format!("{}  {}  {}", it.id, it.zone.name(), it.name)
                });
            }
            Self::Show { org } => {
                let app = open(settings, Access::Read).await?;
                show(*output, &named(org).find(&app).await?);
            }
            Self::Change { org, name, zone } => {
                let app = open(settings, Access::Write).await?;
                let organisation = named(org).find(&app).await?;
                let change = OrganisationChange {
                    name: name.map(|name| name.parse()).transpose().map_err(usage)?,
                    zone: zone.map(|zone| zone.parse()).transpose().map_err(usage)?,
                    limits: None,
                };
                show(*output, &app.store.change_organisation(&organisation.id, change).await?);
            }
            Self::Token { org } => {
                let app = open(settings, Access::Write).await?;
                let organisation = named(org).find(&app).await?;
                let token = app.store.renew_token(&organisation.id).await?;
                output.show(token.as_str(), &json!({"token": token.as_str()}));
            }
            Self::Delete { org } => {
                let app = open(settings, Access::Write).await?;
                let organisation = named(org).find(&app).await?;
                app.store.delete_organisation(&organisation.id).await?;
                output.show("deleted", &json!({"deleted": organisation.id}));
            }
        }
        Ok(COMPLETED)
    }
}

async fn create(
    settings: &Settings,
    output: &Output,
    name: &str,
    zone: &str,
) -> anyhow::Result<()> {
    let zone: Zone = zone.parse().map_err(usage)?;
    let name = name.parse().map_err(usage)?;
    let app = open(settings, Access::Write).await?;
    let new = NewOrganisation { name, zone, limits: Limits::default() };
    let (organisation, token) = app.store.create_organisation(new, &app.clock).await?;
    output.show(
        &format!(
            "{}  {}\ntoken, shown this once: {}",
            organisation.id,
            organisation.name,
            token.as_str()
        ),
        &json!({"organisation": organisation, "token": token.as_str()}),
    );
    Ok(())
}

fn named(org: String) -> InOrganisation {
    InOrganisation { org: Some(org) }
}

fn usage(error: impl std::fmt::Display) -> Usage {
    Usage(error.to_string())
}
