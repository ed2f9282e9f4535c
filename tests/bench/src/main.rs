//! What moving data costs, next to floors measured in the same run: `bench csv --rows 1000000`.
//!
//! [`csv`] generates a file ([`data`]) and measures each way of moving it ([`child`]) in a process
//! of its own, so that no peak of memory and no warm cache is another's; [`report`] holds the
//! figures against their targets.
//!
//! `wall_s` is from the trigger to the ended, committed run; `process_s` is the whole process. So
//! are `cpu_s` (all threads, in ticks of 10 ms, as the system counts) and `peak_mib`; `adapter_ns_…`
//! and `page_overhead_us` are CPU time, too, counted finer. Generating the file, making the
//! organisation and compiling the plugin come before; the file is in the page cache. Of several
//! runs, each figure is the least, since what disturbs only adds; of memory it is the most.

mod child;
mod csv;
mod data;
mod engine;
mod meter;
mod native;
mod peers;
mod plugins;
mod report;
mod sandbox;
mod simulate;
mod sqlite;
mod two_way;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ourwater::plugin::compiler::{self, Order};

#[derive(Debug, Parser)]
#[command(about = "What moving data costs, next to floors measured in the same run")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Readings from a CSV file into a database
    Csv(csv::Options),
    /// Plugins of strangers, from their upload on
    Plugins(plugins::Options),
    /// Histories of two sides with every fault between them
    Simulate(simulate::Options),
    /// Readings of two sides, kept in step
    TwoWay(two_way::Options),
    /// What the sandbox starts to compile a plugin
    #[command(name = compiler::COMMAND, hide = true)]
    Compile { cpu_seconds_max: u64, memory_bytes_max: u64, component_bytes_max: u64 },
    /// One measurement, in a process of its own
    #[command(hide = true)]
    Child(child::Task),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        What::Csv(options) => csv::run(&options),
        What::Plugins(options) => plugins::run(&options),
        What::Simulate(options) => simulate::run(&options),
        What::TwoWay(options) => two_way::run(&options),
        What::Child(task) => child::run(&task),
        What::Compile { cpu_seconds_max, memory_bytes_max, component_bytes_max } => {
            let order = Order { cpu_seconds_max, memory_bytes_max, component_bytes_max };
            return compiler::compile(order).into();
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
