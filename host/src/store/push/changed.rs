//! Groups and resources that were changed here since the last push, and that the other system has
//! otherwise or not at all.

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::faults::Protection;
use crate::domain::merge::same_fields;
use crate::domain::page::{Group, Resource};
use crate::domain::sync::Datatype;

use super::super::place::record::{Record, fields};
use super::super::{Error, link};
use super::Push;

impl Push {
    /// Our ids and the numbers of their last changes.
    pub(super) async fn changed_places(
        &self,
        connection: &mut SqliteConnection,
        datatype: Datatype,
    ) -> Result<Vec<(String, i64)>, Error> {
        let table = table(datatype);
        let echo = if self.faults.lack(Protection::Echo) { "" } else { "AND origin <> $4" };
        let sql = format!(
            "SELECT id, seq, origin, (SELECT MIN(external_id) FROM link WHERE datasource = $1 \
             AND kind = $2 AND our_id = place.id AND gone = 0) AS external_id FROM {table} AS place \
             WHERE organisation = $3 AND described = 1 {echo} AND seq > COALESCE((SELECT seq \
             FROM push WHERE sync = $5 AND datatype = $2), 0) AND seq <= $6 AND $4 > 0 \
             AND NOT EXISTS (SELECT 1 FROM conflict WHERE datasource = $1 AND datatype = $2 \
             AND series_id = 0 AND time = 0 AND our_id = place.id AND state = 'open') \
             ORDER BY seq, id"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(self.sync.datasource.as_str())
            .bind(datatype.as_str())
            .bind(self.sync.organisation.as_str())
            .bind(self.origin)
            .bind(self.sync.id.as_str())
            .bind(self.upper)
            .fetch_all(&mut *connection)
            .await?;
        let mut changed = Vec::new();
        for row in rows {
            let (id, external_id): (String, Option<String>) =
                (row.get("id"), row.get("external_id"));
            // What other datasources brought is theirs; what was made here is offered.
            if external_id.is_none() && row.get::<i64, _>("origin") != 0 {
                continue;
            }
            if self.selects(connection, &id, external_id.as_deref()).await?
                && !self.agrees(connection, datatype, &id, external_id.as_deref()).await?
            {
                changed.push((id, row.get("seq")));
            }
        }
        Ok(changed)
    }

    /// Nothing of it differs from what both agreed on.
    pub(super) async fn agrees(
        &self,
        connection: &mut SqliteConnection,
        datatype: Datatype,
        our_id: &str,
        external_id: Option<&str>,
    ) -> Result<bool, Error> {
        let Some(external_id) = external_id else { return Ok(false) };
        let datasource = self.sync.datasource.as_str();
        let link = link::find(connection, datasource, datatype.as_str(), external_id).await?;
        let Some(base) = link.and_then(|link| link.base) else { return Ok(false) };
        let ours = match datatype {
            Datatype::Group => fields(&Group::read(connection, datasource, our_id).await?)?,
            _ => fields(&Resource::read(connection, datasource, our_id).await?)?,
        };
        Ok(same_fields(&ours, &base.fields))
    }

    pub(super) async fn pass_places(
        &self,
        connection: &mut SqliteConnection,
        datatype: Datatype,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO push (sync, datatype, seq, series_id, time) VALUES ($1, $2, $3, 0, 0) \
             ON CONFLICT (sync, datatype) DO UPDATE SET seq = excluded.seq \
             WHERE push.seq <> excluded.seq",
        )
        .bind(self.sync.id.as_str())
        .bind(datatype.as_str())
        .bind(self.upper)
        .execute(connection)
        .await?;
        Ok(())
    }
}

fn table(datatype: Datatype) -> &'static str {
    match datatype {
        Datatype::Group => Group::TABLE,
        Datatype::Resource | Datatype::Reading => Resource::TABLE,
    }
}
