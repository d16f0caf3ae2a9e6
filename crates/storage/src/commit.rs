//! Makes commits durable: one thread per shard that logs what the shard committed.
//!
//! The end of a turn takes the pages that SQLite has written ([`crate::object_pages`]) without
//! waiting for the disk, and gets a [`CommitPosition`]. The [`Committer`] then makes it durable and
//! reports the highest position that this covers. It decides nothing about gates, and it never
//! touches an object's SQLite connection.
//!
//! There are two ways. With a [`LaneLog`] the thread appends what gathered of all objects to the log
//! and syncs that once; this is how a server runs. Without one it settles each commit in the object's
//! base, for a tool that writes a few objects and wants to leave nothing else.
//!
//! # Why an acknowledged commit survives
//!
//! *Claim.* Once a position was reported as durable, the object shows at least that state after the
//! process is killed or the power fails, and never a part of a turn.
//!
//! *Mechanism.* Nothing of a commit is anywhere but in memory before the log has all of it, synced, in
//! one record; [`crate::lane_log`] has the argument why the record is enough. Without a log, the base
//! gets it in one transaction, synced ([`crate::directory`]).
//!
//! *Failures.* The commits of a batch that could not be made durable are reported as failed, and so
//! is every later commit of the same open database: it was made on top of them. When the database is
//! closed they are gone, so the next one begins where the last durable commit ended. Other objects
//! are not concerned.
//!
//! *Nothing readable can still be lost.* A database that is dropped waits until its commits are
//! durable or have failed, so whoever opens the object next reads nothing else.
//!
//! *Alarms.* What a commit does to the alarm is in its record too, so the alarm index need not be
//! synced before there is nothing left of the commit but its base ([`crate::alarm_index`]).

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::directory::{Directories, Directory};
use crate::error::StorageError;
use crate::history::History;
use crate::lane_log::{BATCH_BYTES, LaneLog, LocalLane, NewRecord};
use crate::object_pages::{Commit, ObjectPages};
use crate::open_connections::OpenConnections;
use crate::sync_target::SyncTarget;

/// Bytes of commits that may wait for the thread. Who wants to submit more waits as well.
const WAITING_BYTES_MAX: usize = 64 << 20;

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
    /// Whether there was no space on the disk.
    pub fn is_disk_full(&self) -> bool {
        let inner = self.source.get_ref();
        match inner.and_then(|inner| inner.downcast_ref::<StorageError>()) {
            Some(error) => error.is_disk_full(),
            None => self.source.kind() == io::ErrorKind::StorageFull,
        }
    }

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
/// is given up then: the objects' bases have everything.
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
        Self::spawn_without_log(Lane::default(), report)
    }

    /// As [`Self::spawn`], for databases in these directories, and without reports.
    pub(crate) fn spawn_in(directories: Arc<Directories>) -> io::Result<Self> {
        Self::spawn_without_log(Lane::new(directories, false), drop)
    }

    fn spawn_without_log(
        lane: Lane,
        report: impl FnMut(DurableReport) + Send + 'static,
    ) -> io::Result<Self> {
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
        mut log: LocalLane,
        report: impl FnMut(DurableReport) + Send + 'static,
    ) -> io::Result<Self> {
        let lane = Lane::with_log(&log);
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
/// Submitting waits only when [`WAITING_BYTES_MAX`] are waiting, that is, for the disk.
#[derive(Clone, Debug)]
pub struct Lane {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// Something was submitted, or the lane was closed.
    work: Condvar,
    /// A round of syncs has ended.
    done: Condvar,
    directories: Arc<Directories>,
    has_log: bool,
    connections: OpenConnections,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Request>,
    waiting_bytes: usize,
    /// Databases with commits in `waiting`.
    submitted: HashSet<DatabaseKey>,
    /// Databases whose commits the thread is making durable now.
    syncing: HashSet<DatabaseKey>,
    /// The thread has nothing to do and is to be woken. Waking one that is not asleep is a call of the
    /// operating system all the same.
    is_asleep: bool,
    /// How many wait for the end of a round.
    waiters: u32,
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
        commit: Commit,
    },
    /// What the lane has of this object is void: it is about to be deleted or replaced.
    Void {
        pages: Arc<ObjectPages>,
        /// What lanes call its namespace, if that is still there.
        label: Option<Box<str>>,
        answer: SyncSender<Result<(), DurabilityError>>,
    },
}

impl Default for Lane {
    fn default() -> Self {
        let directories = Directories::new(Path::new(""), History::off());
        Self::new(Arc::new(directories), false)
    }
}

impl Lane {
    fn with_log(log: &LocalLane) -> Self {
        Self::new(Arc::clone(log.directories()), true)
    }

    fn new(directories: Arc<Directories>, has_log: bool) -> Self {
        let connections = OpenConnections::new(directories.sharers());
        Self {
            shared: Arc::new(Shared {
                queue: Mutex::default(),
                work: Condvar::new(),
                done: Condvar::new(),
                directories,
                has_log,
                connections,
            }),
        }
    }

    /// The connections that the lane's databases have open.
    pub(crate) fn connections(&self) -> &OpenConnections {
        &self.shared.connections
    }

    /// Returns the directory of the namespace with this folder.
    pub(crate) fn directory(&self, folder: &Path) -> Result<Arc<dyn Directory>, StorageError> {
        self.shared.directories.of(folder)
    }

    pub(crate) fn submit(
        &self,
        target: &Arc<SyncTarget>,
        position: CommitPosition,
        commit: Commit,
    ) {
        let mut queue = self.lock();
        while queue.waiting_bytes >= WAITING_BYTES_MAX && !queue.ended {
            queue = self.wait_for_round(queue);
        }
        queue.waiting_bytes += commit.bytes();
        queue.submitted.insert(target.key);
        queue.waiting.push(Request::Commit {
            target: Arc::clone(target),
            position,
            commit,
        });
        self.wake(queue);
    }

    /// Makes recovery ignore what the lane has of an object; returns when that is durable. To be
    /// called before its base is deleted or replaced; nobody may be using it.
    pub(crate) fn forget(&self, pages: &Arc<ObjectPages>) -> Result<(), DurabilityError> {
        if !self.shared.has_log {
            return Ok(());
        }
        let (answer, answered) = sync_channel(1);
        let directory = pages.directory.upgrade();
        let request = Request::Void {
            pages: Arc::clone(pages),
            label: directory.map(|directory| directory.label().into()),
            answer,
        };
        let mut queue = self.lock();
        queue.waiting.push(request);
        self.wake(queue);
        let ended = || {
            let source = io::Error::other("the committer has ended");
            DurabilityError::new("log commits of", Path::new(&pages.name.to_string()), source)
        };
        answered.recv().map_err(|_| ended())?
    }

    /// Waits until nothing of the database is submitted or being synced.
    pub(crate) fn wait_until_idle(&self, key: DatabaseKey) {
        let mut queue = self.lock();
        while !queue.ended && (queue.submitted.contains(&key) || queue.syncing.contains(&key)) {
            queue = self.wait_for_round(queue);
        }
    }

    /// Has the thread see what was submitted.
    fn wake(&self, mut queue: MutexGuard<'_, Queue>) {
        let is_asleep = std::mem::take(&mut queue.is_asleep);
        drop(queue);
        if is_asleep {
            self.shared.work.notify_one();
        }
    }

    /// Waits until a round begins or ends, or something else has happened.
    fn wait_for_round<'q>(&self, mut queue: MutexGuard<'q, Queue>) -> MutexGuard<'q, Queue> {
        queue.waiters += 1;
        let mut queue = wait(&self.shared.done, queue);
        queue.waiters -= 1;
        queue
    }

    /// Wakes whoever waits for a round.
    fn round_has_changed(&self, queue: MutexGuard<'_, Queue>) {
        let waiters = queue.waiters;
        drop(queue);
        if waiters > 0 {
            self.shared.done.notify_all();
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
            drop(round);
            let mut queue = self.lock();
            queue.syncing.clear();
            self.round_has_changed(queue);
        }
    }

    fn next_round(&self) -> Option<Vec<Request>> {
        let mut queue = self.lock();
        while queue.waiting.is_empty() {
            if queue.closed {
                return None;
            }
            queue.is_asleep = true;
            queue = wait(&self.shared.work, queue);
        }
        queue.is_asleep = false;
        let round = std::mem::take(&mut queue.waiting);
        queue.waiting_bytes = 0;
        queue.syncing = std::mem::take(&mut queue.submitted);
        // Whoever waited for space may submit.
        self.round_has_changed(queue);
        Some(round)
    }
}

fn wait<'q>(event: &Condvar, queue: MutexGuard<'q, Queue>) -> MutexGuard<'q, Queue> {
    event.wait(queue).unwrap_or_else(PoisonError::into_inner)
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

/// Settles each object's commits in its base.
fn sync_round(round: &[Request], report: &mut impl FnMut(DurableReport)) {
    let last = LastCommits::of(round);
    for (place, request) in round.iter().enumerate() {
        let result = request.accept().and_then(|()| request.settle());
        last.finish(place, request, result, report);
    }
}

/// Appends the commits to the log, all at once unless they are many.
fn log_round(round: &[Request], log: &mut dyn LaneLog, report: &mut impl FnMut(DurableReport)) {
    let last = LastCommits::of(round);
    let mut places = Vec::new();
    let mut bytes = 0;
    for (place, request) in round.iter().enumerate() {
        match request.accept() {
            Ok(()) => {
                places.push(place);
                bytes += request.bytes();
            }
            Err(error) => last.finish(place, request, Err(error), report),
        }
        if bytes >= BATCH_BYTES || place + 1 == round.len() {
            let requests = places.iter().map(|place| &round[*place]);
            let records: Vec<NewRecord<'_>> = requests.filter_map(Request::record).collect();
            let result = match records.is_empty() {
                true => Ok(()),
                false => log.append(&records),
            };
            for place in places.drain(..) {
                let request = &round[place];
                if result.is_ok()
                    && let Request::Commit { target, commit, .. } = request
                {
                    target.pages.commit_is_durable(commit);
                }
                last.finish(place, request, result.clone(), report);
            }
            bytes = 0;
        }
    }
}

/// Which request of a round is the last of its database: one report is enough for all of them.
struct LastCommits(HashMap<DatabaseKey, usize>);

impl LastCommits {
    fn of(round: &[Request]) -> Self {
        let commits = round.iter().enumerate();
        Self(
            commits
                .filter_map(|(place, request)| match request {
                    Request::Commit { target, .. } => Some((target.key, place)),
                    Request::Void { .. } => None,
                })
                .collect(),
        )
    }

    fn finish(
        &self,
        place: usize,
        request: &Request,
        result: Result<(), DurabilityError>,
        report: &mut impl FnMut(DurableReport),
    ) {
        if let Err(error) = &result {
            tracing::error!(%error, "commits cannot be made durable");
        }
        match request {
            Request::Commit {
                target, position, ..
            } => {
                if let Err(error) = &result {
                    target.fail(error.clone());
                }
                if self.0.get(&target.key) == Some(&place) || result.is_err() {
                    report(DurableReport {
                        database: target.key,
                        position: *position,
                        result: result.clone(),
                    });
                }
                if result.is_ok()
                    && let Some(link) = &target.alarm
                {
                    link.settle(*position);
                }
            }
            // Whoever asked is waiting, or its thread is gone.
            Request::Void { answer, .. } => drop(answer.try_send(result)),
        }
    }
}

impl Request {
    /// Refuses a commit on top of one that has failed, and one of an object that is damaged, whose
    /// base will never have it.
    fn accept(&self) -> Result<(), DurabilityError> {
        match self {
            Self::Commit { target, .. } => match (target.failure(), target.pages.damage()) {
                (Some(failure), _) => Err(failure),
                (None, Some(reason)) => {
                    let place = target.directory.place(&target.pages.name);
                    let source = io::Error::other(reason.to_string());
                    Err(DurabilityError::new("log commits of", &place, source))
                }
                (None, None) => Ok(()),
            },
            Self::Void { .. } => Ok(()),
        }
    }

    /// What the log is asked to keep; `None` for an object of a namespace that was deleted.
    fn record(&self) -> Option<NewRecord<'_>> {
        Some(match self {
            Self::Commit { target, commit, .. } => NewRecord::Commit {
                label: target.directory.label(),
                pages: &target.pages,
                commit,
            },
            Self::Void { pages, label, .. } => NewRecord::Void {
                label: label.as_deref()?,
                name: &pages.name,
            },
        })
    }

    fn bytes(&self) -> usize {
        self.record().map_or(0, |record| record.bytes())
    }

    fn settle(&self) -> Result<(), DurabilityError> {
        match self {
            Self::Commit { target, commit, .. } => {
                target.pages.commit_is_durable(commit);
                let objects = std::slice::from_ref(&target.pages);
                target.directory.settle(objects).map_err(|error| {
                    let path = target.directory.place(&target.pages.name);
                    DurabilityError::new("write database", &path, io::Error::other(error))
                })
            }
            Self::Void { .. } => Ok(()),
        }
    }
}
