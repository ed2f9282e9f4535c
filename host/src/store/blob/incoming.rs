//! Content on its way in: hashed while it is written, and nobody's until it is kept.

use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt as _, PutPayload};
use sha2::{Digest as _, Sha256};

use super::{Blobs, Error, Kept};
use crate::domain::digest::hex;
use crate::domain::id::random_hex;

/// What is hashed and written at once, bytes, at least; the end of a stream is less.
const PART_BYTES_MIN: usize = 4 * 1024 * 1024;

/// Content that arrived whole and lies aside; unless it is kept, it goes with this.
#[derive(Debug)]
pub struct Received {
    blobs: Blobs,
    incoming: Path,
    sha256: String,
    size: u64,
}

/// Takes in what a stream gives.
pub(super) async fn receive<E: Display>(
    blobs: &Blobs,
    content: impl Stream<Item = Result<Bytes, E>>,
    bytes_max: u64,
) -> Result<Received, Error> {
    let incoming = Path::from(format!("{}/{}", blobs.incoming, random_hex()));
    let mut upload = blobs.objects.put_multipart(&incoming).await?;
    let mut content = Incoming { content: Box::pin(content), size: 0, bytes_max };
    match write(&mut content, upload.as_mut()).await {
        Ok(sha256) => {
            upload.complete().await?;
            Ok(Received { blobs: blobs.clone(), incoming, sha256, size: content.size })
        }
        Err(error) => {
            // What is left of it is swept away later.
            let _ = upload.abort().await;
            Err(error)
        }
    }
}

impl Received {
    /// The whole content, of what is known to be small.
    pub async fn content(&self) -> Result<Vec<u8>, Error> {
        Ok(self.blobs.objects.get(&self.incoming).await?.bytes().await?.to_vec())
    }

    /// Puts it where its digest finds it, unless it is there already.
    pub async fn keep(self) -> Result<Kept, Error> {
        let objects = &self.blobs.objects;
        let settled = Arc::clone(&self.blobs.settled).read_owned().await;
        let path = Blobs::path(&self.sha256);
        match objects.head(&path).await {
            Ok(_) => {}
            Err(object_store::Error::NotFound { .. }) => {
                objects.rename(&self.incoming, &path).await?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(Kept { sha256: self.sha256.clone(), size: self.size, _settled: settled })
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        // What was kept is no longer there, and what stays is swept away later.
        let _ = std::fs::remove_file(self.blobs.folder.join(self.incoming.as_ref()));
    }
}

/// A stream and how much it gave.
struct Incoming<S> {
    content: Pin<Box<S>>,
    size: u64,
    bytes_max: u64,
}

impl<S: Stream<Item = Result<Bytes, E>>, E: Display> Incoming<S> {
    /// The next part, in the pieces it came in; empty at the end.
    async fn part(&mut self) -> Result<Vec<Bytes>, Error> {
        let (mut part, mut length) = (Vec::new(), 0);
        while length < PART_BYTES_MIN {
            let Some(piece) = self.content.next().await else { break };
            let piece = piece.map_err(|error| Error::CutOff(error.to_string()))?;
            length += piece.len();
            self.size += piece.len() as u64;
            if self.size > self.bytes_max {
                return Err(Error::TooLarge { bytes_max: self.bytes_max });
            }
            part.push(piece);
        }
        Ok(part)
    }
}

/// Hashes and writes each part while the next one arrives; the digest.
async fn write<E: Display>(
    content: &mut Incoming<impl Stream<Item = Result<Bytes, E>>>,
    upload: &mut dyn MultipartUpload,
) -> Result<String, Error> {
    let mut hasher = Sha256::new();
    let mut part = content.part().await?;
    while !part.is_empty() {
        let payload = part.iter().cloned().collect::<PutPayload>();
        let write = async { Ok(upload.put_part(payload).await?) };
        (hasher, (), part) =
            futures_util::future::try_join3(hash(hasher, part), write, content.part()).await?;
    }
    Ok(hex(&hasher.finalize()))
}

async fn hash(mut hasher: Sha256, part: Vec<Bytes>) -> Result<Sha256, Error> {
    let task = tokio::task::spawn_blocking(move || {
        for piece in part {
            hasher.update(&piece);
        }
        hasher
    });
    Ok(task.await?)
}
