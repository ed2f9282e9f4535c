//! Appends lines to a file once, also where an earlier try may have done so.

use ourwater_sdk::{Result, files};

use super::lines::Lines;
use crate::config::Config;
use crate::sheet::file_size;

/// What one look at the end of a file brings.
const MAX_LOOK_BYTES: u32 = 16 * 1024 * 1024;

/// Appends what is not there yet; how many bytes of the lines already were.
pub(super) fn append(config: &Config, lines: &Lines, uncertain: bool) -> Result<usize> {
    if lines.text.is_empty() {
        return Ok(0);
    }
    let name = &config.file;
    let size = file_size(name)?;
    let whole = [lines.header.as_slice(), &lines.text].concat();
    if size == 0 {
        files::append(name, 0, &whole)?;
        return Ok(0);
    }
    let look = whole.len().min(MAX_LOOK_BYTES as usize);
    let look = u32::try_from(look).unwrap_or(MAX_LOOK_BYTES);
    let from = size.saturating_sub(u64::from(look));
    let end = files::read(name, from, look)?;
    if uncertain && from == 0 && whole.starts_with(&end) {
        let rest = whole.get(end.len()..).unwrap_or_default();
        if !rest.is_empty() {
            files::append(name, size, rest)?;
        }
        return Ok(end.len().saturating_sub(lines.header.len()));
    }
    let there = if uncertain { overlap(&end, &lines.text) } else { 0 };
    let mut rest = lines.text.get(there..).unwrap_or_default().to_vec();
    if there == 0 && !end.ends_with(b"\n") {
        rest.insert(0, b'\n');
    }
    if !rest.is_empty() {
        files::append(name, size, &rest)?;
    }
    Ok(there)
}

/// The longest beginning of `text` that `end` ends in.
fn overlap(end: &[u8], text: &[u8]) -> usize {
    let longest = end.len().min(text.len());
    (1..=longest)
        .rev()
        .find(|&length| text.get(..length).is_some_and(|head| end.ends_with(head)))
        .unwrap_or(0)
}
