//! How a run ended, in words: what failed and what to do, and what its plugin had to say.

use crate::domain::run::{FailureClass, RunFailure};
use crate::grant::log::{Level, LogSink};
use crate::store;
use crate::store::run::LogLine;

use super::pull;

/// What was tried on what, what went wrong, and what to do.
pub(super) fn failure(datasource: &str, error: &pull::Error) -> RunFailure {
    let class = match error {
        pull::Error::Source(failure) => FailureClass::from(failure),
        pull::Error::Store(store::Error::Owned(_)) => FailureClass::Configuration,
        pull::Error::Store(
            store::Error::Alike { .. }
            | store::Error::Uncertain { .. }
            | store::Error::Unconfirmed(_),
        ) => FailureClass::Confirmation,
        pull::Error::Store(_) | pull::Error::Cancelled => FailureClass::Host,
    };
    let advice = match class {
        FailureClass::Configuration => "change the datasource and run the sync again",
        FailureClass::Permission => "ask an administrator to grant it",
        FailureClass::Data => "look at the source; what was read before is saved",
        FailureClass::Unavailable => "run the sync again later; it goes on where it stopped",
        FailureClass::Confirmation => {
            "look at what it would do (ourwater sync plan), then run it with --confirm"
        }
        FailureClass::Limit => "ask an administrator, or ask for less at a time",
        FailureClass::PluginFault => "tell the plugin's author",
        FailureClass::Host => "look at the disk and the database, then run the sync again",
    };
    RunFailure { class, text: format!("syncing with {datasource:?}: {error}; {advice}") }
}

/// The lines a plugin wrote.
pub(super) fn lines(log: &LogSink, at: i64) -> Vec<LogLine> {
    let taken = log.take();
    let word = |level| match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    let mut lines: Vec<LogLine> = taken
        .lines
        .into_iter()
        .map(|line| LogLine { at, level: word(line.level).to_owned(), message: line.text })
        .collect();
    if taken.dropped > 0 {
        let reached: Vec<_> = taken.reached.into_iter().collect();
        let (count, limits) = (taken.dropped, reached.join(", "));
        let message = format!("{count} more lines were dropped: limit {limits}");
        lines.push(LogLine { at, level: "warn".to_owned(), message });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::log::LogLimits;

    #[test]
    fn the_log_of_a_run_tells_how_many_lines_it_lacks_and_by_which_limit() {
        let (log, limits) = (LogSink::new(), LogLimits { lines_max: 2, ..LogLimits::default() });
        for number in 0..5 {
            log.write(Level::Info, &format!("line {number}"), 0, &limits);
        }
        let messages: Vec<_> = lines(&log, 7).into_iter().map(|line| line.message).collect();
        let told = "3 more lines were dropped: limit log_lines_max";
        assert_eq!(messages, ["line 0", "line 1", told]);
        assert!(lines(&log, 8).is_empty());
    }
}
