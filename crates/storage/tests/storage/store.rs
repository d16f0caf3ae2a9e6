//! The files of a lane, with a disk that fails when told to.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use stated_storage::{SegmentFile, SegmentStore};

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
    Sync(i32),
    Settle(i32),
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    fault: Arc<Mutex<Fault>>,
    settled: AtomicUsize,
}

impl Store {
    pub(crate) fn set_fault(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap()
    }

    /// How often everything was made durable.
    pub(crate) fn settled(&self) -> usize {
        self.settled.load(SeqCst)
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
        Ok(Box::new(Segment {
            file,
            fault: Arc::clone(&self.fault),
        }))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn settle(&self) -> io::Result<()> {
        if let Fault::Settle(code) = self.fault() {
            return Err(io::Error::from_raw_os_error(code));
        }
        self.settled.fetch_add(1, SeqCst);
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
            Fault::Sync(code) => Err(io::Error::from_raw_os_error(code)),
            _ => Ok(()),
        }
    }
}
