//! What the system knows about a running process.

use std::fs;

use anyhow::{Context, Result};

/// Memory that the process has to itself, and its part of what it shares, in KiB.
pub(crate) fn memory_kib(pid: u32) -> Result<f64> {
    let kib = field(&format!("/proc/{pid}/smaps_rollup"), "Pss:")?;
    Ok(kib as f64)
}

/// How many file descriptors it holds.
pub(crate) fn descriptors(pid: u32) -> Result<f64> {
    let folder = format!("/proc/{pid}/fd");
    let entries = fs::read_dir(&folder).with_context(|| folder.clone())?;
    Ok(entries.count() as f64)
}

/// The bytes it has caused to be written to a disk so far.
pub(crate) fn written_bytes(pid: u32) -> Result<u64> {
    field(&format!("/proc/{pid}/io"), "write_bytes:")
}

fn field(path: &str, name: &str) -> Result<u64> {
    let text = fs::read_to_string(path).with_context(|| path.to_owned())?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.with_context(|| format!("{path} has no number `{name}`"))
}
