//! Pushes: true receipts, nothing twice, and what was pushed comes back as it was said to.

use std::collections::BTreeMap;

use crate::domain::batch::{Batch, Pushed};
use crate::domain::clock::rfc3339;
use crate::domain::page::{Items, Readings, Resource, Series};
use crate::domain::sync::Datatype;

use super::deliver::{self, batch_of, known, push_all};
use super::pull::{LARGE, Track};
use super::subject::Subject;
use super::verdict::{Ended, Held, ensure};
use super::world::World;

/// Degrees, metres, or units within which two numbers of a place are one.
const SAME: f64 = 1e-6;

/// A push that is repeated changes nothing.
pub(super) async fn twice(subject: &Subject) -> Held {
    let batches = deliver::batches(subject)?;
    let world = World::new(subject)?;
    let receipts = push_all(&mut world.guest().await?, &batches).await?;
    let once = world.held()?;
    for (batch, first) in batches.iter().zip(&receipts) {
        let again = world.guest().await?.push(&known(batch, first)).await?;
        if let Some(difference) = once.difference(&world.held()?) {
            let seen = format!("the same push twice: expected no change, got: {difference}");
            return Err(Ended::Failed(seen));
        }
        ensure(again.created + again.updated == 0, || {
            format!(
                "the same push twice: expected unchanged records, got {} created and {} updated",
                again.created, again.updated
            )
        })?;
    }
    Ok(())
}

/// Receipts count what happened.
pub(super) async fn receipts(subject: &Subject) -> Held {
    let batches = deliver::batches(subject)?;
    let world = World::new(subject)?;
    let mut guest = world.guest().await?;
    for batch in &batches {
        let before = world.held()?;
        let receipt = guest.push(batch).await?;
        let changed = before != world.held()?;
        let told = receipt.created + receipt.updated > 0 || !receipt.unknown.is_empty();
        ensure(changed == told, || {
            format!(
                "expected a receipt of what happened, got {} created, {} updated and {} unknown, and \
                 the other system {}",
                receipt.created,
                receipt.updated,
                receipt.unknown.len(),
                if changed { "changed" } else { "did not change" }
            )
        })?;
    }
    for columns in shapes(deliver::readings(subject)) {
        let count = batch_of(columns.clone()).items.count();
        guest.push(&batch_of(columns)).await.map_err(|failure| {
            Ended::Failed(format!("expected a receipt for a batch of {count}, got {failure}"))
        })?;
    }
    Ok(())
}

/// One bad record among others is refused alone.
pub(super) async fn bad_record(subject: &Subject) -> Held {
    let good = deliver::readings(subject)?;
    let mut bad = good.first().cloned().ok_or_else(|| Ended::not_run("nothing is pushed"))?;
    "no-such-resource".clone_into(&mut bad.series.resource);
    let world = World::new(subject)?;
    let (bads, goods) =
        (batch_of(vec![bad.clone()]).items.count(), batch_of(good.clone()).items.count());
    let columns = [vec![bad], good].concat();
    let receipt = world.guest().await?.push(&batch_of(columns)).await;
    let receipt = receipt.map_err(|failure| {
        Ended::Failed(format!("one bad record among others: expected a receipt, got {failure}"))
    })?;
    let taken = receipt.created + receipt.updated + receipt.unchanged;
    if taken == (bads + goods) as u64 {
        return Err(Ended::not_applicable("the other system takes readings of any resource"));
    }
    let refused = receipt.refused.iter().map(|(at, _)| *at).chain(receipt.conflicting.clone());
    let others: Vec<usize> = refused.filter(|at| *at >= bads).collect();
    ensure(others.is_empty() && taken == goods as u64, || {
        format!(
            "{bads} bad records before {goods} good ones: expected the good ones to be taken, got {taken} \
             taken, {} of them refused, and stopped by {:?}",
            others.len(),
            receipt.stopped
        )
    })
}

/// What is pushed comes back, but for what the plugin says is rounded or not kept.
pub(super) async fn round_trip(subject: &Subject) -> Held {
    let batches = deliver::batches(subject)?;
    let there = |batch: &&Batch| subject.gets(deliver::datatype(&batch.items));
    if !batches.iter().any(|batch| there(&batch)) {
        return Err(Ended::not_applicable("the plugin gets nothing of what it pushes"));
    }
    let world = World::new(subject)?;
    let receipts = push_all(&mut world.guest().await?, &batches).await?;
    for (batch, receipt) in batches.iter().zip(&receipts).filter(|(batch, _)| there(batch)) {
        let lost: Vec<usize> = receipt.refused.iter().map(|(at, _)| *at).collect();
        ensure(lost.is_empty(), || {
            format!("expected the push to be taken, got {:?}", receipt.refused)
        })?;
        match &known(batch, receipt).items {
            Pushed::Readings(columns) => readings_back(subject, &world, columns).await?,
            Pushed::Resources(all) => {
                let places: Vec<_> = all.iter().map(|keyed| &keyed.record).collect();
                resources_back(subject, &world, &places).await?;
            }
            Pushed::Groups(_) => {}
        }
    }
    Ok(())
}

async fn readings_back(subject: &Subject, world: &World<'_>, columns: &[Readings]) -> Held {
    let description = subject.description();
    let step = i64::from(description.step).max(1);
    let half = description.decimals.map_or(0.0, |it| 0.5 * 10_f64.powi(-i32::from(it)));
    let mut got: BTreeMap<(Series, i64), f64> = BTreeMap::new();
    for column in columns {
        for items in back(subject, world, Datatype::Reading, &column.series.resource).await? {
            let Items::Readings(columns) = items else { continue };
            for column in columns {
                let points = column.times.iter().zip(&column.values);
                got.extend(points.map(|(time, value)| ((column.series.clone(), *time), *value)));
            }
        }
    }
    for column in columns {
        for (time, value) in column.times.iter().zip(&column.values) {
            let time = time.div_euclid(step) * step;
            let back = got.get(&(column.series.clone(), time));
            let same = back.is_some_and(|back| (back - value).abs() <= half + value.abs() * 1e-12);
            ensure(same, || {
                let (resource, time) = (&column.series.resource, rfc3339(time));
                let declared = description.decimals.map_or_else(
                    || "no rounding declared".to_owned(),
                    |it| format!("{it} decimals declared"),
                );
                let back = back.map_or_else(|| "nothing".to_owned(), f64::to_string);
                format!(
                    "{value} was pushed to {resource} at {time}: expected it back, got {back} ({declared})"
                )
            })?;
        }
    }
    Ok(())
}

async fn resources_back(subject: &Subject, world: &World<'_>, places: &[&Resource]) -> Held {
    let mut got = BTreeMap::new();
    for items in back(subject, world, Datatype::Resource, "").await? {
        let Items::Resources(all) = items else { continue };
        got.extend(all.into_iter().map(|it| (it.id.clone(), it)));
    }
    let keeps = subject.description().keeps.get(&Datatype::Resource);
    let kept = |field: &str| keeps.is_none_or(|fields| fields.iter().any(|it| it == field));
    for pushed in places {
        let Some(back) = got.get(&pushed.id) else {
            let id = &pushed.id;
            return Err(Ended::Failed(format!(
                "the resource {id} was pushed and did not come back"
            )));
        };
        let fields = [
            ("name", pushed.name == back.name),
            ("kind", pushed.kind == back.kind),
            ("owner", pushed.owner == back.owner),
            ("elevation", near(pushed.elevation, back.elevation)),
            (
                "position",
                near(pushed.position.map(|it| it.latitude), back.position.map(|it| it.latitude))
                    && near(
                        pushed.position.map(|it| it.longitude),
                        back.position.map(|it| it.longitude),
                    ),
            ),
        ];
        let wrong = fields.into_iter().find(|(field, same)| !same && kept(field));
        if let Some((field, _)) = wrong {
            return Err(Ended::Failed(format!(
                "the {field} of the resource {} came back otherwise, and `keeps` does not leave it out: \
                 pushed {pushed:?}, got {back:?}",
                pushed.id
            )));
        }
    }
    Ok(())
}

/// What is got now, of one resource or of all.
async fn back(
    subject: &Subject,
    world: &World<'_>,
    datatype: Datatype,
    resource: &str,
) -> Result<Vec<Items>, Ended> {
    let each = subject.description().paging == crate::domain::plugin::Paging::EachResource;
    let only = if each && !resource.is_empty() { vec![resource.to_owned()] } else { Vec::new() };
    let trail = Track { datatype, only }.pull(&mut world.guest().await?, LARGE, None).await?;
    Ok(trail.pages.into_iter().map(|page| page.items).collect())
}

/// The same readings in other shapes: one point, a correction, a removal.
fn shapes(columns: Result<Vec<Readings>, Ended>) -> Vec<Vec<Readings>> {
    let Some(column) = columns.ok().and_then(|columns| columns.into_iter().next()) else {
        return Vec::new();
    };
    let mut one = column.clone();
    one.times.truncate(1);
    one.values.truncate(1);
    one.qualities.truncate(1);
    let mut corrected = one.clone();
    corrected.values.iter_mut().for_each(|value| *value += 1.0);
    let mut removed = column;
    removed.removed = removed.times.split_off(removed.times.len() / 2);
    removed.values.truncate(removed.times.len());
    removed.qualities.truncate(removed.times.len());
    vec![vec![one], vec![corrected], vec![removed]]
}

fn near(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() <= SAME,
        (one, other) => one.is_none() && other.is_none(),
    }
}
