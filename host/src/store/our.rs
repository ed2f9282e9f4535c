//! Groups and resources made or changed in OurWater by people, and as people see them.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::Timestamp;
use crate::domain::id::{GroupId, OrganisationId, ResourceId};
use crate::domain::page::Position;

use super::column::parsed;
use super::{Error, Store};

/// A group as OurWater keeps it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct OurGroup {
    /// Its id.
    pub id: GroupId,
    /// What it is.
    #[serde(flatten)]
    pub group: GroupFields,
    /// Its ids elsewhere, by datasource.
    pub external: Vec<External>,
}

/// A resource as OurWater keeps it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct OurResource {
    /// Its id.
    pub id: ResourceId,
    /// What it is.
    #[serde(flatten)]
    pub resource: ResourceFields,
    /// False: only readings tell of it so far, and they wait.
    pub described: bool,
    /// Its ids elsewhere, by datasource.
    pub external: Vec<External>,
}

/// An id in another system.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct External {
    /// Which.
    pub datasource: String,
    /// Its id there.
    pub id: String,
    /// It is no longer there.
    pub gone: bool,
}

/// What a person says of a group.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupFields {
    /// What people call it.
    pub name: String,
    /// Village, pincode, country or custom.
    pub kind: String,
    /// A ring, not closed; empty: unknown.
    #[serde(default)]
    pub boundary: Vec<Position>,
    /// What has no field here.
    #[serde(default)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// What a person says of a resource.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceFields {
    /// What people call it.
    pub name: String,
    /// Well, raingauge, checkdam, quality point or custom.
    pub kind: String,
    /// Where it is.
    #[serde(default)]
    pub position: Option<Position>,
    /// Ground surface, metres above mean sea level.
    #[serde(default)]
    pub elevation: Option<f64>,
    /// Whose it is.
    #[serde(default)]
    pub owner: Option<String>,
    /// Our ids of the groups it is in.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// What has no field here.
    #[serde(default)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

impl Store {
    /// Makes a group, or changes the one of that id to be so.
    pub async fn put_group(
        &self,
        organisation: &OrganisationId,
        id: Option<&GroupId>,
        group: &GroupFields,
        now: Timestamp,
    ) -> Result<OurGroup, Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let connection = &mut *transaction;
        let id = match id {
            Some(id) => {
                ensure_ours(connection, "group", "\"group\"", organisation, id.as_str()).await?;
                id.clone()
            }
            None => GroupId::random(),
        };
        let seq = self.next_seq(connection, organisation, None).await?;
        sqlx::query(
            "INSERT INTO \"group\" (id, organisation, name, kind, boundary, extra, described, \
             origin, seq, edited) VALUES ($1, $2, $3, $4, $5, $6, 1, 0, $7, $8) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, \
             boundary = excluded.boundary, extra = excluded.extra, described = 1, origin = 0, \
             seq = excluded.seq, edited = excluded.edited",
        )
        .bind(id.as_str())
        .bind(organisation.as_str())
        .bind(&group.name)
        .bind(&group.kind)
        .bind(serde_json::json!(group.boundary).to_string())
        .bind(extra(&group.extra))
        .bind(seq)
        .bind(now)
        .execute(connection)
        .await?;
        transaction.commit().await?;
        self.group(organisation, &id).await
    }

    /// Makes a resource, or changes the one of that id to be so.
    pub async fn put_resource(
        &self,
        organisation: &OrganisationId,
        id: Option<&ResourceId>,
        resource: &ResourceFields,
        now: Timestamp,
    ) -> Result<OurResource, Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let connection = &mut *transaction;
        let id = match id {
            Some(id) => {
                ensure_ours(connection, "resource", "resource", organisation, id.as_str()).await?;
                id.clone()
            }
            None => ResourceId::random(),
        };
        let seq = self.next_seq(connection, organisation, None).await?;
        write_resource(connection, organisation, &id, resource, (seq, now)).await?;
        set_members(connection, organisation, &id, &resource.groups).await?;
        transaction.commit().await?;
        self.resource(organisation, &id).await
    }

    /// One of an organisation's groups.
    pub async fn group(
        &self,
        organisation: &OrganisationId,
        id: &GroupId,
    ) -> Result<OurGroup, Error> {
        let found = self.our_groups(organisation, Some(id.as_str()), "", 1).await?;
        found.into_iter().next().ok_or_else(|| not_found("group", id.as_str()))
    }

    /// One of an organisation's resources.
    pub async fn resource(
        &self,
        organisation: &OrganisationId,
        id: &ResourceId,
    ) -> Result<OurResource, Error> {
        let found = self.our_resources(organisation, Some(id.as_str()), "", 1).await?;
        found.into_iter().next().ok_or_else(|| not_found("resource", id.as_str()))
    }

    /// An organisation's groups in order of id, after one.
    pub async fn groups(
        &self,
        organisation: &OrganisationId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<OurGroup>, Error> {
        self.our_groups(organisation, None, after, limit).await
    }

    /// An organisation's resources in order of id, after one.
    pub async fn resources(
        &self,
        organisation: &OrganisationId,
        after: &str,
        limit: u32,
    ) -> Result<Vec<OurResource>, Error> {
        self.our_resources(organisation, None, after, limit).await
    }

    async fn our_groups(
        &self,
        organisation: &OrganisationId,
        id: Option<&str>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<OurGroup>, Error> {
        let rows = self.rows_of("\"group\"", organisation, id, after, limit).await?;
        let mut groups = Vec::with_capacity(rows.len());
        for row in rows {
            let id: GroupId = parsed(&row, "group", "id")?;
            let group = GroupFields {
                name: row.get("name"),
                kind: row.get("kind"),
                boundary: super::column::json(&row, "group", "boundary")?,
                extra: read_extra(&row, "group")?,
            };
            let external = self.external("group", id.as_str()).await?;
            groups.push(OurGroup { id, group, external });
        }
        Ok(groups)
    }

    async fn our_resources(
        &self,
        organisation: &OrganisationId,
        id: Option<&str>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<OurResource>, Error> {
        let rows = self.rows_of("resource", organisation, id, after, limit).await?;
        let mut resources = Vec::with_capacity(rows.len());
        for row in rows {
            let id: ResourceId = parsed(&row, "resource", "id")?;
            let external = self.external("resource", id.as_str()).await?;
            let groups = self.members(&id).await?;
            let longitude: Option<f64> = row.get("longitude");
            let resource = ResourceFields {
                name: row.get("name"),
                kind: row.get("kind"),
                position: longitude
                    .zip(row.get("latitude"))
                    .map(|(longitude, latitude)| Position { longitude, latitude }),
                elevation: row.get("elevation"),
                owner: row.get("owner"),
                groups,
                extra: read_extra(&row, "resource")?,
            };
            let described = row.get::<i64, _>("described") != 0;
            resources.push(OurResource { id, resource, described, external });
        }
        Ok(resources)
    }

    async fn rows_of(
        &self,
        table: &str,
        organisation: &OrganisationId,
        id: Option<&str>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<SqliteRow>, Error> {
        let sql = format!(
            "SELECT * FROM {table} WHERE organisation = $1 AND ($2 IS NULL OR id = $2) \
             AND id > $3 ORDER BY id LIMIT $4"
        );
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(organisation.as_str())
            .bind(id)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&self.read)
            .await?;
        Ok(rows)
    }

    async fn external(&self, kind: &str, our_id: &str) -> Result<Vec<External>, Error> {
        let rows = sqlx::query(
            "SELECT datasource, external_id, gone FROM link WHERE our_id = $1 AND kind = $2 \
             ORDER BY datasource, external_id",
        )
        .bind(our_id)
        .bind(kind)
        .fetch_all(&self.read)
        .await?;
        let external = |row: &SqliteRow| External {
            datasource: row.get("datasource"),
            id: row.get("external_id"),
            gone: row.get::<i64, _>("gone") != 0,
        };
        Ok(rows.iter().map(external).collect())
    }

    async fn members(&self, resource: &ResourceId) -> Result<Vec<GroupId>, Error> {
        let rows = sqlx::query(
            "SELECT \"group\" AS id FROM member WHERE resource = $1 ORDER BY \"group\"",
        )
        .bind(resource.as_str())
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(|row| parsed(row, "member", "id")).collect()
    }
}

async fn write_resource(
    connection: &mut SqliteConnection,
    organisation: &OrganisationId,
    id: &ResourceId,
    resource: &ResourceFields,
    (seq, now): (i64, Timestamp),
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO resource (id, organisation, name, kind, longitude, latitude, elevation, \
         owner, extra, described, origin, seq, edited) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, 0, $10, $11) ON CONFLICT (id) DO UPDATE \
         SET name = excluded.name, kind = excluded.kind, longitude = excluded.longitude, \
         latitude = excluded.latitude, elevation = excluded.elevation, owner = excluded.owner, \
         extra = excluded.extra, described = 1, origin = 0, seq = excluded.seq, \
         edited = excluded.edited",
    )
    .bind(id.as_str())
    .bind(organisation.as_str())
    .bind(&resource.name)
    .bind(&resource.kind)
    .bind(resource.position.map(|position| position.longitude))
    .bind(resource.position.map(|position| position.latitude))
    .bind(resource.elevation)
    .bind(&resource.owner)
    .bind(extra(&resource.extra))
    .bind(seq)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM issue WHERE kind = 'parked' AND EXISTS (SELECT 1 FROM link \
         JOIN sync ON sync.datasource = link.datasource WHERE link.our_id = $1 \
         AND sync.id = issue.sync AND issue.place = 'resource ' || link.external_id)",
    )
    .bind(id.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

async fn set_members(
    connection: &mut SqliteConnection,
    organisation: &OrganisationId,
    resource: &ResourceId,
    groups: &[GroupId],
) -> Result<(), Error> {
    sqlx::query("DELETE FROM member WHERE resource = $1")
        .bind(resource.as_str())
        .execute(&mut *connection)
        .await?;
    for group in groups {
        ensure_ours(connection, "group", "\"group\"", organisation, group.as_str()).await?;
        sqlx::query(
            "INSERT INTO member (resource, \"group\") VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(resource.as_str())
        .bind(group.as_str())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn ensure_ours(
    connection: &mut SqliteConnection,
    what: &'static str,
    table: &str,
    organisation: &OrganisationId,
    id: &str,
) -> Result<(), Error> {
    let sql = format!("SELECT 1 FROM {table} WHERE id = $1 AND organisation = $2");
    let found = sqlx::query(AssertSqlSafe(sql))
        .bind(id)
        .bind(organisation.as_str())
        .fetch_optional(connection)
        .await?;
    if found.is_some() { Ok(()) } else { Err(not_found(what, id)) }
}

/// As the contract has it: a JSON object, or nothing.
fn extra(extra: &serde_json::Map<String, serde_json::Value>) -> String {
    if extra.is_empty() { String::new() } else { serde_json::json!(extra).to_string() }
}

fn read_extra(
    row: &SqliteRow,
    table: &'static str,
) -> Result<serde_json::Map<String, serde_json::Value>, Error> {
    if row.get::<String, _>("extra").is_empty() {
        return Ok(serde_json::Map::new());
    }
    super::column::json(row, table, "extra")
}

fn not_found(what: &'static str, id: &str) -> Error {
    Error::NotFound { what, id: id.to_owned() }
}
