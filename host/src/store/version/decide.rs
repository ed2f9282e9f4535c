//! Deciding on versions: each step is one transaction, and leaves behind who took it.

use serde_json::{Value, json};
use sqlx::{Row as _, SqliteConnection};

use crate::domain::clock::Clock;
use crate::domain::permission::{Allowance, asked};
use crate::domain::version::{Deed, PluginDigest, Version, VersionState};
use crate::store::{Error, Store};

use super::{active, find, tell};

impl Store {
    /// Lets a version run with what is granted of what it asks. Of an active one this counts from
    /// the next run on.
    pub async fn allow_version(
        &self,
        digest: &PluginDigest,
        allowance: &Allowance,
        who: &str,
        clock: &Clock,
    ) -> Result<Version, Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let version = find(&mut transaction, digest).await?;
        refuse_unasked(&version, allowance)?;
        set(&mut transaction, digest, "allowance", Some(json!(allowance).to_string())).await?;
        let details = granted_words(allowance);
        tell(&mut transaction, who, Deed::Allowed, &version, &details, clock.now()).await?;
        transaction.commit().await?;
        self.version(digest).await
    }

    /// Takes the decision back; the version that is active stays allowed.
    pub async fn withdraw_version(
        &self,
        digest: &PluginDigest,
        who: &str,
        clock: &Clock,
    ) -> Result<Version, Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let version = find(&mut transaction, digest).await?;
        if version.state == VersionState::Active {
            return Err(Error::Standing(format!(
                "{} is active: activate another version or roll back first",
                named(&version)
            )));
        }
        set(&mut transaction, digest, "allowance", None).await?;
        tell(&mut transaction, who, Deed::Withdrawn, &version, "", clock.now()).await?;
        transaction.commit().await?;
        self.version(digest).await
    }

    /// Makes an allowed version the one of its name that runs; runs that are going on finish on
    /// theirs.
    pub async fn activate_version(
        &self,
        digest: &PluginDigest,
        who: &str,
        clock: &Clock,
    ) -> Result<Version, Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let version = find(&mut transaction, digest).await?;
        refuse_undecided(&version)?;
        let before = active(&mut transaction, &version.name).await?;
        if before.as_ref().is_some_and(|before| before.digest == *digest) {
            return Ok(version);
        }
        make_active(&mut transaction, &version, before.as_ref().map(|it| &it.digest)).await?;
        let details = before.map(|it| format!("in place of {}", named(&it))).unwrap_or_default();
        tell(&mut transaction, who, Deed::Activated, &version, &details, clock.now()).await?;
        transaction.commit().await?;
        self.version(digest).await
    }

    /// Makes the version active again that was so before the present one.
    pub async fn roll_back(&self, name: &str, who: &str, clock: &Clock) -> Result<Version, Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let Some(present) = active(&mut transaction, name).await? else {
            return Err(Error::NotFound { what: "active plugin", id: format!("{name:?}") });
        };
        let Some(previous) = &present.previous else {
            return Err(Error::Standing(format!(
                "there is no version of {name} to roll back to: none was active before {}",
                present.version
            )));
        };
        let version = find(&mut transaction, previous).await?;
        refuse_undecided(&version)?;
        // Where it led back to stays as it was, so that rolling back again goes further back.
        make_active(&mut transaction, &version, version.previous.as_ref()).await?;
        let details = format!("from {}", named(&present));
        tell(&mut transaction, who, Deed::RolledBack, &version, &details, clock.now()).await?;
        transaction.commit().await?;
        self.version(&version.digest).await
    }

    /// Keeps what the conformance suite said.
    pub async fn keep_check(
        &self,
        digest: &PluginDigest,
        report: &Value,
        summary: &str,
        who: &str,
        clock: &Clock,
    ) -> Result<Version, Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let version = find(&mut transaction, digest).await?;
        set(&mut transaction, digest, "checked", Some(report.to_string())).await?;
        tell(&mut transaction, who, Deed::Checked, &version, summary, clock.now()).await?;
        transaction.commit().await?;
        self.version(digest).await
    }

    /// Deletes a version that nothing uses.
    pub async fn delete_version(
        &self,
        digest: &PluginDigest,
        who: &str,
        clock: &Clock,
    ) -> Result<(), Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let version = find(&mut transaction, digest).await?;
        refuse_used(&mut transaction, &version).await?;
        // What led back to it leads to what it led back to.
        for statement in [
            "UPDATE plugin SET previous = (SELECT previous FROM plugin AS gone \
             WHERE gone.digest = $1) WHERE previous = $1",
            "DELETE FROM plugin WHERE digest = $1",
        ] {
            sqlx::query(statement).bind(digest.as_str()).execute(&mut *transaction).await?;
        }
        tell(&mut transaction, who, Deed::Deleted, &version, "", clock.now()).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// In two steps, since no two of a name may be active even within a statement.
pub(super) async fn make_active(
    transaction: &mut SqliteConnection,
    version: &Version,
    previous: Option<&PluginDigest>,
) -> Result<(), Error> {
    sqlx::query("UPDATE plugin SET active = 0 WHERE name = $1 AND active = 1")
        .bind(&version.name)
        .execute(&mut *transaction)
        .await?;
    sqlx::query("UPDATE plugin SET active = 1, previous = $1 WHERE digest = $2")
        .bind(previous.map(PluginDigest::as_str))
        .bind(version.digest.as_str())
        .execute(transaction)
        .await?;
    Ok(())
}

async fn set(
    transaction: &mut SqliteConnection,
    digest: &PluginDigest,
    column: &'static str,
    value: Option<String>,
) -> Result<(), Error> {
    let statement = match column {
        "allowance" => "UPDATE plugin SET allowance = $1 WHERE digest = $2",
        _ => "UPDATE plugin SET checked = $1 WHERE digest = $2",
    };
    sqlx::query(statement).bind(value).bind(digest.as_str()).execute(transaction).await?;
    Ok(())
}

/// Nobody grants by mistake what was never asked for, or what there is not.
fn refuse_unasked(version: &Version, allowance: &Allowance) -> Result<(), Error> {
    let asks = version.description.get("asks").cloned().unwrap_or_default();
    let asks = serde_json::from_value(asks).unwrap_or_default();
    let asked = asked(&asks).unwrap_or_default();
    let mut granted = allowance.permissions.iter();
    let unasked = |it: &&_| !asked.iter().any(|asked| asked.permission == **it);
    match granted.find(|it| unasked(it) || !it.is_there()) {
        None => Ok(()),
        Some(permission) if permission.is_there() => Err(Error::Standing(format!(
            "{} does not ask for {permission}: grant only what it asks for",
            named(version)
        ))),
        Some(permission) => Err(Error::Standing(format!(
            "{permission} cannot be granted: this host has nothing of that name"
        ))),
    }
}

fn refuse_undecided(version: &Version) -> Result<(), Error> {
    match version.state {
        VersionState::Uploaded => {
            Err(Error::Standing(format!("{} waits for a decision: allow it first", named(version))))
        }
        VersionState::Allowed | VersionState::Active => Ok(()),
    }
}

async fn refuse_used(transaction: &mut SqliteConnection, version: &Version) -> Result<(), Error> {
    if version.built_in {
        return Err(Error::Standing(format!("{} comes with this program", named(version))));
    }
    let running = sqlx::query("SELECT id FROM run WHERE plugin = $1 AND ended IS NULL LIMIT 1")
        .bind(version.digest.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
    if let Some(row) = running {
        let by = format!("run {}", row.get::<String, _>("id"));
        return Err(Error::Standing(format!("{} is in use by {by}: wait for it", named(version))));
    }
    if version.state != VersionState::Active {
        return Ok(());
    }
    let used = sqlx::query("SELECT name FROM datasource WHERE plugin = $1 ORDER BY name LIMIT 1")
        .bind(&version.name)
        .fetch_optional(transaction)
        .await?;
    match used {
        Some(row) => Err(Error::Standing(format!(
            "{} is active, and in use by datasource {:?}: activate another version or roll back \
             first",
            named(version),
            row.get::<String, _>("name")
        ))),
        None => Ok(()),
    }
}

fn named(version: &Version) -> String {
    format!("{} {} ({})", version.name, version.version, version.digest.short())
}

fn granted_words(allowance: &Allowance) -> String {
    let granted: Vec<String> = allowance.permissions.iter().map(ToString::to_string).collect();
    let limits = allowance.limits.iter().map(|(name, value)| format!("{name} {value}"));
    let words: Vec<String> = granted.into_iter().chain(limits).collect();
    if words.is_empty() { "with nothing granted".to_owned() } else { words.join(", ") }
}
