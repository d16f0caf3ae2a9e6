//! A lane on the disk: one append-only log for all objects of a shard.
//!
//! A commit is the pages that it has changed ([`crate::object_pages`]). The log gets a record of each
//! commit, and one fdatasync makes the commits of all objects durable that gathered meanwhile. When
//! a segment of the log is full, the pages of the objects in it are settled: each object's latest
//! durable pages go to its base ([`crate::directory`]), and the base is synced. Then the segment is
//! released, to be used again or kept as history. After a crash [`recover`] settles what is left.
//!
//! # Why this is enough
//!
//! *Claim.* After recovery every object shows at least its last reported commit, and whole turns.
//!
//! Records hold whole pages, so applying them is a plain redo: in order, each page as often as one
//! likes. What has to be shown is that base and lane together have every page:
//!
//! 1. A segment is released, in order, only after every object with a commit in it was settled: its
//!    base has, synced, the latest durable version of every page that this segment has.
//! 2. Settling writes the state after one commit, the last durable one, and an image together with
//!    its row in one transaction. A file of its own may be torn by a crash in the middle, but then
//!    its pages are still in the lane: 1. Redo writes all of them.
//! 3. The base may be newer than the first records that recovery finds: settling takes what is durable
//!    in later segments too. Recovery leaves out what the base has, by its number. It gives all
//!    lanes up at once, by renaming their folder, so no older part of one can stay behind.
//! 4. A record that makes earlier ones void is durable before an object's base is deleted or
//!    replaced; and before that, what the lane had of it was settled. So it loses nothing, and the
//!    earlier records cannot come back over what replaced them.
//!
//! 5. The alarm index ([`crate::alarm_index`]) has, synced, what every commit in a segment did to the
//!    alarms before the first base is settled; until then recovery takes it from the records.
//!
//! A batch is written after the one before it is durable, so at most the last one can be torn, and
//! nobody was told about it. Something readable after something unreadable is damage: in the pages
//! of a commit it is that object's, which fails from then on, and keeps what it committed before;
//! elsewhere nobody knows whose, and recovery refuses to guess.
//!
//! # When the disk fails
//!
//! *No space.* A segment is made with all its space, so space is missing only for a new segment, or
//! for settling. First the oldest history makes room, but for the last day's
//! ([`crate::history`]). Then the commits that do not fit are refused, and their objects are what they
//! were before. Settling is tried again every second, and a new segment with every batch, so writing
//! goes on when there is space.
//!
//! *A failed write or sync of a segment.* After a failed fdatasync nobody knows what is on the disk,
//! and a second one that succeeds proves nothing. So the segment is never written or synced again.
//! Its earlier batches were synced successfully, and are as safe as they were. The failed batch is
//! refused, but first a new segment is begun, whose header is synced and says with which number the
//! lane goes on: what the broken segment has from this number on is void. The broken segment is
//! settled like a full one, from memory, not from what it holds.
//!
//! *A failed settling.* Nothing of it counts. The next attempt writes every page again, so it does not
//! rely on pages that the kernel may have dropped.
//!
//! If no new segment can be made either, the failed batch is overwritten, so that what a killed process
//! leaves does not have it.
//!
//! What can still go wrong: like SQLite this assumes that writing a sector does not harm its
//! neighbours. If a sync fails, and a new segment cannot be made either before the power fails,
//! recovery may find commits that were refused; nobody was told that they had happened, but readers
//! may meanwhile have seen that they had not.
//!
//! Measurements and alternatives are in docs/design/0006-pages.md.

mod batch;
mod record;
mod recover;
mod store;

use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fs, io};

pub use record::{AlarmChange, LaneRecord, RecordKind};
pub(crate) use recover::recover;
pub(crate) use store::Disk;
pub use store::{SegmentFile, SegmentStore};

use crate::clock::wall_ms;
use crate::commit::DurabilityError;
use crate::connection::sync_parent;
use crate::directory::{Directories, Directory};
use crate::object_name::ObjectName;
use crate::object_pages::{Commit, ObjectPages};
use batch::{Batch, SEGMENT_HEADER_BYTES, SegmentHeader, records};
use store::SEGMENT_SUFFIX;

/// The size of a segment: tens of thousands of small commits.
pub(crate) const SEGMENT_BYTES: u64 = 16 << 20;
/// Full segments that may wait to be settled before commits have to wait.
const FULL_SEGMENTS_MAX: usize = 3;
/// A batch that has grown to this size is written at once.
pub(crate) const BATCH_BYTES: usize = 1 << 20;
/// A record without pages.
const RECORD_BYTES: usize = 128;
/// How long the settler waits after a failure.
const RETRY_PERIOD: Duration = Duration::from_secs(1);

/// What the committer of a shard asks of the shard's log.
///
/// Appends are in order and one at a time. Whatever becomes of one is known when it returns, so an
/// implementation that talks to somebody else finds out first what is unknown.
pub(crate) trait LaneLog: Debug + Send {
    /// Makes records durable, all or none of them.
    ///
    /// # Errors
    /// None of them is durable then, or ever will be. Later appends may succeed.
    fn append(&mut self, records: &[NewRecord<'_>]) -> Result<(), DurabilityError>;
}

/// What is to become a record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NewRecord<'a> {
    /// A commit of an object, which is called that in its namespace of this label.
    Commit {
        label: &'a str,
        pages: &'a Arc<ObjectPages>,
        commit: &'a Commit,
    },
    /// What the log has of an object is void.
    Void {
        label: &'a str,
        name: &'a ObjectName,
    },
}

impl NewRecord<'_> {
    /// About how large it is in a log.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Commit { commit, .. } => commit.bytes(),
            Self::Void { .. } => RECORD_BYTES,
        }
    }
}

/// The log of one shard in files: a trim is the settling and the release of a full segment.
#[derive(Debug)]
pub struct LocalLane {
    folder: PathBuf,
    directories: Arc<Directories>,
    store: Arc<dyn SegmentStore>,
    segment_bytes: u64,
    full: Arc<FullSegments>,
    segment: Option<Segment>,
    last_segment: u64,
    last_batch: u64,
    seed: u64,
}

/// The objects with commits in a segment, by address.
type Touched = HashMap<usize, Arc<ObjectPages>>;

#[derive(Debug)]
struct Segment {
    file: Box<dyn SegmentFile>,
    path: PathBuf,
    end: u64,
    length: u64,
    /// A write or sync has failed: it is never used again.
    is_broken: bool,
    /// So much is used that the next one is being made ready.
    is_half_full: bool,
    touched: Touched,
}

/// A segment that takes no more commits.
#[derive(Debug)]
struct FullSegment {
    path: PathBuf,
    next_batch: u64,
    touched: Vec<Arc<ObjectPages>>,
}

/// A segment whose commits are all in the objects' bases.
#[derive(Clone, Copy, Debug)]
pub struct ReleasedSegment<'a> {
    /// Its file.
    pub path: &'a Path,
    /// The first batch of the next segment: what this one has from here on is void.
    next_batch: u64,
}

impl ReleasedSegment<'_> {
    /// Returns the records in the bytes of the segment's file, oldest first; `None` if the bytes are
    /// damaged.
    pub fn records<'b>(&self, bytes: &'b [u8]) -> Option<Vec<LaneRecord<'b>>> {
        let header = SegmentHeader::decode(bytes).ok()?;
        records(&header, bytes, Some(self.next_batch)).ok()
    }
}

impl LocalLane {
    /// Returns the log `folder`, a folder that only it uses.
    pub(crate) fn new(
        directories: Arc<Directories>,
        folder: PathBuf,
        store: Arc<dyn SegmentStore>,
        segment_bytes: u64,
    ) -> io::Result<Self> {
        Ok(Self {
            folder,
            directories,
            store,
            segment_bytes,
            full: Arc::default(),
            segment: None,
            last_segment: 0,
            last_batch: 0,
            seed: seed()?,
        })
    }

    /// Returns what settles and releases full segments, to be run on a thread of its own.
    pub(crate) fn settler(&self) -> Settler {
        Settler {
            full: Arc::clone(&self.full),
            store: Arc::clone(&self.store),
            directories: Arc::clone(&self.directories),
            folder: self.folder.clone(),
            segment_bytes: self.segment_bytes,
        }
    }

    pub(crate) fn directories(&self) -> &Arc<Directories> {
        &self.directories
    }

    /// Begins a new segment, with room for a batch of `size`, and hands the old one to the settler.
    fn roll(&mut self, size: u64) -> Result<(), DurabilityError> {
        if self.segment.is_some() {
            self.full.wait_for_room()?;
        }
        let header = SegmentHeader {
            number: self.last_segment + 1,
            first_batch: self.last_batch + 1,
            seed: self.seed,
        };
        let path = self
            .folder
            .join(format!("{:016x}{SEGMENT_SUFFIX}", header.number));
        // A commit that is larger than a segment gets one of its size.
        let length = self.segment_bytes.max(SEGMENT_HEADER_BYTES + size);
        let file = self
            .create(&path, &header, length)
            .map_err(|error| DurabilityError::new("create lane", &path, error))?;
        self.last_segment = header.number;
        let segment = Segment {
            file,
            path,
            end: SEGMENT_HEADER_BYTES,
            length,
            is_broken: false,
            is_half_full: false,
            touched: Touched::new(),
        };
        if let Some(full) = self.segment.replace(segment) {
            self.full.push(full.close(header.first_batch));
        }
        Ok(())
    }
}

impl LocalLane {
    /// Overwrites the batch that was refused, of which no segment says yet that it is void: what a
    /// killed process leaves then has it no more. It fails where the batch could not be written.
    fn make_unreadable(&self, size: u64) {
        let Some(segment) = &self.segment else { return };
        let zeros = vec![0; usize::try_from(size).unwrap_or(0)];
        if let Err(error) = segment.file.write_at(&zeros, segment.end) {
            tracing::warn!(%error, "overwrite commits that were refused");
        }
    }

    /// Makes the file of a segment, if need be in place of old history.
    fn create(
        &self,
        path: &Path,
        header: &SegmentHeader,
        length: u64,
    ) -> io::Result<Box<dyn SegmentFile>> {
        loop {
            match self.store.create(path, &header.encode(), length) {
                Err(error)
                    if error.kind() == ErrorKind::StorageFull
                        && self.directories.history().make_room(wall_ms()) => {}
                result => return result,
            }
        }
    }
}

impl LaneLog for LocalLane {
    fn append(&mut self, records: &[NewRecord<'_>]) -> Result<(), DurabilityError> {
        let mut batch = Batch::new(self.seed);
        for record in records {
            match *record {
                NewRecord::Commit {
                    label,
                    pages,
                    commit,
                } => batch.commit((label, &pages.name), commit),
                NewRecord::Void { label, name } => batch.void((label, name)),
            }
        }
        let size = batch.bytes() as u64;
        let has_room =
            |segment: &Segment| !segment.is_broken && size <= segment.length - segment.end;
        if !self.segment.as_ref().is_some_and(has_room) {
            self.roll(size)?;
        }
        let segment = self
            .segment
            .as_mut()
            .expect("there was room, or it was made");
        let bytes = batch.encode(self.last_batch + 1);
        if let Err(error) = segment.write(&bytes) {
            segment.is_broken = true;
            // Before anybody is told, so that a crash does not bring back what was refused.
            if let Err(error) = self.roll(0) {
                tracing::error!(%error, "the lane is broken; trying again with the next commit");
                self.make_unreadable(size);
            }
            return Err(error);
        }
        segment.end += size;
        self.last_batch += 1;
        // Otherwise the commits that come when it is full wait for the next one to be filled.
        if !segment.is_half_full && segment.end >= segment.length / 2 {
            segment.is_half_full = true;
            self.full.want_spare();
        }
        for record in records {
            if let NewRecord::Commit { pages, .. } = record {
                let address = Arc::as_ptr(pages) as usize;
                let touched = &mut segment.touched;
                touched.entry(address).or_insert_with(|| Arc::clone(pages));
            }
        }
        Ok(())
    }
}

impl Segment {
    fn write(&self, bytes: &[u8]) -> Result<(), DurabilityError> {
        self.file
            .write_at(bytes, self.end)
            .map_err(|error| DurabilityError::new("append to lane", &self.path, error))?;
        self.file
            .sync()
            .map_err(|error| DurabilityError::new("sync lane", &self.path, error))
    }

    fn close(self, next_batch: u64) -> FullSegment {
        FullSegment {
            path: self.path,
            next_batch,
            touched: self.touched.into_values().collect(),
        }
    }
}

impl Drop for LocalLane {
    /// Leaves the objects' bases complete and the lane's folder gone; after a failure the lane stays
    /// for recovery. The settler ends.
    fn drop(&mut self) {
        let mut left = self.full.close();
        let next_batch = self.last_batch + 1;
        left.extend(
            self.segment
                .take()
                .map(|last| Arc::new(last.close(next_batch))),
        );
        if !self.folder.exists() {
            return;
        }
        if let Err(error) = release(&*self.store, &left, |_| ()) {
            tracing::error!(%error, "the lane is kept for the next start");
        } else if let Err(error) =
            fs::remove_dir_all(&self.folder).and_then(|()| sync_parent(&self.folder))
        {
            // The next start settles what is settled already, which changes nothing.
            tracing::warn!(%error, folder = %self.folder.display(), "remove lane");
        }
    }
}

/// Settles and releases segments, oldest first, and calls `released` after each.
fn release(
    store: &dyn SegmentStore,
    segments: &[Arc<FullSegment>],
    mut released: impl FnMut(&FullSegment),
) -> Result<(), DurabilityError> {
    for segment in segments {
        settle(segment)?;
        let given = ReleasedSegment {
            path: &segment.path,
            next_batch: segment.next_batch,
        };
        store
            .release(given)
            .map_err(|error| DurabilityError::new("release lane", &segment.path, error))?;
        released(segment);
    }
    Ok(())
}

fn settle(segment: &FullSegment) -> Result<(), DurabilityError> {
    type Some = (Arc<dyn Directory>, Vec<Arc<ObjectPages>>);
    let mut by_directory: HashMap<usize, Some> = HashMap::new();
    for pages in &segment.touched {
        // A namespace that nobody knows any more is one that was deleted.
        if let Some(directory) = pages.directory.upgrade() {
            let address = Arc::as_ptr(&directory).cast::<()>() as usize;
            let (_, some) = by_directory
                .entry(address)
                .or_insert_with(|| (directory, Vec::new()));
            some.push(Arc::clone(pages));
        }
    }
    for (directory, mut objects) in by_directory.into_values() {
        // In the order of the rows, which saves half of the pages that change.
        objects.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        directory.settle(&objects).map_err(|error| {
            DurabilityError::new("settle lane", &segment.path, io::Error::other(error))
        })?;
    }
    Ok(())
}

fn seed() -> io::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Settles and releases full segments, oldest first.
#[derive(Debug)]
pub(crate) struct Settler {
    full: Arc<FullSegments>,
    store: Arc<dyn SegmentStore>,
    directories: Arc<Directories>,
    folder: PathBuf,
    segment_bytes: u64,
}

impl Settler {
    /// Runs until the log is dropped. After a failure it waits and tries again; when there is no room
    /// for more full segments meanwhile, commits fail with that failure.
    ///
    /// First it makes a segment ready, so that the first commit need not wait for that, and the next
    /// one whenever half of one is full.
    pub(crate) fn run(self) {
        if self.full.begin() {
            self.store.prepare(&self.folder, self.segment_bytes);
            self.directories.history().merge();
            self.full.finish(None);
        }
        while let Some(work) = self.full.next() {
            let segments = match work {
                Work::Release(segments) => segments,
                Work::Prepare => {
                    self.store.prepare(&self.folder, self.segment_bytes);
                    self.full.finish(None);
                    continue;
                }
            };
            let result = release(&*self.store, &segments, |_| self.full.pop());
            match &result {
                Ok(()) => self.directories.history().merge(),
                Err(error)
                    if error.is_disk_full() && self.directories.history().make_room(wall_ms()) =>
                {
                    self.full.finish(None);
                    continue;
                }
                Err(error) => {
                    tracing::error!(%error, "a lane cannot be given up; trying again");
                }
            }
            self.full.finish(result.err());
        }
    }
}

/// The segments that wait for the settler.
#[derive(Debug, Default)]
struct FullSegments {
    state: Mutex<FullState>,
    changed: Condvar,
}

/// What the settler has to do next.
enum Work {
    Release(Vec<Arc<FullSegment>>),
    Prepare,
}

#[derive(Debug, Default)]
struct FullState {
    waiting: VecDeque<Arc<FullSegment>>,
    /// A segment should be made ready. One that is released serves as well.
    wants_spare: bool,
    /// The settler is at work.
    busy: bool,
    closed: bool,
    /// Of the last attempt.
    failure: Option<DurabilityError>,
}

impl FullSegments {
    fn push(&self, segment: FullSegment) {
        self.lock().waiting.push_back(Arc::new(segment));
        self.changed.notify_all();
    }

    fn want_spare(&self) {
        self.lock().wants_spare = true;
        self.changed.notify_all();
    }

    fn pop(&self) {
        self.lock().waiting.pop_front();
        self.changed.notify_all();
    }

    /// Ends the settler after what it is doing now; returns what it has not done.
    fn close(&self) -> Vec<Arc<FullSegment>> {
        self.lock().closed = true;
        self.changed.notify_all();
        let mut state = self.wait_while(|state| state.busy);
        state.waiting.drain(..).collect()
    }

    /// Begins work that must be finished; false when there is no time for it.
    fn begin(&self) -> bool {
        let mut state = self.lock();
        state.busy = !state.closed;
        state.busy
    }

    /// Waits for work, which must be finished; `None` when there will be none.
    fn next(&self) -> Option<Work> {
        let mut state = self.lock();
        if state.failure.is_some() {
            state = self
                .changed
                .wait_timeout_while(state, RETRY_PERIOD, |state| !state.closed)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let mut state = self
            .changed
            .wait_while(state, |state| {
                state.waiting.is_empty() && !state.wants_spare && !state.closed
            })
            .unwrap_or_else(PoisonError::into_inner);
        state.busy = !state.closed;
        if state.closed {
            return None;
        }
        Some(match state.waiting.is_empty() {
            true => {
                state.wants_spare = false;
                Work::Prepare
            }
            false => Work::Release(state.waiting.iter().cloned().collect()),
        })
    }

    fn finish(&self, failure: Option<DurabilityError>) {
        let mut state = self.lock();
        state.busy = false;
        state.failure = failure;
        drop(state);
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

#[cfg(test)]
mod tests;
