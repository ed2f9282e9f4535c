//! Groups and resources as a source describes them: made, changed or left, one by one.

use sqlx::{Row as _, SqliteConnection};

use crate::domain::id::{GroupId, ResourceId};
use crate::domain::page::{Group, Resource};
use crate::domain::run::Counts;

use super::series::{link, linked};
use super::{Error, Pull};

pub(in crate::store) async fn save_groups(
    connection: &mut SqliteConnection,
    pull: &Pull,
    groups: &[Group],
    seq: i64,
) -> Result<Counts, Error> {
    let mut counts = Counts::default();
    for group in groups {
        let id = linked(connection, &pull.sync.datasource, "group", &group.id).await?;
        let made = id.is_none();
        let id = id.unwrap_or_else(|| String::from(GroupId::random()));
        let changed = upsert_group(connection, pull, &id, group, seq).await?;
        if made {
            link(connection, &pull.sync.datasource, "group", &group.id, &id).await?;
        }
        count(&mut counts, made, changed);
    }
    Ok(counts)
}

pub(in crate::store) async fn save_resources(
    connection: &mut SqliteConnection,
    pull: &Pull,
    resources: &[Resource],
    seq: i64,
) -> Result<Counts, Error> {
    let mut counts = Counts::default();
    for resource in resources {
        let id = linked(connection, &pull.sync.datasource, "resource", &resource.id).await?;
        let made = id.is_none();
        let id = id.unwrap_or_else(|| String::from(ResourceId::random()));
        let changed = upsert_resource(connection, pull, &id, resource, seq).await?;
        if made {
            link(connection, &pull.sync.datasource, "resource", &resource.id, &id).await?;
        }
        let moved = set_groups(connection, pull, &id, &resource.groups).await?;
        count(&mut counts, made, changed || moved);
    }
    Ok(counts)
}

fn count(counts: &mut Counts, made: bool, changed: bool) {
    match (made, changed) {
        (true, _) => counts.created += 1,
        (false, true) => counts.updated += 1,
        (false, false) => counts.unchanged += 1,
    }
}

async fn upsert_group(
    connection: &mut SqliteConnection,
    pull: &Pull,
    id: &str,
    group: &Group,
    seq: i64,
) -> Result<bool, Error> {
    let boundary = serde_json::to_string(&group.boundary)
        .map_err(|error| Error::unreadable("group", &group.id, error))?;
    let done = sqlx::query(
        "INSERT INTO \"group\" (id, organisation, name, kind, boundary, extra, origin, seq) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET \
         name = excluded.name, kind = excluded.kind, boundary = excluded.boundary, \
         extra = excluded.extra, origin = excluded.origin, seq = excluded.seq \
         WHERE (\"group\".name, \"group\".kind, \"group\".boundary, \"group\".extra) <> \
         (excluded.name, excluded.kind, excluded.boundary, excluded.extra)",
    )
    .bind(id)
    .bind(pull.sync.organisation.as_str())
    .bind(&group.name)
    .bind(&group.kind)
    .bind(boundary)
    .bind(&group.extra)
    .bind(pull.origin)
    .bind(seq)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

async fn upsert_resource(
    connection: &mut SqliteConnection,
    pull: &Pull,
    id: &str,
    resource: &Resource,
    seq: i64,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO resource (id, organisation, name, kind, longitude, latitude, elevation, \
         owner, extra, described, origin, seq) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11) ON CONFLICT (id) DO UPDATE SET \
         name = excluded.name, kind = excluded.kind, longitude = excluded.longitude, \
         latitude = excluded.latitude, elevation = excluded.elevation, owner = excluded.owner, \
         extra = excluded.extra, described = 1, origin = excluded.origin, seq = excluded.seq \
         WHERE resource.described = 0 OR resource.name <> excluded.name \
         OR resource.kind <> excluded.kind OR resource.extra <> excluded.extra \
         OR resource.longitude IS DISTINCT FROM excluded.longitude \
         OR resource.latitude IS DISTINCT FROM excluded.latitude \
         OR resource.elevation IS DISTINCT FROM excluded.elevation \
         OR resource.owner IS DISTINCT FROM excluded.owner",
    )
    .bind(id)
    .bind(pull.sync.organisation.as_str())
    .bind(&resource.name)
    .bind(&resource.kind)
    .bind(resource.position.map(|position| position.longitude))
    .bind(resource.position.map(|position| position.latitude))
    .bind(resource.elevation)
    .bind(&resource.owner)
    .bind(&resource.extra)
    .bind(pull.origin)
    .bind(seq)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Makes `groups` the resource's groups as this datasource sees them; tells whether that changed any.
async fn set_groups(
    connection: &mut SqliteConnection,
    pull: &Pull,
    resource: &str,
    groups: &[String],
) -> Result<bool, Error> {
    let rows = sqlx::query(
        "SELECT external_group FROM membership WHERE resource = $1 AND datasource = $2",
    )
    .bind(resource)
    .bind(pull.sync.datasource.as_str())
    .fetch_all(&mut *connection)
    .await?;
    let before: std::collections::BTreeSet<String> =
        rows.iter().map(|row| row.get("external_group")).collect();
    let after: std::collections::BTreeSet<String> = groups.iter().cloned().collect();
    if before == after {
        return Ok(false);
    }
    sqlx::query("DELETE FROM membership WHERE resource = $1 AND datasource = $2")
        .bind(resource)
        .bind(pull.sync.datasource.as_str())
        .execute(&mut *connection)
        .await?;
    for group in &after {
        sqlx::query(
            "INSERT INTO membership (resource, datasource, external_group) VALUES ($1, $2, $3)",
        )
        .bind(resource)
        .bind(pull.sync.datasource.as_str())
        .bind(group)
        .execute(&mut *connection)
        .await?;
    }
    Ok(true)
}
