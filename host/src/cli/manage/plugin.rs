//! `plugin`: components that reach other systems, from a look at a file on.

mod check;

use crate::app::Settings;
use crate::cli::output::Output;

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Plugin {
    /// Try every promise of the contract against a scripted system; needs no server.
    Check(check::Check),
}

impl Plugin {
    pub(in crate::cli) async fn run(
        self,
        settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        match self {
            Self::Check(check) => check.run(settings, output).await,
        }
    }
}
