//! A batch as it leaves, and its receipt as it comes back: one that does not add up is a fault.

use std::collections::HashSet;

use super::wit;
use super::{TEXT_BYTES_MAX, contract, failure};
use crate::domain::batch::{Base, Batch, Keyed, Pushed, Receipt};
use crate::domain::page::{Group, Position, Readings, Resource};
use crate::domain::plugin::Failure;
use crate::domain::sync::is_external_id;
use crate::grant::text;

/// The batch in the contract's words.
pub(in crate::plugin) fn batch(batch: &Batch) -> wit::Batch {
    let (items, keys) = match &batch.items {
        Pushed::Groups(all) => (wit::Items::Groups(all.iter().map(group).collect()), keys(all)),
        Pushed::Resources(all) => {
            (wit::Items::Resources(all.iter().map(resource).collect()), keys(all))
        }
        Pushed::Readings(columns) => {
            (wit::Items::Readings(columns.iter().map(readings).collect()), Vec::new())
        }
    };
    let bases = batch.bases.iter().map(|base| match base {
        Base::Unknown => wit::Base::Unknown,
        Base::Nothing => wit::Base::Nothing,
        Base::Value(value) => wit::Base::Value(*value),
    });
    wit::Batch { items, keys, bases: bases.collect(), uncertain: batch.uncertain }
}

/// The receipt, which tells of each record of the batch once.
pub(in crate::plugin) fn receipt(receipt: wit::Receipt, batch: &Batch) -> Result<Receipt, Failure> {
    let place = |at: u32| at as usize;
    let places = |list: Vec<u32>| list.into_iter().map(place).collect::<Vec<usize>>();
    let receipt = Receipt {
        created: receipt.created.into(),
        updated: receipt.updated.into(),
        unchanged: receipt.unchanged.into(),
        ids: receipt.ids.into_iter().map(|assigned| (place(assigned.at), assigned.id)).collect(),
        refused: receipt
            .refused
            .into_iter()
            .map(|refused| (place(refused.at), text::clean(&refused.reason, TEXT_BYTES_MAX)))
            .collect(),
        conflicting: places(receipt.conflicting),
        unknown: places(receipt.unknown),
        untried: places(receipt.untried),
        stopped: receipt.stopped.map(failure),
    };
    check_sum(&receipt, batch.items.count())?;
    check_ids(&receipt, batch)?;
    Ok(receipt)
}

fn check_sum(receipt: &Receipt, count: usize) -> Result<(), Failure> {
    let refused = receipt.refused.iter().map(|(at, _)| *at);
    let listed: Vec<usize> = refused
        .chain(receipt.conflicting.iter().copied())
        .chain(receipt.unknown.iter().copied())
        .chain(receipt.untried.iter().copied())
        .collect();
    if let Some(at) = listed.iter().find(|at| **at >= count) {
        return Err(contract(&format!("its receipt tells of record {at} of a batch of {count}")));
    }
    let distinct: HashSet<usize> = listed.iter().copied().collect();
    let told = receipt.created + receipt.updated + receipt.unchanged + distinct.len() as u64;
    if distinct.len() < listed.len() || told != count as u64 {
        return Err(contract(&format!(
            "its receipt does not add up: {} created, {} updated, {} unchanged and {} listed, of a \
             batch of {count}",
            receipt.created,
            receipt.updated,
            receipt.unchanged,
            listed.len()
        )));
    }
    Ok(())
}

/// What is new there and arrived must have got an id, or it would be made again for ever.
fn check_ids(receipt: &Receipt, batch: &Batch) -> Result<(), Failure> {
    if let Some((at, id)) = receipt.ids.iter().find(|(_, id)| !is_external_id(id)) {
        let id = text::clean(id, 64);
        return Err(contract(&format!("it gave record {at} the id {id:?}, which cannot be one")));
    }
    let new: Vec<bool> = match &batch.items {
        Pushed::Groups(all) => all.iter().map(|keyed| keyed.new).collect(),
        Pushed::Resources(all) => all.iter().map(|keyed| keyed.new).collect(),
        Pushed::Readings(_) => return Ok(()),
    };
    let told = |at: usize| {
        receipt.ids.iter().any(|(it, _)| *it == at)
            || receipt.refused.iter().any(|(it, _)| *it == at)
            || [&receipt.conflicting, &receipt.unknown, &receipt.untried]
                .iter()
                .any(|list| list.contains(&at))
    };
    match new.iter().enumerate().find(|(at, new)| **new && !told(*at)) {
        Some((at, _)) => {
            Err(contract(&format!("it took record {at}, which is new, without an id")))
        }
        None => Ok(()),
    }
}

fn keys<T>(all: &[Keyed<T>]) -> Vec<String> {
    all.iter().map(|keyed| keyed.key.clone()).collect()
}

fn group(keyed: &Keyed<Group>) -> wit::Group {
    let Group { id, name, kind, boundary, updated, extra } = keyed.record.clone();
    wit::Group {
        id: (!keyed.new).then_some(id),
        name,
        kind,
        boundary: boundary.into_iter().map(position).collect(),
        updated,
        extra,
    }
}

fn resource(keyed: &Keyed<Resource>) -> wit::Resource {
    let Resource { id, name, kind, position: at, elevation, owner, groups, updated, extra } =
        keyed.record.clone();
    wit::Resource {
        id: (!keyed.new).then_some(id),
        name,
        kind,
        position: at.map(position),
        elevation,
        owner,
        groups,
        updated,
        extra,
    }
}

fn position(position: Position) -> wit::Position {
    wit::Position { longitude: position.longitude, latitude: position.latitude }
}

fn readings(column: &Readings) -> wit::Readings {
    let crate::domain::page::Series { resource, name, property, unit } = column.series.clone();
    wit::Readings {
        series: wit::Series { resource, name, property, unit },
        times: column.times.clone(),
        values: column.values.clone(),
        qualities: column.qualities.clone(),
        notes: Vec::new(),
        removed: column.removed.clone(),
        rows: Vec::new(),
        updated: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch_of(count: usize, new: bool) -> Batch {
        let record = Group {
            id: String::new(),
            name: "Hinta".to_owned(),
            kind: "village".to_owned(),
            boundary: Vec::new(),
            updated: None,
            extra: String::new(),
        };
        let keyed = |at: usize| Keyed { key: at.to_string(), new, record: record.clone() };
        Batch {
            items: Pushed::Groups((0..count).map(keyed).collect()),
            bases: Vec::new(),
            uncertain: false,
        }
    }

    fn answer(created: u32, untried: &[u32]) -> wit::Receipt {
        wit::Receipt {
            created,
            updated: 0,
            unchanged: 0,
            ids: Vec::new(),
            refused: Vec::new(),
            conflicting: Vec::new(),
            unknown: Vec::new(),
            untried: untried.to_vec(),
            stopped: None,
        }
    }

    #[test]
    fn a_receipt_that_does_not_add_up_is_a_fault() {
        let sound = receipt(answer(2, &[1]), &batch_of(3, false)).unwrap();
        assert_eq!((sound.created, sound.untried), (2, vec![1]));
        for (created, untried) in [(3, &[1][..]), (1, &[1]), (1, &[1, 1]), (2, &[3])] {
            let refused = receipt(answer(created, untried), &batch_of(3, false));
            assert!(matches!(refused, Err(Failure::Fault(_))), "{created} {untried:?}");
        }
    }

    #[test]
    fn what_is_new_there_needs_an_id() {
        assert!(receipt(answer(1, &[]), &batch_of(1, true)).is_err());
        assert!(receipt(answer(0, &[0]), &batch_of(1, true)).is_ok());
        let named = |id: &str| wit::Receipt {
            ids: vec![wit::Assigned { at: 0, id: id.to_owned() }],
            ..answer(1, &[])
        };
        assert!(receipt(named("7"), &batch_of(1, true)).is_ok());
        assert!(receipt(named(""), &batch_of(1, true)).is_err());
    }
}
