//! Looking at a folder before it is served.

use std::io;
use std::path::{Path, PathBuf};

use crate::rules::ignored::Ignored;
use crate::{FILE_BYTES_MAX, FILES_MAX};

/// Folders within each other.
const DEPTH_MAX: usize = 64;

/// Why a folder cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum AssetsError {
    /// It is not there, or not a folder.
    #[error("static assets: `{}` is no folder", .directory.display())]
    NoFolder {
        /// The folder.
        directory: PathBuf,
    },
    /// It, or something in it, cannot be read.
    #[error("static assets: read `{}`: {source}", .path.display())]
    Read {
        /// What cannot be read.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is too large.
    #[error("static assets: file `{name}` has {bytes} bytes; the limit is {FILE_BYTES_MAX} bytes")]
    FileTooLarge {
        /// The file, relative to the folder.
        name: String,
        /// Its size.
        bytes: u64,
    },
    /// There are too many files.
    #[error("static assets: `{}` has more than {FILES_MAX} files", .directory.display())]
    TooManyFiles {
        /// The folder.
        directory: PathBuf,
    },
    /// The code of a Pages project is among the files.
    #[error(
        "static assets: `_worker.js` would be served to everyone; remove it, or name it in a file `.assetsignore`"
    )]
    WorkerCode,
}

/// Checks the files' number and sizes.
pub(crate) fn check(
    directory: &Path,
    ignored: &Ignored,
    has_ignore_file: bool,
    files_max: usize,
) -> Result<(), AssetsError> {
    if !directory.is_dir() {
        return Err(AssetsError::NoFolder {
            directory: directory.to_owned(),
        });
    }
    if !has_ignore_file && directory.join("_worker.js").exists() {
        return Err(AssetsError::WorkerCode);
    }
    let mut count = 0;
    let mut folders = vec![(directory.to_owned(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = folders.pop() {
        let unreadable = |source| AssetsError::Read {
            path: folder.clone(),
            source,
        };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let name = format!("{prefix}{name}");
            // Links are not followed here: what they lead to is measured when it is asked for.
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_dir() && depth < DEPTH_MAX {
                folders.push((entry.path(), format!("{name}/"), depth + 1));
            }
            if !kind.is_file() || ignored.has(&name) {
                continue;
            }
            count += 1;
            if count > files_max {
                return Err(AssetsError::TooManyFiles {
                    directory: directory.to_owned(),
                });
            }
            let bytes = entry.metadata().map_err(unreadable)?.len();
            if bytes > FILE_BYTES_MAX {
                return Err(AssetsError::FileTooLarge { name, bytes });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::html::HtmlHandling;
    use crate::rules::Rules;

    fn ignored(text: &str) -> Ignored {
        Rules::parse("", "", text, HtmlHandling::None).0.ignored
    }

    fn checked(folder: &Path, text: &str, files_max: usize) -> String {
        let result = check(folder, &ignored(text), !text.is_empty(), files_max);
        let error = result
            .err()
            .map_or_else(String::new, |error| error.to_string());
        error.replace(&folder.display().to_string(), "FOLDER")
    }

    #[test]
    fn a_folder_may_have_so_many_files_that_are_served_and_not_one_more() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        for name in ["a", "sub/b", "_headers", "c.map"] {
            fs::write(folder.path().join(name), "").unwrap();
        }

        assert_eq!(checked(folder.path(), "*.map", 2), "");
        assert_eq!(
            checked(folder.path(), "*.map", 1),
            "static assets: `FOLDER` has more than 100000 files"
        );
        assert_eq!(checked(folder.path(), "", 3), "");
    }

    #[test]
    fn a_file_that_is_too_large_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        let file = fs::File::create(folder.path().join("sub/film.mp4")).unwrap();

        file.set_len(FILE_BYTES_MAX).unwrap();
        assert_eq!(checked(folder.path(), "", 9), "");
        file.set_len(FILE_BYTES_MAX + 1).unwrap();
        assert_eq!(
            checked(folder.path(), "", 9),
            "static assets: file `sub/film.mp4` has 26214401 bytes; the limit is 26214400 bytes"
        );
        assert_eq!(checked(folder.path(), "*.mp4", 9), "");
    }

    #[test]
    fn a_folder_that_is_not_there_and_one_with_a_workers_code_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("_worker.js");
        fs::write(&file, "").unwrap();

        assert!(checked(folder.path(), "", 9).contains("`_worker.js` would be served to everyone"));
        assert_eq!(checked(folder.path(), "x", 9), "");
        assert_eq!(
            checked(&file, "", 9),
            "static assets: `FOLDER` is no folder"
        );
    }
}
