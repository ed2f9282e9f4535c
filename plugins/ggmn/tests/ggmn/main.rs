//! What the plugin promises, against a server that answers as Lizard's API v3 and v4 do, behind a
//! proxy that loses answers.

#![expect(clippy::unwrap_used, reason = "a test ends where it finds something else")]

mod configuring;
mod events;
mod faults;
mod networks;
mod properties;
mod pull;
mod push;
mod real;
mod series;
mod wells;
mod world;
