//! The promises, as stories told by the real program.

#![expect(clippy::unwrap_used, reason = "a story ends where what it stands on is not there")]

mod editing;
mod harness;
mod imports;
mod kill;
mod layers;
mod pulls;
mod refusals;
mod schedule;
mod serving;
