//! Where packs are: named runs of bytes that never change once they are there.
//!
//! [`BlobStore`] is the seam; it asks for no more than every object store can do. [`BlobFolder`] is a
//! folder of files. Only history is kept behind it, so none of it is on the way of a commit.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::connection::{remove_if_present, sync_parent};

/// Ends the name of a file that is being written.
const UNFINISHED: &str = ".unfinished";

/// A blob that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Its name, which is a file's: no slashes.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// Keeps blobs. Any thread may call it.
pub trait BlobStore: Debug + Send + Sync {
    /// Makes a blob of what `write` writes. When this returns it is durable; until then, and after an
    /// error, nobody finds it. A blob of that name is replaced.
    ///
    /// # Errors
    /// `write`'s, or the store's.
    fn put(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()>;

    /// Returns the bytes of a range, which is inside of the blob.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a blob that is not there; the store's.
    fn get_range(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>>;

    /// Deletes a blob; that it is not there is no error. It may come back after a crash.
    ///
    /// # Errors
    /// The store's.
    fn delete(&self, name: &str) -> io::Result<()>;

    /// Returns every blob, in any order.
    ///
    /// # Errors
    /// The store's.
    fn list(&self) -> io::Result<Vec<Blob>>;

    /// Returns what an operator calls the blob.
    fn place(&self, name: &str) -> PathBuf;
}

/// A folder whose files are the blobs. It is made with the first one.
#[derive(Debug)]
pub(crate) struct BlobFolder(PathBuf);

impl BlobFolder {
    /// A store that nobody puts anything into.
    pub(crate) fn nowhere() -> Self {
        Self(PathBuf::new())
    }

    /// Returns the store in a folder; what an interrupted [`BlobStore::put`] has left there goes.
    ///
    /// # Errors
    /// The operating system's.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        for path in files(folder)? {
            if path.to_string_lossy().ends_with(UNFINISHED) {
                remove_if_present(&path)?;
            }
        }
        Ok(Self(folder.to_owned()))
    }
}

impl BlobStore for BlobFolder {
    fn put(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        if !self.0.exists() {
            fs::create_dir_all(&self.0)?;
            sync_parent(&self.0)?;
        }
        let path = self.place(name);
        let unfinished = self.0.join(format!("{name}{UNFINISHED}"));
        let written = File::create(&unfinished).and_then(|file| {
            let mut out = BufWriter::new(&file);
            write(&mut out)?;
            out.flush()?;
            file.sync_all()
        });
        if let Err(error) = written {
            // A full disk needs the space.
            remove_if_present(&unfinished)?;
            return Err(error);
        }
        fs::rename(&unfinished, &path)?;
        sync_parent(&path)
    }

    fn get_range(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        let length = range.end.saturating_sub(range.start);
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        File::open(self.place(name))?.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes)
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        remove_if_present(&self.place(name))
    }

    fn list(&self) -> io::Result<Vec<Blob>> {
        let mut blobs = Vec::new();
        for path in files(&self.0)? {
            // A name that is not UTF-8 is nobody's blob.
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(name) = name.filter(|name| !name.ends_with(UNFINISHED)) {
                let bytes = fs::metadata(&path)?.len();
                let name = name.to_owned();
                blobs.push(Blob { name, bytes });
            }
        }
        Ok(blobs)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(store: &BlobFolder, name: &str, bytes: &[u8]) -> io::Result<()> {
        store.put(name, &mut |out| out.write_all(bytes))
    }

    fn names(store: &BlobFolder) -> Vec<(String, u64)> {
        let blobs = store.list().unwrap().into_iter();
        let mut names: Vec<_> = blobs.map(|blob| (blob.name, blob.bytes)).collect();
        names.sort();
        names
    }

    #[test]
    fn blobs_are_put_read_listed_replaced_and_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobFolder::open(&folder.path().join("blobs")).unwrap();
        assert_eq!(names(&store), []);

        put(&store, "a", b"one").unwrap();
        put(&store, "b", b"three").unwrap();
        put(&store, "a", b"seven").unwrap();

        assert_eq!(store.get_range("a", 1..4).unwrap(), b"eve");
        assert_eq!(names(&store), [("a".into(), 5), ("b".into(), 5)]);
        store.delete("a").unwrap();
        store.delete("a").unwrap();
        assert_eq!(names(&store), [("b".into(), 5)]);
        let error = store.get_range("a", 0..1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = store.get_range("b", 0..6).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_blob_that_was_not_finished_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobFolder::open(folder.path()).unwrap();
        let error = store
            .put("a", &mut |out| {
                out.write_all(b"half")?;
                Err(io::Error::other("enough"))
            })
            .unwrap_err();
        assert_eq!(error.to_string(), "enough");
        assert_eq!(files(folder.path()).unwrap().len(), 0);

        fs::write(folder.path().join("b.unfinished"), b"half").unwrap();
        assert_eq!(names(&store), []);
        let store = BlobFolder::open(folder.path()).unwrap();
        assert_eq!(names(&store), []);
        assert_eq!(files(folder.path()).unwrap().len(), 0);
    }
}
