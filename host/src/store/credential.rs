//! Credentials of datasources: sealed when they come, opened only for a run.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::domain::clock::Clock;
use crate::domain::credential::{Credential, CredentialName, Credentials, Entrusted};
use crate::domain::id::{DatasourceId, OrganisationId};

use super::column::parsed;
use super::seal::Seal;
use super::{Error, Store};

/// Bytes of a credential as it is sealed.
pub const CREDENTIAL_BYTES_MAX: usize = 16 * 1024;

/// Credentials of one datasource.
pub const CREDENTIALS_MAX: i64 = 32;

impl Store {
    /// Keeps a credential, in place of the one of that name.
    pub async fn entrust(
        &self,
        seal: &Seal,
        organisation: &OrganisationId,
        datasource: &DatasourceId,
        name: &CredentialName,
        credential: &Credential,
        clock: &Clock,
    ) -> Result<Entrusted, Error> {
        let datasource = self.datasource(organisation, datasource).await?.id;
        let text = credential.expose();
        if text.len() > CREDENTIAL_BYTES_MAX {
            let text = format!("credential: at most {CREDENTIAL_BYTES_MAX} bytes");
            return Err(Error::Limit(text));
        }
        let sealed = seal.close(&place(&datasource, name), &text)?;
        let (kind, created) = (credential.kind(), clock.now());
        let saved = sqlx::query(
            "INSERT INTO credential (datasource, name, kind, sealed, created) \
             SELECT $1, $2, $3, $4, $5 WHERE $6 > (SELECT COUNT(*) FROM credential \
             WHERE datasource = $1 AND name <> $2) \
             ON CONFLICT (datasource, name) DO UPDATE \
             SET kind = excluded.kind, sealed = excluded.sealed, created = excluded.created",
        )
        .bind(datasource.as_str())
        .bind(name.as_str())
        .bind(kind)
        .bind(sealed)
        .bind(created)
        .bind(CREDENTIALS_MAX)
        .execute(&self.write)
        .await?;
        if saved.rows_affected() == 0 {
            return Err(Error::Limit(format!("credentials: at most {CREDENTIALS_MAX} each")));
        }
        Ok(Entrusted { name: name.clone(), kind: kind.to_owned(), created })
    }

    /// What anyone may know of a datasource's credentials, by name.
    pub async fn entrusted(
        &self,
        organisation: &OrganisationId,
        datasource: &DatasourceId,
    ) -> Result<Vec<Entrusted>, Error> {
        let rows = self.credential_rows(organisation, datasource).await?;
        let entrusted = |row: &SqliteRow| {
            let name = parsed(row, "credential", "name")?;
            Ok(Entrusted { name, kind: row.get("kind"), created: row.get("created") })
        };
        rows.iter().map(entrusted).collect()
    }

    /// A datasource's credentials, opened.
    pub async fn credentials(
        &self,
        seal: &Seal,
        organisation: &OrganisationId,
        datasource: &DatasourceId,
    ) -> Result<Credentials, Error> {
        let rows = self.credential_rows(organisation, datasource).await?;
        let opened = |row: &SqliteRow| {
            let name: CredentialName = parsed(row, "credential", "name")?;
            let text = seal.open(&place(datasource, &name), row.get("sealed"))?;
            // What serde says of it could show it.
            let credential = serde_json::from_str(&text).map_err(|_| {
                Error::unreadable("credential", name.as_str(), "a kind it does not know")
            })?;
            Ok((name, credential))
        };
        rows.iter().map(opened).collect()
    }

    /// Deletes one.
    pub async fn withdraw(
        &self,
        organisation: &OrganisationId,
        datasource: &DatasourceId,
        name: &CredentialName,
    ) -> Result<(), Error> {
        let datasource = self.datasource(organisation, datasource).await?.id;
        let deleted = sqlx::query("DELETE FROM credential WHERE datasource = $1 AND name = $2")
            .bind(datasource.as_str())
            .bind(name.as_str())
            .execute(&self.write)
            .await?;
        match deleted.rows_affected() {
            0 => Err(Error::NotFound { what: "credential", id: name.to_string() }),
            _ => Ok(()),
        }
    }

    async fn credential_rows(
        &self,
        organisation: &OrganisationId,
        datasource: &DatasourceId,
    ) -> Result<Vec<SqliteRow>, Error> {
        let datasource = self.datasource(organisation, datasource).await?.id;
        let sql = "SELECT name, kind, sealed, created FROM credential WHERE datasource = $1 \
                   ORDER BY name";
        Ok(sqlx::query(sql).bind(datasource.as_str()).fetch_all(&self.read).await?)
    }
}

/// What a seal is bound to: a row moved to another datasource or name does not open there.
fn place(datasource: &DatasourceId, name: &CredentialName) -> String {
    format!("{datasource}/{name}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::organisation::{Limits, Zone};
    use crate::store::Access;
    use crate::store::datasource::NewDatasource;
    use crate::store::organisation::NewOrganisation;

    fn login(password: &str) -> Credential {
        serde_json::from_value(json!({"kind": "login", "user": "me", "password": password}))
            .unwrap()
    }

    #[tokio::test]
    async fn a_credential_is_its_datasources_alone_and_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("db"), Access::Write).await.unwrap();
        let (clock, seal) = (Clock::manual(7), Seal::new(folder.path()));
        let mut organisations = Vec::new();
        for name in ["Ours", "Theirs"] {
            let (name, zone, limits) = (name.parse().unwrap(), Zone::UTC, Limits::default());
            let new = NewOrganisation { name, zone, limits };
            organisations.push(store.create_organisation(new, &clock).await.unwrap().0.id);
        }
        let (ours, theirs) = (&organisations[0], &organisations[1]);
        let (name, plugin) = ("legacy".parse().unwrap(), "legacy".to_owned());
        let new = NewDatasource { name, plugin, config: json!({}) };
        let it = store.create_datasource(ours, new, &clock).await.unwrap().id;
        let access: CredentialName = "access".parse().unwrap();

        for password in ["canary one", "canary two"] {
            store.entrust(&seal, ours, &it, &access, &login(password), &clock).await.unwrap();
        }
        let listed = store.entrusted(ours, &it).await.unwrap();
        let known = Entrusted { name: access.clone(), kind: "login".to_owned(), created: 7 };
        assert_eq!(listed, [known]);
        let opened = store.credentials(&seal, ours, &it).await.unwrap();
        assert_eq!(opened.get(&access), Some(&login("canary two")));

        let stolen = store.credentials(&seal, theirs, &it).await;
        assert!(matches!(stolen, Err(Error::NotFound { .. })));
        let set = store.entrust(&seal, theirs, &it, &access, &login("x"), &clock).await;
        assert!(matches!(set, Err(Error::NotFound { .. })));
        sqlx::query("UPDATE credential SET name = 'other'").execute(&store.write).await.unwrap();
        let moved = store.credentials(&seal, ours, &it).await.unwrap_err().to_string();
        assert!(moved.contains("entrust it again") && !moved.contains("canary"), "{moved}");

        store.delete_datasource(ours, &it).await.unwrap();
        let left = sqlx::query("SELECT 1 FROM credential").fetch_all(&store.read).await.unwrap();
        assert!(left.is_empty());
    }

    #[tokio::test]
    async fn a_copy_of_the_database_holds_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let store = Store::open(&path, Access::Write).await.unwrap();
        let (clock, seal) = (Clock::manual(0), Seal::new(folder.path()));
        let (name, zone, limits) = ("Ours".parse().unwrap(), Zone::UTC, Limits::default());
        let new = NewOrganisation { name, zone, limits };
        let ours = store.create_organisation(new, &clock).await.unwrap().0.id;
        let (name, plugin) = ("legacy".parse().unwrap(), "legacy".to_owned());
        let new = NewDatasource { name, plugin, config: json!({}) };
        let it = store.create_datasource(&ours, new, &clock).await.unwrap().id;
        let (access, secret) = ("access".parse().unwrap(), login("canary"));
        store.entrust(&seal, &ours, &it, &access, &secret, &clock).await.unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(6).any(|it| it == b"canary"));
        }
    }
}
