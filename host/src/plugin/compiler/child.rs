//! The compiling process itself: limits first, then one component from stdin, its code to stdout.

use std::io::{self, Read as _, Write as _};
use std::panic;
use std::path::Path;
#[cfg(unix)]
use std::{process, thread};

use wasmtime::Engine;
use wasmtime::error::OutOfMemory;

use crate::plugin::engine;
use crate::plugin::limits::Limits;

/// The machine code is on stdout.
const DONE: u8 = 0;
/// It does not compile; stderr says why.
pub(super) const REFUSED: u8 = 65;
/// There was not enough memory.
pub(super) const NO_MEMORY: u8 = 71;
/// It could not do its work; stderr says why.
pub(super) const BROKEN: u8 = 70;

/// Open files: the three pipes, and what the C library looks at.
#[cfg(unix)]
const FILES_MAX: u64 = 16;

/// Bytes of the stack of the thread that only waits.
#[cfg(unix)]
const WATCH_STACK_BYTES: usize = 64 * 1024;

/// What it may use at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Seconds of processor time, of all threads together.
    pub cpu_seconds_max: u64,
    /// Bytes of addresses.
    pub memory_bytes_max: u64,
    /// Bytes of the component.
    pub component_bytes_max: u64,
}

impl Order {
    pub(super) fn of(limits: &Limits) -> Self {
        let bytes = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        Self {
            cpu_seconds_max: limits.compile_cpu_time_max.as_secs().max(1),
            memory_bytes_max: bytes(limits.compile_memory_bytes_max),
            component_bytes_max: bytes(limits.component_bytes_max),
        }
    }

    /// As the command line has them, in this order.
    pub(super) fn arguments(self) -> [String; 3] {
        [self.cpu_seconds_max, self.memory_bytes_max, self.component_bytes_max]
            .map(|number| number.to_string())
    }
}

/// Compiles what comes on stdin, within limits that it sets first of all. For a process that was
/// started for that alone. Returns its exit code.
pub fn compile(order: Order) -> u8 {
    panic::set_hook(Box::new(|panic| {
        let _ = write!(io::stderr(), "{}", words(panic));
    }));
    let Err(end) = obey(order) else { return DONE };
    let (code, said) = match end {
        End::Refused(error) if error.is::<OutOfMemory>() => (NO_MEMORY, String::new()),
        End::Refused(error) => (REFUSED, format!("{error:#}")),
        End::Broken(what, error) => (BROKEN, format!("{what}: {error}")),
    };
    // Where even this cannot be said, the code says it.
    let _ = write!(io::stderr(), "{said}");
    code
}

enum End {
    Refused(wasmtime::Error),
    Broken(&'static str, io::Error),
}

fn obey(order: Order) -> Result<(), End> {
    restrict(order).map_err(|error| End::Broken("its limits cannot be set", error))?;
    end_when_alone().map_err(|error| End::Broken("there is no thread for it", error))?;
    let mut component = Vec::new();
    let read = io::stdin().take(order.component_bytes_max).read_to_end(&mut component);
    read.map_err(|error| End::Broken("the component cannot be read", error))?;
    let engine = Engine::new(&engine::config()).map_err(End::Refused)?;
    let compiled = engine.precompile_component(&component).map_err(End::Refused)?;
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(&compiled).and_then(|()| stdout.flush());
    written.map_err(|error| End::Broken("the machine code cannot be written", error))
}

/// What the kernel holds from here on. Past its processor time it is told so, and killed a second
/// later; a file it cannot write at all, nor a picture of its memory. How many processes there are is
/// counted for a user, whatever they run, so a limit of that would be one of the host itself.
#[cfg(unix)]
fn restrict(order: Order) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let Order { cpu_seconds_max, memory_bytes_max, .. } = order;
    let limits = [
        (Resource::Cpu, cpu_seconds_max, cpu_seconds_max.saturating_add(1)),
        (Resource::As, memory_bytes_max, memory_bytes_max),
        (Resource::Core, 0, 0),
        (Resource::Fsize, 0, 0),
        (Resource::Nofile, FILES_MAX, FILES_MAX),
    ];
    for (resource, current, maximum) in limits {
        setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) })?;
    }
    Ok(())
}

/// Whoever started it reads its output to the end. Where that is closed before, nobody waits for the
/// machine code any more, and the rest of the work is for nothing.
#[cfg(unix)]
fn end_when_alone() -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    let watch = || {
        let stdout = io::stdout();
        let mut closed = [PollFd::new(&stdout, PollFlags::empty())];
        while poll(&mut closed, None).is_err() {}
        process::exit(BROKEN.into());
    };
    thread::Builder::new().stack_size(WATCH_STACK_BYTES).spawn(watch).map(drop)
}

/// What a panic says, without the folders of the machine that this program was built on.
fn words(panic: &panic::PanicHookInfo<'_>) -> String {
    let said = panic.payload_as_str().unwrap_or("it broke down");
    let file = panic.location().and_then(|it| Some((Path::new(it.file()).file_name()?, it.line())));
    match file {
        Some((file, line)) => format!("{said} ({}, line {line})", file.display()),
        None => said.to_owned(),
    }
}

/// Nothing here limits a process; its wall time, which the parent watches, must do.
#[cfg(not(unix))]
fn restrict(_order: Order) -> io::Result<()> {
    Ok(())
}

/// A closed pipe shows when it is written to.
#[cfg(not(unix))]
fn end_when_alone() -> io::Result<()> {
    Ok(())
}
