//! What a lane does about a full disk, with packs that are old.

use std::sync::mpsc::{SyncSender, sync_channel};

use super::*;
use crate::blob::BlobFolder;
use crate::history::{Base, History, ObjectTurns, Retention, Turn};
use crate::page::{PAGE_BYTES, Page, encode};

const DEADLINE: Duration = Duration::from_secs(60);

/// A disk that is full for this folder while another has more than so many files.
#[derive(Debug)]
struct SharedDisk {
    packs: PathBuf,
    creates_with: usize,
    releases_with: usize,
    released: SyncSender<()>,
}

impl SharedDisk {
    fn has_room(&self, packs: usize) -> io::Result<()> {
        match count(&self.packs) > packs {
            true => Err(ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

impl SegmentStore for SharedDisk {
    fn create(&self, path: &Path, header: &[u8], length: u64) -> io::Result<Box<dyn SegmentFile>> {
        self.has_room(self.creates_with)?;
        Disk.create(path, header, length)
    }

    fn release(&self, segment: ReleasedSegment<'_>) -> io::Result<()> {
        self.has_room(self.releases_with)?;
        Disk.release(segment)?;
        self.released.send(()).map_err(io::Error::other)
    }
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// A database before its first commit.
struct Nothing;

impl Base for Nothing {
    fn txid(&self) -> u64 {
        0
    }

    fn db_pages(&self) -> u32 {
        0
    }

    fn page(&self, _: u32) -> io::Result<Box<Page>> {
        Ok(Box::new([0; PAGE_BYTES]))
    }
}

/// A folder of packs with this many, from long ago.
fn old_history(folder: &Path, packs: u8) -> History {
    let blobs = BlobFolder::open(folder).unwrap();
    let history = History::open(Arc::new(blobs), Retention::UNBOUNDED).unwrap();
    for number in 1..=packs {
        let page = encode(&[number; PAGE_BYTES]);
        let turn = Turn {
            txid: 1,
            time_ms: number.into(),
            db_pages: 1,
            pages: vec![(1, &page[..])],
        };
        let object = ObjectTurns {
            key: &[number],
            base: &Nothing,
            turns: vec![turn],
        };
        history.keep(&[object], number.into()).unwrap();
    }
    history
}

#[test]
fn old_history_makes_room_for_a_segment_and_for_settling_before_commits_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let packs = folder.path().join("history");
    let history = old_history(&packs, 5);
    let directories = Arc::new(Directories::new(folder.path(), history));
    let (released, is_released) = sync_channel(8);
    let disk = SharedDisk {
        packs: packs.clone(),
        creates_with: 4,
        releases_with: 2,
        released,
    };
    // One record fills a segment.
    let mut lane = LocalLane::new(
        directories,
        folder.path().join("lanes").join("1"),
        Arc::new(disk),
        SEGMENT_HEADER_BYTES + 1,
    )
    .unwrap();
    let name = ObjectName::new("o");
    let record = NewRecord::Void {
        label: "app-Room",
        name: &name,
    };

    lane.append(&[record]).unwrap();
    assert_eq!(count(&packs), 4);
    lane.append(&[record]).unwrap();
    let settler = lane.settler();
    let settler = std::thread::spawn(|| settler.run());
    is_released.recv_timeout(DEADLINE).unwrap();
    assert_eq!(count(&packs), 2);
    drop(lane);
    settler.join().unwrap();
}

#[test]
fn the_newest_history_stays_and_commits_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let packs = folder.path().join("history");
    let directories = Arc::new(Directories::new(folder.path(), old_history(&packs, 2)));
    let disk = SharedDisk {
        packs: packs.clone(),
        creates_with: 0,
        releases_with: 0,
        released: sync_channel(8).0,
    };
    let lanes = folder.path().join("lanes").join("1");
    let mut lane =
        LocalLane::new(directories, lanes.clone(), Arc::new(disk), SEGMENT_BYTES).unwrap();
    let name = ObjectName::new("o");

    let refused = lane.append(&[NewRecord::Void {
        label: "app-Room",
        name: &name,
    }]);

    let refused = refused.unwrap_err();
    assert!(refused.is_disk_full());
    let path = lanes.join("0000000000000001.lane");
    assert_eq!(
        refused.to_string(),
        format!("create lane `{}`: no storage space", path.display())
    );
    assert_eq!(count(&packs), 1);
}

/// Tells when a segment is to be made ready.
#[derive(Debug)]
struct Prepared(SyncSender<()>);

impl SegmentStore for Prepared {
    fn create(&self, path: &Path, header: &[u8], length: u64) -> io::Result<Box<dyn SegmentFile>> {
        Disk.create(path, header, length)
    }

    fn prepare(&self, folder: &Path, length: u64) {
        Disk.prepare(folder, length);
        self.0.send(()).unwrap();
    }

    fn release(&self, segment: ReleasedSegment<'_>) -> io::Result<()> {
        Disk.release(segment)
    }
}

#[test]
fn the_next_segment_is_made_ready_when_half_of_one_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let directories = Arc::new(Directories::new(folder.path(), History::off()));
    let (prepared, is_prepared) = sync_channel(8);
    let path = folder.path().join("lanes").join("1");
    let mut lane = LocalLane::new(
        directories,
        path.clone(),
        Arc::new(Prepared(prepared)),
        2 * SEGMENT_HEADER_BYTES + 8,
    )
    .unwrap();
    let settler = lane.settler();
    let settler = std::thread::spawn(|| settler.run());
    is_prepared.recv_timeout(DEADLINE).unwrap();
    let name = ObjectName::new("o");
    let record = NewRecord::Void {
        label: "app-Room",
        name: &name,
    };

    lane.append(&[record]).unwrap();
    is_prepared.recv_timeout(DEADLINE).unwrap();
    let spare = path.join("spare");
    assert_eq!(
        fs::metadata(&spare).unwrap().len(),
        2 * SEGMENT_HEADER_BYTES + 8
    );
    lane.append(&[record]).unwrap();
    assert!(spare.exists(), "the second one is not half");
    drop(lane);
    settler.join().unwrap();
}
