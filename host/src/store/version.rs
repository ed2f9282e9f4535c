//! Versions of plugins: what came, what was decided, and one of each name that is active.

mod decide;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::{Clock, Timestamp};
use crate::domain::permission::{Allowance, asked};
use crate::domain::plugin::Description;
use crate::domain::version::{Deed, Event, PluginDigest, Version, VersionState};

use super::column::{json, parsed, unsigned};
use super::{Error, Store};

/// A component that came from outside.
#[derive(Debug, Clone)]
pub struct NewVersion<'new> {
    /// Of the component.
    pub digest: PluginDigest,
    /// What it says of itself.
    pub description: &'new Description,
    /// What inspection found.
    pub report: Value,
    /// Of the component, bytes.
    pub bytes: u64,
}

/// Who uses a plugin.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct User {
    /// The organisation's name.
    pub organisation: String,
    /// The datasource's name.
    pub datasource: String,
}

/// Of whom an event tells when this program itself did it.
const PROGRAM: &str = "this program";

const COLUMNS: &str = "SELECT digest, name, version, description, active, allowance, built_in, \
     size, report, checked, previous, created FROM plugin";

impl Store {
    /// Makes a version known that this program brings, with everything it asks for. It becomes
    /// active where no other one is, or only an older one of this program's.
    pub async fn register_built_in(
        &self,
        digest: &PluginDigest,
        description: &Description,
        bytes: u64,
        clock: &Clock,
    ) -> Result<(), Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let asked = asked(&description.asks).unwrap_or_default();
        let allowance = json!(Allowance::of_all(&asked)).to_string();
        insert(&mut transaction, digest, description, (bytes, None, Some(allowance)), clock)
            .await?;
        let active = active(&mut transaction, &description.name).await?;
        if active.is_none_or(|active| active.built_in && active.digest != *digest) {
            let version = find(&mut transaction, digest).await?;
            decide::make_active(&mut transaction, &version, None).await?;
            tell(&mut transaction, PROGRAM, Deed::Activated, &version, "", clock.now()).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Makes a version known that came from outside; false where it was known. It waits for a
    /// decision, unless the active version of its name was granted everything it asks for: then it
    /// is allowed the same.
    pub async fn add_version(
        &self,
        new: NewVersion<'_>,
        who: &str,
        clock: &Clock,
    ) -> Result<(Version, bool), Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let digest = &new.digest;
        if let Some(known) = try_find(&mut transaction, digest).await? {
            return Ok((known, false));
        }
        let asked = asked(&new.description.asks).unwrap_or_default();
        let active = active(&mut transaction, &new.description.name).await?;
        let as_before = active.and_then(|active| {
            let allowance = active.allowance?;
            allowance.lacks(&asked).is_empty().then_some((active.version, allowance))
        });
        let decided = as_before.as_ref().map(|(_, allowance)| json!(allowance).to_string());
        let kept = (new.bytes, Some(new.report.to_string()), decided);
        insert(&mut transaction, digest, new.description, kept, clock).await?;
        let version = find(&mut transaction, digest).await?;
        tell(&mut transaction, who, Deed::Uploaded, &version, "", clock.now()).await?;
        if let Some((before, _)) = as_before {
            let details = format!("it asks for no more than version {before} was granted");
            tell(&mut transaction, who, Deed::Allowed, &version, &details, clock.now()).await?;
        }
        transaction.commit().await?;
        Ok((version, true))
    }

    /// Every version, by name, the active one of each first, then the latest.
    pub async fn versions(&self) -> Result<Vec<Version>, Error> {
        let sql = format!("{COLUMNS} ORDER BY name, active DESC, created DESC, digest");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.read).await?;
        rows.iter().map(read_version).collect()
    }

    /// One of them.
    pub async fn version(&self, digest: &PluginDigest) -> Result<Version, Error> {
        let sql = format!("{COLUMNS} WHERE digest = $1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(digest.as_str());
        let row = row.fetch_optional(&self.read).await?;
        row.map(|row| read_version(&row)).transpose()?.ok_or_else(|| not_found(digest))
    }

    /// The datasources of all organisations that name a plugin.
    pub async fn plugin_users(&self, name: &str) -> Result<Vec<User>, Error> {
        let rows = sqlx::query(
            "SELECT organisation.name AS organisation, datasource.name AS datasource \
             FROM datasource JOIN organisation ON organisation.id = datasource.organisation \
             WHERE datasource.plugin = $1 ORDER BY organisation.name, datasource.name",
        )
        .bind(name)
        .fetch_all(&self.read)
        .await?;
        let user = |row: &SqliteRow| User {
            organisation: row.get("organisation"),
            datasource: row.get("datasource"),
        };
        Ok(rows.iter().map(user).collect())
    }

    /// What was done, the latest first.
    pub async fn plugin_events(&self, at_most: u32) -> Result<Vec<Event>, Error> {
        let rows = sqlx::query(
            "SELECT at, who, what, digest, name, version, details FROM plugin_event \
             ORDER BY number DESC LIMIT $1",
        )
        .bind(i64::from(at_most))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read_event).collect()
    }
}

/// Adds a row, or brings what is known of a version up to date.
async fn insert(
    transaction: &mut SqliteConnection,
    digest: &PluginDigest,
    description: &Description,
    (bytes, report, allowance): (u64, Option<String>, Option<String>),
    clock: &Clock,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO plugin (digest, name, version, description, active, created, size, report, \
         allowance, built_in) VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8, $9) \
         ON CONFLICT (digest) DO UPDATE SET description = excluded.description, \
         size = excluded.size, allowance = COALESCE(plugin.allowance, excluded.allowance)",
    )
    .bind(digest.as_str())
    .bind(&description.name)
    .bind(&description.version)
    .bind(json!(description).to_string())
    .bind(clock.now())
    .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
    .bind(&report)
    .bind(allowance)
    .bind(i64::from(report.is_none()))
    .execute(transaction)
    .await?;
    Ok(())
}

async fn find(transaction: &mut SqliteConnection, digest: &PluginDigest) -> Result<Version, Error> {
    try_find(transaction, digest).await?.ok_or_else(|| not_found(digest))
}

async fn try_find(
    transaction: &mut SqliteConnection,
    digest: &PluginDigest,
) -> Result<Option<Version>, Error> {
    let sql = format!("{COLUMNS} WHERE digest = $1");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(digest.as_str());
    row.fetch_optional(transaction).await?.map(|row| read_version(&row)).transpose()
}

async fn active(transaction: &mut SqliteConnection, name: &str) -> Result<Option<Version>, Error> {
    let sql = format!("{COLUMNS} WHERE name = $1 AND active = 1");
    let row = sqlx::query(AssertSqlSafe(sql)).bind(name);
    row.fetch_optional(transaction).await?.map(|row| read_version(&row)).transpose()
}

/// Writes down who did what, in the transaction that does it.
async fn tell(
    transaction: &mut SqliteConnection,
    who: &str,
    what: Deed,
    version: &Version,
    details: &str,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO plugin_event (number, at, who, what, digest, name, version, details) \
         SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3, $4, $5, $6, $7 FROM plugin_event",
    )
    .bind(at)
    .bind(who)
    .bind(what.as_str())
    .bind(version.digest.as_str())
    .bind(&version.name)
    .bind(&version.version)
    .bind(details)
    .execute(transaction)
    .await?;
    Ok(())
}

fn not_found(digest: &PluginDigest) -> Error {
    Error::NotFound { what: "version of a plugin", id: digest.to_string() }
}

fn read_version(row: &SqliteRow) -> Result<Version, Error> {
    let allowance: Option<Allowance> = optional(row, "allowance")?;
    let active = row.get::<i64, _>("active") != 0;
    let state = match (active, &allowance) {
        (true, _) => VersionState::Active,
        (false, Some(_)) => VersionState::Allowed,
        (false, None) => VersionState::Uploaded,
    };
    Ok(Version {
        digest: parsed(row, "plugin", "digest")?,
        name: row.get("name"),
        version: row.get("version"),
        state,
        built_in: row.get::<i64, _>("built_in") != 0,
        bytes: unsigned(row, "size"),
        description: json(row, "plugin", "description")?,
        report: optional(row, "report")?,
        checked: optional(row, "checked")?,
        allowance,
        previous: row
            .get::<Option<String>, _>("previous")
            .map(|text| text.parse())
            .transpose()
            .map_err(|error| Error::unreadable("plugin", "", error))?,
        created: row.get("created"),
    })
}

fn read_event(row: &SqliteRow) -> Result<Event, Error> {
    Ok(Event {
        at: row.get("at"),
        who: row.get("who"),
        what: parsed(row, "plugin_event", "what")?,
        digest: parsed(row, "plugin_event", "digest")?,
        name: row.get("name"),
        version: row.get("version"),
        details: row.get("details"),
    })
}

/// A column of JSON that may be empty.
fn optional<T: serde::de::DeserializeOwned>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<T>, Error> {
    match row.get::<Option<String>, _>(column) {
        Some(_) => json(row, "plugin", column).map(Some),
        None => Ok(None),
    }
}
