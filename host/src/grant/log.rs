//! Lines a plugin writes into its run's log: clean, cut, and never more than allowed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::text;

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
}

/// Collects a run's lines until the engine takes them. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct LogSink {
    lines: Arc<Mutex<Lines>>,
}

impl LogSink {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line, unless `lines_max` were added before.
    pub fn write(&self, level: Level, message: &str, lines_max: usize, line_bytes_max: usize) {
        let mut lines = self.lock();
        if lines.written >= lines_max {
            lines.taken.dropped += 1;
            return;
        }
        lines.written += 1;
        let text = text::clean(message, line_bytes_max);
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

#[derive(Debug, Default)]
struct Lines {
    taken: Taken,
    written: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_limit_are_counted_also_after_they_were_taken() {
        let sink = LogSink::new();
        for text in ["one", "two", "three"] {
            sink.write(Level::Info, text, 2, 100);
        }
        let taken = sink.take();
        assert_eq!((taken.lines.len(), taken.dropped), (2, 1));
        sink.clone().write(Level::Warn, "four", 2, 100);
        assert_eq!(sink.take(), Taken { lines: Vec::new(), dropped: 1 });
    }

    #[test]
    fn a_line_is_one_line() {
        let sink = LogSink::new();
        sink.write(Level::Error, "a\u{1b}[2J\nb", 9, 100);
        assert_eq!(sink.take().lines, [Line { level: Level::Error, text: "a b".to_owned() }]);
    }
}
