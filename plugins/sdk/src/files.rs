//! The files of this sync: what was uploaded, and what an export writes.

pub use crate::bindings::ourwater::datasource::files::File;

use crate::Result;

/// Every file this sync may see, in order of name.
pub fn all() -> Result<Vec<File>> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::ourwater::datasource::files::all();
    #[cfg(not(target_family = "wasm"))]
    crate::native::with(|host| host.all())
}

/// `length` bytes from `offset`; fewer only at the end of the file.
pub fn read(name: &str, offset: u64, length: u32) -> Result<Vec<u8>> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::ourwater::datasource::files::read(name, offset, length);
    #[cfg(not(target_family = "wasm"))]
    crate::native::with(|host| host.read(name, offset, length))
}

/// Appends at `at`, which must be the file's present size (0 creates it); returns the new size.
pub fn append(name: &str, at: u64, bytes: &[u8]) -> Result<u64> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::ourwater::datasource::files::append(name, at, bytes);
    #[cfg(not(target_family = "wasm"))]
    crate::native::with(|host| host.append(name, at, bytes))
}
