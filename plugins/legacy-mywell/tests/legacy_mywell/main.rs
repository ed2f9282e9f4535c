//! What the plugin promises, against a real LoopBack server behind a proxy that loses answers.

#![expect(clippy::unwrap_used, reason = "a test ends where it finds something else")]

mod faults;
mod places;
mod properties;
mod pull;
mod push;
mod real;
mod resources;
mod world;
