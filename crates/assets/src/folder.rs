//! Opening files of the folder, and nothing else.
//!
//! The system resolves each name beneath the folder (`openat2` with `RESOLVE_BENEATH`): neither `..` nor a symbolic link
//! leads out of it. The folder itself is opened by its path each time, since builds replace it as a whole.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat, openat2};
use rustix::io::Errno;

use crate::FILE_BYTES_MAX;

/// Attempts to open a file while folders are being renamed.
const ATTEMPTS_MAX: usize = 8;

/// The folder with the files.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

/// By what a change of a file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    device: u64,
    inode: u64,
    changed: (i64, i64),
    modified: (i64, i64),
    size: u64,
}

/// A regular file, opened for reading.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) file: File,
    pub(crate) signature: Signature,
    pub(crate) size: u64,
}

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Opens a regular file; None when there is none of the name, or when it is too large to be served.
    ///
    /// # Errors
    /// Whatever else keeps the file from being read.
    pub(crate) fn open(&self, name: &str) -> io::Result<Option<Opened>> {
        let folder = openat(
            CWD,
            &self.0,
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        );
        let folder = match folder {
            Ok(folder) => folder,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // NONBLOCK keeps a named pipe from holding the thread; it means nothing to a regular file.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let mut attempts = 0;
        let file = loop {
            match openat2(&folder, name, flags, Mode::empty(), resolve) {
                Ok(file) => break file,
                Err(Errno::AGAIN) if attempts < ATTEMPTS_MAX => attempts += 1,
                // Not there, not a file, or not in the folder.
                Err(
                    Errno::NOENT
                    | Errno::NOTDIR
                    | Errno::XDEV
                    | Errno::LOOP
                    | Errno::NAMETOOLONG
                    | Errno::NXIO
                    | Errno::ILSEQ,
                ) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        };
        let stat = fstat(&file)?;
        let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || size > FILE_BYTES_MAX {
            return Ok(None);
        }
        Ok(Some(Opened {
            file: File::from(file),
            signature: signature(&stat, size),
            size,
        }))
    }
}

fn signature(stat: &Stat, size: u64) -> Signature {
    Signature {
        device: stat.st_dev,
        inode: stat.st_ino,
        changed: (
            stat.st_ctime,
            i64::try_from(stat.st_ctime_nsec).unwrap_or(0),
        ),
        modified: (
            stat.st_mtime,
            i64::try_from(stat.st_mtime_nsec).unwrap_or(0),
        ),
        size,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_in_the_folder_are_opened() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "s").unwrap();
        let inside = tempfile::tempdir().unwrap();
        let path = |name: &str| inside.path().join(name);
        fs::create_dir(path("sub")).unwrap();
        fs::write(path("sub/a"), "a").unwrap();
        symlink(outside.path(), path("out")).unwrap();
        symlink(outside.path().join("secret"), path("link-out")).unwrap();
        symlink("../../../../../../../../etc/passwd", path("up")).unwrap();
        symlink("sub/a", path("link-in")).unwrap();
        symlink("loop", path("loop")).unwrap();
        rustix::fs::mknodat(CWD, path("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        let folder = Folder::new(inside.path().to_owned());
        let opens = |name: &str| folder.open(name).unwrap().is_some();

        for name in ["sub/a", "link-in"] {
            assert!(opens(name), "{name}");
        }
        for name in [
            "sub",
            "out/secret",
            "link-out",
            "up",
            "loop",
            "pipe",
            "sub/a/",
            "sub/a/b",
            "../x",
            "nothing",
        ] {
            assert!(!opens(name), "{name}");
        }
        let long = "x".repeat(5000);
        assert!(!opens(&long));
    }

    #[test]
    fn twenty_five_mebibytes_are_served_and_not_one_byte_more() {
        let inside = tempfile::tempdir().unwrap();
        let folder = Folder::new(inside.path().to_owned());
        let file = File::create(inside.path().join("a")).unwrap();

        file.set_len(25 << 20).unwrap();
        assert!(folder.open("a").unwrap().is_some());
        file.set_len((25 << 20) + 1).unwrap();
        assert!(folder.open("a").unwrap().is_none());
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_files() {
        let folder = Folder::new(PathBuf::from("/nonexistent"));

        assert!(folder.open("a").unwrap().is_none());
    }
}
