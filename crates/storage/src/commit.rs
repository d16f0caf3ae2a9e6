//! Makes commits durable: one thread per shard that syncs what the shard committed.
//!
//! The end of a turn commits without waiting for the disk and gets a [`CommitPosition`]. The
//! [`Committer`] then makes it durable and reports the highest position that this covers. It decides
//! nothing about gates, and it never touches SQLite, only files.
//!
//! There are two ways. With a [`LaneLog`] the thread copies what gathered of all objects into the
//! log and syncs that once; this is how a server runs. Without one it syncs the WAL of each object,
//! for a tool that writes a few objects and wants to leave no more than their files.
//!
//! # Why an acknowledged commit survives
//!
//! *Claim.* Once a position was reported as durable, the object shows at least that state after the
//! process is killed or the power fails, and never a part of a turn.
//!
//! *Process killed.* COMMIT has written all frames of the transaction into the page cache before the
//! position exists; the kernel keeps them. Recovery takes whole transactions only (the last frame
//! of each is marked and checksums run through the log). Commits that were not yet reported may
//! survive as well; before they become readable again the next open makes them durable
//! (`Database::connect`), so that nothing is shown that could still be lost.
//!
//! *Power failure, commits.* With a log, [`crate::lane_log`] has the argument. Without one, a commit
//! is in the WAL until a checkpoint: the fdatasync of the WAL covers every frame written before it.
//! For a file that is new it also syncs the database file, whose first page makes SQLite look for a
//! WAL at all, and the folder that holds both names.
//!
//! *Power failure, checkpoints.* A checkpoint overwrites database pages, so the frames they come
//! from must be on disk first; and the WAL is overwritten only when the pages are on disk. With
//! `synchronous=NORMAL` SQLite does exactly these syncs itself: WAL before, database after, and the
//! new WAL header before the first frame that reuses the space, without which old frames could be
//! replayed over newer pages. With `synchronous=OFF` it would not, so that setting is used only for
//! the first WAL of a new file, which has nothing old to replay, and ends before the first
//! checkpoint. Automatic checkpoints are off; the only ones are in `transaction`, at close, and at
//! the opening of a database whose WAL no log has.
//!
//! *Failed syncs.* After a failed fsync the kernel may have dropped the dirty pages, so a second one
//! that succeeds proves nothing. The first failure is kept: every later position of this database
//! (of every database, if it was the log's) is reported as failed with it, and the database is never
//! checkpointed again by this process. What can still go wrong: the next open reads what the page
//! cache has, which after such an error may be more than the disk holds. Only a restart of the
//! machine tells; the operator must be told.
//!
//! *Alarms.* The alarm index must know a time before the object's stored alarm is durable
//! ([`crate::alarm_index`]), so the index is synced before the objects of a batch.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::lane_log::{BATCH_BYTES, Batch, LaneLog};
use crate::sync_target::{Capture, SyncTarget, WalExtent};

/// Closed databases whose WALs are remembered: a few MB.
const LEFT_MAX: usize = 20_000;

/// A point in one database's sequence of commits; a later commit compares greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitPosition(pub(crate) u64);

impl CommitPosition {
    /// Returns the position as a number that counts the commits since the database was opened.
    pub fn value(self) -> u64 {
        self.0
    }
}

/// Names an open database within this process; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatabaseKey(u64);

impl DatabaseKey {
    pub(crate) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Relaxed) + 1)
    }
}

/// What the committer tells about one database.
#[derive(Clone, Debug)]
pub struct DurableReport {
    /// The database concerned.
    pub database: DatabaseKey,
    /// Every commit up to and including this one is meant.
    pub position: CommitPosition,
    /// Whether they are durable. After a failure no later report of this database succeeds.
    pub result: Result<(), DurabilityError>,
}

/// Why commits could not be made durable. The object must be reset.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{action} `{path}`: {source}")]
pub struct DurabilityError {
    /// What was attempted, verb first.
    pub action: &'static str,
    /// The file or folder concerned.
    pub path: PathBuf,
    /// The operating system's reason.
    #[source]
    pub source: Arc<io::Error>,
}

impl DurabilityError {
    pub(crate) fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self {
            action,
            path: path.to_owned(),
            source: Arc::new(source),
        }
    }
}

/// The thread that makes one shard's commits durable.
///
/// Dropping it makes everything that was submitted durable, reports it, and ends the thread. A log
/// is given up then: the objects' own files have everything.
#[derive(Debug)]
pub struct Committer {
    lane: Lane,
    threads: Vec<JoinHandle<()>>,
}

impl Committer {
    /// Starts the thread, without a log. `report` is called on it, once for each database in each
    /// round of syncs.
    ///
    /// `report` must not wait for the shard, which may be waiting for this thread.
    ///
    /// # Errors
    /// The operating system's refusal to start a thread.
    pub fn spawn(report: impl FnMut(DurableReport) + Send + 'static) -> io::Result<Self> {
        let lane = Lane::default();
        let on_thread = lane.clone();
        let thread = spawn("committer", move || {
            on_thread.run(report, |round, report| sync_round(round, report));
        })?;
        Ok(Self {
            lane,
            threads: vec![thread],
        })
    }

    /// As [`Self::spawn`], with a log, and a second thread that gives up what is full of it.
    ///
    /// # Errors
    /// The operating system's refusal to start a thread.
    pub fn spawn_with_log(
        mut log: LaneLog,
        report: impl FnMut(DurableReport) + Send + 'static,
    ) -> io::Result<Self> {
        let lane = Lane::with_log();
        let on_thread = lane.clone();
        let settler = log.settler();
        let committer = spawn("committer", move || {
            on_thread.run(report, |round, report| log_round(round, &mut log, report));
        })?;
        let mut started = Self {
            lane,
            threads: vec![committer],
        };
        started
            .threads
            .push(spawn("settler", move || settler.run())?);
        Ok(started)
    }

    /// Returns what databases need to submit their commits.
    pub fn lane(&self) -> Lane {
        self.lane.clone()
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.lane.lock().closed = true;
        self.lane.shared.work.notify_all();
        for thread in self.threads.drain(..) {
            // A panic of the report callback was already printed by the panic hook.
            drop(thread.join());
        }
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.into()).spawn(run)
}

/// Where a shard's databases submit their commits; cheap to clone.
///
/// At most one entry per open database waits, so it needs no bound of its own and submitting never
/// waits.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Something was submitted, or the lane was closed.
    work: Condvar,
    /// A round of syncs has ended.
    done: Condvar,
    /// With a log: how much it has of the WALs that closed databases have left.
    left: Option<Mutex<HashMap<PathBuf, WalExtent>>>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Request>,
    /// Index into `waiting`, so that a database has one entry.
    places: HashMap<DatabaseKey, usize>,
    /// Databases the thread is syncing now.
    syncing: Vec<DatabaseKey>,
    /// No more will be submitted.
    closed: bool,
    /// The thread is gone: nothing will become durable any more.
    ended: bool,
}

#[derive(Debug)]
enum Request {
    Commit {
        target: Arc<SyncTarget>,
        position: CommitPosition,
        /// How many frames the WAL has at that position.
        frames: u32,
    },
    /// The files of this database are durable by themselves, or about to be deleted.
    Forget {
        path: PathBuf,
        answer: SyncSender<Result<(), DurabilityError>>,
    },
}

impl Lane {
    fn with_log() -> Self {
        Self {
            shared: Arc::new(Shared {
                left: Some(Mutex::default()),
                ..Shared::default()
            }),
        }
    }

    /// Whether commits go into a log.
    pub(crate) fn has_log(&self) -> bool {
        self.shared.left.is_some()
    }

    pub(crate) fn submit(&self, target: &Arc<SyncTarget>, position: CommitPosition, frames: u32) {
        let commit = Request::Commit {
            target: Arc::clone(target),
            position,
            frames,
        };
        let mut queue = self.lock();
        let next_place = queue.waiting.len();
        let place = *queue.places.entry(target.key).or_insert(next_place);
        match queue.waiting.get_mut(place) {
            Some(waiting) => *waiting = commit,
            None => queue.waiting.push(commit),
        }
        drop(queue);
        self.shared.work.notify_one();
    }

    /// Makes recovery leave the files of a database alone; returns when that is durable.
    ///
    /// To be called before the files of a database are deleted or replaced other than through
    /// [`Database`](crate::Database), which must be closed.
    ///
    /// # Errors
    /// The log's; the files must then stay as they are.
    pub fn forget(&self, path: &Path) -> Result<(), DurabilityError> {
        if !self.has_log() {
            return Ok(());
        }
        let _void = self.take_left(path);
        let (answer, answered) = sync_channel(1);
        let request = Request::Forget {
            path: path.to_owned(),
            answer,
        };
        self.lock().waiting.push(request);
        self.shared.work.notify_one();
        let ended = || {
            let source = io::Error::other("the committer has ended");
            DurabilityError::new("log commits of", path, source)
        };
        answered.recv().map_err(|_| ended())?
    }

    /// Keeps what the log has of a WAL for the next connection.
    pub(crate) fn leave(&self, path: &Path, logged: WalExtent) {
        let Some(left) = &self.shared.left else {
            return;
        };
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.len() >= LEFT_MAX {
            // Whoever is forgotten here is synced once more when it is opened.
            left.clear();
        }
        left.insert(path.to_owned(), logged);
    }

    /// Returns what was kept, if the WAL is still the same.
    pub(crate) fn take_left(&self, path: &Path) -> Option<WalExtent> {
        let mut left = self
            .shared
            .left
            .as_ref()?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let logged = left.remove(path)?;
        // A WAL that is missing or shorter is not the same.
        matches!(logged.is_of(path), Ok(true)).then_some(logged)
    }

    /// Waits until nothing of the database is submitted or being synced.
    pub(crate) fn wait_until_idle(&self, key: DatabaseKey) {
        let mut queue = self.lock();
        while !queue.ended && (queue.places.contains_key(&key) || queue.syncing.contains(&key)) {
            queue = self
                .shared
                .done
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Every change under the lock is a single assignment or push, so a panic leaves it whole.
        self.shared
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn run<R: FnMut(DurableReport)>(
        &self,
        mut report: R,
        mut settle: impl FnMut(&[Request], &mut R),
    ) {
        let _end = EndOfLane(self);
        while let Some(round) = self.next_round() {
            settle(&round, &mut report);
            // Targets must be gone before `wait_until_idle` returns: they hold open files.
            drop(round);
            self.lock().syncing.clear();
            self.shared.done.notify_all();
        }
    }

    fn next_round(&self) -> Option<Vec<Request>> {
        let mut queue = self.lock();
        while queue.waiting.is_empty() {
            if queue.closed {
                return None;
            }
            queue = self
                .shared
                .work
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let round = std::mem::take(&mut queue.waiting);
        queue.syncing = queue.places.drain().map(|(key, _)| key).collect();
        Some(round)
    }
}

/// Releases waiting shards when the thread ends, even by a panic in the report callback.
struct EndOfLane<'a>(&'a Lane);

impl Drop for EndOfLane<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.ended = true;
        // Their answers will not come.
        queue.waiting.clear();
        drop(queue);
        self.0.shared.done.notify_all();
    }
}

/// Syncs each object's files.
fn sync_round(round: &[Request], report: &mut impl FnMut(DurableReport)) {
    for request in round {
        let result = match request {
            // The index remembers what it has synced: the first object of a round pays for all.
            Request::Commit { target, .. } => {
                target.sync_alarm_index().and_then(|()| target.sync())
            }
            Request::Forget { .. } => Ok(()),
        };
        request.finish(result, report);
    }
}

/// Copies the commits into the log and syncs that, once unless they are many.
fn log_round(round: &[Request], log: &mut LaneLog, report: &mut impl FnMut(DurableReport)) {
    let mut batch = Batch::default();
    let mut in_batch = Vec::new();
    for request in round {
        match request.copy_into(&mut batch, log) {
            Ok(()) => in_batch.push(request),
            Err(error) => request.finish(Err(error), report),
        }
        if batch.bytes() >= BATCH_BYTES {
            log_batch(&mut batch, &mut in_batch, log, report);
        }
    }
    log_batch(&mut batch, &mut in_batch, log, report);
}

fn log_batch(
    batch: &mut Batch,
    in_batch: &mut Vec<&Request>,
    log: &mut LaneLog,
    report: &mut impl FnMut(DurableReport),
) {
    if in_batch.is_empty() {
        return;
    }
    let result = log.append(batch);
    *batch = Batch::default();
    for request in in_batch.drain(..) {
        request.finish(result.clone(), report);
    }
}

impl Request {
    fn copy_into(&self, batch: &mut Batch, log: &LaneLog) -> Result<(), DurabilityError> {
        match self {
            Self::Commit { target, frames, .. } => {
                target.sync_alarm_index()?;
                let name = log.name_of(target.path())?;
                if target.capture(name, *frames, batch)? == Capture::TooLarge {
                    log.settle()?;
                    batch.settled(name);
                }
            }
            Self::Forget { path, .. } => batch.settled(log.name_of(path)?),
        }
        Ok(())
    }

    fn finish(&self, result: Result<(), DurabilityError>, report: &mut impl FnMut(DurableReport)) {
        if let Err(error) = &result {
            tracing::error!(%error, "commits cannot be made durable");
        }
        match self {
            Self::Commit {
                target, position, ..
            } => {
                let result = result.map_err(|error| target.fail(error));
                let durable = result.is_ok();
                report(DurableReport {
                    database: target.key,
                    position: *position,
                    result,
                });
                if durable && let Some(link) = &target.alarm {
                    link.settle(*position);
                    link.record_name();
                }
            }
            // Whoever asked is waiting, or its thread is gone.
            Self::Forget { answer, .. } => drop(answer.try_send(result)),
        }
    }
}
