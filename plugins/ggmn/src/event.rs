//! Events of a series as readings: what is a reading, what says that one is gone, and what is neither.

use ourwater_sdk::{Note, Readings, Rejection, Series};
use serde_json::Value;

use crate::value::{number, shown, text};
use crate::well::field;
use crate::{flag, time};

/// 2017-01-01T01:11:01Z: GGMN makes a series by a reading of 0 at this time, which measures nothing.
const PLACEHOLDER_MS: i64 = 1_483_233_061_000;

/// Characters of a note.
const NOTE_CHARACTERS_MAX: usize = 1_000;

/// What an event says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    Reading {
        time: i64,
        value: f64,
        flag: Option<i64>,
        /// Lizard's own remarks.
        comment: Option<String>,
        /// When it last changed.
        updated: Option<i64>,
    },
    /// There is no reading at this time, or no longer.
    Gone { time: i64 },
    /// It made its series.
    Placeholder,
    /// It cannot be understood.
    Bad(&'static str),
}

impl Event {
    pub(crate) fn read(row: &Value) -> Self {
        let Some(time) = instant(row) else {
            return Self::Bad("it has no time in the years 1000 to 9999");
        };
        let flag = flag::read(field(row, "flag"));
        let value = field(row, "value");
        if flag == Some(flag::DELETED) {
            return Self::Gone { time };
        }
        if value.is_null() {
            return Self::without_value(row, time);
        }
        match number(value) {
            None => Self::Bad("its value is not a number"),
            Some(0.0) if time == PLACEHOLDER_MS => Self::Placeholder,
            Some(value) => Self::Reading {
                time,
                value,
                flag,
                comment: comment(row),
                updated: time::read(field(row, "last_modified")),
            },
        }
    }

    fn without_value(row: &Value, time: i64) -> Self {
        let is_aggregate = ["min", "max"].iter().any(|name| !field(row, name).is_null());
        if is_aggregate {
            Self::Bad("it is the least and the greatest value of a span of time, and no reading")
        } else {
            Self::Gone { time }
        }
    }
}

/// The time of an event: `timestamp` in API v3, `time` in v4.
pub(crate) fn instant(row: &Value) -> Option<i64> {
    time::read(field(row, "time")).or_else(|| time::read(field(row, "timestamp")))
}

/// Readings of one series as they are gathered for a page.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) readings: Readings,
    pub(crate) rejected: Vec<Rejection>,
    /// Placeholders.
    pub(crate) empty: u32,
    uuid: String,
}

impl Gathered {
    pub(crate) fn of(series: Series, uuid: &str) -> Self {
        let readings = Readings::of(series);
        Self { readings, rejected: Vec::new(), empty: 0, uuid: uuid.to_owned() }
    }

    pub(crate) fn add(&mut self, row: &Value) {
        match Event::read(row) {
            Event::Gone { time } => self.readings.removed.push(time),
            Event::Placeholder => self.empty += 1,
            Event::Bad(reason) => self.rejected.push(self.rejection(row, reason)),
            Event::Reading { time, value, flag, comment, updated } => {
                let at = u32::try_from(self.readings.times.len()).unwrap_or(u32::MAX);
                self.readings.times.push(time);
                self.readings.values.push(value);
                self.readings.qualities.push(flag::quality(flag));
                self.readings.updated.extend(updated);
                let noted: Vec<String> =
                    flag.and_then(flag::note).into_iter().chain(comment).collect();
                if !noted.is_empty() {
                    let text = noted.join("; ").chars().take(NOTE_CHARACTERS_MAX).collect();
                    self.readings.notes.push(Note { at, text });
                }
            }
        }
    }

    /// As the contract has it: a column that is not known for every point is not given at all.
    pub(crate) fn finish(mut self) -> (Readings, Vec<Rejection>, u32) {
        if self.readings.updated.len() != self.readings.times.len() {
            self.readings.updated.clear();
        }
        (self.readings, self.rejected, self.empty)
    }

    fn rejection(&self, row: &Value, reason: &str) -> Rejection {
        let at = ["time", "timestamp"].map(|name| field(row, name)).into_iter();
        let at = at.filter(|time| !time.is_null()).map(shown).next();
        let at = at.unwrap_or_else(|| shown(row));
        let place = format!("series {} at {at}", self.uuid);
        Rejection { place, reason: reason.to_owned(), raw: shown(row) }
    }
}

fn comment(row: &Value) -> Option<String> {
    let limit = text(field(row, "detection_limit")).map(|it| format!("detection limit {it}"));
    let code = text(field(row, "validation_code")).map(|it| format!("validation {it}"));
    let comment = text(field(row, "comment"));
    let all: Vec<String> = limit.into_iter().chain(code).chain(comment).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(row: &Value) -> Event {
        Event::read(row)
    }

    #[test]
    fn zero_is_a_value_and_only_the_placeholder_is_none() {
        let at = |time: &str, value: Value| read(&json!({"time": time, "value": value}));
        assert_eq!(at("2017-01-01T01:11:01Z", json!("0.00")), Event::Placeholder);
        assert_eq!(at("2017-01-01T01:11:01Z", json!(0)), Event::Placeholder);
        for (time, value) in [("2017-01-01T01:11:02Z", 0.0), ("2017-01-01T01:11:01Z", 0.5)] {
            assert!(matches!(at(time, json!(value)), Event::Reading { .. }), "{time} {value}");
        }
    }

    #[test]
    fn an_aggregate_is_no_reading_and_a_missing_value_is_none() {
        let aggregate = json!({"max": 697.65, "min": 697.65, "timestamp": 1_510_358_400_000_i64});
        assert!(matches!(read(&aggregate), Event::Bad(reason) if reason.contains("least")));
        let missing = json!({"time": "2020-01-01T00:00:00Z", "value": null});
        assert_eq!(read(&missing), Event::Gone { time: 1_577_836_800_000 });
        let deleted = json!({"time": "2020-01-01T00:00:00Z", "value": 7, "flag": -99});
        assert_eq!(read(&deleted), Event::Gone { time: 1_577_836_800_000 });
    }

    #[test]
    fn a_value_is_a_number_or_its_text() {
        let value = |value: Value| match read(&json!({"timestamp": 5, "value": value})) {
            Event::Reading { value, .. } => Some(value),
            _ => None,
        };
        assert_eq!(value(json!("101")), Some(101.0));
        assert_eq!(value(json!(-0.999)), Some(-0.999));
        for wrong in [json!("NaN"), json!("dry"), json!(true), json!([1]), json!("1e999")] {
            assert_eq!(value(wrong.clone()), None, "{wrong}");
        }
        assert_eq!(
            read(&json!({"value": 1})),
            Event::Bad("it has no time in the years 1000 to 9999")
        );
        assert_eq!(read(&Value::Null), Event::Bad("it has no time in the years 1000 to 9999"));
    }
}
