//! The failures of this plugin, each naming the field a person has to change.

use ourwater_sdk::{Failure, Remark};

pub(crate) fn config(field: &str, text: impl Into<String>) -> Failure {
    Failure::Config(Remark { field: field.to_owned(), text: text.into() })
}

/// At most so many characters of a row are shown.
const MAX_RAW_CHARACTERS: usize = 200;

/// Text of the source as a person may see it: cut, and without control characters.
pub(crate) fn shown(raw: &[u8]) -> String {
    let head = raw.get(..MAX_RAW_CHARACTERS * 4).unwrap_or(raw);
    let text = String::from_utf8_lossy(head);
    let text = text.trim_end_matches(['\r', '\n']);
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().take(MAX_RAW_CHARACTERS).map(plain).collect()
}
