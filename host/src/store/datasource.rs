//! Datasources: one plugin and its configuration each, with the number its readings carry.
//!
//! A datasource that brought data leaves its row when it is deleted, without name, plugin and
//! configuration: readings carry its number, which must never mean another one.

use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::Clock;
use crate::domain::datasource::Datasource;
use crate::domain::id::{DatasourceId, OrganisationId};
use crate::domain::name::Name;
use crate::domain::sync::Datatype;

use super::column::{json, parsed};
use super::{Error, Store};

/// What a datasource is made of.
#[derive(Debug, Clone)]
pub struct NewDatasource {
    /// Unique in the organisation.
    pub name: Name,
    /// The plugin's name.
    pub plugin: String,
    /// A JSON object.
    pub config: Value,
}

/// What is to change; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct DatasourceChange {
    /// Unique in the organisation.
    pub name: Option<Name>,
    /// A JSON object, in place of the present one.
    pub config: Option<Value>,
}

/// Of those that were not deleted.
const COLUMNS: &str = "SELECT id, organisation, name, plugin, config, created FROM datasource \
     WHERE plugin <> '' AND organisation = $1";

impl Store {
    /// Makes one.
    pub async fn create_datasource(
        &self,
        organisation: &OrganisationId,
        new: NewDatasource,
        clock: &Clock,
    ) -> Result<Datasource, Error> {
        let datasource = Datasource {
            id: DatasourceId::random(),
            organisation: organisation.clone(),
            name: new.name.into(),
            plugin: new.plugin,
            config: new.config,
            created: clock.now(),
        };
        // One statement, so that two never get the same number.
        sqlx::query(
            "INSERT INTO datasource (id, organisation, number, name, plugin, config, created) \
             SELECT $1, $2, COALESCE(MAX(number), 0) + 1, $3, $4, $5, $6 FROM datasource",
        )
        .bind(datasource.id.as_str())
        .bind(organisation.as_str())
        .bind(&datasource.name)
        .bind(&datasource.plugin)
        .bind(datasource.config.to_string())
        .bind(datasource.created)
        .execute(&self.write)
        .await
        .map_err(|error| Error::taken(error, "datasource", &datasource.name))?;
        Ok(datasource)
    }

    /// An organisation's, by name.
    pub async fn datasources(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Vec<Datasource>, Error> {
        let sql = format!("{COLUMNS} ORDER BY name");
        sqlx::query(AssertSqlSafe(sql))
            .bind(organisation.as_str())
            .fetch_all(&self.read)
            .await?
            .iter()
            .map(read_datasource)
            .collect()
    }

    /// One of an organisation's.
    pub async fn datasource(
        &self,
        organisation: &OrganisationId,
        id: &DatasourceId,
    ) -> Result<Datasource, Error> {
        let found = self.datasource_where(organisation, "id", id.as_str()).await?;
        found.ok_or_else(|| not_found(id))
    }

    /// The one of an organisation's with that name.
    pub async fn datasource_named(
        &self,
        organisation: &OrganisationId,
        name: &str,
    ) -> Result<Datasource, Error> {
        let found = self.datasource_where(organisation, "name", name).await?;
        found.ok_or_else(|| Error::NotFound { what: "datasource", id: format!("{name:?}") })
    }

    /// Changes what is given.
    pub async fn change_datasource(
        &self,
        organisation: &OrganisationId,
        id: &DatasourceId,
        change: DatasourceChange,
    ) -> Result<Datasource, Error> {
        let name = change.name.map(String::from);
        let changed = sqlx::query(
            "UPDATE datasource SET name = COALESCE($1, name), config = COALESCE($2, config) \
             WHERE id = $3 AND organisation = $4 AND plugin <> ''",
        )
        .bind(&name)
        .bind(change.config.map(|config| config.to_string()))
        .bind(id.as_str())
        .bind(organisation.as_str())
        .execute(&self.write)
        .await
        .map_err(|error| Error::taken(error, "datasource", &name.unwrap_or_default()))?;
        if changed.rows_affected() == 0 {
            return Err(not_found(id));
        }
        self.datasource(organisation, id).await
    }

    /// Deletes one that no sync uses. What it brought stays, and belongs to OurWater from now on.
    pub async fn delete_datasource(
        &self,
        organisation: &OrganisationId,
        id: &DatasourceId,
    ) -> Result<(), Error> {
        let datasource = self.datasource(organisation, id).await?;
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(by) = used_by(&mut transaction, &datasource.id).await? {
            return Err(Error::InUseBy { what: "datasource", by });
        }
        forget(&mut transaction, &datasource.id).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Whether a datasource brought anything of a datatype.
    pub async fn brought(&self, id: &DatasourceId, datatype: Datatype) -> Result<bool, Error> {
        let sql = match datatype {
            Datatype::Reading => {
                "SELECT EXISTS (SELECT 1 FROM series JOIN reading ON reading.series_id = series.id \
                 WHERE owner = $1 AND $2 <> '') AS brought"
            }
            Datatype::Group | Datatype::Resource => {
                "SELECT EXISTS (SELECT 1 FROM link WHERE datasource = $1 AND kind = $2 \
                 AND gone = 0) AS brought"
            }
        };
        let row = sqlx::query(sql)
            .bind(id.as_str())
            .bind(datatype.as_str())
            .fetch_one(&self.write)
            .await?;
        Ok(row.get::<i64, _>("brought") != 0)
    }

    async fn datasource_where(
        &self,
        organisation: &OrganisationId,
        column: &'static str,
        value: &str,
    ) -> Result<Option<Datasource>, Error> {
        let sql = format!("{COLUMNS} AND {column} = $2");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(organisation.as_str())
            .bind(value)
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| read_datasource(&row)).transpose()
    }
}

async fn used_by(
    transaction: &mut SqliteConnection,
    id: &DatasourceId,
) -> Result<Option<String>, Error> {
    let row = sqlx::query("SELECT name FROM sync WHERE datasource = $1 ORDER BY name LIMIT 1")
        .bind(id.as_str())
        .fetch_optional(transaction)
        .await?;
    Ok(row.map(|row| format!("sync {:?}", row.get::<String, _>("name"))))
}

async fn forget(transaction: &mut SqliteConnection, id: &DatasourceId) -> Result<(), Error> {
    let brought = sqlx::query("SELECT 1 FROM link WHERE datasource = $1 LIMIT 1")
        .bind(id.as_str())
        .fetch_optional(&mut *transaction)
        .await?;
    let statements: &[&'static str] = match brought {
        Some(_) => &[
            "DELETE FROM credential WHERE datasource = $1",
            "DELETE FROM contradiction WHERE datasource = $1",
            "DELETE FROM base WHERE datasource = $1",
            "DELETE FROM alias WHERE datasource = $1",
            "UPDATE series SET owner = NULL WHERE owner = $1",
            "UPDATE datasource SET name = id, plugin = '', config = '{}' WHERE id = $1",
        ],
        None => &[
            "DELETE FROM credential WHERE datasource = $1",
            "DELETE FROM datasource WHERE id = $1",
        ],
    };
    for statement in statements {
        sqlx::query(*statement).bind(id.as_str()).execute(&mut *transaction).await?;
    }
    Ok(())
}

fn not_found(id: &DatasourceId) -> Error {
    Error::NotFound { what: "datasource", id: id.to_string() }
}

fn read_datasource(row: &SqliteRow) -> Result<Datasource, Error> {
    Ok(Datasource {
        id: parsed(row, "datasource", "id")?,
        organisation: parsed(row, "datasource", "organisation")?,
        name: row.get("name"),
        plugin: row.get("plugin"),
        config: json(row, "datasource", "config")?,
        created: row.get("created"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::organisation::{Limits, Zone};
    use crate::store::Access;
    use crate::store::organisation::NewOrganisation;

    async fn number(store: &Store, id: &DatasourceId) -> i64 {
        let row = sqlx::query("SELECT number FROM datasource WHERE id = $1").bind(id.as_str());
        row.fetch_one(&store.write).await.unwrap().get("number")
    }

    #[tokio::test]
    async fn the_number_of_one_that_brought_data_never_means_another() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("db"), Access::Write).await.unwrap();
        let clock = Clock::manual(0);
        let new = NewOrganisation {
            name: "Ours".parse().unwrap(),
            zone: Zone::UTC,
            limits: Limits::default(),
        };
        let (organisation, _) = store.create_organisation(new, &clock).await.unwrap();
        let new = NewDatasource {
            name: "wells".parse().unwrap(),
            plugin: "csv".to_owned(),
            config: json!({}),
        };
        let ours = &organisation.id;
        let first = store.create_datasource(ours, new.clone(), &clock).await.unwrap();
        let taken = store.create_datasource(ours, new.clone(), &clock).await.unwrap_err();
        assert!(matches!(taken, Error::Taken { .. }), "{taken}");
        sqlx::query(
            "INSERT INTO link (datasource, kind, external_id, our_id) VALUES ($1, '', '', '')",
        )
        .bind(first.id.as_str())
        .execute(&store.write)
        .await
        .unwrap();
        let used = number(&store, &first.id).await;
        store.delete_datasource(ours, &first.id).await.unwrap();
        assert!(store.datasources(ours).await.unwrap().is_empty());
        assert!(store.datasource(ours, &first.id).await.is_err());
        assert!(store.delete_datasource(ours, &first.id).await.is_err());
        let second = store.create_datasource(ours, new, &clock).await.unwrap();
        assert_eq!(number(&store, &second.id).await, used + 1);
        let refused = store.delete_organisation(ours).await.unwrap_err().to_string();
        assert!(refused.contains("datasource"), "{refused}");
    }
}
