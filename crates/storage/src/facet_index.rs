//! The facet index of an object: which facet each of its numbered databases belongs to.
//!
//! A facet is named by its parent and its own name, and keeps its number for ever, also when its
//! storage is deleted. The file is only ever appended to, and an entry is on disk before the facet's
//! database exists, so a database without an owner cannot come about. Databases themselves are not
//! this module's business.
//!
//! ```text
//! magic (8 bytes, little-endian), then per facet, numbered from 1:
//!   parent (u16), length of the name (u16), name (UTF-8); parent 0 is the object itself
//! ```
//!
//! Source: reference section 13.3.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::connection::sync_parent;
use crate::error::StorageError;

/// What the file begins with. Persisted: never change.
const MAGIC: [u8; 8] = 0xc4cd_ce5b_c5b0_ef57_u64.to_le_bytes();
/// Parent and length of the name.
const HEAD_BYTES: usize = 4;
/// The number of the object itself.
pub const ROOT: u16 = 0;
/// Facets that one object may ever have.
pub const FACETS_MAX: usize = 65_535;

/// The facets that an object ever had.
#[derive(Debug)]
pub struct FacetIndex {
    path: PathBuf,
    /// Entry k has number k + 1.
    entries: Vec<Entry>,
    numbers: HashMap<Entry, u16>,
    /// How much of the file is whole entries; 0 when there is no file.
    bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Entry {
    parent: u16,
    name: String,
}

impl FacetIndex {
    /// Reads the index at `path`; a missing file is an index without facets.
    ///
    /// An entry that a crash cut off is ignored, and overwritten by the next one.
    ///
    /// # Errors
    /// [`StorageError::File`], also for a file that is no facet index.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let content = match fs::read(path) {
            Ok(content) => content,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(StorageError::file("read facet index", path, error)),
        };
        let (entries, bytes) = decode(&content)
            .ok_or_else(|| invalid("it does not begin like one"))
            .map_err(|error| StorageError::file("read facet index", path, error))?;
        let numbers = entries.iter().cloned().zip(1..).collect();
        Ok(Self {
            path: path.to_owned(),
            entries,
            numbers,
            bytes,
        })
    }

    /// Returns the number of a facet; `None` if there never was one of that name.
    pub fn number(&self, parent: u16, name: &str) -> Option<u16> {
        let entry = Entry {
            parent,
            name: name.to_owned(),
        };
        self.numbers.get(&entry).copied()
    }

    /// Returns the number of a facet, which is durable when this returns. A new name gets the next
    /// number.
    ///
    /// # Errors
    /// [`StorageError::File`]: the file cannot be written, the name is longer than 65,535 bytes, or
    /// all numbers are used up. Nothing is remembered then.
    pub fn assign(&mut self, parent: u16, name: &str) -> Result<u16, StorageError> {
        if let Some(number) = self.number(parent, name) {
            return Ok(number);
        }
        let entry = Entry {
            parent,
            name: name.to_owned(),
        };
        let number = self
            .append(&entry)
            .map_err(|error| StorageError::file("add a facet to facet index", &self.path, error))?;
        self.entries.push(entry.clone());
        self.numbers.insert(entry, number);
        Ok(number)
    }

    /// Returns the facets of `parent`, as numbers and names, in the order of their numbers.
    pub fn children(&self, parent: u16) -> impl Iterator<Item = (u16, &str)> {
        (1..)
            .zip(&self.entries)
            .filter(move |(_, entry)| entry.parent == parent)
            .map(|(number, entry)| (number, entry.name.as_str()))
    }

    /// Returns the numbers of all facets below `ancestor`, parents before children.
    pub fn descendants(&self, ancestor: u16) -> Vec<u16> {
        let mut found: Vec<u16> = Vec::new();
        // A facet's number is above its parent's.
        for (number, entry) in (1..).zip(&self.entries) {
            if entry.parent == ancestor || found.binary_search(&entry.parent).is_ok() {
                found.push(number);
            }
        }
        found
    }

    fn append(&mut self, entry: &Entry) -> io::Result<u16> {
        if self.entries.len() >= FACETS_MAX {
            return Err(invalid(
                "the object has had 65535 facets, which is the most",
            ));
        }
        let length = u16::try_from(entry.name.len())
            .map_err(|_| invalid("the name of a facet is longer than 65535 bytes"))?;
        let mut record = Vec::with_capacity(MAGIC.len() + HEAD_BYTES + entry.name.len());
        if self.bytes == 0 {
            record.extend(MAGIC);
        }
        record.extend(entry.parent.to_le_bytes());
        record.extend(length.to_le_bytes());
        record.extend(entry.name.as_bytes());
        let created = !self.path.exists();
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.path)?;
        file.set_len(self.bytes)?;
        write_at_end(&mut file, &record)?;
        file.sync_all()?;
        if created {
            sync_parent(&self.path)?;
        }
        self.bytes += record.len() as u64;
        Ok(u16::try_from(self.entries.len() + 1).expect("checked against FACETS_MAX above"))
    }
}

fn write_at_end(file: &mut File, record: &[u8]) -> io::Result<()> {
    io::Seek::seek(file, io::SeekFrom::End(0))?;
    file.write_all(record)
}

/// Reads all whole entries, and how many bytes they take; `None` for something else than an index.
fn decode(content: &[u8]) -> Option<(Vec<Entry>, u64)> {
    if content.len() < MAGIC.len() {
        // Not even the beginning was written whole.
        return MAGIC.starts_with(content).then(|| (Vec::new(), 0));
    }
    let mut rest = content.strip_prefix(&MAGIC)?;
    let mut entries = Vec::new();
    while entries.len() < FACETS_MAX
        && let Some((head, after)) = rest.split_at_checked(HEAD_BYTES)
    {
        let parent = u16::from_le_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_le_bytes([head[2], head[3]]));
        let Some((name, after)) = after.split_at_checked(length) else {
            break;
        };
        // A parent comes before its children, in every file that was written as a whole.
        if usize::from(parent) > entries.len() {
            break;
        }
        let Ok(name) = std::str::from_utf8(name) else {
            break;
        };
        entries.push(Entry {
            parent,
            name: name.to_owned(),
        });
        rest = after;
    }
    Some((entries, (content.len() - rest.len()) as u64))
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("object.facets");
        (folder, path)
    }

    #[test]
    fn numbers_are_given_from_1_and_kept() {
        let (_folder, path) = folder();
        let mut index = FacetIndex::open(&path).unwrap();

        assert_eq!(index.number(ROOT, "a"), None);
        assert_eq!(index.assign(ROOT, "a").unwrap(), 1);
        assert_eq!(index.assign(ROOT, "b").unwrap(), 2);
        assert_eq!(index.assign(1, "a").unwrap(), 3);
        assert_eq!(index.assign(ROOT, "a").unwrap(), 1);

        let index = FacetIndex::open(&path).unwrap();
        assert_eq!(index.number(ROOT, "b"), Some(2));
        assert_eq!(index.number(1, "a"), Some(3));
        assert_eq!(
            index.children(ROOT).collect::<Vec<_>>(),
            [(1, "a"), (2, "b")]
        );
    }

    #[test]
    fn the_file_is_the_one_that_workerd_writes() {
        let (_folder, path) = folder();
        let mut index = FacetIndex::open(&path).unwrap();

        index.assign(ROOT, "a").unwrap();
        index.assign(1, "bé").unwrap();

        let expected: &[u8] = &[
            0x57, 0xef, 0xb0, 0xc5, 0x5b, 0xce, 0xcd, 0xc4, 0, 0, 1, 0, b'a', 1, 0, 3, 0, b'b',
            0xc3, 0xa9,
        ];
        assert_eq!(fs::read(&path).unwrap(), expected);
    }

    #[test]
    fn descendants_are_found_at_every_depth() {
        let (_folder, path) = folder();
        let mut index = FacetIndex::open(&path).unwrap();
        for (parent, name) in [(0, "a"), (1, "b"), (0, "c"), (2, "d"), (3, "e")] {
            index.assign(parent, name).unwrap();
        }

        assert_eq!(index.descendants(ROOT), [1, 2, 3, 4, 5]);
        assert_eq!(index.descendants(1), [2, 4]);
        assert_eq!(index.descendants(5), []);
    }

    #[test]
    fn an_entry_that_was_cut_off_is_overwritten() {
        let (_folder, path) = folder();
        FacetIndex::open(&path)
            .unwrap()
            .assign(ROOT, "whole")
            .unwrap();
        let whole = fs::read(&path).unwrap();

        let mut torn = whole.clone();
        torn.extend([0, 0, 9, 0, b't', b'o']);
        for length in whole.len()..torn.len() {
            fs::write(&path, &torn[..length]).unwrap();
            let mut index = FacetIndex::open(&path).unwrap();
            assert_eq!(index.children(ROOT).collect::<Vec<_>>(), [(1, "whole")]);

            assert_eq!(index.assign(ROOT, "next").unwrap(), 2);
            let index = FacetIndex::open(&path).unwrap();
            assert_eq!(
                index.children(ROOT).collect::<Vec<_>>(),
                [(1, "whole"), (2, "next")]
            );
        }
    }

    #[test]
    fn a_beginning_that_was_cut_off_is_an_empty_index() {
        let (_folder, path) = folder();
        fs::write(&path, &MAGIC[..5]).unwrap();

        let mut index = FacetIndex::open(&path).unwrap();
        assert_eq!(index.assign(ROOT, "a").unwrap(), 1);

        assert_eq!(FacetIndex::open(&path).unwrap().number(ROOT, "a"), Some(1));
    }

    #[test]
    fn another_file_is_refused() {
        let (_folder, path) = folder();
        fs::write(&path, b"SQLite format 3").unwrap();

        let error = FacetIndex::open(&path).unwrap_err();

        assert!(
            error.to_string().contains("it does not begin like one"),
            "{error}"
        );
    }

    #[test]
    fn an_object_may_have_65535_facets_and_no_more() {
        let (_folder, path) = folder();
        let mut content = MAGIC.to_vec();
        for number in 1..FACETS_MAX {
            let name = number.to_string();
            content.extend([0, 0]);
            content.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
            content.extend(name.as_bytes());
        }
        fs::write(&path, &content).unwrap();
        let mut index = FacetIndex::open(&path).unwrap();

        assert_eq!(index.assign(ROOT, "last").unwrap(), 65_535);
        let error = index.assign(ROOT, "too many").unwrap_err();
        assert!(
            error
                .to_string()
                .contains("the object has had 65535 facets, which is the most"),
            "{error}"
        );
        assert_eq!(index.assign(ROOT, "last").unwrap(), 65_535);
    }
}
