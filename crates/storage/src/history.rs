//! What every object's database was before now, as far back as is kept.
//!
//! When objects are settled ([`crate::directory`]), their commits go into a [`pack`] first: for each
//! object the pages as they were before, and what each commit changed. An earlier state is today's
//! database with the later commits undone ([`timeline`]). So there is no snapshot to take or to keep,
//! an object that does not change costs nothing however long its history is, and the oldest pack can
//! always be deleted ([`retention`]). Small packs become one in time ([`merge`]).
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
mod merge;
#[cfg(test)]
mod model;
mod pack;
mod page;
mod patch;
mod retention;
mod timeline;

use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use bookmark::{Bookmark, NotABookmark};
pub(crate) use bookmark::{epoch_after, epoch_at};
pub(crate) use chunk::TurnMark;
pub(crate) use page::{Base, Pages, Turn};
pub use retention::Retention;
pub(crate) use timeline::{HistoryError, Timeline};

use crate::blob::{Blob, BlobFolder, BlobStore};
use crate::object_name::ObjectName;
use chunk::Chunk;
use pack::{Entry, Pack, Writer, write_merged};
use page::Page;
use retention::Held;

const SUFFIX: &str = ".pack";
/// Packs that recovery looks at: more than can have been written when the process died, one for each
/// thread that settles.
const UNSETTLED_PACKS_MAX: usize = 256;

/// The packs of a data folder.
#[derive(Debug)]
pub(crate) struct History {
    blobs: Arc<dyn BlobStore>,
    retention: Retention,
    packs: Mutex<Packs>,
    /// Held by the thread that merges.
    merging: Mutex<()>,
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
    /// Opens the packs in `blobs`.
    ///
    /// A pack that is damaged as a whole is left alone and named in the log.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn open(blobs: Arc<dyn BlobStore>, retention: Retention) -> io::Result<Self> {
        let mut packs = Packs::default();
        for blob in blobs.list()? {
            if !blob.name.ends_with(SUFFIX) {
                continue;
            }
            packs.last = packs.last.max(numbers_of(&blob.name).1);
            match Pack::open(&blobs, &blob) {
                Ok(pack) => packs.insert(pack),
                Err(error) => tracing::error!(%error, "open a pack; its history is missing"),
            }
        }
        packs.give_up_sources();
        Ok(Self {
            blobs,
            retention,
            packs: Mutex::new(packs),
            merging: Mutex::default(),
        })
    }

    /// A history that keeps nothing.
    pub(crate) fn off() -> Self {
        Self {
            blobs: Arc::new(BlobFolder::nowhere()),
            retention: Retention {
                age_ms: 0,
                bytes: 0,
            },
            packs: Mutex::default(),
            merging: Mutex::default(),
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
                add(&mut writer, object.key, object.base, &object.turns);
            }
            self.write(&writer, now_ms)?;
        }
        self.expire(now_ms);
        Ok(())
    }

    /// As [`Self::keep`], for commits that may have been kept before, when the process died.
    ///
    /// # Errors
    /// As [`Self::keep`].
    pub(crate) fn keep_again(&self, objects: &[ObjectTurns<'_>], now_ms: i64) -> io::Result<()> {
        if self.retention.is_off() {
            self.expire(now_ms);
            return Ok(());
        }
        let packs = self.newest(UNSETTLED_PACKS_MAX);
        let mut writer = Writer::default();
        for object in objects {
            let mut base = Resumed::of(object.base);
            // One that was interrupted twice has two chunks, the second after the first.
            while let Some(bytes) = chunk_after(&packs, object.key, base.txid)? {
                let chunk = Chunk::read(&bytes)
                    .ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "a damaged chunk"))?;
                base.go_on(&chunk);
            }
            let turns = object.turns.iter().filter(|turn| turn.txid > base.txid);
            let turns: Vec<Turn<'_>> = turns.cloned().collect();
            if !turns.is_empty() {
                add(&mut writer, object.key, &base, &turns);
            }
        }
        self.write(&writer, now_ms)?;
        self.expire(now_ms);
        Ok(())
    }

    fn write(&self, writer: &Writer, now_ms: i64) -> io::Result<()> {
        if writer.is_empty() {
            return Ok(());
        }
        let number = {
            let mut packs = self.lock();
            packs.last += 1;
            packs.last
        };
        let stem = format!("{number:016x}");
        let pack = loop {
            match self.publish(&stem, &mut |out| writer.finish(out)) {
                Err(error) if error.kind() == ErrorKind::StorageFull && self.make_room(now_ms) => {}
                result => break result?,
            }
        };
        self.lock().insert(pack);
        Ok(())
    }

    /// Deletes the oldest history, a pack, because there is no space on the disk for something else.
    /// Returns whether there was one to delete; each call deletes another.
    ///
    /// The last day is kept ([`retention::SPARED_MS`]): then it is writes that must wait for space.
    pub(crate) fn make_room(&self, now_ms: i64) -> bool {
        let mut packs = self.lock();
        if !Retention::is_expendable(&packs.held(), now_ms) {
            return false;
        }
        let gone = packs.remove_oldest(1);
        drop(packs);
        for pack in &gone {
            let (name, bytes, last_ms) = (pack.name(), pack.bytes(), pack.last_ms);
            tracing::warn!(
                name,
                bytes,
                last_ms,
                "the disk is full; the oldest history is deleted"
            );
            pack.give_up();
        }
        true
    }

    /// Has a pack written, durably.
    fn publish(
        &self,
        stem: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<Pack> {
        let name = format!("{stem}{SUFFIX}");
        let mut bytes = 0;
        self.blobs.put(&name, &mut |out| {
            let mut counted = Counted { out, bytes: 0 };
            write(&mut counted)?;
            bytes = counted.bytes;
            Ok(())
        })?;
        Pack::open(&self.blobs, &Blob { name, bytes })
    }

    /// Makes one pack of small ones, if there are enough of them: once, so that nobody waits for long.
    ///
    /// A failure, as on a full disk, is logged, and nothing has changed.
    pub(crate) fn merge(&self) {
        // Another settler is at it.
        let Ok(_merging) = self.merging.try_lock() else {
            return;
        };
        if let Some(some) = self.mergeable()
            && let Err(error) = self.merge_some(&some)
        {
            tracing::warn!(%error, "merge packs");
        }
    }

    /// Packs that are to become one.
    fn mergeable(&self) -> Option<Vec<Arc<Pack>>> {
        let mut packs = self.lock().sorted.clone();
        packs.sort_by_key(|pack| numbers_of(pack.name()));
        let sizes: Vec<merge::Size> = packs
            .iter()
            .map(|pack| merge::Size {
                bytes: pack.bytes(),
                first_ms: pack.first_ms,
                last_ms: pack.last_ms,
            })
            .collect();
        let run = merge::run(&sizes, self.retention)?;
        Some(packs[run].to_vec())
    }

    fn merge_some(&self, some: &[Arc<Pack>]) -> io::Result<()> {
        let numbers = some.iter().map(|pack| numbers_of(pack.name()));
        let (first, last) = numbers
            .reduce(|all, each| (all.0.min(each.0), all.1.max(each.1)))
            .expect("there are some");
        let stem = format!("{first:016x}-{last:016x}");
        let merged = self.publish(&stem, &mut |out| write_merged(some, out))?;
        let mut packs = self.lock();
        packs
            .sorted
            .retain(|pack| !some.iter().any(|old| Arc::ptr_eq(old, pack)));
        packs.insert(merged);
        drop(packs);
        some.iter().for_each(|pack| pack.give_up());
        Ok(())
    }

    /// The packs that were written last, newest first.
    fn newest(&self, count: usize) -> Vec<Arc<Pack>> {
        let mut packs = self.lock().sorted.clone();
        packs.sort_by_key(|pack| std::cmp::Reverse(numbers_of(pack.name()).1));
        packs.truncate(count);
        packs
    }

    /// Deletes what is too old or too much.
    pub(crate) fn expire(&self, now_ms: i64) {
        let expired = {
            let mut packs = self.lock();
            let count = self.retention.expired(&packs.held(), now_ms);
            packs.remove_oldest(count)
        };
        expired.iter().for_each(|pack| pack.give_up());
    }

    /// The chunks of an object, newest first, without a gap between them and up to the commit
    /// `last`.
    fn chain(&self, key: &[u8], mut last: u64) -> io::Result<Vec<(Arc<Pack>, Entry)>> {
        let packs: Vec<Arc<Pack>> = self.lock().sorted.clone();
        let mut found = Vec::new();
        for pack in packs {
            let entries = pack.find(key)?.into_iter();
            found.extend(entries.map(|entry| (Arc::clone(&pack), entry)));
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
            let chunk = Chunk::read(&bytes).ok_or_else(|| pack::damaged("pack", &pack.place()))?;
            pages.extend(chunk.latest().pages);
        }
        Ok(pages)
    }

    fn lock(&self) -> MutexGuard<'_, Packs> {
        self.packs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds the commits of an object. If its base cannot be read, as in a bad sector of its file, its
/// history has a gap: others must not wait for it.
fn add(writer: &mut Writer, key: &[u8], base: &dyn Base, turns: &[Turn<'_>]) {
    if let Err(error) = writer.add(key, base, turns) {
        let object_id = ObjectName::from_bytes(key);
        tracing::error!(%object_id, %error, "the history of an object has a gap");
    }
}

impl Packs {
    fn insert(&mut self, pack: Pack) {
        let place = self
            .sorted
            .partition_point(|other| other.last_ms <= pack.last_ms);
        self.sorted.insert(place, Arc::new(pack));
    }

    /// Removes what is in a merged pack as well: a crash came before its sources had gone.
    fn give_up_sources(&mut self) {
        let all = self.sorted.iter().map(|pack| numbers_of(pack.name()));
        let all: Vec<(u64, u64)> = all.collect();
        self.sorted.retain(|pack| {
            let own = numbers_of(pack.name());
            let is_inside =
                |other: &(u64, u64)| *other != own && other.0 <= own.0 && own.1 <= other.1;
            let is_merged = all.iter().any(is_inside);
            if is_merged {
                pack.give_up();
            }
            !is_merged
        });
    }

    fn held(&self) -> Vec<Held> {
        let sorted = self.sorted.iter();
        sorted
            .map(|pack| Held {
                last_ms: pack.last_ms,
                bytes: pack.bytes(),
            })
            .collect()
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
        if let Some(entry) = pack.find(key)?.iter().find(|entry| entry.before == before) {
            return pack.chunk(entry).map(Some);
        }
    }
    Ok(None)
}

/// The numbers in the name of a pack: of the first and the last pack that were merged into it, or twice
/// its own.
fn numbers_of(name: &str) -> (u64, u64) {
    let stem = name.strip_suffix(SUFFIX).unwrap_or(name);
    let number = |text: &str| u64::from_str_radix(text, 16).unwrap_or(0);
    match stem.split_once('-') {
        Some((first, last)) => (number(first), number(last)),
        None => (number(stem), number(stem)),
    }
}

/// Counts what is written.
struct Counted<'o> {
    out: &'o mut dyn Write,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
