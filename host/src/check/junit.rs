//! A report as the XML that build servers read.

use std::fmt::Write as _;

use super::report::{Outcome, Report};
use super::verdict::Verdict;

/// One test suite, a test case for each check.
pub fn junit(report: &Report) -> String {
    let checks = &report.checks;
    let count =
        |wanted: fn(&Verdict) -> bool| checks.iter().filter(|it| wanted(&it.verdict)).count();
    let failed = count(|verdict| matches!(verdict, Verdict::Failed { .. }));
    let passed = count(|verdict| matches!(verdict, Verdict::Passed));
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string does not fail.
    let _ = writeln!(
        xml,
        "<testsuite name=\"{} {}\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"{}\" time=\"{}\">",
        escaped(&report.plugin),
        escaped(&report.version),
        checks.len(),
        checks.len() - failed - passed,
        seconds(checks.iter().map(|check| check.duration_ms).sum()),
    );
    for check in checks {
        xml.push_str(&case(report, check));
    }
    xml.push_str("</testsuite>\n");
    xml
}

fn case(report: &Report, check: &Outcome) -> String {
    let Outcome { name, why, remedy, verdict, duration_ms } = check;
    let ended = match verdict {
        Verdict::Passed => String::new(),
        Verdict::Failed { seen } => {
            let text = format!("{seen}\n\nWhy it matters: {why}\nWhat to do: {remedy}");
            format!("<failure message=\"{}\">{}</failure>", escaped(seen), escaped(&text))
        }
        Verdict::Skipped { reason } => format!("<skipped message=\"{}\"/>", escaped(reason)),
        Verdict::NotApplicable { reason } => {
            format!("<skipped message=\"not applicable: {}\"/>", escaped(reason))
        }
        Verdict::NotRun { reason } => {
            format!("<skipped message=\"not run: {}\"/>", escaped(reason))
        }
    };
    let (plugin, name) = (escaped(&report.plugin), escaped(name));
    let time = seconds(*duration_ms);
    format!(
        "  <testcase classname=\"{plugin}\" name=\"{name}\" time=\"{time}\">{ended}</testcase>\n"
    )
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// What XML 1.0 cannot hold at all is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => {}
            _ if character.is_control() => {}
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::version::PluginDigest;

    #[test]
    fn what_a_plugin_says_breaks_out_of_nothing() {
        let mut report =
            Report::new(PluginDigest::of_hash(&[7; 32]), "a\"b".to_owned(), "1".to_owned());
        let seen = "got </failure><x a='1'>&\u{0}\u{1b}[2J".to_owned();
        report.checks.push(Outcome {
            name: "resume".to_owned(),
            why: "since 1 < 2".to_owned(),
            remedy: "mend it".to_owned(),
            verdict: Verdict::Failed { seen },
            duration_ms: 1_007,
        });
        let xml = junit(&report);
        assert!(xml.contains("name=\"a&quot;b 1\" tests=\"1\" failures=\"1\""), "{xml}");
        assert!(xml.contains("time=\"1.007\""), "{xml}");
        assert!(xml.contains("&lt;/failure&gt;&lt;x a='1'&gt;&amp;[2J"), "{xml}");
        assert_eq!(xml.matches("</failure>").count(), 1);
    }
}
