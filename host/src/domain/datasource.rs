//! A datasource: one plugin and its configuration, in one organisation.

use serde::Serialize;
use serde_json::Value;

use super::clock::Timestamp;
use super::id::{DatasourceId, OrganisationId};

/// One plugin and its configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Datasource {
    /// Its id.
    pub id: DatasourceId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Unique in the organisation.
    pub name: String,
    /// The plugin's name; the version is the active one.
    pub plugin: String,
    /// A JSON object, as the plugin's schema describes it.
    pub config: Value,
    /// When it was made.
    pub created: Timestamp,
}
