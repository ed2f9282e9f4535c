//! The next run: little where nothing changed, and everything that did.

use crate::domain::clock::Timestamp;
use crate::domain::page::Items;
use crate::domain::plugin::Failure;
use crate::domain::sync::Datatype;

use super::pull::{LARGE, Stopped, Track, Trail};
use super::record::{Records, lacking, standing};
use super::subject::Subject;
use super::verdict::{Ended, Held, ensure};
use super::world::World;

/// A second run over an unchanged source brings little and asks no more than the first.
pub(super) async fn second_run(subject: &Subject) -> Held {
    let all = subject.baseline()?.tracks.iter();
    let tracks: Vec<_> = all.filter(|(track, _)| track.datatype == Datatype::Reading).collect();
    if tracks.is_empty() {
        return Err(Ended::not_applicable("the plugin gets no readings; places are few"));
    }
    let (mut first, mut second) = (0, 0);
    let (mut asked_first, mut asked_second) = (0, 0);
    for (track, whole) in tracks {
        let world = World::new(subject)?;
        let limit = whole.small();
        let trail = track.pull(&mut world.guest().await?, limit, None).await?;
        let calls = world.calls();
        let again = track.pull(&mut world.guest().await?, limit, trail.cursor()).await?;
        asked_first += calls;
        asked_second += world.calls() - calls;
        first += trail.records().len();
        second += again.records().len();
    }
    ensure(second * 2 <= first, || {
        format!("expected few readings in the second run, got {second} after {first} in the first")
    })?;
    ensure(asked_second <= asked_first, || {
        format!("the second run made {asked_second} calls of the host, the first {asked_first}")
    })
}

/// What came late and what was corrected is found by the run after it.
pub(super) async fn late(subject: &Subject) -> Held {
    let baseline = subject.baseline()?;
    let mut world = World::new(subject)?;
    if !world.has_later() {
        return Err(Ended::not_applicable("the fixture has neither fn later() nor later/"));
    }
    let mut trails = Vec::new();
    for (track, _) in &baseline.tracks {
        trails.push(track.pull(&mut world.guest().await?, LARGE, None).await?);
    }
    world.later();
    let (mut late, mut corrected) = (0, 0);
    for ((track, _), first) in baseline.tracks.iter().zip(trails) {
        let anew = track.pull(&mut world.guest().await?, LARGE, None).await?;
        let expected = anew.standing();
        let second = next_run(&world, track, first.cursor()).await?;
        let got = standing(first.pages.iter().chain(&second.pages));
        late += late_points(&first, &anew);
        corrected += differing(&first.standing(), &expected);
        if let Some(difference) = lacking(&expected, &got) {
            let seen = format!("{}, after later() and a second run: {difference}", track.name());
            return Err(Ended::Failed(seen));
        }
    }
    match (late, corrected) {
        (0, _) => Err(Ended::not_run("the fixture's later() brings no reading of an old time")),
        (_, 0) => Err(Ended::not_run("the fixture's later() corrects no record")),
        _ => Ok(()),
    }
}

/// A run after another one; where the plugin calls its cursor stale, it begins anew.
async fn next_run(
    world: &World<'_>,
    track: &Track,
    cursor: Option<String>,
) -> Result<Trail, Ended> {
    let mut guest = world.guest().await?;
    match track.pull(&mut guest, LARGE, cursor).await {
        Err(Stopped::Failed { failure: Failure::StaleCursor(_), .. }) => {
            Ok(track.pull(&mut guest, LARGE, None).await?)
        }
        ended => Ok(ended?),
    }
}

/// Records that are there before and after, and are otherwise.
fn differing(before: &Records, after: &Records) -> usize {
    let differs = |(name, it): &(&String, &String)| before.get(*name).is_some_and(|old| old != *it);
    after.iter().filter(differs).count()
}

/// Points that came after others of a later time.
fn late_points(before: &Trail, after: &Trail) -> usize {
    let newest = times(before).max();
    let old = |trail| times(trail).filter(|time| Some(*time) < newest).count();
    old(after).saturating_sub(old(before))
}

fn times(trail: &Trail) -> impl Iterator<Item = Timestamp> {
    trail.pages.iter().flat_map(|page| match &page.items {
        Items::Readings(columns) => columns.iter().flat_map(|it| it.times.clone()).collect(),
        _ => Vec::new(),
    })
}
