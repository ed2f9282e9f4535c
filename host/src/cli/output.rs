//! The one place that prints: text for people or one JSON object, and no panic on a broken pipe.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::app::import;
use crate::domain::plugin::Proposal;

/// Where a command prints.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// JSON instead of text.
    pub(super) json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// A line of text, for people only.
    pub(super) fn say(self, line: &str) {
        if !self.json {
            print(line);
        }
    }

    /// How far it is: a line of text, beside the one object where that is asked for.
    pub(super) fn progress(self, line: &str) {
        if self.json {
            // Nobody has to watch.
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        } else {
            print(line);
        }
    }

    /// The one object, for programs only.
    pub(super) fn object(self, object: &Value) {
        if self.json {
            print(&format!("{object:#}"));
        }
    }

    /// Text and object of the same thing.
    pub(super) fn show(self, line: &str, object: &Value) {
        self.say(line);
        self.object(object);
    }

    /// Says what went wrong; returns the exit code.
    pub(super) fn failed(self, error: &anyhow::Error) -> u8 {
        let code = super::exit_code(error);
        let undecided = match error.downcast_ref() {
            Some(import::Error::Undecided(file, proposal)) => Some((file, proposal)),
            _ => None,
        };
        if self.json {
            let questions = undecided.map(|(_, proposal)| json!(proposal.undecided));
            self.object(&json!({"status": "failed", "error": clean(&format!("{error:#}")), "undecided": questions}));
        } else {
            let mut stderr = std::io::stderr().lock();
            // Where even this cannot be written, the exit code is left to say it.
            let _ = writeln!(stderr, "ourwater: {}", clean(&format!("{error:#}")));
            if let Some((_, proposal)) = undecided {
                let _ = writeln!(stderr, "{}", questions(proposal));
            }
        }
        code
    }
}

/// What only a person can decide, and what to type.
pub(super) fn questions(proposal: &Proposal) -> String {
    let mut lines = Vec::new();
    for question in &proposal.undecided {
        lines.push(format!("\n{}", clean(&question.text)));
        for choice in &question.choices {
            let set = format!("--set {}='{}'", question.field, choice.value);
            lines.push(format!("  {}\n      {}", clean(&choice.example), clean(&set)));
        }
    }
    lines.join("\n")
}

/// Foreign text on one line of a terminal: control characters escaped.
pub(super) fn clean(text: &str) -> String {
    let keep = |c: char| {
        if c.is_control() && c != '\n' { c.escape_default().to_string() } else { c.to_string() }
    };
    text.chars().map(keep).collect()
}

/// A line that goes out whatever was asked for.
pub(super) fn print(line: &str) {
    // Whoever reads it has gone: nothing is left to say.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
