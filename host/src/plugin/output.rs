//! Keeps the last bytes a guest wrote to standard output and error: where panics leave their words.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::grant::text;

/// What a guest may write at once.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// The last bytes written. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Output {
    kept: Arc<Mutex<VecDeque<u8>>>,
    bytes_max: usize,
}

impl Output {
    /// Keeps so many bytes.
    pub(super) fn keeping(bytes_max: usize) -> Self {
        Self { kept: Arc::default(), bytes_max }
    }

    /// Forgets what was written before.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    /// What was written, as one clean line.
    pub(super) fn text(&self) -> String {
        let bytes: Vec<u8> = self.lock().iter().copied().collect();
        text::clean(String::from_utf8_lossy(&bytes).trim(), self.bytes_max)
    }

    fn add(&self, bytes: &[u8]) {
        let mut kept = self.lock();
        let tail = bytes.get(bytes.len().saturating_sub(self.bytes_max)..).unwrap_or_default();
        let over = (kept.len() + tail.len()).saturating_sub(self.bytes_max);
        kept.drain(..over);
        kept.extend(tail);
    }

    /// A panic while it was held leaves bytes, so poison means nothing.
    fn lock(&self) -> MutexGuard<'_, VecDeque<u8>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.add(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    /// Asked for by later versions of WASI only, which are not linked.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_stay() {
        let output = Output::keeping(4);
        output.add(b"ab");
        output.add(b"cde");
        assert_eq!(output.text(), "bcde");
        output.add(b"0123456789");
        assert_eq!(output.text(), "6789");
        output.clear();
        assert_eq!(output.text(), "");
    }
}
