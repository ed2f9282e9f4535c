//! Lines a plugin writes into its run's log: clean, cut, and never more than allowed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::bucket::Bucket;
use super::text;
use crate::domain::limit::limits;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

limits! {
    /// What a plugin may write. Lines beyond are counted, and the log names the limit.
    pub struct LogLimits, named "log_" {
        /// Lines in the log of one run.
        lines_max: usize = 10_000, 0 => 1_000_000;
        /// Bytes in the log of one run.
        bytes_max: usize = 4 * MIB, 0 => 256 * MIB;
        /// Lines of one call.
        call_lines_max: usize = 2_000, 0 => 1_000_000;
        /// Lines in a second; as many may come at once.
        lines_per_second_max: u64 = 500, 1 => 100_000;
        /// Bytes of one line; the rest is cut.
        line_bytes_max: usize = 2 * KIB, 16 => 64 * KIB;
    }
    parts {}
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the plugin's author.
    Debug,
    /// What is being done.
    Info,
    /// Something a person may want to look at.
    Warn,
    /// Something that went wrong.
    Error,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How much it matters.
    pub level: Level,
    /// Without control characters, cut.
    pub text: String,
}

/// What was written since the last time.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The lines, in order.
    pub lines: Vec<Line>,
    /// How many more there were.
    pub dropped: u64,
    /// The names of the limits they were over.
    pub reached: BTreeSet<&'static str>,
}

/// Collects a run's lines until the engine takes them. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct LogSink {
    lines: Arc<Mutex<Lines>>,
}

#[derive(Debug, Default)]
struct Lines {
    taken: Taken,
    written: usize,
    bytes: usize,
    pace: Option<Bucket>,
}

impl LogSink {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line, unless that is over a limit. `call_lines` is how many this call wrote before.
    pub fn write(&self, level: Level, message: &str, call_lines: usize, limits: &LogLimits) {
        let mut lines = self.lock();
        if let Err(limit) = lines.admit(call_lines, limits, Instant::now()) {
            lines.taken.dropped += 1;
            lines.taken.reached.insert(limit);
            return;
        }
        let text = text::clean(message, limits.line_bytes_max);
        lines.written += 1;
        lines.bytes += text.len();
        lines.taken.lines.push(Line { level, text });
    }

    /// What was written since the last time.
    pub fn take(&self) -> Taken {
        std::mem::take(&mut self.lock().taken)
    }

    /// A panic while it was held leaves whole lines, so poison means nothing.
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    /// Whether one more may be written; else the name of the limit.
    fn admit(
        &mut self,
        call_lines: usize,
        limits: &LogLimits,
        now: Instant,
    ) -> Result<(), &'static str> {
        if self.written >= limits.lines_max {
            return Err("log_lines_max");
        }
        if self.bytes >= limits.bytes_max {
            return Err("log_bytes_max");
        }
        if call_lines >= limits.call_lines_max {
            return Err("log_call_lines_max");
        }
        let pace = self.pace.get_or_insert_with(|| Bucket::full(now));
        match pace.take(limits.lines_per_second_max, now) {
            Ok(()) => Ok(()),
            Err(_) => Err("log_lines_per_second_max"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> LogLimits {
        LogLimits { lines_max: 3, ..LogLimits::default() }
    }

    #[test]
    fn lines_beyond_the_limit_are_counted_also_after_they_were_taken() {
        let (sink, limits) = (LogSink::new(), LogLimits { lines_max: 2, ..limits() });
        for text in ["one", "two", "three"] {
            sink.write(Level::Info, text, 0, &limits);
        }
        let taken = sink.take();
        assert_eq!((taken.lines.len(), taken.dropped), (2, 1));
        sink.clone().write(Level::Warn, "four", 0, &limits);
        let reached = BTreeSet::from(["log_lines_max"]);
        assert_eq!(sink.take(), Taken { lines: Vec::new(), dropped: 1, reached });
    }

    #[test]
    fn each_limit_is_reached_under_its_name() {
        let limits = LogLimits { lines_max: 9, ..limits() };
        let cases = [
            ("log_bytes_max", LogLimits { bytes_max: 5, ..limits.clone() }, 0),
            ("log_call_lines_max", LogLimits { call_lines_max: 4, ..limits.clone() }, 4),
            (
                "log_lines_per_second_max",
                LogLimits { lines_per_second_max: 1, ..limits.clone() },
                0,
            ),
        ];
        for (name, limits, call_lines) in cases {
            let sink = LogSink::new();
            sink.write(Level::Info, "the first", 0, &limits);
            sink.write(Level::Info, "the second", call_lines, &limits);
            let taken = sink.take();
            assert_eq!((taken.lines.len(), taken.dropped), (1, 1), "{name}");
            assert_eq!(taken.reached, BTreeSet::from([name]));
        }
    }

    #[test]
    fn a_line_is_one_line() {
        let sink = LogSink::new();
        sink.write(Level::Error, "a\u{1b}[2J\nb", 0, &limits());
        assert_eq!(sink.take().lines, [Line { level: Level::Error, text: "a b".to_owned() }]);
    }
}
