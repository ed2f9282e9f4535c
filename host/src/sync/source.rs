//! Where pages come from and batches go: a plugin in its sandbox, or a script in a simulation.

use std::future::Future;

use crate::domain::batch::{Batch, Receipt};
use crate::domain::page::{Page, PageRequest};
use crate::domain::plugin::Failure;
use crate::plugin::Instance;

/// The other side of a sync.
pub trait Source: Send + 'static {
    /// One page after the request's cursor.
    fn get(&mut self, request: &PageRequest) -> impl Future<Output = Result<Page, Failure>> + Send;

    /// Takes a batch. A fault or a limit leaves open what became of it; any other failure means that
    /// nothing of it took effect.
    fn push(&mut self, batch: &Batch) -> impl Future<Output = Result<Receipt, Failure>> + Send {
        let count = batch.items.count();
        std::future::ready(Err(Failure::Unsupported(format!("it takes none of {count} records"))))
    }
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

    async fn push(&mut self, batch: &Batch) -> Result<Receipt, Failure> {
        self.instance.push(&self.config, batch).await
    }
}
