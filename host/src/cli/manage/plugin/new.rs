//! `plugin new`: a project to begin with.

use std::path::PathBuf;

use serde_json::json;

use crate::cli::output::Output;
use crate::cli::{COMPLETED, Usage};
use crate::kit::{self, Error, Language, Name};

/// Examples:
///   ourwater plugin new rain-gauges --lang rust
///   ourwater plugin new rain-gauges --lang python --to plugins/rain
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(in crate::cli) struct New {
    /// What it is called: a-z, 0-9 and the hyphen.
    name: Name,
    /// What it is written in.
    #[arg(long)]
    lang: Lang,
    /// The folder, which must not be there yet [default: the name].
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Lang {
    Rust,
    Python,
}

impl New {
    pub(in crate::cli) fn run(self, output: Output) -> anyhow::Result<u8> {
        let language = match self.lang {
            Lang::Rust => Language::Rust,
            Lang::Python => Language::Python,
        };
        let folder = self.to.unwrap_or_else(|| PathBuf::from(self.name.to_string()));
        kit::begin(&self.name, language, &folder).map_err(|error| match error {
            Error::Present(_) => Usage(error.to_string()).into(),
            Error::Write { .. } => anyhow::Error::from(error),
        })?;
        let component = language.component(&self.name);
        let check =
            format!("ourwater plugin check {component} --config config.json --fixture fixture");
        let mut next = vec![format!("cd {}", folder.display())];
        next.extend(language.commands().iter().map(ToString::to_string));
        next.push(check);
        output.say(&format!("{} is begun. Now type:\n\n  {}\n", self.name, next.join("\n  ")));
        output.say("Its README.md says the rest.");
        output.object(&json!({
            "name": self.name.to_string(), "folder": folder, "component": component, "next": next,
        }));
        Ok(COMPLETED)
    }
}
