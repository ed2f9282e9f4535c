//! Asks a source for page after page, ahead of who saves them, and again while it is not there.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use crate::domain::page::{Page, PageRequest};
use crate::domain::plugin::Failure;

use super::pull::Tuning;
use super::source::Source;

/// Pages without any record that may follow each other.
const EMPTY_PAGES_MAX: u32 = 1_000;

/// Tries of one page, while the source is not there.
const TRIES_MAX: u32 = 6;

/// The longest wait before another try.
const BACKOFF_MAX: Duration = Duration::from_mins(1);

/// Bytes of pages fetched ahead of those being saved; a page that is larger counts as so many. It is
/// one page of readings, or many small ones, so that a slow source is asked on while the store is busy.
const AHEAD_BYTES_MAX: u32 = 2 * 1024 * 1024;

/// Ends with the source, and with what it failed with.
pub(super) type Fetching<S> = JoinHandle<(S, Option<Failure>)>;

/// Pages as they come.
pub(super) type Pages = mpsc::UnboundedReceiver<Ahead>;

/// A page that nobody has taken yet, and its part of [`AHEAD_BYTES_MAX`].
pub(super) struct Ahead {
    pub(super) page: Page,
    pub(super) room: OwnedSemaphorePermit,
}

/// Fetches on a task of its own: a plugin computes while the store writes.
pub(super) fn fetch<S: Source>(
    mut source: S,
    mut request: PageRequest,
    mut cancel: watch::Receiver<bool>,
    tuning: Tuning,
) -> (Pages, Fetching<S>) {
    // The room bounds it.
    let (send, receive) = mpsc::unbounded_channel();
    let ahead = Arc::new(Semaphore::new(AHEAD_BYTES_MAX as usize));
    let fetching = tokio::spawn(async move {
        let mut empty_pages = 0;
        let mut pages = 0;
        loop {
            if *cancel.borrow() {
                return (source, None);
            }
            if pages == tuning.pass_pages_max {
                return (source, Some(too_many_pages(pages)));
            }
            let page = match try_to_get(&mut source, &request, &mut cancel, tuning).await {
                Ok(page) => page,
                Err(failure) => return (source, Some(failure)),
            };
            empty_pages = if is_empty(&page) { empty_pages + 1 } else { 0 };
            if empty_pages > EMPTY_PAGES_MAX {
                let text = format!("more than {EMPTY_PAGES_MAX} empty pages in a row");
                return (source, Some(Failure::Fault(text)));
            }
            pages += 1;
            let more = page.more;
            request.cursor = Some(page.cursor.clone());
            let bytes = u32::try_from(page.bytes()).unwrap_or(u32::MAX).min(AHEAD_BYTES_MAX);
            // Whoever no longer takes pages holds no room either.
            let Ok(room) = Arc::clone(&ahead).acquire_many_owned(bytes).await else {
                return (source, None);
            };
            if send.send(Ahead { page, room }).is_err() || !more {
                return (source, None);
            }
        }
    });
    (receive, fetching)
}

fn too_many_pages(pages_max: u64) -> Failure {
    Failure::Limit(format!(
        "pages: a run takes at most {pages_max} of one pass (pass_pages_max); the next run goes on \
         after them"
    ))
}

/// Holds no record of any kind.
pub(super) fn is_empty(page: &Page) -> bool {
    page.items.count() == 0 && page.rejected.is_empty() && page.empty == 0
}

/// Asks again, with growing waits, while the source is not there.
async fn try_to_get<S: Source>(
    source: &mut S,
    request: &PageRequest,
    cancel: &mut watch::Receiver<bool>,
    tuning: Tuning,
) -> Result<Page, Failure> {
    let mut backoff = Backoff::new(tuning);
    loop {
        match source.get(request).await {
            Err(failure @ Failure::Unavailable { .. }) => backoff.wait(failure, cancel).await?,
            answer => return answer,
        }
    }
}

/// Waits that grow from try to try.
#[derive(Debug)]
pub(super) struct Backoff {
    tries: u32,
    pause: Duration,
}

impl Backoff {
    pub(super) fn new(tuning: Tuning) -> Self {
        Self { tries: 1, pause: tuning.backoff_min }
    }

    /// Waits before another try, as long as the source asked for or longer; after the last try, or
    /// when a person cancels, the failure is all there is.
    pub(super) async fn wait(
        &mut self,
        failure: Failure,
        cancel: &mut watch::Receiver<bool>,
    ) -> Result<(), Failure> {
        let Failure::Unavailable { after_ms, .. } = &failure else { return Err(failure) };
        if self.tries >= TRIES_MAX {
            return Err(failure);
        }
        let asked = Duration::from_millis(after_ms.unwrap_or_default()).min(BACKOFF_MAX);
        let jitter = self.pause.mul_f64(rand::random::<f64>() / 2.0);
        tokio::select! {
            () = tokio::time::sleep(asked.max(self.pause + jitter)) => {}
            _ = cancel.wait_for(|cancelled| *cancelled) => return Err(failure),
        }
        self.pause = (self.pause * 2).min(BACKOFF_MAX);
        self.tries += 1;
        Ok(())
    }
}
