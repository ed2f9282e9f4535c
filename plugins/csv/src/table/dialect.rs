//! Which characters part and wrap the fields.

use csv_core::{Reader, ReaderBuilder};
use ourwater_sdk::{Failure, Result};

use crate::config::Config;
use crate::failure;

/// A reader for the configured delimiter and quote.
pub(super) fn reader(config: &Config) -> Result<Reader> {
    let delimiter = ascii(config.delimiter).filter(|byte| !matches!(byte, b'\r' | b'\n'));
    let Some(delimiter) = delimiter else {
        return Err(config_fault("delimiter", config.delimiter));
    };
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).quoting(config.quote.is_some());
    if let Some(quote) = config.quote {
        let fits = ascii(quote).filter(|&byte| byte != delimiter && !byte.is_ascii_whitespace());
        builder.quote(fits.ok_or_else(|| config_fault("quote", quote))?);
    }
    Ok(builder.build())
}

/// The character as the one byte that a tokenizer takes.
pub(super) fn ascii(letter: char) -> Option<u8> {
    u8::try_from(letter).ok().filter(u8::is_ascii)
}

fn config_fault(field: &str, letter: char) -> Failure {
    failure::config(field, format!("{letter:?} cannot be used here"))
}
