//! `admin`: those who decide on plugins, and their tokens.

use serde_json::json;

use crate::app::Settings;
use crate::cli::output::Output;
use crate::cli::{COMPLETED, Usage, open};
use crate::domain::clock::rfc3339;
use crate::store::Access;

use super::list;

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Admin {
    /// Make one; prints its token, once.
    Create {
        /// Its name: the audit trail says it.
        name: String,
    },
    /// All of them.
    List,
    /// Give it a new token; the old one is void.
    Token {
        /// Its name.
        name: String,
    },
    /// Delete it: its token is void.
    Delete {
        /// Its name.
        name: String,
    },
}

impl Admin {
    pub(in crate::cli) async fn run(
        self,
        settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        let access = if matches!(self, Self::List) { Access::Read } else { Access::Write };
        let app = open(settings, access).await?;
        match self {
            Self::Create { name } => {
                let name = name.parse().map_err(|error| Usage(format!("{error}")))?;
                let (administrator, token) =
                    app.store.create_administrator(&name, &app.clock).await?;
                let text = format!("{}\ntoken: {}", administrator.name, token.as_str());
                output.show(&text, &json!({"name": administrator.name, "token": token.as_str()}));
            }
            Self::List => {
                let all = app.store.administrators().await?;
                list(*output, &all, |it| format!("{}  {}", rfc3339(it.created), it.name));
            }
            Self::Token { name } => {
                let token = app.store.renew_administrator(&name).await?;
                let text = format!("token: {}", token.as_str());
                output.show(&text, &json!({"token": token.as_str()}));
            }
            Self::Delete { name } => {
                app.store.delete_administrator(&name).await?;
                output.show("deleted", &json!({"deleted": name}));
            }
        }
        Ok(COMPLETED)
    }
}
