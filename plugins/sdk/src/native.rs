//! A stand-in for the host where there is no sandbox: tests, fuzzing, the benchmark's native floor.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::bindings::exports::ourwater::datasource::datasource::Guest;
use crate::files::File;
use crate::http::{Broken, Request, Response};
use crate::log::Level;
use crate::{Adapter, Datasource, Description, Failure, Result};

/// The host's functions, as a native plugin calls them.
pub trait Host {
    /// See [`crate::files::all`].
    fn all(&mut self) -> Result<Vec<File>>;
    /// See [`crate::files::read`].
    fn read(&mut self, name: &str, offset: u64, length: u32) -> Result<Vec<u8>>;
    /// See [`crate::files::append`].
    fn append(&mut self, name: &str, at: u64, bytes: &[u8]) -> Result<u64>;
    /// See [`crate::log::write`].
    fn log(&mut self, level: Level, message: &str);
    /// See [`crate::http::send`]. Nothing may be reached where this is not written.
    fn send(&mut self, request: &Request) -> std::result::Result<Response, Broken> {
        Err(Broken::Denied(format!("{} is not reached from here", request.url)))
    }
}

thread_local! {
    static HOST: RefCell<Box<dyn Host>> = RefCell::new(Box::new(Memory::default()));
}

/// Makes `host` this thread's host.
pub fn install(host: impl Host + 'static) {
    HOST.with(|slot| *slot.borrow_mut() = Box::new(host));
}

pub(crate) fn with<T>(call: impl FnOnce(&mut dyn Host) -> T) -> T {
    HOST.with(|host| call(host.borrow_mut().as_mut()))
}

/// What the component's `describe` returns, schema included.
pub fn describe<D: Datasource>() -> Description {
    Adapter::<D>::describe()
}

/// Files in memory.
#[derive(Debug, Default, Clone)]
pub struct Memory {
    /// Contents by name.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Memory {
    /// One file.
    pub fn of(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { files: BTreeMap::from([(name.to_owned(), bytes.into())]) }
    }
}

impl Host for Memory {
    fn all(&mut self) -> Result<Vec<File>> {
        Ok(self.files.iter().map(|(name, bytes)| describe_file(name, bytes)).collect())
    }

    fn read(&mut self, name: &str, offset: u64, length: u32) -> Result<Vec<u8>> {
        let bytes = self.files.get(name).ok_or_else(|| missing(name))?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let end = start.saturating_add(length as usize).min(bytes.len());
        Ok(bytes[start..end].to_vec())
    }

    fn append(&mut self, name: &str, at: u64, bytes: &[u8]) -> Result<u64> {
        let file = self.files.entry(name.to_owned()).or_default();
        if at != file.len() as u64 {
            return Err(Failure::Data(format!("{name} has {} bytes, not {at}", file.len())));
        }
        file.extend_from_slice(bytes);
        Ok(file.len() as u64)
    }

    fn log(&mut self, _level: Level, _message: &str) {}
}

/// Changes when the content does, which is all that is asked of it here.
fn describe_file(name: &str, bytes: &[u8]) -> File {
    use std::hash::{Hash, Hasher};
    let mut hasher = std::hash::DefaultHasher::new();
    bytes.hash(&mut hasher);
    let sha256 = format!("{:064x}", hasher.finish());
    File { name: name.to_owned(), size: bytes.len() as u64, sha256, modified: 0 }
}

fn missing(name: &str) -> Failure {
    Failure::Data(format!("there is no file {name:?}"))
}
