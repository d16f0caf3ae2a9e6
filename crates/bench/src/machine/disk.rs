//! A loop of append and fdatasync: what the disk allows if nothing else cost anything.

use std::io;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use anyhow::Result;

/// The file is filled before, so that an append changes no metadata, as in a lane.
const FILE_BYTES: u64 = 64 << 20;

/// Commits per second when `batch` commits of `commit_bytes` share each sync.
///
/// The file is where the runtimes have their data: in the folder for temporary files.
pub(crate) fn commits_per_second(
    commit_bytes: usize,
    batch: usize,
    duration: Duration,
) -> Result<f64> {
    let file = tempfile::tempfile()?;
    fill(&file)?;
    let bytes = vec![1; (commit_bytes * batch).clamp(1, FILE_BYTES as usize / 2)];
    let start = Instant::now();
    let (mut syncs, mut end) = (0, 0);
    while start.elapsed() < duration {
        if end + bytes.len() as u64 > FILE_BYTES {
            end = 0;
        }
        file.write_all_at(&bytes, end)?;
        file.sync_data()?;
        end += bytes.len() as u64;
        syncs += 1;
    }
    Ok((syncs * batch) as f64 / start.elapsed().as_secs_f64())
}

fn fill(file: &std::fs::File) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    for at in (0..FILE_BYTES).step_by(zeros.len()) {
        file.write_all_at(&zeros, at)?;
    }
    file.sync_all()
}
