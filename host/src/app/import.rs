//! A file of this machine becomes a file, a datasource and a sync: again and again the same ones.

use std::path::Path;

use serde_json::{Value, json};

use crate::domain::datasource::Datasource;
use crate::domain::file::{File, FileName};
use crate::domain::name::Name;
use crate::domain::organisation::Organisation;
use crate::domain::plugin::{Failure, Proposal};
use crate::domain::sync::{Datatype, Method, MissingResource, Rules, Selection, Sync};
use crate::store::blob;
use crate::store::datasource::{DatasourceChange, NewDatasource};
use crate::store::sync::{NewSync, SyncChange};
use crate::store::{self};

use super::App;

/// The plugin that reads files.
pub const FILE_PLUGIN: &str = "csv";

/// Why a file could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// Where it is.
        path: String,
        /// Why.
        reason: std::io::Error,
    },
    /// Its name cannot be a file's or a datasource's.
    #[error("{0}")]
    Name(String),
    /// Only a person can decide how it is to be read.
    #[error("how {0:?} is to be read, only a person can decide")]
    Undecided(String, Box<Proposal>),
    /// No table was recognised in it.
    #[error(
        "no readings, resources or groups were recognised in {0:?}: look at it with `ourwater \
         preview`, and say with --config where they are"
    )]
    NothingFound(String),
    /// The plugin could not make sense of it.
    #[error(transparent)]
    Plugin(#[from] Failure),
    /// Its content could not be kept.
    #[error(transparent)]
    Blobs(#[from] blob::Error),
    /// The database could not go on.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl App {
    /// Keeps the content of a file of this machine under its own name.
    pub async fn upload(&self, organisation: &Organisation, path: &Path) -> Result<File, Error> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name: FileName =
            name.parse().map_err(|error| Error::Name(format!("{}: {error}", path.display())))?;
        let unreadable = |reason| Error::Unreadable { path: path.display().to_string(), reason };
        let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
        let kept = self.blobs.write(blob::pieces(file), organisation.limits.file_bytes_max).await?;
        Ok(self.store.save_file(organisation, &name, &kept, &self.clock).await?)
    }

    /// How a file is to be read: what `config` says, and for the rest what the file itself shows.
    pub async fn understand(
        &self,
        organisation: &Organisation,
        file: &str,
        config: &Value,
    ) -> Result<Proposal, Error> {
        let mut config = config.clone();
        if let Some(config) = config.as_object_mut() {
            config.insert("file".to_owned(), json!(file));
        }
        let proposal = self.engine.propose(organisation, FILE_PLUGIN, &config).await?;
        if !proposal.undecided.is_empty() {
            return Err(Error::Undecided(file.to_owned(), Box::new(proposal)));
        }
        if configured(&proposal.config).is_empty() {
            return Err(Error::NothingFound(file.to_owned()));
        }
        Ok(proposal)
    }

    /// The datasource and the sync of a name, made or brought to this configuration.
    pub async fn prepare_import(
        &self,
        organisation: &Organisation,
        name: &str,
        config: Value,
    ) -> Result<Sync, Error> {
        let name: Name = name.parse().map_err(|error| Error::Name(format!("{error}")))?;
        let datatypes = configured(&config);
        let datasource = self.import_datasource(organisation, &name, config).await?;
        self.import_sync(organisation, &name, &datasource, datatypes).await
    }

    async fn import_datasource(
        &self,
        organisation: &Organisation,
        name: &Name,
        config: Value,
    ) -> Result<Datasource, Error> {
        match self.store.datasource_named(&organisation.id, name.as_str()).await {
            Ok(datasource) if datasource.config == config => Ok(datasource),
            Ok(datasource) => {
                let change = DatasourceChange { config: Some(config), ..Default::default() };
                Ok(self.store.change_datasource(&organisation.id, &datasource.id, change).await?)
            }
            Err(store::Error::NotFound { .. }) => {
                let new =
                    NewDatasource { name: name.clone(), plugin: FILE_PLUGIN.to_owned(), config };
                Ok(self.store.create_datasource(&organisation.id, new, &self.clock).await?)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn import_sync(
        &self,
        organisation: &Organisation,
        name: &Name,
        datasource: &Datasource,
        datatypes: Vec<Datatype>,
    ) -> Result<Sync, Error> {
        let syncs = self.store.syncs(&organisation.id).await?;
        let found = syncs
            .into_iter()
            .find(|it| it.datasource == datasource.id && it.name == *name.as_str());
        match found {
            Some(sync) if sync.datatypes == datatypes => Ok(sync),
            Some(sync) => {
                let change = SyncChange { datatypes: Some(datatypes), ..Default::default() };
                Ok(self.store.change_sync(&organisation.id, &sync.id, change).await?)
            }
            None => {
                let new = NewSync {
                    datasource: datasource.id.clone(),
                    name: name.clone(),
                    methods: vec![Method::PullFromDatasource],
                    datatypes,
                    only: Selection::default(),
                    one_time: false,
                    enabled: true,
                    missing_resource: MissingResource::Create,
                    rules: Rules::default(),
                };
                Ok(self.store.create_sync(&organisation.id, new, &self.clock).await?)
            }
        }
    }
}

/// The datatypes that a file's configuration has a section for.
pub fn configured(config: &Value) -> Vec<Datatype> {
    let sections = [
        ("groups", Datatype::Group),
        ("resources", Datatype::Resource),
        ("readings", Datatype::Reading),
    ];
    let has = |section: &str| config.get(section).is_some_and(|it| !it.is_null());
    sections.into_iter().filter(|(name, _)| has(name)).map(|(_, datatype)| datatype).collect()
}
