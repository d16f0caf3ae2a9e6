//! Commands of stated that do their work and end.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::runtime::stated_binary;
use crate::server::Exit;

/// Runs `stated` with these arguments in a folder, and returns how it ended.
///
/// # Panics
/// When it cannot be started.
#[track_caller]
pub fn stated<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> Exit {
    let output = Command::new(stated_binary())
        .args(arguments)
        .current_dir(folder)
        .env_remove("CLOUDFLARE_ENV")
        .output()
        .expect("the binary can be started");
    Exit {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
