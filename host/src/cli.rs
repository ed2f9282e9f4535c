//! The commands: what a person types, what is printed, and the exit code.

mod compile;
mod demo;
mod import;
mod manage;
mod output;
mod preview;
mod report;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use serde_json::Value;

use crate::app::{App, Settings};
use crate::domain::limit::Change;
use crate::domain::network::Networks;
use crate::domain::organisation::{Limits, Organisation, Zone};
use crate::domain::setting::Setting;
use crate::plugin;
use crate::plugin::compiler::{self, Compiler};
use crate::store::organisation::NewOrganisation;
use crate::store::{self, Access};
use crate::sync::pull::Tuning;

use output::Output;

/// Everything went through.
const COMPLETED: u8 = 0;
/// It could not go on.
const FAILED: u8 = 1;
/// Everything moved but the records listed as issues.
const WITH_ISSUES: u8 = 2;
/// What was typed or configured cannot be done.
const BAD_USAGE: u8 = 3;

/// Keeps groundwater data in step between OurWater and other systems.
///
/// Exit codes: 0 completed, 1 failed, 2 completed with issues, 3 bad usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "ourwater", version, max_term_width = 100)]
struct Arguments {
    /// The database: a path, or sqlite: and a path.
    #[arg(long, global = true, env = "OURWATER_DATABASE", default_value = "ourwater.db")]
    database: String,
    /// Where uploaded files are kept [default: beside the database].
    #[arg(long, global = true, value_name = "FOLDER")]
    files: Option<PathBuf>,
    /// A network outside the internet that plugins may reach, as 10.1.0.0/16. May be given again.
    #[arg(long, global = true, value_name = "CIDR", env = "OURWATER_ALLOW_NETWORK")]
    allow_network: Vec<Networks>,
    /// A limit of every plugin, as `ourwater plugin limits` lists them. May be given again.
    #[arg(long, global = true, value_name = "NAME=NUMBER")]
    plugin_limit: Vec<Change>,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    /// Records a page is asked for.
    #[arg(long, global = true, hide = true, value_name = "RECORDS")]
    page_records: Option<u32>,
    /// Records gathered before a commit.
    #[arg(long, global = true, hide = true, value_name = "RECORDS")]
    gather_records: Option<usize>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pull a bundled sample file through the sandbox, twice, and show what moved.
    Demo(demo::Demo),
    /// Show how a file would be read: columns, times, numbers, and what it leaves open.
    Preview(preview::Preview),
    /// Read a file into the database; typed again, it goes on where it was stopped.
    Import(import::Import),
    /// Answer HTTP: the API, the trigger of syncs, the pages.
    Serve(serve::Serve),
    /// Organisations: the tenants.
    #[command(subcommand)]
    Org(manage::Org),
    /// Administrators: they decide on plugins.
    #[command(subcommand)]
    Admin(manage::Admin),
    /// Plugins: components that reach other systems, in a sandbox.
    #[command(subcommand)]
    Plugin(manage::Plugin),
    /// Datasources: a plugin and its configuration.
    Datasource(manage::Datasource),
    /// Syncs: what moves between a datasource and OurWater.
    Sync(manage::Sync),
    /// Runs of syncs, and what became of every record.
    Run(manage::Run),
    /// What both sides of a sync changed differently.
    Conflict(manage::Conflict),
    /// Uploaded files.
    File(manage::File),
    /// Groups: villages, pincodes, countries or areas of one's own.
    Group(manage::Group),
    /// Resources: where water is observed.
    Resource(manage::Resource),
    /// Readings in OurWater.
    #[command(subcommand)]
    Readings(manage::Readings),
    #[command(name = compiler::COMMAND, hide = true)]
    Compile(compile::Compile),
}

/// What a command ends in that was nobody's mistake in the program.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// How an organisation is chosen.
#[derive(Debug, Clone, clap::Args)]
struct InOrganisation {
    /// The organisation's name or id [default: the only one].
    #[arg(long)]
    org: Option<String>,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { BAD_USAGE } else { COMPLETED };
            // Nothing can be said where neither output can be written to.
            let _ = error.print();
            return code.into();
        }
    };
    // Its limits come first, and it needs neither log nor runtime.
    if let Command::Compile(compile) = arguments.command {
        return compile.run().into();
    }
    start_log();
    let output = Output::new(arguments.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.failed(&error.into()).into(),
    };
    match runtime.block_on(run(arguments, &output)) {
        Ok(code) => code.into(),
        Err(error) => output.failed(&error).into(),
    }
}

async fn run(arguments: Arguments, output: &Output) -> anyhow::Result<u8> {
    let defaults = Tuning::default();
    let settings = Settings {
        database: arguments.database,
        files: arguments.files,
        access: Access::Write,
        allow_networks: arguments.allow_network.into_iter().flat_map(Networks::into_list).collect(),
        tuning: Tuning {
            page_records_max: arguments.page_records.unwrap_or(defaults.page_records_max),
            gather_records_max: arguments.gather_records.unwrap_or(defaults.gather_records_max),
            ..defaults
        },
        limits: limits(&arguments.plugin_limit)?,
        compiler: Compiler::of_this_program().context("this program's own path")?,
    };
    match arguments.command {
        Command::Demo(demo) => demo.run(&settings, output).await,
        Command::Preview(preview) => preview.run(&settings, output).await,
        Command::Import(import) => import.run(&settings, output).await,
        Command::Serve(serve) => serve.run(&settings).await,
        Command::Org(command) => command.run(&settings, output).await,
        Command::Admin(command) => command.run(&settings, output).await,
        Command::Plugin(command) => command.run(&settings, output).await,
        Command::Datasource(command) => command.run(&settings, output).await,
        Command::Sync(command) => command.run(&settings, output).await,
        Command::Run(command) => command.run(&settings, output).await,
        Command::Conflict(command) => command.run(&settings, output).await,
        Command::Group(command) => command.run(&settings, output).await,
        Command::Resource(command) => command.run(&settings, output).await,
        Command::File(command) => command.run(&settings, output).await,
        Command::Readings(command) => command.run(&settings, output).await,
        Command::Compile(compile) => Ok(compile.run()),
    }
}

/// Those of this host.
fn limits(changes: &[Change]) -> Result<plugin::Limits, Usage> {
    let mut limits = plugin::Limits::default();
    for Change { name, value } in changes {
        limits.set(name, *value).map_err(|error| Usage(error.to_string()))?;
    }
    Ok(limits)
}

fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("OURWATER_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

async fn open(settings: &Settings, access: Access) -> anyhow::Result<App> {
    Ok(App::open(&Settings { access, ..settings.clone() }).await?)
}

impl InOrganisation {
    async fn find(&self, app: &App) -> anyhow::Result<Organisation> {
        let organisations = app.store.organisations().await?;
        let Some(wanted) = &self.org else {
            return match <[Organisation; 1]>::try_from(organisations) {
                Ok([only]) => Ok(only),
                Err(all) if all.is_empty() => {
                    Err(Usage("there is no organisation yet: ourwater org create NAME".into())
                        .into())
                }
                Err(all) => {
                    Err(Usage(format!("which organisation? --org, one of: {}", names(&all))).into())
                }
            };
        };
        let known = names(&organisations);
        let mut found = organisations.into_iter();
        found.find(|it| it.name == *wanted || it.id.as_str() == wanted).ok_or_else(|| {
            Usage(format!("there is no organisation {wanted:?}; there are: {known}")).into()
        })
    }

    /// The one named or the only one; where there is none at all, one is made.
    async fn find_or_make(&self, app: &App, zone: Zone) -> anyhow::Result<Organisation> {
        if !app.store.organisations().await?.is_empty() {
            return self.find(app).await;
        }
        let name = self.org.clone().unwrap_or_else(|| "default".to_owned());
        let name = name.parse().map_err(|error| Usage(format!("{error}")))?;
        let new = NewOrganisation { name, zone, limits: Limits::default() };
        let (organisation, _) = app.store.create_organisation(new, &app.clock).await?;
        tracing::info!(organisation = %organisation.name, "made, since there was none");
        Ok(organisation)
    }
}

fn names(organisations: &[Organisation]) -> String {
    let names: Vec<&str> = organisations.iter().map(|it| it.name.as_str()).collect();
    names.join(", ")
}

/// A configuration from a file or as JSON, with `path.to.field=value` set in it.
fn config(text: Option<&str>, sets: &[String]) -> anyhow::Result<Value> {
    let mut config = match text {
        None => Value::Object(serde_json::Map::new()),
        Some(text) if text.trim_start().starts_with('{') => serde_json::from_str(text)
            .map_err(|error| Usage(format!("--config is not JSON: {error}")))?,
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("the configuration {path} cannot be read"))?;
            serde_json::from_str(&text).map_err(|error| Usage(format!("{path}: {error}")))?
        }
    };
    for set in sets {
        let setting: Setting = set.parse().map_err(|error| Usage(format!("--set: {error}")))?;
        setting.apply(&mut config).map_err(|error| Usage(format!("--set: {error}")))?;
    }
    Ok(config)
}

/// What the error's kind says of the exit code.
fn exit_code(error: &anyhow::Error) -> u8 {
    use crate::app::{edit, import, life};
    use crate::check;
    use crate::domain::plugin::Failure;
    use crate::plugin;
    use crate::sync::Refusal;
    let store = error.downcast_ref::<store::Error>();
    let usage = error.is::<Usage>()
        || matches!(error.downcast_ref(), Some(Failure::Config { .. } | Failure::Denied(_)))
        || matches!(
            store,
            Some(
                store::Error::NotFound { .. }
                    | store::Error::Several { .. }
                    | store::Error::Taken { .. }
            )
        )
        || matches!(error.downcast_ref(), Some(life::Error::Store(store::Error::NotFound { .. })))
        || matches!(
            error.downcast_ref(),
            Some(life::Error::Limit(_) | life::Error::Unclear(_) | life::Error::Check(_))
        )
        || matches!(
            error.downcast_ref(),
            Some(life::Error::Component(error)) if error.is_of_component()
        )
        || error.downcast_ref().is_some_and(plugin::Error::is_of_component)
        || matches!(error.downcast_ref(), Some(edit::Error::Unfit(_)))
        || matches!(error.downcast_ref(), Some(edit::Error::Store(store::Error::NotFound { .. })))
        || matches!(
            error.downcast_ref(),
            Some(
                import::Error::Undecided(..)
                    | import::Error::NothingFound(_)
                    | import::Error::Name(_)
                    | import::Error::Unreadable { .. }
                    | import::Error::Plugin(Failure::Config { .. })
            )
        )
        || matches!(
            error.downcast_ref(),
            Some(
                Refusal::Config(_)
                    | Refusal::Plugin(_)
                    | Refusal::File(_)
                    | Refusal::Ungranted(_)
                    | Refusal::Unsupported(_)
            )
        )
        || matches!(
            error.downcast_ref(),
            Some(check::Error::Config(_) | check::Error::Script(_) | check::Error::Skip { .. })
        )
        || error.is::<check::FixtureError>();
    if usage { BAD_USAGE } else { FAILED }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }
}
