//! Other systems as the tests meet them: real servers, a proxy that loses answers, and a host
//! without a sandbox that reaches both.

mod legacy_mywell;
mod lizard;
mod proxy;
mod web;

pub use legacy_mywell::LegacyMyWell;
pub use lizard::{Lizard, Quirks, Station};
pub use proxy::{Fault, Proxy};
pub use web::Web;
