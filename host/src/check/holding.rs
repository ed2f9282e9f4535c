//! What the other system holds, compared: the script's state but its own affairs, and the exports.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde_json::Value;

/// Begins a field of the script's state that is its own affair: a count, a log.
const OWN_AFFAIR: char = '_';

/// Characters of a value that are shown.
const SHOWN_CHARACTERS_MAX: usize = 200;

/// What stands where there is nothing.
const NULL: &Value = &Value::Null;

/// What the other system holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Holding {
    remote: Value,
    exports: BTreeMap<String, Vec<u8>>,
}

impl Holding {
    /// Of a script's state, and a folder of exports.
    pub(super) fn of(mut state: Value, exports: &Path) -> io::Result<Self> {
        forget_own_affairs(&mut state);
        let mut held = Self { remote: state, exports: BTreeMap::new() };
        for entry in std::fs::read_dir(exports)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            held.exports.insert(name, std::fs::read(entry.path())?);
        }
        Ok(held)
    }

    /// The first thing that is otherwise in `other`, in words.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        if let Some(place) = differing(&self.remote, &other.remote, "state") {
            return Some(place);
        }
        let names = self.exports.keys().chain(other.exports.keys());
        let differs = |name: &&String| self.exports.get(*name) != other.exports.get(*name);
        names.into_iter().find(differs).map(|name| {
            let bytes = |held: &Self| held.exports.get(name).map_or(0, Vec::len);
            format!("the export {name} has {} bytes and then {}", bytes(self), bytes(other))
        })
    }
}

fn forget_own_affairs(state: &mut Value) {
    match state {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.starts_with(OWN_AFFAIR));
            fields.values_mut().for_each(forget_own_affairs);
        }
        Value::Array(values) => values.iter_mut().for_each(forget_own_affairs),
        _ => {}
    }
}

fn differing(one: &Value, other: &Value, place: &str) -> Option<String> {
    let short = |value: &Value| value.to_string().chars().take(SHOWN_CHARACTERS_MAX).collect();
    match (one, other) {
        _ if one == other => None,
        (Value::Object(a), Value::Object(b)) => {
            let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
            names.into_iter().find_map(|name| {
                let (a, b) = (a.get(name).unwrap_or(NULL), b.get(name).unwrap_or(NULL));
                differing(a, b, &format!("{place}.{name}"))
            })
        }
        (Value::Array(a), Value::Array(b)) => (0..a.len().max(b.len())).find_map(|at| {
            let (a, b) = (a.get(at).unwrap_or(NULL), b.get(at).unwrap_or(NULL));
            differing(a, b, &format!("{place}[{at}]"))
        }),
        _ => {
            let (one, other): (String, String) = (short(one), short(other));
            Some(format!("{place} was {one} and is {other}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_changed_is_named_and_the_scripts_own_affairs_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let of = |state: Value| Holding::of(state, folder.path()).unwrap();
        let before = of(json!({"_asked": 1, "wells": [{"id": 1, "_seen": 0}]}));
        assert_eq!(before, of(json!({"_asked": 9, "wells": [{"id": 1, "_seen": 5}]})));
        let after = of(json!({"wells": [{"id": 1}, {"id": 2}]}));
        let told = before.difference(&after).unwrap();
        assert_eq!(told, r#"state.wells[1] was null and is {"id":2}"#);
        std::fs::write(folder.path().join("out.csv"), "abc").unwrap();
        let told = after.difference(&of(json!({"wells": [{"id": 1}, {"id": 2}]}))).unwrap();
        assert_eq!(told, "the export out.csv has 0 bytes and then 3");
    }
}
