//! `plugin`: components that reach other systems, from their first line on.

mod check;
mod decide;
mod inspect;
mod new;

use crate::app::Settings;
use crate::cli::output::Output;

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Plugin {
    /// Begin one: a project that builds, is tested and checked as it stands.
    New(new::New),
    /// Say what a component is, what it asks for, and whether it fits; needs no database.
    Inspect(inspect::Inspect),
    /// Try every promise of the contract against a scripted system; needs no server.
    Check(check::Check),
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
            Self::Decide(decide) => decide.run(settings, output).await,
        }
    }
}
