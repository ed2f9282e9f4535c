//! Pulls every page a source has after its cursor, fetching one while another is saved.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::domain::clock::Clock;
use crate::domain::datasource::Datasource;
use crate::domain::page::{Page, PageRequest};
use crate::domain::plugin::Failure;
use crate::domain::sync::{Datatype, Sync};
use crate::store::cursor::Standing;
use crate::store::run::Held;
use crate::store::{self, Gathered, Store};

use super::source::Source;

/// Pages without any record that may follow each other.
const EMPTY_PAGES_MAX: u32 = 1_000;

/// Tries of one page, while the source is not there.
const TRIES_MAX: u32 = 6;

/// The first wait before another try; doubled each time.
const BACKOFF_MIN: Duration = Duration::from_secs(1);

/// The longest wait before another try.
const BACKOFF_MAX: Duration = Duration::from_mins(1);

/// Pages fetched ahead of the one being saved.
const PAGES_AHEAD: usize = 1;

/// How a pull ended badly.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source said so.
    #[error(transparent)]
    Source(#[from] Failure),
    /// The store said so.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A person stopped it; everything fetched before was saved.
    #[error("cancelled")]
    Cancelled,
}

/// How much is held in memory; the defaults were measured (`bench -- csv`).
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Records a page is asked for.
    pub page_records_max: u32,
    /// Records gathered before a commit. Sorted by time across 1,000 wells, a million readings cost
    /// 10.8 s at 2,000 a transaction and 1.6 s at 50,000.
    pub gather_records_max: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { page_records_max: 50_000, gather_records_max: 100_000 }
    }
}

/// How far a run is.
#[derive(Debug, Default)]
pub struct Progress {
    /// Records met.
    pub records: AtomicU64,
    /// Records in all, where the source says so; 0: unknown.
    pub total: AtomicU64,
}

/// What a pull works with.
#[derive(Debug, Clone)]
pub struct Job {
    /// Where it saves.
    pub store: Store,
    /// What time it is.
    pub clock: Clock,
    /// The run it works for.
    pub held: Held,
    /// What is pulled.
    pub sync: Sync,
    /// From where.
    pub datasource: Datasource,
    /// What cursors belong to, but for the datatype.
    pub digest: String,
    /// Where it tells how far it is.
    pub progress: Arc<Progress>,
    /// How much it holds in memory.
    pub tuning: Tuning,
    /// Turns true when a person stops it.
    pub cancel: watch::Receiver<bool>,
}

/// Pulls one datatype to the end of the data; gives the source back.
pub async fn pull<S: Source>(job: &Job, source: S, datatype: Datatype) -> Result<S, Error> {
    let standing = job.store.standing(&job.sync.id, datatype).await?;
    let cursor = match standing.filter(|standing| goes_on(job, standing)) {
        Some(standing) => standing.cursor,
        None => begin_pass(job, datatype).await?,
    };
    let fresh = cursor.is_none();
    match pull_from(job, source, datatype, cursor).await? {
        (source, None) => Ok(source),
        (_, Some(Failure::StaleCursor(why))) if fresh => {
            Err(Failure::Fault(format!("it called its own first cursors stale: {why}")).into())
        }
        (source, Some(Failure::StaleCursor(_))) => {
            let cursor = begin_pass(job, datatype).await?;
            match pull_from(job, source, datatype, cursor).await? {
                (source, None) => Ok(source),
                (_, Some(failure)) => Err(failure.into()),
            }
        }
        (_, Some(failure)) => Err(failure.into()),
    }
}

/// A pass is gone on with, unless it belongs to something else or the run is to begin anew.
fn goes_on(job: &Job, standing: &Standing) -> bool {
    let begun_here = standing.run == job.held.run.as_str();
    standing.digest == job.digest && (begun_here || !standing.complete || !job.held.rewind)
}

async fn begin_pass(job: &Job, datatype: Datatype) -> Result<Option<String>, Error> {
    job.store.begin_pass(&job.sync.id, datatype, &job.digest, &job.held.run).await?;
    Ok(None)
}

/// Saves what the source gives from `cursor` on; what it failed with comes after all was saved.
async fn pull_from<S: Source>(
    job: &Job,
    source: S,
    datatype: Datatype,
    cursor: Option<String>,
) -> Result<(S, Option<Failure>), Error> {
    let mut pull = job.store.begin_pull(&job.held, &job.sync, &job.datasource, datatype).await?;
    let request = PageRequest {
        datatype,
        cursor,
        limit: job.tuning.page_records_max,
        since: None,
        only: job.sync.only.ids().to_vec(),
    };
    let (mut pages, fetching) = fetch(source, request, job.cancel.clone());
    let mut gathered = Gathered::default();
    while let Some(page) = pages.recv().await {
        tell(&job.progress, &page);
        gathered.add(page);
        if gathered.full(job.tuning.gather_records_max) {
            job.store.save(&mut pull, std::mem::take(&mut gathered), job.clock.now()).await?;
        }
    }
    if !gathered.is_empty() {
        job.store.save(&mut pull, gathered, job.clock.now()).await?;
    }
    let (source, failure) = fetching.await.map_err(|error| Failure::Fault(error.to_string()))?;
    if *job.cancel.borrow() {
        return Err(Error::Cancelled);
    }
    Ok((source, failure))
}

fn tell(progress: &Progress, page: &Page) {
    let records = page.items.count() as u64 + page.rejected.len() as u64 + u64::from(page.empty);
    progress.records.fetch_add(records, Ordering::Relaxed);
    if let Some(total) = page.total {
        progress.total.store(total, Ordering::Relaxed);
    }
}

type Fetching<S> = JoinHandle<(S, Option<Failure>)>;

/// Fetches on a task of its own: a plugin computes while the store writes.
fn fetch<S: Source>(
    mut source: S,
    mut request: PageRequest,
    mut cancel: watch::Receiver<bool>,
) -> (mpsc::Receiver<Page>, Fetching<S>) {
    let (send, receive) = mpsc::channel(PAGES_AHEAD);
    let fetching = tokio::spawn(async move {
        let mut empty_pages = 0;
        loop {
            if *cancel.borrow() {
                return (source, None);
            }
            let page = match try_to_get(&mut source, &request, &mut cancel).await {
                Ok(page) => page,
                Err(failure) => return (source, Some(failure)),
            };
            empty_pages = if is_empty(&page) { empty_pages + 1 } else { 0 };
            if empty_pages > EMPTY_PAGES_MAX {
                let text = format!("more than {EMPTY_PAGES_MAX} empty pages in a row");
                return (source, Some(Failure::Fault(text)));
            }
            let more = page.more;
            request.cursor = Some(page.cursor.clone());
            if send.send(page).await.is_err() || !more {
                return (source, None);
            }
        }
    });
    (receive, fetching)
}

fn is_empty(page: &Page) -> bool {
    page.items.count() == 0 && page.rejected.is_empty() && page.empty == 0
}

/// Asks again, with growing waits, while the source is not there.
async fn try_to_get<S: Source>(
    source: &mut S,
    request: &PageRequest,
    cancel: &mut watch::Receiver<bool>,
) -> Result<Page, Failure> {
    let mut backoff = BACKOFF_MIN;
    let mut tries = 1;
    loop {
        let failure = match source.get(request).await {
            Err(failure @ Failure::Unavailable { .. }) if tries < TRIES_MAX => failure,
            answer => return answer,
        };
        let Failure::Unavailable { after_ms, .. } = &failure else { return Err(failure) };
        let asked = Duration::from_millis(after_ms.unwrap_or_default()).min(BACKOFF_MAX);
        let jitter = backoff.mul_f64(rand::random::<f64>() / 2.0);
        tokio::select! {
            () = tokio::time::sleep(asked.max(backoff + jitter)) => {}
            _ = cancel.wait_for(|cancelled| *cancelled) => return Err(failure),
        }
        backoff = (backoff * 2).min(BACKOFF_MAX);
        tries += 1;
    }
}
