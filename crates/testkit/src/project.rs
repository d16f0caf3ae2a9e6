//! Where the projects under test are, and their npm packages.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

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
