//! What is in a file: its bytes and their hash, kept while the file does not change.

use std::collections::HashMap;
use std::io::{self, SeekFrom};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use stated_object::message::{Body, BodyError, body_stream};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use xxhash_rust::xxh3::Xxh3;

use crate::folder::{Opened, Signature};

/// Files up to this size are answered whole, and kept.
const WHOLE_BYTES_MAX: u64 = 256 << 10;
/// Bytes of all kept files.
const KEPT_BYTES_MAX: usize = 64 << 20;
/// Files of which something is kept; of large ones it is the hash alone.
const KEPT_MAX: usize = 20_000;
/// Bytes of one chunk of a larger file.
const CHUNK_BYTES: usize = 64 << 10;

/// What is kept of the files that were served.
#[derive(Debug, Default)]
pub(crate) struct Contents(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    files: HashMap<String, Content>,
    bytes: usize,
}

#[derive(Clone, Debug)]
struct Content {
    signature: Signature,
    etag: String,
    bytes: Option<Bytes>,
}

/// A file that is about to be answered with.
#[derive(Debug)]
pub(crate) struct Served {
    /// A quoted hash of the bytes.
    pub(crate) etag: String,
    pub(crate) size: u64,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Bytes(Bytes),
    File(File),
}

impl Contents {
    /// Looks at a file, or at what is kept of it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) async fn serve(&self, name: &str, opened: Opened) -> io::Result<Served> {
        let Opened {
            file,
            signature,
            size,
        } = opened;
        let mut file = File::from_std(file);
        let known = self.known(name, signature);
        let content = match known {
            Some(content) => content,
            None => {
                let content = read(&mut file, signature, size).await?;
                self.keep(name, content.clone());
                content
            }
        };
        Ok(Served {
            etag: content.etag,
            size,
            source: content.bytes.map_or(Source::File(file), Source::Bytes),
        })
    }

    fn known(&self, name: &str, signature: Signature) -> Option<Content> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let content = kept.files.get(name)?;
        (content.signature == signature).then(|| content.clone())
    }

    fn keep(&self, name: &str, content: Content) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let length = |content: &Content| content.bytes.as_ref().map_or(0, Bytes::len);
        let added = length(&content);
        // Simpler than finding out what is used least, and seldom: most folders fit.
        if kept.files.len() >= KEPT_MAX || kept.bytes + added > KEPT_BYTES_MAX {
            *kept = Kept::default();
        }
        kept.bytes += added;
        if let Some(former) = kept.files.insert(name.to_owned(), content) {
            kept.bytes -= length(&former);
        }
    }
}

async fn read(file: &mut File, signature: Signature, size: u64) -> io::Result<Content> {
    let mut hash = Xxh3::new();
    let mut bytes = Vec::new();
    let whole = size <= WHOLE_BYTES_MAX;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut read = 0;
    // A file that grows meanwhile is read no further than it was long.
    while read < size {
        let room = usize::try_from(size - read).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        let count = file.read(&mut chunk[..room]).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hash.update(&chunk[..count]);
        if whole {
            bytes.extend_from_slice(&chunk[..count]);
        }
        read += count as u64;
    }
    file.rewind().await?;
    Ok(Content {
        signature,
        etag: format!("\"{:032x}\"", hash.digest128()),
        bytes: whole.then(|| Bytes::from(bytes)),
    })
}

impl Served {
    /// `length` bytes from the one at `first` on, which the file has; read as they are sent.
    pub(crate) fn body(self, first: u64, length: u64) -> Body {
        let mut file = match self.source {
            Source::Bytes(bytes) => {
                // Files that are kept are far smaller than what a usize counts.
                let (first, length) = (first as usize, length as usize);
                return Body::Bytes(bytes.slice(first..first + length));
            }
            Source::File(file) => file,
        };
        let (writer, stream) = body_stream(Some(length));
        let mut left = length;
        tokio::spawn(async move {
            if let Err(error) = file.seek(SeekFrom::Start(first)).await {
                let error = BodyError::Failed(format!("read the file: {}", error.kind()));
                let _unused = writer.send(Err(error)).await;
                return;
            }
            while left > 0 {
                let room = usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
                let mut chunk = vec![0; room];
                let chunk = match file.read(&mut chunk).await {
                    Ok(0) => Err(BodyError::Failed(
                        "the file became shorter while it was sent".to_owned(),
                    )),
                    Ok(count) => {
                        chunk.truncate(count);
                        left -= count as u64;
                        Ok(Bytes::from(chunk))
                    }
                    Err(error) => Err(BodyError::Failed(format!(
                        "read the file: {}",
                        error.kind()
                    ))),
                };
                let failed = chunk.is_err();
                if writer.send(chunk).await.is_err() || failed {
                    return;
                }
            }
        });
        Body::Stream(stream)
    }
}
