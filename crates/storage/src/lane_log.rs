//! A lane on the disk: one append-only log for all objects of a shard.
//!
//! A commit is in its object's WAL, in the page cache, before it gets here. The log keeps a copy of
//! the WAL's new bytes together with where they belong, and one fdatasync makes the copies of all
//! objects durable that committed meanwhile. The objects' own files are synced later, all at once,
//! when a segment of the log is full; then the segment is given up. After a crash [`recover`] writes
//! the copies back to where they belong.
//!
//! # Why this is enough
//!
//! *Claim.* After recovery every object shows at least its last reported commit, and whole turns.
//!
//! Recovery writes bytes that were in the WAL at the same place, so whatever of the WAL survived by
//! itself stays as it was or becomes what it was, and SQLite's own rule (valid checksums up to a
//! commit frame) decides what counts. For that to be right the log must begin where the files on
//! the disk end, and nothing that is not in the log may have become part of the database file:
//!
//! 1. A segment is given up, in order, only after a sync of the whole file system that began when
//!    the segment was full. What is left of the log is therefore contiguous, and everything before
//!    it is in the objects' files.
//! 2. A checkpoint waits until the log has every commit of its object, and never runs after one
//!    failed. So when SQLite starts a WAL anew, the log has the old one to its end, and the
//!    database file on the disk has all of it. Writing an old WAL back over a new one that never
//!    got into the log loses only what was not reported; if the new one is in the log, it is
//!    written after the old one.
//! 3. A WAL may hold commits that the log does not: left by an earlier process, or by an object that
//!    was reset because they could not be logged. Before such a database is used, its files are
//!    synced and a "settled" record is made durable, which voids the object's earlier records.
//!    The same is done for a commit too large for the log.
//! 4. The first page of a new database is written beside the WAL, so it is logged as well. It is put
//!    back only where no header is: with a header the file was either never lost, or checkpointed.
//!
//! A batch is written after the one before it is durable, so at most the last one can be torn.
//! Something readable after something unreadable is damage, and recovery refuses to guess.
//!
//! What can still go wrong: like SQLite this assumes that writing a sector does not harm its
//! neighbours. `syncfs` reports failures to write back only since Linux 5.8.
//!
//! Measurements and alternatives are in docs/design/0005-lanes.md.

mod batch;
mod recover;
mod store;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{fs, io};

pub(crate) use batch::Batch;
pub(crate) use recover::recover;
pub use store::{SegmentFile, SegmentStore};

use crate::commit::DurabilityError;
use crate::connection::sync_parent;
use batch::{SEGMENT_HEADER_BYTES, SegmentHeader};
use store::{Disk, SEGMENT_SUFFIX};

/// The size of a segment: a few thousand commits of one page.
pub(crate) const SEGMENT_BYTES: u64 = 16 << 20;
/// Full segments that may wait to be settled before commits have to wait.
const FULL_SEGMENTS_MAX: usize = 3;
/// A batch that has grown to this size is written at once.
pub(crate) const BATCH_BYTES: usize = 1 << 20;
/// The largest commit, or run of commits of one object, that is copied into the log.
pub(crate) const CAPTURE_BYTES_MAX: u64 = 4 << 20;

/// The log of one shard. Nothing is on the disk before the first commit.
#[derive(Debug)]
pub struct LaneLog {
    root: PathBuf,
    folder: PathBuf,
    store: Arc<dyn SegmentStore>,
    segment_bytes: u64,
    full: Arc<FullSegments>,
    segment: Option<Segment>,
    last_segment: u64,
    last_batch: u64,
    /// A failed sync is never repeated: see the header of `commit`.
    failure: Option<DurabilityError>,
}

#[derive(Debug)]
struct Segment {
    file: Box<dyn SegmentFile>,
    path: PathBuf,
    seed: u64,
    end: u64,
}

impl LaneLog {
    /// Returns the log `folder`, a folder that only it uses, for databases below `root`.
    ///
    /// # Errors
    /// The operating system's, if `root` cannot be opened.
    pub(crate) fn new(root: &Path, folder: PathBuf) -> io::Result<Self> {
        let store = Arc::new(Disk::open(root)?);
        Ok(Self::with_store(root, folder, store, SEGMENT_BYTES))
    }

    /// Returns a log with files of the caller's making. A segment must have room for 6 MiB.
    pub fn with_store(
        root: &Path,
        folder: PathBuf,
        store: Arc<dyn SegmentStore>,
        segment_bytes: u64,
    ) -> Self {
        Self {
            root: root.to_owned(),
            folder,
            store,
            segment_bytes,
            full: Arc::default(),
            segment: None,
            last_segment: 0,
            last_batch: 0,
            failure: None,
        }
    }

    /// Returns what gives up full segments, to be run on a thread of its own.
    pub(crate) fn settler(&self) -> Settler {
        Settler {
            full: Arc::clone(&self.full),
            store: Arc::clone(&self.store),
        }
    }

    /// Returns how records name a database.
    pub(crate) fn name_of<'a>(&self, path: &'a Path) -> Result<&'a str, DurabilityError> {
        let inside = path.strip_prefix(&self.root).ok().and_then(Path::to_str);
        inside.ok_or_else(|| {
            let source = io::Error::other("it is not in the data folder");
            DurabilityError::new("log commits of", path, source)
        })
    }

    /// Makes the batch durable.
    ///
    /// # Errors
    /// Nothing of the batch is durable then, but any of it may be found by recovery. When space was
    /// missing, later batches may succeed; after a failed sync none does.
    pub(crate) fn append(&mut self, batch: &mut Batch) -> Result<(), DurabilityError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let size = batch.bytes() as u64;
        let room = self
            .segment
            .as_ref()
            .map_or(0, |segment| self.segment_bytes - segment.end);
        if size > room {
            self.roll()?;
        }
        let segment = self
            .segment
            .as_mut()
            .expect("there was room, or it was made");
        let bytes = batch.encode(self.last_batch + 1, segment.seed);
        segment
            .file
            .write_at(bytes, segment.end)
            .map_err(|error| DurabilityError::new("append to lane", &segment.path, error))?;
        if let Err(error) = segment.file.sync() {
            let failure = DurabilityError::new("sync lane", &segment.path, error);
            return Err(self.failure.insert(failure).clone());
        }
        segment.end += size;
        self.last_batch += 1;
        Ok(())
    }

    /// Makes everything durable that was written to the objects' files.
    pub(crate) fn settle(&self) -> Result<(), DurabilityError> {
        settle(&*self.store, &self.root)
    }

    /// Begins a new segment and hands the old one to the settler.
    fn roll(&mut self) -> Result<(), DurabilityError> {
        if self.segment.is_some() {
            self.full.wait_for_room()?;
        }
        let header = SegmentHeader {
            number: self.last_segment + 1,
            first_batch: self.last_batch + 1,
            seed: seed().map_err(|error| DurabilityError::new("seed lane", &self.folder, error))?,
        };
        let path = self
            .folder
            .join(format!("{:016x}{SEGMENT_SUFFIX}", header.number));
        let file = self
            .store
            .create(&path, &header.encode(), self.segment_bytes)
            .map_err(|error| DurabilityError::new("create lane", &path, error))?;
        self.last_segment = header.number;
        let segment = Segment {
            file,
            path,
            seed: header.seed,
            end: SEGMENT_HEADER_BYTES,
        };
        if let Some(full) = self.segment.replace(segment) {
            self.full.push(full.path);
        }
        Ok(())
    }
}

impl Drop for LaneLog {
    /// Leaves the objects' files complete and the lane's folder gone; after a failure the lane
    /// stays for recovery. The settler ends.
    fn drop(&mut self) {
        self.full.close();
        if self.segment.is_none() {
            return;
        }
        if let Err(error) = self.settle() {
            tracing::error!(%error, "the lane is kept for the next start");
        } else if self.failure.is_none()
            && let Err(error) =
                fs::remove_dir_all(&self.folder).and_then(|()| sync_parent(&self.folder))
        {
            // The next start writes what is there already, which changes nothing.
            tracing::warn!(%error, folder = %self.folder.display(), "remove lane");
        }
    }
}

fn settle(store: &dyn SegmentStore, root: &Path) -> Result<(), DurabilityError> {
    store
        .settle()
        .map_err(|error| DurabilityError::new("sync file system of", root, error))
}

fn seed() -> io::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Gives up full segments, oldest first, when the objects' files have what they hold.
#[derive(Debug)]
pub(crate) struct Settler {
    full: Arc<FullSegments>,
    store: Arc<dyn SegmentStore>,
}

impl Settler {
    /// Runs until the log is dropped, or until a failure: then no further segment is given up, and
    /// commits fail when there is no room for more.
    pub(crate) fn run(self) {
        while let Some(paths) = self.full.next() {
            let failure = self.give_up(&paths).err();
            if let Some(error) = &failure {
                tracing::error!(%error, "lanes cannot be given up any more");
            }
            let failed = failure.is_some();
            self.full.finish(failure);
            if failed {
                return;
            }
        }
    }

    fn give_up(&self, paths: &[PathBuf]) -> Result<(), DurabilityError> {
        let Some(first) = paths.first() else {
            return Ok(());
        };
        settle(&*self.store, first)?;
        for path in paths {
            self.store
                .remove(path)
                .map_err(|error| DurabilityError::new("remove lane", path, error))?;
            self.full.pop();
        }
        Ok(())
    }
}

/// The segments that wait for the settler.
#[derive(Debug, Default)]
struct FullSegments {
    state: Mutex<FullState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct FullState {
    waiting: VecDeque<PathBuf>,
    /// The settler is at work.
    busy: bool,
    closed: bool,
    failure: Option<DurabilityError>,
}

impl FullSegments {
    fn push(&self, path: PathBuf) {
        self.lock().waiting.push_back(path);
        self.changed.notify_all();
    }

    fn pop(&self) {
        self.lock().waiting.pop_front();
        self.changed.notify_all();
    }

    /// Ends the settler after what it is doing now.
    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
        drop(self.wait_while(|state| state.busy));
    }

    /// Waits for work, which must be finished; `None` when there will be none.
    fn next(&self) -> Option<Vec<PathBuf>> {
        let mut state = self.wait_while(|state| state.waiting.is_empty() && !state.closed);
        state.busy = !state.closed;
        (!state.closed).then(|| state.waiting.iter().cloned().collect())
    }

    fn finish(&self, failure: Option<DurabilityError>) {
        let mut state = self.lock();
        state.busy = false;
        state.failure = failure;
        self.changed.notify_all();
    }

    fn wait_for_room(&self) -> Result<(), DurabilityError> {
        let is_full = |state: &FullState| state.waiting.len() >= FULL_SEGMENTS_MAX;
        let state = self.wait_while(|state| is_full(state) && state.failure.is_none());
        match &state.failure {
            Some(failure) if is_full(&state) => Err(failure.clone()),
            _ => Ok(()),
        }
    }

    fn wait_while(&self, condition: impl Fn(&FullState) -> bool) -> MutexGuard<'_, FullState> {
        self.changed
            .wait_while(self.lock(), |state| condition(state))
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, FullState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
