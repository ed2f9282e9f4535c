//! A thousand histories of two sides, with every fault between them; and each protection taken away
//! once, which some history must notice.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use simulation::{Point, Points, Protection, Violation, simulate};

/// Histories of the suite.
const SEEDS: u64 = 1_000;

/// Histories in which a protection that is taken away must be missed.
const SEEDS_TO_MISS_IT: u64 = 200;

#[test]
fn whatever_happens_both_sides_end_equal_and_no_edit_is_lost_unseen() {
    let points = Mutex::new(Points::default());
    let violations = Mutex::new(Vec::new());
    on_all_cores(SEEDS, |seed| match simulate(seed, None) {
        Ok(met) => {
            points.lock().unwrap().add(&met);
            true
        }
        Err(violation) => {
            violations.lock().unwrap().push(violation);
            false
        }
    });
    let violations = violations.into_inner().unwrap();
    assert!(violations.is_empty(), "{}", told(&violations));
    let points = points.into_inner().unwrap();
    for point in Point::ALL {
        let (met, died) = (points.met.get(point), points.died.get(point));
        println!("{point:20} met {met:?}, died {died:?}");
        assert!(died.is_some_and(|died| *died > 0), "nobody ever died at {point}");
    }
}

#[test]
fn each_protection_is_missed_when_it_is_taken_away() {
    for protection in Protection::ALL {
        let missed = Mutex::new(None);
        on_all_cores(SEEDS_TO_MISS_IT, |seed| match simulate(seed, Some(*protection)) {
            Ok(_) => true,
            Err(violation) => {
                *missed.lock().unwrap() = Some(violation);
                false
            }
        });
        let missed = missed.into_inner().unwrap();
        let missed = missed.unwrap_or_else(|| panic!("nobody missed {protection}"));
        println!("without {protection}: {}", told(&[missed]));
    }
}

/// Runs seeds in order until one says that it is enough.
fn on_all_cores(seeds: u64, go_on: impl Fn(u64) -> bool + std::marker::Sync) {
    let (next, enough) = (AtomicU64::new(0), AtomicU64::new(0));
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while enough.load(Ordering::SeqCst) == 0 {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds {
                        return;
                    }
                    if !go_on(seed) {
                        enough.store(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
}

fn told(violations: &[Violation]) -> String {
    let one =
        |it: &Violation| format!("seed {}: {}\n  {}", it.seed, it.text, it.history.join("\n  "));
    violations.iter().map(one).collect::<Vec<_>>().join("\n")
}
