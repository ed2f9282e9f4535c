//! `demo`: a bundled file with honest faults, pulled through the sandbox into a database, twice; then
//! a small LegacyMyWell of its own, kept in step with OurWater in both directions.

mod file;
mod mywell;
mod two_way;

use ipnet::IpNet;
use serde_json::json;

use crate::app::{App, Settings};
use crate::domain::organisation::{Limits, Organisation, Zone};
use crate::http::stand_in;
use crate::store::Access;
use crate::store::organisation::NewOrganisation;

use super::output::Output;
use super::{COMPLETED, FAILED, open};

#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Go on, and answer HTTP with what was pulled.
    #[arg(long)]
    serve: bool,
}

impl Demo {
    pub(super) async fn run(self, settings: &Settings, output: &Output) -> anyhow::Result<u8> {
        let folder = tempfile::tempdir()?;
        let settings = Settings {
            database: folder.path().join("demo.db").display().to_string(),
            files: None,
            // Plugins reach the demo's own server, and nothing else of this machine's networks.
            allow_networks: vec![IpNet::from(stand_in::ADDRESS)],
            ..settings.clone()
        };
        let app = open(&settings, Access::Write).await?;
        let (organisation, token) = make_organisation(&app, "Dharta").await?;
        let file = file::pull_twice(&app, &organisation, folder.path(), output).await?;
        let two_way = two_way::show(&app, output).await?;
        let sound = file.is_sound() && two_way.is_sound();
        output.object(&json!({
            "status": if sound { "completed" } else { "failed" },
            "readings": file.readings,
            "runs": file.runs_json(),
            "two_way": two_way.json(),
        }));
        if self.serve {
            output.say(&format!("\ntoken of the organisation {}: {token}", organisation.name));
            super::serve::serve(app, super::serve::DEFAULT_LISTEN, Vec::new()).await?;
        }
        Ok(if sound { COMPLETED } else { FAILED })
    }
}

async fn make_organisation(app: &App, name: &str) -> anyhow::Result<(Organisation, String)> {
    let zone: Zone = "Asia/Kolkata".parse()?;
    let new = NewOrganisation { name: name.parse()?, zone, limits: Limits::default() };
    let (organisation, token) = app.store.create_organisation(new, &app.clock).await?;
    Ok((organisation, token.as_str().to_owned()))
}
