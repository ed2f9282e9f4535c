//! A folder of temporary files that goes with the command.

use std::io;
use std::path::PathBuf;

/// Removed when it is dropped.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new() -> io::Result<Self> {
        let name = format!("ourwater-{}", crate::domain::id::random_hex());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in the folder of temporary files is the system's to sweep.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
