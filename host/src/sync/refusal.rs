//! Why a run was not started: nothing was asked of anything outside.

use crate::domain::id::RunId;
use crate::domain::plugin::Remark;
use crate::store;

use super::granted::Ungranted;
use super::registry::Unready;

/// Why a run was not started.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The sync is switched off.
    #[error("the sync is disabled: enable it first")]
    Disabled,
    /// A one-time sync has completed.
    #[error("the sync runs once, and has completed: make another, or make it a lasting one")]
    Consumed {
        /// The run that completed it.
        run: Option<RunId>,
    },
    /// It is running.
    #[error("the sync is running already, as {0}: wait for it, or cancel it")]
    Running(RunId),
    /// The organisation runs as much as it may.
    #[error("the organisation runs {runs_max} syncs already, as many as it may: try again later")]
    Busy {
        /// Its limit.
        runs_max: u32,
    },
    /// The plugin is not active.
    #[error(transparent)]
    Plugin(#[from] Unready),
    /// The configuration names a file that is not the organisation's.
    #[error(
        "the datasource names the file {0:?}, which this organisation does not have: upload it"
    )]
    File(String),
    /// The configuration does not fit the plugin's schema.
    #[error("the datasource's configuration is not valid: {}", mistakes(.0))]
    Config(Vec<Remark>),
    /// Requests cannot be granted.
    #[error(transparent)]
    Ungranted(#[from] Ungranted),
    /// The plugin cannot do it.
    #[error("{0}")]
    Unsupported(String),
    /// Not there, or the database could not go on.
    #[error(transparent)]
    Store(#[from] store::Error),
}

fn mistakes(remarks: &[Remark]) -> String {
    let one = |remark: &Remark| match remark.field.as_str() {
        "" => remark.text.clone(),
        field => format!("{field}: {}", remark.text),
    };
    remarks.iter().map(one).collect::<Vec<_>>().join("; ")
}
