//! What was written to a datasource: files in a folder of its own, listed and read.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::domain::datasource::Datasource;
use crate::domain::file::FileName;

use super::App;

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Export {
    /// Its name.
    pub name: FileName,
    /// Bytes.
    pub size: u64,
}

/// The folder cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the exports of {datasource:?} cannot be read: {reason}")]
pub struct Error {
    datasource: String,
    reason: std::io::Error,
}

impl App {
    /// What was written to a datasource, by name.
    pub async fn exports(&self, datasource: &Datasource) -> Result<Vec<Export>, Error> {
        let cannot = |reason| Error { datasource: datasource.name.clone(), reason };
        let mut exports = Vec::new();
        let mut folder = match tokio::fs::read_dir(self.blobs.exports(&datasource.id)).await {
            Ok(folder) => folder,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(exports),
            Err(error) => return Err(cannot(error)),
        };
        while let Some(entry) = folder.next_entry().await.map_err(cannot)? {
            let about = entry.metadata().await.map_err(cannot)?;
            let name = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if let Some(name) = name.filter(|_| about.is_file()) {
                exports.push(Export { name, size: about.len() });
            }
        }
        exports.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
        Ok(exports)
    }

    /// Where one of them lies, and its size; none: there is no such export.
    pub async fn export(
        &self,
        datasource: &Datasource,
        name: &str,
    ) -> Result<Option<(PathBuf, u64)>, Error> {
        let exports = self.exports(datasource).await?;
        let found = exports.into_iter().find(|export| export.name.as_str() == name);
        let folder = self.blobs.exports(&datasource.id);
        Ok(found.map(|export| (folder.join(export.name.as_str()), export.size)))
    }
}
