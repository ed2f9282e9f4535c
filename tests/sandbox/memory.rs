//! More than an instance may hold, hand over or keep open.

use super::made::Made;
use super::row::{Ends, Row, guest, limit, upload};

pub(super) fn rows() -> Vec<Row> {
    vec![
        guest("memory", limit(&["memory: at most 64 MiB for an instance", "memory allocation of"])),
        guest("handles", limit(&["handles: at most 1000 open at a time (handles_max)"])),
        guest("log-line", limit(&["transfer: at most 16 MiB", "(hostcall_bytes_max)"])),
        guest("log-lines", limit(&["call time: get took more than 700ms (call_time_ms_max)"])),
        guest("huge", limit(&["transfer: at most 16 MiB", "(hostcall_bytes_max)"])),
        upload(
            "memory-initial-4-gib",
            || {
                let memory = Some(r#"(memory (export "memory") 65536)"#);
                Made { memory, ..Made::default() }.component()
            },
            Ends::Refused(&["memory: at most 64 MiB for an instance (memory_bytes_max)"]),
        ),
        upload(
            "memory-in-parts",
            || with("(memory 500) (memory 500) (memory 500)", ""),
            Ends::Refused(&["memory: at most 64 MiB for an instance (memory_bytes_max)"]),
        ),
        upload(
            "memories",
            || with(&"(memory 0)".repeat(80), ""),
            Ends::Refused(&["parts: at most", "64 memories (memories_max)"]),
        ),
        upload(
            "table-initial",
            || with("(table 9000000 funcref)", ""),
            Ends::Refused(&["tables: at most 100000 elements for an instance"]),
        ),
        upload(
            "table-growing",
            || {
                let grown = "(table.grow $t (ref.null func) (i32.const 10000))";
                let get = format!("(loop (br_if 0 (i32.ne {grown} (i32.const -1)))) unreachable");
                with("(table $t 1 funcref)", &get)
            },
            limit(&["tables: at most 100000 elements for an instance (table_elements_max)"]),
        ),
        upload(
            "tables",
            || with(&"(table 1 funcref)".repeat(100), ""),
            Ends::Refused(&["parts: at most", "64 tables (tables_max)"]),
        ),
    ]
}

fn with(more: &str, get: &str) -> Vec<u8> {
    Made { more, get, ..Made::default() }.component()
}
