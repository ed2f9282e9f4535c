//! `preview`: how a file would be read, and why.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::app::Settings;
use crate::app::import::{FILE_PLUGIN, configured};
use crate::domain::organisation::Zone;
use crate::domain::page::PageRequest;

use super::import::{Scratch, first_records};
use super::output::{Output, clean, questions};
use super::{BAD_USAGE, COMPLETED, Usage, config};

/// Records shown as they would be read.
const RECORDS_SHOWN: u32 = 5;

/// Examples:
///   ourwater preview wells.csv
///   ourwater preview wells.csv --set readings.time.pattern=%d/%m/%Y --zone Asia/Kolkata
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Preview {
    /// The file.
    file: PathBuf,
    /// What is decided already: JSON, or a file of it.
    #[arg(long)]
    config: Option<String>,
    /// One field of the configuration: path.to.field=value. May be given again.
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
    /// The zone of times that name none [default: UTC].
    #[arg(long)]
    zone: Option<String>,
}

impl Preview {
    pub(super) async fn run(self, settings: &Settings, output: &Output) -> anyhow::Result<u8> {
        let zone: Zone = match &self.zone {
            Some(zone) => zone.parse().map_err(|error| Usage(format!("{error}")))?,
            None => Zone::UTC,
        };
        let scratch = Scratch::open(settings, &self.file, zone).await?;
        let engine = &scratch.app.engine;
        let mut config = config(self.config.as_deref(), &self.set)?;
        config["file"] = json!(scratch.file);
        let proposal = engine.propose(&scratch.organisation, FILE_PLUGIN, &config).await?;
        for remark in &proposal.found {
            output.say(&format!("{:24} {}", clean(&remark.field), clean(&remark.text)));
        }
        output.say(&zone_line(&proposal.config, zone, self.zone.is_some()));
        output.say(&format!("\nconfiguration: {}", clean(&proposal.config.to_string())));
        if !proposal.undecided.is_empty() {
            output.show(&questions(&proposal), &json!({"proposal": proposal}));
            return Ok(BAD_USAGE);
        }
        let mut records = Vec::new();
        for datatype in configured(&proposal.config) {
            let request = PageRequest {
                datatype,
                cursor: None,
                limit: RECORDS_SHOWN,
                since: None,
                only: Vec::new(),
            };
            let page = engine
                .sample(&scratch.organisation, FILE_PLUGIN, &proposal.config, &request)
                .await?;
            records.extend(first_records(&page.items, RECORDS_SHOWN as usize));
            records.extend(page.rejected.iter().map(|it| format!("{}: {}", it.place, it.reason)));
        }
        output.say("\nthe first records, as they would be read:");
        for record in &records {
            output.say(&format!("  {}", clean(record)));
        }
        output.object(&json!({"proposal": proposal, "records": records}));
        Ok(COMPLETED)
    }
}

fn zone_line(config: &Value, zone: Zone, given: bool) -> String {
    let said = config.get("zone").and_then(Value::as_str).filter(|it| *it != zone.name());
    match said {
        Some(zone) => format!("{:24} {} (from the configuration)", "zone", clean(zone)),
        None if given => format!("{:24} {} (from --zone)", "zone", zone.name()),
        None => format!("{:24} {} (the default; --zone changes it)", "zone", zone.name()),
    }
}
