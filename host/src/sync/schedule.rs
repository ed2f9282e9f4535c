//! Triggers what the clock makes due, and at first what a dead process left unfinished.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::id::{RunId, SyncId};
use crate::domain::run::Trigger;
use crate::store::due::Due;
use crate::store::{self};

use super::{Engine, Refusal};

/// How often it looks.
const LOOK: Duration = Duration::from_secs(30);

/// Looks at the clock for an engine.
#[derive(Debug)]
pub struct Timer {
    engine: Engine,
    /// Why a sync was not started when it was looked at last: each reason is logged once.
    refused: HashMap<SyncId, String>,
}

impl Timer {
    /// For an engine.
    pub fn new(engine: Engine) -> Self {
        Self { engine, refused: HashMap::new() }
    }

    /// Looks again and again; ends when it is dropped.
    pub async fn keep_looking(mut self) {
        if let Err(error) = self.go_on().await {
            tracing::error!(%error, "what was left unfinished could not be looked for");
        }
        loop {
            if let Err(error) = self.look().await {
                tracing::error!(%error, "what is due could not be looked for");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Goes on with the runs that a dead process left; those that were started.
    pub async fn go_on(&mut self) -> Result<Vec<RunId>, store::Error> {
        let unfinished = self.engine.inner.store.unfinished().await?;
        Ok(self.trigger(unfinished).await)
    }

    /// Starts what is due; those that were started.
    pub async fn look(&mut self) -> Result<Vec<RunId>, store::Error> {
        let now = self.engine.inner.clock.now();
        let due = self.engine.inner.store.due(now).await?;
        self.refused.retain(|sync, _| due.iter().any(|(_, it)| it == sync));
        Ok(self.trigger(due).await)
    }

    /// Why syncs were not started when they were looked at last.
    pub fn refused(&self) -> &HashMap<SyncId, String> {
        &self.refused
    }

    async fn trigger(&mut self, syncs: Vec<Due>) -> Vec<RunId> {
        let mut started = Vec::new();
        for (organisation, sync) in syncs {
            match self.engine.trigger(&organisation, &sync, Trigger::default()).await {
                Ok(run) => {
                    self.refused.remove(&sync);
                    started.push(run);
                }
                Err(refusal) => self.note(sync, &refusal),
            }
        }
        started
    }

    fn note(&mut self, sync: SyncId, refusal: &Refusal) {
        let why = refusal.to_string();
        if self.refused.get(&sync) != Some(&why) {
            tracing::warn!(%sync, %why, "a sync that is due was not started");
            self.refused.insert(sync, why);
        }
    }
}
