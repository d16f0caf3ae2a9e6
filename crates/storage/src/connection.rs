//! One open SQLite connection, set up the way every object's database needs it.
//!
//! It knows files, pragmas and hooks, but neither tables nor transactions. A connection is the only
//! user of its file while it lives: exclusive locking keeps the WAL index in memory, so there is no
//! `-shm` file. Locking and WAL are both undone by SQLite at a clean close or by recovery at the
//! next open, by whatever program, so a file is never in a private format.
//!
//! The synchronous setting is part of the durability argument, which is in [`crate::commit`].

use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use crate::authorizer::Gatekeeper;
use crate::error::StorageError;
use crate::limits;

/// The size of a database file that has no more than its header.
const PAGE_BYTES: u64 = 4096;
/// Statements of this crate that stay compiled, per connection.
const INTERNAL_STATEMENTS_MAX: usize = 32;
/// Virtual machine instructions between two looks at the stop flag: about 0.1 ms.
const STOP_CHECK_OPS: i32 = 10_000;

/// A connection with its hooks.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    /// Shared with the statements that borrow from it; the last one closes it.
    pub(crate) sqlite: Rc<Connection>,
    /// The authorization rules of programs' SQL.
    pub(crate) gatekeeper: Arc<Gatekeeper>,
    wal: Arc<WalWatch>,
    /// A handle on the database file if this process created it: the committer must sync it once.
    /// It must not be closed before the connection is, since closing any handle of a file releases
    /// the POSIX locks that SQLite holds on it.
    pub(crate) created: Option<Arc<File>>,
    math_is_registered: bool,
}

/// What the WAL hook saw.
#[derive(Debug, Default)]
struct WalWatch {
    committed: AtomicBool,
    frames: AtomicU32,
}

impl OpenConnection {
    /// Opens the database, creating the file if needed.
    ///
    /// What an earlier connection left in the WAL must be durable. Statements end soon after `stop`
    /// is set.
    pub(crate) fn open(path: &Path, stop: Option<Arc<AtomicBool>>) -> Result<Self, StorageError> {
        remove_if_never_acknowledged(path)
            .map_err(|error| StorageError::file("check database", path, error))?;
        let created =
            create(path).map_err(|error| StorageError::file("create database", path, error))?;
        let mut sqlite = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_EXRESCODE,
        )?;
        // Nobody else may hold the file for long; waiting would stall every object of the shard.
        sqlite.busy_timeout(std::time::Duration::ZERO)?;
        sqlite.set_prepared_statement_cache_capacity(INTERNAL_STATEMENTS_MAX);
        if created.is_some() {
            // Without a rollback journal the step to WAL is a single page write. Nobody has been
            // promised this file yet, so nothing is synced before the first checkpoint.
            sqlite.execute_batch(
                "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF; \
                 PRAGMA journal_mode=WAL",
            )?;
        } else {
            sqlite.execute_batch(
                "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=NORMAL; PRAGMA journal_mode=WAL",
            )?;
        }
        let wal = Arc::new(WalWatch::default());
        watch_wal(&mut sqlite, &wal)?;
        if let Some(stop) = stop {
            sqlite.progress_handler(STOP_CHECK_OPS, Some(move || stop.load(Relaxed)))?;
        }
        let gatekeeper = Arc::new(Gatekeeper::default());
        let judge = Arc::clone(&gatekeeper);
        sqlite.authorizer(Some(move |context: rusqlite::hooks::AuthContext<'_>| {
            judge.judge(&context)
        }))?;
        sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        limits::apply(&sqlite)?;
        Ok(Self {
            sqlite: Rc::new(sqlite),
            gatekeeper,
            wal,
            created: created.map(Arc::new),
            math_is_registered: false,
        })
    }

    /// Whether a commit wrote to the WAL since the last call.
    pub(crate) fn take_committed(&self) -> bool {
        self.wal.committed.swap(false, Relaxed)
    }

    /// The size of the WAL after the last commit, in pages.
    pub(crate) fn wal_frames(&self) -> u32 {
        self.wal.frames.load(Relaxed)
    }

    /// Registers the mathematical functions; false if they already are.
    pub(crate) fn register_math(&mut self) -> rusqlite::Result<bool> {
        if self.math_is_registered {
            return Ok(false);
        }
        crate::math::register(&self.sqlite)?;
        self.math_is_registered = true;
        Ok(true)
    }

    /// Makes SQLite sync around checkpoints, as it must before the first one. Not in a transaction.
    pub(crate) fn sync_around_checkpoints(&self) -> rusqlite::Result<()> {
        self.sqlite.execute_batch("PRAGMA synchronous=NORMAL")
    }

    /// Returns how many frames of the WAL count, right after opening.
    pub(crate) fn frames_found(&self) -> rusqlite::Result<u32> {
        // It counts frames, and copies none.
        self.sqlite
            .query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(1))
    }

    /// Makes the close copy the WAL into the database file and remove it.
    pub(crate) fn checkpoint_on_close(&self) -> rusqlite::Result<()> {
        self.sync_around_checkpoints()?;
        self.sqlite
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        Ok(())
    }
}

fn watch_wal(sqlite: &mut Connection, watch: &Arc<WalWatch>) -> rusqlite::Result<()> {
    let watch = Arc::clone(watch);
    sqlite.wal_hook(Some(move |_: &mut Wal, frames: i32| {
        watch.committed.store(true, Relaxed);
        watch.frames.store(frames.unsigned_abs(), Relaxed);
        Ok(())
    }))
}

/// The WAL's path: SQLite appends to the whole file name.
pub(crate) fn wal_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Creates the file; `None` if it exists.
fn create(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path);
    match file {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes a file that a power failure caught between its creation and the first sync of its header.
///
/// The header is synced before the first commit is reported as durable, so nothing is lost.
fn remove_if_never_acknowledged(path: &Path) -> io::Result<()> {
    let mut header = [0; 16];
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    if length != 0 {
        match file.read_exact(&mut header) {
            Ok(()) => {}
            // Shorter than a header: not one of ours. SQLite shall name the problem.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    if header != [0; 16] {
        return Ok(());
    }
    drop(file);
    remove_if_present(&wal_path(path))?;
    fs::remove_file(path)
}

/// What an earlier connection, perhaps of a process that is gone, has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leftover {
    /// Nothing, or a database file that was synced by a checkpoint.
    None,
    /// A database file that may never have been synced, without commits.
    Header,
    /// A WAL that may have commits.
    Wal,
}

impl Leftover {
    /// Looks at the files of a database that is not open.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(match (length(path)?, length(&wal_path(path))?) {
            (_, 1..) => Self::Wal,
            (1..=PAGE_BYTES, 0) => Self::Header,
            _ => Self::None,
        })
    }

    /// Makes it durable.
    pub(crate) fn sync(self, path: &Path) -> io::Result<()> {
        match self {
            Self::None => return Ok(()),
            Self::Header => {}
            Self::Wal => File::open(wal_path(path))?.sync_data()?,
        }
        // Closing a handle releases the locks of the process; it has none.
        match File::open(path) {
            Ok(database) => database.sync_all()?,
            // SQLite removes the WAL of a database that is not there.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        sync_parent(path)
    }
}

/// The length of a file; 0 if it is not there.
fn length(path: &Path) -> io::Result<u64> {
    match path.metadata() {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// Makes the names in the folder of a file durable.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Removes a file; that it is not there is no error.
pub(crate) fn remove_if_present(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
