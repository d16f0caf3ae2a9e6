//! The files of lanes, behind a seam for tests that break them.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::ReleasedSegment;
use crate::connection::{remove_if_present, sync_parent};

/// Ends the name of a segment that recovery has to read.
pub(super) const SEGMENT_SUFFIX: &str = ".lane";

/// The name of a file that is ready to become a segment.
const SPARE: &str = "spare";

/// Bytes that are written at once to a file which nobody waits for: a commit's sync comes behind them.
const SYNCED_BYTES: u64 = 1 << 20;

/// What a lane asks of the operating system.
pub trait SegmentStore: Debug + Send + Sync {
    /// Makes a file of `length` bytes that begins with `header` and holds no batch of its seed.
    /// The file, its length and its name are durable when this returns; after an error there is
    /// no file of that name.
    ///
    /// # Errors
    /// The operating system's.
    fn create(&self, path: &Path, header: &[u8], length: u64) -> io::Result<Box<dyn SegmentFile>>;

    /// Makes ready what the next [`Self::create`] in a folder would have to wait for. It is never
    /// called while that folder is in use by another lane, but perhaps at the same time as `create`.
    fn prepare(&self, _folder: &Path, _length: u64) {}

    /// Takes a segment over whose commits are in the objects' bases, to delete it or to keep it as
    /// history. From then on recovery must not find it under its name, but that the name is gone need
    /// not be durable.
    ///
    /// # Errors
    /// Why it cannot be taken now. The lane keeps it and asks again; when too many are kept, commits
    /// are refused.
    fn release(&self, segment: ReleasedSegment<'_>) -> io::Result<()>;
}

/// An open segment.
pub trait SegmentFile: Debug + Send {
    /// Writes all bytes.
    ///
    /// # Errors
    /// The operating system's; any part of the bytes may have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Waits until what was written is durable.
    ///
    /// # Errors
    /// The operating system's; what was written may be lost.
    fn sync(&self) -> io::Result<()>;
}

impl SegmentFile for File {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// The real files.
///
/// A released segment is kept as a spare for the next one: overwriting costs a third less per sync
/// than writing into space that was only reserved.
#[derive(Debug)]
pub(crate) struct Disk;

impl SegmentStore for Disk {
    fn create(&self, path: &Path, header: &[u8], length: u64) -> io::Result<Box<dyn SegmentFile>> {
        // Nobody else writes to a file of this name: `prepare` may be at work.
        let new = path.with_extension("new");
        let file = match fs::rename(spare_path(path), &new) {
            Ok(()) => OpenOptions::new().read(true).write(true).open(&new)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fill_or_remove(&new, length, None)?
            }
            Err(error) => return Err(error),
        };
        let file = match file.metadata()?.len() == length {
            true => file,
            false => fill_or_remove(&new, length, None)?,
        };
        file.write_all_at(header, 0)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        if let Err(error) = sync_names(path) {
            // Whoever is told of a failure may use the number again.
            remove_if_present(path)?;
            return Err(error);
        }
        Ok(Box::new(file))
    }

    fn prepare(&self, folder: &Path, length: u64) {
        let spare = folder.join(SPARE);
        let new = folder.join("spare.new");
        let made = || -> io::Result<()> {
            if !spare.exists() {
                fill_or_remove(&new, length, Some(SYNCED_BYTES))?.sync_all()?;
                fs::rename(&new, &spare)?;
            }
            Ok(())
        };
        if let Err(error) = made() {
            // Then `create` does it, and tells whoever commits.
            tracing::debug!(%error, "make a segment ready");
        }
    }

    fn release(&self, segment: ReleasedSegment<'_>) -> io::Result<()> {
        fs::rename(segment.path, spare_path(segment.path))
    }
}

fn spare_path(path: &Path) -> PathBuf {
    path.with_file_name(SPARE)
}

fn fill_or_remove(path: &Path, length: u64, synced: Option<u64>) -> io::Result<File> {
    fill(path, length, synced).inspect_err(|_| drop(fs::remove_file(path)))
}

/// Makes the name of a segment durable, and those of the lane's folder and of the folder of lanes,
/// whoever has made them: another thread may not have come to that yet.
fn sync_names(path: &Path) -> io::Result<()> {
    path.ancestors().take(3).try_for_each(sync_parent)
}

/// Makes a file of zeros in a folder that is made if needed. Is synced whenever so many bytes were
/// written, if that is said.
fn fill(path: &Path, length: u64, synced: Option<u64>) -> io::Result<File> {
    // Small writes: a file system that makes larger units of larger ones writes these units later.
    const ZEROS: &[u8] = &[0; 4096];
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)?;
    let mut left = length;
    while left > 0 {
        let part = left.min(ZEROS.len() as u64);
        file.write_all(&ZEROS[..part as usize])?;
        left -= part;
        if synced.is_some_and(|bytes| left.is_multiple_of(bytes)) {
            file.sync_data()?;
        }
    }
    Ok(file)
}
