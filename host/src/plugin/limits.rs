//! What an instance may use at most; every limit has a name, a unit and a default.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What an instance may use at most. Reaching one ends the call with an error that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a component as it is uploaded.
    pub component_bytes_max: usize,
    /// Core modules within a component; a Python component has some forty.
    pub component_modules_max: usize,
    /// Functions within a component.
    pub component_functions_max: usize,
    /// Bytes of the largest function of a component; a Python component's has 427 KB.
    pub component_function_bytes_max: usize,
    /// Components and modules within each other, the outermost one counted.
    pub component_depth_max: usize,
    /// Types a component defines.
    pub component_types_max: usize,
    /// Bytes of data a component brings along.
    pub component_data_bytes_max: usize,
    /// Bytes of names, debug information and other custom sections of a component.
    pub component_custom_bytes_max: usize,
    /// Memories that the modules of a component define.
    pub component_memories_max: usize,
    /// Tables that the modules of a component define.
    pub component_tables_max: usize,
    /// Processor time of compiling a component, of all threads together; whole seconds.
    pub compile_cpu_time_max: Duration,
    /// Wall time of compiling a component.
    pub compile_wall_time_max: Duration,
    /// Bytes of addresses of the process that compiles a component.
    pub compile_memory_bytes_max: usize,
    /// Bytes of machine code a component is compiled to.
    pub compiled_bytes_max: usize,
    /// Bytes of all linear memories of an instance together.
    pub memory_bytes_max: usize,
    /// Linear memories of an instance.
    pub memories_max: usize,
    /// Elements of all tables of an instance together.
    pub table_elements_max: usize,
    /// Tables of an instance.
    pub tables_max: usize,
    /// Core instances of an instance; a Python component has some forty.
    pub instances_max: usize,
    /// Handles to host objects that are open at a time.
    pub handles_max: usize,
    /// Wall time of making an instance, its start functions included.
    pub start_time_max: Duration,
    /// Wall time of a call: lowering, the function, lifting, and all host calls it makes.
    pub call_time_max: Duration,
    /// Bytes that cross from the plugin to the host in one call, either way of it.
    pub hostcall_bytes_max: usize,
    /// Bytes of randomness asked for at once.
    pub random_bytes_max: u64,
    /// Lines in the log of one run; further ones are counted only.
    pub log_lines_max: usize,
    /// Bytes of one line in the log; the rest is cut.
    pub log_line_bytes_max: usize,
    /// Bytes of standard output and error that are kept, the last ones.
    pub stderr_bytes_kept: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            component_bytes_max: 64 * MIB,
            component_modules_max: 200,
            component_functions_max: 100_000,
            component_function_bytes_max: MIB,
            component_depth_max: 8,
            component_types_max: 50_000,
            component_data_bytes_max: 48 * MIB,
            component_custom_bytes_max: 32 * MIB,
            component_memories_max: 200,
            component_tables_max: 400,
            compile_cpu_time_max: Duration::from_mins(1),
            compile_wall_time_max: Duration::from_mins(2),
            compile_memory_bytes_max: 768 * MIB,
            compiled_bytes_max: 256 * MIB,
            memory_bytes_max: 256 * MIB,
            memories_max: 64,
            table_elements_max: 100_000,
            tables_max: 64,
            instances_max: 128,
            handles_max: 1_000,
            start_time_max: Duration::from_secs(10),
            call_time_max: Duration::from_mins(1),
            hostcall_bytes_max: 16 * MIB,
            random_bytes_max: 64 * 1024,
            log_lines_max: 10_000,
            log_line_bytes_max: 2 * KIB,
            stderr_bytes_kept: 4 * KIB,
        }
    }
}

/// Bytes as a person reads them: whole MiB or KiB where they are, else bytes.
pub(super) fn bytes(count: usize) -> String {
    match count {
        0 => "0 bytes".to_owned(),
        _ if count.is_multiple_of(MIB) => format!("{} MiB", count / MIB),
        _ if count.is_multiple_of(KIB) => format!("{} KiB", count / KIB),
        _ => format!("{count} bytes"),
    }
}
