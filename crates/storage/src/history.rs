//! What every object's database was before now, as far back as is kept.
//!
//! When objects are settled ([`crate::directory`]), their commits go into a [`pack`] first: for each
//! object the pages as they were before, and what each commit changed. An earlier state is today's
//! database with the later commits undone ([`timeline`]). So there is no snapshot to take or to keep,
//! an object that does not change costs nothing however long its history is, and the oldest pack can
//! always be deleted ([`retention`]).
//!
//! Packs are written by the settler. Nothing here runs on a shard's thread but reading for a restore
//! or a bookmark, which is rare. What is not in a pack yet is in its lane, and in memory as the
//! object's turns ([`crate::object_pages`]).
//!
//! # What is durable when
//!
//! A pack is synced and has its name before the first page of a base is written that it has the old
//! version of. If the process dies between the two, recovery settles the same commits again, and
//! perhaps more; a base that was being written in place is torn then. So recovery looks for a chunk
//! that begins at the base's commit, keeps what came after that chunk only, and takes the pages as the
//! chunk left them ([`History::keep_again`]). Everything that an interrupted settling may have written
//! is in such a chunk.

mod bookmark;
mod chunk;
#[cfg(test)]
mod model;
mod pack;
mod page;
mod patch;
mod retention;
mod timeline;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use bookmark::{Bookmark, NotABookmark};
pub(crate) use bookmark::{epoch_after, epoch_at};
pub(crate) use page::{Base, Pages, Turn};
pub use retention::Retention;
pub(crate) use timeline::{HistoryError, Timeline};

use crate::connection::{remove_if_present, sync_parent};
use chunk::Chunk;
use pack::{Entry, Pack, Writer};
use page::Page;
use retention::Held;

const SUFFIX: &str = ".pack";
/// Ends the name of a pack that is being written.
const UNFINISHED: &str = ".unfinished";
/// Packs that recovery looks at: more than can have been written when the process died, one for each
/// thread that settles.
const UNSETTLED_PACKS_MAX: usize = 256;

/// The packs of a data folder.
#[derive(Debug)]
pub(crate) struct History {
    folder: PathBuf,
    retention: Retention,
    packs: Mutex<Packs>,
}

#[derive(Debug, Default)]
struct Packs {
    /// Those with the oldest last commit first.
    sorted: Vec<Arc<Pack>>,
    /// The number of the last one that was begun.
    last: u64,
}

/// The commits of one object that are being settled.
pub(crate) struct ObjectTurns<'a> {
    /// The object.
    pub(crate) key: &'a [u8],
    /// The database before them.
    pub(crate) base: &'a dyn Base,
    /// The commits, oldest first.
    pub(crate) turns: Vec<Turn<'a>>,
}

impl History {
    /// Opens the packs in `folder`, which is created when the first one is written.
    ///
    /// A pack that is damaged as a whole is left alone and named in the log.
    ///
    /// # Errors
    /// The operating system's.
    pub(crate) fn open(folder: &Path, retention: Retention) -> io::Result<Self> {
        let mut packs = Packs::default();
        for path in files(folder)? {
            let name = path.to_string_lossy();
            if name.ends_with(UNFINISHED) {
                remove_if_present(&path)?;
            } else if name.ends_with(SUFFIX) {
                packs.last = packs.last.max(number_of(&path));
                match Pack::open(&path) {
                    Ok(pack) => packs.insert(pack),
                    Err(error) => tracing::error!(%error, "open a pack; its history is missing"),
                }
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            retention,
            packs: Mutex::new(packs),
        })
    }

    /// A history that keeps nothing.
    pub(crate) fn off() -> Self {
        Self {
            folder: PathBuf::new(),
            retention: Retention {
                age_ms: 0,
                bytes: 0,
            },
            packs: Mutex::default(),
        }
    }

    /// What is kept.
    pub(crate) fn retention(&self) -> Retention {
        self.retention
    }

    /// Keeps commits, durably, and deletes what is too old or too much.
    ///
    /// # Errors
    /// The operating system's; nothing is kept then, and the call can be repeated.
    pub(crate) fn keep(&self, objects: &[ObjectTurns<'_>], now_ms: i64) -> io::Result<()> {
        if !self.retention.is_off() {
            let mut writer = Writer::default();
            for object in objects.iter().filter(|object| !object.turns.is_empty()) {
                writer.add(object.key, object.base, &object.turns)?;
            }
            self.write(writer)?;
        }
        self.expire(now_ms)
    }

    /// As [`Self::keep`], for commits that may have been kept before, when the process died.
    ///
    /// # Errors
    /// As [`Self::keep`].
    pub(crate) fn keep_again(&self, objects: &[ObjectTurns<'_>], now_ms: i64) -> io::Result<()> {
        if self.retention.is_off() {
            return self.expire(now_ms);
        }
        let packs = self.newest(UNSETTLED_PACKS_MAX);
        let mut writer = Writer::default();
        for object in objects {
            let mut base = Resumed::of(object.base);
            // One that was interrupted twice has two chunks, the second after the first.
            while let Some(bytes) = chunk_after(&packs, object.key, base.txid)? {
                let chunk = Chunk::read(&bytes)
                    .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a damaged chunk"))?;
                base.go_on(&chunk);
            }
            let turns = object.turns.iter().filter(|turn| turn.txid > base.txid);
            let turns: Vec<Turn<'_>> = turns.cloned().collect();
            if !turns.is_empty() {
                writer.add(object.key, &base, &turns)?;
            }
        }
        self.write(writer)?;
        self.expire(now_ms)
    }

    fn write(&self, writer: Writer) -> io::Result<()> {
        if writer.is_empty() {
            return Ok(());
        }
        if !self.folder.exists() {
            fs::create_dir_all(&self.folder)?;
            sync_parent(&self.folder)?;
        }
        let number = {
            let mut packs = self.lock();
            packs.last += 1;
            packs.last
        };
        let path = self.folder.join(format!("{number:016x}{SUFFIX}"));
        let unfinished = self.folder.join(format!("{number:016x}{UNFINISHED}"));
        let written = File::create(&unfinished).and_then(|file| {
            writer.finish(&file)?;
            file.sync_all()
        });
        if let Err(error) = written {
            // A full disk needs the space.
            remove_if_present(&unfinished)?;
            return Err(error);
        }
        fs::rename(&unfinished, &path)?;
        sync_parent(&path)?;
        let pack = Pack::open(&path)?;
        self.lock().insert(pack);
        Ok(())
    }

    /// The packs that were written last, newest first.
    fn newest(&self, count: usize) -> Vec<Arc<Pack>> {
        let mut packs = self.lock().sorted.clone();
        packs.sort_by_key(|pack| std::cmp::Reverse(number_of(pack.path())));
        packs.truncate(count);
        packs
    }

    /// Deletes what is too old or too much.
    ///
    /// # Errors
    /// The operating system's.
    pub(crate) fn expire(&self, now_ms: i64) -> io::Result<()> {
        let expired = {
            let mut packs = self.lock();
            let held: Vec<Held> = packs
                .sorted
                .iter()
                .map(|pack| Held {
                    last_ms: pack.last_ms,
                    bytes: pack.bytes(),
                })
                .collect();
            let count = self.retention.expired(&held, now_ms);
            packs.remove_oldest(count)
        };
        for pack in expired {
            remove_if_present(pack.path())?;
        }
        Ok(())
    }

    /// The chunks of an object, newest first, without a gap between them and up to the commit
    /// `last`.
    fn chain(&self, key: &[u8], mut last: u64) -> io::Result<Vec<(Arc<Pack>, Entry)>> {
        let packs: Vec<Arc<Pack>> = self.lock().sorted.clone();
        let mut found = Vec::new();
        for pack in packs {
            match pack.find(key) {
                Ok(Some(entry)) => found.push((pack, entry)),
                Ok(None) => {}
                // It has expired in this moment.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        found.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.last));
        found.retain(|(_, entry)| {
            let follows = entry.last == last;
            if follows {
                last = entry.before;
            }
            follows
        });
        Ok(found)
    }

    /// Every page of an object that changed within the time that is kept, as its commit `last` left
    /// it.
    ///
    /// # Errors
    /// The operating system's, or that a chunk is damaged.
    pub(crate) fn latest(&self, key: &[u8], last: u64) -> io::Result<Pages> {
        let mut pages = Pages::new();
        for (pack, entry) in self.chain(key, last)?.into_iter().rev() {
            let bytes = pack.chunk(&entry)?;
            let chunk = Chunk::read(&bytes).ok_or_else(|| pack::damaged("pack", pack.path()))?;
            pages.extend(chunk.latest().pages);
        }
        Ok(pages)
    }

    fn lock(&self) -> MutexGuard<'_, Packs> {
        self.packs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Packs {
    fn insert(&mut self, pack: Pack) {
        let place = self
            .sorted
            .partition_point(|other| other.last_ms <= pack.last_ms);
        self.sorted.insert(place, Arc::new(pack));
    }

    fn remove_oldest(&mut self, count: usize) -> Vec<Arc<Pack>> {
        self.sorted.drain(..count).collect()
    }
}

/// A base that an interrupted settling may have begun to write: as some chunks left it.
struct Resumed<'a> {
    base: &'a dyn Base,
    txid: u64,
    db_pages: u32,
    pages: Pages,
}

impl<'a> Resumed<'a> {
    fn of(base: &'a dyn Base) -> Self {
        Self {
            base,
            txid: base.txid(),
            db_pages: base.db_pages(),
            pages: Pages::new(),
        }
    }

    fn go_on(&mut self, chunk: &Chunk<'_>) {
        let known = chunk.latest();
        self.txid = chunk.last();
        self.db_pages = known.db_pages;
        self.pages.extend(known.pages);
    }
}

impl Base for Resumed<'_> {
    fn txid(&self) -> u64 {
        self.txid
    }

    fn db_pages(&self) -> u32 {
        self.db_pages
    }

    fn page(&self, number: u32) -> io::Result<Box<Page>> {
        match self.pages.get(&number) {
            Some(page) => Ok(page.clone()),
            None => self.base.page(number),
        }
    }
}

/// The bytes of the chunk of an object that begins after a commit.
fn chunk_after(packs: &[Arc<Pack>], key: &[u8], before: u64) -> io::Result<Option<Vec<u8>>> {
    for pack in packs {
        if let Some(entry) = pack.find(key)?
            && entry.before == before
        {
            return pack.chunk(&entry).map(Some);
        }
    }
    Ok(None)
}

/// The number in the name of a pack.
fn number_of(path: &Path) -> u64 {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    u64::from_str_radix(&stem, 16).unwrap_or(0)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
