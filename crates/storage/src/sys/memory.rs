//! What a connection keeps in memory.

use rusqlite::{Connection, ffi};
use std::ffi::c_int;

/// Returns the bytes of a connection's page cache.
pub(crate) fn cache_bytes(sqlite: &Connection) -> usize {
    status(sqlite, ffi::SQLITE_DBSTATUS_CACHE_USED)
}

/// Returns the bytes of a connection's schema and statements. Takes longer the more of them there are.
pub(crate) fn compiled_bytes(sqlite: &Connection) -> usize {
    status(sqlite, ffi::SQLITE_DBSTATUS_SCHEMA_USED)
        + status(sqlite, ffi::SQLITE_DBSTATUS_STMT_USED)
}

fn status(sqlite: &Connection, what: c_int) -> usize {
    let (mut current, mut highest) = (0, 0);
    // SAFETY: the handle is used for as long as the connection is borrowed, and not to close it.
    let handle = unsafe { sqlite.handle() };
    // SAFETY: the connection is open and of this thread, and both numbers outlive the call.
    let code =
        unsafe { ffi::sqlite3_db_status(handle, what, &raw mut current, &raw mut highest, 0) };
    match code {
        ffi::SQLITE_OK => usize::try_from(current).unwrap_or(0),
        _ => 0,
    }
}
