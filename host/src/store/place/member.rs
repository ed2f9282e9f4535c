//! Which groups a resource is in: between ours, told and read as a datasource names them.

use std::collections::BTreeSet;

use sqlx::{Row as _, SqliteConnection};

use crate::domain::id::GroupId;

use super::super::Error;
use super::super::link;
use super::record::Whose;

/// The external ids, in a datasource, of the groups a resource is in; sorted.
pub(in crate::store) async fn groups(
    connection: &mut SqliteConnection,
    datasource: &str,
    resource: &str,
) -> Result<Vec<String>, Error> {
    let rows = sqlx::query(
        "SELECT MIN(external_id) AS id FROM member JOIN link ON link.our_id = member.\"group\" \
         AND link.kind = 'group' AND link.datasource = $1 WHERE resource = $2 \
         GROUP BY member.\"group\" ORDER BY 1",
    )
    .bind(datasource)
    .bind(resource)
    .fetch_all(connection)
    .await?;
    Ok(rows.iter().map(|row| row.get("id")).collect())
}

/// Makes `groups` the groups that a datasource puts a resource in; those it does not know stay.
pub(in crate::store) async fn set(
    connection: &mut SqliteConnection,
    whose: Whose<'_>,
    resource: &str,
    external: &[String],
) -> Result<(), Error> {
    let before: BTreeSet<String> =
        groups(connection, whose.datasource, resource).await?.into_iter().collect();
    let after: BTreeSet<String> = external.iter().cloned().collect();
    for group in before.difference(&after) {
        sqlx::query(
            "DELETE FROM member WHERE resource = $1 AND \"group\" IN (SELECT our_id FROM link \
             WHERE datasource = $2 AND kind = 'group' AND external_id = $3)",
        )
        .bind(resource)
        .bind(whose.datasource)
        .bind(group)
        .execute(&mut *connection)
        .await?;
    }
    for group in after.difference(&before) {
        let group = ours(connection, whose, group).await?;
        sqlx::query(
            "INSERT INTO member (resource, \"group\") VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(resource)
        .bind(group)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Our group of that external id; where only resources name it so far it is made, undescribed.
async fn ours(
    connection: &mut SqliteConnection,
    whose: Whose<'_>,
    external_id: &str,
) -> Result<String, Error> {
    if let Some(id) = link::ours(connection, whose.datasource, "group", external_id).await? {
        return Ok(id);
    }
    let id = GroupId::random();
    sqlx::query(
        "INSERT INTO \"group\" (id, organisation, name, kind, boundary, extra, described, origin, \
         seq) VALUES ($1, $2, $3, 'custom', '[]', '', 0, $4, $5)",
    )
    .bind(id.as_str())
    .bind(whose.organisation.as_str())
    .bind(external_id)
    .bind(whose.change.origin)
    .bind(whose.change.seq)
    .execute(&mut *connection)
    .await?;
    link::make(connection, whose.datasource, "group", external_id, id.as_str(), None).await?;
    Ok(id.into())
}
