//! Organisations: made with a token, found by it, deleted once they own nothing.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::Clock;
use crate::domain::id::OrganisationId;
use crate::domain::name::Name;
use crate::domain::organisation::{Limits, Organisation, Zone};

use super::column::{json, parsed};
use super::token::{Token, token_digest};
use super::{Error, Store};

/// What an organisation is made of.
#[derive(Debug, Clone)]
pub struct NewOrganisation {
    /// Unique on the instance.
    pub name: Name,
    /// What times without a zone are read in.
    pub zone: Zone,
    /// What it may use.
    pub limits: Limits,
}

/// What is to change; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct OrganisationChange {
    /// Unique on the instance.
    pub name: Option<Name>,
    /// What times without a zone are read in.
    pub zone: Option<Zone>,
    /// What it may use.
    pub limits: Option<Limits>,
}

const COLUMNS: &str = "SELECT id, name, zone, limits, created FROM organisation";

/// What an organisation may own, and what people call it.
const OWNED: [(&str, &str); 5] = [
    ("SELECT COUNT(*) FROM sync WHERE organisation = $1", "sync(s)"),
    ("SELECT COUNT(*) FROM datasource WHERE organisation = $1", "datasource(s)"),
    ("SELECT COUNT(*) FROM file WHERE organisation = $1", "file(s)"),
    ("SELECT COUNT(*) FROM resource WHERE organisation = $1", "resource(s)"),
    ("SELECT COUNT(*) FROM \"group\" WHERE organisation = $1", "group(s)"),
];

impl Store {
    /// Makes one; the token is in no other place.
    pub async fn create_organisation(
        &self,
        new: NewOrganisation,
        clock: &Clock,
    ) -> Result<(Organisation, Token), Error> {
        let token = Token::random();
        let organisation = Organisation {
            id: OrganisationId::random(),
            name: new.name.into(),
            zone: new.zone,
            limits: new.limits,
            created: clock.now(),
        };
        sqlx::query(
            "INSERT INTO organisation (id, name, zone, limits, token_sha256, created) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(organisation.id.as_str())
        .bind(&organisation.name)
        .bind(organisation.zone.name())
        .bind(limits_text(&organisation.limits))
        .bind(token_digest(token.as_str()))
        .bind(organisation.created)
        .execute(&self.write)
        .await
        .map_err(|error| Error::taken(error, "organisation", &organisation.name))?;
        Ok((organisation, token))
    }

    /// All of them, by name.
    pub async fn organisations(&self) -> Result<Vec<Organisation>, Error> {
        let sql = format!("{COLUMNS} ORDER BY name");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.read).await?;
        rows.iter().map(read_organisation).collect()
    }

    /// One of them.
    pub async fn organisation(&self, id: &OrganisationId) -> Result<Organisation, Error> {
        let found = self.organisation_where("id", id.as_str()).await?;
        found.ok_or_else(|| Error::NotFound { what: "organisation", id: id.to_string() })
    }

    /// The one with that name.
    pub async fn organisation_named(&self, name: &str) -> Result<Organisation, Error> {
        let found = self.organisation_where("name", name).await?;
        found.ok_or_else(|| Error::NotFound { what: "organisation", id: format!("{name:?}") })
    }

    /// The one that a token belongs to.
    pub async fn organisation_by_token(&self, token: &str) -> Result<Option<Organisation>, Error> {
        self.organisation_by_digest(&token_digest(token)).await
    }

    /// The one whose token has that digest.
    pub async fn organisation_by_digest(
        &self,
        digest: &str,
    ) -> Result<Option<Organisation>, Error> {
        self.organisation_where("token_sha256", digest).await
    }

    /// Changes what is given.
    pub async fn change_organisation(
        &self,
        id: &OrganisationId,
        change: OrganisationChange,
    ) -> Result<Organisation, Error> {
        let name = change.name.map(String::from);
        let changed = sqlx::query(
            "UPDATE organisation SET name = COALESCE($1, name), zone = COALESCE($2, zone), \
             limits = COALESCE($3, limits) WHERE id = $4",
        )
        .bind(&name)
        .bind(change.zone.map(Zone::name))
        .bind(change.limits.as_ref().map(limits_text))
        .bind(id.as_str())
        .execute(&self.write)
        .await
        .map_err(|error| Error::taken(error, "organisation", &name.unwrap_or_default()))?;
        found(changed.rows_affected(), id)?;
        self.organisation(id).await
    }

    /// A new token; the old one is worth nothing from now on.
    pub async fn renew_token(&self, id: &OrganisationId) -> Result<Token, Error> {
        let token = Token::random();
        let changed = sqlx::query("UPDATE organisation SET token_sha256 = $1 WHERE id = $2")
            .bind(token_digest(token.as_str()))
            .bind(id.as_str())
            .execute(&self.write)
            .await?;
        found(changed.rows_affected(), id)?;
        Ok(token)
    }

    /// Deletes one that owns nothing.
    pub async fn delete_organisation(&self, id: &OrganisationId) -> Result<(), Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(by) = owned(&mut transaction, id).await? {
            return Err(Error::InUseBy { what: "organisation", by });
        }
        let deleted = sqlx::query("DELETE FROM organisation WHERE id = $1")
            .bind(id.as_str())
            .execute(&mut *transaction)
            .await?;
        found(deleted.rows_affected(), id)?;
        transaction.commit().await?;
        Ok(())
    }

    async fn organisation_where(
        &self,
        column: &'static str,
        value: &str,
    ) -> Result<Option<Organisation>, Error> {
        let sql = format!("{COLUMNS} WHERE {column} = $1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(value).fetch_optional(&self.read).await?;
        row.map(|row| read_organisation(&row)).transpose()
    }
}

/// "2 sync(s), 1 file(s)", or none.
async fn owned(
    transaction: &mut SqliteConnection,
    id: &OrganisationId,
) -> Result<Option<String>, Error> {
    let mut owned = Vec::new();
    for (count, what) in OWNED {
        let row = sqlx::query(count).bind(id.as_str()).fetch_one(&mut *transaction).await?;
        match row.get::<i64, _>(0) {
            0 => {}
            number => owned.push(format!("{number} {what}")),
        }
    }
    Ok((!owned.is_empty()).then(|| owned.join(", ")))
}

fn found(rows: u64, id: &OrganisationId) -> Result<(), Error> {
    match rows {
        0 => Err(Error::NotFound { what: "organisation", id: id.to_string() }),
        _ => Ok(()),
    }
}

fn limits_text(limits: &Limits) -> String {
    serde_json::json!(limits).to_string()
}

fn read_organisation(row: &SqliteRow) -> Result<Organisation, Error> {
    Ok(Organisation {
        id: parsed(row, "organisation", "id")?,
        name: row.get("name"),
        zone: parsed(row, "organisation", "zone")?,
        limits: json(row, "organisation", "limits")?,
        created: row.get("created"),
    })
}
