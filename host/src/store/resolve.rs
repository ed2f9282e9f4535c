//! A person decides a conflict: the chosen value is here at once, and there after the next run.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::Timestamp;
use crate::domain::conflict::{Conflict, ConflictState};
use crate::domain::id::{ConflictId, OrganisationId};
use crate::domain::page::{Group, Resource};
use crate::domain::plan::{Reading, Winner};
use crate::domain::sync::Datatype;

use super::base;
use super::change::{self, Change, Range};
use super::link::{self, Base};
use super::place::record::{Record, Whose, fields, of_fields};
use super::reading;
use super::{Error, Store};

/// A conflict's record, as rows know it.
struct Place {
    datasource: String,
    origin: i64,
    our_id: String,
    key: (i64, i64),
}

impl Store {
    /// Decides an open conflict.
    pub async fn resolve_conflict(
        &self,
        organisation: &OrganisationId,
        id: &ConflictId,
        winner: Winner,
        now: Timestamp,
    ) -> Result<Conflict, Error> {
        let conflict = self.conflict(organisation, id).await?;
        let state = match winner {
            Winner::Ours => ConflictState::Ours,
            Winner::Theirs => ConflictState::Theirs,
            Winner::Open => return Ok(conflict),
        };
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let connection = &mut *transaction;
        let done = sqlx::query(
            "UPDATE conflict SET state = $1, decided = $2 WHERE id = $3 AND state = 'open'",
        )
        .bind(state.as_str())
        .bind(now)
        .bind(id.as_str())
        .execute(&mut *connection)
        .await?;
        if done.rows_affected() == 0 {
            return Err(Error::Decided(id.to_string()));
        }
        let seq = self.next_seq(connection, organisation, None).await?;
        let change = Change { seq, origin: 0, at: now };
        let place = place(connection, id).await?;
        let word = Writer { organisation, place: &place, conflict: &conflict, winner, change };
        match conflict.datatype {
            Datatype::Reading => word.reading(connection).await?,
            Datatype::Group => word.record::<Group>(connection).await?,
            Datatype::Resource => word.record::<Resource>(connection).await?,
        }
        transaction.commit().await?;
        self.conflict(organisation, id).await
    }
}

async fn place(connection: &mut SqliteConnection, id: &ConflictId) -> Result<Place, Error> {
    let row = sqlx::query(
        "SELECT conflict.datasource, number, our_id, series_id, time FROM conflict \
         JOIN datasource ON datasource.id = conflict.datasource WHERE conflict.id = $1",
    )
    .bind(id.as_str())
    .fetch_one(connection)
    .await?;
    Ok(Place {
        datasource: row.get("datasource"),
        origin: row.get("number"),
        our_id: row.get("our_id"),
        key: (row.get("series_id"), row.get("time")),
    })
}

/// Writes what was decided.
struct Writer<'a> {
    organisation: &'a OrganisationId,
    place: &'a Place,
    conflict: &'a Conflict,
    winner: Winner,
    change: Change,
}

impl Writer<'_> {
    async fn reading(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        let (key, datasource) = (self.place.key, self.place.datasource.as_str());
        let theirs = read(&self.conflict.theirs);
        if self.winner == Winner::Ours {
            base::agree(connection, datasource, key, theirs).await?;
            return reading::touch(connection, self.organisation, &[key], self.change).await;
        }
        base::forget(connection, datasource, key).await?;
        sqlx::query(
            "DELETE FROM outbox WHERE series_id = $1 AND time = $2 AND state <> 'sent' \
             AND sync IN (SELECT id FROM sync WHERE datasource = $3)",
        )
        .bind(key.0)
        .bind(key.1)
        .bind(datasource)
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "UPDATE reading SET value = $1, quality = $2, origin = $3, seq = $4, edited = 1 \
             WHERE series_id = $5 AND time = $6",
        )
        .bind(theirs.map(|reading| reading.value))
        .bind(i64::from(theirs.map_or(0, |reading| reading.quality)))
        .bind(self.place.origin)
        .bind(self.change.seq)
        .bind(key.0)
        .bind(key.1)
        .execute(&mut *connection)
        .await?;
        let change = Change { origin: self.place.origin, ..self.change };
        let range = Range { series: key.0, first: key.1, last: key.1 };
        change::log(connection, self.organisation, change, &[range]).await
    }

    /// One field is decided; the others stay.
    async fn record<T: Record>(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        let (datasource, our_id) = (self.place.datasource.as_str(), self.place.our_id.as_str());
        let Some(id) = link::theirs(connection, datasource, T::WORD, our_id).await? else {
            return Ok(());
        };
        let link = link::find(connection, datasource, T::WORD, &id).await?;
        let mut agreed =
            link.and_then(|link| link.base).map(|base| base.fields).unwrap_or_default();
        agreed.insert(self.conflict.field.clone(), self.conflict.theirs.clone());
        let mut ours = fields(&T::read(connection, datasource, our_id).await?)?;
        if self.winner == Winner::Theirs {
            ours.insert(self.conflict.field.clone(), self.conflict.theirs.clone());
        }
        let record: T = of_fields(&id, ours)?;
        let whose = Whose { organisation: self.organisation, datasource, change: self.change };
        record.write(connection, whose, our_id).await?;
        let base = Base { fields: agreed };
        link::agree(connection, datasource, T::WORD, &id, &base).await?;
        let sql = format!("UPDATE {} SET edited = $1 WHERE id = $2", T::TABLE);
        sqlx::query(AssertSqlSafe(sql))
            .bind(self.change.at)
            .bind(our_id)
            .execute(connection)
            .await?;
        Ok(())
    }
}

fn read(value: &Value) -> Option<Reading> {
    let quality = value.get("quality").and_then(Value::as_u64).unwrap_or_default();
    let quality = u8::try_from(quality).unwrap_or_default();
    Some(Reading { value: value.get("value")?.as_f64()?, quality })
}
