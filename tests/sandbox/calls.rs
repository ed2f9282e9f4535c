//! Calls that do not end, or end as no call should.

use super::made::Made;
use super::row::{Ends, Row, data, denied, fault, guest, limit, upload};
use super::values::LOG;
use crate::harness::component::component;

const LATE: Ends = limit(&["call time: get took more than 700ms (call_time_ms_max)"]);

pub(super) fn rows() -> Vec<Row> {
    [within(), around(), reaching()].into_iter().flatten().collect()
}

/// In a call itself.
fn within() -> Vec<Row> {
    vec![
        guest("nothing", Ends::Well(&[])),
        guest("loop", LATE),
        guest("sleep", LATE),
        guest("log-flood", LATE),
        guest("stack", limit(&["stack: at most 512 KiB"])),
        guest("panic", fault(&["get panicked; it said: thread", "the well is dry"])),
        guest("exit", fault(&["get ended the program with status", "instead of answering"])),
        guest("print-flood", fault(&["get panicked", "at last"])),
        guest("escapes", data(&["your password, please"])),
        guest("random-flood", LATE),
        guest("random", limit(&["randomness: at most 65536 bytes at once (random_bytes_max)"])),
        upload(
            "hostcall-flood",
            || {
                let get = "(loop (call $log (i32.const 1) (i32.const 16) (i32.const 5)) (br 0))";
                Made { imports: LOG, get, ..Made::default() }.component()
            },
            LATE,
        ),
        upload(
            "unreachable",
            || Made { get: "unreachable", ..Made::default() }.component(),
            fault(&["get panicked"]),
        ),
    ]
}

/// Before, beneath and after it.
fn around() -> Vec<Row> {
    vec![
        upload(
            "loop-start",
            || {
                let more = "(func $spin (loop (br 0))) (start $spin)";
                Made { more, ..Made::default() }.component()
            },
            Ends::Refused(&["start time: at most 700ms (start_time_ms_max)"]),
        ),
        upload(
            "loop-describe",
            || component("hostile", "describe"),
            Ends::Refused(&["call time: describe took more than 700ms (call_time_ms_max)"]),
        ),
        upload(
            "loop-realloc",
            || Made { realloc: "(loop (br 0))", ..Made::default() }.component(),
            LATE,
        ),
        upload(
            "loop-post-return",
            || Made { post: "(loop (br 0))", ..Made::default() }.component(),
            LATE,
        ),
        upload(
            "trap-post-return",
            || Made { post: "unreachable", ..Made::default() }.component(),
            fault(&["get panicked"]),
        ),
    ]
}

/// For what nobody gave it.
fn reaching() -> Vec<Row> {
    vec![
        guest("wasi", Ends::Well(&[])),
        guest("read-other", denied(&["was not granted any files"])),
        guest("http", denied(&["was not granted http", "https://169.254.169.254"])),
        guest("sql", denied(&["was not granted sql: it asked for \"main\""])),
    ]
}
