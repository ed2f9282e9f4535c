//! What each column is: time, resource, series, value, quality.

use ourwater_sdk::Result;
use serde_json::{Map, Value, json};

use super::columns::{Column, Columns};
use super::sample::Sample;
use super::shape::Shape;
use super::{Findings, dates, known, numbers};
use crate::config::Config;

/// So many codes of quality are listed for a person to judge.
const MAX_CODES: usize = 32;

/// Finds the roles of the columns.
pub(crate) fn assign(
    sample: &Sample,
    shape: &Shape,
    columns: &Columns,
    draft: &Config,
    given: &Value,
    findings: &mut Findings,
) -> Result<()> {
    let Some(time) = Timing::find(columns) else {
        places(columns, findings);
        return Ok(());
    };
    let numeric = |column: &&Column| {
        !time.all().contains(&column.index)
            && column.mostly(|cell| numbers::is_number(cell, '.') || numbers::is_number(cell, ','))
    };
    let numeric: Vec<_> = columns.all.iter().filter(numeric).collect();
    let decimal =
        match given.get("decimal").and_then(Value::as_str).and_then(|text| text.chars().next()) {
            Some(decimal) => decimal,
            None => numbers::decimal(&numeric, findings),
        };
    let numeric = numeric
        .into_iter()
        .filter(|column| column.mostly(|cell| numbers::is_number(cell, decimal)));
    let values = values(&numeric.collect::<Vec<_>>(), !shape.names.is_empty());
    if values.is_empty() {
        findings.say("readings.series", "no column holds values: say which ones do");
        return Ok(());
    }
    let mut readings = Map::new();
    readings.insert("time".to_owned(), time.describe(columns, draft, findings)?);
    let taken: Vec<usize> =
        time.all().into_iter().chain(values.iter().map(|column| column.index)).collect();
    let resource = resource(sample, shape, columns, &taken, &values, findings);
    let series = series(shape, columns, &values, &taken, &resource.1, findings);
    readings.insert("resource".to_owned(), resource.0);
    readings.insert("series".to_owned(), series);
    if let Some(quality) = quality(columns, findings) {
        readings.insert("quality".to_owned(), quality);
    }
    if let Some(note) = named(columns, known::NOTES) {
        findings.say("readings.note", format!("{} has the comments", note.shown()));
        readings.insert("note".to_owned(), note.reference(columns));
    }
    findings.config.insert("readings".to_owned(), Value::Object(readings));
    Ok(())
}

/// The columns that say when.
struct Timing<'a> {
    date: &'a Column,
    clock: Option<&'a Column>,
    milliseconds: Option<&'a Column>,
    /// Where the numbers count days or seconds.
    counted: Option<&'static str>,
}

impl<'a> Timing<'a> {
    fn find(columns: &'a Columns) -> Option<Self> {
        let observed = |column: &&Column| !known::has(&column.name, known::BOOKKEEPING);
        let dated = columns.all.iter().filter(|column| dates::has_dates(column));
        let dated: Vec<_> = dated.filter(observed).collect();
        let named = dated.iter().find(|column| known::has(&column.name, known::TIMES));
        let Some(date) = named.or(dated.first()).copied() else { return Self::counted(columns) };
        let whole = date.mostly(|cell| cell.contains(':'));
        let clock = columns.all.iter().find(|column| !whole && column.mostly(dates::is_clock));
        let milliseconds = columns.all.iter().find(|column| {
            known::MILLISECONDS.iter().any(|name| known::plain(&column.name) == *name)
                && column.mostly(|cell| cell.parse::<u16>().is_ok_and(|number| number < 1000))
        });
        Some(Self { date, clock, milliseconds, counted: None })
    }

    fn counted(columns: &'a Columns) -> Option<Self> {
        let between = |column: &Column, low: f64, high: f64| {
            column.mostly(|cell| {
                cell.replace(',', ".").parse().is_ok_and(|day: f64| (low..high).contains(&day))
            })
        };
        let counts = [("excel", 20e3, 80e3), ("epoch-s", 1e8, 1e11), ("epoch-ms", 1e11, 1e14)];
        let named = |column: &&Column| known::has(&column.name, known::TIMES);
        columns.all.iter().filter(named).find_map(|date| {
            let (counted, ..) =
                counts.into_iter().find(|&(_, low, high)| between(date, low, high))?;
            Some(Self { date, clock: None, milliseconds: None, counted: Some(counted) })
        })
    }

    fn columns(&self) -> Vec<usize> {
        std::iter::once(self.date).chain(self.clock).map(|column| column.index).collect()
    }

    fn all(&self) -> Vec<usize> {
        let milliseconds = self.milliseconds.map(|column| column.index);
        self.columns().into_iter().chain(milliseconds).collect()
    }

    fn describe(
        &self,
        columns: &Columns,
        draft: &Config,
        findings: &mut Findings,
    ) -> Result<Value> {
        let parts: Vec<_> = std::iter::once(self.date).chain(self.clock).collect();
        let shown: Vec<_> = parts.iter().map(|column| column.shown()).collect();
        findings.say("readings.time.columns", format!("{} say when", shown.join(" and ")));
        let references: Vec<_> = parts.iter().map(|column| column.reference(columns)).collect();
        let mut time = json!({"columns": references});
        let pattern = match self.counted {
            Some(counted) => {
                findings.say(
                    "readings.time.pattern",
                    format!("{counted}: the size of the numbers tells"),
                );
                Some(counted.to_owned())
            }
            None => dates::settle(draft, &self.columns(), &self.examples(), findings)?,
        };
        if let Some(pattern) = pattern {
            time["pattern"] = json!(pattern);
        }
        if let Some(column) = self.milliseconds {
            findings.say("readings.time.milliseconds", format!("{} has them", column.shown()));
            time["milliseconds"] = column.reference(columns);
        }
        if let Some((zone, column)) =
            parts.iter().find_map(|column| Some((zone(&column.name)?, column)))
        {
            findings
                .say("readings.time.zone", format!("{} names it: {zone} all year", column.shown()));
            time["zone"] = json!(zone);
        } else if self.counted != Some("epoch-s")
            && self.counted != Some("epoch-ms")
            && !self.has_zone()
        {
            findings.say(
                "zone",
                "the file names no zone: that of the configuration counts, else the organisation's",
            );
        }
        Ok(time)
    }

    fn examples(&self) -> Vec<String> {
        let dates = self.date.cells.iter().filter(|cell| dates::is_date(cell)).take(20);
        match self.clock {
            None => dates.cloned().collect(),
            Some(clock) => {
                dates.zip(&clock.cells).map(|(date, clock)| format!("{date} {clock}")).collect()
            }
        }
    }

    fn has_zone(&self) -> bool {
        self.date.mostly(|cell| {
            let tail = cell.split([' ', 'T']).skip(1).collect::<String>();
            tail.ends_with('Z') || tail.contains(['+', '-'])
        })
    }
}

/// A fixed offset that the name of a column tells.
fn zone(name: &str) -> Option<&'static str> {
    let upper = name.to_uppercase();
    let words = upper.split(|letter: char| !letter.is_alphanumeric() && letter != '+');
    words.into_iter().find_map(|word| match word {
        "MET" | "CET" | "UTC+1" => Some("UTC+01:00"),
        "UTC+2" => Some("UTC+02:00"),
        "IST" => Some("UTC+05:30"),
        _ => None,
    })
}

/// The column called a value, or else all that are numbers and name nothing.
fn values<'a>(numeric: &[&'a Column], named: bool) -> Vec<&'a Column> {
    if !named {
        let decimals =
            numeric.iter().find(|column| column.cells.iter().any(|cell| cell.contains(['.', ','])));
        return decimals.or(numeric.first()).into_iter().copied().collect();
    }
    let quantities = numeric.iter().copied().filter(|column| !known::is_label(&column.name));
    let quantities: Vec<_> = quantities.collect();
    let called = quantities.iter().find(|column| known::begins(&column.name, known::VALUES));
    called.map_or_else(|| quantities.clone(), |column| vec![*column])
}

/// The resource, and the columns it takes.
fn resource(
    sample: &Sample,
    shape: &Shape,
    columns: &Columns,
    taken: &[usize],
    values: &[&Column],
    findings: &mut Findings,
) -> (Value, Vec<usize>) {
    const FIELD: &str = "readings.resource";
    let free = |column: &&Column| !taken.contains(&column.index) && !column.cells.is_empty();
    let by_word = |word: &&str| {
        let ours = |column: &&Column| known::begins(&column.name, &[word]);
        columns.all.iter().filter(free).find(ours)
    };
    let found = known::RESOURCES.iter().find_map(by_word);
    let bare = || {
        let last = values.last().map_or(0, |column| column.index);
        columns.all.iter().filter(free).find(|column| column.index > last)
    };
    if let Some(column) = found.or_else(|| if shape.names.is_empty() { bare() } else { None }) {
        let area = columns.all.iter().find(|other| known::begins(&other.name, known::AREAS));
        if let Some(area) = area.filter(|_| known::begins(&column.name, &["resource"])) {
            findings
                .say(FIELD, format!("{} and {}, joined by a point", area.shown(), column.shown()));
            let pair = [area.reference(columns), column.reference(columns)];
            return (json!({"columns": pair, "separator": "."}), vec![area.index, column.index]);
        }
        findings.say(FIELD, format!("{} names it", column.shown()));
        return (column.reference(columns), vec![column.index]);
    }
    let noted = known::STATIONS.iter().find_map(|word| {
        shape.notes.iter().find(|(key, value)| known::plain(key) == **word && !value.is_empty())
    });
    let (id, why) = match (noted, values) {
        (Some((key, value)), _) => (value.clone(), format!("the file says {key:?} is {value:?}")),
        (None, [only]) if is_name(&only.name) => {
            (only.name.clone(), format!("no column names it: {} heads the values", only.shown()))
        }
        _ => (sample.stem.clone(), "nothing names it: the name of the file is taken".to_owned()),
    };
    findings.say(FIELD, why);
    (json!({"constant": id}), Vec::new())
}

/// Whether the head of a column of values names a well: it has a number in it, and no unit.
fn is_name(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_digit()) && !name.contains(['[', '('])
}

fn series(
    shape: &Shape,
    columns: &Columns,
    values: &[&Column],
    taken: &[usize],
    resource: &[usize],
    findings: &mut Findings,
) -> Value {
    let free =
        |column: &&Column| !taken.contains(&column.index) && !resource.contains(&column.index);
    let code = known::SERIES.iter().find_map(|word| {
        columns
            .all
            .iter()
            .filter(free)
            .find(|column| known::begins(&column.name, &[word]) && !column.cells.is_empty())
    });
    let text = |column: &&Column| column.mostly(|cell| !numbers::is_number(cell, '.'));
    let bare = || columns.all.iter().filter(free).find(text).filter(|_| shape.names.is_empty());
    let code = code.or_else(bare).filter(|_| values.len() == 1);
    let unit_column = columns
        .all
        .iter()
        .filter(free)
        .find(|column| known::begins(&column.name, known::UNITS) && !column.cells.is_empty());
    let noted = |word: &str| {
        let note = shape.notes.iter().find(|(key, _)| known::plain(key) == word);
        note.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
    };
    let all = values.iter().map(|column| {
        let mut series = json!({"value": column.reference(columns)});
        if let Some(code) = code {
            findings.say(
                "readings.series",
                format!("{} names the series of {}", code.shown(), column.shown()),
            );
            series["name"] = code.reference(columns);
            series["property"] = code.reference(columns);
        } else {
            let property = noted("parametername").or_else(|| noted("parametertypename"));
            let property = property.unwrap_or_else(|| property_of(&column.name));
            findings.say("readings.series", format!("{} is {property:?}", column.shown()));
            series["property"] = json!({"constant": property});
        }
        if let Some(unit) = unit_column.filter(|_| values.len() == 1) {
            findings.say("readings.series", format!("{} has the unit", unit.shown()));
            series["unit"] = unit.reference(columns);
        } else if let Some((unit, why)) = unit(shape, column, values.len()) {
            findings
                .say("readings.series", format!("the unit of {} is {unit}: {why}", column.shown()));
            series["unit"] = json!({"constant": unit});
        }
        series
    });
    Value::Array(all.collect())
}

/// A column that is only called a value, or by a well's name, says nothing of what it is.
fn property_of(name: &str) -> String {
    if name.is_empty() || known::begins(name, known::VALUES) || is_name(name) {
        return "unknown".to_owned();
    }
    name.split(['[', '(']).next().unwrap_or(name).trim().to_lowercase()
}

fn unit(shape: &Shape, column: &Column, count: usize) -> Option<(&'static str, String)> {
    let bracketed =
        column.name.split_once(['[', '(']).map(|(_, rest)| rest.trim_end_matches([']', ')']));
    if let Some(unit) = bracketed.and_then(known::unit) {
        return Some((unit, "its name says so".to_owned()));
    }
    if let Some(unit) = known::unit(column.unit.trim_matches(['[', ']', '(', ')'])) {
        return Some((unit, "the row under the header says so".to_owned()));
    }
    // Solinst: the name of a column on a line of its own, then "UNIT: m".
    let at =
        shape.above.iter().position(|line| !column.name.is_empty() && line.trim() == column.name);
    let below = at
        .and_then(|at| shape.above.get(at + 1))
        .and_then(|line| line.trim().strip_prefix("UNIT:"));
    if let Some(unit) = below.and_then(known::unit) {
        return Some((unit, "the lines above say so".to_owned()));
    }
    let noted = |word: &str| shape.notes.iter().find(|(key, _)| known::plain(key) == word);
    let noted = ["tsunitsymbol", "timeseriesunit", "unit"].into_iter().find_map(noted);
    let (key, value) = noted.filter(|_| count == 1)?;
    Some((known::unit(value)?, format!("the file says {key:?} is {value:?}")))
}

fn quality(columns: &Columns, findings: &mut Findings) -> Option<Value> {
    let column = named(columns, known::QUALITY)?;
    let mut codes: Vec<_> = column.cells.iter().map(String::as_str).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.truncate(MAX_CODES);
    let listed = codes.join(", ");
    let text =
        format!("{} has codes ({listed}): unknown until you say what they mean", column.shown());
    findings.say("readings.quality", text);
    let codes: Map<_, _> = codes.iter().map(|code| ((*code).to_owned(), json!(0))).collect();
    Some(json!({"column": column.reference(columns), "codes": codes}))
}

fn named<'a>(columns: &'a Columns, words: &[&str]) -> Option<&'a Column> {
    let mut all = columns.all.iter();
    all.find(|column| known::begins(&column.name, words) && !column.cells.is_empty())
}

/// A table without times: resources, where it has ids or names.
fn places(columns: &Columns, findings: &mut Findings) {
    let exact = |words: &[&str]| {
        let mut all = columns.all.iter();
        let column = all.find(|column| words.contains(&known::plain(&column.name).as_str()))?;
        Some(column.reference(columns))
    };
    let id = exact(&["id", "resourceid", "wellid", "stationno", "code", "externalid"]);
    let name = exact(&["name", "naam", "stationname"]);
    let Some(id) = id.or_else(|| name.clone()) else {
        findings.say("readings", "no column has times: say which columns are what");
        return;
    };
    let mut table = json!({"id": id});
    let position = exact(&["latitude", "lat"]).zip(exact(&["longitude", "lon", "lng", "long"]));
    if let Some((latitude, longitude)) = position {
        table["latitude"] = latitude;
        table["longitude"] = longitude;
    }
    for (field, words) in [
        ("name", &["name", "naam", "stationname"][..]),
        ("kind", &["kind", "type"]),
        ("elevation", &["elevation"]),
        ("owner", &["owner"]),
    ] {
        if let Some(column) = exact(words) {
            table[field] = column;
        }
    }
    findings.decide(
        "resources",
        table,
        "no column has times, and one has ids: each row is a resource",
    );
}
