//! Seals what the database holds of secrets: a copy of the database alone opens none.

use std::io;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use crate::private;

/// Bytes of what makes each seal another; long enough to be drawn at random.
const NONCE_BYTES: usize = 24;

/// Seals and opens, with a key in a file of its own that is made with the first seal.
#[derive(Debug, Clone)]
pub struct Seal {
    path: PathBuf,
}

/// Why nothing was sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file of the key.
    #[error("the key of the credentials, {path}: {reason}")]
    Key {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It was sealed with another key, for something else, or was changed.
    #[error("it does not open with this key: entrust it again")]
    Closed,
}

impl Seal {
    /// With the key in that folder.
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join("credentials.key") }
    }

    /// Seals a text, to be opened only as the text of `place`.
    pub(in crate::store) fn close(&self, place: &str, text: &str) -> Result<Vec<u8>, Error> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload { msg: text.as_bytes(), aad: place.as_bytes() };
        let sealed = self.cipher(true)?.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Error::Closed)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The text that was sealed for `place`.
    pub(in crate::store) fn open(&self, place: &str, sealed: &[u8]) -> Result<String, Error> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Error::Closed)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let text = self.cipher(false)?.decrypt(&XNonce::from(*nonce), payload);
        String::from_utf8(text.map_err(|_| Error::Closed)?).map_err(|_| Error::Closed)
    }

    /// A key that is there and cannot be used is never replaced: it may be all that opens the rest.
    fn cipher(&self, make: bool) -> Result<XChaCha20Poly1305, Error> {
        let unusable = |reason: String| Error::Key { path: self.path.clone(), reason };
        let io = |error: io::Error| unusable(error.to_string());
        let key = match private::read_key(&self.path).map_err(io)? {
            Some(key) => key,
            None if self.path.exists() => {
                return Err(unusable("others can read it, or it is not whole".to_owned()));
            }
            None if make => private::make_key(&self.path).map_err(io)?,
            None => return Err(unusable("it is missing".to_owned())),
        };
        Ok(XChaCha20Poly1305::new(&Key::from(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_in_its_place_only_and_only_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::new(folder.path());
        let sealed = seal.close("wells/access", "canary").unwrap();
        assert_eq!(seal.open("wells/access", &sealed).unwrap(), "canary");
        assert_ne!(seal.close("wells/access", "canary").unwrap(), sealed);
        assert!(!sealed.windows(6).any(|bytes| bytes == b"canary"));
        assert!(matches!(seal.open("other/access", &sealed), Err(Error::Closed)));
        let mut changed = sealed.clone();
        changed[30] ^= 1;
        for bad in [&changed[..], &sealed[..20], &[]] {
            assert!(matches!(seal.open("wells/access", bad), Err(Error::Closed)));
        }
    }

    #[test]
    fn a_key_that_is_missing_or_broken_is_named_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::new(folder.path());
        let error = seal.open("a", &[0; 40]).unwrap_err().to_string();
        assert!(error.contains("credentials.key: it is missing"), "{error}");
        std::fs::write(&seal.path, "short").unwrap();
        assert!(matches!(seal.close("a", "canary"), Err(Error::Key { .. })));
        assert_eq!(std::fs::read(&seal.path).unwrap(), b"short");
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_for_this_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::new(folder.path());
        let sealed = seal.close("a", "canary").unwrap();
        let mut permissions = std::fs::metadata(&seal.path).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, 0o600);
        permissions.set_mode(0o644);
        std::fs::set_permissions(&seal.path, permissions).unwrap();
        assert!(matches!(seal.open("a", &sealed), Err(Error::Key { .. })));
    }
}
