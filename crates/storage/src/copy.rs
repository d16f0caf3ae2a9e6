//! Whole databases as files: a copy out of a live one, and a copy of any file.
//!
//! Copies are made by SQLite's backup API, which reads one consistent state whatever else happens
//! to the source. A copy is a single file that any SQLite program opens; it is synced when these
//! functions return, its name in the folder is the caller's business.

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, OpenOptions};
use std::path::Path;

use crate::connection::{remove_if_present, wal_path};
use crate::database::Database;
use crate::error::StorageError;

/// Pages copied in one step; the source is locked for all of them, so the number matters little.
const STEP_PAGES: i32 = 1 << 20;
/// Steps that may meet a lock of another program before the copy is given up.
const BUSY_STEPS_MAX: u32 = 100;
/// How long each of them waits.
const BUSY_WAIT: std::time::Duration = std::time::Duration::from_millis(50);

impl Database {
    /// Writes what is committed to a new file at `target`. An object that never stored anything
    /// gives an empty database.
    ///
    /// The turn must have written nothing yet.
    ///
    /// # Errors
    /// [`StorageError::File`] when the file exists or cannot be made; a critical error of this turn,
    /// or SQLite's.
    pub fn copy_to(&mut self, target: &Path) -> Result<(), StorageError> {
        let source = self.connection_if_stored()?;
        let mut copy = create(target)?;
        if let Some(source) = &source {
            copy_pages(source, &mut copy)?;
        }
        finish(copy, target)
    }
}

/// Writes the committed state of the database at `source`, its log included, to a new file at
/// `target`. Nothing of the source changes, even while another program uses it.
///
/// # Errors
/// [`StorageError::File`] when `target` exists or cannot be made; SQLite's, also for a source that
/// is missing, locked for long or not a database.
pub fn copy_database(source: &Path, target: &Path) -> Result<(), StorageError> {
    let from = open_source(source)?;
    let mut copy = create(target)?;
    copy_pages(&from, &mut copy)?;
    finish(copy, target)
}

/// Returns what SQLite finds wrong with the database in a file; `None` if it is sound.
///
/// # Errors
/// SQLite's, for a file that is not a database.
pub fn check_integrity(path: &Path) -> Result<Option<String>, StorageError> {
    let connection = open_source(path)?;
    let verdict: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok(Some(verdict).filter(|verdict| verdict != "ok"))
}

/// Calls `each` with every entry of the key-value table in a database file, in order of the keys,
/// until it returns false.
///
/// # Errors
/// SQLite's.
pub fn for_each_entry(
    path: &Path,
    mut each: impl FnMut(&str, &[u8]) -> bool,
) -> Result<(), StorageError> {
    let connection = open_source(path)?;
    let known = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_cf_KV'";
    if connection.query_row(known, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(());
    }
    let mut statement = connection.prepare("SELECT key, value FROM _cf_KV ORDER BY key")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        // A value that another program wrote with another type is as unreadable as none.
        let value = row.get_ref(1)?.as_bytes_or_null().ok().flatten();
        if !each(&key, value.unwrap_or_default()) {
            break;
        }
    }
    Ok(())
}

fn open_source(path: &Path) -> Result<Connection, StorageError> {
    // For writing, because recovering a log needs it; the close leaves the log as it was.
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE,
    )?;
    connection.busy_timeout(BUSY_WAIT * BUSY_STEPS_MAX)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

fn create(target: &Path) -> Result<Connection, StorageError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(target)
        .map_err(|error| StorageError::file("create file", target, error))?;
    Ok(Connection::open_with_flags(
        target,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?)
}

fn copy_pages(source: &Connection, copy: &mut Connection) -> Result<(), StorageError> {
    let backup = Backup::new(source, copy)?;
    for _ in 0..BUSY_STEPS_MAX {
        match backup.step(STEP_PAGES)? {
            StepResult::Done => return Ok(()),
            StepResult::Busy | StepResult::Locked => std::thread::sleep(BUSY_WAIT),
            _ => {}
        }
    }
    Err(rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
        Some("the database is in use".into()),
    )
    .into())
}

/// Makes the copy a single file, whatever journal the source had, and syncs it.
fn finish(copy: Connection, target: &Path) -> Result<(), StorageError> {
    copy.execute_batch("PRAGMA journal_mode=DELETE")?;
    drop(copy);
    let file_error = |error| StorageError::file("sync file", target, error);
    remove_if_present(&wal_path(target)).map_err(file_error)?;
    File::open(target)
        .and_then(|file| file.sync_all())
        .map_err(file_error)
}
