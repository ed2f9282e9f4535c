//! `plugin`: components that reach other systems, from a look at a file on.

mod new;

use crate::app::Settings;
use crate::cli::output::Output;

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Plugin {
    /// Begin one: a project that builds, is tested and checked as it stands.
    New(new::New),
}

impl Plugin {
    // The others of this enum wait for something.
    #[expect(clippy::unused_async, reason = "commands are run alike")]
    pub(in crate::cli) async fn run(
        self,
        _settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        match self {
            Self::New(new) => new.run(*output),
        }
    }
}
