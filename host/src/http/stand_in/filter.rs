//! LoopBack's filters: which rows, in which order, and what of them.

use std::cmp::Ordering;

use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    #[serde(default, rename = "where")]
    pub(super) condition: Condition,
    /// Columns, each with its direction; it is always ascending here.
    #[serde(default)]
    order: Vec<String>,
    #[serde(default = "all")]
    pub(super) limit: usize,
    #[serde(default)]
    pub(super) skip: usize,
    pub(super) fields: Option<Map<String, Value>>,
}

impl Filter {
    /// The first column of the order.
    pub(super) fn first(&self) -> Option<&str> {
        self.order.first()?.split(' ').next()
    }

    /// Of a row, the columns that are asked for.
    pub(super) fn cut(&self, mut row: Map<String, Value>) -> Value {
        if let Some(fields) = &self.fields {
            row.retain(|column, _| fields.get(column) == Some(&Value::Bool(true)));
        }
        Value::Object(row)
    }
}

fn all() -> usize {
    usize::MAX
}

/// What a column holds, or is held against.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    None,
    Number(f64),
    /// Milliseconds.
    Time(i64),
    Text(String),
}

impl Cell {
    /// Of JSON, where times are texts.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Number(number) => number.as_f64().map_or(Self::None, Self::Number),
            Value::String(text) => time(text).map_or_else(|| Self::Text(text.clone()), Self::Time),
            _ => Self::None,
        }
    }

    fn against(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.partial_cmp(other),
            (Self::Time(one), Self::Time(other)) => Some(one.cmp(other)),
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which bounds may")]
    fn whole(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number as i64),
            Self::Time(time) => Some(*time),
            Self::None | Self::Text(_) => None,
        }
    }
}

/// Milliseconds of a time in RFC 3339.
pub(super) fn time(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis())
}

/// What has to hold of a row.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Is { column: String, test: Test },
}

/// What has to hold of a cell.
#[derive(Debug)]
pub(super) enum Test {
    Equal(Cell),
    Among(Vec<Cell>),
    Above(Cell),
    From(Cell),
    To(Cell),
    Between(Cell, Cell),
}

impl Default for Condition {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl Condition {
    pub(super) fn holds(&self, cell: &impl Fn(&str) -> Cell) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(cell)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(cell)),
            Self::Is { column, test } => test.holds(&cell(column)),
        }
    }

    /// The least and the greatest number or time that this column can have where it holds.
    pub(super) fn bounds(&self, of: &str) -> (i64, i64) {
        const ANY: (i64, i64) = (i64::MIN, i64::MAX);
        match self {
            Self::All(conditions) => conditions.iter().fold(ANY, |(least, most), condition| {
                let (low, high) = condition.bounds(of);
                (least.max(low), most.min(high))
            }),
            Self::Any(conditions) => {
                let bounds = conditions.iter().map(|condition| condition.bounds(of));
                let joined = bounds.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
                joined.unwrap_or(ANY)
            }
            Self::Is { column, test } if column == of => {
                let low = |cell: &Cell| cell.whole().unwrap_or(i64::MIN);
                let high = |cell: &Cell| cell.whole().unwrap_or(i64::MAX);
                match test {
                    Test::Equal(cell) => (low(cell), high(cell)),
                    Test::Above(cell) | Test::From(cell) => (low(cell), i64::MAX),
                    Test::To(cell) => (i64::MIN, high(cell)),
                    Test::Between(first, last) => (low(first), high(last)),
                    Test::Among(_) => ANY,
                }
            }
            Self::Is { .. } => ANY,
        }
    }
}

impl Test {
    fn holds(&self, cell: &Cell) -> bool {
        let is = |other: &Cell, wanted: &[Ordering]| {
            cell.against(other).is_some_and(|order| wanted.contains(&order))
        };
        match self {
            Self::Equal(other) => is(other, &[Ordering::Equal]),
            Self::Among(others) => others.iter().any(|other| is(other, &[Ordering::Equal])),
            Self::Above(other) => is(other, &[Ordering::Greater]),
            Self::From(other) => is(other, &[Ordering::Greater, Ordering::Equal]),
            Self::To(other) => is(other, &[Ordering::Less, Ordering::Equal]),
            Self::Between(first, last) => {
                is(first, &[Ordering::Greater, Ordering::Equal])
                    && is(last, &[Ordering::Less, Ordering::Equal])
            }
        }
    }
}

/// It is none of the conditions this stand-in knows.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no condition that is known here")]
pub(super) struct Unknown(String);

impl TryFrom<Value> for Condition {
    type Error = Unknown;

    fn try_from(value: Value) -> Result<Self, Unknown> {
        let Value::Object(columns) = value else { return Err(Unknown(value.to_string())) };
        let each = columns.into_iter().map(|(column, value)| match (column.as_str(), value) {
            ("and", Value::Array(all)) => Ok(Self::All(several(all)?)),
            ("or", Value::Array(any)) => Ok(Self::Any(several(any)?)),
            (_, value) => Ok(Self::Is { column, test: test(&value)? }),
        });
        Ok(Self::All(each.collect::<Result<_, _>>()?))
    }
}

fn several(values: Vec<Value>) -> Result<Vec<Condition>, Unknown> {
    values.into_iter().map(Condition::try_from).collect()
}

fn test(value: &Value) -> Result<Test, Unknown> {
    let Value::Object(tests) = value else { return Ok(Test::Equal(Cell::of(value))) };
    let mut tests = tests.iter();
    let (Some((name, operand)), None) = (tests.next(), tests.next()) else {
        return Err(Unknown(value.to_string()));
    };
    match (name.as_str(), operand) {
        ("gt", operand) => Ok(Test::Above(Cell::of(operand))),
        ("gte", operand) => Ok(Test::From(Cell::of(operand))),
        ("lte", operand) => Ok(Test::To(Cell::of(operand))),
        ("inq", Value::Array(any)) => Ok(Test::Among(any.iter().map(Cell::of).collect())),
        ("between", Value::Array(two)) if two.len() == 2 => {
            Ok(Test::Between(Cell::of(&two[0]), Cell::of(&two[1])))
        }
        _ => Err(Unknown(value.to_string())),
    }
}
