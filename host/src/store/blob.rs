//! Content by its digest: written once while it is hashed, and kept until nothing points at it.

mod incoming;

use std::collections::HashSet;
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _, stream};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};
use tokio::io::AsyncReadExt as _;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::domain::id::{DatasourceId, random_hex};

pub use incoming::Received;

/// What is read at once, bytes.
const READ_BYTES: u64 = 1024 * 1024;

/// Where content lies until its digest is known.
const INCOMING: &str = "incoming";

/// Where exports lie, a folder for each datasource.
const EXPORTS: &str = "exports";

/// What a file of this machine holds, piece by piece.
pub fn pieces(file: tokio::fs::File) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send {
    stream::try_unfold(file, |mut file| async move {
        let mut piece = Vec::new();
        let read = (&mut file).take(READ_BYTES).read_to_end(&mut piece).await?;
        Ok((read > 0).then(|| (Bytes::from(piece), file)))
    })
}

/// Content in a folder. Clones share it.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
    objects: Arc<LocalFileSystem>,
    /// This process's part of what is coming in.
    incoming: Arc<str>,
    /// Shared while content is kept and not yet pointed at, alone while unused content is deleted.
    settled: Arc<RwLock<()>>,
}

/// Content that is there. As long as this lives, nobody takes it for unused.
#[derive(Debug)]
pub struct Kept {
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    _settled: OwnedRwLockReadGuard<()>,
}

/// The right to delete: as long as it lives, nothing new is kept.
#[derive(Debug)]
pub struct Sweep {
    blobs: Blobs,
    _settled: OwnedRwLockWriteGuard<()>,
}

/// Why content is not there; of what was begun, nothing is kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder cannot be used.
    #[error("the folder of files {folder} cannot be used: {reason}")]
    Folder {
        /// Where it is.
        folder: String,
        /// Why.
        reason: String,
    },
    /// Over the limit.
    #[error("limit file_bytes_max: a file may have at most {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// Whoever sent it stopped.
    #[error("the content did not arrive whole: {0}")]
    CutOff(String),
    /// Disk or permissions.
    #[error("the folder of files could not go on: {0}")]
    Storage(#[from] object_store::Error),
    /// The thread that hashed it broke down.
    #[error("hashing broke down: {0}")]
    Hashing(#[from] tokio::task::JoinError),
}

impl Blobs {
    /// Content in `folder`, which is made where it is missing.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, Error> {
        let folder = folder.into();
        let unusable = |reason: &dyn Display| Error::Folder {
            folder: folder.display().to_string(),
            reason: reason.to_string(),
        };
        std::fs::create_dir_all(&folder).map_err(|error| unusable(&error))?;
        let objects =
            LocalFileSystem::new_with_prefix(&folder).map_err(|error| unusable(&error))?;
        Ok(Self {
            objects: Arc::new(objects.with_fsync(true)),
            incoming: format!("{INCOMING}/{}", random_hex()).into(),
            settled: Arc::default(),
            folder,
        })
    }

    /// Where what is written to a datasource lies.
    pub fn exports(&self, datasource: &DatasourceId) -> PathBuf {
        self.folder.join(EXPORTS).join(datasource.as_str())
    }

    /// Keeps what the stream gives, durably and once. Over the limit, nothing is kept.
    pub async fn write<E: Display>(
        &self,
        content: impl Stream<Item = Result<Bytes, E>>,
        bytes_max: u64,
    ) -> Result<Kept, Error> {
        self.receive(content, bytes_max).await?.keep().await
    }

    /// Takes in what the stream gives, durably, for somebody to look at first. Over the limit,
    /// nothing stays.
    pub async fn receive<E: Display>(
        &self,
        content: impl Stream<Item = Result<Bytes, E>>,
        bytes_max: u64,
    ) -> Result<Received, Error> {
        incoming::receive(self, content, bytes_max).await
    }

    /// Shows a file under a digest that is made up, without copying it: for a store that is thrown
    /// away. Over a system without symbolic links it is copied.
    pub async fn borrow(&self, file: &std::path::Path) -> Result<Kept, Error> {
        let sha256 = format!("{}{}", random_hex(), random_hex());
        let link = self.folder.join(Self::path(&sha256).as_ref());
        let unusable = |error: std::io::Error| Error::Folder {
            folder: file.display().to_string(),
            reason: error.to_string(),
        };
        let size = link_to(file, &link).map_err(unusable)?;
        Ok(Kept { sha256, size, _settled: Arc::clone(&self.settled).read_owned().await })
    }

    /// The content, in pieces.
    pub fn read(
        &self,
        sha256: &str,
        size: u64,
    ) -> impl Stream<Item = Result<Bytes, object_store::Error>> + Send + 'static {
        let (objects, path) = (Arc::clone(&self.objects), Self::path(sha256));
        stream::try_unfold((objects, path, 0), move |(objects, path, at)| async move {
            if at >= size {
                return Ok(None);
            }
            let end = size.min(at + READ_BYTES);
            let bytes = objects.get_range(&path, at..end).await?;
            Ok(Some((bytes, (objects, path, end))))
        })
    }

    /// The whole content, of what is known to be small.
    pub async fn content(&self, sha256: &str) -> Result<Vec<u8>, Error> {
        Ok(self.objects.get(&Self::path(sha256)).await?.bytes().await?.to_vec())
    }

    /// Where content lies among the objects.
    pub fn path(sha256: &str) -> Path {
        Path::from(format!("{}/{sha256}", sha256.get(..2).unwrap_or("")))
    }

    /// Where a plugin's files are read from.
    pub fn objects(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.objects) as Arc<dyn ObjectStore>
    }

    /// Waits until whatever is kept is also pointed at.
    pub async fn sweep(&self) -> Sweep {
        let settled = Arc::clone(&self.settled).write_owned().await;
        Sweep { blobs: self.clone(), _settled: settled }
    }
}

impl Sweep {
    /// Deletes all content but that, and what dead processes left half written.
    pub async fn all_but(self, used: &HashSet<String>) -> Result<(), Error> {
        let objects = &self.blobs.objects;
        let present: Vec<_> = objects.list(None).try_collect().await?;
        for object in present {
            // Other things lie in this folder too, such as compiled plugins.
            let content = object.location.filename().filter(|name| is_content(&object, name));
            if content.is_some_and(|name| !used.contains(name)) {
                objects.delete(&object.location).await?;
            }
        }
        self.left_behind();
        Ok(())
    }

    /// Half written content has names that the object store does not list.
    fn left_behind(&self) {
        let Ok(folders) = std::fs::read_dir(self.blobs.folder.join(INCOMING)) else { return };
        for folder in folders.flatten() {
            if !self.blobs.incoming.ends_with(&*folder.file_name().to_string_lossy()) {
                // What stays costs room and nothing else.
                let _ = std::fs::remove_dir_all(folder.path());
            }
        }
    }
}

fn link_to(file: &std::path::Path, link: &std::path::Path) -> std::io::Result<u64> {
    let file = file.canonicalize()?;
    if let Some(folder) = link.parent() {
        std::fs::create_dir_all(folder)?;
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink(&file, link)?;
    #[cfg(not(unix))]
    std::fs::copy(&file, link)?;
    Ok(file.metadata()?.len())
}

fn is_content(object: &ObjectMeta, name: &str) -> bool {
    let digest = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    digest && object.location == Blobs::path(name)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::domain::digest::hex;

    fn stream_of(content: &'static [u8]) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::iter(content.chunks(5).map(|piece| Ok(Bytes::from_static(piece))))
    }

    fn files_in(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().flatten();
        entries.map(|entry| if entry.path().is_dir() { files_in(&entry.path()) } else { 1 }).sum()
    }

    #[tokio::test]
    async fn equal_content_is_kept_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let first = blobs.write(stream_of(b"time,value\n"), 100).await.unwrap();
        let again = blobs.write(stream_of(b"time,value\n"), 100).await.unwrap();
        assert_eq!(first.sha256, again.sha256);
        assert_eq!(first.sha256, hex(&Sha256::digest(b"time,value\n")));
        assert_eq!(files_in(folder.path()), 1);
        let pieces: Vec<Bytes> = blobs.read(&first.sha256, first.size).try_collect().await.unwrap();
        assert_eq!(pieces.concat(), b"time,value\n");
    }

    #[tokio::test]
    async fn content_over_the_limit_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let error = blobs.write(stream_of(b"0123456789"), 9).await.unwrap_err().to_string();
        assert_eq!(error, "limit file_bytes_max: a file may have at most 9 bytes");
        assert_eq!(files_in(folder.path()), 0);
        blobs.write(stream_of(b"0123456789"), 10).await.unwrap();
    }

    #[tokio::test]
    async fn a_cut_off_stream_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let cut = stream::iter([Ok(Bytes::from_static(b"abc")), Err("connection lost")]);
        let error = blobs.write(cut, 100).await.unwrap_err();
        assert!(matches!(error, Error::CutOff(_)), "{error}");
        assert_eq!(files_in(folder.path()), 0);
    }

    #[tokio::test]
    async fn what_was_received_and_not_kept_is_gone_and_no_sweep_takes_it_before() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let received = blobs.receive(stream_of(b"a component"), 100).await.unwrap();
        blobs.sweep().await.all_but(&HashSet::new()).await.unwrap();
        assert_eq!(received.content().await.unwrap(), b"a component");
        drop(received);
        assert_eq!(files_in(folder.path()), 0);
        let received = blobs.receive(stream_of(b"a component"), 100).await.unwrap();
        let kept = received.keep().await.unwrap();
        assert_eq!(blobs.content(&kept.sha256).await.unwrap(), b"a component");
        assert_eq!(files_in(folder.path()), 1);
    }

    #[tokio::test]
    async fn sweeping_deletes_what_nothing_points_at() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let used = blobs.write(stream_of(b"used"), 100).await.unwrap().sha256;
        drop(blobs.write(stream_of(b"unused"), 100).await.unwrap());
        let left = folder.path().join(INCOMING).join("dead");
        std::fs::create_dir_all(&left).unwrap();
        std::fs::write(left.join("half#1"), "half").unwrap();
        blobs.sweep().await.all_but(&HashSet::from([used])).await.unwrap();
        assert_eq!(files_in(folder.path()), 1);
    }
}
