//! Files that only this user can read, written whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::domain::id::random_hex;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// Makes a folder that only this user can enter, where it is missing.
#[cfg(unix)]
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a folder, where it is missing.
#[cfg(not(unix))]
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// A key that others could read or that is cut short is none.
pub(crate) fn read_key(path: &Path) -> io::Result<Option<[u8; KEY_BYTES]>> {
    match fs::read(path) {
        Ok(bytes) if private(path)? => Ok(bytes.try_into().ok()),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a key nobody knows. Of two processes that make one at a time the later wins.
pub(crate) fn make_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    write_whole(path, &[&rand::random::<[u8; KEY_BYTES]>()])?;
    read_key(path)?.ok_or_else(|| io::Error::other("the key cannot be kept private"))
}

/// Readers see the old file or the new one.
pub(crate) fn write_whole(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let new = path.with_extension(format!("new-{}", random_hex()));
    let written = private_file(&new).and_then(|mut file| {
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.sync_all()?;
        fs::rename(&new, path)
    });
    if written.is_err() {
        // It may not exist; the first error is the one to tell.
        let _ = fs::remove_file(&new);
    }
    written
}

#[cfg(unix)]
fn private_file(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn private(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let others = 0o100;
    Ok(fs::metadata(path)?.permissions().mode() % others == 0)
}

#[cfg(not(unix))]
fn private(path: &Path) -> io::Result<bool> {
    fs::metadata(path).map(|_| true)
}
