//! The files of a lane, with a disk that fails when told to.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};

use crate::fixture::DEADLINE;
use stated_storage::{ReleasedSegment, SegmentFile, SegmentStore};

/// "No space left on device".
pub(crate) const ENOSPC: i32 = 28;
/// "Input/output error".
pub(crate) const EIO: i32 = 5;

/// What fails, and with which error of the operating system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    Create(i32),
    /// Half of the bytes are written.
    Write(i32),
    /// All of the bytes are written, and may be lost.
    Sync(i32),
    Release(i32),
    /// As `Sync` and `Release` at once.
    SyncAndRelease(i32),
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    fault: Arc<Mutex<Fault>>,
    released: Mutex<usize>,
    created: AtomicUsize,
    changed: Condvar,
}

impl Store {
    pub(crate) fn set_fault(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap()
    }

    /// Waits until so many segments were released.
    pub(crate) fn wait_until_released(&self, count: usize) {
        let released = self.released.lock().unwrap();
        let (_released, timeout) = self
            .changed
            .wait_timeout_while(released, DEADLINE, |released| *released < count)
            .unwrap();
        assert!(!timeout.timed_out(), "segments are not released");
    }
}

impl Store {
    /// Waits until nothing is being settled: all segments but the last are released. Returns at once
    /// if they cannot be.
    pub(crate) fn wait_until_settled(&self) {
        if !matches!(self.fault(), Fault::Release(_) | Fault::SyncAndRelease(_)) {
            self.wait_until_released(self.created.load(SeqCst).saturating_sub(1));
        }
    }
}

impl SegmentStore for Store {
    // Without the space for more, so that copies are small.
    fn create(&self, path: &Path, header: &[u8], _: u64) -> io::Result<Box<dyn SegmentFile>> {
        if let Fault::Create(code) = self.fault() {
            return Err(io::Error::from_raw_os_error(code));
        }
        fs::create_dir_all(path.parent().unwrap())?;
        let file = File::create_new(path)?;
        file.write_all_at(header, 0)?;
        self.created.fetch_add(1, SeqCst);
        Ok(Box::new(Segment {
            file,
            fault: Arc::clone(&self.fault),
        }))
    }

    fn release(&self, segment: ReleasedSegment<'_>) -> io::Result<()> {
        if let Fault::Release(code) | Fault::SyncAndRelease(code) = self.fault() {
            return Err(io::Error::from_raw_os_error(code));
        }
        let bytes = fs::read(segment.path)?;
        assert!(segment.records(&bytes).is_some());
        fs::remove_file(segment.path)?;
        *self.released.lock().unwrap() += 1;
        self.changed.notify_all();
        Ok(())
    }
}

#[derive(Debug)]
struct Segment {
    file: File,
    fault: Arc<Mutex<Fault>>,
}

impl SegmentFile for Segment {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if let Fault::Write(code) = *self.fault.lock().unwrap() {
            self.file.write_all_at(&bytes[..bytes.len() / 2], offset)?;
            return Err(io::Error::from_raw_os_error(code));
        }
        self.file.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        match *self.fault.lock().unwrap() {
            Fault::Sync(code) | Fault::SyncAndRelease(code) => {
                Err(io::Error::from_raw_os_error(code))
            }
            _ => Ok(()),
        }
    }
}
