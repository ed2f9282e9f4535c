//! What must hold once everything is quiet: both sides are equal, no edit went unseen, and a further
//! run moves nothing.

use anyhow::{Result, bail, ensure};
use ourwater::domain::conflict::ConflictState;
use ourwater::domain::plan::Winner;

use crate::action::{Meanwhile, Run};
use crate::remote::{Key, RESOLUTION, VALUE_MAX, doubled};
use crate::seeded::Seeded;
use crate::world::{Both, Done, World, ensure_single, owner_there};

/// Runs until nothing is open any more.
const RUNS_MAX: u64 = 8;

/// Lets the two sides come together, then looks at them.
pub(crate) async fn quiet(world: &mut World, seed: u64) -> Result<()> {
    ensure_no_echo(world)?;
    for round in 0..RUNS_MAX {
        let Some(run) = world.run(calm(seed.wrapping_add(round))).await? else {
            bail!("a calm run did not end");
        };
        ensure!(run.state.completed(), "a calm run did not complete");
        let decided = decide(world, seed.wrapping_add(round)).await?;
        let moved = run.counts.created + run.counts.updated + run.conflicts;
        let pushed = run.pushed.created + run.pushed.updated + run.pushed.open;
        if moved + pushed + decided == 0 {
            break;
        }
    }
    ensure_no_echo(world)?;
    equal(world).await?;
    nothing_lost(world).await?;
    idle(world).await
}

fn calm(seed: u64) -> Run {
    Run { seed, foul: false, happening: None, meanwhile: Meanwhile::TakeOver }
}

/// A person decides what is open; how much that was.
async fn decide(world: &World, seed: u64) -> Result<u64> {
    let mut chance = Seeded(seed);
    let open = Some(ConflictState::Open);
    let (store, organisation) = (&world.store, &world.organisation);
    let conflicts = store.conflicts(organisation, &world.sync.id, open, 1_000).await?;
    let decided = conflicts.len() as u64;
    for conflict in conflicts {
        let winner = if chance.percent(50) { Winner::Ours } else { Winner::Theirs };
        store.resolve_conflict(organisation, &conflict.id, winner, 1).await?;
    }
    Ok(decided)
}

async fn equal(world: &World) -> Result<()> {
    let (here, there) = (world.here().await?, world.there());
    {
        let remote = world.remote();
        ensure!(doubled(&remote).is_empty(), "stand there twice: {:?}", doubled(&remote));
        let owners = remote.resources.values().filter_map(|(it, _)| it.owner.clone());
        ensure_single(owners, "there")?;
    }
    let resources = world.store.resources(&world.organisation, "", 1_000).await?;
    ensure_single(resources.iter().filter_map(|it| it.resource.owner.clone()), "here")?;
    let keys: std::collections::BTreeSet<&Key> = here.keys().chain(there.keys()).collect();
    for key in keys {
        let (ours, theirs) = (here.get(key).map(|(_, value)| *value), there.get(key).copied());
        if ours.is_some_and(|value| value > VALUE_MAX) {
            continue;
        }
        ensure!(same(ours, theirs), "{key:?} is {ours:?} here and {theirs:?} there");
    }
    for resource in resources {
        let owner = resource.resource.owner.clone();
        let name = &resource.resource.name;
        let made_here = owner.as_ref().is_some_and(|owner| world.made_here.contains(owner));
        ensure!(!made_here || name.ends_with("'s well"), "{owner:?} lost its name: {name}");
        let remote = world.remote();
        let Some((there, _)) = remote.resources.values().find(|(it, _)| it.owner == owner) else {
            bail!("{owner:?} is not there");
        };
        ensure!(
            there.kind == resource.resource.kind,
            "{owner:?} is a {} here and a {} there",
            resource.resource.kind,
            there.kind
        );
    }
    Ok(())
}

/// The last edit of one side stands; that of the other was seen by its user, or is a conflict.
async fn nothing_lost(world: &World) -> Result<()> {
    let here = world.here().await?;
    let conflicts =
        world.store.conflicts(&world.organisation, &world.sync.id, None, 10_000).await?;
    for (key, both) in &world.users {
        let end = here.get(key).map(|(_, value)| *value);
        let known = conflicts.iter().any(|it| {
            let time = it.time.map(|time| RESOLUTION.cut(time));
            let owner = owner_there(&world.remote(), &it.record);
            time == Some(key.1) && owner == key.0
        });
        if end.is_some_and(|value| value > VALUE_MAX) || deleted_unsurely(world, key, both) {
            continue;
        }
        check(both, end, known).map_err(|text| {
            anyhow::anyhow!("{key:?} ended as {end:?}: {text}; {both:?}, conflict {known}")
        })?;
    }
    Ok(())
}

/// Somebody there deleted what was sent and whose answer was lost: sent again, it is made again, since
/// nobody can tell it from one that never arrived.
fn deleted_unsurely(world: &World, key: &Key, both: &Both) -> bool {
    let remote = world.remote();
    let sent = remote
        .handed
        .iter()
        .filter(|(id, second)| *second == key.1 && owner_there(&remote, id) == key.0);
    sent.count() > 1 && both.there.last().is_some_and(|done| done.value.is_none())
}

fn check(both: &Both, end: Option<f64>, conflict: bool) -> Result<(), &'static str> {
    let stands = |done: &[Done]| done.last().is_some_and(|done| same(done.value, end));
    let (ours, theirs) = (stands(&both.here), stands(&both.there));
    if !ours && !theirs {
        return Err("nobody made it so");
    }
    let last = both.here.last().filter(|_| ours && !theirs);
    if last.is_some_and(|here| here.value != end) {
        return Err("ours lost what the other side cannot keep");
    }
    let overwritten = match (ours, theirs) {
        (true, false) => unseen(&both.here, &both.there),
        (false, true) => unseen(&both.there, &both.here),
        _ => false,
    };
    if overwritten && !conflict { Err("an edit was overwritten unseen") } else { Ok(()) }
}

/// Whether nobody on the winning side had the lost value before him when he changed it. What a side
/// had before, as far as the other can tell, is no edit.
fn unseen(winners: &[Done], losers: &[Done]) -> bool {
    let Some(lost) = losers.last() else { return false };
    if losers.iter().any(|done| same(done.saw, lost.value)) {
        return false;
    }
    let after = |done: &&Done| done.tick > lost.tick;
    !winners.iter().filter(after).any(|done| same(done.saw, lost.value))
}

/// Nothing is handed over that no user here touched.
fn ensure_no_echo(world: &World) -> Result<()> {
    let remote = world.remote();
    for (id, second) in &remote.handed {
        let key = (owner_there(&remote, id), *second);
        let touched = world.users.get(&key).is_some_and(|both| !both.here.is_empty());
        ensure!(touched, "{key:?} came from there and was sent back");
    }
    Ok(())
}

async fn idle(world: &mut World) -> Result<()> {
    let writes = world.remote().writes;
    world.remote().handed.clear();
    let here = world.here().await?;
    let ended = world.run(calm(3)).await?;
    let Some(run) = ended else { bail!("the idle run did not end") };
    ensure!(run.counts.created + run.counts.updated == 0, "an idle run moved {:?}", run.counts);
    ensure!(run.conflicts == 0, "an idle run met conflicts");
    ensure!(world.remote().writes == writes, "an idle run wrote there");
    let large = |key: &Key| {
        let owner = owner_there(&world.remote(), &key.0);
        here.get(&(owner, key.1)).is_some_and(|(_, value)| *value > VALUE_MAX)
    };
    let handed = world.remote().handed.clone();
    let sent: Vec<&Key> = handed.iter().filter(|key| !large(key)).collect();
    ensure!(sent.is_empty(), "an idle run sent {sent:?}");
    Ok(())
}

fn same(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() <= RESOLUTION.tolerance(),
        (None, None) => true,
        _ => false,
    }
}
