//! What this SQLite was compiled with and the reference's was not.

use rusqlite::{Connection, Result, ffi};
use std::ffi::{CStr, c_int};
use std::ptr;

/// The table that shows how a database is laid out in pages, the runtime's own tables among them.
const TABLE: &CStr = c"dbstat";

/// Functions of the older full-text modules, which no program may use, by their numbers of arguments.
const FUNCTIONS: [(&CStr, c_int); 6] = [
    (c"fts3_tokenizer", 1),
    (c"fts3_tokenizer", 2),
    (c"matchinfo", 1),
    (c"matchinfo", 2),
    (c"offsets", 1),
    (c"optimize", 1),
];

/// Takes all of it from a connection that has run nothing yet: a program is told that there is no such
/// table or function.
///
/// # Errors
/// SQLite's.
pub(crate) fn remove(sqlite: &Connection) -> Result<()> {
    // SAFETY: the handle is used for as long as the connection is borrowed, and not to close it.
    let handle = unsafe { sqlite.handle() };
    // SAFETY: the connection is open and of this thread, the name outlives the call, and without a module
    // there is nothing that SQLite would keep or call.
    let code = unsafe {
        ffi::sqlite3_create_module_v2(handle, TABLE.as_ptr(), ptr::null(), ptr::null_mut(), None)
    };
    checked(code)?;
    for (name, arguments) in FUNCTIONS {
        // SAFETY: as above; a function without code takes away the one that was there.
        let code = unsafe {
            ffi::sqlite3_create_function_v2(
                handle,
                name.as_ptr(),
                arguments,
                ffi::SQLITE_UTF8,
                ptr::null_mut(),
                None,
                None,
                None,
                None,
            )
        };
        checked(code)?;
    }
    Ok(())
}

fn checked(code: c_int) -> Result<()> {
    match code {
        ffi::SQLITE_OK => Ok(()),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}
