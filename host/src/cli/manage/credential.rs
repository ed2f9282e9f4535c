//! `datasource credential`: what a datasource is entrusted with; no secret is typed on a command line.

use std::io::{IsTerminal as _, Read as _};

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::cli::Usage;
use crate::cli::output::Output;
use crate::domain::clock::rfc3339;
use crate::domain::credential::{self, CredentialName};
use crate::domain::id::OrganisationId;
use crate::store::credential::CREDENTIAL_BYTES_MAX;

use super::{list, show};

/// Where a script may leave the secret.
const SECRET_VARIABLE: &str = "OURWATER_SECRET";

#[derive(Debug, clap::Subcommand)]
pub(super) enum Credential {
    /// Entrust a secret: it is asked for, read from standard input, or taken from `OURWATER_SECRET`.
    Set {
        /// The datasource's name.
        datasource: String,
        /// What the plugin calls it.
        name: String,
        /// How it goes with a request.
        #[arg(long)]
        kind: Kind,
        /// Who, for basic and login; the client, for oauth2.
        #[arg(long)]
        user: Option<String>,
        /// The header's or the parameter's name, where the plugin leaves it open.
        #[arg(long, value_name = "NAME")]
        sent_as: Option<String>,
    },
    /// Names, kinds and dates.
    List {
        /// The datasource's name.
        datasource: String,
    },
    /// Delete one.
    Delete {
        /// The datasource's name.
        datasource: String,
        /// What the plugin calls it.
        name: String,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Kind {
    /// A header.
    Header,
    /// A parameter of the query.
    Query,
    /// HTTP Basic.
    Basic,
    /// A bearer token.
    Bearer,
    /// The host logs in and keeps the token it is given.
    Login,
    /// OAuth 2: the host gets tokens as a client, and keeps and renews them.
    Oauth2,
}

impl Credential {
    pub(super) async fn run(
        self,
        app: &App,
        organisation: &OrganisationId,
        output: Output,
    ) -> anyhow::Result<()> {
        let App { store, seal, clock, .. } = app;
        match self {
            Self::Set { datasource, name, kind, user, sent_as } => {
                let datasource = store.datasource_named(organisation, &datasource).await?.id;
                let (name, it) = (parsed(&name)?, entrusted(kind, user, sent_as)?);
                show(
                    output,
                    &store.entrust(seal, organisation, &datasource, &name, &it, clock).await?,
                );
            }
            Self::List { datasource } => {
                let datasource = store.datasource_named(organisation, &datasource).await?.id;
                let entrusted = store.entrusted(organisation, &datasource).await?;
                list(output, &entrusted, |it| {
                    format!("{}  {}  {}", rfc3339(it.created), it.kind, it.name)
                });
            }
            Self::Delete { datasource, name } => {
                let datasource = store.datasource_named(organisation, &datasource).await?.id;
                let name = parsed(&name)?;
                store.withdraw(organisation, &datasource, &name).await?;
                output.show("deleted", &json!({"deleted": name}));
            }
        }
        Ok(())
    }
}

fn parsed(name: &str) -> anyhow::Result<CredentialName> {
    Ok(name.parse().map_err(|error| Usage(format!("{error}")))?)
}

fn entrusted(
    kind: Kind,
    user: Option<String>,
    sent_as: Option<String>,
) -> anyhow::Result<credential::Credential> {
    let (word, user_field, secret_field) = match kind {
        Kind::Header => ("header", "user", "value"),
        Kind::Query => ("query", "user", "value"),
        Kind::Basic => ("basic", "user", "password"),
        Kind::Bearer => ("bearer", "user", "token"),
        Kind::Login => ("login", "user", "password"),
        Kind::Oauth2 => ("oauth2", "client", "secret"),
    };
    let mut fields = Map::new();
    fields.insert("kind".to_owned(), word.into());
    let given = [(user_field, user), ("name", sent_as)];
    for (field, value) in given.into_iter().filter_map(|(field, it)| Some((field, it?))) {
        fields.insert(field.to_owned(), value.into());
    }
    let named = matches!(kind, Kind::Basic | Kind::Login | Kind::Oauth2);
    if named && !fields.contains_key(user_field) {
        return Err(Usage(format!("--kind {word} needs --user")).into());
    }
    fields.insert(secret_field.to_owned(), secret()?.into());
    let entrusted = serde_json::from_value(Value::Object(fields));
    Ok(entrusted.map_err(|error| Usage(format!("that is no credential: {error}")))?)
}

fn secret() -> anyhow::Result<String> {
    if let Ok(secret) = std::env::var(SECRET_VARIABLE) {
        return Ok(secret);
    }
    if std::io::stdin().is_terminal() {
        let terminal = console::Term::stderr();
        terminal.write_str("secret: ").context("the terminal")?;
        return terminal.read_secure_line().context("the terminal");
    }
    let mut secret = String::new();
    let most = CREDENTIAL_BYTES_MAX as u64 + 1;
    std::io::stdin().take(most).read_to_string(&mut secret).context("standard input")?;
    Ok(secret.trim_end_matches(['\n', '\r']).to_owned())
}
