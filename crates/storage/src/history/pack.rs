//! A pack: the chunks of many objects in one file that never changes.
//!
//! Written from one released segment of a lane. Its index is sorted by a hash of the objects' keys
//! and searched in the file, so a pack costs no memory beyond its footer. Every chunk and the index
//! have a checksum: damage to one object's chunk is that object's loss alone.
//!
//! Persisted, little-endian. A changed meaning needs a new `MAGIC`.
//!
//! ```text
//! chunks   one after another
//! index    for each chunk, sorted: hash u128, offset u64, bytes u64, checksum u64,
//!          before u64, last u64
//! footer   index offset u64, entries u64, first ms i64, last ms i64, checksum of the index u64,
//!          checksum of the footer u64, magic u64
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::chunk;
use super::page::{Base, Turn};

const MAGIC: u64 = u64::from_le_bytes(*b"stpack\x00\x01");
const ENTRY_BYTES: usize = 16 + 5 * 8;
const FOOTER_BYTES: usize = 7 * 8;

/// A pack. Its file is opened when something is read: there may be thousands of them.
#[derive(Debug)]
pub(crate) struct Pack {
    path: PathBuf,
    bytes: u64,
    index_offset: u64,
    entries: u64,
    /// When the last commit was made.
    pub(crate) last_ms: i64,
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
    /// The base's.
    pub(crate) fn add(
        &mut self,
        key: &[u8],
        base: &dyn Base,
        turns: &[Turn<'_>],
    ) -> io::Result<()> {
        let offset = self.chunks.len();
        chunk::write(base, turns, &mut self.chunks)?;
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

    /// Writes the pack; the caller syncs.
    pub(crate) fn finish(self, mut out: impl Write) -> io::Result<()> {
        let mut index = Vec::with_capacity(self.entries.len() * ENTRY_BYTES);
        for entry in self.entries.values() {
            index.extend(entry.hash.to_le_bytes());
            for number in [
                entry.offset,
                entry.bytes,
                entry.checksum,
                entry.before,
                entry.last,
            ] {
                index.extend(number.to_le_bytes());
            }
        }
        let mut footer = Vec::with_capacity(FOOTER_BYTES);
        footer.extend((self.chunks.len() as u64).to_le_bytes());
        footer.extend((self.entries.len() as u64).to_le_bytes());
        footer.extend(self.first_ms.unwrap_or(0).to_le_bytes());
        footer.extend(self.last_ms.unwrap_or(0).to_le_bytes());
        footer.extend(xxh3_64(&index).to_le_bytes());
        footer.extend(xxh3_64(&footer).to_le_bytes());
        footer.extend(MAGIC.to_le_bytes());
        out.write_all(&self.chunks)?;
        out.write_all(&index)?;
        out.write_all(&footer)
    }
}

impl Pack {
    /// Opens a pack and reads its footer.
    ///
    /// # Errors
    /// The operating system's; [`ErrorKind::InvalidData`] for a file that is not a pack.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let footer_at = bytes
            .checked_sub(FOOTER_BYTES as u64)
            .ok_or_else(|| damaged("pack", path))?;
        let mut footer = [0; FOOTER_BYTES];
        file.read_exact_at(&mut footer, footer_at)?;
        let number = |place: usize| word(&footer, place);
        let index_offset = number(0);
        let entries = number(1);
        let intact = number(6) == MAGIC
            && number(5) == xxh3_64(&footer[..40])
            && index_offset
                .checked_add(entries.saturating_mul(ENTRY_BYTES as u64))
                .is_some_and(|end| end <= footer_at);
        if !intact {
            return Err(damaged("footer of pack", path));
        }
        Ok(Self {
            path: path.to_owned(),
            bytes,
            index_offset,
            entries,
            last_ms: number(3).cast_signed(),
        })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The size of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Finds the chunk of an object.
    ///
    /// # Errors
    /// The operating system's.
    pub(crate) fn find(&self, key: &[u8]) -> io::Result<Option<Entry>> {
        let hash = xxh3_128(key);
        let file = File::open(&self.path)?;
        let (mut low, mut high) = (0, self.entries);
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = self.entry(&file, middle)?;
            match entry.hash.cmp(&hash) {
                std::cmp::Ordering::Equal => return Ok(Some(entry)),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }

    fn entry(&self, file: &File, place: u64) -> io::Result<Entry> {
        let mut bytes = [0; ENTRY_BYTES];
        let offset = self.index_offset + place * ENTRY_BYTES as u64;
        file.read_exact_at(&mut bytes, offset)?;
        let hash = bytes.first_chunk().expect("an entry begins with 16 bytes");
        let number = |place: usize| word(&bytes[16..], place);
        Ok(Entry {
            hash: u128::from_le_bytes(*hash),
            offset: number(0),
            bytes: number(1),
            checksum: number(2),
            before: number(3),
            last: number(4),
        })
    }

    /// Reads the bytes of a chunk.
    ///
    /// # Errors
    /// The operating system's; [`ErrorKind::InvalidData`] when they are damaged.
    pub(crate) fn chunk(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        let end = entry.offset.checked_add(entry.bytes);
        if end.is_none_or(|end| end > self.index_offset) {
            return Err(damaged("index of pack", &self.path));
        }
        let mut bytes = vec![0; usize::try_from(entry.bytes).map_err(io::Error::other)?];
        File::open(&self.path)?.read_exact_at(&mut bytes, entry.offset)?;
        if xxh3_64(&bytes) != entry.checksum {
            return Err(damaged("chunk of pack", &self.path));
        }
        Ok(bytes)
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
        writer.finish(File::create(&path).unwrap()).unwrap();
        (folder, path)
    }

    fn key(number: u64) -> String {
        format!("app-Room/{number:064x}")
    }

    #[test]
    fn every_object_is_found_and_no_other() {
        for objects in [1, 2, 3, 100] {
            let (_folder, path) = pack_of(objects);
            let pack = Pack::open(&path).unwrap();

            for number in 0..objects {
                let entry = pack.find(key(number).as_bytes()).unwrap().unwrap();
                assert_eq!((entry.before, entry.last), (number, number + 1));
                let bytes = pack.chunk(&entry).unwrap();
                let chunk = Chunk::read(&bytes).unwrap();
                assert_eq!(
                    chunk.latest().pages[&1],
                    page(number.to_string().as_bytes())
                );
            }
            assert_eq!(pack.find(key(objects).as_bytes()).unwrap(), None);
            assert_eq!(pack.last_ms, 999 + objects.cast_signed());
        }
    }

    #[test]
    fn damage_to_one_chunk_is_the_loss_of_one_object() {
        let (_folder, path) = pack_of(3);
        let mut bytes = std::fs::read(&path).unwrap();
        let entry = Pack::open(&path)
            .unwrap()
            .find(key(1).as_bytes())
            .unwrap()
            .unwrap();
        bytes[usize::try_from(entry.offset).unwrap() + 5] ^= 1;
        std::fs::write(&path, &bytes).unwrap();

        let pack = Pack::open(&path).unwrap();

        let error = pack.chunk(&entry).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("chunk of pack `{}` is damaged", path.display())
        );
        for number in [0, 2] {
            let entry = pack.find(key(number).as_bytes()).unwrap().unwrap();
            assert!(pack.chunk(&entry).is_ok());
        }
    }

    #[test]
    fn a_file_that_is_cut_short_is_no_pack() {
        let (_folder, path) = pack_of(3);
        let bytes = std::fs::read(&path).unwrap();

        for length in [0, 10, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let error = Pack::open(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{length}");
        }
    }
}
