//! Merges two versions of a group or resource field by field, knowing what both sides agreed on.

use serde_json::{Map, Value};

use super::plan::{Changed, Decision, Policy, Sides, Winner, decide};

/// Degrees and metres so near are the same: what databases lose of a binary number.
const NEAR: f64 = 1e-7;

/// A record's fields by name.
pub type Fields = Map<String, Value>;

/// A field that both sides changed differently.
#[derive(Debug, Clone, PartialEq)]
pub struct Clash {
    /// Its name.
    pub field: String,
    /// Here.
    pub ours: Value,
    /// There.
    pub theirs: Value,
    /// What both agreed on, if ever.
    pub base: Option<Value>,
    /// Who won.
    pub winner: Winner,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// What ours is to be.
    pub ours: Fields,
    /// What both agree on from now on.
    pub base: Fields,
    /// Fields that both changed.
    pub clashes: Vec<Clash>,
}

/// Merges `theirs` into `ours`.
pub fn merge(
    ours: &Fields,
    theirs: &Fields,
    base: &Fields,
    policy: Policy,
    changed: Changed,
) -> Merged {
    let mut merged = Merged { ours: ours.clone(), base: base.clone(), clashes: Vec::new() };
    for (field, there) in theirs {
        let here = ours.get(field).unwrap_or(&Value::Null);
        let agreed = base.get(field);
        let sides = Sides { ours: here, theirs: there, base: agreed };
        match decide(&sides, same, policy, changed) {
            Decision::Agreed | Decision::KeepOurs => {}
            Decision::TakeTheirs => {
                merged.ours.insert(field.clone(), there.clone());
            }
            Decision::Conflict(winner) => {
                merged.clashes.push(Clash {
                    field: field.clone(),
                    ours: here.clone(),
                    theirs: there.clone(),
                    base: agreed.cloned(),
                    winner,
                });
                match winner {
                    Winner::Theirs => {
                        merged.ours.insert(field.clone(), there.clone());
                    }
                    Winner::Ours => {}
                    // Stays a conflict as long as nobody decides.
                    Winner::Open => continue,
                }
            }
        }
        merged.base.insert(field.clone(), there.clone());
    }
    merged
}

/// Whether two values of a field are one.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() <= NEAR,
            _ => one == other,
        },
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|it| same(one, it)))
        }
        _ => one == other,
    }
}

/// Whether two records say the same in every field of the first.
pub fn same_fields(one: &Fields, other: &Fields) -> bool {
    let null = Value::Null;
    one.iter().all(|(field, value)| same(value, other.get(field).unwrap_or(&null)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Fields {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn changes_to_different_fields_both_stay() {
        let base = fields(&json!({"name": "Well", "owner": "A", "elevation": 1.5}));
        let ours = fields(&json!({"name": "Big well", "owner": "A", "elevation": 1.5}));
        let theirs = fields(&json!({"name": "Well", "owner": "B", "elevation": 1.500_000_01}));
        let merged = merge(&ours, &theirs, &base, Policy::Review, Changed::default());
        assert_eq!(merged.clashes, []);
        assert_eq!(merged.ours["name"], "Big well");
        assert_eq!(merged.ours["owner"], "B");
        assert_eq!(merged.base["name"], "Well");
    }

    #[test]
    fn an_open_clash_keeps_its_base_and_a_decided_one_does_not() {
        let base = fields(&json!({"name": "Well"}));
        let (ours, theirs) = (fields(&json!({"name": "A"})), fields(&json!({"name": "B"})));
        for (policy, here, agreed) in [
            (Policy::Review, "A", "Well"),
            (Policy::OurwaterWins, "A", "B"),
            (Policy::DatasourceWins, "B", "B"),
        ] {
            let merged = merge(&ours, &theirs, &base, policy, Changed::default());
            assert_eq!(merged.clashes.len(), 1);
            assert_eq!(
                (&merged.ours["name"], &merged.base["name"]),
                (&json!(here), &json!(agreed))
            );
        }
    }
}
