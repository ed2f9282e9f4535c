//! A sync: what moves between one datasource and OurWater.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::clock::Timestamp;
use super::id::{DatasourceId, OrganisationId, SyncId};
use super::plan::Policy;

/// What moves between one datasource and OurWater.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sync {
    /// Its id.
    pub id: SyncId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The other side.
    pub datasource: DatasourceId,
    /// Unique in the organisation.
    pub name: String,
    /// What a run does, in this order.
    pub methods: Vec<Method>,
    /// What moves; each once, in the order group, resource, reading.
    pub datatypes: Vec<Datatype>,
    /// External ids of resources; empty: all.
    pub only: Selection,
    /// Runs once to completion, then never again.
    pub one_time: bool,
    /// May run.
    pub enabled: bool,
    /// A one-time sync that has completed.
    pub consumed: bool,
    /// What happens to a reading whose resource OurWater does not know.
    pub missing_resource: MissingResource,
    /// What it decides by itself.
    #[serde(flatten)]
    pub rules: Rules,
    /// For each method: when the last run that completed started, ms; 0 at first.
    #[serde(rename = "lastSyncDate")]
    pub last_sync: BTreeMap<Method, Timestamp>,
    /// When it was made.
    pub created: Timestamp,
}

impl Sync {
    /// For each of its methods, when the last run that completed started, ms; 0 where none did.
    pub fn last_sync_dates(&self) -> BTreeMap<Method, Timestamp> {
        let date = |method: &Method| self.last_sync.get(method).copied().unwrap_or_default();
        self.methods.iter().map(|method| (*method, date(method))).collect()
    }

    /// Whether it does that.
    pub fn does(&self, method: Method) -> bool {
        self.methods.contains(&method)
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// Every one, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its word, the same in JSON, SQL, pages and logs.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord {
                        word: word.chars().take(64).collect(),
                        what: $what,
                        known: &[$($word),+],
                    }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

/// A word that is not one of those allowed.
#[derive(Debug, thiserror::Error)]
#[error("{word:?} is not {what}; one of: {}", known.join(", "))]
pub struct UnknownWord {
    pub(crate) word: String,
    pub(crate) what: &'static str,
    pub(crate) known: &'static [&'static str],
}

words! {
    /// Who moves what, and who starts it.
    Method, "a method of a sync" {
        /// OurWater asks the plugin, page after page.
        PullFromDatasource = "pull-from-datasource",
        /// OurWater hands the plugin batches.
        PushToDatasource = "push-to-datasource",
        /// The other system posts batches over HTTP.
        PushFromDatasource = "push-from-datasource",
        /// The other system reads pages over HTTP.
        PullFromOurwater = "pull-from-ourwater",
    }
}

words! {
    /// A kind of record, in the order they are moved.
    Datatype, "a datatype" {
        /// Village, pincode, country or custom area.
        Group = "group",
        /// A place where water is observed.
        Resource = "resource",
        /// A value at a time.
        Reading = "reading",
    }
}

words! {
    /// What happens to a reading whose resource OurWater does not know.
    MissingResource, "what happens to a missing resource" {
        /// The resource is made, with its external id as name.
        Create = "create",
        /// The reading waits, hidden, until the resource is described.
        Park = "park",
    }
}

words! {
    /// When a sync runs by itself.
    Schedule, "a schedule" {
        /// Only when it is triggered.
        Never = "never",
        /// An hour after it last started.
        Hourly = "hourly",
        /// A day after it last started.
        Daily = "daily",
        /// A week after it last started.
        Weekly = "weekly",
    }
}

impl Schedule {
    /// From one start to the next, ms.
    pub fn period_ms(self) -> Option<i64> {
        const HOUR_MS: i64 = 3_600_000;
        match self {
            Self::Never => None,
            Self::Hourly => Some(HOUR_MS),
            Self::Daily => Some(24 * HOUR_MS),
            Self::Weekly => Some(7 * 24 * HOUR_MS),
        }
    }
}

words! {
    /// What happens to a resource of theirs that looks like one that is here already, unlinked: it
    /// has the external id of one in another datasource, or the kind and name of one.
    Matching, "what happens to resources that look the same" {
        /// The run stops, and a person is asked.
        Ask = "ask",
        /// They are one and the same.
        Join = "join",
        /// They are two.
        Apart = "apart",
    }
}

/// What a sync decides by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// Who wins where both sides changed one record differently.
    pub policy: Policy,
    /// When it runs.
    pub schedule: Schedule,
    /// What happens where both sides hold a resource before they ever met.
    pub matching: Matching,
    /// Per cent of the readings that are there which a run may change before it asks.
    pub change_percent_max: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            policy: Policy::Review,
            schedule: Schedule::Never,
            matching: Matching::Ask,
            change_percent_max: 50,
        }
    }
}

/// Longest external id, bytes.
pub const EXTERNAL_ID_BYTES_MAX: usize = 512;

/// Most ids in a selection.
pub const SELECTION_IDS_MAX: usize = 10_000;

/// External ids, each once, sorted; empty: all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Selection(Vec<String>);

/// Why a selection cannot be.
#[derive(Debug, thiserror::Error)]
pub enum BadSelection {
    /// Over the limit.
    #[error("a selection names at most {SELECTION_IDS_MAX} ids; this one has {0}")]
    TooMany(usize),
    /// Not an external id.
    #[error(
        "{0:?} cannot be an external id: 1 to {EXTERNAL_ID_BYTES_MAX} bytes, no control character"
    )]
    NotAnId(String),
}

impl Selection {
    /// The ids.
    pub fn ids(&self) -> &[String] {
        &self.0
    }
}

impl TryFrom<Vec<String>> for Selection {
    type Error = BadSelection;

    fn try_from(mut ids: Vec<String>) -> Result<Self, BadSelection> {
        ids.sort();
        ids.dedup();
        if ids.len() > SELECTION_IDS_MAX {
            return Err(BadSelection::TooMany(ids.len()));
        }
        match ids.iter().find(|id| !is_external_id(id)) {
            Some(bad) => Err(BadSelection::NotAnId(bad.chars().take(64).collect())),
            None => Ok(Self(ids)),
        }
    }
}

impl From<Selection> for Vec<String> {
    fn from(selection: Selection) -> Self {
        selection.0
    }
}

/// 1 to 512 bytes, no control characters.
pub fn is_external_id(id: &str) -> bool {
    (1..=EXTERNAL_ID_BYTES_MAX).contains(&id.len()) && !id.contains(char::is_control)
}
