//! Other systems as the tests meet them: real servers, stand-ins made of what is known of one, a
//! proxy that loses answers, and a host without a sandbox that reaches them.

mod legacy_mywell;
mod lizard;
mod proxy;
mod web;
pub mod wells;

pub use legacy_mywell::LegacyMyWell;
pub use lizard::{Lizard, Quirks, Station};
pub use proxy::{Fault, Proxy};
pub use web::Web;
pub use wells::Wells;
