//! Uploaded files: names in an organisation, pointing at content that is kept once.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::domain::clock::Clock;
use crate::domain::file::{File, FileName};
use crate::domain::id::{FileId, OrganisationId};
use crate::domain::organisation::Organisation;

use super::blob::{Blobs, Kept};
use super::column::{parsed, unsigned};
use super::{Error, Store};

const COLUMNS: &str = "SELECT id, name, sha256, size, modified FROM file WHERE organisation = $1";

impl Store {
    /// Points a name at content that has just been kept, made where it is new.
    pub async fn save_file(
        &self,
        organisation: &Organisation,
        name: &FileName,
        content: &Kept,
        clock: &Clock,
    ) -> Result<File, Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        refuse_over_limit(&mut transaction, organisation, name, content.size).await?;
        let size = i64::try_from(content.size).unwrap_or(i64::MAX);
        let row = sqlx::query(
            "INSERT INTO file (id, organisation, name, sha256, size, modified) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation, name) \
             DO UPDATE SET sha256 = excluded.sha256, size = excluded.size, \
             modified = CASE WHEN file.sha256 = excluded.sha256 THEN file.modified \
             ELSE excluded.modified END RETURNING id, name, sha256, size, modified",
        )
        .bind(FileId::random().as_str())
        .bind(organisation.id.as_str())
        .bind(name.as_str())
        .bind(&content.sha256)
        .bind(size)
        .bind(clock.now())
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        read_file(&row)
    }

    /// An organisation's, by name.
    pub async fn files(&self, organisation: &OrganisationId) -> Result<Vec<File>, Error> {
        let sql = format!("{COLUMNS} ORDER BY name");
        sqlx::query(AssertSqlSafe(sql))
            .bind(organisation.as_str())
            .fetch_all(&self.read)
            .await?
            .iter()
            .map(read_file)
            .collect()
    }

    /// One of an organisation's.
    pub async fn file(
        &self,
        organisation: &OrganisationId,
        name: &FileName,
    ) -> Result<File, Error> {
        let sql = format!("{COLUMNS} AND name = $2");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(organisation.as_str())
            .bind(name.as_str())
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| read_file(&row))
            .transpose()?
            .ok_or_else(|| Error::NotFound { what: "file", id: format!("{:?}", name.as_str()) })
    }

    /// Deletes one that no datasource's configuration names.
    pub async fn delete_file(
        &self,
        organisation: &OrganisationId,
        name: &FileName,
    ) -> Result<(), Error> {
        self.file(organisation, name).await?;
        let datasources = self.datasources(organisation).await?;
        // Wherever it stands: a plugin may read any file its configuration names.
        let quoted = serde_json::json!(name).to_string();
        let names = |config: &serde_json::Value| config.to_string().contains(&quoted);
        if let Some(by) = datasources.iter().find(|datasource| names(&datasource.config)) {
            let by = format!("datasource {:?}", by.name);
            return Err(Error::InUseBy { what: "file", by });
        }
        sqlx::query("DELETE FROM file WHERE organisation = $1 AND name = $2")
            .bind(organisation.as_str())
            .bind(name.as_str())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Deletes content that no file points at any more. While something runs, which may be reading
    /// it, nothing is deleted; a later call does it.
    pub async fn sweep_blobs(&self, blobs: &Blobs) -> Result<(), Error> {
        let sweep = blobs.sweep().await;
        let running = sqlx::query("SELECT 1 FROM run WHERE lease IS NOT NULL LIMIT 1")
            .fetch_optional(&self.write)
            .await?;
        if running.is_some() {
            return Ok(());
        }
        let rows = sqlx::query("SELECT sha256 FROM file UNION SELECT digest AS sha256 FROM plugin")
            .fetch_all(&self.write)
            .await?;
        let used = rows.into_iter().map(|row| row.get("sha256")).collect();
        if let Err(error) = sweep.all_but(&used).await {
            // What stays costs room and nothing else.
            tracing::warn!(%error, "unused content could not be deleted");
        }
        Ok(())
    }
}

async fn refuse_over_limit(
    transaction: &mut SqliteConnection,
    organisation: &Organisation,
    name: &FileName,
    size: u64,
) -> Result<(), Error> {
    // A sum is NUMERIC on Postgres, hence the cast.
    let row = sqlx::query(
        "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS size FROM file \
         WHERE organisation = $1 AND name <> $2",
    )
    .bind(organisation.id.as_str())
    .bind(name.as_str())
    .fetch_one(transaction)
    .await?;
    let most = organisation.limits.files_bytes_max;
    let together = unsigned(&row, "size").saturating_add(size);
    if together <= most {
        return Ok(());
    }
    Err(Error::Limit(format!(
        "limit files_bytes_max: the files of {:?} together may have {most} bytes; with {:?} they \
         would have {together}: delete some first",
        organisation.name,
        name.as_str()
    )))
}

fn read_file(row: &SqliteRow) -> Result<File, Error> {
    Ok(File {
        id: parsed(row, "file", "id")?,
        name: parsed(row, "file", "name")?,
        sha256: row.get("sha256"),
        size: unsigned(row, "size"),
        modified: row.get("modified"),
    })
}
