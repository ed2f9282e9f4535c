//! Administrators of this instance: they decide on plugins, and are known by a token each.

use sqlx::Row as _;

use crate::domain::clock::{Clock, Timestamp};
use crate::domain::name::Name;

use super::token::{Token, token_digest};
use super::{Error, Store};

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Administrator {
    /// Unique on the instance; what the audit trail says.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
}

impl Store {
    /// Makes one; the token is in no other place.
    pub async fn create_administrator(
        &self,
        name: &Name,
        clock: &Clock,
    ) -> Result<(Administrator, Token), Error> {
        let token = Token::random();
        let administrator = Administrator { name: name.as_str().to_owned(), created: clock.now() };
        sqlx::query("INSERT INTO administrator (name, token_sha256, created) VALUES ($1, $2, $3)")
            .bind(&administrator.name)
            .bind(token_digest(token.as_str()))
            .bind(administrator.created)
            .execute(&self.write)
            .await
            .map_err(|error| Error::taken(error, "administrator", &administrator.name))?;
        Ok((administrator, token))
    }

    /// Makes the first one; none where there is one already.
    pub async fn create_first_administrator(
        &self,
        name: &Name,
        clock: &Clock,
    ) -> Result<Option<(Administrator, Token)>, Error> {
        let token = Token::random();
        let administrator = Administrator { name: name.as_str().to_owned(), created: clock.now() };
        // One statement, so that of two who come at a time one is first.
        let made = sqlx::query(
            "INSERT INTO administrator (name, token_sha256, created) SELECT $1, $2, $3 \
             WHERE NOT EXISTS (SELECT 1 FROM administrator)",
        )
        .bind(&administrator.name)
        .bind(token_digest(token.as_str()))
        .bind(administrator.created)
        .execute(&self.write)
        .await?;
        Ok((made.rows_affected() > 0).then_some((administrator, token)))
    }

    /// A new token in place of the old one.
    pub async fn renew_administrator(&self, name: &str) -> Result<Token, Error> {
        let token = Token::random();
        let changed = sqlx::query("UPDATE administrator SET token_sha256 = $1 WHERE name = $2")
            .bind(token_digest(token.as_str()))
            .bind(name)
            .execute(&self.write)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(not_found(name));
        }
        Ok(token)
    }

    /// All of them, by name.
    pub async fn administrators(&self) -> Result<Vec<Administrator>, Error> {
        let rows = sqlx::query("SELECT name, created FROM administrator ORDER BY name")
            .fetch_all(&self.read)
            .await?;
        let read = |row: &sqlx::sqlite::SqliteRow| Administrator {
            name: row.get("name"),
            created: row.get("created"),
        };
        Ok(rows.iter().map(read).collect())
    }

    /// The one whose token has that digest.
    pub async fn administrator_by_digest(
        &self,
        digest: &str,
    ) -> Result<Option<Administrator>, Error> {
        let row = sqlx::query("SELECT name, created FROM administrator WHERE token_sha256 = $1")
            .bind(digest)
            .fetch_optional(&self.read)
            .await?;
        let read = |row: sqlx::sqlite::SqliteRow| Administrator {
            name: row.get("name"),
            created: row.get("created"),
        };
        Ok(row.map(read))
    }

    /// Its token is void from now on.
    pub async fn delete_administrator(&self, name: &str) -> Result<(), Error> {
        let deleted = sqlx::query("DELETE FROM administrator WHERE name = $1")
            .bind(name)
            .execute(&self.write)
            .await?;
        if deleted.rows_affected() == 0 {
            return Err(not_found(name));
        }
        Ok(())
    }
}

fn not_found(name: &str) -> Error {
    Error::NotFound { what: "administrator", id: format!("{name:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Access;

    #[tokio::test]
    async fn the_first_one_is_first_once_and_an_old_token_is_void() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("db"), Access::Write).await.unwrap();
        let clock = Clock::manual(0);
        let (asha, ravi) = ("Asha".parse().unwrap(), "Ravi".parse().unwrap());
        let first = store.create_first_administrator(&asha, &clock).await.unwrap();
        let (_, token) = first.unwrap();
        assert!(store.create_first_administrator(&ravi, &clock).await.unwrap().is_none());
        let again = store.create_administrator(&asha, &clock).await.unwrap_err();
        assert!(matches!(again, Error::Taken { .. }), "{again}");
        let found = store.administrator_by_digest(&token_digest(token.as_str())).await.unwrap();
        assert_eq!(found.unwrap().name, "Asha");
        let new = store.renew_administrator("Asha").await.unwrap();
        let old = store.administrator_by_digest(&token_digest(token.as_str())).await.unwrap();
        assert!(old.is_none());
        store.delete_administrator("Asha").await.unwrap();
        let gone = store.administrator_by_digest(&token_digest(new.as_str())).await.unwrap();
        assert!(gone.is_none() && store.administrators().await.unwrap().is_empty());
    }
}
