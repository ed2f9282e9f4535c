//! What this process has used so far, as the system counts it.

use std::fs;
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// Ticks a second in which Linux tells times of processes, whatever its own clock is.
const TICKS: f64 = 100.0;

/// Runs from its making to [`Meter::stop`].
#[derive(Debug)]
pub(crate) struct Meter {
    begun: Instant,
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self { begun: Instant::now() }
    }

    /// Wall time since the start; CPU and greatest memory of the whole process.
    pub(crate) fn stop(&self, rows: u64) -> Result<Value> {
        let wall = self.begun.elapsed().as_secs_f64();
        Ok(json!({"wall_s": wall, "cpu_s": cpu_s()?, "peak_mib": peak_mib()?, "rows": rows}))
    }
}

/// CPU seconds of all threads, dead ones too.
pub(crate) fn cpu_s() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("/proc/self/stat")?;
    // The program's name, in brackets, may hold anything; user and system time are 12th and 13th after it.
    let (_, fields) = stat.rsplit_once(')').context("/proc/self/stat has no name")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let ticks = ticks.sum::<Result<u64, _>>().context("/proc/self/stat has no times")?;
    Ok(ticks as f64 / TICKS)
}

/// CPU nanoseconds of the threads that live: finer than [`cpu_s`], and what the neighbours do to
/// the wall time of a short piece is not in it.
pub(crate) fn cpu_ns() -> Result<u64> {
    let mut sum = 0;
    for thread in fs::read_dir("/proc/self/task").context("/proc/self/task")? {
        let path = thread?.path().join("schedstat");
        // Where it cannot be read the thread has just ended.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let first = text.split_whitespace().next().context("schedstat is empty")?;
        sum += first.parse::<u64>()?;
    }
    Ok(sum)
}

/// The most memory this process ever had.
fn peak_mib() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status").context("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).context("no VmHWM")?;
    Ok(kib.parse::<f64>()? / 1024.0)
}
