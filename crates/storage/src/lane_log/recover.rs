//! Writes back what lanes have and the objects' files may lack.
//!
//! Runs before anything is opened. Doing it twice, or again after a crash in the middle, gives the
//! same files. Why the result is right is argued in [`super`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::batch::{Contents, Record, RecordKind, SegmentHeader, contents, records};
use super::store::SEGMENT_SUFFIX;
use crate::connection::{sync_parent, wal_path};
use crate::folder::{FolderError, io_error};
use crate::sys::sync_file_system;

/// From this many files on, syncing the file system is cheaper than syncing each.
const SINGLE_SYNCS_MAX: usize = 64;
/// What every database file begins with, as far as is looked at.
const MAGIC_BYTES: usize = 16;

/// Recovers every lane in `lanes` into the databases below `root`, and removes the lanes.
pub(crate) fn recover(root: &Path, lanes: &Path) -> Result<(), FolderError> {
    let entries = match fs::read_dir(lanes) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io_error("list folder", lanes, error)),
    };
    let mut replay = Replay::new(root)?;
    for entry in entries {
        let entry = entry.map_err(|error| io_error("list folder", lanes, error))?;
        // An object has been on one shard only, so the order of lanes does not matter.
        replay_lane(&entry.path(), &mut replay)?;
    }
    replay.sync()?;
    // If they came back later, they would be written over files that have gone on without them.
    fs::remove_dir_all(lanes)
        .and_then(|()| sync_parent(lanes))
        .map_err(|error| io_error("remove folder", lanes, error))
}

/// A segment in memory.
struct Segment {
    path: PathBuf,
    header: SegmentHeader,
    bytes: Vec<u8>,
}

fn replay_lane(folder: &Path, replay: &mut Replay) -> Result<(), FolderError> {
    let segments = read_segments(folder)?;
    let mut found = Vec::new();
    for (place, segment) in segments.iter().enumerate() {
        found.push(check(segment, segments.get(place + 1))?);
    }
    let mut all = Vec::new();
    for (contents, segment) in found.iter().zip(&segments) {
        for payload in &contents.payloads {
            all.extend(records(payload).ok_or_else(|| damaged(segment, 0))?);
        }
    }
    let mut valid_from = HashMap::new();
    for (place, record) in all.iter().enumerate() {
        if record.kind == RecordKind::Settled {
            valid_from.insert(record.path, place);
        }
    }
    for (place, record) in all.iter().enumerate() {
        if valid_from.get(record.path).is_none_or(|&from| place > from) {
            replay.apply(record)?;
        }
    }
    Ok(())
}

/// Reads the segments after the last one that was given up, oldest first.
fn read_segments(folder: &Path) -> Result<Vec<Segment>, FolderError> {
    let list = || -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect()
    };
    let paths = list().map_err(|error| io_error("list folder", folder, error))?;
    let mut segments = BTreeMap::new();
    for path in paths {
        if !path.to_string_lossy().ends_with(SEGMENT_SUFFIX) {
            continue;
        }
        let bytes = fs::read(&path).map_err(|error| io_error("read lane", &path, error))?;
        let header = SegmentHeader::decode(&bytes).ok_or_else(|| FolderError::LaneDamaged {
            path: path.clone(),
            offset: 0,
        })?;
        segments.insert(
            header.number,
            Segment {
                path,
                header,
                bytes,
            },
        );
    }
    // A name that was removed may come back after a power failure; what is missing was given up,
    // and so was everything before it.
    let mut run: Vec<Segment> = Vec::new();
    for (number, segment) in segments {
        if run
            .last()
            .is_some_and(|last| last.header.number + 1 != number)
        {
            run.clear();
        }
        run.push(segment);
    }
    Ok(run)
}

fn check<'a>(segment: &'a Segment, next: Option<&Segment>) -> Result<Contents<'a>, FolderError> {
    let contents = contents(&segment.header, &segment.bytes);
    let missing = next.is_some_and(|next| {
        segment.header.first_batch + contents.payloads.len() as u64 != next.header.first_batch
    });
    match contents.damage {
        Some(offset) => Err(damaged(segment, offset)),
        None if missing => Err(damaged(segment, contents.end)),
        None => Ok(contents),
    }
}

fn damaged(segment: &Segment, offset: u64) -> FolderError {
    FolderError::LaneDamaged {
        path: segment.path.clone(),
        offset,
    }
}

/// Writes records to the files they are meant for.
struct Replay {
    root: PathBuf,
    /// Opened before anything is written, so that its sync sees every failure to write back.
    root_folder: File,
    written: BTreeSet<PathBuf>,
    /// The file of the last record: one object's records often follow one another.
    open: Option<(PathBuf, File)>,
}

impl Replay {
    fn new(root: &Path) -> Result<Self, FolderError> {
        Ok(Self {
            root: root.to_owned(),
            root_folder: File::open(root).map_err(|error| io_error("open folder", root, error))?,
            written: BTreeSet::new(),
            open: None,
        })
    }

    fn apply(&mut self, record: &Record<'_>) -> Result<(), FolderError> {
        let database = self.root.join(record.path);
        let bytes_min = match record.kind {
            RecordKind::Base => record.data.len(),
            RecordKind::Frames => MAGIC_BYTES,
            RecordKind::Settled => return Ok(()),
        };
        let header = has_header(&database, bytes_min as u64)
            .map_err(|error| io_error("read database", &database, error))?;
        match (record.kind, header) {
            (RecordKind::Base, false) => self.write(database, record),
            (RecordKind::Frames, true) => self.write(wal_path(&database), record),
            (RecordKind::Frames, false) => {
                // Somebody has deleted it, and not through this crate.
                tracing::warn!(path = %database.display(), "a lane has commits of no database");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn write(&mut self, path: PathBuf, record: &Record<'_>) -> Result<(), FolderError> {
        let file = match self.open.take() {
            Some((open, file)) if open == path => file,
            _ => match open_to_write(&path) {
                Ok(file) => file,
                // The namespace was deleted.
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(io_error("open file", &path, error)),
            },
        };
        file.write_all_at(record.data, record.offset)
            .map_err(|error| io_error("write file", &path, error))?;
        self.written.insert(path.clone());
        self.open = Some((path, file));
        Ok(())
    }

    fn sync(self) -> Result<(), FolderError> {
        if self.written.len() > SINGLE_SYNCS_MAX {
            return sync_file_system(&self.root_folder)
                .map_err(|error| io_error("sync file system of", &self.root, error));
        }
        let mut folders = BTreeSet::new();
        for path in &self.written {
            File::open(path)
                .and_then(|file| file.sync_all())
                .map_err(|error| io_error("sync file", path, error))?;
            // All files of a folder need it only once.
            if folders.insert(path.parent()) {
                sync_parent(path).map_err(|error| io_error("sync folder of", path, error))?;
            }
        }
        Ok(())
    }
}

/// Whether the file begins as a database does, and has at least so many bytes.
fn has_header(database: &Path, bytes_min: u64) -> io::Result<bool> {
    let file = match File::open(database) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if file.metadata()?.len() < bytes_min {
        return Ok(false);
    }
    let mut magic = [0; MAGIC_BYTES];
    file.read_exact_at(&mut magic, 0)?;
    Ok(magic != [0; MAGIC_BYTES])
}

fn open_to_write(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}
