//! The files a plugin may read, and the exports it may append to: those it was given, by name.

mod exports;

use std::path::PathBuf;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::text;
use crate::domain::clock::Timestamp;
use crate::domain::plugin::Failure;
use exports::Exports;

/// Bytes of one read.
pub const READ_BYTES_MAX: u32 = 4 * 1024 * 1024;

/// Of a name in a refusal, and of all the names it offers instead.
const SHOWN_BYTES_MAX: usize = 500;

/// A file that may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readable {
    /// The name the plugin uses.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Of its content, in hexadecimal.
    pub sha256: String,
    /// When it was uploaded.
    pub modified: Timestamp,
    /// Where its content lies.
    pub path: Path,
}

/// A file as a plugin sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Of its content, in hexadecimal.
    pub sha256: String,
    /// When its content changed last.
    pub modified: Timestamp,
}

/// What one sync's plugin sees. Clones share it.
#[derive(Debug, Clone)]
pub struct Files {
    objects: Arc<dyn ObjectStore>,
    readable: Arc<[Readable]>,
    exports: Option<Arc<Exports>>,
}

impl Files {
    /// Files in `objects`, and exports in a folder of their own: at most `export_bytes_max` of them
    /// together. An uploaded file hides an export of the same name.
    pub fn new(
        objects: Arc<dyn ObjectStore>,
        readable: Vec<Readable>,
        exports: Option<PathBuf>,
        export_bytes_max: u64,
    ) -> Self {
        let exports = exports.map(|folder| Arc::new(Exports::new(folder, export_bytes_max)));
        Self { objects, readable: readable.into(), exports }
    }

    /// Every file, in order of name.
    pub async fn all(&self) -> Result<Vec<Listed>, Failure> {
        let mut all: Vec<_> = self.readable.iter().map(listed).collect();
        if let Some(exports) = &self.exports {
            let names = exports.names().await?;
            for name in names.into_iter().filter(|name| self.readable(name).is_none()) {
                all.push(exports.listed(&name).await?);
            }
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// `length` bytes from `offset`; fewer only at the end of the file.
    pub async fn read(&self, name: &str, offset: u64, length: u32) -> Result<Vec<u8>, Failure> {
        if length > READ_BYTES_MAX {
            let most = READ_BYTES_MAX / 1024 / 1024;
            return Err(Failure::Limit(format!(
                "one read: at most {most} MiB, not {length} bytes"
            )));
        }
        if let Some(file) = self.readable(name) {
            return self.read_object(file, offset, length).await;
        }
        match &self.exports {
            Some(exports) if exports.has(name).await? => exports.read(name, offset, length).await,
            _ => Err(self.missing(name).await),
        }
    }

    /// Appends at `at`, which must be the export's present size (0 creates it); the new size.
    pub async fn append(&self, name: &str, at: u64, bytes: &[u8]) -> Result<u64, Failure> {
        if self.readable(name).is_some() {
            let text = format!("{} was uploaded: it can be read, not written", shown(name));
            return Err(Failure::Denied(text));
        }
        let Some(exports) = &self.exports else {
            let text = "this datasource was granted files to read and none to write".to_owned();
            return Err(Failure::Denied(text));
        };
        exports.append(name, at, bytes).await
    }

    fn readable(&self, name: &str) -> Option<&Readable> {
        self.readable.iter().find(|file| file.name == name)
    }

    async fn read_object(
        &self,
        file: &Readable,
        offset: u64,
        length: u32,
    ) -> Result<Vec<u8>, Failure> {
        let start = offset.min(file.size);
        let end = start.saturating_add(u64::from(length)).min(file.size);
        if start == end {
            return Ok(Vec::new());
        }
        let bytes = self.objects.get_range(&file.path, start..end).await;
        let bytes = bytes.map_err(|error| not_read(&file.name, &error))?;
        if bytes.len() as u64 != end - start {
            return Err(Failure::Data(format!("{} ended early", shown(&file.name))));
        }
        // Whoever holds the bytes alone, as here, gets them without a copy.
        Ok(bytes.into())
    }

    async fn missing(&self, name: &str) -> Failure {
        let names = self.all().await.unwrap_or_default();
        let names: Vec<_> = names.iter().map(|file| file.name.as_str()).collect();
        let there = if names.is_empty() {
            "there are none".to_owned()
        } else {
            format!("there are: {}", text::clean(&names.join(", "), SHOWN_BYTES_MAX))
        };
        Failure::Data(format!("this datasource has no file {}; {there}", shown(name)))
    }
}

fn listed(file: &Readable) -> Listed {
    let Readable { name, size, sha256, modified, .. } = file.clone();
    Listed { name, size, sha256, modified }
}

fn shown(name: &str) -> String {
    format!("{:?}", text::clean(name, SHOWN_BYTES_MAX))
}

/// The store's own words may name places in the host, which are no business of a plugin's.
fn not_read(name: &str, error: &object_store::Error) -> Failure {
    tracing::warn!(%name, %error, "a file could not be read");
    match error {
        object_store::Error::NotFound { .. } => {
            Failure::Data(format!("the content of {} is gone", shown(name)))
        }
        _ => Failure::Unavailable {
            reason: format!("{} cannot be read at the moment", shown(name)),
            after_ms: None,
        },
    }
}

#[cfg(test)]
mod tests;
