//! `plugin inspect`: a component before anyone allows it.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::app::Settings;
use crate::cli::output::{Output, clean};
use crate::cli::{BAD_USAGE, COMPLETED, Usage};
use crate::domain::permission::Asked;
use crate::domain::report::{Linked, Report};
use crate::plugin::{self, Plugins};

/// Where the second column of the report begins.
const COLUMN: usize = 11;

/// Examples:
///   ourwater plugin inspect rain.wasm
///   ourwater plugin inspect rain.wasm --json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(in crate::cli) struct Inspect {
    /// The component.
    file: PathBuf,
}

impl Inspect {
    pub(super) async fn run(self, settings: &Settings, output: &Output) -> anyhow::Result<u8> {
        let component = read(&self.file, settings.limits.component_bytes_max)?;
        let folder = tempfile::tempdir()?;
        let plugins = Plugins::new(plugin::Settings {
            cache: folder.path().join("compiled"),
            limits: settings.limits.clone(),
            compiler: settings.compiler.clone(),
        })?;
        let inspected = match plugins.inspect(&component).await {
            Ok(inspected) => inspected,
            Err(plugin::Error::Unfit(mistakes)) => return Ok(unfit(&mistakes, *output)),
            Err(error) => return Err(error.into()),
        };
        output.show(&text(&inspected.report), &json!(inspected.report));
        Ok(COMPLETED)
    }
}

/// One byte more than allowed, at most: whatever is longer is refused by its length.
fn read(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Usage> {
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut component = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut component));
    match read {
        Ok(_) => Ok(component),
        Err(error) => {
            Err(Usage(format!("the component {} cannot be read: {error}", path.display())))
        }
    }
}

fn unfit(mistakes: &[String], output: Output) -> u8 {
    let version = plugin::contract();
    output.say(&format!("The component does not fit ourwater:datasource {version}:"));
    for mistake in mistakes {
        output.say(&format!("  - {}", clean(mistake)));
    }
    output.object(&json!({"status": "failed", "contract": version, "mistakes": mistakes}));
    BAD_USAGE
}

/// First what it is, then what a person decides on.
fn text(report: &Report) -> String {
    let Report { description, .. } = report;
    let mut lines = vec![format!("{} {}", description.name, description.version)];
    lines.extend(report.facts().map(|(name, fact)| format!("  {name:COLUMN$}{fact}")));
    lines.extend(listed("It asks to be allowed", report.asks.iter().map(asked)));
    lines.extend(listed("It imports", report.imports.iter().map(linked)));
    lines.extend(listed("It exports", report.exports.iter().map(linked)));
    lines.extend(listed("Worth a look", report.warnings.iter().cloned()));
    lines.push("\nIt fits. It runs only once it is added, allowed and activated.".to_owned());
    clean(&lines.join("\n"))
}

/// A heading and what stands under it.
fn listed(heading: &str, items: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    if items.len() == 0 {
        return vec![format!("\n{heading}: nothing")];
    }
    let heading = format!("\n{heading}:");
    std::iter::once(heading).chain(items.map(|item| format!("  - {item}"))).collect()
}

fn asked(Asked { permission, why }: &Asked) -> String {
    let why = if why.is_empty() { "it does not say why" } else { why };
    format!("{permission}: {}; why: {why}", permission.words())
}

fn linked(Linked { name, meaning }: &Linked) -> String {
    format!("{name}: {meaning}")
}
