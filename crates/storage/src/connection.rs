//! One open SQLite connection, set up the way every object's database needs it.
//!
//! It knows pages, pragmas and hooks, but neither tables nor transactions. The database is no file
//! but an object's pages ([`crate::object_pages`]) behind the file layer of [`crate::sys::vfs`], and
//! the connection is their only user while it lives. The settings make SQLite hand over complete
//! changed pages inside of COMMIT, and nothing else: its rollback journal is in memory, it spills
//! nothing before the commit, and syncs are not its business.
//!
//! What makes a commit durable is in [`crate::commit`].

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::authorizer::Gatekeeper;
use crate::error::StorageError;
use crate::limits;
use crate::object_pages::{ObjectFile, ObjectPages};
use crate::sys::{extras, memory, vfs};

/// Statements of this crate that stay compiled, per connection.
const INTERNAL_STATEMENTS_MAX: usize = 32;
/// Bytes of a connection beside its pages, schema and statements.
const CONNECTION_BYTES: usize = 16 << 10;
/// Virtual machine instructions between two looks at the stop flag: about 0.1 ms.
const STOP_CHECK_OPS: i32 = 10_000;

/// A connection with its hooks.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    /// Shared with the statements that borrow from it; the last one closes it.
    pub(crate) sqlite: Rc<Connection>,
    /// The authorization rules of programs' SQL.
    pub(crate) gatekeeper: Arc<Gatekeeper>,
    math_is_registered: bool,
    /// How many of the programs' statements there were when the compiled ones were measured, and what
    /// they took.
    compiled: Option<(usize, usize)>,
}

impl OpenConnection {
    /// Opens the database of an object whose base is open. Statements end soon after `stop` is set.
    pub(crate) fn open(
        pages: &Arc<ObjectPages>,
        stop: Option<Arc<AtomicBool>>,
    ) -> Result<Self, StorageError> {
        let mut sqlite = vfs::open(Box::new(ObjectFile(Arc::clone(pages))))?;
        sqlite.set_prepared_statement_cache_capacity(INTERNAL_STATEMENTS_MAX);
        sqlite.execute_batch(
            "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; \
             PRAGMA temp_store=MEMORY; PRAGMA cache_spill=OFF",
        )?;
        if let Some(stop) = stop {
            sqlite.progress_handler(STOP_CHECK_OPS, Some(move || stop.load(Relaxed)))?;
        }
        let gatekeeper = Arc::new(Gatekeeper::default());
        let judge = Arc::clone(&gatekeeper);
        sqlite.authorizer(Some(move |context: rusqlite::hooks::AuthContext<'_>| {
            judge.judge(&context)
        }))?;
        sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        limits::apply(&sqlite)?;
        extras::remove(&sqlite)?;
        Ok(Self {
            sqlite: Rc::new(sqlite),
            gatekeeper,
            math_is_registered: false,
            compiled: None,
        })
    }

    /// Returns about how many bytes the connection keeps in memory, where so many of the programs'
    /// statements wait. Measures what takes long only when their number has changed: a change of the
    /// schema is such a statement too.
    pub(crate) fn bytes(&mut self, statements: usize) -> usize {
        let compiled = match self.compiled {
            Some((known, bytes)) if known == statements => bytes,
            _ => {
                let bytes = memory::compiled_bytes(&self.sqlite);
                self.compiled = Some((statements, bytes));
                bytes
            }
        };
        CONNECTION_BYTES + compiled + memory::cache_bytes(&self.sqlite)
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
}

/// The path of the WAL of a plain database: SQLite appends to the whole file name.
pub(crate) fn wal_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
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
