//! Which encoding a file is in, and how many of its bytes a decoded text took.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use ourwater_sdk::Result;

use crate::failure::config;

/// The encoding by its label, or by the byte order mark at the head of the file, or UTF-8.
///
/// Only encodings in which a place in the text tells the place in the file are taken, since a
/// cursor is a place in the file: UTF-8, UTF-16, and one byte a character.
pub(crate) fn choose(label: Option<&str>, head: &[u8]) -> Result<&'static Encoding> {
    let Some(label) = label else {
        return Ok(Encoding::for_bom(head).map_or(UTF_8, |(encoding, _)| encoding));
    };
    let Some(encoding) = Encoding::for_label(label.trim().as_bytes()) else {
        return Err(config("encoding", format!("{label:?} is no encoding known here")));
    };
    let fits = encoding == UTF_8
        || encoding == UTF_16LE
        || encoding == UTF_16BE
        || encoding.is_single_byte();
    if !fits {
        let text = format!("{label:?} is not supported: save the file as UTF-8");
        return Err(config("encoding", text));
    }
    Ok(encoding)
}

/// The bytes of the byte order mark.
pub(crate) fn mark_length(encoding: &'static Encoding, head: &[u8]) -> usize {
    match Encoding::for_bom(head) {
        Some((marked, length)) if marked == encoding => length,
        _ => 0,
    }
}

/// How many bytes of the file the decoded `text` came from.
pub(crate) fn raw_length(encoding: &'static Encoding, text: &[u8]) -> usize {
    if encoding == UTF_8 {
        return text.len();
    }
    let text = String::from_utf8_lossy(text);
    if encoding.is_single_byte() {
        return text.chars().count();
    }
    text.chars().map(char::len_utf16).sum::<usize>() * 2
}
