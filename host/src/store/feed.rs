//! What a sync gives to a system that reads: a snapshot in pages, stable whatever is written meanwhile.
//!
//! Page 0 fixes the number of the last change. Whatever was there then and did not change since is
//! given once; what changes later has a later number, and belongs to the next reading. A reading
//! that begins at a time follows the change log from there; one from the beginning, or from before
//! the log, goes through everything by series and time. What the datasource itself brought is left
//! out, unless it was changed here since. Groups and resources carry no time of their own: those
//! changed since the last change of a reading before the start are given.

mod column;
mod place;
#[cfg(test)]
mod tests;

use sqlx::{AssertSqlSafe, Row as _};

use crate::domain::clock::Timestamp;
use crate::domain::sync::{Datatype, Sync};

use super::column::parsed;
use super::our::{GroupFields, ResourceFields};
use super::{Error, Store};

pub use column::Column;
use place::Stage;
pub use place::{NotAPlace, Place};

/// A page of what a sync gives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fed {
    /// Areas.
    pub groups: Vec<FedGroup>,
    /// Places where water is observed.
    pub resources: Vec<FedResource>,
    /// Values, in columns of one series each.
    pub readings: Vec<Column>,
    /// Where to go on; none: that was all.
    pub next: Option<Place>,
}

/// A group as it is given.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FedGroup {
    /// Our id.
    pub id: String,
    /// Its id in the system that reads, where it is known there.
    pub external: Option<String>,
    /// What it is.
    #[serde(flatten)]
    pub group: GroupFields,
}

/// A resource as it is given.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FedResource {
    /// Our id.
    pub id: String,
    /// Its id in the system that reads, where it is known there.
    pub external: Option<String>,
    /// What it is.
    #[serde(flatten)]
    pub resource: ResourceFields,
}

/// What is asked for.
struct Feeding<'a> {
    sync: &'a Sync,
    /// The datasource's number: what it brought is left out.
    origin: i64,
    /// The ids of the selection, as JSON.
    only: String,
}

impl Store {
    /// Fixes a snapshot of what changed after a time; from 0 on, of everything.
    pub async fn begin_feed(&self, sync: &Sync, start: Timestamp) -> Result<Place, Error> {
        let organisation = sync.organisation.as_str();
        let row = sqlx::query("SELECT seq FROM organisation WHERE id = $1")
            .bind(organisation)
            .fetch_one(&self.read)
            .await?;
        let snapshot: i64 = row.get("seq");
        let last = sqlx::query(
            "SELECT at FROM change WHERE organisation = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1",
        )
        .bind(organisation)
        .bind(snapshot)
        .fetch_optional(&self.read)
        .await?;
        let before = sqlx::query(
            "SELECT seq FROM change WHERE organisation = $1 AND seq <= $2 AND at <= $3 \
             ORDER BY seq DESC LIMIT 1",
        )
        .bind(organisation)
        .bind(snapshot)
        .bind(start)
        .fetch_optional(&self.read)
        .await?;
        Ok(Place {
            snapshot,
            time: last.map_or(0, |row| row.get("at")),
            since: before.filter(|_| start > 0).map(|row| row.get("seq")),
            removed: start > 0,
            stage: Stage::Group { after: String::new() },
        })
    }

    /// At most `limit` records from a place on; fewer, where looking for more would take long.
    pub async fn feed(&self, sync: &Sync, from: &Place, limit: usize) -> Result<Fed, Error> {
        let feeding = self.feeding(sync).await?;
        let (mut fed, mut place, mut room) = (Fed::default(), from.clone(), limit);
        while room > 0 {
            let (found, next) = match place.stage.clone() {
                Stage::Group { after } => {
                    self.feed_groups(&feeding, &place, &after, room, &mut fed).await?
                }
                Stage::Resource { after } => {
                    self.feed_resources(&feeding, &place, &after, room, &mut fed).await?
                }
                Stage::Reading(at) => {
                    let (columns, next) = self.columns(&feeding, &place, at, room).await?;
                    fed.readings = columns;
                    fed.next = next.map(|at| Place { stage: Stage::Reading(at), ..place });
                    return Ok(fed);
                }
            };
            room -= found;
            place.stage = next;
        }
        fed.next = Some(place);
        Ok(fed)
    }

    async fn feeding<'a>(&self, sync: &'a Sync) -> Result<Feeding<'a>, Error> {
        let row = sqlx::query("SELECT number FROM datasource WHERE id = $1")
            .bind(sync.datasource.as_str())
            .fetch_one(&self.read)
            .await?;
        let only = serde_json::json!(sync.only).to_string();
        Ok(Feeding { sync, origin: row.get("number"), only })
    }

    async fn feed_groups(
        &self,
        feeding: &Feeding<'_>,
        place: &Place,
        after: &str,
        room: usize,
        fed: &mut Fed,
    ) -> Result<(usize, Stage), Error> {
        let ids = if feeding.sync.datatypes.contains(&Datatype::Group) {
            self.ids_of(feeding, "\"group\"", place, after, room).await?
        } else {
            Vec::new()
        };
        for (id, external) in &ids {
            let id = id.parse().map_err(|error| Error::unreadable("group", id, error))?;
            let group = self.group(&feeding.sync.organisation, &id).await?.group;
            fed.groups.push(FedGroup { id: id.into(), external: external.clone(), group });
        }
        let next = match ids.last().filter(|_| ids.len() == room) {
            Some((last, _)) => Stage::Group { after: last.clone() },
            None => Stage::Resource { after: String::new() },
        };
        Ok((ids.len(), next))
    }

    async fn feed_resources(
        &self,
        feeding: &Feeding<'_>,
        place: &Place,
        after: &str,
        room: usize,
        fed: &mut Fed,
    ) -> Result<(usize, Stage), Error> {
        let ids = if feeding.sync.datatypes.contains(&Datatype::Resource) {
            self.ids_of(feeding, "resource", place, after, room).await?
        } else {
            Vec::new()
        };
        for (id, external) in &ids {
            let id = id.parse().map_err(|error| Error::unreadable("resource", id, error))?;
            let resource = self.resource(&feeding.sync.organisation, &id).await?.resource;
            fed.resources.push(FedResource { id: id.into(), external: external.clone(), resource });
        }
        let next = match ids.last().filter(|_| ids.len() == room) {
            Some((last, _)) => Stage::Resource { after: last.clone() },
            None => Stage::Reading(place.beginning()),
        };
        Ok((ids.len(), next))
    }

    /// Our ids of groups or resources, with theirs.
    async fn ids_of(
        &self,
        feeding: &Feeding<'_>,
        table: &str,
        place: &Place,
        after: &str,
        room: usize,
    ) -> Result<Vec<(String, Option<String>)>, Error> {
        let sql = format!(
            "SELECT place.id, (SELECT MIN(external_id) FROM link WHERE link.our_id = place.id \
             AND link.datasource = $1 AND gone = 0) AS external FROM {table} AS place \
             WHERE organisation = $3 AND described = 1 AND origin <> $4 AND seq > $5 AND seq <= $6 \
             AND place.id > $7 AND {} ORDER BY place.id LIMIT $8",
            selected("place.id")
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(feeding.sync.datasource.as_str())
            .bind(&feeding.only)
            .bind(feeding.sync.organisation.as_str())
            .bind(feeding.origin)
            .bind(place.since.unwrap_or(-1))
            .bind(place.snapshot)
            .bind(after)
            .bind(i64::try_from(room).unwrap_or(i64::MAX))
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(|row| Ok((parsed(row, "link", "id")?, row.get("external")))).collect()
    }
}

/// Whether a group or resource is selected, by its own id or one of its groups': `$1` is the
/// datasource, `$2` the ids. (`json_each` is SQLite's; Postgres has `json_array_elements_text`.)
fn selected(id: &str) -> String {
    format!(
        "($2 = '[]' OR EXISTS (SELECT 1 FROM link WHERE link.our_id = {id} \
         AND link.datasource = $1 AND external_id IN (SELECT value FROM json_each($2))) \
         OR EXISTS (SELECT 1 FROM member JOIN link ON link.our_id = member.\"group\" \
         AND link.kind = 'group' AND link.datasource = $1 WHERE member.resource = {id} \
         AND external_id IN (SELECT value FROM json_each($2))))"
    )
}
