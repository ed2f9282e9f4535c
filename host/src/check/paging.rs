//! Pages: as large as was asked for, to an end, and the same records however they are cut.

use std::collections::HashSet;

use crate::domain::page::{Items, Page};
use crate::domain::plugin::Failure;

use super::pull::{LARGE, PAGES_MAX, Stopped, Track};
use super::record::difference;
use super::subject::Subject;
use super::verdict::{Ended, Held, ensure};
use super::world::World;

/// Page sizes that are tried.
const LIMITS: [u32; 5] = [1, 2, 3, 7, LARGE];

/// Cursors that mean nothing.
const CORRUPT: [&str; 12] =
    ["", " ", "gibberish", "{", "{}", "[]", "null", "0", "-1", "\"\"", "\u{202e}ش💧", "0x7fffffff"];

/// No page holds more than was asked for.
pub(super) async fn size(subject: &Subject) -> Held {
    for (track, _) in &subject.baseline()?.tracks {
        for limit in LIMITS {
            let world = World::new(subject)?;
            let trail = track.pull(&mut world.guest().await?, limit, None).await?;
            let oversized = |page: &&Page| page.items.count() > limit as usize;
            let oversized = oversized_or_whole_row(trail.pages.iter().filter(oversized), limit);
            if let Some(page) = oversized {
                let (name, count) = (track.name(), page.items.count());
                let seen = format!("{name}: expected at most {limit} a page, got {count}");
                return Err(Ended::Failed(seen));
            }
        }
    }
    Ok(())
}

/// Every pull comes to its end.
pub(super) async fn ends(subject: &Subject) -> Held {
    for (track, _) in &subject.baseline()?.tracks {
        for limit in LIMITS {
            let world = World::new(subject)?;
            match track.pull(&mut world.guest().await?, limit, None).await {
                Err(Stopped::Endless) => {
                    return Err(Ended::Failed(format!(
                        "{}, {limit} a page: expected an end, got {PAGES_MAX} pages and `more`",
                        track.name()
                    )));
                }
                stopped => drop(stopped?),
            }
        }
    }
    Ok(())
}

/// However a pull is cut into pages, the same records come.
pub(super) async fn equal_times(subject: &Subject) -> Held {
    let baseline = subject.baseline()?;
    if !baseline.tracks.iter().any(|(_, trail)| trail.pages.iter().any(holds_equal_times)) {
        return Err(Ended::not_applicable("the fixture holds no two records of one time"));
    }
    for (track, whole) in &baseline.tracks {
        let expected = whole.standing();
        for limit in 1..=9 {
            let world = World::new(subject)?;
            let trail = track.pull(&mut world.guest().await?, limit, None).await?;
            if let Some(difference) = difference(&expected, &trail.standing()) {
                let seen = format!("{}, {limit} a page: {difference}", track.name());
                return Err(Ended::Failed(seen));
            }
        }
    }
    Ok(())
}

/// A cursor that means nothing is called stale, or begins anew; it breaks nothing.
pub(super) async fn cursors(subject: &Subject) -> Held {
    let baseline = subject.baseline()?;
    for (track, whole) in &baseline.tracks {
        let own = track_cursors(subject, track, whole.small()).await?;
        let foreign = baseline.tracks.iter().filter(|(it, _)| it.datatype != track.datatype);
        let foreign = foreign.filter_map(|(_, trail)| trail.cursor());
        let damaged = own.iter().flat_map(|cursor| [cut(cursor), far(cursor), reversed(cursor)]);
        for cursor in foreign.chain(damaged) {
            given(subject, track, cursor).await?;
        }
        for cursor in CORRUPT {
            let page = given(subject, track, cursor.to_owned()).await?;
            let ends = page.is_some_and(|page| !page.more && page.items.count() == 0);
            ensure(!ends || whole.standing().is_empty(), || {
                let name = track.name();
                format!("{name} with the cursor {cursor:?}: expected `stale-cursor`, got an end")
            })?;
        }
    }
    Ok(())
}

/// The page after a cursor, or none where the plugin calls it stale.
async fn given(subject: &Subject, track: &Track, cursor: String) -> Result<Option<Page>, Ended> {
    let world = World::new(subject)?;
    let request = track.request(LARGE, Some(cursor.clone()));
    match world.guest().await?.get(&request).await {
        Ok(page) => Ok(Some(page)),
        Err(Failure::StaleCursor(_)) => Ok(None),
        Err(failure) => Err(Ended::Failed(format!(
            "{} with the cursor {cursor:?}: expected `stale-cursor` or a page, got {failure}",
            track.name()
        ))),
    }
}

/// Some cursors the plugin gives itself.
async fn track_cursors(subject: &Subject, track: &Track, limit: u32) -> Result<Vec<String>, Ended> {
    let world = World::new(subject)?;
    let trail = track.pull(&mut world.guest().await?, limit, None).await?;
    let cursors: Vec<String> = trail.pages.into_iter().map(|page| page.cursor).collect();
    let step = cursors.len().div_ceil(4).max(1);
    Ok(cursors.iter().step_by(step).chain(cursors.last()).cloned().collect())
}

/// A page that is larger than its limit may only be so by the whole source row it ends with.
fn oversized_or_whole_row<'a>(
    oversized: impl Iterator<Item = &'a Page>,
    limit: u32,
) -> Option<&'a Page> {
    let mut oversized = oversized;
    oversized.find(|page| {
        let Items::Readings(columns) = &page.items else { return true };
        let mut rows: Vec<u32> = columns.iter().flat_map(|column| column.rows.clone()).collect();
        rows.sort_unstable();
        let last = rows.last().copied();
        let before = rows.iter().filter(|row| Some(**row) != last).count();
        rows.len() < page.items.count() || before >= limit as usize
    })
}

fn holds_equal_times(page: &Page) -> bool {
    let mut seen = HashSet::new();
    match &page.items {
        Items::Readings(columns) => {
            columns.iter().any(|column| column.times.iter().any(|time| !seen.insert(*time)))
        }
        Items::Resources(places) => {
            places.iter().filter_map(|it| it.updated).any(|time| !seen.insert(time))
        }
        Items::Groups(groups) => {
            groups.iter().filter_map(|it| it.updated).any(|time| !seen.insert(time))
        }
    }
}

fn cut(cursor: &str) -> String {
    cursor.chars().take(cursor.chars().count() / 2).collect()
}

fn reversed(cursor: &str) -> String {
    cursor.chars().rev().collect()
}

/// Every number in it as large as its digits allow.
fn far(cursor: &str) -> String {
    cursor.chars().map(|it| if it.is_ascii_digit() { '9' } else { it }).collect()
}
