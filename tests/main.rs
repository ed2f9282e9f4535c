//! The promises, as stories told by the real program.

mod layers;
mod pulls;
