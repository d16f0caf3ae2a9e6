//! Tells when a file of a program has changed, so that it can be built again (`stated dev`).
//!
//! The operating system only wakes this up; whether something changed is decided by comparing what
//! the files look like now with what they looked like before. So events of other files in the same
//! directory cost a few `stat` calls and nothing more, an editor that replaces a file is the same
//! as one that writes it, and where the system has no more watches to give, looking twice a second
//! does the same job.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Changes that follow each other this closely are one change: a `git checkout`, a formatter. What a slower one leaves in
/// between is built in vain, which does no harm.
const QUIET: Duration = Duration::from_millis(10);

/// A directory that never falls quiet is looked at after this long anyway.
const UNQUIET_MAX: Duration = Duration::from_millis(500);

/// How often the files are looked at when the system does not report changes.
const POLL_EVERY: Duration = Duration::from_millis(500);

/// Watches a set of files, which may change from build to build.
///
/// A path may also name a directory (something appears or disappears directly in it) or nothing
/// (something appears there).
#[derive(Debug)]
pub struct Watcher {
    /// What each watched path looked like when it was last reported or added.
    seen: BTreeMap<PathBuf, Look>,
    /// Something happened in a watched directory. One slot: more of the same says nothing new.
    woken: mpsc::Receiver<()>,
    /// Keeps the channel open when there is no system watcher to hold it.
    _wake: mpsc::Sender<()>,
    /// `None` when the system gives no watcher at all.
    system: Option<RecommendedWatcher>,
    /// Directories the system reports on.
    directories: BTreeSet<PathBuf>,
    /// Whether some directory has to be looked at by the clock.
    polls: bool,
}

/// What a path looks like without reading it. `None`: nothing is there.
type Look = Option<(SystemTime, u64)>;

impl Watcher {
    /// Starts to watch `files`, which are absolute paths.
    ///
    /// Never fails: without help of the operating system the files are looked at twice a second.
    pub fn new(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let (wake, woken) = mpsc::channel(1);
        let theirs = wake.clone();
        let system = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading a file is an event too, and a build reads all of them.
            let is_read = event.is_ok_and(|event| {
                matches!(event.kind, EventKind::Access(access)
                    if access != notify::event::AccessKind::Close(notify::event::AccessMode::Write))
            });
            if !is_read {
                // A full slot means that the waiting side will look anyway.
                let _ = theirs.try_send(());
            }
        });
        let mut watcher = Self::with_system(system.ok(), wake, woken);
        watcher.set_files(files);
        watcher
    }

    fn with_system(
        system: Option<RecommendedWatcher>,
        wake: mpsc::Sender<()>,
        woken: mpsc::Receiver<()>,
    ) -> Self {
        Self {
            seen: BTreeMap::new(),
            woken,
            _wake: wake,
            system,
            directories: BTreeSet::new(),
            polls: false,
        }
    }

    /// Replaces the set of files, after a build.
    ///
    /// A file that was watched before keeps what it looked like when it was last reported, so a
    /// change during the build is not lost.
    pub fn set_files(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        let former = std::mem::take(&mut self.seen);
        for path in files {
            let look = former.get(&path).copied().unwrap_or_else(|| look_at(&path));
            self.seen.insert(path, look);
        }
        self.polls = false;
        let wanted: BTreeSet<PathBuf> = self
            .seen
            .keys()
            .filter_map(|path| directory_of(path))
            .collect();
        let Some(system) = &mut self.system else {
            self.polls = true;
            return;
        };
        for directory in self.directories.difference(&wanted) {
            // It may be gone, and its watch with it.
            drop(system.unwatch(directory));
        }
        // All of them again: a directory that was deleted and made anew has lost its watch.
        self.directories.clear();
        for directory in wanted {
            match system.watch(&directory, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.directories.insert(directory);
                }
                Err(_) => self.polls = true,
            }
        }
    }

    /// Waits until watched files have changed and names them, sorted.
    ///
    /// Changes that belong together are reported together, about 10 ms after the last of them. A
    /// dropped future loses nothing: the next call reports the same change.
    pub async fn changed(&mut self) -> Vec<PathBuf> {
        loop {
            if self.seen.iter().any(|(path, seen)| look_at(path) != *seen) {
                self.settle().await;
                let changed = self.take_differences();
                if !changed.is_empty() {
                    return changed;
                }
            }
            if self.polls {
                // Either way it is time to look.
                drop(timeout(POLL_EVERY, self.woken.recv()).await);
            } else {
                self.woken.recv().await;
            }
        }
    }

    /// Waits until nothing has happened for a moment.
    async fn settle(&mut self) {
        let quiet = async { while timeout(QUIET, self.woken.recv()).await.is_ok() {} };
        // Something that writes all the time must not keep the change from being seen.
        drop(timeout(UNQUIET_MAX, quiet).await);
    }

    fn take_differences(&mut self) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for (path, seen) in &mut self.seen {
            let now = look_at(path);
            if now != *seen {
                *seen = now;
                changed.push(path.clone());
            }
        }
        changed
    }
}

fn look_at(path: &Path) -> Look {
    let metadata = std::fs::metadata(path).ok()?;
    let length = if metadata.is_dir() { 0 } else { metadata.len() };
    Some((
        metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        length,
    ))
}

/// The directory whose events tell about `path`: itself, or the nearest one above it that exists.
fn directory_of(path: &Path) -> Option<PathBuf> {
    path.ancestors()
        .find(|path| path.is_dir())
        .map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_help_of_the_system_changes_are_found_by_looking() {
        let dir = tempfile::TempDir::new().expect("a temporary directory");
        let path = dir.path().join("a.ts");
        let (wake, woken) = mpsc::channel(1);
        let mut watcher = Watcher::with_system(None, wake, woken);
        watcher.set_files([path.clone()]);
        assert!(watcher.polls);

        let write = async { std::fs::write(&path, "new").expect("write the file") };
        let (changed, ()) = tokio::join!(watcher.changed(), write);

        assert_eq!(changed, [path]);
    }
}
