//! The one engine that compiles and runs plugins: everything a guest does can be interrupted.

use std::io;
use std::thread;
use std::time::Duration;

use wasmparser::WasmFeatures;
use wasmtime::{Config, Engine};

/// How often a running guest is asked whether its time is up.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// Bytes of a guest's stack.
pub(super) const STACK_BYTES_MAX: usize = 512 * 1024;

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its settings do not go with this machine.
    #[error("the WebAssembly engine cannot work on this machine: {0:#}")]
    Config(wasmtime::Error),
    /// No thread for the ticker.
    #[error("no thread for the clock that interrupts plugins: {0}")]
    Ticker(#[from] io::Error),
}

/// An engine and the thread that ticks for it as long as it lives.
pub(super) fn start() -> Result<Engine, Error> {
    let engine = Engine::new(&config()).map_err(Error::Config)?;
    tick(&engine)?;
    Ok(engine)
}

/// Memory is allocated on demand: a run makes one instance and keeps it, so a pool would save
/// microseconds and reserve terabytes of addresses. Traps stay on signals, since explicit checks
/// slow every access down; wasmtime's handler passes on what is not a guest's.
pub(super) fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES_MAX)
        .concurrency_support(false)
        // A plugin's own words explain a trap; addresses in stripped code would not, and their
        // tables would be a tenth of what is verified at each load. Windows cannot do without.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(cfg!(windows))
        .wasm_features(WasmFeatures::all(), false)
        .wasm_features(features(), true);
    config
}

/// What compilers emit today, and nothing else. Several memories in a module stay allowed:
/// wasmtime's own adapters between the modules of a component are made with them.
pub(super) fn features() -> WasmFeatures {
    let unused = WasmFeatures::GC_TYPES
        | WasmFeatures::GC
        | WasmFeatures::FUNCTION_REFERENCES
        | WasmFeatures::EXCEPTIONS
        | WasmFeatures::THREADS
        | WasmFeatures::RELAXED_SIMD
        | WasmFeatures::MEMORY64
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::WIDE_ARITHMETIC
        | WasmFeatures::CUSTOM_PAGE_SIZES;
    (WasmFeatures::WASM3 | WasmFeatures::COMPONENT_MODEL).difference(unused)
}

/// On a thread of its own: a guest that never yields could hold the very worker that drives the
/// runtime's timers.
fn tick(engine: &Engine) -> Result<(), io::Error> {
    let engine = engine.weak();
    thread::Builder::new().name("plugin clock".to_owned()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_the_long_term_release_with_its_security_fixes() {
        let lock = include_str!("../../../Cargo.lock");
        let (_, entry) = lock.split_once("name = \"wasmtime\"\nversion = \"").unwrap();
        let (version, _) = entry.split_once('"').unwrap();
        let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
        assert!(parts.as_slice() >= [48, 0, 8].as_slice() && parts[0] == 48, "{version}");
    }

    #[test]
    fn the_clock_stops_with_its_engine() {
        let engine = start().unwrap();
        let weak = engine.weak();
        drop(engine);
        let gone = (0..1_000_000).any(|_| {
            thread::yield_now();
            weak.upgrade().is_none()
        });
        assert!(gone);
    }
}
