//! Parses the command line, runs it, and turns the end into text and an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ourwater::cli::main()
}
