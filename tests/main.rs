//! The promises, as stories told by the real program.

mod harness;
mod imports;
mod kill;
mod layers;
mod pulls;
mod serving;
