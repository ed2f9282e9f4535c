//! `plugin inspect`: a component before anyone allows it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use crate::app::Settings;
use crate::cli::folder::Folder;
use crate::cli::output::{Output, clean};
use crate::cli::{BAD_USAGE, COMPLETED};
use crate::domain::report::{Linked, Report};
use crate::domain::sync::Datatype;
use crate::plugin::{self, Limits, Plugins};

/// Where the second column of the report begins.
const COLUMN: usize = 14;

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
        let component = read(&self.file, Limits::default().component_bytes_max)?;
        let folder = Folder::new()?;
        let plugins = Plugins::new(plugin::Settings {
            cache: folder.0.join("compiled"),
            limits: Limits::default(),
            compiler: settings.compiler.clone(),
        })?;
        let inspected = match plugins.inspect(&component).await {
            Ok(inspected) => inspected,
            Err(plugin::Error::Unfit(mistakes)) => return Ok(unfit(&mistakes, output)),
            Err(error) => return Err(error.into()),
        };
        output.show(&text(&inspected.report), &json!(inspected.report));
        Ok(COMPLETED)
    }
}

/// One byte more than allowed, at most: whatever is longer is refused by its length.
fn read(path: &Path, bytes_max: usize) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let open = || {
        let mut component = Vec::new();
        let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
        std::fs::File::open(path)?.take(most).read_to_end(&mut component)?;
        std::io::Result::Ok(component)
    };
    open().with_context(|| format!("the component {} cannot be read", path.display()))
}

fn unfit(mistakes: &[String], output: &Output) -> u8 {
    let version = plugin::contract();
    output.say(&format!("The component does not fit ourwater:datasource {version}:"));
    for mistake in mistakes {
        output.say(&format!("  - {}", clean(mistake)));
    }
    output.object(&json!({"status": "failed", "contract": version, "mistakes": mistakes}));
    BAD_USAGE
}

fn text(report: &Report) -> String {
    let Report { description, .. } = report;
    let mut lines = vec![format!("{} {}", description.name, description.version)];
    lines.push(row("digest", &format!("sha256:{}", report.digest)));
    lines.push(row("contract", &format!("ourwater:datasource {}", report.contract)));
    lines.push(row("gets", &datatypes(&description.gets)));
    lines.push(row("takes", &datatypes(&description.pushes)));
    lines.push(row("made with", &made_with(report)));
    lines.push(row("size", &size(report)));
    lines.push(row("asks for", if report.asks.is_empty() { "nothing" } else { "" }));
    lines.extend(report.asks.iter().map(|it| pair(&it.permission.to_string(), &it.why)));
    lines.push(row("imports", if report.imports.is_empty() { "nothing" } else { "" }));
    lines.extend(report.imports.iter().map(linked));
    lines.push(row("exports", ""));
    lines.extend(report.exports.iter().map(linked));
    lines.push(row("warnings", if report.warnings.is_empty() { "none" } else { "" }));
    lines.extend(report.warnings.iter().map(|it| format!("  - {it}")));
    lines.push("\nIt fits.".to_owned());
    clean(&lines.join("\n"))
}

fn row(name: &str, value: &str) -> String {
    format!("{name:COLUMN$}{value}").trim_end().to_owned()
}

fn pair(name: &str, meaning: &str) -> String {
    format!("  {name}: {meaning}")
}

fn linked(linked: &Linked) -> String {
    pair(&linked.name, &linked.meaning)
}

fn datatypes(datatypes: &[Datatype]) -> String {
    if datatypes.is_empty() {
        return "nothing".to_owned();
    }
    datatypes.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ")
}

fn made_with(report: &Report) -> String {
    let language = report.language.iter().cloned();
    let tools = report.tools.iter().map(ToString::to_string);
    match language.chain(tools).collect::<Vec<_>>() {
        all if all.is_empty() => "it does not say".to_owned(),
        all => all.join(", "),
    }
}

fn size(report: &Report) -> String {
    let took = match report.compile_ms {
        Some(milliseconds) => format!("compiled in {milliseconds} ms"),
        None => "compiled before".to_owned(),
    };
    format!(
        "{} bytes, {} modules, {} functions (largest {} bytes); {took} to {} bytes",
        report.bytes,
        report.modules,
        report.functions,
        report.largest_function_bytes,
        report.compiled_bytes,
    )
}
