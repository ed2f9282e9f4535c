//! A group or resource by what people type: its id, its id elsewhere, or its name.

use sqlx::{AssertSqlSafe, Row as _};

use crate::domain::id::{GroupId, OrganisationId, ResourceId};

use super::column::parsed;
use super::{Error, Store};

impl Store {
    /// The one resource of an organisation that is called so.
    pub async fn resource_called(
        &self,
        organisation: &OrganisationId,
        text: &str,
    ) -> Result<ResourceId, Error> {
        self.called(organisation, ("resource", "resource"), text).await
    }

    /// The one group of an organisation that is called so.
    pub async fn group_called(
        &self,
        organisation: &OrganisationId,
        text: &str,
    ) -> Result<GroupId, Error> {
        self.called(organisation, ("group", "\"group\""), text).await
    }

    async fn called<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        organisation: &OrganisationId,
        (what, table): (&'static str, &str),
        text: &str,
    ) -> Result<T, Error> {
        let sql = format!(
            "SELECT id, id = $2 AS exactly FROM {table} WHERE organisation = $1 AND (id = $2 \
             OR name = $2 OR id IN (SELECT our_id FROM link WHERE external_id = $2 AND kind = $3)) \
             ORDER BY id <> $2 LIMIT 2"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(organisation.as_str())
            .bind(text)
            .bind(what)
            .fetch_all(&self.read)
            .await?;
        let id = text.to_owned();
        let Some(first) = rows.first() else { return Err(Error::NotFound { what, id }) };
        if rows.len() > 1 && first.get::<i64, _>("exactly") == 0 {
            return Err(Error::Several { what, id });
        }
        parsed(first, what, "id")
    }
}
