//! Settles what lanes have and the objects' bases may lack.
//!
//! Runs before anything is opened. Doing it twice, or again after a crash in the middle, gives the
//! same objects. Why the result is right is argued in [`super`].

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::batch::{BadHeader, Damage, SegmentHeader, records};
use super::record::{LaneRecord, RecordKind};
use super::store::SEGMENT_SUFFIX;
use crate::connection::sync_parent;
use crate::directory::{Directories, Recovered};
use crate::folder::{FolderError, io_error, remove_folder};
use crate::object_name::ObjectName;

/// Ends the name of a folder of lanes that have nothing any more that bases lack.
const SETTLED_SUFFIX: &str = "settled";

/// Recovers every lane in `lanes`, and removes the lanes.
///
/// They are removed at once, by a new name for their folder: a lane of which only the older segments
/// are left would be written over bases that have the newer ones.
pub(crate) fn recover(directories: &Directories, lanes: &Path) -> Result<(), FolderError> {
    let settled = lanes.with_extension(SETTLED_SUFFIX);
    remove_folder(&settled)?;
    let entries = match fs::read_dir(lanes) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io_error("list folder", lanes, error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| io_error("list folder", lanes, error))?;
        // An object has been on one shard only, so the order of lanes does not matter.
        recover_lane(&entry.path(), directories)?;
    }
    // If they came back later, they would be written over objects that have gone on without them.
    fs::rename(lanes, &settled)
        .and_then(|()| sync_parent(lanes))
        .map_err(|error| io_error("rename folder", lanes, error))?;
    remove_folder(&settled)
}

/// A segment in memory.
struct Segment {
    path: PathBuf,
    header: SegmentHeader,
    bytes: Vec<u8>,
}

/// The commits of each object, oldest first.
type Objects<'a> = HashMap<(&'a str, ObjectName), Vec<Recovered<'a>>>;

fn recover_lane(folder: &Path, directories: &Directories) -> Result<(), FolderError> {
    let segments = read_segments(folder)?;
    let mut objects = Objects::new();
    for (place, segment) in segments.iter().enumerate() {
        let end = segments.get(place + 1).map(|next| next.header.first_batch);
        let found = records(&segment.header, &segment.bytes, end)
            .map_err(|damage| damaged(&segment.path, damage))?;
        for record in &found {
            add(&mut objects, record, &segment.path);
        }
    }
    let mut by_namespace: BTreeMap<&str, Vec<(ObjectName, Vec<Recovered<'_>>)>> = BTreeMap::new();
    for ((namespace, object), commits) in objects {
        let some = by_namespace.entry(namespace).or_default();
        some.push((object, commits));
    }
    for (namespace, objects) in by_namespace {
        if let Some(directory) = directories.labelled(namespace)? {
            directory.recover(objects)?;
        }
    }
    Ok(())
}

/// Adds a record to what was found of its object so far.
fn add<'a>(objects: &mut Objects<'a>, record: &LaneRecord<'a>, lane: &Path) {
    let key = (record.namespace, record.object.clone());
    if record.kind == RecordKind::Void {
        objects.remove(&key);
        return;
    }
    let damage = || {
        format!(
            "its commit {} in lane `{}` is unreadable",
            // Counted from the beginning of its epoch.
            record.txid & u64::from(u32::MAX),
            lane.display()
        )
    };
    objects.entry(key).or_default().push(Recovered {
        mark: record.mark(),
        pages: record.pages().collect(),
        name: record.name,
        alarm: record.alarm,
        damage: record.is_damaged.then(damage),
    });
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
        let header = SegmentHeader::decode(&bytes).map_err(|bad| match bad {
            BadHeader::Damaged => damaged(&path, Damage { offset: 0 }),
            BadHeader::OldVersion => FolderError::LaneOld { path: path.clone() },
        })?;
        let segment = Segment {
            path,
            header,
            bytes,
        };
        segments.insert(header.number, segment);
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

fn damaged(path: &Path, damage: Damage) -> FolderError {
    FolderError::LaneDamaged {
        path: path.to_owned(),
        offset: damage.offset,
    }
}
