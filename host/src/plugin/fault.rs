//! Why a call of a guest ended in a trap, in words that say whose turn it is.

use wasmtime::Trap;
use wasmtime::component::ResourceTableError;
use wasmtime_wasi::I32Exit;

use super::engine::STACK_BYTES_MAX;
use super::limits::{Limits, bytes};
use super::state::State;
use crate::domain::plugin::Failure;
use crate::grant::text;

/// Longest text of an error of wasmtime's that is passed on.
const ERROR_BYTES_MAX: usize = 1024;

/// What stopped `call`: a limit where one was reached, else the plugin's own fault; with what the
/// plugin wrote about it.
pub(super) fn explain(call: &str, error: &wasmtime::Error, state: &State) -> Failure {
    let said = said(&state.output.text());
    match limit(call, error, state) {
        Some(limit) => Failure::Limit(format!("{limit}{said}")),
        None => Failure::Fault(format!("{call} {}{said}", class(error))),
    }
}

/// The time of `call` is up.
pub(super) fn late(call: &str, limits: &Limits) -> Failure {
    Failure::Limit(late_text(call, limits))
}

/// An instance is used after it trapped.
pub(super) fn dead() -> Failure {
    Failure::Fault("this instance ended in an earlier call; a new one is needed".to_owned())
}

fn late_text(call: &str, limits: &Limits) -> String {
    match call {
        "start" => format!("start time: at most {:?} (start_time_ms_max)", limits.start_time_max),
        _ => format!(
            "call time: {call} took more than {:?} (call_time_ms_max)",
            limits.call_time_max
        ),
    }
}

/// What the plugin wrote, without the advice Rust adds to it, which nobody here can follow.
fn said(output: &str) -> String {
    let said = output.split("note: run with `RUST_BACKTRACE").next().unwrap_or_default().trim();
    if said.is_empty() { String::new() } else { format!("; it said: {said}") }
}

/// The limit that was reached. Wasmtime has no types for some of them, only texts.
fn limit(call: &str, error: &wasmtime::Error, state: &State) -> Option<String> {
    let limits = &state.limits;
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => return Some(late_text(call, limits)),
        Some(Trap::StackOverflow) => {
            return Some(format!("stack: at most {}", bytes(STACK_BYTES_MAX)));
        }
        _ => {}
    }
    if let Some(reached) = state.limiter.reached() {
        return Some(reached.to_owned());
    }
    let handles =
        || Some(format!("handles: at most {} open at a time (handles_max)", limits.handles_max));
    if matches!(error.downcast_ref(), Some(ResourceTableError::Full)) {
        return handles();
    }
    let text = format!("{error:#}");
    if text.contains("fuel allocated for hostcalls") {
        let most = bytes(limits.hostcall_bytes_max);
        Some(format!(
            "transfer: at most {most} between plugin and host in a call (hostcall_bytes_max)"
        ))
    } else if text.contains("store handle limit exceeded") {
        handles()
    } else if text.contains("requested len") && text.contains("exceeds limit") {
        let most = limits.random_bytes_max;
        Some(format!("randomness: at most {most} bytes at once (random_bytes_max)"))
    } else if text.contains("count too high") {
        let Limits { instances_max, memories_max, tables_max, .. } = **limits;
        Some(format!(
            "parts: at most {instances_max} instances (instances_max), {memories_max} memories \
             (memories_max), {tables_max} tables (tables_max)"
        ))
    } else {
        None
    }
}

/// What kind of end it was.
fn class(error: &wasmtime::Error) -> String {
    if let Some(I32Exit(status)) = error.downcast_ref() {
        return format!("ended the program with status {status} instead of answering");
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => "panicked".to_owned(),
        Some(Trap::MemoryOutOfBounds | Trap::HeapMisaligned) => {
            "trapped (outside of its memory)".to_owned()
        }
        Some(trap) => format!("trapped ({trap})"),
        None => {
            let text = text::clean(&format!("{:#}", error.root_cause()), ERROR_BYTES_MAX);
            format!("broke the rules of components ({text})")
        }
    }
}
