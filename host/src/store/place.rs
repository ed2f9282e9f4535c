//! Groups and resources of a source: made, joined to ours, or merged field by field, one by one.

pub(in crate::store) mod matching;
pub(in crate::store) mod member;
pub(in crate::store) mod record;

use sqlx::{Row as _, SqliteConnection};

use crate::domain::faults::Protection;
use crate::domain::id::{GroupId, ResourceId};
use crate::domain::merge::{Fields, merge, same_fields};
use crate::domain::plan::{Changed, Winner};
use crate::domain::run::Counts;

use super::change::Change;
use super::link::{self, Base, Link};
use super::save::Pull;
use super::{Error, conflict};
use record::{Record, Whose, fields, of_fields};

/// What became of records.
#[derive(Debug, Default)]
pub(in crate::store) struct Placed {
    pub(in crate::store) counts: Counts,
    pub(in crate::store) conflicts: u64,
}

/// Saves what a source describes.
pub(in crate::store) async fn save<T: Record>(
    connection: &mut SqliteConnection,
    pull: &mut Pull,
    records: &[T],
    change: Change,
) -> Result<Placed, Error> {
    let mut placed = Placed::default();
    for record in records {
        let datasource = pull.sync.datasource.as_str();
        if let Some(link) = link::find(connection, datasource, T::WORD, record.id()).await? {
            meet(connection, pull, record, &link, change, &mut placed).await?;
        } else {
            let alike = matching::find(connection, pull, record).await?;
            if let Some(our_id) = alike {
                join(connection, pull, record, our_id, change, &mut placed).await?;
            } else {
                create(connection, pull, record, change).await?;
                placed.counts.created += 1;
            }
        }
    }
    Ok(placed)
}

/// Marks what the other system no longer has; how many it had until now.
pub(in crate::store) async fn lose(
    connection: &mut SqliteConnection,
    pull: &Pull,
    gone: &[String],
) -> Result<u64, Error> {
    let mut lost = 0;
    for id in gone {
        let (datasource, kind) = (pull.sync.datasource.as_str(), pull.datatype.as_str());
        lost += u64::from(link::lose(connection, datasource, kind, id).await?);
    }
    Ok(lost)
}

/// A new id of ours for a kind of record.
pub(in crate::store) fn new_id(word: &str) -> String {
    if word == "group" { GroupId::random().into() } else { ResourceId::random().into() }
}

async fn create<T: Record>(
    connection: &mut SqliteConnection,
    pull: &Pull,
    record: &T,
    change: Change,
) -> Result<(), Error> {
    pull.refuse_uncertain(connection, T::WORD).await?;
    let our_id = new_id(T::WORD);
    let datasource = pull.sync.datasource.as_str();
    record.write(connection, whose(pull, change), &our_id).await?;
    let base = Base { fields: fields(record)? };
    link::make(connection, datasource, T::WORD, record.id(), &our_id, Some(&base)).await
}

/// Two records that never met are one: nothing is agreed yet.
async fn join<T: Record>(
    connection: &mut SqliteConnection,
    pull: &Pull,
    record: &T,
    our_id: String,
    change: Change,
    placed: &mut Placed,
) -> Result<(), Error> {
    let base = Base { fields: Fields::new() };
    let datasource = pull.sync.datasource.as_str();
    link::make(connection, datasource, T::WORD, record.id(), &our_id, Some(&base)).await?;
    let link = Link { our_id, base: Some(base), gone: false };
    meet(connection, pull, record, &link, change, placed).await
}

async fn meet<T: Record>(
    connection: &mut SqliteConnection,
    pull: &Pull,
    record: &T,
    link: &Link,
    change: Change,
    placed: &mut Placed,
) -> Result<(), Error> {
    let datasource = pull.sync.datasource.as_str();
    let (described, edited) = standing::<T>(connection, &link.our_id).await?;
    let mut theirs = fields(record)?;
    if described && !pull.faults.lack(Protection::Normalise) {
        theirs.retain(|field, _| pull.keeps(field));
    }
    let ours = if described {
        fields(&T::read(connection, datasource, &link.our_id).await?)?
    } else {
        // Whatever stands there was made up.
        Fields::new()
    };
    let base = match &link.base {
        _ if !described || pull.faults.lack(Protection::Base) => ours.clone(),
        // What a person said of it was never agreed on.
        None if edited > 0 => Fields::new(),
        None => ours.clone(),
        Some(base) => base.fields.clone(),
    };
    let changed = Changed { ours: (edited > 0).then_some(edited), theirs: record.updated() };
    let merged = merge(&ours, &theirs, &base, pull.sync.rules.policy, changed);
    for clash in &merged.clashes {
        let new = conflict::New {
            our_id: &link.our_id,
            field: &clash.field,
            key: (0, 0),
            ours: clash.ours.clone(),
            theirs: clash.theirs.clone(),
            base: clash.base.clone(),
        };
        let kept = conflict::keep(connection, pull, &new, clash.winner, change.at).await?;
        placed.conflicts += u64::from(kept);
    }
    conflict::settle_fields(connection, pull, &link.our_id, &merged, change.at).await?;
    let won = merged.clashes.iter().any(|clash| clash.winner == Winner::Ours);
    let differs = !described || !same_fields(&merged.ours, &ours);
    if differs || won {
        let whose = whose(pull, with_origin(change, &merged.ours, &theirs));
        let ours: T = of_fields(record.id(), merged.ours)?;
        ours.write(connection, whose, &link.our_id).await?;
    }
    if differs || link.gone {
        placed.counts.updated += 1;
    } else {
        placed.counts.unchanged += 1;
    }
    if !described {
        super::issue::unpark(connection, datasource, record.id()).await?;
    }
    let base = Base { fields: merged.base };
    link::agree(connection, datasource, T::WORD, record.id(), &base).await
}

/// What holds more than theirs is ours, and is to be pushed.
fn with_origin(change: Change, ours: &Fields, theirs: &Fields) -> Change {
    if same_fields(theirs, ours) { change } else { Change { origin: 0, ..change } }
}

async fn standing<T: Record>(
    connection: &mut SqliteConnection,
    our_id: &str,
) -> Result<(bool, i64), Error> {
    let sql = format!("SELECT described, edited FROM {} WHERE id = $1", T::TABLE);
    let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(our_id).fetch_one(connection).await?;
    Ok((row.get::<i64, _>("described") != 0, row.get("edited")))
}

fn whose(pull: &Pull, change: Change) -> Whose<'_> {
    Whose {
        organisation: &pull.sync.organisation,
        datasource: pull.sync.datasource.as_str(),
        change,
    }
}
