//! Where the databases are: the data folder, its lock, and the folder of each namespace.
//!
//! Files have workerd's layout, so a folder can be taken over from it; small objects have no file
//! but an image in the namespace's directory. Whoever deletes or renames a namespace has closed its
//! objects first.
//!
//! ```text
//! <data>/lock                                   held by the process that uses the folder
//! <data>/lanes/<shard>/                         commits that objects' bases may lack; while in use
//! <data>/lanes.settled/                         lanes that are being removed
//! <data>/history/<number>.pack                  what objects were before
//! <data>/history/<number>-<number>.pack         the same of several packs
//! <data>/do/<unique key>/metadata.sqlite        alarms of the namespace
//! <data>/do/<unique key>/objects.sqlite         its objects, and the databases of small ones
//! <data>/do/<unique key>/<id>.sqlite            the database of a large object
//! <data>/do/<unique key>/<id>.<n>.sqlite        one of its facets
//! ```
//!
//! Source: reference section 13.1.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::blob::BlobFolder;
use crate::clock::wall_ms;
use crate::commit::Committer;
use crate::connection::sync_parent;
use crate::directory::{Directories, Directory, Stored};
use crate::error::StorageError;
use crate::history::{History, Retention};
use crate::lane_log::{Disk, LocalLane, SEGMENT_BYTES, SegmentStore, recover};
use crate::object_name::ObjectName;

/// Begins the name of a namespace folder that is being deleted; no unique key begins with a dot.
const DELETED_PREFIX: &str = ".deleted-";
/// The folder of the lanes.
const LANES: &str = "lanes";
/// The folder of the packs.
const HISTORY: &str = "history";

/// Why a folder could not be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process holds the lock.
    #[error(
        "data folder `{path}` is in use by another process{}",
        .pid.as_ref().map(|pid| format!(" (pid {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The data folder.
        path: PathBuf,
        /// The other process, if it has written who it is.
        pid: Option<String>,
    },
    /// A unique key that cannot be a folder's name.
    #[error("namespace key `{0}` cannot be the name of a folder")]
    BadKey(String),
    /// The namespace that was to be given a new key would replace another one.
    #[error("namespace `{from}` cannot become `{to}`, which exists")]
    Exists {
        /// The key it has.
        from: String,
        /// The key it was to have.
        to: String,
    },
    /// A lane has bytes that nobody wrote, before commits that are intact.
    #[error(
        "lane `{path}` is damaged at byte {offset} and intact after it; restore it, or move it away \
         to go on without the commits that only it has"
    )]
    LaneDamaged {
        /// The segment of the lane.
        path: PathBuf,
        /// Where the unreadable commits begin.
        offset: u64,
    },
    /// A lane of a version that logged other things.
    #[error(
        "lane `{path}` was left by an earlier version of stated that did not end in an orderly way; \
         start and stop that version once, then this one"
    )]
    LaneOld {
        /// The segment of the lane.
        path: PathBuf,
    },
    /// A directory of a namespace cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The operating system's refusal.
    #[error("{action} `{path}`: {source}")]
    Io {
        /// What was attempted, verb first.
        action: &'static str,
        /// The file or folder concerned.
        path: PathBuf,
        /// The reason.
        #[source]
        source: io::Error,
    },
}

/// A folder with the data of a node, locked against other processes while this value lives.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    directories: Arc<Directories>,
    /// The lock belongs to this handle; the operating system releases it even after a crash.
    _lock: File,
}

impl DataFolder {
    /// Locks the folder, creating it if needed, and finishes what a crash interrupted: commits that
    /// only lanes have are settled in the objects' bases, and deletions are completed.
    ///
    /// # Errors
    /// [`FolderError::InUse`], [`FolderError::LaneDamaged`], [`FolderError::LaneOld`],
    /// [`FolderError::Storage`], [`FolderError::Io`].
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        Self::open_keeping(path, Retention::default())
    }

    /// As [`Self::open`], keeping as much of the objects' history as is told.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_keeping(path: &Path, retention: Retention) -> Result<Self, FolderError> {
        let objects = path.join("do");
        fs::create_dir_all(&objects).map_err(|error| io_error("create folder", &objects, error))?;
        let lock = lock(path)?;
        let packs = path.join(HISTORY);
        let history = BlobFolder::open(&packs)
            .and_then(|blobs| History::open(Arc::new(blobs), retention))
            .map_err(|error| io_error("open history in", &packs, error))?;
        history.expire(wall_ms());
        let folder = Self {
            path: path.to_owned(),
            directories: Arc::new(Directories::new(path, history)),
            _lock: lock,
        };
        sync_parent(&objects).map_err(|error| io_error("sync folder", path, error))?;
        recover(&folder.directories, &path.join(LANES))?;
        for name in folder.names()? {
            if name.starts_with(DELETED_PREFIX) {
                remove_folder(&objects.join(name))?;
            }
        }
        Ok(folder)
    }

    /// Returns the folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the log for the commits of one shard, which nobody else may have. `name` is the name
    /// of a folder.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn lane(&self, name: &str) -> Result<LocalLane, FolderError> {
        self.lane_with(name, Arc::new(Disk), SEGMENT_BYTES)
    }

    /// Starts a committer without a log for databases of this folder: for a tool that writes a few
    /// objects and wants to leave nothing else.
    ///
    /// # Errors
    /// The operating system's refusal to start a thread.
    pub fn committer(&self) -> io::Result<Committer> {
        Committer::spawn_in(Arc::clone(&self.directories))
    }

    /// Returns a log with files of the caller's making.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn lane_with(
        &self,
        name: &str,
        store: Arc<dyn SegmentStore>,
        segment_bytes: u64,
    ) -> Result<LocalLane, FolderError> {
        let folder = self.path.join(LANES).join(name);
        let directories = Arc::clone(&self.directories);
        LocalLane::new(directories, folder.clone(), store, segment_bytes)
            .map_err(|error| io_error("make a lane in", &folder, error))
    }

    /// Returns the folder of the namespace with this unique key, creating it if needed.
    ///
    /// # Errors
    /// [`FolderError::BadKey`], [`FolderError::Storage`], [`FolderError::Io`].
    pub fn namespace(&self, key: &str) -> Result<NamespaceFolder, FolderError> {
        let path = self.namespace_path(key)?;
        match fs::create_dir(&path) {
            // Durable before any object in it can be.
            Ok(()) => {
                sync_parent(&path).map_err(|error| io_error("sync folder of", &path, error))?
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(io_error("create folder", &path, error)),
        }
        let directory = self.directories.of(&path)?;
        Ok(NamespaceFolder { path, directory })
    }

    /// Returns the unique keys of the namespaces that have a folder, sorted.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn namespace_keys(&self) -> Result<Vec<String>, FolderError> {
        let mut keys = self.names()?;
        keys.retain(|name| is_key(name));
        keys.sort_unstable();
        Ok(keys)
    }

    /// Deletes all objects of a namespace; that there are none is no error.
    ///
    /// The namespace is gone at once even if the process dies in between.
    ///
    /// # Errors
    /// [`FolderError::BadKey`], [`FolderError::Io`].
    pub fn delete_namespace(&self, key: &str) -> Result<(), FolderError> {
        let path = self.namespace_path(key)?;
        self.directories.close(&path);
        let doomed = path.with_file_name(format!("{DELETED_PREFIX}{key}"));
        remove_folder(&doomed)?;
        match fs::rename(&path, &doomed) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io_error("delete folder", &path, error)),
        }
        sync_parent(&path).map_err(|error| io_error("sync folder of", &path, error))?;
        remove_folder(&doomed)
    }

    /// Gives the objects of namespace `from` to namespace `to`, which must have none.
    ///
    /// That `from` has no folder is no error.
    ///
    /// # Errors
    /// [`FolderError::Exists`], [`FolderError::BadKey`], [`FolderError::Io`].
    pub fn rename_namespace(&self, from: &str, to: &str) -> Result<(), FolderError> {
        let (source, target) = (self.namespace_path(from)?, self.namespace_path(to)?);
        if !source.exists() {
            return Ok(());
        }
        self.directories.close(&source);
        self.directories.close(&target);
        match fs::rename(&source, &target) {
            Ok(()) => {
                sync_parent(&target).map_err(|error| io_error("sync folder of", &target, error))
            }
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
                Err(FolderError::Exists {
                    from: from.to_owned(),
                    to: to.to_owned(),
                })
            }
            Err(error) => Err(io_error("rename folder", &source, error)),
        }
    }

    /// Makes the complete folder `staged`, on the same file system, the folder of the namespace with
    /// this unique key, which must not exist. Its files must be synced; durable when it returns.
    ///
    /// # Errors
    /// [`FolderError::BadKey`], [`FolderError::Io`].
    pub fn adopt_namespace(&self, key: &str, staged: &Path) -> Result<(), FolderError> {
        let path = self.namespace_path(key)?;
        let inside = staged.join("x");
        sync_parent(&inside).map_err(|error| io_error("sync folder", staged, error))?;
        self.directories.close(&path);
        fs::rename(staged, &path).map_err(|error| io_error("rename folder", staged, error))?;
        sync_parent(&path).map_err(|error| io_error("sync folder of", &path, error))
    }

    fn namespace_path(&self, key: &str) -> Result<PathBuf, FolderError> {
        if !is_key(key) {
            return Err(FolderError::BadKey(key.to_owned()));
        }
        Ok(self.path.join("do").join(key))
    }

    fn names(&self) -> Result<Vec<String>, FolderError> {
        file_names(&self.path.join("do"))
    }
}

/// The folder of one namespace.
#[derive(Clone, Debug)]
pub struct NamespaceFolder {
    path: PathBuf,
    directory: Arc<dyn Directory>,
}

impl NamespaceFolder {
    /// Returns the folder's path, where the namespace's [`AlarmIndex`](crate::AlarmIndex) is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path by which the database of an object is opened. `id` is 64 lower-case
    /// hexadecimal digits. Only large objects have a file there.
    pub fn object_path(&self, id: &str) -> PathBuf {
        self.path.join(format!("{id}.sqlite"))
    }

    /// Returns the objects that ever stored something, sorted by id: those after one, so many at
    /// most.
    ///
    /// # Errors
    /// [`FolderError::Storage`].
    pub fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Stored>, FolderError> {
        let after = after.map(ObjectName::new);
        Ok(self.directory.list(after.as_ref(), limit)?)
    }

    /// Returns what is stored of an object; `None` if nothing ever was.
    ///
    /// # Errors
    /// [`FolderError::Storage`].
    pub fn stored(&self, id: &str) -> Result<Option<Stored>, FolderError> {
        Ok(self.directory.stored(&ObjectName::new(id))?)
    }

    /// Puts the database file `new` in the place of the object's, whose database must be closed.
    ///
    /// Durable when it returns. `new` must be in this folder and have no log; it is gone afterwards.
    /// To be called inside of [`Database::replace_files`](crate::Database::replace_files).
    ///
    /// # Errors
    /// [`FolderError::Storage`]; the object has its old or its new database then.
    pub fn replace_object(&self, id: &str, new: &Path) -> Result<(), FolderError> {
        Ok(self.directory.replace(&ObjectName::new(id), new)?)
    }

    /// Puts an object together again whose database is damaged, as it was at a bookmark.
    ///
    /// To be called inside of [`Database::replace_files`](crate::Database::replace_files).
    ///
    /// # Errors
    /// [`StorageError::BookmarkNotKept`], [`StorageError::NotRebuilt`], or the file system's.
    pub fn rebuild_object(&self, id: &str, bookmark: &str) -> Result<(), StorageError> {
        self.directory.rebuild(&ObjectName::new(id), bookmark)
    }

    /// Deletes an object, its facets included; that there is none is no error.
    ///
    /// To be called inside of [`Database::replace_files`](crate::Database::replace_files).
    ///
    /// # Errors
    /// [`FolderError::Storage`].
    pub fn delete_object(&self, id: &str) -> Result<(), FolderError> {
        Ok(self.directory.delete(&ObjectName::new(id))?)
    }

    /// Writes the database of an object to a new file, which any SQLite program opens. The object's
    /// database must be closed, or nothing written to it since its last settling is in the copy.
    ///
    /// # Errors
    /// [`FolderError::Storage`].
    pub fn export_object(&self, id: &str, target: &Path) -> Result<(), FolderError> {
        Ok(self.directory.export(&ObjectName::new(id), target)?)
    }
}

fn lock(folder: &Path) -> Result<File, FolderError> {
    let path = folder.join("lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| io_error("open lock", &path, error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // Only for the message; a holder that has not written yet is as much in the way.
            drop(file.read_to_string(&mut pid));
            let pid = Some(pid.trim().to_owned()).filter(|pid| !pid.is_empty());
            return Err(FolderError::InUse {
                path: folder.to_owned(),
                pid,
            });
        }
        Err(TryLockError::Error(error)) => return Err(io_error("lock", &path, error)),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(|error| io_error("write lock", &path, error))?;
    Ok(file)
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && !key.starts_with('.') && !key.contains(['/', '\0']) && key.len() <= 200
}

pub(crate) fn is_object_id(id: &str) -> bool {
    id.len() == 64
        && id
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn file_names(folder: &Path) -> Result<Vec<String>, FolderError> {
    let list = || -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            // Names that are not UTF-8 are nobody's objects.
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    };
    list().map_err(|error| io_error("list folder", folder, error))
}

/// Removes a folder with all it has; that it is not there is no error.
pub(crate) fn remove_folder(path: &Path) -> Result<(), FolderError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(io_error("delete folder", path, error))
        }
        _ => Ok(()),
    }
}

pub(crate) fn io_error(action: &'static str, path: &Path, source: io::Error) -> FolderError {
    FolderError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> String {
        digit.to_string().repeat(64)
    }

    fn ids(namespace: &NamespaceFolder) -> Vec<String> {
        let listed = namespace.list(None, 1000).unwrap();
        listed.into_iter().map(|stored| stored.id).collect()
    }

    /// The folder of a namespace that another program has filled.
    fn foreign_folder(data: &Path, key: &str) -> PathBuf {
        let path = data.join("do").join(key);
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_second_user_is_told_who_has_the_folder() {
        let temporary = tempfile::tempdir().unwrap();
        let first = DataFolder::open(temporary.path()).unwrap();

        let error = DataFolder::open(temporary.path()).unwrap_err();

        assert_eq!(
            error.to_string(),
            format!(
                "data folder `{}` is in use by another process (pid {})",
                temporary.path().display(),
                std::process::id()
            )
        );
        drop(first);
        DataFolder::open(temporary.path()).unwrap();
    }

    #[test]
    fn only_root_objects_are_listed() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temporary.path()).unwrap();
        let path = foreign_folder(temporary.path(), "w-C");
        for name in [
            format!("{}.sqlite", id('b')),
            format!("{}.sqlite-wal", id('b')),
            format!("{}.sqlite", id('a')),
            format!("{}.1.sqlite", id('a')),
            format!("{}.facets", id('a')),
            "metadata.sqlite".to_owned(),
            format!("{}.sqlite", id('A')),
        ] {
            fs::write(path.join(name), "").unwrap();
        }
        let namespace = folder.namespace("w-C").unwrap();

        assert_eq!(ids(&namespace), [id('a'), id('b')]);

        namespace.delete_object(&id('a')).unwrap();

        assert_eq!(ids(&namespace), [id('b')]);
        assert!(
            !namespace
                .path()
                .join(format!("{}.facets", id('a')))
                .exists()
        );
    }

    #[test]
    fn a_deleted_namespace_is_empty_and_may_be_made_again() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temporary.path()).unwrap();
        let path = foreign_folder(temporary.path(), "w-C");
        fs::write(path.join(format!("{}.sqlite", id('a'))), "").unwrap();
        assert_eq!(ids(&folder.namespace("w-C").unwrap()), [id('a')]);

        folder.delete_namespace("w-C").unwrap();
        folder.delete_namespace("w-C").unwrap();

        assert!(folder.namespace_keys().unwrap().is_empty());
        assert!(ids(&folder.namespace("w-C").unwrap()).is_empty());
    }

    #[test]
    fn a_deletion_that_a_crash_interrupted_is_finished_at_the_next_start() {
        let temporary = tempfile::tempdir().unwrap();
        let doomed = temporary.path().join("do").join(".deleted-w-C");
        fs::create_dir_all(&doomed).unwrap();

        let folder = DataFolder::open(temporary.path()).unwrap();

        assert!(!doomed.exists());
        assert!(folder.namespace_keys().unwrap().is_empty());
    }

    #[test]
    fn a_renamed_namespace_takes_its_objects_along() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temporary.path()).unwrap();
        let path = foreign_folder(temporary.path(), "w-Old");
        fs::write(path.join(format!("{}.sqlite", id('a'))), "").unwrap();
        assert_eq!(ids(&folder.namespace("w-Old").unwrap()), [id('a')]);

        folder.rename_namespace("w-Old", "w-New").unwrap();
        folder.rename_namespace("w-Missing", "w-New").unwrap();

        assert_eq!(folder.namespace_keys().unwrap(), ["w-New"]);
        assert_eq!(ids(&folder.namespace("w-New").unwrap()), [id('a')]);
    }

    #[test]
    fn a_namespace_with_objects_is_not_replaced() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temporary.path()).unwrap();
        folder.namespace("w-A").unwrap();
        let taken = folder.namespace("w-B").unwrap();
        fs::write(taken.object_path(&id('b')), "").unwrap();

        let error = folder.rename_namespace("w-A", "w-B").unwrap_err();

        assert_eq!(
            error.to_string(),
            "namespace `w-A` cannot become `w-B`, which exists"
        );
    }

    #[test]
    fn a_key_that_leads_elsewhere_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temporary.path()).unwrap();

        for key in ["", ".", "..", "a/b", ".deleted-x", "a\0b", &"k".repeat(201)] {
            let error = folder.namespace(key).unwrap_err();

            assert_eq!(
                error.to_string(),
                format!("namespace key `{key}` cannot be the name of a folder")
            );
        }
        folder.namespace(&"k".repeat(200)).unwrap();
    }
}
