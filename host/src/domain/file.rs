//! An uploaded file: a name in an organisation, pointing at content.

use std::fmt;

use serde::Serialize;

use super::clock::Timestamp;
use super::id::FileId;

/// A name pointing at content. Uploading under the same name points it at the new content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    /// Its id.
    pub id: FileId,
    /// Unique in the organisation.
    pub name: FileName,
    /// Which content, in hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// When this content was uploaded.
    pub modified: Timestamp,
}

/// 1 to 255 characters, none of them a control character or a slash; not `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct FileName(String);

/// Longest name of a file, characters.
pub const FILE_NAME_CHARACTERS_MAX: usize = 255;

/// A name a file cannot have.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} cannot be a file's name: 1 to 255 characters, no slash, no control character")]
pub struct BadFileName(String);

impl FileName {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for FileName {
    type Err = BadFileName;

    fn from_str(name: &str) -> Result<Self, BadFileName> {
        let fits = (1..=FILE_NAME_CHARACTERS_MAX).contains(&name.chars().count());
        let clean = !name.contains(|c: char| c == '/' || c == '\\' || c.is_control());
        if fits && clean && name != "." && name != ".." {
            Ok(Self(name.to_owned()))
        } else {
            Err(BadFileName(name.chars().take(64).collect()))
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
