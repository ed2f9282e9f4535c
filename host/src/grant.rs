//! What a plugin may reach: nothing, unless it is granted.

mod bucket;
mod gate;

pub mod files;
pub mod http;
pub mod log;

pub(crate) use crate::domain::text;
pub use files::Files;
pub use gate::Gate;
pub use http::Http;
pub use log::LogSink;

/// What one instance may reach; nothing by default.
#[derive(Debug, Clone, Default)]
pub struct Grant {
    /// Its files.
    pub files: Option<Files>,
    /// Its requests.
    pub http: Option<Http>,
    /// Where its lines go; without, they go nowhere.
    pub log: Option<LogSink>,
    /// Whom each call of the host is shown to before it is made; without, all are made.
    pub gate: Option<Gate>,
}
