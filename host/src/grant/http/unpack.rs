//! A body, unpacked as it comes, and never larger than allowed.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

/// Why a body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnpackError {
    /// It has more bytes than allowed.
    #[error("at most {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// It is not what its header says, or not whole.
    #[error("it is damaged")]
    Damaged,
}

/// A body so far.
pub(super) struct Unpacked {
    bytes_max: usize,
    /// As they came.
    taken: usize,
    form: Form,
}

enum Form {
    Plain(Room),
    Packed(Box<MultiGzDecoder<Room>>),
}

/// Bytes up to a limit.
struct Room {
    bytes: Vec<u8>,
    bytes_max: usize,
}

impl Unpacked {
    /// An empty one.
    pub(super) fn new(packed: bool, bytes_max: usize) -> Self {
        let room = Room { bytes: Vec::new(), bytes_max };
        let form = if packed {
            Form::Packed(Box::new(MultiGzDecoder::new(room)))
        } else {
            Form::Plain(room)
        };
        Self { bytes_max, taken: 0, form }
    }

    /// Adds what came.
    pub(super) fn add(&mut self, piece: &[u8]) -> Result<(), UnpackError> {
        self.taken += piece.len();
        if self.taken > self.bytes_max {
            return Err(UnpackError::TooLarge { bytes_max: self.bytes_max });
        }
        let added = match &mut self.form {
            Form::Plain(room) => room.write_all(piece),
            Form::Packed(decoder) => decoder.write_all(piece),
        };
        added.map_err(|error| self.why(&error))
    }

    /// The whole of it. A packed body of no bytes is none: HEAD and 304 have no more.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, UnpackError> {
        let finished = match &mut self.form {
            Form::Packed(decoder) if self.taken > 0 => decoder.try_finish(),
            _ => Ok(()),
        };
        finished.map_err(|error| self.why(&error))?;
        Ok(match self.form {
            Form::Plain(room) => room.bytes,
            Form::Packed(mut decoder) => std::mem::take(&mut decoder.get_mut().bytes),
        })
    }

    fn why(&self, error: &io::Error) -> UnpackError {
        match error.kind() {
            io::ErrorKind::FileTooLarge => UnpackError::TooLarge { bytes_max: self.bytes_max },
            _ => UnpackError::Damaged,
        }
    }
}

impl Write for Room {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if piece.len() > self.bytes_max - self.bytes.len() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: bool, pieces: &[u8], bytes_max: usize) -> Result<Vec<u8>, UnpackError> {
        let mut unpacked = Unpacked::new(packed, bytes_max);
        for piece in pieces.chunks(7) {
            unpacked.add(piece)?;
        }
        unpacked.finish()
    }

    #[test]
    fn a_small_body_that_unpacks_into_a_large_one_is_stopped() {
        let bomb = gzip(&vec![0; 10_000_000]);
        assert!(bomb.len() < 20_000);
        let stopped = unpack(true, &bomb, 20_000);
        assert_eq!(stopped, Err(UnpackError::TooLarge { bytes_max: 20_000 }));
        assert_eq!(unpack(true, &gzip(b"level"), 100), Ok(b"level".to_vec()));
        assert_eq!(unpack(false, b"12345678", 7), Err(UnpackError::TooLarge { bytes_max: 7 }));
        assert_eq!(unpack(false, b"12345678", 8), Ok(b"12345678".to_vec()));
    }

    #[test]
    fn a_packed_body_that_never_unpacks_into_anything_is_stopped_too() {
        let nothing = gzip(b"");
        let stopped = unpack(true, &nothing.repeat(10), nothing.len() * 9);
        assert_eq!(stopped, Err(UnpackError::TooLarge { bytes_max: nothing.len() * 9 }));
        assert_eq!(unpack(true, &nothing.repeat(9), nothing.len() * 9), Ok(Vec::new()));
    }

    #[test]
    fn a_packed_body_that_ends_early_or_is_not_packed_is_damaged() {
        let whole = gzip(b"the level of the well");
        assert_eq!(unpack(true, &whole[..whole.len() - 9], 999), Err(UnpackError::Damaged));
        assert_eq!(unpack(true, b"plain text", 999), Err(UnpackError::Damaged));
        assert_eq!(unpack(true, b"", 999), Ok(Vec::new()));
    }
}
