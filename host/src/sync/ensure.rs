//! What must hold before anything outside is asked: each thing with a refusal of its own.

use std::sync::Arc;

use serde_json::Value;

use crate::domain::datasource::Datasource;
use crate::domain::id::{OrganisationId, SyncId};
use crate::domain::organisation::Organisation;
use crate::domain::plugin::{Description, Failure};
use crate::domain::sync::{Datatype, Method, Sync};
use crate::grant::Http;
use crate::grant::files::Files;
use crate::grant::log::LogSink;
use crate::plugin::Grant;

use super::registry::Allowed;
use super::source::Configured;
use super::{Engine, Refusal, config, granted};

/// Everything that was made sure of before anything outside is asked.
pub(super) struct Ensured {
    pub(super) sync: Sync,
    pub(super) datasource: Datasource,
    pub(super) allowed: Arc<Allowed>,
    pub(super) config: Value,
    pub(super) files: Option<Files>,
    pub(super) http: Option<Http>,
}

impl Ensured {
    /// The plugin in its sandbox, with what it is granted.
    pub(super) async fn source(&self, log: LogSink) -> Result<Configured, Failure> {
        let grant = Grant {
            files: self.files.clone(),
            http: self.http.clone(),
            log: Some(log),
            ..Grant::default()
        };
        let instance = self.allowed.plugin.instance(grant).await?;
        Ok(Configured { instance, config: self.config.to_string() })
    }
}

impl Engine {
    /// What must hold before anything outside is asked; each has its own refusal.
    pub(super) async fn ensure(
        &self,
        organisation: &OrganisationId,
        sync: &SyncId,
    ) -> Result<Ensured, Refusal> {
        let store = &self.inner.store;
        let sync = store.sync(organisation, sync).await?;
        let datasource = store.datasource(organisation, &sync.datasource).await?;
        let organisation = store.organisation(organisation).await?;
        self.ensure_free(&organisation)?;
        if !sync.enabled {
            return Err(Refusal::Disabled);
        }
        if sync.consumed {
            let run = store.last_run(&sync.id).await?.map(|run| run.id);
            return Err(Refusal::Consumed { run });
        }
        let allowed = self.inner.registry.get(&datasource.plugin).await?;
        let description = allowed.plugin.description();
        let config = config::fill_in(&datasource.config, description, organisation.zone);
        let mistakes = config::mistakes(&config, description);
        if !mistakes.is_empty() {
            return Err(Refusal::Config(mistakes));
        }
        ensure_supported(&sync, description)?;
        let present = store.files(&organisation.id).await?;
        // What is pushed makes its file.
        let written = sync.does(Method::PushToDatasource).then_some(&datasource.id);
        let missing = config::missing_file(&config, description, &present);
        if let Some(name) = missing.filter(|_| written.is_none()) {
            return Err(Refusal::File(name));
        }
        let means = &self.inner.means;
        let entrusted = store.credentials(&means.seal, &organisation.id, &datasource.id).await?;
        let network = means.network.of(datasource.id.as_str());
        let http = granted::http(&network, &allowed, &config, &entrusted)?;
        let files = self.files(&allowed, &organisation.id, &config, written).await?;
        Ok(Ensured { sync, datasource, allowed, config, files, http })
    }

    fn ensure_free(&self, organisation: &Organisation) -> Result<(), Refusal> {
        let active = self.active();
        let running = active.values().filter(|active| active.organisation == organisation.id);
        if running.count() < organisation.limits.runs_max as usize {
            return Ok(());
        }
        Err(Refusal::Busy { runs_max: organisation.limits.runs_max })
    }
}

fn ensure_supported(sync: &Sync, description: &Description) -> Result<(), Refusal> {
    let does = |method| sync.methods.contains(&method);
    let (pulls, pushes) = (does(Method::PullFromDatasource), does(Method::PushToDatasource));
    if !pulls && !pushes {
        return Err(Refusal::Unsupported(
            "the sync has no method that OurWater starts: the other system posts to it, or reads \
             from it"
                .to_owned(),
        ));
    }
    let (gives, takes) = (&description.gets, &description.pushes);
    let name = &description.name;
    if pushes && !sync.datatypes.iter().any(|datatype| takes.contains(datatype)) {
        return Err(Refusal::Unsupported(format!(
            "the plugin {name} takes none of what the sync pushes: take push-to-datasource out of it"
        )));
    }
    let missing = |datatype: &&Datatype| {
        !(pulls && gives.contains(datatype) || pushes && takes.contains(datatype))
    };
    match sync.datatypes.iter().find(missing) {
        Some(datatype) => Err(Refusal::Unsupported(format!(
            "the plugin {name} gives no {datatype}; take it out of the sync"
        ))),
        None => Ok(()),
    }
}
