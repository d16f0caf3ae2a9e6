//! The one system call of this crate that the standard library does not have.

#![allow(
    unsafe_code,
    reason = "a system call without a safe wrapper that test libraries can see"
)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Waits until everything written to the file system that holds `file` is on the disk.
///
/// # Errors
/// The operating system's, also for an earlier failure since `file` was opened to write back any
/// file of that file system.
pub(crate) fn sync_file_system(file: &File) -> io::Result<()> {
    // SAFETY: the call takes a number and touches no memory; `file` keeps the descriptor open.
    match unsafe { libc::syncfs(file.as_raw_fd()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
