//! The promises, as stories told by the real program.

#![expect(clippy::unwrap_used, reason = "a story ends where what it stands on is not there")]

mod browser;
mod checks;
mod compiling;
mod contract;
mod editing;
mod entrusting;
mod ggmn;
mod harness;
mod imports;
mod inspecting;
mod kill;
mod kit;
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
