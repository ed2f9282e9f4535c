//! `readings`: all of them as CSV, and single ones as a person wants them.

use std::io::Write as _;

use anyhow::Context as _;

use crate::app::Settings;
use crate::app::edit::Wanted;
use crate::cli::output::Output;
use crate::cli::{COMPLETED, InOrganisation, open};
use crate::domain::clock::{Moment, rfc3339};
use crate::store::{self, Access};

use super::show;

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Readings {
    /// Every reading as CSV, by resource, series and time, on standard output.
    Export {
        #[command(flatten)]
        organisation: InOrganisation,
    },
    /// Make, change or remove one as OurWater's own.
    Set(Set),
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Set {
    #[command(flatten)]
    organisation: InOrganisation,
    /// The resource: its id, its id elsewhere, or its name.
    resource: String,
    /// What was observed.
    #[arg(long)]
    property: String,
    /// UCUM: m, mm, Cel …
    #[arg(long)]
    unit: String,
    /// Tells series of one property apart.
    #[arg(long, default_value = "")]
    name: String,
    /// When: 2020-01-31T12:00:00Z, or milliseconds since 1970.
    #[arg(long)]
    time: Moment,
    /// The value.
    #[arg(long, required_unless_present = "remove", allow_negative_numbers = true)]
    value: Option<f64>,
    /// There is to be no reading.
    #[arg(long, conflicts_with = "value")]
    remove: bool,
    /// 0 unknown, 1 good, 2 suspect, 3 bad.
    #[arg(long, default_value_t = 0)]
    quality: u8,
}

/// What stopped an export.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("standard output: {0}")]
    Output(#[from] std::io::Error),
}

impl Readings {
    pub(in crate::cli) async fn run(
        self,
        settings: &Settings,
        output: &Output,
    ) -> anyhow::Result<u8> {
        match self {
            Self::Export { organisation } => export(settings, &organisation).await,
            Self::Set(set) => set.run(settings, output).await,
        }
    }
}

impl Set {
    async fn run(self, settings: &Settings, output: &Output) -> anyhow::Result<u8> {
        let app = open(settings, Access::Write).await?;
        let organisation = self.organisation.find(&app).await?.id;
        let resource = app.store.resource_called(&organisation, &self.resource).await?;
        let Self { property, unit, name, time, value, quality, .. } = self;
        let wanted = Wanted { property, unit, name, time, value, quality };
        let counts = app.set_readings(&organisation, &resource, vec![wanted]).await?;
        show(*output, &counts);
        Ok(COMPLETED)
    }
}

async fn export(settings: &Settings, organisation: &InOrganisation) -> anyhow::Result<u8> {
    let app = open(settings, Access::Read).await?;
    let organisation = organisation.find(&app).await?;
    let mut stdout = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(stdout, "resource,series,property,unit,time,value,quality")?;
    app.store
        .export_readings(&organisation.id, |row| {
            let texts = [&row.resource, &row.series, &row.property, &row.unit];
            let texts: Vec<String> = texts.into_iter().map(|text| quoted(text)).collect();
            let (time, value, quality) = (rfc3339(row.time), row.value, row.quality);
            writeln!(stdout, "{},{time},{value},{quality}", texts.join(","))?;
            Ok::<(), Stopped>(())
        })
        .await
        .context("the export was cut off")?;
    stdout.flush()?;
    Ok(COMPLETED)
}

/// A field of CSV (RFC 4180).
fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
