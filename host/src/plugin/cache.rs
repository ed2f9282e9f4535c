//! Compiled modules on disk: only what this program wrote here itself is ever run.
//!
//! A compiled module is machine code, so whoever can put one here runs code in the host. Each file
//! therefore ends with a MAC, under a key that only this user can read, over what it was compiled
//! from, with what, and the code. What does not verify is compiled again. What verifies is mapped,
//! not copied, where nobody else can write to that very file meanwhile.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use blake3::Hasher as Mac;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::domain::digest::hex;
use crate::private::{self, KEY_BYTES};

/// The name of the key's file.
const KEY: &str = "key";

/// Bytes of a MAC, and of the key it is made with.
const MAC_BYTES: usize = KEY_BYTES;

/// Read at once while a file is verified.
const PIECE_BYTES: usize = 64 * 1024;

/// Why the cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the folder of compiled plugins, {path}: {source}")]
pub struct Error {
    path: PathBuf,
    source: io::Error,
}

/// Compiled modules in a folder.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    key: [u8; MAC_BYTES],
}

impl Cache {
    /// Makes the folder and its key where they are missing.
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        let open = || {
            private::make_folder(folder)?;
            let path = folder.join(KEY);
            match private::read_key(&path)? {
                Some(key) => Ok(key),
                // What the old one sealed does not verify, and is compiled again.
                None => private::make_key(&path),
            }
        };
        match open() {
            Ok(key) => Ok(Self { folder: folder.to_owned(), key }),
            Err(source) => Err(Error { path: folder.to_owned(), source }),
        }
    }

    /// The component that was compiled before. `digest` is the component's. Blocks.
    pub(super) fn find(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let identity = self.identity(engine, digest);
        let path = self.path(&identity);
        if let Some(found) = self.map(engine, &identity, &path) {
            return Some(found);
        }
        let bytes = fs::read(path).ok()?;
        let (compiled, mac) = bytes.split_last_chunk::<MAC_BYTES>()?;
        let mut seal = self.seal(&identity);
        seal.update(compiled);
        verify(&seal, *mac)?;
        deserialize(engine, compiled).ok()
    }

    /// None where it does not verify, others could write to it, or code cannot be mapped here.
    fn map(&self, engine: &Engine, identity: &[u8; MAC_BYTES], path: &Path) -> Option<Component> {
        let file = File::open(path).ok()?;
        if !is_for_one(&file, &self.folder.join(KEY)).ok()? {
            return None;
        }
        let (mut seal, mut mac) = (self.seal(identity), [0; MAC_BYTES]);
        let mut left = file.metadata().ok()?.len().checked_sub(MAC_BYTES as u64)?;
        let mut piece = vec![0; PIECE_BYTES];
        while left > 0 {
            let some = usize::try_from(left).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
            let piece = piece.get_mut(..some)?;
            (&file).read_exact(piece).ok()?;
            seal.update(piece);
            left -= some as u64;
        }
        (&file).read_exact(&mut mac).ok()?;
        verify(&seal, mac)?;
        deserialize_file(engine, &file).ok()
    }

    /// Takes what the compiler made of a component, and keeps it for the next time. `digest` is the
    /// component's. Blocks.
    pub(super) fn keep(
        &self,
        engine: &Engine,
        digest: &str,
        compiled: &[u8],
    ) -> Result<Component, wasmtime::Error> {
        // What cannot be taken is not kept either.
        let component = deserialize(engine, compiled)?;
        let identity = self.identity(engine, digest);
        let mut seal = self.seal(&identity);
        seal.update(compiled);
        let mac = seal.finalize();
        let path = self.path(&identity);
        if let Err(error) = private::write_whole(&path, &[compiled, mac.as_bytes()]) {
            tracing::warn!(path = %path.display(), %error, "a compiled plugin was not kept");
        }
        Ok(component)
    }

    fn path(&self, identity: &[u8; MAC_BYTES]) -> PathBuf {
        self.folder.join(format!("{}.cwasm", hex(identity)))
    }

    /// What a file is the compilation of, and with what.
    fn identity(&self, engine: &Engine, digest: &str) -> [u8; MAC_BYTES] {
        let mut mac = self.mac("identity");
        mac.update(digest.as_bytes());
        mac.update(env!("CARGO_PKG_VERSION").as_bytes());
        let mut hasher = IntoMac(mac);
        engine.precompile_compatibility_hash().hash(&mut hasher);
        hasher.0.finalize().into()
    }

    /// What is still to be shown the compiled code.
    fn seal(&self, identity: &[u8; MAC_BYTES]) -> Mac {
        let mut mac = self.mac("compiled");
        mac.update(identity);
        mac
    }

    fn mac(&self, purpose: &str) -> Mac {
        let mut mac = Mac::new_keyed(&self.key);
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac
    }
}

#[expect(unsafe_code, reason = "how wasmtime takes what it compiled")]
fn deserialize(engine: &Engine, compiled: &[u8]) -> Result<Component, wasmtime::Error> {
    // SAFETY: these must be bytes that wasmtime's compiler made. They come from
    // `Engine::precompile_component` a moment ago, here or in a process of this same program that
    // ended well; or from a file whose MAC, under a key that only this user can read, was verified
    // over exactly these bytes, in memory; and only `Cache::keep` makes such a MAC.
    unsafe { Component::deserialize(engine, compiled) }
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "how wasmtime takes what it compiled")]
fn deserialize_file(engine: &Engine, file: &File) -> Result<Component, wasmtime::Error> {
    use std::os::fd::AsRawFd as _;
    // Under this name it is the open file itself, whatever its path leads to by now.
    let name = format!("/proc/self/fd/{}", file.as_raw_fd());
    // SAFETY: these must be bytes that wasmtime's compiler made, and stay so. The MAC was verified
    // over all of this very file; and but for us, who write files anew and put them in the place of
    // old ones, nobody can write to it, since it and the key belong to one owner alone.
    unsafe { Component::deserialize_file(engine, name) }
}

#[cfg(not(target_os = "linux"))]
fn deserialize_file(_engine: &Engine, _file: &File) -> Result<Component, wasmtime::Error> {
    Err(wasmtime::Error::msg("an open file has no name here"))
}

/// Compared in a time that says nothing of where they differ.
fn verify(seal: &Mac, mac: [u8; MAC_BYTES]) -> Option<()> {
    (seal.finalize() == mac).then_some(())
}

/// Only the key's owner can write to it.
#[cfg(unix)]
fn is_for_one(file: &File, key: &Path) -> io::Result<bool> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let (file, key) = (file.metadata()?, fs::metadata(key)?);
    let write = 0o022;
    Ok(file.uid() == key.uid() && file.permissions().mode() & write == 0)
}

#[cfg(not(unix))]
fn is_for_one(_file: &File, _key: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Wasmtime gives what its code depends on as something to hash.
struct IntoMac(Mac);

impl Hasher for IntoMac {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests;
