//! Compiled modules on disk: only what this program wrote here itself is ever run.
//!
//! A compiled module is machine code, so whoever can put one here runs code in the host. Each file
//! therefore begins with a MAC, under a key that only this user can read, over what it was compiled
//! from, with what, and the code. What does not verify is compiled again.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::domain::digest::hex;
use crate::private::{self, KEY_BYTES};

/// Bytes of a MAC, and of the key it is made with.
const MAC_BYTES: usize = KEY_BYTES;

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
            let path = folder.join("key");
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
        let bytes = fs::read(self.path(&identity)).ok()?;
        let (mac, compiled) = bytes.split_first_chunk::<MAC_BYTES>()?;
        self.seal(&identity, compiled).verify_slice(mac).ok()?;
        deserialize(engine, compiled).ok()
    }

    /// Compiles a component and keeps the result. Blocks.
    pub(super) fn compile(
        &self,
        engine: &Engine,
        digest: &str,
        wasm: &[u8],
    ) -> Result<Component, wasmtime::Error> {
        let compiled = engine.precompile_component(wasm)?;
        let identity = self.identity(engine, digest);
        let mac = self.seal(&identity, &compiled).finalize().into_bytes();
        let path = self.path(&identity);
        if let Err(error) = private::write_whole(&path, &[&mac, &compiled]) {
            tracing::warn!(path = %path.display(), %error, "a compiled plugin was not kept");
        }
        deserialize(engine, &compiled)
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
        hasher.0.finalize().into_bytes().into()
    }

    fn seal(&self, identity: &[u8; MAC_BYTES], compiled: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.mac("compiled");
        mac.update(identity);
        mac.update(compiled);
        mac
    }

    fn mac(&self, purpose: &str) -> Hmac<Sha256> {
        let key: &hmac::digest::Key<Hmac<Sha256>> = &padded(self.key).into();
        let mut mac = Hmac::new(key);
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac
    }
}

#[expect(unsafe_code, reason = "how wasmtime takes what it compiled")]
fn deserialize(engine: &Engine, compiled: &[u8]) -> Result<Component, wasmtime::Error> {
    // SAFETY: these must be bytes that wasmtime's compiler made. They come from
    // `Engine::precompile_component` a moment ago, or from a file whose MAC, under a key that only
    // this user can read, was verified over exactly these bytes, in memory; and only
    // `Cache::compile` makes such a MAC.
    unsafe { Component::deserialize(engine, compiled) }
}

/// The key as HMAC wants it: one block of SHA-256.
fn padded(key: [u8; MAC_BYTES]) -> [u8; 64] {
    let mut block = [0; 64];
    let (front, _) = block.split_at_mut(MAC_BYTES);
    front.copy_from_slice(&key);
    block
}

/// Wasmtime gives what its code depends on as something to hash.
struct IntoMac(Hmac<Sha256>);

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
