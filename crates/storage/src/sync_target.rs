//! One open database as the committer sees it: its files, and what of them is durable.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::alarm::AlarmLink;
use crate::commit::{DatabaseKey, DurabilityError};
use crate::connection::{sync_parent, wal_path};
use crate::lane_log::{Batch, CAPTURE_BYTES_MAX};

/// The header of a WAL: 8 numbers of 32 bits.
const WAL_HEADER_BYTES: usize = 32;
/// In front of each page in a WAL.
const FRAME_HEADER_BYTES: u64 = 24;

/// The files of one open database.
#[derive(Debug)]
pub(crate) struct SyncTarget {
    pub(crate) key: DatabaseKey,
    path: PathBuf,
    pub(crate) alarm: Option<AlarmLink>,
    files: Mutex<SyncFiles>,
}

#[derive(Debug, Default)]
struct SyncFiles {
    wal: Option<File>,
    /// The database file while its header is in no log and has never been synced.
    created: Option<Arc<File>>,
    logged: WalExtent,
    failure: Option<DurabilityError>,
}

/// How much of a WAL a lane has. The default is of a WAL that does not exist yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WalExtent {
    /// Differs in every WAL that SQLite begins, also in the same file.
    header: [u8; WAL_HEADER_BYTES],
    end: u64,
}

impl WalExtent {
    /// Whether the database's WAL is still the one that is meant.
    pub(crate) fn is_of(&self, path: &Path) -> io::Result<bool> {
        let wal = File::open(wal_path(path))?;
        let mut header = [0; WAL_HEADER_BYTES];
        wal.read_exact_at(&mut header, 0)?;
        Ok(header == self.header && wal.metadata()?.len() >= self.end)
    }

    /// Returns the extent of the WAL of which so many frames count. None do in one that is gone.
    pub(crate) fn found(path: &Path, frames: u32) -> io::Result<Self> {
        if frames == 0 {
            return Ok(Self::default());
        }
        let mut header = [0; WAL_HEADER_BYTES];
        File::open(wal_path(path))?.read_exact_at(&mut header, 0)?;
        let end = Self::end_of(&header, frames);
        Ok(Self { header, end })
    }

    /// Returns where the WAL with this header ends that has so many frames.
    fn end_of(header: &[u8; WAL_HEADER_BYTES], frames: u32) -> u64 {
        let page_bytes = u32::from_be_bytes([header[8], header[9], header[10], header[11]]);
        let frame_bytes = FRAME_HEADER_BYTES + u64::from(page_bytes);
        WAL_HEADER_BYTES as u64 + u64::from(frames) * frame_bytes
    }
}

/// What became of commits that were to be copied into a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capture {
    /// The batch has them.
    Copied,
    /// They are too large; nothing was copied, and they count as logged.
    TooLarge,
}

impl SyncTarget {
    pub(crate) fn new(path: PathBuf, alarm: Option<AlarmLink>) -> Self {
        Self {
            key: DatabaseKey::next(),
            path,
            alarm,
            files: Mutex::default(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file is new: its header, which is not in the WAL, must be made durable as well.
    pub(crate) fn file_was_created(&self, file: Arc<File>) {
        self.lock().created = Some(file);
    }

    /// The log has the WAL up to here from an earlier connection.
    pub(crate) fn resume(&self, logged: WalExtent) {
        self.lock().logged = logged;
    }

    /// Returns how much of the WAL the log has, if that is all of what was committed.
    pub(crate) fn logged(&self) -> Option<WalExtent> {
        let files = self.lock();
        let complete = files.failure.is_none() && files.logged != WalExtent::default();
        complete.then_some(files.logged)
    }

    /// The first failure, if a sync of this database ever failed.
    pub(crate) fn failure(&self) -> Option<DurabilityError> {
        self.lock().failure.clone()
    }

    /// Makes every later sync fail with this error, or with an earlier one.
    pub(crate) fn fail(&self, error: DurabilityError) -> DurabilityError {
        self.lock().failure.get_or_insert(error).clone()
    }

    /// Makes the alarm index durable, as far as this object is concerned.
    pub(crate) fn sync_alarm_index(&self) -> Result<(), DurabilityError> {
        match &self.alarm {
            Some(link) => link.sync_index().map_err(|error| self.fail(error)),
            None => Ok(()),
        }
    }

    /// Makes everything committed so far durable in the database's own files.
    pub(crate) fn sync(&self) -> Result<(), DurabilityError> {
        self.unless_failed(|files| files.sync(&self.path))
    }

    /// Copies what was committed since the last time, up to a WAL of `frames` frames.
    ///
    /// The caller must log the batch, or fail the target. No checkpoint may run meanwhile.
    pub(crate) fn capture(
        &self,
        name: &str,
        frames: u32,
        batch: &mut Batch,
    ) -> Result<Capture, DurabilityError> {
        self.unless_failed(|files| files.capture(&self.path, name, frames, batch))
    }

    fn unless_failed<T>(
        &self,
        action: impl FnOnce(&mut SyncFiles) -> Result<T, DurabilityError>,
    ) -> Result<T, DurabilityError> {
        let mut files = self.lock();
        if let Some(failure) = &files.failure {
            return Err(failure.clone());
        }
        action(&mut files).map_err(|failure| files.failure.insert(failure).clone())
    }

    fn lock(&self) -> MutexGuard<'_, SyncFiles> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SyncFiles {
    fn wal(&mut self, wal_path: &Path) -> Result<&File, DurabilityError> {
        Ok(match &mut self.wal {
            Some(wal) => wal,
            none => {
                let file = File::open(wal_path)
                    .map_err(|error| DurabilityError::new("open WAL", wal_path, error))?;
                none.insert(file)
            }
        })
    }

    fn sync(&mut self, path: &Path) -> Result<(), DurabilityError> {
        let wal_path = wal_path(path);
        self.wal(&wal_path)?
            .sync_data()
            .map_err(|error| DurabilityError::new("sync WAL", &wal_path, error))?;
        if let Some(created) = &self.created {
            created
                .sync_all()
                .map_err(|error| DurabilityError::new("sync database", path, error))?;
            sync_parent(path)
                .map_err(|error| DurabilityError::new("sync folder of", path, error))?;
            // The connection holds the other handle, so this does not close the file.
            self.created = None;
        }
        Ok(())
    }

    fn capture(
        &mut self,
        path: &Path,
        name: &str,
        frames: u32,
        batch: &mut Batch,
    ) -> Result<Capture, DurabilityError> {
        let wal_path = wal_path(path);
        let read_failed = |error| DurabilityError::new("read WAL", &wal_path, error);
        let logged = self.logged;
        let wal = self.wal(&wal_path)?;
        let mut header = [0; WAL_HEADER_BYTES];
        wal.read_exact_at(&mut header, 0).map_err(read_failed)?;
        let start = if header == logged.header {
            logged.end
        } else {
            0
        };
        let end = WalExtent::end_of(&header, frames);
        let size = end.saturating_sub(start);
        if size > CAPTURE_BYTES_MAX {
            self.created = None;
            self.logged = WalExtent { header, end };
            return Ok(Capture::TooLarge);
        }
        let mut data = vec![0; size as usize];
        wal.read_exact_at(&mut data, start).map_err(read_failed)?;
        if let Some(created) = &self.created {
            let base = first_pages(created)
                .map_err(|error| DurabilityError::new("read database", path, error))?;
            batch.base(name, &base);
            self.created = None;
        }
        batch.frames(name, start, &data);
        self.logged = WalExtent { header, end };
        Ok(Capture::Copied)
    }
}

/// Reads a database that was never checkpointed: one page.
fn first_pages(database: &File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; database.metadata()?.len() as usize];
    database.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}
