//! What the plugin promises, on real files, on small ones with the same traps, and on any bytes.

#![expect(clippy::unwrap_used, reason = "a test ends where it finds something else")]

mod properties;
mod pull;
mod push;
mod real;
mod traps;
