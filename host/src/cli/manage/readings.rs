//! `readings export`: every reading as CSV.

use std::io::Write as _;

use anyhow::Context as _;

use crate::app::Settings;
use crate::cli::output::Output;
use crate::cli::{COMPLETED, InOrganisation, open};
use crate::domain::clock::rfc3339;
use crate::store::{self, Access};

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Readings {
    /// Every reading as CSV, by resource, series and time, on standard output.
    Export {
        #[command(flatten)]
        organisation: InOrganisation,
    },
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
        _output: &Output,
    ) -> anyhow::Result<u8> {
        let Self::Export { organisation } = self;
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
}

/// A field of CSV (RFC 4180).
fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
