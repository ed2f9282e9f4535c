//! A copy of the whole database, to try out on it what a run would do; gone when it is dropped.

use std::fs::File;
use std::path::PathBuf;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::domain::id::{DatasourceId, random_hex};

use super::{Access, Error, Store};

/// Largest database that is copied, bytes.
const COPY_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;

/// What follows the database's name in that of a copy's folder.
const COPY: &str = "copy-";

/// Locked while somebody works on the copy beside it.
const LOCK: &str = "lock";

/// Records that look alike, listed.
const ALIKE_MAX: i64 = 1_000;

/// A copy that nobody else knows.
#[derive(Debug)]
pub struct Copy {
    /// The copied store; what is written to it is lost.
    pub store: Store,
    folder: Folder,
    before: Before,
}

/// A record of theirs that is taken for one that was here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Alike {
    /// group or resource.
    pub datatype: String,
    /// Their id.
    pub external: String,
    /// Our id.
    pub id: String,
    /// What people here call it.
    pub name: String,
}

/// Deleted with everything in it.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// Held as long as somebody works in it.
    _lock: File,
}

impl Folder {
    fn make(path: PathBuf) -> std::io::Result<Self> {
        std::fs::create_dir(&path)?;
        let lock = File::create(path.join(LOCK))?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind goes when the next server starts.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// The last rows there were when the copy was made.
#[derive(Debug)]
struct Before {
    link: i64,
    resource: i64,
    group: i64,
}

impl Store {
    /// Copies the database into a folder beside it, as it is at this moment.
    pub async fn copy(&self) -> Result<Copy, Error> {
        let row = sqlx::query(
            "SELECT file, (SELECT page_count FROM pragma_page_count) \
             * (SELECT page_size FROM pragma_page_size) AS bytes \
             FROM pragma_database_list WHERE name = 'main'",
        )
        .fetch_one(&self.read)
        .await?;
        let (file, bytes): (String, i64) = (row.get("file"), row.get("bytes"));
        if bytes.unsigned_abs() > COPY_BYTES_MAX {
            return Err(Error::Limit(format!(
                "limit copy_bytes_max: a database of at most {COPY_BYTES_MAX} bytes is copied, \
                 this one has {bytes}"
            )));
        }
        let name = PathBuf::from(file).with_added_extension(format!("{COPY}{}", random_hex()));
        let database = name.display().to_string();
        let folder = Folder::make(name)
            .map_err(|error| Error::Open { database, reason: error.to_string() })?;
        let path = folder.path.join("ourwater.db");
        sqlx::query("VACUUM INTO $1")
            .bind(path.display().to_string())
            .persistent(false)
            .execute(&self.read)
            .await?;
        let store = Self::open(&path, Access::Write).await?;
        let before = before(&store).await?;
        // What is going on in the original goes on there.
        sqlx::query("UPDATE run SET state = 'cancelled', ended = started WHERE ended IS NULL")
            .execute(&store.write)
            .await?;
        Ok(Copy { store, folder, before })
    }
}

impl Store {
    /// Deletes the copies that dead processes left behind.
    pub async fn sweep_copies(&self) -> Result<(), Error> {
        let row = sqlx::query("SELECT file FROM pragma_database_list WHERE name = 'main'")
            .fetch_one(&self.read)
            .await?;
        let file = PathBuf::from(row.get::<String, _>("file"));
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { return Ok(()) };
        let copies = format!("{}.{COPY}", name.to_string_lossy());
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
        for entry in entries.flatten() {
            let left = entry.file_name().to_string_lossy().starts_with(&copies)
                && File::open(entry.path().join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
            if left {
                // What stays costs room and nothing else.
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        Ok(())
    }
}

impl Copy {
    /// Records of a datasource that were taken for ones that were here before.
    pub async fn alike(&self, datasource: &DatasourceId) -> Result<Vec<Alike>, Error> {
        let rows = sqlx::query(
            "SELECT kind, external_id, our_id, name FROM link JOIN (SELECT 'resource' AS what, id, \
             name FROM resource WHERE rowid <= $1 UNION ALL SELECT 'group', id, name \
             FROM \"group\" WHERE rowid <= $2) AS place ON what = kind AND place.id = our_id \
             WHERE link.rowid > $3 AND datasource = $4 ORDER BY kind, external_id LIMIT $5",
        )
        .bind(self.before.resource)
        .bind(self.before.group)
        .bind(self.before.link)
        .bind(datasource.as_str())
        .bind(ALIKE_MAX)
        .fetch_all(&self.store.write)
        .await?;
        let alike = |row: &SqliteRow| Alike {
            datatype: row.get("kind"),
            external: row.get("external_id"),
            id: row.get("our_id"),
            name: row.get("name"),
        };
        Ok(rows.iter().map(alike).collect())
    }

    /// Closes it, before it is deleted.
    pub async fn close(self) {
        self.store.write.close().await;
        self.store.read.close().await;
        drop(self.folder);
    }
}

async fn before(store: &Store) -> Result<Before, Error> {
    let row = sqlx::query(
        "SELECT (SELECT COALESCE(MAX(rowid), 0) FROM link) AS link, \
         (SELECT COALESCE(MAX(rowid), 0) FROM resource) AS resource, \
         (SELECT COALESCE(MAX(rowid), 0) FROM \"group\") AS place",
    )
    .fetch_one(&store.write)
    .await?;
    Ok(Before { link: row.get("link"), resource: row.get("resource"), group: row.get("place") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_dead_process_left_is_swept_and_what_somebody_works_on_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("db"), Access::Write).await.unwrap();
        let dead = folder.path().join("db.copy-1");
        std::fs::create_dir(&dead).unwrap();
        File::create(dead.join(LOCK)).unwrap();
        let beside = Store::open(&folder.path().join("db"), Access::Read).await.unwrap();
        let copy = beside.copy().await.unwrap();
        let path = copy.folder.path.clone();
        store.sweep_copies().await.unwrap();
        assert!(!dead.exists() && path.exists());
        copy.close().await;
        assert!(!path.exists());
    }
}
