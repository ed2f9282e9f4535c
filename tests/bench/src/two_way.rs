//! `bench two-way`: what it costs to keep two sides in step, beside histories of any length.
//!
//! The other side is the stand-in of the demo, in this process on a thread of its own, filled before.
//! The first pull is not measured. Of idle runs the least counts; `requests` are those of one run.
//! Pushing is held against posting bodies as large with the same readings to a stand-in as empty.

mod direct;
mod world;

use std::time::Instant;

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::{Map, Value, json};

use crate::report;
use world::World;

/// New readings on each side.
const NEW: u64 = 100;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Readings that both sides hold before anything is measured
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    histories: Vec<u64>,
    /// Readings that are changed here and pushed
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    edits: u64,
    /// How often an idle run is measured; the least counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Print one object
    #[arg(long)]
    json: bool,
}

/// Measures everything, checks what each side holds, and prints.
#[tokio::main]
pub(crate) async fn run(options: &Options) -> Result<()> {
    let mut figures = Map::new();
    for (at, &history) in options.histories.iter().enumerate() {
        eprintln!("{history} readings on both sides …");
        let world = World::new(history).await?;
        idle(&world, history, options.runs, &mut figures).await?;
        if at + 1 == options.histories.len() {
            changes(&world, options.edits, &mut figures).await?;
        }
    }
    let over =
        |one: &str, other: &str| Some(figures.get(one)?.as_f64()? / figures.get(other)?.as_f64()?);
    let flat = over("idle_ms_1m", "idle_ms_10k");
    figures.insert("idle_1m_over_10k".to_owned(), json!(flat));
    if options.json {
        println!("{}", Value::Object(figures));
    } else {
        print!("{}", report::table(&figures));
    }
    Ok(())
}

async fn idle(
    world: &World,
    history: u64,
    runs: u32,
    figures: &mut Map<String, Value>,
) -> Result<()> {
    let (mut least, mut requests) = (f64::INFINITY, 0);
    for _ in 0..runs {
        let (before, begun) = (world.stand_in.requests(), Instant::now());
        let run = world.run().await?;
        least = least.min(begun.elapsed().as_secs_f64() * 1e3);
        requests = world.stand_in.requests() - before;
        let moved = run.counts.created + run.counts.updated + run.pushed.created;
        ensure!(moved == 0, "an idle run moved {moved} readings");
    }
    let size = label(history);
    figures.insert(format!("idle_ms_{size}"), json!(least));
    figures.insert(format!("idle_requests_{size}"), json!(requests));
    Ok(())
}

/// New readings on both sides, then many that are new here, then many that are changed here.
async fn changes(world: &World, edits: u64, figures: &mut Map<String, Value>) -> Result<()> {
    world.add_there(NEW);
    world.add_here(NEW).await?;
    let begun = Instant::now();
    let run = world.run().await?;
    figures.insert("new_100_ms".to_owned(), json!(begun.elapsed().as_secs_f64() * 1e3));
    ensure!((run.counts.created, run.pushed.created) == (NEW, NEW), "{run:?}");

    let pushed = world.add_here(edits).await?;
    let begun = Instant::now();
    let run = world.run().await?;
    let push_s = begun.elapsed().as_secs_f64();
    ensure!(run.pushed.created == edits, "{run:?}");
    let direct_s = direct::post(&pushed)?;
    figures.insert("push_per_s".to_owned(), json!(edits as f64 / push_s));
    figures.insert("direct_per_s".to_owned(), json!(edits as f64 / direct_s));
    figures.insert("push_over_direct".to_owned(), json!(push_s / direct_s));

    let changed = world.change_here(edits).await?;
    let begun = Instant::now();
    let run = world.run().await?;
    let edits_s = begun.elapsed().as_secs_f64();
    ensure!(run.pushed.updated == changed, "{run:?}");
    let direct_s = direct::patch(changed)?;
    figures.insert("edits_10k_s".to_owned(), json!(edits_s));
    figures.insert("edits_over_direct".to_owned(), json!(edits_s / direct_s));
    world.ensure_agreed().await
}

/// "10k", "1m".
fn label(history: u64) -> String {
    match history {
        size if size >= 1_000_000 && size % 1_000_000 == 0 => format!("{}m", size / 1_000_000),
        size if size >= 1_000 && size % 1_000 == 0 => format!("{}k", size / 1_000),
        size => size.to_string(),
    }
}
