//! The single values of an answer or of a file, found one by one and replaced.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Bytes of a text that is too long for anything.
const HUGE_BYTES: usize = 1024 * 1024;

/// A place in a JSON value: names, and numbers of elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Name(String),
    Place(usize),
}

/// Values nobody expects, and what they are called.
pub(super) fn strange() -> Vec<(&'static str, Value)> {
    vec![
        ("null", Value::Null),
        ("an empty text", json!("")),
        ("unicode", json!("پانی 水 💧 e\u{301} \u{202e}x\u{0}")),
        ("NaN", json!("NaN")),
        ("a number beyond all", json!(1e308)),
        ("a negative number", json!(-1)),
        ("a truth", json!(true)),
        ("a list", json!([])),
        ("an object", json!({"a": {"b": [1]}})),
        ("no date", json!("2020-13-45T99:99:99Z")),
        ("a text of 1 MiB", json!("x".repeat(HUGE_BYTES))),
    ]
}

/// One leaf for each kind of place: of lists the element in the middle.
pub(super) fn leaves(value: &Value) -> Vec<Leaf> {
    let mut found = Vec::new();
    walk(value, &mut Vec::new(), &mut found);
    found
}

impl Leaf {
    /// Puts another value there, where the place is.
    pub(super) fn set(&self, within: &mut Value, value: Value) {
        let place = self.0.iter().try_fold(within, |value, step| match step {
            Step::Name(name) => value.get_mut(name),
            Step::Place(at) => value.get_mut(at),
        });
        if let Some(place) = place {
            *place = value;
        }
    }

    /// The record it belongs to: the list nearest to the root that has others beside it.
    pub(super) fn record(&self, within: &Value) -> Option<Self> {
        let mut value = within;
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Place(at) => {
                    let beside = value.as_array().is_some_and(|all| all.len() > 1);
                    value = value.get(at)?;
                    if beside && value.is_object() {
                        return Some(Self(self.0.get(..=depth)?.to_vec()));
                    }
                }
                Step::Name(name) => value = value.get(name)?,
            }
        }
        None
    }

    /// Takes the element out of its list.
    pub(super) fn remove(&self, within: &mut Value) {
        let Some((Step::Place(at), list)) = self.0.split_last() else { return };
        let list = list.iter().try_fold(within, |value, step| match step {
            Step::Name(name) => value.get_mut(name),
            Step::Place(at) => value.get_mut(at),
        });
        if let Some(list) = list.and_then(Value::as_array_mut).filter(|list| *at < list.len()) {
            list.remove(*at);
        }
    }

    /// As a JSON pointer.
    pub(super) fn pointer(&self) -> String {
        let step = |step: &Step| match step {
            Step::Name(name) => format!("/{name}"),
            Step::Place(at) => format!("/{at}"),
        };
        self.0.iter().map(step).collect()
    }
}

fn walk(value: &Value, path: &mut Vec<Step>, found: &mut Vec<Leaf>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                path.push(Step::Name(name.clone()));
                walk(value, path, found);
                path.pop();
            }
        }
        Value::Array(all) if !all.is_empty() => {
            let middle = all.len() / 2;
            path.push(Step::Place(middle));
            if let Some(value) = all.get(middle) {
                walk(value, path, found);
            }
            path.pop();
        }
        _ => found.push(Leaf(path.clone())),
    }
}

/// The cells of a line in the middle of a table as text: each as the bytes before, the cell, and the
/// bytes after it.
pub(super) fn cells(table: &[u8]) -> Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> {
    let (start, end) = middle_line(table);
    let ends: BTreeSet<usize> = (start..end)
        .filter(|at| matches!(table.get(*at), Some(b',' | b';' | b'\t')))
        .chain([end])
        .collect();
    let mut from = start;
    let mut cells = Vec::new();
    for to in ends {
        let part = |range: std::ops::Range<usize>| table.get(range).unwrap_or_default().to_vec();
        cells.push((part(0..from), part(from..to), part(to..table.len())));
        from = to + 1;
    }
    cells
}

/// A table without the line whose cells [`cells`] gives.
pub(super) fn without_line(table: &[u8]) -> Vec<u8> {
    let (start, end) = middle_line(table);
    let part = |range: std::ops::Range<usize>| table.get(range).unwrap_or_default();
    [part(0..start), part((end + 1).min(table.len())..table.len())].concat()
}

/// Where the line in the middle begins, and where its break is or the table ends.
fn middle_line(table: &[u8]) -> (usize, usize) {
    let breaks = table.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let breaks: Vec<usize> = breaks.map(|(at, _)| at).collect();
    let middle = breaks.len() / 2;
    let start = middle.checked_sub(1).and_then(|before| breaks.get(before)).map_or(0, |at| at + 1);
    (start, breaks.get(middle).copied().unwrap_or(table.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_is_found_replaced_and_taken_out_with_its_record() {
        let answer = json!({"next": "x", "rows": [{"a": 1}, {"a": 2}, {"a": 3}]});
        let leaves = leaves(&answer);
        let pointers: Vec<String> = leaves.iter().map(Leaf::pointer).collect();
        assert_eq!(pointers, ["/next", "/rows/1/a"]);
        let mut changed = answer.clone();
        leaves[1].set(&mut changed, json!("NaN"));
        assert_eq!(changed["rows"][1]["a"], "NaN");
        assert_eq!(leaves[0].record(&answer), None);
        leaves[1].record(&answer).unwrap().remove(&mut changed);
        assert_eq!(changed["rows"], json!([{"a": 1}, {"a": 3}]));
    }

    #[test]
    fn cells_of_the_middle_line() {
        let table = b"a,b\n1;2\n3,4\n";
        let cells = cells(table);
        assert_eq!(without_line(table), b"a,b\n3,4\n");
        let middle: Vec<_> = cells.iter().map(|(_, cell, _)| cell.as_slice()).collect();
        assert_eq!(middle, [b"1", b"2"]);
        assert_eq!((&cells[1].0[..], &cells[1].2[..]), (&b"a,b\n1;"[..], &b"\n3,4\n"[..]));
    }
}
