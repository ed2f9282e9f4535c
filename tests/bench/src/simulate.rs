//! `bench simulate`: fresh histories of two sides, or one again; a violation ends it with its smallest
//! history.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;
use simulation::{Point, Points, Protection, Violation, simulate};

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// How many histories
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// One history again
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Take a protection away: echo, base, cursor, fence, normalise, uncertain or seq; a violation
    /// must be found
    #[arg(long = "break", value_name = "PROTECTION")]
    lacks: Option<Protection>,
    /// Print one object
    #[arg(long)]
    json: bool,
}

/// Runs histories on all cores.
pub(crate) fn run(options: &Options) -> Result<()> {
    let begun = Instant::now();
    let (first, count) = match options.seed {
        Some(seed) => (seed, 1),
        // With a protection away the suite's own seeds are enough, and the same each time.
        None if options.lacks.is_some() => (0, options.seeds.min(200)),
        None => (rand::random::<u64>() >> 16, options.seeds),
    };
    let (points, violation) = all(first, count, options.lacks);
    let seconds = begun.elapsed().as_secs_f64();
    if options.json {
        let died = |point: &Point| points.died.get(point).copied().unwrap_or_default();
        let died: serde_json::Map<_, _> =
            Point::ALL.iter().map(|point| (point.to_string(), died(point).into())).collect();
        let seed = violation.as_ref().map(|violation| violation.seed);
        println!(
            "{}",
            json!({"seeds": count, "first": first, "wall_s": seconds, "violation": seed, "died": died})
        );
    } else {
        println!("{count} histories from seed {first} in {seconds:.1} s; deaths and meetings:");
        for point in Point::ALL {
            let number =
                |map: &std::collections::BTreeMap<Point, u64>| map.get(point).copied().unwrap_or(0);
            println!("  {point:16} {:8} {:8}", number(&points.died), number(&points.met));
        }
    }
    match (violation, options.lacks) {
        (None, None) => Ok(()),
        (None, Some(protection)) => bail!("nobody missed {protection}"),
        (Some(violation), lacks) => {
            eprintln!(
                "seed {}: {}\n  {}",
                violation.seed,
                violation.text,
                violation.history.join("\n  ")
            );
            match lacks {
                Some(_) => Ok(()),
                None => bail!("seed {} violates what must hold", violation.seed),
            }
        }
    }
}

fn all(first: u64, count: u64, lacks: Option<Protection>) -> (Points, Option<Violation>) {
    let (next, points, found) =
        (AtomicU64::new(0), Mutex::new(Points::default()), Mutex::new(None));
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= count {
                        return;
                    }
                    match simulate(first.wrapping_add(number), lacks) {
                        Ok(met) => points
                            .lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner)
                            .add(&met),
                        Err(violation) => {
                            next.store(count, Ordering::SeqCst);
                            *found.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
                                Some(violation);
                            return;
                        }
                    }
                }
            });
        }
    });
    let points = points.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    (points, found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}
