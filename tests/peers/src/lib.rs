//! Other systems as the tests meet them: real servers, a proxy that loses answers, and a host
//! without a sandbox that reaches both.

mod legacy_mywell;
mod proxy;
mod web;
pub mod wells;

pub use legacy_mywell::LegacyMyWell;
pub use proxy::{Fault, Proxy};
pub use web::Web;
pub use wells::Wells;
