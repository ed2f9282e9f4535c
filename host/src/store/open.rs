//! Opening the database: who gets the lock writes, and knows that every lease in it is dead.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::{Error, Store};
use crate::domain::faults::Faults;

/// What the database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Beside a process that writes.
    Read,
    /// Alone.
    Write,
}

/// Connections that read at the same time.
const READERS_MAX: u32 = 4;

/// How long a reader waits for the file, at most.
const BUSY_TIME_MAX: Duration = Duration::from_secs(10);

impl Store {
    /// Opens the file at `path`, for writing made and migrated where it is missing or old.
    pub async fn open(path: &Path, access: Access) -> Result<Self, Error> {
        match access {
            Access::Write => open_to_write(path).await,
            Access::Read => open_to_read(path).await,
        }
    }
}

impl Store {
    /// Every lease belongs to a process that is gone: for who has just got the lock.
    pub async fn interrupt_runs(&self) -> Result<(), Error> {
        sqlx::query("UPDATE run SET state = 'interrupted', lease = NULL WHERE ended IS NULL")
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Opened to be thrown away: nothing is waited for to reach the disk.
    #[cfg(feature = "simulation")]
    pub async fn open_volatile(path: &Path) -> Result<Self, Error> {
        let options = options(path).create_if_missing(true).synchronous(SqliteSynchronous::Off);
        let write = pool(1).connect_with(options.clone()).await?;
        sqlx::migrate!("./migrations").run(&write).await.map_err(|error| cannot(path, &error))?;
        let read = readers(options.read_only(true)).await?;
        Ok(Self { write, read, faults: Faults::default(), _lock: None })
    }
}

async fn open_to_write(path: &Path) -> Result<Store, Error> {
    let lock = lock(path)?;
    let options = options(path)
        .create_if_missing(true)
        // Twice as much saves nothing; less often than by default, pages that many commits touch
        // are copied once (both measured, `bench -- csv`).
        .pragma("cache_size", "-8192")
        .pragma("wal_autocheckpoint", "4000");
    let write = pool(1).connect_with(options.clone()).await?;
    sqlx::migrate!("./migrations").run(&write).await.map_err(|error| cannot(path, &error))?;
    let read = readers(options.read_only(true)).await?;
    let store = Store { write, read, faults: Faults::default(), _lock: Some(Arc::new(lock)) };
    store.interrupt_runs().await?;
    Ok(store)
}

async fn open_to_read(path: &Path) -> Result<Store, Error> {
    if !path.exists() {
        return Err(cannot(path, &"there is no such file yet; an import or serve makes it"));
    }
    let read = readers(options(path).read_only(true)).await?;
    Ok(Store { write: read.clone(), read, faults: Faults::default(), _lock: None })
}

async fn readers(options: SqliteConnectOptions) -> Result<SqlitePool, Error> {
    Ok(pool(READERS_MAX).connect_with(options.pragma("cache_size", "-2048")).await?)
}

/// A file does not go away as a server does, so no connection is asked first whether it is still there.
fn pool(connections_max: u32) -> SqlitePoolOptions {
    let pool = SqlitePoolOptions::new().max_connections(connections_max).min_connections(0);
    pool.test_before_acquire(false)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIME_MAX)
        .statement_cache_capacity(64)
}

fn lock(path: &Path) -> Result<File, Error> {
    let name = path.with_added_extension("lock");
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&name);
    let mut file = file.map_err(|error| cannot(&name, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let read = file.read_to_string(&mut holder);
            let holder = if read.is_ok() { holder } else { "unknown".to_owned() };
            return Err(Error::InUse { database: path.display().to_string(), holder });
        }
        Err(TryLockError::Error(error)) => return Err(cannot(&name, &error)),
    }
    let holder = format!("process {}", std::process::id());
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(holder.as_bytes()))
        .map_err(|error| cannot(&name, &error))?;
    Ok(file)
}

fn cannot(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::Open { database: path.display().to_string(), reason: reason.to_string() }
}
