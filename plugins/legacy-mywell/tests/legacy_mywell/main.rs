//! What the plugin promises, against a real LoopBack server.

#![expect(clippy::unwrap_used, reason = "a test ends where it finds something else")]

mod pull;
mod world;
