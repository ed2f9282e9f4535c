//! `plugin`: components that reach other systems, from their first line on.

mod check;
mod decide;
mod inspect;
mod new;

use crate::app::Settings;
use crate::cli::COMPLETED;
use crate::cli::output::Output;
use crate::domain::limit::Setting;

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Plugin {
    /// Begin one: a project that builds, is tested and checked as it stands.
    New(new::New),
    /// Say what a component is, what it asks for, and whether it fits; needs no database.
    Inspect(inspect::Inspect),
    /// Try every promise of the contract against a scripted system; needs no server.
    Check(check::Check),
    /// Every limit: its name, what it is here, what it counts, and whether a version can have another.
    Limits,
    #[command(flatten)]
    Decide(decide::Decide),
}

impl Plugin {
    pub(in crate::cli) async fn run(
        self,
        settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        match self {
            Self::New(new) => new.run(*output),
            Self::Inspect(inspect) => inspect.run(settings, output).await,
            Self::Check(check) => check.run(settings, output).await,
            Self::Limits => {
                let limits: Vec<Setting> = settings.limits.settings().collect();
                super::list(*output, &limits, limit);
                Ok(COMPLETED)
            }
            Self::Decide(decide) => decide.run(settings, output).await,
        }
    }
}

fn limit(setting: &Setting) -> String {
    let whose = if setting.is_of_host() { "host   " } else { "version" };
    format!("{:38}{:>15}  {whose}  {}", setting.name, setting.words(), setting.meaning)
}
