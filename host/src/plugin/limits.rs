//! What an instance may use at most; every limit has a name, a unit and a default.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::limit::{LimitError, Setting, limits};
use crate::grant::http::HttpLimits;
use crate::grant::log::LogLimits;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;
const SECOND: u64 = 1000;
const HOUR: u64 = 3600 * SECOND;

limits! {
    /// What an instance may use at most. Reaching one ends the call with an error that names it.
    pub struct Limits, named "" {
        /// Bytes of a component as it is uploaded.
        component_bytes_max: usize = 64 * MIB, 8 => GIB;
        /// Core modules within a component; a Python component has some forty.
        component_modules_max: usize = 200, 1 => 10_000;
        /// Functions within a component.
        component_functions_max: usize = 100_000, 1 => 1_000_000;
        /// Bytes of the largest function of a component; a Python component's has 427 KB.
        component_function_bytes_max: usize = MIB, KIB => 7 * MIB;
        /// Components and modules within each other, the outermost one counted.
        component_depth_max: usize = 8, 1 => 100;
        /// Types a component defines.
        component_types_max: usize = 50_000, 1 => 1_000_000;
        /// Bytes of data a component brings along.
        component_data_bytes_max: usize = 48 * MIB, 0 => GIB;
        /// Bytes of names, debug information and other custom sections of a component.
        component_custom_bytes_max: usize = 32 * MIB, 0 => GIB;
        /// Memories that the modules of a component define.
        component_memories_max: usize = 200, 1 => 10_000;
        /// Tables that the modules of a component define.
        component_tables_max: usize = 400, 1 => 10_000;
        /// Processor time of compiling a component, of all threads together; whole seconds.
        compile_cpu_time_max as compile_cpu_time_ms_max: Duration = 60 * SECOND, SECOND => HOUR;
        /// Wall time of compiling a component.
        compile_wall_time_max as compile_wall_time_ms_max: Duration = 300 * SECOND, SECOND => HOUR;
        /// Bytes of addresses of the process that compiles a component.
        compile_memory_bytes_max: usize = 768 * MIB, 64 * MIB => 16 * GIB;
        /// Bytes of machine code a component is compiled to.
        compiled_bytes_max: usize = 256 * MIB, MIB => 4 * GIB;
        /// Bytes of all linear memories of an instance together.
        memory_bytes_max: usize = 256 * MIB, MIB => 4 * GIB;
        /// Linear memories of an instance.
        memories_max: usize = 64, 1 => 1_000;
        /// Elements of all tables of an instance together.
        table_elements_max: usize = 100_000, 1 => 10_000_000;
        /// Tables of an instance.
        tables_max: usize = 64, 1 => 1_000;
        /// Core instances of an instance; a Python component has some forty.
        instances_max: usize = 128, 1 => 1_000;
        /// Handles to host objects that are open at a time.
        handles_max: usize = 1_000, 1 => 100_000;
        /// Wall time of making an instance, its start functions included.
        start_time_max as start_time_ms_max: Duration = 10 * SECOND, 10 => HOUR;
        /// Wall time of a call: lowering, the function, lifting, and all host calls it makes.
        call_time_max as call_time_ms_max: Duration = 60 * SECOND, 10 => 24 * HOUR;
        /// Bytes that cross between the plugin and the host at once: in a call, its answer, or a host call.
        hostcall_bytes_max: usize = 16 * MIB, 64 * KIB => GIB;
        /// Pages of one pass over a datatype, or over a resource where each is paged alone, that one
        /// run takes.
        pass_pages_max: u64 = 1_000_000, 1 => 1_000_000_000;
        /// Bytes of randomness asked for at once.
        random_bytes_max: u64 = 64 * KIB, 32 => 64 * MIB;
        /// Bytes of standard output and error that are kept, the last ones.
        stderr_bytes_kept: usize = 4 * KIB, 0 => MIB;
    }
    parts {
        /// What its requests may cost.
        http: HttpLimits;
        /// What it may write into the log.
        log: LogLimits;
    }
}

impl Limits {
    /// The same limits, but for those that a version was allowed otherwise.
    pub fn of_version(&self, overrides: &BTreeMap<String, u64>) -> Result<Self, LimitError> {
        let of_host = |it: &Setting| it.is_of_host() && overrides.contains_key(it.name);
        match self.settings().find(of_host) {
            Some(Setting { name, .. }) => Err(LimitError::OfHost { name }),
            None => self.with(overrides),
        }
    }
}

/// Bytes as a person reads them: whole MiB or KiB where they are, else bytes.
pub(super) fn bytes(count: usize) -> String {
    match count as u64 {
        0 => "0 bytes".to_owned(),
        count if count.is_multiple_of(MIB) => format!("{} MiB", count / MIB),
        count if count.is_multiple_of(KIB) => format!("{} KiB", count / KIB),
        count => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_a_name_of_its_own_with_its_unit_and_a_default_within_its_bounds() {
        let mut names = std::collections::BTreeSet::new();
        for limit in Limits::default().settings() {
            assert!(names.insert(limit.name), "{} twice", limit.name);
            assert!(limit.name.ends_with("_max") || limit.name.ends_with("_kept"), "{limit:?}");
            assert!((limit.least..=limit.most).contains(&limit.value), "{limit:?}");
            assert!(limit.meaning.ends_with('.'), "{limit:?}");
            assert_eq!(limit.name.contains("time"), limit.unit() == "ms", "{limit:?}");
        }
        assert!(names.len() > 30, "{names:?}");
    }

    #[test]
    fn what_holds_before_there_is_a_version_is_not_set_for_one() {
        let limits = Limits::default();
        let with = |name: &str| limits.of_version(&BTreeMap::from([(name.to_owned(), 2 << 20)]));
        assert_eq!(with("memory_bytes_max").unwrap().memory_bytes_max, 2 << 20);
        for name in ["component_bytes_max", "compile_memory_bytes_max", "compiled_bytes_max"] {
            let error = with(name).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("--plugin-limit"), "{error}");
        }
    }

    /// `UPDATE_README=1 cargo test -p ourwater --lib limits` writes the table anew.
    #[test]
    fn the_authors_guide_lists_every_limit_as_it_is() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins/README.md");
        let guide = std::fs::read_to_string(path).unwrap();
        let row = |it: Setting| {
            let host = if it.is_of_host() { " *" } else { "" };
            format!("| `{}`{host} | {} | {} |\n", it.name, it.words(), it.meaning)
        };
        let table: String = Limits::default().settings().map(row).collect();
        let heading = "| limit | unless set otherwise | of |\n|---|---|---|\n";
        let (before, rest) = guide.split_once(heading).expect("a table of limits");
        let (_, after) = rest.split_once("\n\n").unwrap();
        let expected = format!("{before}{heading}{table}\n{after}");
        if std::env::var_os("UPDATE_README").is_some() {
            std::fs::write(path, &expected).unwrap();
        }
        assert!(guide == expected, "plugins/README.md should hold\n{table}");
    }

    #[test]
    fn a_limit_of_a_part_is_set_by_its_name_too() {
        let overrides = BTreeMap::from([
            ("memory_bytes_max".to_owned(), 2 * MIB),
            ("http_run_requests_max".to_owned(), 7),
            ("log_call_lines_max".to_owned(), 9),
        ]);
        let limits = Limits::default().with(&overrides).unwrap();
        assert_eq!(limits.memory_bytes_max, 2 << 20);
        assert_eq!((limits.http.run_requests_max, limits.log.call_lines_max), (7, 9));
        let untouched = Limits { memory_bytes_max: 2 << 20, ..Limits::default() };
        assert_eq!(limits.call_time_max, untouched.call_time_max);
    }
}
