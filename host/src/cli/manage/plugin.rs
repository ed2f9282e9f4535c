//! `plugin`: components that reach other systems, from a look at a file on.

mod inspect;

use crate::app::Settings;
use crate::cli::output::Output;

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Plugin {
    /// Say what a component is, what it asks for, and whether it fits; needs no database.
    Inspect(inspect::Inspect),
}

impl Plugin {
    pub(in crate::cli) async fn run(
        self,
        settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        match self {
            Self::Inspect(inspect) => inspect.run(settings, output).await,
        }
    }
}
