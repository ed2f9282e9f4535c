//! `compile-plugin`: what the sandbox starts to compile a component; nobody types it.

use crate::plugin::compiler::{Order, compile};

/// The limits it sets itself, as [`Order`] has them.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_field_names, reason = "limits are called so")]
pub(super) struct Compile {
    cpu_seconds_max: u64,
    memory_bytes_max: u64,
    component_bytes_max: u64,
}

impl Compile {
    pub(super) fn run(self) -> u8 {
        let Self { cpu_seconds_max, memory_bytes_max, component_bytes_max } = self;
        compile(Order { cpu_seconds_max, memory_bytes_max, component_bytes_max })
    }
}
