//! The file layer under SQLite: pages come from and go to a [`PageFile`], not to a file.
//!
//! SQLite asks for bytes at offsets. With the settings of [`crate::connection`] (rollback journal in
//! memory, no spilling, no syncs) it reads whole pages and parts of the first, and writes whole
//! pages, all of them inside of COMMIT. So the layer has no journal, no temporary file, no lock and
//! no sync: asked to open anything but the database itself it refuses.
//!
//! A file has no name by which a connection could find it. [`open`] leaves it in a place of its
//! thread, where the only call that SQLite makes meanwhile takes it.
//!
//! A panic must not unwind into C; it becomes an I/O error of the operation.

use rusqlite::{Connection, OpenFlags, ffi};
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{Once, OnceLock};

use super::heap;
use crate::page::{PAGE_BYTES, Page};

/// The name under which SQLite knows the layer.
const NAME: &CStr = c"stated";
/// Longer than the one name that is ever asked for.
const NAME_BYTES_MAX: c_int = 64;

/// The pages of one database, numbered from 1.
pub(crate) trait PageFile: Debug + Send {
    /// Reads a page; one that was never written is all zeros.
    ///
    /// # Errors
    /// The page cannot be read or is damaged; the reason was logged.
    fn read(&self, number: u32, into: &mut Page) -> Result<(), Unreadable>;

    /// Replaces a page.
    fn write(&self, number: u32, page: &Page);

    /// Returns how many pages there are.
    fn page_count(&self) -> u32;

    /// Removes the pages after the first `pages`.
    fn truncate(&self, pages: u32);
}

/// A page that cannot be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unreadable;

thread_local! {
    /// The file of the connection that is being opened on this thread.
    static OPENING: RefCell<Option<Box<dyn PageFile>>> = const { RefCell::new(None) };
}

/// Opens a connection whose database is `file`.
///
/// # Errors
/// SQLite's.
pub(crate) fn open(file: Box<dyn PageFile>) -> rusqlite::Result<Connection> {
    register()?;
    OPENING.set(Some(file));
    let connection = Connection::open_with_flags_and_vfs(
        "object",
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE,
        NAME,
    );
    OPENING.set(None);
    connection
}

/// Gives SQLite a heap of its own ([`super::heap`]), and makes it take no memory in advance for a
/// connection: 130 KiB by default. There may be a thousand of them, most for a few pages and
/// statements that are compiled once. To be called before the first connection of the process; later
/// it has no effect.
pub(crate) fn configure() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let (none, no_pages): (c_int, *mut c_void) = (0, ptr::null_mut());
        let methods = heap::METHODS;
        let heap = match heap::is_available() {
            // SAFETY: the argument is that which the option takes, and SQLite copies it.
            true => unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const methods) },
            false => ffi::SQLITE_OK,
        };
        // SAFETY: the arguments are those that the option takes: a size and a number.
        let lookaside = unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_LOOKASIDE, none, none) };
        // SAFETY: the arguments are those that the option takes: no memory, no size, no number.
        let pages =
            unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_PAGECACHE, no_pages, none, none) };
        if [heap, lookaside, pages] != [ffi::SQLITE_OK; 3] {
            tracing::debug!("connections take more memory: SQLite was in use already");
        }
    });
}

/// Makes the layer known to SQLite, once.
fn register() -> rusqlite::Result<()> {
    static CODE: OnceLock<c_int> = OnceLock::new();
    let code = *CODE.get_or_init(|| {
        let vfs = Box::new(ffi::sqlite3_vfs {
            iVersion: 1,
            szOsFile: size_of::<OpenFile>() as c_int,
            mxPathname: NAME_BYTES_MAX,
            pNext: ptr::null_mut(),
            zName: NAME.as_ptr(),
            pAppData: ptr::null_mut(),
            xOpen: Some(vfs_open),
            xDelete: Some(vfs_delete),
            xAccess: Some(vfs_access),
            xFullPathname: Some(vfs_full_path),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(vfs_randomness),
            xSleep: Some(vfs_sleep),
            xCurrentTime: Some(vfs_current_time),
            xGetLastError: None,
            xCurrentTimeInt64: None,
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        });
        // SAFETY: the structure is complete and, being leaked, lives as long as SQLite.
        unsafe { ffi::sqlite3_vfs_register(Box::leak(vfs), 0) }
    });
    match code {
        ffi::SQLITE_OK => Ok(()),
        code => Err(rusqlite::Error::SqliteFailure(
            ffi::Error::new(code),
            Some("register the file layer".into()),
        )),
    }
}

/// What SQLite allocates for an open file. It begins with what SQLite knows of.
#[repr(C)]
struct OpenFile {
    base: ffi::sqlite3_file,
    /// From `Box::into_raw`; null before a successful open and after the close.
    file: *mut Box<dyn PageFile>,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(file_close),
    xRead: Some(file_read),
    xWrite: Some(file_write),
    xTruncate: Some(file_truncate),
    xSync: Some(file_sync),
    xFileSize: Some(file_size),
    xLock: Some(file_lock),
    xUnlock: Some(file_lock),
    xCheckReservedLock: Some(file_check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(file_sector_size),
    xDeviceCharacteristics: Some(file_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

/// Runs a file's method; a panic becomes `on_panic`.
///
/// # Safety
/// `file` is a file that `vfs_open` has opened and nobody has closed.
unsafe fn with_file(
    file: *mut ffi::sqlite3_file,
    on_panic: c_int,
    action: impl FnOnce(&dyn PageFile) -> c_int,
) -> c_int {
    // SAFETY: SQLite hands back the memory of `szOsFile` bytes that `vfs_open` has filled in.
    let open = unsafe { &*file.cast::<OpenFile>() };
    // SAFETY: the box is freed by `file_close` only.
    let pages = unsafe { &**open.file };
    catch_unwind(AssertUnwindSafe(|| action(pages))).unwrap_or(on_panic)
}

unsafe extern "C" fn vfs_open(
    _vfs: *mut ffi::sqlite3_vfs,
    _name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let open = file.cast::<OpenFile>();
    // SAFETY: SQLite has allocated `szOsFile` bytes; null methods mean that there is nothing to close.
    unsafe { (*open).base.pMethods = ptr::null() };
    if flags & ffi::SQLITE_OPEN_MAIN_DB == 0 {
        return ffi::SQLITE_CANTOPEN;
    }
    let Some(pages) = OPENING.take() else {
        return ffi::SQLITE_CANTOPEN;
    };
    // SAFETY: the memory is SQLite's for this file, and nothing was in this place.
    unsafe { (&raw mut (*open).file).write(Box::into_raw(Box::new(pages))) };
    // SAFETY: as above; from here on SQLite calls `file_close` once.
    unsafe { (*open).base.pMethods = &raw const METHODS };
    if !out_flags.is_null() {
        // SAFETY: a place that SQLite gives for the answer.
        unsafe { *out_flags = flags };
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn vfs_delete(
    _vfs: *mut ffi::sqlite3_vfs,
    _name: *const c_char,
    _sync_folder: c_int,
) -> c_int {
    ffi::SQLITE_OK
}

/// There is no journal beside a database.
unsafe extern "C" fn vfs_access(
    _vfs: *mut ffi::sqlite3_vfs,
    _name: *const c_char,
    _flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: a place that SQLite gives for the answer.
    unsafe { *out = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn vfs_full_path(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    out_bytes: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite's names end with a zero.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if name.len() > out_bytes as usize {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: the target has `out_bytes` bytes, and was made by SQLite for this call.
    unsafe { ptr::copy_nonoverlapping(name.as_ptr().cast(), out, name.len()) };
    ffi::SQLITE_OK
}

/// SQLite's own layer, for what has to do with time and chance.
fn platform() -> *mut ffi::sqlite3_vfs {
    // SAFETY: a null name asks for the default, which is never unregistered.
    unsafe { ffi::sqlite3_vfs_find(ptr::null()) }
}

unsafe extern "C" fn vfs_randomness(
    _vfs: *mut ffi::sqlite3_vfs,
    bytes: c_int,
    out: *mut c_char,
) -> c_int {
    let platform = platform();
    // SAFETY: the default layer is there as long as SQLite is.
    match unsafe { (*platform).xRandomness } {
        // SAFETY: the arguments are those of the same call.
        Some(randomness) => unsafe { randomness(platform, bytes, out) },
        None => 0,
    }
}

unsafe extern "C" fn vfs_sleep(_vfs: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    let platform = platform();
    // SAFETY: the default layer is there as long as SQLite is.
    match unsafe { (*platform).xSleep } {
        // SAFETY: the arguments are those of the same call.
        Some(sleep) => unsafe { sleep(platform, microseconds) },
        None => 0,
    }
}

unsafe extern "C" fn vfs_current_time(_vfs: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    let platform = platform();
    // SAFETY: the default layer is there as long as SQLite is.
    match unsafe { (*platform).xCurrentTime } {
        // SAFETY: the arguments are those of the same call.
        Some(current_time) => unsafe { current_time(platform, out) },
        None => ffi::SQLITE_ERROR,
    }
}

unsafe extern "C" fn file_close(file: *mut ffi::sqlite3_file) -> c_int {
    let open = file.cast::<OpenFile>();
    // SAFETY: an open file; SQLite closes it once and uses it no more.
    let pages = unsafe { Box::from_raw((*open).file) };
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(pages)));
    match dropped {
        Ok(()) => ffi::SQLITE_OK,
        Err(_) => ffi::SQLITE_IOERR_CLOSE,
    }
}

unsafe extern "C" fn file_read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    bytes: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: the buffer has so many bytes, and is SQLite's for this call.
    let into = unsafe { std::slice::from_raw_parts_mut(into.cast::<u8>(), bytes as usize) };
    // SAFETY: SQLite calls this on open files only.
    unsafe {
        with_file(file, ffi::SQLITE_IOERR_READ, |pages| {
            read(pages, into, offset as u64)
        })
    }
}

/// Reads bytes of one page.
fn read(pages: &dyn PageFile, into: &mut [u8], offset: u64) -> c_int {
    let number = offset / PAGE_BYTES as u64 + 1;
    let start = (offset % PAGE_BYTES as u64) as usize;
    let end = start + into.len();
    let Ok(number) = u32::try_from(number) else {
        return ffi::SQLITE_IOERR_READ;
    };
    if number > pages.page_count() {
        into.fill(0);
        return ffi::SQLITE_IOERR_SHORT_READ;
    }
    if let Ok(page) = <&mut Page>::try_from(&mut *into) {
        return match pages.read(number, page) {
            Ok(()) => ffi::SQLITE_OK,
            Err(Unreadable) => ffi::SQLITE_IOERR_READ,
        };
    }
    let mut page = [0; PAGE_BYTES];
    match (
        page.get(start..end).is_some(),
        pages.read(number, &mut page),
    ) {
        (true, Ok(())) => {
            into.copy_from_slice(&page[start..end]);
            ffi::SQLITE_OK
        }
        _ => ffi::SQLITE_IOERR_READ,
    }
}

unsafe extern "C" fn file_write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    bytes: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: the buffer has so many bytes, and stays as it is during this call.
    let from = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), bytes as usize) };
    let page = u32::try_from(offset as u64 / PAGE_BYTES as u64 + 1);
    let (Ok(number), Ok(page)) = (page, <&Page>::try_from(from)) else {
        // A database with another page size, which nobody can make: see `connection`.
        return ffi::SQLITE_IOERR_WRITE;
    };
    // SAFETY: SQLite calls this on open files only.
    unsafe {
        with_file(file, ffi::SQLITE_IOERR_WRITE, |pages| {
            pages.write(number, page);
            ffi::SQLITE_OK
        })
    }
}

unsafe extern "C" fn file_truncate(
    file: *mut ffi::sqlite3_file,
    bytes: ffi::sqlite3_int64,
) -> c_int {
    let Ok(count) = u32::try_from(bytes as u64 / PAGE_BYTES as u64) else {
        return ffi::SQLITE_IOERR_TRUNCATE;
    };
    // SAFETY: SQLite calls this on open files only.
    unsafe {
        with_file(file, ffi::SQLITE_IOERR_TRUNCATE, |pages| {
            pages.truncate(count);
            ffi::SQLITE_OK
        })
    }
}

unsafe extern "C" fn file_sync(_file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_size(
    file: *mut ffi::sqlite3_file,
    out: *mut ffi::sqlite3_int64,
) -> c_int {
    let count = Cell::new(0);
    // SAFETY: SQLite calls this on open files only.
    let code = unsafe {
        with_file(file, ffi::SQLITE_IOERR_FSTAT, |pages| {
            count.set(pages.page_count());
            ffi::SQLITE_OK
        })
    };
    // SAFETY: a place that SQLite gives for the answer.
    unsafe { *out = i64::from(count.get()) * PAGE_BYTES as i64 };
    code
}

/// Nobody else has the pages, so there is nothing to lock.
unsafe extern "C" fn file_lock(_file: *mut ffi::sqlite3_file, _level: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_check_reserved_lock(
    _file: *mut ffi::sqlite3_file,
    out: *mut c_int,
) -> c_int {
    // SAFETY: a place that SQLite gives for the answer.
    unsafe { *out = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(
    _file: *mut ffi::sqlite3_file,
    _operation: c_int,
    _argument: *mut c_void,
) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn file_sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    PAGE_BYTES as c_int
}

unsafe extern "C" fn file_characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    0
}
