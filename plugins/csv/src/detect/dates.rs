//! How dates are written; the order of day and month is settled by a row, or asked.

use ourwater_sdk::{Choice, Question, Result};

use super::Findings;
use super::columns::Column;
use crate::config::Config;
use crate::layout;
use crate::number::Format;
use crate::table::Step;
use crate::time::{Clock, Pattern};
use crate::zone::Meaning;

/// So much of a file is read for a row that settles the order.
const MAX_SCAN_BYTES: usize = 64 * 1024 * 1024;

const FIELD: &str = "readings.time.pattern";

/// Whether a text begins with a date.
pub(crate) fn is_date(text: &str) -> bool {
    candidates(text).iter().any(|pattern| reads(pattern, text))
}

/// Whether a column has dates: some, and besides them hardly anything that was not meant as one.
pub(crate) fn has_dates(column: &Column) -> bool {
    column.cells.iter().any(|cell| is_date(cell)) && column.mostly(looks_like_a_date)
}

/// Whether a text begins with a date, or with what was meant as one: 2017-02-31 is a row's mistake,
/// and no heading.
pub(crate) fn looks_like_a_date(text: &str) -> bool {
    let text = text.trim();
    let date = text.split([' ', 'T']).next().unwrap_or_default();
    let number = |part: &str| (1..=4).contains(&part.len()) && part.parse::<u16>().is_ok();
    let meant = |separator| {
        let parts: Vec<_> = date.split(separator).collect();
        parts.len() == 3 && parts.into_iter().all(number)
    };
    is_date(text) || ['-', '/', '.'].into_iter().any(meant)
}

/// Whether a text is a time of day.
pub(crate) fn is_clock(text: &str) -> bool {
    let parts: Vec<_> = text.split(':').collect();
    let digits = |part: &&str| {
        (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    (2..=3).contains(&parts.len())
        && parts.iter().take(2).all(digits)
        && parts
            .last()
            .is_some_and(|last| last.split('.').next().is_some_and(|whole| digits(&whole)))
}

/// The patterns a text could be written in.
pub(crate) fn candidates(text: &str) -> Vec<String> {
    let text = text.trim();
    let (date, rest) = match text.find([' ', 'T']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let mut patterns = Vec::new();
    if Pattern::of("iso").is_ok_and(|_| reads("iso", text)) {
        patterns.push("iso".to_owned());
        return patterns;
    }
    let Some(separator) = date.chars().find(|letter| matches!(letter, '/' | '-' | '.')) else {
        return patterns;
    };
    let parts: Vec<_> = date.split(separator).collect();
    let Some(clock) = clock(rest) else { return patterns };
    for order in orders(&parts) {
        let date = order.join(&separator.to_string());
        patterns.push(format!("{date}{clock}"));
    }
    patterns
}

fn orders(parts: &[&str]) -> Vec<[&'static str; 3]> {
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let &[first, middle, last] = parts else { return Vec::new() };
    if digits(&first) && digits(&last) && middle.len() == 3 && !digits(&middle) {
        return vec![["%d", "%b", if last.len() == 4 { "%Y" } else { "%y" }]];
    }
    if !parts.iter().all(digits) || middle.len() > 2 {
        return Vec::new();
    }
    match (first.len(), last.len()) {
        (4, 1..=2) => vec![["%Y", "%m", "%d"]],
        (1..=2, 4) => vec![["%d", "%m", "%Y"], ["%m", "%d", "%Y"]],
        (2, 2) => vec![["%d", "%m", "%y"], ["%m", "%d", "%y"], ["%y", "%m", "%d"]],
        _ => Vec::new(),
    }
}

/// The pattern of what follows a date; none where it is not a time.
fn clock(rest: &str) -> Option<String> {
    if rest.is_empty() {
        return Some(String::new());
    }
    let lead = if rest.starts_with('T') { "T" } else { " " };
    let rest = rest.get(1..)?.trim_start();
    let end = rest.find([' ', '+', 'Z', 'A', 'P', 'a', 'p']).unwrap_or(rest.len());
    let (time, tail) = (rest.get(..end)?, rest.get(end..)?);
    if !is_clock(time) {
        return None;
    }
    let half = matches!(tail.trim().to_uppercase().as_str(), "AM" | "PM");
    let hours = if half { "%I" } else { "%H" };
    let seconds = match (time.matches(':').count(), time.contains('.')) {
        (1, _) => "",
        (_, false) => ":%S",
        (_, true) => ":%S%.f",
    };
    let gap = if tail.starts_with(' ') { " " } else { "" };
    let tail = match tail.trim() {
        "" => String::new(),
        _ if half => format!("{gap}%p"),
        zone if zone.starts_with(['+', '-']) && zone.contains(':') => format!("{gap}%:z"),
        zone if zone.starts_with(['+', '-', 'Z']) => format!("{gap}%#z"),
        _ => return None,
    };
    Some(format!("{lead}{hours}:%M{seconds}{tail}"))
}

fn clock_of(pattern: &str) -> Option<Clock> {
    let zone = "UTC".parse().ok();
    let numbers = Format { decimal: '.', thousands: None };
    Some(Clock { pattern: Pattern::of(pattern).ok()?, zone, numbers })
}

fn reads(pattern: &str, text: &str) -> bool {
    clock_of(pattern).is_some_and(|mut clock| clock.read(text.as_bytes(), 0).is_ok())
}

/// A pattern still possible, and how many rows it could read.
struct Runner {
    pattern: String,
    clock: Clock,
    read: u64,
}

/// The pattern of the time in these columns, where it can be told.
pub(crate) fn settle(
    draft: &Config,
    columns: &[usize],
    examples: &[String],
    findings: &mut Findings,
) -> Result<Option<String>> {
    let mut patterns: Vec<String> = examples.iter().flat_map(|text| candidates(text)).collect();
    patterns.sort();
    patterns.dedup();
    let runner = |pattern: String| Some(Runner { clock: clock_of(&pattern)?, pattern, read: 0 });
    let mut runners: Vec<_> = patterns.into_iter().filter_map(runner).collect();
    if runners.len() < 2 {
        let only = runners.pop().map(|runner| runner.pattern);
        if let Some(pattern) = &only {
            findings.say(
                FIELD,
                format!("{pattern}, as in {:?}", examples.first().map_or("", |text| text)),
            );
        }
        return Ok(only);
    }
    let scan = scan(draft, columns, &mut runners)?;
    let best = runners.iter().map(|runner| runner.read).max().unwrap_or(0);
    runners.retain(|runner| runner.read == best && best > 0);
    if let ([only], Some(row)) = (runners.as_slice(), &scan.settling) {
        // Where each pattern reads rows that the other does not, a person has to look.
        if best == scan.readable {
            findings.say(FIELD, format!("{}: {row} cannot be read otherwise", only.pattern));
            return Ok(Some(only.pattern.clone()));
        }
    }
    ask(&mut runners, &scan, findings);
    Ok(None)
}

/// What the rows told.
#[derive(Default)]
struct Scan {
    /// Rows that some pattern reads.
    readable: u64,
    /// A row that not every pattern reads, as shown to a person.
    settling: Option<String>,
    /// A row that the patterns read differently, or else any.
    example: Option<String>,
    differs: bool,
}

fn scan(draft: &Config, columns: &[usize], runners: &mut [Runner]) -> Result<Scan> {
    let (_, mut table) = layout::open(draft)?;
    let (mut scan, mut bytes) = (Scan::default(), 0);
    while bytes < MAX_SCAN_BYTES {
        match table.advance()? {
            Step::End => break,
            Step::Unreadable(_) => continue,
            Step::Row => {}
        }
        let row = table.row();
        bytes += row.raw.len();
        let parts: Vec<_> = columns.iter().filter_map(|&column| row.get(column)).collect();
        let text = parts.join(&b' ');
        let mut times = Vec::new();
        for runner in runners.iter_mut() {
            let time = runner.clock.read(&text, 0).ok();
            runner.read += u64::from(time.is_some());
            times.extend(time);
        }
        if times.is_empty() {
            continue;
        }
        scan.readable += 1;
        let shown = || format!("{:?} on line {}", String::from_utf8_lossy(&text), row.line);
        if times.len() < runners.len() && scan.settling.is_none() {
            scan.settling = Some(shown());
        }
        let differs = times.iter().any(|time| Some(time) != times.first());
        if scan.example.is_none() || (differs && !scan.differs) {
            scan.example = Some(String::from_utf8_lossy(&text).into_owned());
            scan.differs = differs;
        }
        // One is ahead of all others: only a contradiction could change that, and get rejects it.
        let ahead = runners.iter().filter(|runner| runner.read == scan.readable).count() == 1;
        if ahead && scan.readable >= 1000 {
            break;
        }
    }
    Ok(scan)
}

fn ask(runners: &mut [Runner], scan: &Scan, findings: &mut Findings) {
    let text = scan.example.clone().unwrap_or_default();
    let choices: Vec<_> = runners
        .iter_mut()
        .map(|runner| {
            let long = match runner.clock.read(text.as_bytes(), 0) {
                Ok(Meaning::Once(time)) => chrono::DateTime::from_timestamp_millis(time)
                    .map(|time| time.format("%-d %B %Y").to_string()),
                _ => None,
            };
            let long = long.unwrap_or_else(|| "not readable".to_owned());
            let order = order(&runner.pattern);
            Choice { value: runner.pattern.clone(), example: format!("{text} is {long} ({order})") }
        })
        .collect();
    let why = if scan.settling.is_some() {
        "Some rows fit only one order of day and month and some only the other: which is meant?"
    } else {
        "Every row fits more than one order of day, month and year: which is meant?"
    };
    findings.undecided.push(Question { field: FIELD.to_owned(), text: why.to_owned(), choices });
}

/// "day, month, year" for `%d/%m/%Y`.
fn order(pattern: &str) -> String {
    let words = pattern.split('%').filter_map(|part| match part.chars().next()? {
        'd' => Some("day"),
        'm' | 'b' => Some("month"),
        'Y' | 'y' => Some("year"),
        _ => None,
    });
    words.collect::<Vec<_>>().join(", ")
}
