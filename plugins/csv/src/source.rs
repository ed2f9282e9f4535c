//! A file as UTF-8 text, read in ranges: memory is one chunk and the row that is being read.

use encoding_rs::{Decoder, Encoding, UTF_8};
use ourwater_sdk::files::{self, File};
use ourwater_sdk::{Failure, Result};

use crate::encoding;
use crate::failure::config;

/// What one call to the host brings.
const CHUNK_BYTES: u32 = 256 * 1024;

/// Text from a place in a file.
pub(crate) struct Source {
    pub(crate) file: File,
    pub(crate) encoding: &'static Encoding,
    decoder: Option<Decoder>,
    chunk_bytes: u32,
    /// The place in the file of the next chunk.
    next: u64,
    buffer: Vec<u8>,
    /// Up to here the buffer is used up.
    start: usize,
    /// A place in the buffer, and the place in the file that it is.
    known: (usize, u64),
}

impl Source {
    /// From `offset`, which is 0 or a place [`Source::offset`] gave.
    pub(crate) fn open(name: &str, label: Option<&str>, offset: u64) -> Result<Self> {
        let file = find(name)?;
        let head = files::read(name, 0, 4)?;
        let encoding = encoding::choose(label, &head)?;
        let offset = offset.max(encoding::mark_length(encoding, &head) as u64);
        Ok(Self {
            file,
            encoding,
            decoder: (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling()),
            chunk_bytes: CHUNK_BYTES,
            next: offset,
            buffer: Vec::new(),
            start: 0,
            known: (0, offset),
        })
    }

    /// Over a text that is no file yet.
    pub(crate) fn memory(text: Vec<u8>) -> Self {
        let file = File { name: String::new(), size: 0, sha256: String::new(), modified: 0 };
        Self {
            file: File { size: text.len() as u64, ..file },
            encoding: UTF_8,
            decoder: None,
            chunk_bytes: CHUNK_BYTES,
            next: text.len() as u64,
            buffer: text,
            start: 0,
            known: (0, 0),
        }
    }

    /// Reads so much at once, where only the head of the file is wanted.
    pub(crate) fn chunks_of(mut self, bytes: u32) -> Self {
        self.chunk_bytes = bytes;
        self
    }

    /// What was read and is not used up.
    pub(crate) fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Adds a chunk to the rest; false at the end of the file.
    pub(crate) fn fill(&mut self) -> Result<bool> {
        while self.next < self.file.size {
            let chunk = files::read(&self.file.name, self.next, self.chunk_bytes)?;
            if chunk.is_empty() {
                return Err(Failure::Data(format!("{:?} ended early", self.file.name)));
            }
            let before = self.rest().len();
            self.add(chunk);
            if self.rest().len() > before {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Uses up the next bytes.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.start = (self.start + bytes).min(self.buffer.len());
    }

    /// The place in the file of the rest.
    pub(crate) fn offset(&mut self) -> u64 {
        let (from, place) = self.known;
        let used = self.buffer.get(from..self.start).unwrap_or_default();
        let place = place + encoding::raw_length(self.encoding, used) as u64;
        // Half a character at the end of the file is shown as one, whatever its length.
        let ended = self.next >= self.file.size && self.rest().is_empty();
        let place = if ended { self.file.size } else { place.min(self.file.size) };
        self.known = (self.start, place);
        self.known.1
    }

    fn add(&mut self, chunk: Vec<u8>) {
        let place = self.offset();
        self.next += chunk.len() as u64;
        self.buffer.drain(..self.start);
        self.start = 0;
        self.known = (0, place);
        if let Some(decoder) = &mut self.decoder {
            let last = self.next >= self.file.size;
            let room = decoder.max_utf8_buffer_length(chunk.len()).unwrap_or(chunk.len() * 3);
            let mut text = String::with_capacity(room);
            // The room suffices for the whole chunk, by the decoder's own measure.
            let _ = decoder.decode_to_string(&chunk, &mut text, last);
            self.buffer.extend_from_slice(text.as_bytes());
        } else if self.buffer.is_empty() {
            self.buffer = chunk;
        } else {
            self.buffer.extend_from_slice(&chunk);
        }
    }
}

/// The file of that name.
pub(crate) fn find(name: &str) -> Result<File> {
    let all = files::all()?;
    if let Some(file) = all.iter().find(|file| file.name == name) {
        return Ok(file.clone());
    }
    let names: Vec<_> = all.iter().map(|file| file.name.as_str()).collect();
    let text = format!("there is no file {name:?}; there are: {}", names.join(", "));
    Err(config("file", text))
}
