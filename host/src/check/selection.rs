//! What was selected comes whole, and nothing else does.

use std::collections::BTreeSet;

use crate::domain::clock::{Timestamp, rfc3339};
use crate::domain::page::{Items, PageRequest, Series};
use crate::domain::sync::Datatype;

use super::pull::{LARGE, PAGES_MAX, Stopped, Track, Trail};
use super::record::{Records, difference, of_reading};
use super::subject::Subject;
use super::verdict::{Ended, Held};
use super::world::World;

/// Resources that are selected one by one.
const RESOURCES_MAX: usize = 5;

/// Of selected resources all readings come, and none of others.
pub(super) async fn only(subject: &Subject) -> Held {
    let whole = readings(subject)?;
    let resources: BTreeSet<&str> =
        points(&whole).map(|(series, ..)| series.resource.as_str()).collect();
    for resource in resources.into_iter().take(RESOURCES_MAX) {
        let track = Track { datatype: Datatype::Reading, only: vec![resource.to_owned()] };
        let world = World::new(subject)?;
        let got = track.pull(&mut world.guest().await?, LARGE, None).await?;
        let expected = standing(&whole, |series, _| series.resource == resource);
        if let Some(difference) = difference(&expected, &standing(&[&got], |_, _| true)) {
            let seen = format!("readings with only {resource:?} selected: {difference}");
            return Err(Ended::Failed(seen));
        }
    }
    Ok(())
}

/// What was observed before the time that is asked for does not come, and all else does.
pub(super) async fn since(subject: &Subject) -> Held {
    let whole = readings(subject)?;
    let mut times: Vec<Timestamp> = points(&whole).map(|(_, time, _)| time).collect();
    times.sort_unstable();
    let since = times.get(times.len() / 2).copied().unwrap_or_default();
    let expected = standing(&whole, |_, time| time >= since);
    let mut got = Vec::new();
    for (track, _) in tracks(subject)? {
        let world = World::new(subject)?;
        let mut guest = world.guest().await?;
        let mut cursor = None;
        let mut trail = Trail { start: None, pages: Vec::new() };
        while trail.pages.last().is_none_or(|page| page.more) {
            if trail.pages.len() >= PAGES_MAX {
                return Err(Stopped::Endless.into());
            }
            let request = PageRequest { since: Some(since), ..track.request(LARGE, cursor) };
            let page = guest.get(&request).await?;
            cursor = Some(page.cursor.clone());
            trail.pages.push(page);
        }
        got.push(trail);
    }
    match difference(&expected, &standing(&got.iter().collect::<Vec<_>>(), |_, _| true)) {
        None => Ok(()),
        Some(difference) => {
            Err(Ended::Failed(format!("readings since {}: {difference}", rfc3339(since))))
        }
    }
}

fn tracks(subject: &Subject) -> Result<impl Iterator<Item = &(Track, Trail)>, Ended> {
    let all = subject.baseline()?.tracks.iter();
    Ok(all.filter(|(track, _)| track.datatype == Datatype::Reading))
}

fn readings(subject: &Subject) -> Result<Vec<&Trail>, Ended> {
    let trails: Vec<_> = tracks(subject)?.map(|(_, trail)| trail).collect();
    let some = points(&trails).next().is_some();
    if some { Ok(trails) } else { Err(Ended::not_applicable("the plugin gets no readings")) }
}

fn points<'a>(trails: &'a [&Trail]) -> impl Iterator<Item = (&'a Series, Timestamp, f64)> {
    let pages = trails.iter().flat_map(|trail| &trail.pages);
    let columns = pages.flat_map(|page| match &page.items {
        Items::Readings(columns) => columns.as_slice(),
        _ => &[],
    });
    columns.flat_map(|column| {
        let points = column.times.iter().zip(&column.values);
        points.map(|(time, value)| (&column.series, *time, *value))
    })
}

fn standing(trails: &[&Trail], wanted: impl Fn(&Series, Timestamp) -> bool) -> Records {
    let wanted = points(trails).filter(|(series, time, _)| wanted(series, *time));
    wanted.map(|(series, time, value)| (of_reading(series, time), value.to_string())).collect()
}
