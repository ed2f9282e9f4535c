//! Files that plugins write: in one folder, appended to only, bounded together.

use std::collections::HashMap;
use std::io::{self, SeekFrom};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio::fs;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::sync::Mutex;

use super::{Listed, shown};
use crate::domain::digest::hex;
use crate::domain::file::FileName;
use crate::domain::plugin::Failure;

/// Files in the folder.
const EXPORTS_MAX: usize = 100;

/// What is hashed at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// A folder of exports.
#[derive(Debug)]
pub(super) struct Exports {
    folder: PathBuf,
    bytes_max: u64,
    /// How far each file is hashed, since files only grow. Held by whoever lists or writes, so
    /// that of two appends at one place only one succeeds.
    hashed: Mutex<HashMap<String, Hashed>>,
}

#[derive(Debug, Clone, Default)]
struct Hashed {
    hasher: Sha256,
    size: u64,
}

impl Exports {
    pub(super) fn new(folder: PathBuf, bytes_max: u64) -> Self {
        Self { folder, bytes_max, hashed: Mutex::default() }
    }

    /// The names of all exports; none before the first was written.
    pub(super) async fn names(&self) -> Result<Vec<String>, Failure> {
        Ok(self.entries().await?.into_iter().map(|(name, _)| name).collect())
    }

    pub(super) async fn has(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.size(name).await?.is_some())
    }

    pub(super) async fn listed(&self, name: &str) -> Result<Listed, Failure> {
        let mut all = self.hashed.lock().await;
        let hashed = all.entry(name.to_owned()).or_default();
        let listed = async {
            let mut file = fs::File::open(self.folder.join(name)).await?;
            let about = file.metadata().await?;
            hash_on(&mut file, about.len(), hashed).await?;
            let modified = DateTime::<Utc>::from(about.modified()?).timestamp_millis();
            let sha256 = hex(&hashed.hasher.clone().finalize());
            Ok(Listed { name: name.to_owned(), size: hashed.size, sha256, modified })
        };
        listed.await.map_err(|error| broken(name, &error))
    }

    pub(super) async fn read(
        &self,
        name: &str,
        offset: u64,
        length: u32,
    ) -> Result<Vec<u8>, Failure> {
        let read = async {
            let mut file = fs::File::open(self.folder.join(name)).await?;
            file.seek(SeekFrom::Start(offset)).await?;
            let mut bytes = Vec::new();
            file.take(u64::from(length)).read_to_end(&mut bytes).await?;
            Ok(bytes)
        };
        read.await.map_err(|error| broken(name, &error))
    }

    pub(super) async fn append(&self, name: &str, at: u64, bytes: &[u8]) -> Result<u64, Failure> {
        name.parse::<FileName>().map_err(|error| Failure::Data(error.to_string()))?;
        let _alone = self.hashed.lock().await;
        let size = self.size(name).await?;
        let present = size.unwrap_or_default();
        if present != at {
            let name = shown(name);
            return Err(Failure::Data(format!("{name} has {present} bytes, not {at}")));
        }
        self.check_room(size.is_none(), bytes.len() as u64).await?;
        self.write(name, at, bytes).await.map_err(|error| broken(name, &error))?;
        Ok(at + bytes.len() as u64)
    }

    /// On the disk when it returns: the batch it was may be counted as delivered.
    async fn write(&self, name: &str, at: u64, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder).await?;
        let path = self.folder.join(name);
        let mut file = fs::OpenOptions::new().append(true).create(true).open(path).await?;
        let written = async {
            file.write_all(bytes).await?;
            file.sync_all().await
        };
        let written = written.await;
        if written.is_err() {
            // What was written in part would contradict the size the plugin knows.
            file.set_len(at).await?;
        }
        written
    }

    async fn check_room(&self, new: bool, more: u64) -> Result<(), Failure> {
        let entries = self.entries().await?;
        if new && entries.len() >= EXPORTS_MAX {
            return Err(Failure::Limit(format!("exports: at most {EXPORTS_MAX} files")));
        }
        let present: u64 = entries.iter().map(|(_, size)| size).sum();
        if present.saturating_add(more) > self.bytes_max {
            let most = self.bytes_max;
            return Err(Failure::Limit(format!("exports: at most {most} bytes together")));
        }
        Ok(())
    }

    /// The size of a plain file of that name; a name no file can have has none.
    async fn size(&self, name: &str) -> Result<Option<u64>, Failure> {
        if name.parse::<FileName>().is_err() {
            return Ok(None);
        }
        match fs::symlink_metadata(self.folder.join(name)).await {
            Ok(about) if about.is_file() => Ok(Some(about.len())),
            Ok(_) => Err(Failure::Denied(format!("{} is no plain file", shown(name)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(broken(name, &error)),
        }
    }

    async fn entries(&self) -> Result<Vec<(String, u64)>, Failure> {
        match self.read_folder().await {
            Ok(entries) => Ok(entries),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(broken("the exports", &error)),
        }
    }

    async fn read_folder(&self) -> io::Result<Vec<(String, u64)>> {
        let mut entries = Vec::new();
        let mut folder = fs::read_dir(&self.folder).await?;
        while let Some(entry) = folder.next_entry().await? {
            let about = entry.metadata().await?;
            if let (true, Ok(name)) = (about.is_file(), entry.file_name().into_string()) {
                entries.push((name, about.len()));
            }
        }
        Ok(entries)
    }
}

/// Hashes what a file grew by; one that shrank is not the one that was hashed.
async fn hash_on(file: &mut fs::File, size: u64, hashed: &mut Hashed) -> io::Result<()> {
    if size < hashed.size {
        *hashed = Hashed::default();
    }
    file.seek(SeekFrom::Start(hashed.size)).await?;
    let mut chunk = vec![0; CHUNK_BYTES];
    while hashed.size < size {
        let length = file.read(&mut chunk).await?;
        let Some(bytes) = chunk.get(..length).filter(|bytes| !bytes.is_empty()) else { break };
        hashed.hasher.update(bytes);
        hashed.size += length as u64;
    }
    Ok(())
}

/// The disk's own words may name places in the host, which are no business of a plugin's.
fn broken(name: &str, error: &io::Error) -> Failure {
    tracing::warn!(%name, %error, "an export could not be read or written");
    let reason = format!("{} cannot be read or written: {}", shown(name), error.kind());
    Failure::Unavailable { reason, after_ms: None }
}
