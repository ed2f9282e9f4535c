//! Addresses with names in them, which may hold anything.

use std::fmt::Write as _;

use crate::domain::file::FileName;
use crate::domain::id::{RunId, SyncId};

/// A text as part of an address.
pub(super) fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// A file, for programs.
pub(super) fn api_file(name: &FileName) -> String {
    format!("/api/v1/files/{}", encoded(name.as_str()))
}

/// A run, for programs.
pub(super) fn api_run(run: &RunId) -> String {
    format!("/api/v1/runs/{run}")
}

/// A page of a sync's issues, for programs.
pub(super) fn api_issues(sync: &SyncId) -> String {
    format!("/api/v1/syncs/{sync}/issues")
}

/// A file's page.
pub(super) fn file(name: &FileName) -> String {
    format!("/files/{}", encoded(name.as_str()))
}

/// A run's page.
pub(super) fn run(run: &RunId) -> String {
    format!("/runs/{run}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_place() {
        assert_eq!(encoded("Dharta 2017?#é.csv"), "Dharta%202017%3F%23%C3%A9.csv");
    }
}
