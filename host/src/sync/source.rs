//! Where pages come from: a plugin in its sandbox, or a script in a simulation or benchmark.

use std::future::Future;

use crate::domain::page::{Page, PageRequest};
use crate::domain::plugin::Failure;
use crate::plugin::Instance;

/// Gives pages of one datasource.
pub trait Source: Send + 'static {
    /// One page after the request's cursor.
    fn get(&mut self, request: &PageRequest) -> impl Future<Output = Result<Page, Failure>> + Send;
}

/// A plugin with the configuration it is called with.
#[derive(Debug)]
pub struct Configured {
    /// The plugin in its sandbox.
    pub instance: Instance,
    /// JSON, defaults filled in.
    pub config: String,
}

impl Source for Configured {
    async fn get(&mut self, request: &PageRequest) -> Result<Page, Failure> {
        self.instance.get(&self.config, request).await
    }
}
