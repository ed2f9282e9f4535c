//! A gate before the host's functions, at which a conformance run counts calls and ends instances.

use std::fmt;
use std::sync::Arc;

/// Asked before each call of the host that reaches something; at a no, the instance traps there.
#[derive(Clone)]
pub struct Gate(Arc<dyn Fn() -> bool + Send + Sync>);

impl Gate {
    /// A gate that opens as long as `opens` says so.
    pub fn new(opens: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(opens))
    }

    /// Whether this call may be made.
    pub fn opens(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Gate(…)")
    }
}
