//! Writes a batch as rows that read back identically; what a row cannot say is refused.

mod append;
mod lines;

use ourwater_sdk::{Assigned, Batch, Datatype, Failure, Items, Receipt, Refused, Result};

use crate::config::Config;
use crate::encoding;
use crate::failure::config as fault;
use lines::Lines;

/// Appends a batch to the file.
pub(crate) fn push(config: &Config, batch: &Batch) -> Result<Receipt> {
    fit(config, batch)?;
    let uncertain = batch.uncertain;
    let lines = match (&batch.items, config) {
        (Items::Readings(all), Config { readings: Some(table), .. }) => {
            lines::readings(config, table, all, uncertain)?
        }
        (Items::Resources(all), Config { resources: Some(table), .. }) => {
            lines::resources(config, table, all, &batch.keys, uncertain)?
        }
        (Items::Groups(all), Config { groups: Some(table), .. }) => {
            lines::groups(config, table, all, &batch.keys, uncertain)?
        }
        _ => {
            let text = "the configuration does not say how such records are written";
            return Err(Failure::Unsupported(text.to_owned()));
        }
    };
    let there = append::append(config, &lines, uncertain)?;
    Ok(receipt(batch, lines, there))
}

/// An export holds one kind of record, in UTF-8.
fn fit(config: &Config, batch: &Batch) -> Result<()> {
    let kinds = [
        (Datatype::Reading, config.readings.is_some()),
        (Datatype::Resource, config.resources.is_some()),
        (Datatype::Group, config.groups.is_some()),
    ];
    if kinds.iter().filter(|(_, configured)| *configured).count() > 1 {
        let text = "a file that is written holds one of readings, resources and groups";
        return Err(fault("readings", text));
    }
    if encoding::choose(config.encoding.as_deref(), &[])? != encoding_rs::UTF_8 {
        return Err(fault("encoding", "a file that is written is in UTF-8"));
    }
    let records = match &batch.items {
        Items::Readings(_) => return Ok(()),
        Items::Resources(all) => all.len(),
        Items::Groups(all) => all.len(),
    };
    if records == batch.keys.len() {
        return Ok(());
    }
    Err(Failure::Data("a batch needs a key for each of its records".to_owned()))
}

/// `there` bytes of the lines were in the file already.
fn receipt(batch: &Batch, lines: Lines, there: usize) -> Receipt {
    let unchanged = lines.written.iter().filter(|line| line.end <= there).count();
    let created = lines.written.len() - unchanged;
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let nameless = |at: usize| match &batch.items {
        Items::Readings(_) => false,
        Items::Resources(all) => all.get(at).is_some_and(|resource| resource.id.is_none()),
        Items::Groups(all) => all.get(at).is_some_and(|group| group.id.is_none()),
    };
    let named = lines.written.iter().filter(|line| nameless(line.at));
    let ids = named.filter_map(|line| {
        Some(Assigned { at: count(line.at), id: batch.keys.get(line.at)?.clone() })
    });
    Receipt {
        created: count(created),
        updated: 0,
        unchanged: count(unchanged),
        ids: ids.collect(),
        refused: lines
            .refused
            .into_iter()
            .map(|(at, reason)| Refused { at: count(at), reason: reason.to_owned() })
            .collect(),
        conflicting: Vec::new(),
        unknown: Vec::new(),
        untried: Vec::new(),
        stopped: None,
    }
}
