//! The promises, as stories told by the real program.

#![expect(clippy::unwrap_used, reason = "a story ends where what it stands on is not there")]

mod browser;
mod editing;
mod entrusting;
mod harness;
mod imports;
mod kill;
mod layers;
mod life;
mod pulls;
mod readme;
mod refusals;
mod sandbox;
mod schedule;
mod serving;
mod stand_in;
mod two_sides;
mod two_way;
