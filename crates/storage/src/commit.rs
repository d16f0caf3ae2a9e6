//! Makes commits durable: one thread per shard that syncs what the shard committed.
//!
//! The end of a turn commits without waiting for the disk and gets a [`CommitPosition`]. The
//! [`Committer`] then syncs the object's WAL and reports the highest position that this covers:
//! everything an object committed while an earlier sync was running becomes durable by one sync. It
//! decides nothing about gates, and it never touches SQLite, only files.
//!
//! # Why an acknowledged commit survives
//!
//! *Claim.* Once a position was reported as durable, the object shows at least that state after the
//! process is killed or the power fails, and never a part of a turn.
//!
//! *Process killed.* COMMIT has written all frames of the transaction into the page cache before the
//! position exists; the kernel keeps them. Recovery takes whole transactions only (the last frame
//! of each is marked and checksums run through the log). Commits that were not yet reported may
//! survive as well; before they become readable again the next open syncs the WAL, the database and
//! their folder ([`crate::connection`]), so that nothing is shown that could still be lost.
//!
//! *Power failure, commits.* A commit is in the WAL until a checkpoint. The committer's fdatasync of
//! the WAL covers every frame written before it. For a file that is new it also syncs the database
//! file, whose first page makes SQLite look for a WAL at all, and the folder that holds both names.
//!
//! *Power failure, checkpoints.* A checkpoint overwrites database pages, so the frames they come
//! from must be on disk first; and the WAL is overwritten only when the pages are on disk. With
//! `synchronous=NORMAL` SQLite does exactly these syncs itself: WAL before, database after, and the
//! new WAL header before the first frame that reuses the space, without which old frames could be
//! replayed over newer pages. With `synchronous=OFF` it would not, so that setting is used only for
//! the first WAL of a new file, which has nothing old to replay, and ends before the first
//! checkpoint. Automatic checkpoints are off; the only ones are in `transaction` and at close.
//!
//! *Failed syncs.* After a failed fsync the kernel may have dropped the dirty pages, so a second one
//! that succeeds proves nothing. The first failure is kept: every later position of this database
//! is reported as failed with it, and the database is never checkpointed again by this process.
//! What can still go wrong: the next open reads what the page cache has, which after such an error
//! may be more than the disk holds. Only a restart of the machine tells; the operator must be told.
//!
//! *Alarms.* The alarm index must know a time before the object's stored alarm is durable
//! ([`crate::alarm_index`]), so the index is synced before the objects of a batch.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::alarm::AlarmLink;
use crate::connection::{sync_parent, wal_path};

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
/// Dropping it makes everything that was submitted durable, reports it, and ends the thread.
#[derive(Debug)]
pub struct Committer {
    lane: Lane,
    thread: Option<JoinHandle<()>>,
}

impl Committer {
    /// Starts the thread. `report` is called on it, once for each database in each round of syncs.
    ///
    /// `report` must not wait for the shard, which may be waiting for this thread.
    ///
    /// # Errors
    /// The operating system's refusal to start a thread.
    pub fn spawn(report: impl FnMut(DurableReport) + Send + 'static) -> io::Result<Self> {
        let lane = Lane::default();
        let on_thread = lane.clone();
        let thread = thread::Builder::new()
            .name("committer".into())
            .spawn(move || on_thread.run(report))?;
        Ok(Self {
            lane,
            thread: Some(thread),
        })
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
        if let Some(thread) = self.thread.take() {
            // A panic of the report callback was already printed by the panic hook.
            drop(thread.join());
        }
    }
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
struct Request {
    target: Arc<SyncTarget>,
    position: CommitPosition,
}

impl Lane {
    pub(crate) fn submit(&self, target: &Arc<SyncTarget>, position: CommitPosition) {
        let mut queue = self.lock();
        let next_place = queue.waiting.len();
        let place = *queue.places.entry(target.key).or_insert(next_place);
        match queue.waiting.get_mut(place) {
            Some(request) => request.position = position,
            None => queue.waiting.push(Request {
                target: Arc::clone(target),
                position,
            }),
        }
        drop(queue);
        self.shared.work.notify_one();
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

    fn run(&self, mut report: impl FnMut(DurableReport)) {
        let _end = EndOfLane(self);
        while let Some(round) = self.next_round() {
            sync_round(&round, &mut report);
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
        queue.places.clear();
        queue.syncing = round.iter().map(|request| request.target.key).collect();
        Some(round)
    }
}

/// Releases waiting shards when the thread ends, even by a panic in the report callback.
struct EndOfLane<'a>(&'a Lane);

impl Drop for EndOfLane<'_> {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.shared.done.notify_all();
    }
}

fn sync_round(round: &[Request], report: &mut impl FnMut(DurableReport)) {
    for request in round {
        // The index remembers what it has synced: the first object of a round pays for all.
        let result = request
            .target
            .sync_alarm_index()
            .and_then(|()| request.target.sync());
        if let Err(error) = &result {
            tracing::error!(%error, "commits cannot be made durable");
        }
        let durable = result.is_ok();
        report(DurableReport {
            database: request.target.key,
            position: request.position,
            result,
        });
        if durable && let Some(link) = &request.target.alarm {
            link.settle(request.position);
        }
    }
}

/// The files of one open database, as the committer sees them.
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
    /// The database file while it has never been synced.
    created: Option<Arc<File>>,
    failure: Option<DurabilityError>,
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

    /// The file is new: its first sync must cover the database file and the folder as well.
    pub(crate) fn file_was_created(&self, file: Arc<File>) {
        self.lock().created = Some(file);
    }

    /// The first failure, if a sync of this database ever failed.
    pub(crate) fn failure(&self) -> Option<DurabilityError> {
        self.lock().failure.clone()
    }

    /// Makes every later sync fail with this error, or with an earlier one.
    pub(crate) fn fail(&self, error: DurabilityError) -> DurabilityError {
        self.lock().failure.get_or_insert(error).clone()
    }

    fn sync_alarm_index(&self) -> Result<(), DurabilityError> {
        match &self.alarm {
            Some(link) => link.sync_index().map_err(|error| self.fail(error)),
            None => Ok(()),
        }
    }

    fn sync(&self) -> Result<(), DurabilityError> {
        let mut files = self.lock();
        if let Some(failure) = &files.failure {
            return Err(failure.clone());
        }
        if let Err(failure) = files.sync(&self.path) {
            return Err(files.failure.insert(failure).clone());
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, SyncFiles> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SyncFiles {
    fn sync(&mut self, path: &Path) -> Result<(), DurabilityError> {
        let wal_path = wal_path(path);
        let wal = match &mut self.wal {
            Some(wal) => wal,
            none => {
                let file = File::open(&wal_path)
                    .map_err(|error| DurabilityError::new("open WAL", &wal_path, error))?;
                none.insert(file)
            }
        };
        wal.sync_data()
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
}
