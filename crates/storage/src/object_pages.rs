//! The pages of one object: what its file would be, in layers.
//!
//! From the top, which is what a reader sees first:
//!
//! 1. *writing*: pages that SQLite has written and the end of the turn has not taken yet;
//! 2. *latest*: pages of commits that are on their way to the lane;
//! 3. *durable*: pages that the lane has and the base has not;
//! 4. the *base*: the image in the directory or the file of its own, as of the last settling.
//!
//! A commit moves pages from 1 to 2, the committer's report from 2 to 3, settling from 3 to 4. When
//! commits could not be made durable, 2 is dropped as soon as nobody uses the object: then it is
//! what it was after its last durable commit, also for readers.
//!
//! Beside the layers are the *turns*: each durable commit that the base has not, with its own pages,
//! for the history. They share their pages with the layers, and take no more memory than the lane's
//! unreleased segments take on the disk.
//!
//! Invariant: 3 over 4 is the state after the last durable commit, at any time. Each page of 3 has
//! the number of the commit that wrote it, so that settling, which works on a copy, removes only
//! what it has settled.
//!
//! One shard thread reads and writes 1; committer and settler are other threads. The lock is held
//! for no longer than a page takes.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::directory::Directory;
use crate::history::{epoch_after, epoch_at};
use crate::image::Image;
use crate::lane_log::AlarmChange;
use crate::object_name::ObjectName;
use crate::page::{EncodedPage, PAGE_BYTES, Page, decode, encode};
use crate::sys::vfs::{PageFile, Unreadable};

/// A state of an object: after which commit, when, and how large it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Counts the object's commits, from 1.
    pub(crate) txid: u64,
    /// Milliseconds since the Unix epoch.
    pub(crate) time_ms: i64,
    /// Pages of the database.
    pub(crate) page_count: u32,
}

/// One durable commit with the pages that it changed.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    pub(crate) mark: Mark,
    pub(crate) pages: Arc<[(u32, EncodedPage)]>,
}

impl Turn {
    /// The commit as the history takes it.
    pub(crate) fn as_history(&self) -> crate::history::Turn<'_> {
        crate::history::Turn {
            txid: self.mark.txid,
            time_ms: self.mark.time_ms,
            db_pages: self.mark.page_count,
            pages: self.pages.iter().map(|(n, page)| (*n, &page[..])).collect(),
        }
    }
}

/// Where the pages are that no layer above has.
#[derive(Clone, Debug)]
pub(crate) enum Base {
    /// In the directory or in a file; nobody has needed them yet.
    Closed,
    /// Nowhere: the object is new.
    Nothing,
    /// In memory, as the directory has them.
    Image(Arc<Image>),
    /// In a file that is a plain SQLite database.
    File(Arc<File>),
    /// Nowhere, for this reason.
    Damaged(Arc<str>),
}

/// The pages of one object. Shared by everything that uses it; see [`Directory::object`].
#[derive(Debug)]
pub(crate) struct ObjectPages {
    pub(crate) name: ObjectName,
    pub(crate) directory: Weak<dyn Directory>,
    keeps_turns: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Open databases, at most one at a time, and whoever is about to open one.
    users: u32,
    base: Base,
    writing: BTreeMap<u32, Box<Page>>,
    latest: HashMap<u32, Version>,
    durable: HashMap<u32, Version>,
    /// What SQLite takes for the size of the file.
    page_count: u32,
    /// What the base has, as far as is known here.
    settled: Mark,
    committed: Mark,
    logged: Mark,
    /// The durable commits after `settled`, oldest first, if history is kept.
    turns: Vec<Turn>,
    /// The number of an object's first commit, once it is known.
    first_txid: Option<u64>,
    /// The name that the object's id was made from, until the base has it.
    visible_name: Option<Arc<str>>,
    /// Counts the changes of the base.
    settlings: u64,
    /// Deleted by an operator: nothing of it may be settled.
    is_void: bool,
    /// How often in a row its own file could not be written.
    failures: u32,
    /// Why it takes no more commits: its file cannot be written, or it is damaged.
    given_up: Option<Arc<str>>,
}

/// How often in a row an object's own file cannot be written before the object is given up. Once a
/// second is tried.
const FAILURES_MAX: u32 = 3;

/// What to do about an object whose own file could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// To try again, with everything that is settled together with it.
    TryAgain,
    /// To give it up.
    GiveUp,
}

#[derive(Clone, Debug)]
struct Version {
    txid: u64,
    page: EncodedPage,
}

/// The pages that one commit has changed.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) mark: Mark,
    pub(crate) pages: Vec<(u32, EncodedPage)>,
    /// The name that the object's id was made from, with the first commit of a database.
    pub(crate) visible_name: Option<Arc<str>>,
    /// For the alarm index, whose own file may lack it after a crash.
    pub(crate) alarm: AlarmChange,
}

impl Commit {
    /// What it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let pages = self.pages.iter().map(|(_, page)| page.len());
        size_of::<Self>() + pages.sum::<usize>()
    }
}

/// What settling has to do for one object.
#[derive(Debug)]
pub(crate) struct Unsettled {
    /// What the base has, unless it is closed.
    pub(crate) settled: Mark,
    pub(crate) mark: Mark,
    pub(crate) base: Base,
    pub(crate) pages: Vec<(u32, EncodedPage)>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) visible_name: Option<Arc<str>>,
}

impl ObjectPages {
    /// Returns the pages of an object; `keeps_turns` if its history is kept.
    pub(crate) fn new(
        name: ObjectName,
        directory: Weak<dyn Directory>,
        (settled, base): (Mark, Base),
        keeps_turns: bool,
    ) -> Self {
        Self {
            name,
            directory,
            keeps_turns,
            state: Mutex::new(State {
                users: 0,
                base,
                writing: BTreeMap::new(),
                latest: HashMap::new(),
                durable: HashMap::new(),
                page_count: settled.page_count,
                settled,
                committed: settled,
                logged: settled,
                turns: Vec::new(),
                first_txid: None,
                visible_name: None,
                settlings: 0,
                is_void: false,
                failures: 0,
                given_up: None,
            }),
        }
    }

    /// Whether anything was ever committed.
    pub(crate) fn is_stored(&self) -> bool {
        self.lock().committed.page_count > 0
    }

    /// The last durable commit, if the base has not got it.
    pub(crate) fn unsettled_mark(&self) -> Option<Mark> {
        let state = self.lock();
        (!state.durable.is_empty() && !state.is_void).then_some(state.logged)
    }

    /// Another database uses the object.
    pub(crate) fn begin_use(&self) {
        self.lock().users += 1;
    }

    /// A database that used the object is gone: commits that were not made durable are dropped. To
    /// be called when none of it is on its way any more.
    pub(crate) fn end_use(&self) {
        let mut state = self.lock();
        state.users -= 1;
        if state.users == 0 {
            state.writing = BTreeMap::new();
            state.latest = HashMap::new();
            state.committed = state.logged;
            state.page_count = state.logged.page_count;
            state.base = Base::Closed;
        }
    }

    /// Whether the directory need not remember the object.
    pub(crate) fn is_unused(&self) -> bool {
        let state = self.lock();
        state.users == 0 && (state.durable.is_empty() || state.is_void)
    }

    /// Whether [`Self::open_base`] is needed before anything is read: then the number of settlings so
    /// far, to be given to it.
    pub(crate) fn closed_base(&self) -> Option<u64> {
        let state = self.lock();
        matches!(state.base, Base::Closed).then_some(state.settlings)
    }

    /// Keeps the base while a connection reads it, until [`Self::close_base`].
    ///
    /// Ignored when the object was settled after `settlings` was asked for: the base may be older
    /// than that, and the layers above no longer have what it lacks.
    pub(crate) fn open_base(&self, base: Base, settlings: u64) {
        let mut state = self.lock();
        if matches!(state.base, Base::Closed) && state.settlings == settlings {
            state.base = base;
        }
    }

    /// What the base keeps in memory.
    pub(crate) fn base_bytes(&self) -> usize {
        match &self.lock().base {
            Base::Image(image) => image.bytes().len(),
            Base::Closed | Base::Nothing | Base::File(_) | Base::Damaged(_) => 0,
        }
    }

    /// Frees the base: no connection is open.
    pub(crate) fn close_base(&self) {
        self.lock().base = Base::Closed;
    }

    /// Why the object can neither be read nor take commits.
    pub(crate) fn damage(&self) -> Option<Arc<str>> {
        let state = self.lock();
        match &state.base {
            Base::Damaged(reason) => Some(Arc::clone(reason)),
            _ => state.given_up.clone(),
        }
    }

    /// The object's own file could not be written, for this reason.
    ///
    /// It is given up when that has happened too often, and only when `done` is all that is durable of
    /// it: from the last attempt before that on it takes no commits, so one more is enough.
    pub(crate) fn not_settled(&self, done: &Unsettled, reason: &str) -> Verdict {
        let mut state = self.lock();
        if state.given_up.is_some() && state.logged == done.mark {
            return Verdict::GiveUp;
        }
        state.failures += 1;
        if state.failures >= FAILURES_MAX {
            state.given_up.get_or_insert_with(|| reason.into());
        }
        Verdict::TryAgain
    }

    /// Whether the last attempt to settle the object has failed because of its own file.
    pub(crate) fn has_failed(&self) -> bool {
        self.lock().failures > 0
    }

    /// Forgets what SQLite has written since the last commit.
    pub(crate) fn discard(&self) {
        let mut state = self.lock();
        state.writing.clear();
        state.page_count = state.committed.page_count;
    }

    /// The number that the next commit will have.
    pub(crate) fn next_txid(&self, now_ms: i64) -> u64 {
        self.lock().next_txid(now_ms)
    }

    /// The base, which is open, and what it has.
    pub(crate) fn settled_base(&self) -> (Mark, Base) {
        let state = self.lock();
        (state.settled, state.base.clone())
    }

    /// What the base has, and the durable commits after it.
    pub(crate) fn recent(&self) -> (Mark, Vec<Turn>) {
        let state = self.lock();
        (state.settled, state.turns.clone())
    }

    /// Writes the pages of another state, as SQLite would, to be taken by [`Self::take_commit`] as the
    /// first commit of a later epoch. No connection may be open.
    pub(crate) fn write_state(
        &self,
        page_count: u32,
        pages: impl IntoIterator<Item = (u32, Box<Page>)>,
        now_ms: i64,
    ) {
        let mut state = self.lock();
        state.writing = pages.into_iter().collect();
        state.page_count = page_count;
        state.first_txid = Some(epoch_after(state.committed.txid, now_ms));
    }

    /// Takes what SQLite has committed since the last time; `None` if nothing.
    pub(crate) fn take_commit(
        &self,
        time_ms: i64,
        visible_name: &mut Option<Arc<str>>,
        alarm: AlarmChange,
    ) -> Option<Commit> {
        let mut state = self.lock();
        if state.writing.is_empty() && state.page_count == state.committed.page_count {
            return None;
        }
        let mark = Mark {
            txid: state.next_txid(time_ms),
            // Time goes on for an object even if the system's clock was set back.
            time_ms: time_ms.max(state.committed.time_ms),
            page_count: state.page_count,
        };
        let pages: Vec<_> = std::mem::take(&mut state.writing)
            .into_iter()
            .filter(|(number, _)| *number <= mark.page_count)
            .map(|(number, page)| (number, encode(&page)))
            .collect();
        if mark.page_count < state.committed.page_count {
            state.latest.retain(|number, _| *number <= mark.page_count);
        }
        for (number, page) in &pages {
            let txid = mark.txid;
            let page = Arc::clone(page);
            state.latest.insert(*number, Version { txid, page });
        }
        state.committed = mark;
        state.first_txid = None;
        Some(Commit {
            mark,
            pages,
            visible_name: visible_name.take(),
            alarm,
        })
    }

    /// The lane has the commit; those before it were told of already.
    pub(crate) fn commit_is_durable(&self, commit: &Commit) {
        let mut state = self.lock();
        if state.is_void {
            return;
        }
        let txid = commit.mark.txid;
        if commit.mark.page_count < state.logged.page_count {
            let page_count = commit.mark.page_count;
            state.durable.retain(|number, _| *number <= page_count);
        }
        for (number, page) in &commit.pages {
            let page = Arc::clone(page);
            state.durable.insert(*number, Version { txid, page });
            if state
                .latest
                .get(number)
                .is_some_and(|latest| latest.txid == txid)
            {
                state.latest.remove(number);
            }
        }
        if state.latest.is_empty() {
            state.latest = HashMap::new();
        }
        if commit.visible_name.is_some() {
            state.visible_name.clone_from(&commit.visible_name);
        }
        state.logged = commit.mark;
        if self.keeps_turns {
            state.turns.push(Turn {
                mark: commit.mark,
                pages: commit.pages.as_slice().into(),
            });
        }
    }

    /// Recovery has found these pages in a lane, and the commits that made them.
    pub(crate) fn recovered(
        &self,
        mark: Mark,
        pages: impl IntoIterator<Item = (u32, EncodedPage)>,
        turns: impl IntoIterator<Item = Turn>,
        visible_name: Option<&str>,
    ) {
        let txid = mark.txid;
        let mut state = self.lock();
        state.durable = pages
            .into_iter()
            .map(|(number, page)| (number, Version { txid, page }))
            .collect();
        (state.committed, state.logged) = (mark, mark);
        state.turns = turns.into_iter().collect();
        state.page_count = mark.page_count;
        state.visible_name = visible_name.map(Into::into);
    }

    /// The name that the base has not yet.
    pub(crate) fn visible_name(&self) -> Option<Arc<str>> {
        self.lock().visible_name.clone()
    }

    /// Makes the object one that was never stored. Nobody may be using it.
    pub(crate) fn make_void(&self) {
        let mut state = self.lock();
        state.is_void = true;
        state.durable = HashMap::new();
        state.latest = HashMap::new();
        state.turns = Vec::new();
        EPOCH_FLOOR.fetch_max((state.committed.txid >> 32) + 1, Relaxed);
    }

    /// Returns what the base lacks; `None` if nothing.
    pub(crate) fn unsettled(&self) -> Option<Unsettled> {
        let state = self.lock();
        if state.durable.is_empty() || state.is_void {
            return None;
        }
        let pages = state.durable.iter();
        Some(Unsettled {
            settled: state.settled,
            mark: state.logged,
            base: state.base.clone(),
            pages: pages
                .map(|(number, version)| (*number, Arc::clone(&version.page)))
                .collect(),
            turns: state.turns.clone(),
            visible_name: state.visible_name.clone(),
        })
    }

    /// The base, which is now `base`, durably has what [`Self::unsettled`] gave.
    pub(crate) fn settled(&self, done: &Unsettled, base: &Base) {
        let mut state = self.lock();
        state.settlings += 1;
        state
            .durable
            .retain(|_, version| version.txid > done.mark.txid);
        state.settled = done.mark;
        (state.failures, state.given_up) = (0, None);
        let settled = state
            .turns
            .partition_point(|turn| turn.mark.txid <= done.mark.txid);
        state.turns.drain(..settled);
        if state.durable.is_empty() {
            state.durable = HashMap::new();
        }
        if state.users > 0 && !matches!(state.base, Base::Closed) {
            state.base = base.clone();
        }
        if state.visible_name == done.visible_name {
            state.visible_name = None;
        }
    }

    /// The object cannot be settled, and readers are told why. What the lane has of it is given up, and
    /// is in the history up to `kept`, if that is later than the base.
    pub(crate) fn give_up(&self, reason: &Arc<str>, kept: Option<Mark>) {
        let mut state = self.lock();
        state.settled = kept.unwrap_or(state.settled);
        state.durable = HashMap::new();
        state.turns = Vec::new();
        state.given_up = Some(Arc::clone(reason));
    }

    fn read(&self, number: u32, into: &mut Page) -> Result<(), String> {
        let state = self.lock();
        if let Some(page) = state.writing.get(&number) {
            into.copy_from_slice(&page[..]);
            return Ok(());
        }
        let version = state
            .latest
            .get(&number)
            .or_else(|| state.durable.get(&number));
        let damaged = || format!("page {number} is damaged");
        if let Some(version) = version {
            let page = Arc::clone(&version.page);
            drop(state);
            return decode(&page, into).ok_or_else(damaged);
        }
        let base = match &state.given_up {
            // Its file may have a part of what was written to it.
            Some(reason) => Base::Damaged(Arc::clone(reason)),
            None => state.base.clone(),
        };
        drop(state);
        match base {
            Base::Nothing => into.fill(0),
            Base::Image(image) => decode(image.page(number), into).ok_or_else(damaged)?,
            // The settler writes only pages that a layer above has as well.
            Base::File(file) => read_file(&file, number, into)
                .map_err(|error| format!("read page {number}: {error}"))?,
            Base::Damaged(reason) => return Err(reason.to_string()),
            Base::Closed => return Err("its base is not open".into()),
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is complete before anything that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No object that begins now may begin in an earlier epoch: one was deleted in it.
static EPOCH_FLOOR: AtomicU64 = AtomicU64::new(0);

impl State {
    fn next_txid(&mut self, now_ms: i64) -> u64 {
        if let Some(first) = self.first_txid {
            return first;
        }
        if self.committed.txid > 0 {
            return self.committed.txid + 1;
        }
        let epoch = epoch_at(now_ms).max(EPOCH_FLOOR.load(Relaxed));
        *self.first_txid.insert((epoch << 32) | 1)
    }
}

/// A base as the history reads it.
#[derive(Debug)]
pub(crate) struct SettledBase<'a> {
    pub(crate) mark: Mark,
    pub(crate) base: &'a Base,
}

impl crate::history::Base for SettledBase<'_> {
    fn txid(&self) -> u64 {
        self.mark.txid
    }

    fn db_pages(&self) -> u32 {
        self.mark.page_count
    }

    fn page(&self, number: u32) -> std::io::Result<Box<Page>> {
        let mut page = Box::new([0; PAGE_BYTES]);
        match self.base {
            Base::Image(image) => decode(image.page(number), &mut page)
                .ok_or_else(|| std::io::Error::other(format!("page {number} is damaged")))?,
            Base::File(file) => read_file(file, number, &mut page)?,
            Base::Nothing | Base::Closed | Base::Damaged(_) => {}
        }
        Ok(page)
    }
}

/// Reads a page; what is behind the end of the file is zeros.
fn read_file(file: &File, number: u32, into: &mut Page) -> std::io::Result<()> {
    let offset = u64::from(number - 1) * PAGE_BYTES as u64;
    let mut filled = 0;
    while filled < PAGE_BYTES {
        match file.read_at(&mut into[filled..], offset + filled as u64)? {
            0 => break,
            length => filled += length,
        }
    }
    into[filled..].fill(0);
    Ok(())
}

/// An object's pages as the file of a connection.
#[derive(Debug)]
pub(crate) struct ObjectFile(pub(crate) Arc<ObjectPages>);

impl PageFile for ObjectFile {
    fn read(&self, number: u32, into: &mut Page) -> Result<(), Unreadable> {
        self.0.read(number, into).map_err(|reason| {
            tracing::error!(object_id = %self.0.name, %reason, "an object's page cannot be read");
            Unreadable
        })
    }

    fn write(&self, number: u32, page: &Page) {
        let mut state = self.0.lock();
        state.page_count = state.page_count.max(number);
        match state.writing.get_mut(&number) {
            Some(known) => known.copy_from_slice(page),
            None => {
                state.writing.insert(number, Box::new(*page));
            }
        }
    }

    fn page_count(&self) -> u32 {
        self.0.lock().page_count
    }

    fn truncate(&self, pages: u32) {
        let mut state = self.0.lock();
        state.page_count = pages;
        state.writing.retain(|number, _| *number <= pages);
    }
}
