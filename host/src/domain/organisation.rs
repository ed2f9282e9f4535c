//! An organisation: a tenant with a time zone and limits; nothing crosses it.

use serde::{Deserialize, Serialize};

use super::clock::Timestamp;
use super::id::OrganisationId;

/// A tenant. Everything else belongs to one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// What people call it; unique on the instance.
    pub name: String,
    /// IANA name; what times without a zone are read in.
    pub zone: Zone,
    /// What it may use.
    pub limits: Limits,
    /// When it was made.
    pub created: Timestamp,
}

/// What an organisation may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Largest file, bytes.
    pub file_bytes_max: u64,
    /// All its files together, bytes.
    pub files_bytes_max: u64,
    /// Runs at the same time.
    pub runs_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes_max: 16 << 30, files_bytes_max: 64 << 30, runs_max: 4 }
    }
}

/// An IANA time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(chrono_tz::Tz);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(chrono_tz::UTC);

    /// Its IANA name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

/// A name that is no IANA zone.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a time zone: use an IANA name such as Asia/Kolkata or Europe/Amsterdam")]
pub struct UnknownZone(String);

impl std::str::FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        name.parse().map(Self).map_err(|_| UnknownZone(name.chars().take(64).collect()))
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;

    fn try_from(name: String) -> Result<Self, UnknownZone> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}
