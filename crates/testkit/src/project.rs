//! Where the projects under test are, and their npm packages.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::runtime::Runtime;
use crate::server::Launch;

/// A copy of a fixture project that a test may change.
pub struct Copy {
    folder: TempDir,
}

impl Copy {
    /// Copies `crates/cli/tests/fixtures/<name>`.
    ///
    /// # Panics
    /// When there is no such fixture.
    #[track_caller]
    pub fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("the temporary folder is writable");
        copy(&fixture(name), folder.path());
        Self { folder }
    }

    /// Replaces a text in a file.
    ///
    /// # Panics
    /// When the file does not have it.
    #[track_caller]
    pub fn replace(&self, file: &str, from: &str, to: &str) {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path).expect("the fixture has the file");
        assert!(text.contains(from), "{file} has `{from}`");
        fs::write(&path, text.replace(from, to)).expect("the copy is writable");
    }

    /// Returns its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Describes a server of stated on it.
    pub fn launch(&self) -> Launch {
        Launch::of(Runtime::Stated, self.folder())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the temporary folder is writable");
    for entry in fs::read_dir(from).expect("the fixture exists") {
        let entry = entry.expect("the fixture is readable");
        let target: PathBuf = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("the copy is writable");
        }
    }
}

/// Returns the folder of an example, with its npm packages installed.
///
/// Packages are installed with `npm ci` into the example's folder the first time they are missing.
///
/// # Panics
/// When there is no such example, or `npm ci` fails.
#[track_caller]
pub fn example(name: &str) -> PathBuf {
    let folder = repository().join("examples").join(name);
    assert!(
        folder.is_dir(),
        "there is no example `{name}` in {}",
        folder.display()
    );
    if folder.join("package-lock.json").exists() {
        install_packages(&folder, name);
    }
    folder
}

/// Returns the folder of a fixture project of the command's tests, `crates/cli/tests/fixtures/<name>`,
/// with its npm packages installed.
///
/// # Panics
/// When there is no such fixture, or `npm ci` fails.
#[track_caller]
pub fn fixture(name: &str) -> PathBuf {
    let folder = repository().join("crates/cli/tests/fixtures").join(name);
    assert!(
        folder.is_dir(),
        "there is no fixture `{name}` in {}",
        folder.display()
    );
    if folder.join("package-lock.json").exists() {
        install_packages(&folder, name);
    }
    folder
}

/// Returns the folder of a project of the benchmark, `bench/<name>`, with its npm packages installed.
///
/// # Panics
/// When there is no such project, or `npm ci` fails.
#[track_caller]
pub fn benchmark(name: &str) -> PathBuf {
    let folder = repository().join("bench").join(name);
    assert!(
        folder.is_dir(),
        "there is no project `{name}` in {}",
        folder.display()
    );
    if folder.join("package-lock.json").exists() {
        install_packages(&folder, &format!("bench-{name}"));
    }
    folder
}

/// Returns the root of the repository.
pub fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize()
        .expect("the crate lies two folders below the root")
}

/// Runs `npm ci` once: tests of several threads and processes share the folder, hence the lock.
#[track_caller]
fn install_packages(folder: &Path, name: &str) {
    let lock_path = std::env::temp_dir().join(format!("stated-npm-{name}.lock"));
    let lock = File::create(&lock_path).expect("the temporary folder is writable");
    lock.lock()
        .expect("a lock on an own file can be waited for");

    // npm writes this file last, so a folder without it is missing or incomplete.
    if folder.join("node_modules/.package-lock.json").exists() {
        return;
    }
    let npm = Command::new("npm").arg("ci").current_dir(folder).output();
    let npm = npm.expect("npm is installed: the project needs packages");
    assert!(
        npm.status.success(),
        "`npm ci` in {}: {}",
        folder.display(),
        String::from_utf8_lossy(&npm.stderr)
    );
}
