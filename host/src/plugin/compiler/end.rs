//! How compiling ended, in words: each end that a process can have means something.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use super::child::{NO_MEMORY, REFUSED};
use crate::grant::text;
use crate::plugin::limits::{Limits, bytes};

/// Of what the compiler says.
const SAID_BYTES_MAX: usize = 1024;

/// How Rust ends a process whose allocation failed.
const ALLOCATION_FAILED: &str = "memory allocation of";

/// Why there is no machine code.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The compiler does not take it.
    #[error("the component does not compile: {0}")]
    Refused(String),
    /// Over the limit.
    #[error(
        "compiling: at most {0:?} of processor time (compile_cpu_time_ms_max), and the component needs \
         more; split its largest functions"
    )]
    CpuTime(Duration),
    /// Over the limit.
    #[error("compiling: at most {} of memory (compile_memory_bytes_max), and the component needs more", bytes(*.0))]
    Memory(usize),
    /// Over the limit.
    #[error(
        "compiling: at most {0:?} (compile_wall_time_ms_max), and it took longer; is the machine busy? \
         try again"
    )]
    WallTime(Duration),
    /// Over the limit.
    #[error("machine code: at most {} (compiled_bytes_max), and the component compiles to more", bytes(*.0))]
    TooLarge(usize),
    /// A signal that is none of the limits'.
    #[error(
        "the compiler was killed by signal {signal}{said}; try again, or with a smaller component"
    )]
    Killed {
        /// Its number.
        signal: i32,
        /// What it said, or nothing.
        said: String,
    },
    /// It ended as it should not.
    #[error("the compiler failed with code {code}{said}")]
    Failed {
        /// Its exit code.
        code: i32,
        /// What it said, or nothing.
        said: String,
    },
    /// Another program.
    #[error("the compiler gave no machine code: it must be this same ourwater")]
    NoCode,
    /// There is no such program, or it may not be run.
    #[error("the compiler's program, {program}, cannot be started: {source}")]
    Start {
        /// Its path.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A pipe to it broke, or it cannot be waited for.
    #[error("the compiler cannot be talked to: {0}")]
    Pipe(io::Error),
    /// The thread that compiled it broke down.
    #[error("compiling broke down: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// Fine only where it ended by itself and well.
pub(super) fn judge(status: ExitStatus, said: &[u8], limits: &Limits) -> Result<(), Error> {
    let said = clean(&String::from_utf8_lossy(said));
    let after = if said.is_empty() { String::new() } else { format!("; it said: {said}") };
    let memory = Error::Memory(limits.compile_memory_bytes_max);
    match status.code() {
        Some(0) => Ok(()),
        Some(code) if code == i32::from(NO_MEMORY) || out_of_memory(&said) => Err(memory),
        Some(code) if code == i32::from(REFUSED) => Err(Error::Refused(said)),
        Some(code) => Err(Error::Failed { code, said: after }),
        None => Err(match signal(status) {
            Some(Signal::CpuTime) => Error::CpuTime(limits.compile_cpu_time_max),
            _ if out_of_memory(&said) => memory,
            Some(Signal::Other(signal)) => Error::Killed { signal, said: after },
            None => Error::Killed { signal: 0, said: after },
        }),
    }
}

/// A stranger's component may have a say in it.
pub(super) fn clean(said: &str) -> String {
    text::clean(said.trim(), SAID_BYTES_MAX)
}

/// Threads that cannot be started for want of memory say so in other words.
fn out_of_memory(said: &str) -> bool {
    [ALLOCATION_FAILED, "Cannot allocate memory", "Resource temporarily unavailable"]
        .iter()
        .any(|words| said.contains(words))
}

enum Signal {
    CpuTime,
    Other(i32),
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<Signal> {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal().map(|signal| {
        let over = rustix::process::Signal::XCPU.as_raw();
        if signal == over { Signal::CpuTime } else { Signal::Other(signal) }
    })
}

#[cfg(not(unix))]
fn signal(_status: ExitStatus) -> Option<Signal> {
    None
}
