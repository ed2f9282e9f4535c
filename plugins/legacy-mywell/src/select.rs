//! Which records are wanted, as the server's own filter: pincodes, and ids below them.

use std::collections::BTreeMap;

use ourwater_sdk::{Failure, Remark, Result};
use serde_json::{Value, json};

use crate::id::{self, Id};

/// Ids that one question names: each has at most some 20 characters, and a question has to fit
/// into the 8 KiB that servers allow for an address.
const IDS_A_QUESTION: usize = 200;

/// Pairs of postcode and clause take more room than an id in a list.
const POSTCODES_A_QUESTION: usize = 40;

/// The conditions that together select `only`; one that is always true where it is empty.
/// `column` holds the number within the postcode.
pub(crate) fn conditions(only: &[String], column: &str) -> Result<Vec<Value>> {
    if only.is_empty() {
        return Ok(vec![json!({})]);
    }
    let (mut whole, mut ids) = (Vec::new(), Vec::new());
    for text in only {
        match (id::whole(text), text.parse::<Id>()) {
            (Some(postcode), _) => whole.push(postcode),
            (None, Ok(id)) => ids.push(id),
            (None, Err(_)) => return Err(foreign(text)),
        }
    }
    whole.sort_unstable();
    whole.dedup();
    ids.retain(|id| whole.binary_search(&id.postcode).is_err());
    let mut found: Vec<Value> =
        whole.chunks(IDS_A_QUESTION).map(|some| json!({"postcode": {"inq": some}})).collect();
    found.extend(of(ids, column));
    Ok(found)
}

/// The conditions that together select these ids.
pub(crate) fn of(mut ids: Vec<Id>, column: &str) -> Vec<Value> {
    ids.sort_unstable();
    ids.dedup();
    let mut questions = Vec::new();
    let mut rest = ids.as_slice();
    while !rest.is_empty() {
        let mut postcodes: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        let mut taken = 0;
        for id in rest.iter().take(IDS_A_QUESTION) {
            if postcodes.len() == POSTCODES_A_QUESTION && !postcodes.contains_key(&id.postcode) {
                break;
            }
            postcodes.entry(id.postcode).or_default().push(id.number);
            taken += 1;
        }
        rest = &rest[taken..];
        let clauses = postcodes.into_iter();
        let clauses: Vec<Value> = clauses
            .map(|(postcode, numbers)| json!({"postcode": postcode, column: {"inq": numbers}}))
            .collect();
        questions.push(json!({"or": clauses}));
    }
    questions
}

fn foreign(text: &str) -> Failure {
    let text = format!("{text:?} is neither a pincode nor an id such as 313603.1111");
    Failure::Config(Remark { field: "only".to_owned(), text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(ids: &[&str]) -> Result<Vec<Value>> {
        let ids: Vec<String> = ids.iter().map(|&id| id.to_owned()).collect();
        conditions(&ids, "resourceId")
    }

    #[test]
    fn pincodes_and_ids_are_asked_for_once_each() {
        let found = only(&["2.11", "1", "2.10", "1.5", "2.11"]).unwrap();
        let ids = json!({"or": [{"postcode": 2, "resourceId": {"inq": [10, 11]}}]});
        assert_eq!(found, [json!({"postcode": {"inq": [1]}}), ids]);
        assert_eq!(only(&[]).unwrap(), [json!({})]);
        assert!(matches!(only(&["well 7"]), Err(Failure::Config(_))));
    }

    #[test]
    fn long_selections_are_split_into_addresses_that_servers_take() {
        for postcodes in [1, 2000] {
            let ids: Vec<Id> = (0..2000)
                .map(|at| Id { postcode: 900_000 + at % postcodes, number: 1_000_000_000 + at })
                .collect();
            let questions = of(ids, "resourceId");
            for question in &questions {
                assert!(question.to_string().len() < 3_000, "{question}");
            }
            let asked: usize =
                questions.iter().map(|it| it.to_string().matches("1000000").count()).sum();
            assert!(asked >= 1000, "{asked}");
        }
    }
}
