//! The objects of one namespace: what is known of each, and where its pages are.
//!
//! One SQLite file for each namespace, `objects.sqlite` in its folder, has a row for each object that
//! ever stored something, and beside it the pages of the small ones ([`crate::image`]). So a small
//! object needs no file, and lists and lookups need not read the folder. A large object has a file
//! of its own, in workerd's layout; the row says so.
//!
//! Rows are what was settled last. What is newer is in memory ([`ObjectPages`]), and in lanes: it is
//! here that everything finds the one copy of it.
//!
//! *Claim.* The row of an object, and what it points to, is the state after one of its commits, or
//! becomes one when recovery has written the lanes over it.
//!
//! *Mechanism.* Image and row change in one transaction of SQLite, synced before it counts. A file
//! of its own is written in place, page by page, and is torn if that is interrupted; but each of
//! these pages is in a lane, which is given up only when the file was synced, so recovery writes all
//! of them again. What decides between image and file is the row: a file beside a row that has an
//! image is the remains of an interrupted change. A file without a row is of another program.
//!
//! *What can still go wrong.* A program that writes to a file of an object while the server runs.
//! Nothing keeps it from that but the folder's lock, which other programs do not know.

mod adopt;
mod list;
mod rebuild;
mod recover;
mod rows;
mod settle;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::collections::HashMap;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::alarm_index::AlarmIndex;
use crate::error::StorageError;
use crate::history::History;
use crate::image::Image;
use crate::object_name::ObjectName;
use crate::object_pages::{Base, Mark, ObjectPages};
use crate::open_connections::Sharers;
use crate::page::PAGE_BYTES;
use crate::sys::vfs;
pub use list::Stored;
pub(crate) use recover::Recovered;
use rows::{Form, Row};

/// What is attempted first with an object's own file.
const OPEN: &str = "open";
/// The directory's file in the folder of a namespace.
const FILE_NAME: &str = "objects.sqlite";
/// Longer than any transaction of the settler; the two connections of a process are the only ones.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(60);

/// The directories of a data folder that are in use.
#[derive(Debug)]
pub(crate) struct Directories {
    root: PathBuf,
    history: Arc<History>,
    open: Mutex<HashMap<PathBuf, Arc<LocalDirectory>>>,
    /// The lanes whose databases may keep connections open.
    sharers: Sharers,
}

impl Directories {
    pub(crate) fn new(root: &Path, history: History) -> Self {
        Self {
            root: root.to_owned(),
            history: Arc::new(history),
            open: Mutex::default(),
            sharers: Sharers::default(),
        }
    }

    pub(crate) fn sharers(&self) -> &Sharers {
        &self.sharers
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// Returns the directory of a namespace, whose folder must exist.
    pub(crate) fn of(&self, folder: &Path) -> Result<Arc<dyn Directory>, StorageError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(directory) = open.get(folder) {
            return Ok(Arc::<LocalDirectory>::clone(directory));
        }
        let label = folder.strip_prefix(&self.root).unwrap_or(folder);
        let directory = LocalDirectory::open(folder, &label.to_string_lossy(), &self.history)?;
        open.insert(folder.to_owned(), Arc::clone(&directory));
        Ok(directory)
    }

    /// Returns the directory that lanes know by this label.
    pub(crate) fn labelled(&self, label: &str) -> Result<Option<Arc<dyn Directory>>, StorageError> {
        let folder = self.root.join(label);
        match folder.is_dir() {
            true => self.of(&folder).map(Some),
            // The namespace was deleted.
            false => Ok(None),
        }
    }

    /// Forgets a directory whose folder is about to be renamed or deleted.
    pub(crate) fn close(&self, folder: &Path) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(folder);
    }
}

/// What everything else asks of the directory of a namespace: the objects' pages, the one copy of what
/// is newer than their bases, and to move that there.
///
/// One node has one object at a time. Where several share a directory, [`Self::object`] is where an
/// object is acquired, [`Self::release`] where it may go to another, and [`Self::settle`] what the
/// others see of it.
pub(crate) trait Directory: Debug + Send + Sync {
    /// The namespace's name in lanes.
    fn label(&self) -> &str;

    /// What the objects were before.
    fn history(&self) -> &History;

    /// What an operator calls an object.
    fn place(&self, name: &ObjectName) -> PathBuf;

    /// Returns an object's pages for a user, who must call [`Self::release`].
    ///
    /// A file that another program wrote is taken over first.
    fn object(&self, name: &ObjectName) -> Result<Arc<ObjectPages>, StorageError>;

    /// Ends a use that [`Self::object`] began.
    fn release(&self, pages: &Arc<ObjectPages>);

    /// Makes an object's base readable, until its `close_base`.
    fn open_base(&self, pages: &ObjectPages) -> Result<(), StorageError>;

    /// Moves what is durable of these objects to their bases, and before that to the history and the
    /// alarm index. Durable when it returns.
    ///
    /// An object that cannot be settled because it is damaged is given up, and says so from then on.
    ///
    /// # Errors
    /// SQLite's and the operating system's; some of the objects may be settled.
    fn settle(&self, objects: &[Arc<ObjectPages>]) -> Result<(), StorageError>;

    /// Settles what a lane has of objects, the commits of each oldest first. Nobody uses them yet.
    ///
    /// Of an object with a commit that cannot be read, those before it count; then it is damaged.
    fn recover(&self, objects: Vec<(ObjectName, Vec<Recovered<'_>>)>) -> Result<(), StorageError>;

    /// Tells which index has the alarms of this namespace's objects.
    fn alarms_are_in(&self, index: &Arc<AlarmIndex>);

    /// Makes the alarms durable that the index was told of. To be called before commits that set them
    /// are nowhere but in the objects' bases.
    fn sync_alarms(&self) -> Result<(), StorageError>;

    /// Returns what is stored of an object; `None` if nothing ever was.
    fn stored(&self, id: &ObjectName) -> Result<Option<Stored>, StorageError>;

    /// Returns the objects after one, sorted by id, so many at most.
    fn list(&self, after: Option<&ObjectName>, limit: usize) -> Result<Vec<Stored>, StorageError>;

    /// Puts the database in the file `new` of the same folder in the place of the object's, which
    /// nobody uses. The file is gone afterwards, or is the object's.
    fn replace(&self, name: &ObjectName, new: &Path) -> Result<(), StorageError>;

    /// Makes the state of a bookmark the object's, whatever its base is. Nobody may be using it.
    ///
    /// # Errors
    /// [`StorageError::BookmarkNotKept`]; [`StorageError::NotRebuilt`] when pages are nowhere, or the
    /// result is not a sound database.
    fn rebuild(&self, name: &ObjectName, bookmark: &str) -> Result<(), StorageError>;

    /// Deletes an object that nobody uses, its facets included; that there is none is no error.
    fn delete(&self, name: &ObjectName) -> Result<(), StorageError>;

    /// Writes an object's settled database to a new file at `target`, which is synced.
    fn export(&self, id: &ObjectName, target: &Path) -> Result<(), StorageError>;
}

impl Directory for LocalDirectory {
    fn label(&self) -> &str {
        &self.label
    }

    fn history(&self) -> &History {
        &self.history
    }

    fn place(&self, name: &ObjectName) -> PathBuf {
        self.file_path(name)
    }

    fn object(&self, name: &ObjectName) -> Result<Arc<ObjectPages>, StorageError> {
        self.object(name)
    }

    fn release(&self, pages: &Arc<ObjectPages>) {
        self.release(pages);
    }

    fn open_base(&self, pages: &ObjectPages) -> Result<(), StorageError> {
        self.open_base(pages)
    }

    fn settle(&self, objects: &[Arc<ObjectPages>]) -> Result<(), StorageError> {
        self.settle_after(objects, History::keep)
    }

    fn recover(&self, objects: Vec<(ObjectName, Vec<Recovered<'_>>)>) -> Result<(), StorageError> {
        self.recover(objects)
    }

    fn alarms_are_in(&self, index: &Arc<AlarmIndex>) {
        self.alarms_are_in(index);
    }

    fn sync_alarms(&self) -> Result<(), StorageError> {
        self.sync_alarms()
    }

    fn stored(&self, id: &ObjectName) -> Result<Option<Stored>, StorageError> {
        self.stored(id)
    }

    fn list(&self, after: Option<&ObjectName>, limit: usize) -> Result<Vec<Stored>, StorageError> {
        self.list(after, limit)
    }

    fn replace(&self, name: &ObjectName, new: &Path) -> Result<(), StorageError> {
        self.replace(name, new)
    }

    fn rebuild(&self, name: &ObjectName, bookmark: &str) -> Result<(), StorageError> {
        self.rebuild(name, bookmark)
    }

    fn delete(&self, name: &ObjectName) -> Result<(), StorageError> {
        self.delete(name)
    }

    fn export(&self, id: &ObjectName, target: &Path) -> Result<(), StorageError> {
        self.export(id, target)
    }
}

/// The directory of one namespace in a SQLite file.
#[derive(Debug)]
pub(crate) struct LocalDirectory {
    folder: PathBuf,
    /// The folder's path inside of the data folder: the namespace's name in lanes.
    label: Arc<str>,
    /// What the objects were before.
    history: Arc<History>,
    /// A settling has begun and not ended well. Changed by who holds the writer.
    is_unfinished: AtomicBool,
    myself: Weak<Self>,
    /// The index of the namespace's alarms, while somebody has it open.
    alarms: Mutex<Weak<AlarmIndex>>,
    /// Every object that is in use or has something to settle.
    live: Mutex<HashMap<ObjectName, Arc<ObjectPages>>>,
    reader: Mutex<Connection>,
    /// Held while objects are settled, so that two threads never settle the same one.
    writer: Mutex<Connection>,
}

impl LocalDirectory {
    /// Opens the directory in a folder; in one without, it is made from the files that are there.
    fn open(folder: &Path, label: &str, history: &Arc<History>) -> Result<Arc<Self>, StorageError> {
        let path = folder.join(FILE_NAME);
        // SQLite's error would not say which folder is missing.
        fs::metadata(folder).map_err(|error| StorageError::file("open folder", folder, error))?;
        let writer = connect(&path)?;
        rows::prepare(&writer, folder)?;
        let reader = connect(&path)?;
        Ok(Arc::new_cyclic(|myself| Self {
            folder: folder.to_owned(),
            label: label.into(),
            history: Arc::clone(history),
            is_unfinished: AtomicBool::new(false),
            myself: myself.clone(),
            alarms: Mutex::default(),
            live: Mutex::default(),
            reader: Mutex::new(reader),
            writer: Mutex::new(writer),
        }))
    }

    /// Tells which index has the alarms of this namespace's objects.
    fn alarms_are_in(&self, index: &Arc<AlarmIndex>) {
        let mut known = self.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ptr() != Arc::as_ptr(index) {
            *known = Arc::downgrade(index);
        }
    }

    /// Makes the alarms durable that the index was told of. To be called before commits that set them
    /// are nowhere but in the objects' bases.
    fn sync_alarms(&self) -> Result<(), StorageError> {
        // Not under the lock: whoever opens an object must not wait for the disk.
        let known = self.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        let index = known.upgrade();
        drop(known);
        match index {
            Some(index) => index.sync(),
            None => AlarmIndex::sync_files(&self.folder),
        }
    }

    /// Returns where an object's own file is, if it has one.
    fn file_path(&self, name: &ObjectName) -> PathBuf {
        self.folder.join(format!("{name}.sqlite"))
    }

    /// Returns an object's pages for a user, who must call [`Self::release`].
    ///
    /// A file that another program wrote is taken over first.
    fn object(&self, name: &ObjectName) -> Result<Arc<ObjectPages>, StorageError> {
        if let Some(pages) = self.live().get(name) {
            pages.begin_use();
            return Ok(Arc::clone(pages));
        }
        let (mark, base) = self.load(name)?;
        let mut live = self.live();
        let pages = live.entry(name.clone()).or_insert_with(|| {
            let myself = self.myself();
            let keeps_turns = !self.history.retention().is_off();
            Arc::new(ObjectPages::new(
                name.clone(),
                myself,
                (mark, base),
                keeps_turns,
            ))
        });
        pages.begin_use();
        Ok(Arc::clone(pages))
    }

    /// Ends a use that [`Self::object`] began.
    fn release(&self, pages: &Arc<ObjectPages>) {
        let mut live = self.live();
        pages.end_use();
        Self::forget_if_unused(&mut live, pages);
    }

    /// Makes an object's base readable, until its `close_base`.
    fn open_base(&self, pages: &ObjectPages) -> Result<(), StorageError> {
        while let Some(settlings) = pages.closed_base() {
            let (_, base) = match pages.unsettled_mark() {
                None => self.load(&pages.name)?,
                Some(_) => self.settled_base(&self.reader(), &pages.name)?,
            };
            pages.open_base(base, settlings);
        }
        Ok(())
    }

    /// What an object's pages know their directory by.
    fn myself(&self) -> Weak<dyn Directory> {
        Weak::<Self>::clone(&self.myself)
    }

    /// Reads what was settled of an object.
    fn load(&self, name: &ObjectName) -> Result<(Mark, Base), StorageError> {
        let row = rows::find(&self.reader(), name)?;
        let taken_over = match &row {
            None => self.file_path(name).exists(),
            Some(row) => row.form == Form::Foreign,
        };
        match row {
            _ if taken_over => self.take_over(name),
            Some(row) if row.form == Form::Deleted => {
                self.delete(name)?;
                Ok((Mark::default(), Base::Nothing))
            }
            Some(row) => self.base_of(name, row),
            None => Ok((Mark::default(), Base::Nothing)),
        }
    }

    /// Opens what a row points to. That it is gone is damage; what may pass, as when no descriptors are
    /// left, is an error.
    fn base_of(&self, name: &ObjectName, row: Row) -> Result<(Mark, Base), StorageError> {
        let mut mark = row.mark;
        let found = match (row.damage, row.form) {
            (Some(damage), _) => Err(damage),
            (None, Form::Own) => match self.open_file(name) {
                Ok((file, page_count)) => {
                    mark.page_count = page_count;
                    Ok(Base::File(Arc::new(file)))
                }
                Err(error) if is_gone(&error) => Err(format!("its file cannot be opened: {error}")),
                Err(error) => {
                    return Err(StorageError::file(OPEN, self.file_path(name), error));
                }
            },
            (None, _) => match row.image.and_then(Image::new) {
                Some(image) => Ok(Base::Image(Arc::new(image))),
                None => Err("its image in the directory is damaged".into()),
            },
        };
        let base = found.unwrap_or_else(|reason| {
            tracing::error!(object_id = %name, %reason, "an object is damaged");
            // It must count as stored.
            mark.page_count = mark.page_count.max(1);
            Base::Damaged(reason.into())
        });
        Ok((mark, base))
    }

    /// Opens an object's own file; tells how many pages it has.
    fn open_file(&self, name: &ObjectName) -> std::io::Result<(File, u32)> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.file_path(name))?;
        let pages = file.metadata()?.len() / PAGE_BYTES as u64;
        Ok((file, u32::try_from(pages).unwrap_or(u32::MAX)))
    }

    fn forget_if_unused(
        live: &mut HashMap<ObjectName, Arc<ObjectPages>>,
        pages: &Arc<ObjectPages>,
    ) {
        let is_same = live
            .get(&pages.name)
            .is_some_and(|known| Arc::ptr_eq(known, pages));
        if is_same && pages.is_unused() {
            live.remove(&pages.name);
        }
    }

    fn live(&self) -> MutexGuard<'_, HashMap<ObjectName, Arc<ObjectPages>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A panic in the middle of a transaction is undone by whoever begins the next one.
    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_gone(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory
    )
}

fn connect(path: &Path) -> Result<Connection, StorageError> {
    vfs::configure();
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE,
    )?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Otherwise each new value of a parameter compiles the lookup of an object again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // FULL: a commit must be on the disk when it returns.
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8000; \
         PRAGMA foreign_keys=OFF",
    )?;
    Ok(connection)
}
