//! An instance under watch: whatever it says is looked through for the canary.

use std::fmt::Debug;

use crate::domain::batch::{Batch, Receipt};
use crate::domain::page::{Page, PageRequest};
use crate::domain::plugin::{Failure, Proposal, Remark};
use crate::grant::LogSink;
use crate::plugin::Instance;

use super::canary::Canary;

/// A plugin at work, called with one configuration.
pub(super) struct Guest<'a> {
    instance: Instance,
    log: LogSink,
    canary: &'a Canary,
    config: String,
}

impl<'a> Guest<'a> {
    pub(super) fn new(
        instance: Instance,
        log: LogSink,
        canary: &'a Canary,
        config: String,
    ) -> Self {
        Self { instance, log, canary, config }
    }

    pub(super) async fn check(&mut self) -> Result<Vec<Remark>, Failure> {
        let answer = self.instance.check(&self.config).await;
        self.heard("check", answer)
    }

    pub(super) async fn propose(&mut self) -> Result<Proposal, Failure> {
        let answer = self.instance.propose(&self.config).await;
        self.heard("propose", answer)
    }

    pub(super) async fn get(&mut self, request: &PageRequest) -> Result<Page, Failure> {
        let answer = self.instance.get(&self.config, request).await;
        self.heard("get", answer)
    }

    pub(super) async fn push(&mut self, batch: &Batch) -> Result<Receipt, Failure> {
        let answer = self.instance.push(&self.config, batch).await;
        self.heard("push", answer)
    }

    /// Bytes of its memories together.
    pub(super) fn memory_bytes(&self) -> usize {
        self.instance.memory_bytes()
    }

    fn heard<T: Debug>(&self, call: &str, answer: Result<T, Failure>) -> Result<T, Failure> {
        self.canary.watch(&format!("in what {call} answered"), &format!("{answer:?}"));
        for line in self.log.take().lines {
            self.canary.watch(&format!("in the log of {call}"), &line.text);
        }
        answer
    }
}
