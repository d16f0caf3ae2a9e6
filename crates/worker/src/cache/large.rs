//! Bodies that are too large to be in memory: written into a file as they come, and read from it as they are sent.

use std::fs;
use std::io::SeekFrom;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use stated_object::message::{BodyError, BodyStream, body_stream};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::codec::crc32;

/// Bytes that are read at a time.
const PIECE_BYTES: usize = 64 << 10;

/// A body in a file.
#[derive(Debug)]
pub(crate) struct LargeBody {
    pub(super) file: fs::File,
    /// Where it begins in the file.
    pub(super) start: u64,
    pub(super) length: u64,
    pub(super) checksum: u32,
}

impl LargeBody {
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// `count` bytes from the one at `first` on, which the body has. Damage shows at the end of a whole body.
    pub(crate) fn stream(self, first: u64, count: u64) -> BodyStream {
        let (writer, stream) = body_stream(Some(count));
        let checked = (first == 0 && count == self.length).then_some(self.checksum);
        tokio::task::spawn_local(async move {
            let damaged = || BodyError::Failed("the cached body is damaged".to_owned());
            let mut file = File::from_std(self.file);
            let mut left = count;
            let mut sum = 0;
            if file
                .seek(SeekFrom::Start(self.start + first))
                .await
                .is_err()
            {
                left = 0;
                let _unread = writer.send(Err(damaged())).await;
            }
            while left > 0 {
                let room = usize::try_from(left).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
                let mut piece = vec![0; room];
                let Ok(read @ 1..) = file.read(&mut piece).await else {
                    let _unread = writer.send(Err(damaged())).await;
                    return;
                };
                piece.truncate(read);
                left -= read as u64;
                sum = crc32(sum, &piece);
                let last = left == 0 && checked.is_some_and(|checked| checked != sum);
                let piece = if last {
                    Err(damaged())
                } else {
                    Ok(Bytes::from(piece))
                };
                if writer.send(piece).await.is_err() {
                    return;
                }
            }
        });
        stream
    }
}

/// A file that a large body is written into. It goes with this, unless it was adopted.
#[derive(Debug)]
pub(super) struct Spool {
    path: PathBuf,
    file: File,
    length: u64,
    checksum: u32,
    adopted: bool,
}

impl Spool {
    pub(super) fn new(path: PathBuf) -> std::io::Result<Self> {
        let file = fs::File::create(&path)?;
        Ok(Self {
            path,
            file: File::from_std(file),
            length: 0,
            checksum: 0,
            adopted: false,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves room for the head, and writes the first bytes. False when it cannot.
    pub(super) async fn begin(&mut self, head_bytes: usize, first: Bytes) -> bool {
        let room = vec![0; head_bytes];
        self.file.write_all(&room).await.is_ok() && self.add(first, u64::MAX).await
    }

    /// Writes some more. False when it cannot, or the body has become larger than it may be.
    pub(super) async fn add(&mut self, piece: Bytes, bytes_max: u64) -> bool {
        self.length += piece.len() as u64;
        self.checksum = crc32(self.checksum, &piece);
        self.length <= bytes_max && self.file.write_all(&piece).await.is_ok()
    }

    /// Length and checksum of the body.
    pub(super) fn body(&self) -> (u64, u32) {
        (self.length, self.checksum)
    }

    /// Writes the head, for which there is room. False when it cannot.
    pub(super) async fn finish(&mut self, head: &[u8]) -> bool {
        self.file.rewind().await.is_ok()
            && self.file.write_all(head).await.is_ok()
            && self.file.flush().await.is_ok()
    }

    /// The file has another name now.
    pub(super) fn adopted(mut self) {
        self.adopted = true;
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if !self.adopted {
            let _gone = fs::remove_file(&self.path);
        }
    }
}
