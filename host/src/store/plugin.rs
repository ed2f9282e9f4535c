//! Plugins by digest; one version of a name is active at a time.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::domain::clock::{Clock, Timestamp};
use crate::domain::plugin::Description;

use super::{Error, Store};

/// A version of a plugin that this instance knows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Registered {
    /// The component's SHA-256, in hexadecimal.
    pub digest: String,
    /// The name datasources give.
    pub name: String,
    /// For people.
    pub version: String,
    /// What it said of itself, as JSON.
    pub description: serde_json::Value,
    /// It is the one that runs.
    pub active: bool,
    /// When it was registered first.
    pub created: Timestamp,
}

impl Store {
    /// Makes a version known, and where asked the active one of its name.
    pub async fn register_plugin(
        &self,
        digest: &str,
        description: &Description,
        active: bool,
        clock: &Clock,
    ) -> Result<(), Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO plugin (digest, name, version, description, active, created) \
             VALUES ($1, $2, $3, $4, 0, $5) \
             ON CONFLICT (digest) DO UPDATE SET description = excluded.description",
        )
        .bind(digest)
        .bind(&description.name)
        .bind(&description.version)
        .bind(serde_json::json!(description).to_string())
        .bind(clock.now())
        .execute(&mut *transaction)
        .await?;
        if active {
            // In two steps, since no two of a name may be active even within a statement.
            for statement in [
                "UPDATE plugin SET active = 0 WHERE name = $1 AND digest <> $2 AND active = 1",
                "UPDATE plugin SET active = 1 WHERE name = $1 AND digest = $2",
            ] {
                sqlx::query(statement)
                    .bind(&description.name)
                    .bind(digest)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The active version of a name.
    pub async fn active_plugin(&self, name: &str) -> Result<Option<Registered>, Error> {
        let row = sqlx::query(
            "SELECT digest, name, version, description, active, created FROM plugin \
             WHERE name = $1 AND active = 1",
        )
        .bind(name)
        .fetch_optional(&self.read)
        .await?;
        row.map(|row| read_plugin(&row)).transpose()
    }

    /// Every version, by name, the active one of each first.
    pub async fn plugins(&self) -> Result<Vec<Registered>, Error> {
        let rows = sqlx::query(
            "SELECT digest, name, version, description, active, created FROM plugin \
             ORDER BY name, active DESC, created DESC, digest",
        )
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read_plugin).collect()
    }
}

fn read_plugin(row: &SqliteRow) -> Result<Registered, Error> {
    let digest: String = row.get("digest");
    let description: String = row.get("description");
    let description = serde_json::from_str(&description)
        .map_err(|error| Error::unreadable("plugin", &digest, error))?;
    Ok(Registered {
        digest,
        name: row.get("name"),
        version: row.get("version"),
        description,
        active: row.get::<i64, _>("active") != 0,
        created: row.get("created"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Access;

    #[tokio::test]
    async fn one_version_of_a_name_is_active_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("db"), Access::Write).await.unwrap();
        let version = |version: &str| Description {
            name: "csv".to_owned(),
            version: version.to_owned(),
            gets: Vec::new(),
            pushes: Vec::new(),
            paging: crate::domain::plugin::Paging::Whole,
            duplicates: crate::domain::plugin::Duplicates::Overwrites,
            decimals: None,
            step: 1,
            keeps: std::collections::BTreeMap::new(),
            schema: serde_json::json!({}),
            asks: std::collections::BTreeMap::new(),
        };
        let clock = Clock::manual(0);
        for (digest, text) in [("a", "1"), ("b", "2"), ("a", "1")] {
            store.register_plugin(digest, &version(text), true, &clock).await.unwrap();
            let active = store.active_plugin("csv").await.unwrap().unwrap();
            assert_eq!((active.digest.as_str(), active.version.as_str()), (digest, text));
        }
        let all = store.plugins().await.unwrap();
        assert_eq!(all.iter().filter(|plugin| plugin.active).count(), 1);
        assert_eq!(all.len(), 2);
    }
}
