//! Pulls every page a source has after its cursor, fetching one while another is saved.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::domain::clock::Clock;
use crate::domain::datasource::Datasource;
use crate::domain::faults::{Faults, Point};
use crate::domain::page::{Page, PageRequest};
use crate::domain::plan::Resolution;
use crate::domain::plugin::{Failure, Paging};
use crate::domain::sync::{Datatype, Sync};
use crate::plugin::Limits;
use crate::store::cursor::Standing;
use crate::store::run::Held;
use crate::store::{self, Gathered, Pull, Pulling, Store};

use super::fetch::{Ahead, Pages, fetch, is_empty};
use super::part::{self, Part};
use super::source::Source;

/// The first wait before another try; doubled each time.
const BACKOFF_MIN: Duration = Duration::from_secs(1);

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
    /// Time gathered before a commit, where nothing has to be asked for: a process that is killed has
    /// fetched no more in vain, and many slow pulls do not all write at their ends.
    pub gather_time_max: Duration,
    /// The first wait before another try of what was unavailable; doubled each time.
    pub backoff_min: Duration,
    /// Pages of one pass that a run takes.
    pub pass_pages_max: u64,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            page_records_max: 50_000,
            gather_records_max: 100_000,
            gather_time_max: Duration::from_secs(1),
            backoff_min: BACKOFF_MIN,
            pass_pages_max: Limits::default().pass_pages_max,
        }
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
    /// What cursors belong to, but for the datatype and the selection.
    pub digest: String,
    /// How finely the datasource keeps readings.
    pub resolution: Resolution,
    /// Which fields of groups and resources it keeps.
    pub keeps: BTreeMap<Datatype, Vec<String>>,
    /// How the plugin pages readings.
    pub paging: Paging,
    /// It is tried out on a copy of the database.
    pub rehearsal: bool,
    /// What a simulation does to the process.
    pub faults: Faults,
    /// Where it tells how far it is.
    pub progress: Arc<Progress>,
    /// How much it holds in memory.
    pub tuning: Tuning,
    /// Turns true when a person stops it.
    pub cancel: watch::Receiver<bool>,
}

impl Job {
    /// What a simulation does to the process.
    pub(super) fn faults(&self) -> &Faults {
        &self.faults
    }
}

/// Pulls one datatype to the end of the data; gives the source back.
pub async fn pull<S: Source>(job: &Job, source: S, datatype: Datatype) -> Result<S, Error> {
    let mut source = source;
    for part in part::parts(job, datatype).await? {
        source = pull_part(job, source, datatype, &part).await?;
    }
    Ok(source)
}

async fn pull_part<S: Source>(
    job: &Job,
    source: S,
    datatype: Datatype,
    part: &Part,
) -> Result<S, Error> {
    let standing = part.standing.as_ref().filter(|standing| goes_on(job, standing));
    let cursor = match standing {
        Some(standing) => standing.cursor.clone(),
        None => begin_pass(job, datatype, part).await?,
    };
    let fresh = cursor.is_none();
    match pull_from(job, source, (datatype, part), cursor).await? {
        (source, None) => Ok(source),
        (_, Some(Failure::StaleCursor(why))) if fresh => {
            Err(Failure::Fault(format!("it called its own first cursors stale: {why}")).into())
        }
        (source, Some(Failure::StaleCursor(_))) => {
            let cursor = begin_pass(job, datatype, part).await?;
            match pull_from(job, source, (datatype, part), cursor).await? {
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

async fn begin_pass(job: &Job, datatype: Datatype, part: &Part) -> Result<Option<String>, Error> {
    let (sync, asked) = (&job.sync.id, (part.number, part.only.as_slice()));
    job.store.begin_pass(sync, datatype, asked, &job.digest, &job.held.run).await?;
    Ok(None)
}

/// Saves what the source gives from `cursor` on; what it failed with comes after all was saved.
async fn pull_from<S: Source>(
    job: &Job,
    source: S,
    (datatype, part): (Datatype, &Part),
    cursor: Option<String>,
) -> Result<(S, Option<Failure>), Error> {
    let how = Pulling {
        resolution: job.resolution,
        keeps: job.keeps.get(&datatype).cloned(),
        rehearsal: job.rehearsal,
    };
    let what = (datatype, part.number);
    let mut pull = job.store.begin_pull(&job.held, &job.sync, &job.datasource, what, how).await?;
    let from_none = cursor.is_none();
    let request = PageRequest {
        datatype,
        cursor,
        limit: job.tuning.page_records_max,
        since: None,
        only: part.only.clone(),
    };
    let (pages, fetching) = fetch(source, request, job.cancel.clone(), job.tuning);
    save_pages(job, &mut pull, pages, (datatype, from_none)).await?;
    let (source, failure) = fetching.await.map_err(|error| Failure::Fault(error.to_string()))?;
    if *job.cancel.borrow() {
        return Err(Error::Cancelled);
    }
    Ok((source, failure))
}

/// Saves pages as they come, some together.
async fn save_pages(
    job: &Job,
    pull: &mut Pull,
    mut pages: Pages,
    (datatype, from_none): (Datatype, bool),
) -> Result<(), Error> {
    let gather_time_max =
        changes_freely(job, datatype).await?.then_some(job.tuning.gather_time_max);
    let (mut gathered, mut empty, mut due) = (Gathered::default(), true, None);
    while let Some(next) = next(&mut pages, due).await {
        if let Some(Ahead { page, room }) = next {
            drop(room);
            job.faults().reach(Point::PageFetched).await.map_err(store::Error::from)?;
            tell(&job.progress, &page);
            empty &= is_empty(&page);
            if empty && from_none && !page.more {
                ensure_was_empty(job, datatype).await?;
            }
            gathered.add(page);
        }
        due = due.or_else(|| gather_time_max.map(|most| Instant::now() + most));
        let late = due.is_some_and(|due| due <= Instant::now());
        if late || gathered.full(job.tuning.gather_records_max) {
            job.store.save(pull, std::mem::take(&mut gathered), job.clock.now()).await?;
            due = None;
        }
    }
    if !gathered.is_empty() {
        job.store.save(pull, gathered, job.clock.now()).await?;
    }
    Ok(())
}

/// Whether what comes is written whatever it changes. Elsewhere as much as possible is written together,
/// since of a run that turns out to change too much nothing is to stay.
async fn changes_freely(job: &Job, datatype: Datatype) -> Result<bool, Error> {
    let asked = job.rehearsal || job.held.confirmed;
    Ok(asked || !job.store.brought(&job.datasource.id, datatype).await?)
}

/// The next page, or none when it did not come in time; nothing after the last.
async fn next(pages: &mut Pages, due: Option<Instant>) -> Option<Option<Ahead>> {
    match due {
        Some(due) => timeout_at(due, pages.recv()).await.map_or(Some(None), |page| page.map(Some)),
        None => pages.recv().await.map(Some),
    }
}

/// A source that suddenly holds nothing has more often lost its data than its subject.
async fn ensure_was_empty(job: &Job, datatype: Datatype) -> Result<(), Error> {
    if job.rehearsal || job.held.confirmed {
        return Ok(());
    }
    if !job.store.brought(&job.datasource.id, datatype).await? {
        return Ok(());
    }
    let text = format!("the datasource gives no {datatype} at all, and gave some before");
    Err(store::Error::Unconfirmed(text).into())
}

fn tell(progress: &Progress, page: &Page) {
    let records = page.items.count() as u64 + page.rejected.len() as u64 + u64::from(page.empty);
    progress.records.fetch_add(records, Ordering::Relaxed);
    if let Some(total) = page.total {
        progress.total.store(total, Ordering::Relaxed);
    }
}
