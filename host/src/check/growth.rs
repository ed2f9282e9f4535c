//! A thousand pages in one instance: its memory does not grow.

use super::subject::Subject;
use super::verdict::{Ended, Held, ensure};
use super::world::World;

/// Pages that are got.
const PAGES: usize = 1_000;

/// Pages after which what is cached is cached.
const WARM_PAGES: usize = 100;

/// Bytes a thousand pages may add.
const GROWTH_BYTES_MAX: usize = 1024 * 1024;

/// Memory stands still.
pub(super) async fn thousand_pages(subject: &Subject) -> Held {
    let tracks = &subject.baseline()?.tracks;
    if tracks.is_empty() {
        return Err(Ended::not_applicable("the plugin gets nothing"));
    }
    let world = World::new(subject)?;
    let mut guest = world.guest().await?;
    let mut warm = 0;
    let mut pages = 0;
    'all: loop {
        for (track, whole) in tracks {
            let mut cursor = None;
            loop {
                let page = guest.get(&track.request(whole.small(), cursor)).await?;
                pages += 1;
                match pages {
                    WARM_PAGES => warm = guest.memory_bytes(),
                    PAGES => break 'all,
                    _ => {}
                }
                if !page.more {
                    break;
                }
                cursor = Some(page.cursor);
            }
        }
    }
    let grown = guest.memory_bytes() - warm;
    ensure(grown <= GROWTH_BYTES_MAX, || {
        format!(
            "expected no growth, got {grown} bytes from page {WARM_PAGES} to page {PAGES} of one \
             instance"
        )
    })
}
