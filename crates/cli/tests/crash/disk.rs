//! A disk that forgets and fails: what a power failure takes from the files of a killed process, and
//! the errors of a disk that is full or broken.
//!
//! SIGKILL leaves the page cache alone, so a killed server loses nothing that it ever wrote, synced
//! or not. `unsynced.c`, loaded into the server, keeps a journal of changes and syncs; after the
//! kill [`Disk::lose_power`] takes back what no sync had covered: of each file's unsynced changes a
//! random number of the first ones stays, the next one may be torn, the rest is gone. Syncs of
//! folders are not needed for names to survive here.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use stated_testkit::Launch;
use stated_testkit::project::repository;
use tempfile::TempDir;

use crate::harness::random::Random;

/// What a sync promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syncs {
    /// What was written before it is on the disk when it returns.
    Real,
    /// It reaches the disk only this long after it has returned. To a client that is what a server
    /// looks like whose output gate opens before the sync.
    Late(Duration),
}

/// What goes wrong with the disk while the server runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There is no space until [`Disk::heal`].
    Full,
    /// One write fails.
    Write,
    /// One sync fails.
    Sync,
    /// Files whose path contains this can neither be written nor synced, until [`Disk::heal`].
    File(String),
    /// Files whose path contains this cannot be opened for writing, until [`Disk::heal`].
    Forbidden(String),
}

/// Where folders in memory are.
pub(crate) const MEMORY: &str = "/dev/shm";
const SIGKILL: i32 = 9;
/// The longest sync of a disk in memory: what a real one takes.
const MEMORY_SYNC_US: u64 = 1500;

/// The library that keeps the journal, and the journal of the running process.
pub(crate) struct Disk {
    scratch: TempDir,
    library: PathBuf,
}

impl Disk {
    /// Compiles the library with `$CC`, or `cc`. Its journal is kept in `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        let scratch = TempDir::with_prefix_in("stated-disk-", folder)
            .expect("the temporary folder is writable");
        let library = scratch.path().join("unsynced.so");
        let source = repository().join("crates/cli/tests/crash/unsynced.c");
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let output = Command::new(&compiler)
            .args(["-O1", "-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .output()
            .unwrap_or_else(|error| panic!("start the C compiler {compiler:?}: {error}"));
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self { scratch, library }
    }

    /// Makes the server of `launch`, whose data is in `folder`, write on this disk.
    pub(crate) fn attach(&self, launch: &Launch, folder: &Path) -> Launch {
        let environment = self.environment(folder).into_iter();
        environment.fold(launch.clone(), |launch, (name, value)| {
            launch.environment(name, value)
        })
    }

    /// Lets the command, which works on the data in `folder`, be killed instead of its change of
    /// this number. Returns whether it came to that.
    pub(crate) fn kill_at(&self, mut command: Command, folder: &Path, change: u64) -> bool {
        let output = command
            .envs(self.environment(folder))
            .env("UNSYNCED_KILL_AT", change.to_string())
            .output()
            .expect("the command can be started");
        assert!(
            output.status.success() || output.status.signal() == Some(SIGKILL),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        !output.status.success()
    }

    fn environment(&self, folder: &Path) -> Vec<(&'static str, OsString)> {
        let mut all = vec![
            ("LD_PRELOAD", self.library.clone().into()),
            ("UNSYNCED_FOLDER", folder.into()),
            ("UNSYNCED_JOURNAL", self.journal().into()),
            ("UNSYNCED_FAULT", self.fault().into()),
        ];
        if folder.starts_with(MEMORY) {
            all.push(("UNSYNCED_SYNC_US", MEMORY_SYNC_US.to_string().into()));
        }
        all
    }

    /// Lets something go wrong from now on.
    pub(crate) fn fail(&self, fault: &Fault) {
        let words = match fault {
            Fault::Full => "f".to_owned(),
            Fault::Write => "w".to_owned(),
            Fault::Sync => "s".to_owned(),
            Fault::File(part) => format!("o{part}"),
            Fault::Forbidden(part) => format!("d{part}"),
        };
        // Renamed, so that the library never sees a file without its letter.
        let written = self.scratch.path().join("fault-to-be");
        fs::write(&written, words).expect("the folder is ours");
        fs::rename(&written, self.fault()).expect("the folder is ours");
    }

    /// Whether the fault is still to come or lasts.
    pub(crate) fn is_failing(&self) -> bool {
        self.fault().exists()
    }

    /// Ends the fault.
    pub(crate) fn heal(&self) {
        match fs::remove_file(self.fault()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                panic!("remove the fault: {error}")
            }
            _ => {}
        }
    }

    fn fault(&self) -> PathBuf {
        self.scratch.path().join("fault")
    }

    fn journal(&self) -> PathBuf {
        self.scratch.path().join("journal")
    }

    /// Takes from the files in `folder` what a power failure takes; returns how many changes that
    /// were. The process must be gone.
    pub(crate) fn lose_power(&self, folder: &Path, syncs: Syncs, random: &mut Random) -> usize {
        let journal = fs::read(self.journal()).expect("the process has written a journal");
        fs::remove_file(self.journal()).expect("the journal is ours");
        let records = Record::parse(&journal);
        let end_ns = records.last().map_or(0, |record| record.time_ns);
        let believed_ns = match syncs {
            Syncs::Real => u64::MAX,
            Syncs::Late(delay) => end_ns.saturating_sub(delay.as_nanos() as u64),
        };
        let paths = paths_by_inode(folder);
        let mut lost = 0;
        for (inode, changes) in unsynced(&records, believed_ns) {
            // A file that was deleted took its changes along.
            let Some(path) = paths.get(&inode) else {
                continue;
            };
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .open(path)
                .expect("the file is ours");
            let kept = if random.below(2) == 0 {
                0
            } else {
                random.below(changes.len() as u64 + 1) as usize
            };
            let torn = kept < changes.len() && random.below(2) == 0;
            for (place, change) in changes.iter().enumerate().skip(kept).rev() {
                change.undo(
                    &file,
                    if torn && place == kept {
                        change.new_bytes / 2
                    } else {
                        0
                    },
                );
            }
            lost += changes.len() - kept;
        }
        lost
    }
}

/// One record of the journal; its layout is in `unsynced.c`.
struct Record<'a> {
    kind: u64,
    inode: u64,
    time_ns: u64,
    offset: u64,
    new_bytes: u64,
    old_size: u64,
    old: &'a [u8],
}

const CHANGE: u64 = 1;
const SYNC: u64 = 2;
/// The inode in a sync of the whole file system.
const EVERY_FILE: u64 = 0;
const WORDS: usize = 7;

impl<'a> Record<'a> {
    /// Reads all records; what the kill cut off at the end has not happened.
    fn parse(mut bytes: &'a [u8]) -> Vec<Self> {
        let mut records = Vec::new();
        while let Some((head, rest)) = bytes.split_at_checked(WORDS * 8) {
            let word = |index: usize| {
                let bytes = head[index * 8..][..8]
                    .try_into()
                    .expect("a word has 8 bytes");
                u64::from_ne_bytes(bytes)
            };
            let Some((old, rest)) = rest.split_at_checked(word(6) as usize) else {
                break;
            };
            records.push(Self {
                kind: word(0),
                inode: word(1),
                time_ns: word(2),
                offset: word(3),
                new_bytes: word(4),
                old_size: word(5),
                old,
            });
            bytes = rest;
        }
        records
    }

    /// Takes the change back, but for its first `kept` bytes.
    fn undo(&self, file: &File, kept: u64) {
        if let Some(old) = self.old.get(kept as usize..) {
            file.write_all_at(old, self.offset + kept)
                .expect("the file is ours");
        }
        let size = if kept == 0 {
            self.old_size
        } else {
            self.old_size.max(self.offset + kept)
        };
        file.set_len(size).expect("the file is ours");
    }
}

/// The changes of each file that no sync covered, oldest first. Syncs after `believed_ns` are not
/// believed.
fn unsynced<'r, 'a>(
    records: &'r [Record<'a>],
    believed_ns: u64,
) -> HashMap<u64, Vec<&'r Record<'a>>> {
    let mut covered: HashMap<u64, u64> = HashMap::new();
    for sync in records
        .iter()
        .filter(|record| record.kind == SYNC && record.time_ns <= believed_ns)
    {
        let changes = covered.entry(sync.inode).or_default();
        *changes = sync.offset.max(*changes);
    }
    let mut files: HashMap<u64, Vec<&Record<'a>>> = HashMap::new();
    for (number, change) in records
        .iter()
        .filter(|record| record.kind == CHANGE)
        .enumerate()
    {
        let covers = |inode: &u64| covered.get(inode).copied().unwrap_or(0);
        if number as u64 >= covers(&change.inode).max(covers(&EVERY_FILE)) {
            files.entry(change.inode).or_default().push(change);
        }
    }
    files
}

fn paths_by_inode(folder: &Path) -> HashMap<u64, PathBuf> {
    let mut paths = HashMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is ours") {
            let entry = entry.expect("the folder is ours");
            let status = entry
                .metadata()
                .expect("the process is gone, so nobody deletes files");
            if status.is_dir() {
                folders.push(entry.path());
            } else {
                paths.insert(status.ino(), entry.path());
            }
        }
    }
    paths
}
