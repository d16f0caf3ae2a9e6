//! A pack: the chunks of many objects in one file that never changes.
//!
//! Written from what is settled together of a lane, or from other packs ([`super::merge`]). Its index
//! is sorted by a hash of the objects' keys and searched in the file, so a pack costs no memory beyond
//! its footer. Every chunk and the index have a checksum: damage to one object's chunk is that
//! object's loss alone.
//!
//! Persisted, little-endian. A changed meaning needs a new `MAGIC`. A merged pack has another one: it
//! may have several chunks of an object, which versions before did not expect.
//!
//! ```text
//! chunks   one after another
//! index    for each chunk, sorted by hash: hash u128, offset u64, bytes u64, checksum u64,
//!          before u64, last u64
//! footer   index offset u64, entries u64, first ms i64, last ms i64, checksum of the index u64,
//!          checksum of the footer u64, magic u64
//! ```

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::chunk;
use super::page::{Base, Turn};
use crate::blob::{Blob, BlobStore};

const MAGIC: u64 = u64::from_le_bytes(*b"stpack\x00\x01");
const MERGED_MAGIC: u64 = u64::from_le_bytes(*b"stpack\x00\x02");
const ENTRY_BYTES: usize = 16 + 5 * 8;
const FOOTER_BYTES: usize = 7 * 8;
/// Entries that are read at once when a search has come near.
const SEARCHED_ENTRIES: u64 = 64;
/// Bytes that are copied at once.
const COPY_BYTES: u64 = 1 << 20;

/// A pack. Nothing of it is in memory: there may be hundreds of them.
#[derive(Debug)]
pub(crate) struct Pack {
    blobs: Arc<dyn BlobStore>,
    name: String,
    bytes: u64,
    index_offset: u64,
    entries: u64,
    index_checksum: u64,
    /// When the first commit was made.
    pub(crate) first_ms: i64,
    /// When the last commit was made.
    pub(crate) last_ms: i64,
    /// Nobody looks for it any more: the blob goes with the last reader.
    is_given_up: AtomicBool,
}

impl Drop for Pack {
    fn drop(&mut self) {
        if self.is_given_up.load(Relaxed)
            && let Err(error) = self.blobs.delete(&self.name)
        {
            // The next start finds it again.
            tracing::warn!(%error, path = %self.place().display(), "remove a pack");
        }
    }
}

/// Where a pack has the chunk of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    hash: u128,
    offset: u64,
    bytes: u64,
    checksum: u64,
    /// The last commit before those of the chunk.
    pub(crate) before: u64,
    /// The last commit of the chunk.
    pub(crate) last: u64,
}

/// Collects chunks and writes them with their index.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    chunks: Vec<u8>,
    entries: BTreeMap<u128, Entry>,
    first_ms: Option<i64>,
    last_ms: Option<i64>,
}

impl Writer {
    /// Adds the commits of one object, oldest first, at least one. A key is added once.
    ///
    /// # Errors
    /// The base's; nothing is added then.
    pub(crate) fn add(
        &mut self,
        key: &[u8],
        base: &dyn Base,
        turns: &[Turn<'_>],
    ) -> io::Result<()> {
        let offset = self.chunks.len();
        if let Err(error) = chunk::write(base, turns, &mut self.chunks) {
            self.chunks.truncate(offset);
            return Err(error);
        }
        let hash = xxh3_128(key);
        let entry = Entry {
            hash,
            offset: offset as u64,
            bytes: (self.chunks.len() - offset) as u64,
            checksum: xxh3_64(&self.chunks[offset..]),
            before: base.txid(),
            last: turns.last().map_or(0, |turn| turn.txid),
        };
        self.entries.insert(hash, entry);
        let times = || turns.iter().map(|turn| turn.time_ms);
        self.first_ms = times().chain(self.first_ms).min();
        self.last_ms = times().chain(self.last_ms).max();
        Ok(())
    }

    /// Whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Writes the pack.
    pub(crate) fn finish(&self, out: &mut dyn Write) -> io::Result<()> {
        let times = (self.first_ms.unwrap_or(0), self.last_ms.unwrap_or(0));
        out.write_all(&self.chunks)?;
        let end = end(
            self.chunks.len() as u64,
            self.entries.values(),
            times,
            MAGIC,
        );
        out.write_all(&end)
    }
}

/// The index and the footer of a pack whose chunks have so many bytes.
fn end<'e>(
    index_offset: u64,
    entries: impl ExactSizeIterator<Item = &'e Entry>,
    (first_ms, last_ms): (i64, i64),
    magic: u64,
) -> Vec<u8> {
    let count = entries.len() as u64;
    let mut bytes = Vec::with_capacity(entries.len() * ENTRY_BYTES + FOOTER_BYTES);
    for entry in entries {
        bytes.extend(entry.hash.to_le_bytes());
        for number in [
            entry.offset,
            entry.bytes,
            entry.checksum,
            entry.before,
            entry.last,
        ] {
            bytes.extend(number.to_le_bytes());
        }
    }
    let index_checksum = xxh3_64(&bytes);
    let footer = bytes.len();
    bytes.extend(index_offset.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(first_ms.to_le_bytes());
    bytes.extend(last_ms.to_le_bytes());
    bytes.extend(index_checksum.to_le_bytes());
    bytes.extend(xxh3_64(&bytes[footer..]).to_le_bytes());
    bytes.extend(magic.to_le_bytes());
    bytes
}

/// Writes what several packs have as one.
///
/// # Errors
/// The operating system's; [`ErrorKind::InvalidData`] for a pack with a damaged index. A damaged chunk
/// is copied as it is.
pub(super) fn write_merged(packs: &[Arc<Pack>], out: &mut dyn Write) -> io::Result<()> {
    let mut entries = Vec::new();
    let mut chunk_bytes = 0;
    for pack in packs {
        for entry in pack.index()? {
            let offset = chunk_bytes + entry.offset;
            entries.push(Entry { offset, ..entry });
        }
        for start in (0..pack.index_offset).step_by(COPY_BYTES as usize) {
            let end = pack.index_offset.min(start + COPY_BYTES);
            out.write_all(&pack.blobs.get_range(&pack.name, start..end)?)?;
        }
        chunk_bytes += pack.index_offset;
    }
    entries.sort_unstable_by_key(|entry| (entry.hash, entry.last));
    let first_ms = packs.iter().map(|pack| pack.first_ms).min();
    let last_ms = packs.iter().map(|pack| pack.last_ms).max();
    let times = (first_ms.unwrap_or(0), last_ms.unwrap_or(0));
    out.write_all(&end(chunk_bytes, entries.iter(), times, MERGED_MAGIC))
}

impl Pack {
    /// Opens a pack and reads its footer.
    ///
    /// # Errors
    /// The operating system's; [`ErrorKind::InvalidData`] for a file that is not a pack.
    pub(crate) fn open(blobs: &Arc<dyn BlobStore>, blob: &Blob) -> io::Result<Self> {
        let place = || blobs.place(&blob.name);
        let bytes = blob.bytes;
        let footer_at = bytes
            .checked_sub(FOOTER_BYTES as u64)
            .ok_or_else(|| damaged("pack", &place()))?;
        let footer = blobs.get_range(&blob.name, footer_at..bytes)?;
        let number = |place: usize| word(&footer, place);
        let index_offset = number(0);
        let entries = number(1);
        let intact = [MAGIC, MERGED_MAGIC].contains(&number(6))
            && number(5) == xxh3_64(&footer[..40])
            && index_offset
                .checked_add(entries.saturating_mul(ENTRY_BYTES as u64))
                .is_some_and(|end| end <= footer_at);
        if !intact {
            return Err(damaged("footer of pack", &place()));
        }
        Ok(Self {
            blobs: Arc::clone(blobs),
            name: blob.name.clone(),
            bytes,
            index_offset,
            entries,
            index_checksum: number(4),
            first_ms: number(2).cast_signed(),
            last_ms: number(3).cast_signed(),
            is_given_up: AtomicBool::new(false),
        })
    }

    /// Its name in the store.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What an operator calls it.
    pub(crate) fn place(&self) -> PathBuf {
        self.blobs.place(&self.name)
    }

    /// The size of the whole.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Removes the blob when nobody reads it any more.
    pub(crate) fn give_up(&self) {
        self.is_given_up.store(true, Relaxed);
    }

    /// Finds the chunks of an object, oldest first.
    ///
    /// # Errors
    /// The operating system's.
    pub(crate) fn find(&self, key: &[u8]) -> io::Result<Vec<Entry>> {
        let hash = xxh3_128(key);
        let (mut low, mut high) = (0, self.entries);
        while high - low > SEARCHED_ENTRIES {
            let middle = low + (high - low) / 2;
            match self.some_entries(middle..middle + 1)?[0].hash < hash {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        let mut found = Vec::new();
        loop {
            let end = self.entries.min(low + SEARCHED_ENTRIES);
            let some = self.some_entries(low..end)?;
            found.extend(some.iter().filter(|entry| entry.hash == hash));
            if end == self.entries || some.last().is_some_and(|entry| entry.hash > hash) {
                return Ok(found);
            }
            low = end;
        }
    }

    /// Reads the whole index.
    fn index(&self) -> io::Result<Vec<Entry>> {
        let bytes = self.index_bytes(0..self.entries)?;
        if xxh3_64(&bytes) != self.index_checksum {
            return Err(damaged("index of pack", &self.place()));
        }
        Ok(entries(&bytes))
    }

    fn some_entries(&self, places: Range<u64>) -> io::Result<Vec<Entry>> {
        Ok(entries(&self.index_bytes(places)?))
    }

    fn index_bytes(&self, places: Range<u64>) -> io::Result<Vec<u8>> {
        let at = |place: u64| self.index_offset + place * ENTRY_BYTES as u64;
        self.blobs
            .get_range(&self.name, at(places.start)..at(places.end))
    }

    /// Reads the bytes of a chunk.
    ///
    /// # Errors
    /// The operating system's; [`ErrorKind::InvalidData`] when they are damaged.
    pub(crate) fn chunk(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        let end = entry.offset.checked_add(entry.bytes);
        if end.is_none_or(|end| end > self.index_offset) {
            return Err(damaged("index of pack", &self.place()));
        }
        let range = entry.offset..entry.offset + entry.bytes;
        let bytes = self.blobs.get_range(&self.name, range)?;
        if xxh3_64(&bytes) != entry.checksum {
            return Err(damaged("chunk of pack", &self.place()));
        }
        Ok(bytes)
    }
}

fn entries(bytes: &[u8]) -> Vec<Entry> {
    let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
    entries.iter().map(Entry::read).collect()
}

impl Entry {
    fn read(bytes: &[u8; ENTRY_BYTES]) -> Self {
        let hash = bytes.first_chunk().expect("an entry begins with 16 bytes");
        let number = |place: usize| word(&bytes[16..], place);
        Self {
            hash: u128::from_le_bytes(*hash),
            offset: number(0),
            bytes: number(1),
            checksum: number(2),
            before: number(3),
            last: number(4),
        }
    }
}

fn word(bytes: &[u8], place: usize) -> u64 {
    let word = bytes[place * 8..].first_chunk();
    u64::from_le_bytes(*word.expect("the place is inside"))
}

/// The error of bytes that nobody wrote.
pub(crate) fn damaged(what: &str, path: &Path) -> io::Error {
    io::Error::new(
        ErrorKind::InvalidData,
        format!("{what} `{}` is damaged", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::super::chunk::Chunk;
    use super::super::model::{Database, turn};
    use super::super::page::page;
    use super::*;
    use crate::blob::BlobFolder;
    use std::fs::File;

    fn pack_of(objects: u64) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.pack");
        let mut writer = Writer::default();
        for number in 0..objects {
            let text = page(number.to_string().as_bytes());
            let time_ms = 1000 + number.cast_signed();
            let turns = [turn(number + 1, time_ms, 1, &[(1, &text)])];
            let base = Database::new(number, &[]);
            writer.add(key(number).as_bytes(), &base, &turns).unwrap();
        }
        writer.finish(&mut File::create(&path).unwrap()).unwrap();
        (folder, path)
    }

    fn open(path: &Path) -> io::Result<Pack> {
        let blobs: Arc<dyn BlobStore> = Arc::new(BlobFolder::open(path.parent().unwrap()).unwrap());
        Pack::open(&blobs, &blobs.list().unwrap()[0])
    }

    fn key(number: u64) -> String {
        format!("app-Room/{number:064x}")
    }

    #[test]
    fn every_object_is_found_and_no_other() {
        for objects in [1, 2, 3, 100] {
            let (_folder, path) = pack_of(objects);
            let pack = open(&path).unwrap();

            for number in 0..objects {
                let [entry] = pack.find(key(number).as_bytes()).unwrap()[..] else {
                    panic!("one chunk")
                };
                assert_eq!((entry.before, entry.last), (number, number + 1));
                let bytes = pack.chunk(&entry).unwrap();
                let chunk = Chunk::read(&bytes).unwrap();
                assert_eq!(
                    chunk.latest().pages[&1],
                    page(number.to_string().as_bytes())
                );
            }
            assert_eq!(pack.find(key(objects).as_bytes()).unwrap(), []);
            assert_eq!(pack.last_ms, 999 + objects.cast_signed());
        }
    }

    #[test]
    fn damage_to_one_chunk_is_the_loss_of_one_object() {
        let (_folder, path) = pack_of(3);
        let mut bytes = std::fs::read(&path).unwrap();
        let entry = open(&path).unwrap().find(key(1).as_bytes()).unwrap()[0];
        bytes[usize::try_from(entry.offset).unwrap() + 5] ^= 1;
        std::fs::write(&path, &bytes).unwrap();

        let pack = open(&path).unwrap();

        let error = pack.chunk(&entry).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("chunk of pack `{}` is damaged", path.display())
        );
        for number in [0, 2] {
            let entry = pack.find(key(number).as_bytes()).unwrap()[0];
            assert!(pack.chunk(&entry).is_ok());
        }
    }

    #[test]
    fn a_file_that_is_cut_short_is_no_pack() {
        let (_folder, path) = pack_of(3);
        let bytes = std::fs::read(&path).unwrap();

        for length in [0, 10, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let error = open(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{length}");
        }
    }
}
