//! The life of a plugin, typed: add, show, allow, activate, roll back, delete.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use crate::app::life::{Added, Checking};
use crate::app::{App, Settings};
use crate::check::Outcome;
use crate::cli::output::{Output, clean};
use crate::cli::{COMPLETED, open};
use crate::domain::clock::rfc3339;
use crate::domain::limit::Change;
use crate::domain::permission::{Allowance, Permission, asked};
use crate::domain::version::{Version, VersionState};
use crate::store::{Access, blob};

use crate::cli::manage::list;

/// Of whom the audit trail tells when somebody types.
const WHO: &str = "command line";

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Decide {
    /// Inspect a component and keep it; it runs only once it is allowed and active.
    Add {
        /// The component, a .wasm file.
        file: PathBuf,
        /// Check it, too, with this configuration: JSON, or a file of it. What was found is kept.
        #[arg(long)]
        config: Option<String>,
        /// The other system it is checked against: a folder, or a file of JSON.
        #[arg(long, requires = "config")]
        fixture: Option<PathBuf>,
    },
    /// Every version, the active one of each name first.
    List,
    /// One version: what was found, what it asks for, what was decided, who uses it.
    Show {
        /// Its digest, or the beginning of it.
        digest: String,
    },
    /// Let a version run, with what is granted of what it asks.
    Allow {
        /// Its digest, or the beginning of it.
        digest: String,
        /// Grant everything it asks for.
        #[arg(long, conflicts_with = "permission")]
        all: bool,
        /// Grant this: `files`, `http:configured`, `http:ORIGIN` or `credential:NAME`. May be given
        /// again.
        #[arg(long, value_name = "PERMISSION")]
        permission: Vec<Permission>,
        /// A limit that differs from the usual one. May be given again.
        #[arg(long, value_name = "NAME=NUMBER")]
        limit: Vec<Change>,
    },
    /// Take the decision back: it waits again.
    Withdraw {
        /// Its digest, or the beginning of it.
        digest: String,
    },
    /// Make an allowed version the one of its name that runs.
    Activate {
        /// Its digest, or the beginning of it.
        digest: String,
    },
    /// Make the version active again that was so before.
    Rollback {
        /// The plugin's name.
        name: String,
    },
    /// Delete a version that nothing uses.
    Delete {
        /// Its digest, or the beginning of it.
        digest: String,
    },
    /// Who did what, the latest first.
    Events {
        /// So many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
}

impl Decide {
    pub(in crate::cli) async fn run(
        self,
        settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        let reads = matches!(self, Self::List | Self::Show { .. } | Self::Events { .. });
        let app = open(settings, if reads { Access::Read } else { Access::Write }).await?;
        match self {
            Self::Add { file, config, fixture } => {
                let checking = config.map(|it| checking(&it, fixture.as_deref())).transpose()?;
                add(&app, &file, checking, *output).await?;
            }
            Self::List => list(*output, &app.store.versions().await?, line),
            Self::Show { digest } => show(&app, &app.find_version(&digest).await?, *output).await?,
            Self::Allow { digest, all, permission, limit } => {
                let version = app.find_version(&digest).await?;
                let permissions = if all {
                    Allowance::of_all(&asked_by(&version)).permissions
                } else {
                    permission.into_iter().collect()
                };
                let limits = limit.into_iter().map(|it| (it.name, it.value)).collect();
                let allowance = Allowance { permissions, limits };
                let version = app.allow_plugin(&version.digest, &allowance, WHO).await?;
                show(&app, &version, *output).await?;
            }
            Self::Withdraw { digest } => {
                let version = app.find_version(&digest).await?;
                show(&app, &app.withdraw_plugin(&version.digest, WHO).await?, *output).await?;
            }
            Self::Activate { digest } => {
                let version = app.find_version(&digest).await?;
                show(&app, &app.activate_plugin(&version.digest, WHO).await?, *output).await?;
            }
            Self::Rollback { name } => {
                show(&app, &app.roll_back_plugin(&name, WHO).await?, *output).await?;
            }
            Self::Delete { digest } => {
                let version = app.find_version(&digest).await?;
                app.delete_plugin(&version.digest, WHO).await?;
                output.show("deleted", &json!({"deleted": version.digest}));
            }
            Self::Events { limit } => {
                let events = app.store.plugin_events(limit).await?;
                list(*output, &events, |it| {
                    let at = rfc3339(it.at);
                    let version = format!("{} {} ({})", it.name, it.version, it.digest.short());
                    format!("{at}  {}  {} {version}  {}", it.who, it.what, it.details)
                });
            }
        }
        Ok(COMPLETED)
    }
}

fn checking(config: &str, fixture: Option<&Path>) -> anyhow::Result<Checking> {
    let config = crate::cli::config(Some(config), &[])?;
    let fixture = fixture.map(super::check::fixture).transpose()?.unwrap_or_default();
    Ok(Checking { config, fixture, skip: BTreeMap::new() })
}

async fn add(
    app: &App,
    file: &Path,
    checking: Option<Checking>,
    output: Output,
) -> anyhow::Result<()> {
    let opened = tokio::fs::File::open(file).await;
    let opened = opened.with_context(|| format!("{} cannot be read", file.display()))?;
    let Added { mut version, new } = app.add_plugin(blob::pieces(opened), WHO).await?;
    if let Some(checking) = checking {
        let tell = |outcome: &Outcome| super::check::tell(output, outcome);
        version = app.check_plugin(&version.digest, &checking, WHO, tell).await?.0;
    }
    show(app, &version, output).await?;
    if !new {
        output.say("it was here already");
    }
    Ok(())
}

/// All that a person decides on, and what to type next.
async fn show(app: &App, version: &Version, output: Output) -> anyhow::Result<()> {
    let users = app.store.plugin_users(&version.name).await?;
    output.say(&line(version));
    output.say(&format!("  digest   {}", version.digest));
    if let Some(report) = &version.report {
        for text in found(report) {
            output.say(&clean(&format!("  {text}")));
        }
    }
    let granted = version.allowance.as_ref();
    for asked in asked_by(version) {
        let given = granted.is_some_and(|it| it.permissions.contains(&asked.permission));
        let mark = if given { "granted" } else { "asks   " };
        let text =
            format!("  {mark}  {}: {} ({})", asked.permission, asked.permission.words(), asked.why);
        output.say(&clean(&text));
    }
    for (name, value) in granted.into_iter().flat_map(|it| &it.limits) {
        output.say(&format!("  limit    {name} {value}"));
    }
    for user in &users {
        let text = format!("  used by  {} of {}", user.datasource, user.organisation);
        output.say(&clean(&text));
    }
    if let Some(next) = next(version) {
        output.say(&next);
    }
    let mut object = json!(version);
    object["users"] = json!(users);
    output.object(&object);
    Ok(())
}

/// What to type next.
fn next(version: &Version) -> Option<String> {
    let digest = version.digest.short();
    match version.state {
        VersionState::Uploaded => Some(format!(
            "it waits for a decision: ourwater plugin allow {digest} --permission … (or --all)"
        )),
        VersionState::Allowed => Some(format!("it may run: ourwater plugin activate {digest}")),
        VersionState::Active => None,
    }
}

/// Of the report, what helps to decide.
fn found(report: &serde_json::Value) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(language) = report["language"].as_str() {
        lines.push(format!("language {language}"));
    }
    if let Some(bytes) = report["bytes"].as_u64() {
        lines.push(format!("size     {bytes} bytes"));
    }
    let warnings = report["warnings"].as_array().into_iter().flatten();
    lines.extend(warnings.filter_map(|it| Some(format!("warning  {}", it.as_str()?))));
    lines
}

fn line(version: &Version) -> String {
    let whence = if version.built_in { ", of this program" } else { "" };
    let Version { name, version: text, state, digest, .. } = version;
    format!("{}  {name} {text}  {state}{whence}", digest.short())
}

fn asked_by(version: &Version) -> Vec<crate::domain::permission::Asked> {
    let asks = version.description.get("asks").cloned().unwrap_or_default();
    asked(&serde_json::from_value(asks).unwrap_or_default()).unwrap_or_default()
}
