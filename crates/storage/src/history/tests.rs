//! The history against a plain list of all states.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::model::{Database, turn};
use super::page::page;
use super::*;

const KEEP: Retention = Retention {
    age_ms: 1_000_000,
    bytes: 1 << 30,
};

/// A commit with its own pages: number, time, size, pages.
type Commit = (u64, i64, u32, Vec<(u32, Box<Page>)>);

/// An object with all it ever was, beside the history of it.
struct World {
    folder: TempDir,
    history: History,
    /// The state after each commit, and when it was made.
    states: BTreeMap<u64, (i64, Database)>,
    base: Database,
    live: Vec<Commit>,
    now_ms: i64,
}

fn open(folder: &Path, retention: Retention) -> History {
    let blobs = BlobFolder::open(folder).unwrap();
    History::open(Arc::new(blobs), retention).unwrap()
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect()
}

const KEY: &[u8] = b"app-Room/1";

impl World {
    fn new(retention: Retention) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            history: open(&folder.path().join("history"), retention),
            folder,
            states: BTreeMap::from([(0, (0, Database::default()))]),
            base: Database::default(),
            live: Vec::new(),
            now_ms: 0,
        }
    }

    fn current(&self) -> &Database {
        &self.states.last_key_value().unwrap().1.1
    }

    fn commit_as(&mut self, txid: u64, db_pages: u32, pages: Vec<(u32, Box<Page>)>) {
        let mut state = self.current().clone();
        let references: Vec<_> = pages.iter().map(|(n, page)| (*n, &**page)).collect();
        state.apply(&turn(txid, self.now_ms, db_pages, &references));
        self.states.insert(txid, (self.now_ms, state));
        self.live.push((txid, self.now_ms, db_pages, pages));
    }

    fn commit(&mut self, text: &str) {
        let txid = self.current().txid + 1;
        self.commit_as(txid, 1, vec![(1, page(text.as_bytes()))]);
    }

    fn with_turns<T>(&self, count: usize, work: impl FnOnce(&[Turn<'_>]) -> T) -> T {
        let turns: Vec<_> = self.live[..count]
            .iter()
            .map(|(txid, time_ms, db_pages, pages)| Turn {
                txid: *txid,
                time_ms: *time_ms,
                db_pages: *db_pages,
                pages: pages.iter().map(|(n, page)| (*n, &page[..])).collect(),
            })
            .collect();
        work(&turns)
    }

    /// Releases the oldest commits of the lane.
    fn release(&mut self, count: usize) {
        let count = count.min(self.live.len());
        self.keep(count, History::keep);
        self.settle(count);
    }

    fn keep(
        &self,
        count: usize,
        keep: impl FnOnce(&History, &[ObjectTurns<'_>], i64) -> io::Result<()>,
    ) {
        self.with_turns(count, |turns| {
            let object = ObjectTurns {
                key: KEY,
                base: &self.base,
                turns: turns.to_vec(),
            };
            keep(&self.history, &[object], self.now_ms).unwrap();
        });
    }

    fn settle(&mut self, count: usize) {
        for (txid, time_ms, db_pages, pages) in self.live.drain(..count).collect::<Vec<_>>() {
            let pages: Vec<_> = pages.iter().map(|(n, page)| (*n, &**page)).collect();
            self.base.apply(&turn(txid, time_ms, db_pages, &pages));
        }
    }

    fn restart(&mut self) {
        let retention = self.history.retention();
        self.history = open(&self.folder.path().join("history"), retention);
    }

    fn state(&self, txid: u64) -> Result<Database, HistoryError> {
        self.with_turns(self.live.len(), |turns| {
            let state = Timeline::new(&self.history, KEY, &self.base, turns).state(txid)?;
            let mut database = self.base.clone();
            database.txid = txid;
            database.set(state.db_pages, state.pages);
            Ok(database)
        })
    }

    fn at(&self, time_ms: i64) -> Result<u64, HistoryError> {
        let horizon_ms = self.history.retention().horizon_ms(self.now_ms);
        self.with_turns(self.live.len(), |turns| {
            Timeline::new(&self.history, KEY, &self.base, turns).at(time_ms, horizon_ms)
        })
    }

    fn oldest(&self) -> u64 {
        self.with_turns(self.live.len(), |turns| {
            Timeline::new(&self.history, KEY, &self.base, turns)
                .oldest()
                .unwrap()
        })
    }

    /// Compares every state that is kept, and sees that no other is.
    fn check(&self) {
        let oldest = self.oldest();
        for (&txid, (_, expected)) in &self.states {
            match self.state(txid) {
                Ok(state) => {
                    assert!(txid >= oldest);
                    assert_eq!(whole(&state), whole(expected), "state {txid}");
                }
                Err(HistoryError::NotKept) => assert!(txid < oldest, "state {txid}"),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Every page; one that was never written is zero.
fn whole(database: &Database) -> Vec<Box<Page>> {
    (1..=database.db_pages)
        .map(|number| database.page(number).unwrap())
        .collect()
}

#[test]
fn states_are_restored_from_packs_and_from_the_lane() {
    let mut world = World::new(KEEP);
    for text in ["one", "two", "three", "four", "five"] {
        world.commit(text);
    }
    world.check();
    world.release(2);
    world.check();
    world.release(2);
    world.restart();
    world.check();
    world.release(1);
    world.check();

    assert_eq!(world.oldest(), 0);
    assert_eq!(
        world.state(0).unwrap().db_pages,
        0,
        "before the first commit"
    );
    assert!(
        matches!(world.state(6), Err(HistoryError::NotKept)),
        "to come"
    );
}

#[test]
fn a_settling_that_was_interrupted_is_gone_on_with() {
    let mut world = World::new(KEEP);
    world.commit_as(1, 2, vec![(1, page(b"one")), (2, page(b"same"))]);
    world.release(1);
    world.commit("two");
    world.commit("three");
    world.keep(2, History::keep);
    // The base was being written in place: its page is one of later, its row of before.
    world.base.pages.insert(1, page(b"three"));
    world.restart();
    world.commit("four");

    world.keep(3, History::keep_again);
    world.restart();
    world.keep(3, History::keep_again);
    world.settle(3);

    world.check();
    assert_eq!(world.oldest(), 0);
}

#[test]
fn a_pack_that_was_not_finished_is_removed() {
    let mut world = World::new(KEEP);
    world.commit("one");
    world.release(1);
    let unfinished = world
        .folder
        .path()
        .join("history/0000000000000002.unfinished");
    fs::write(&unfinished, b"half").unwrap();

    world.restart();

    assert!(!unfinished.exists());
    world.check();
}

#[test]
fn the_state_at_a_time_is_that_of_the_last_commit_until_then() {
    let mut world = World::new(KEEP);
    for (time_ms, text) in [(2_000_100, "one"), (2_000_200, "two"), (2_000_300, "three")] {
        world.now_ms = time_ms;
        world.commit(text);
    }
    world.release(2);

    assert_eq!(world.at(2_000_099).unwrap(), 0);
    assert_eq!(world.at(2_000_100).unwrap(), 1);
    assert_eq!(world.at(2_000_299).unwrap(), 2);
    assert_eq!(world.at(2_000_300).unwrap(), 3);
    assert_eq!(world.at(i64::MAX).unwrap(), 3);
    assert_eq!(world.at(1_000_300).unwrap(), 0, "as old as is kept");
    assert!(matches!(world.at(1_000_299), Err(HistoryError::NotKept)));
}

#[test]
fn what_is_too_old_is_deleted_and_the_rest_can_be_restored() {
    let mut world = World::new(Retention {
        age_ms: 100,
        bytes: 1 << 30,
    });
    for time_ms in [10, 20, 30] {
        world.now_ms = time_ms;
        world.commit("x");
        world.release(1);
    }
    world.now_ms = 111;
    world.commit("y");
    world.release(1);

    assert_eq!(world.oldest(), 1);
    world.check();
    world.restart();
    world.check();
    assert_eq!(
        files(&world.folder.path().join("history")).unwrap().len(),
        3
    );
}

/// The names of the packs, sorted.
fn names(world: &World) -> Vec<String> {
    let paths = files(&world.folder.path().join("history")).unwrap();
    let mut names: Vec<String> = paths
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn world_of_small_packs(count: u64) -> World {
    let mut world = World::new(KEEP);
    for number in 0..count {
        world.commit(&number.to_string());
        world.release(1);
    }
    world
}

#[test]
fn small_packs_become_one_that_has_every_state() {
    let mut world = world_of_small_packs(9);
    world.history.merge();
    assert_eq!(names(&world), ["0000000000000001-0000000000000009.pack"]);
    world.check();
    for _ in 0..8 {
        world.commit("more");
        world.release(1);
    }
    world.history.merge();
    world.restart();

    assert_eq!(names(&world), ["0000000000000001-0000000000000011.pack"]);
    world.check();
    assert_eq!(world.oldest(), 0);
    world.commit("after");
    world.release(1);
    assert_eq!(names(&world).len(), 2, "numbers go on");
    world.check();
}

#[test]
fn a_merging_that_was_interrupted_leaves_each_state_once() {
    let mut world = world_of_small_packs(8);
    let folder = world.folder.path().join("history");
    let sources: Vec<_> = files(&folder)
        .unwrap()
        .into_iter()
        .map(|path| (fs::read(&path).unwrap(), path))
        .collect();
    world.history.merge();
    for (bytes, path) in sources.iter().skip(3) {
        fs::write(path, bytes).unwrap();
    }
    world.restart();

    assert_eq!(names(&world), ["0000000000000001-0000000000000008.pack"]);
    world.check();
}

#[test]
fn a_pack_that_is_being_read_goes_with_its_reader() {
    let world = world_of_small_packs(8);
    let chain = world.history.chain(KEY, 8).unwrap();
    world.history.merge();

    for (pack, entry) in &chain {
        assert!(Chunk::read(&pack.chunk(entry).unwrap()).is_some());
    }
    assert_eq!(names(&world).len(), 9);
    drop(chain);
    assert_eq!(names(&world).len(), 1);
}

#[test]
fn packs_with_a_damaged_index_are_not_merged() {
    let mut world = world_of_small_packs(8);
    let path = world.folder.path().join("history/0000000000000004.pack");
    let mut bytes = fs::read(&path).unwrap();
    let footer = bytes.len() - 56;
    // In what the index says of the size of the chunk.
    bytes[footer - 25] ^= 1;
    fs::write(&path, bytes).unwrap();
    world.restart();

    world.history.merge();

    assert_eq!(names(&world).len(), 8);
    assert!(world.state(4).is_ok());
}

/// A base in a bad sector.
struct Unreadable;

impl Base for Unreadable {
    fn txid(&self) -> u64 {
        7
    }

    fn db_pages(&self) -> u32 {
        1
    }

    fn page(&self, _: u32) -> io::Result<Box<Page>> {
        Err(io::Error::other("bad sector"))
    }
}

#[test]
fn an_object_whose_base_cannot_be_read_keeps_no_other_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let history = open(&folder.path().join("history"), KEEP);
    let text = page(b"text");
    let sound = Database::default();
    let turns = |txid| vec![turn(txid, 1, 1, &[(1, &text)])];
    let object = |key, base, txid| ObjectTurns {
        key,
        base,
        turns: turns(txid),
    };
    let objects = [
        object(b"bad".as_slice(), &Unreadable as &dyn Base, 8),
        object(b"sound".as_slice(), &sound, 1),
    ];

    history.keep(&objects, 1).unwrap();

    assert!(history.chain(b"bad", 8).unwrap().is_empty());
    assert_eq!(history.chain(b"sound", 1).unwrap().len(), 1);
    assert_eq!(history.latest(b"sound", 1).unwrap()[&1], text);
}

/// A folder with room for so many bytes.
#[derive(Debug)]
struct SmallDisk {
    folder: BlobFolder,
    bytes: Arc<Mutex<u64>>,
}

impl BlobStore for SmallDisk {
    fn put(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        self.folder.put(name, write)?;
        let used: u64 = self.list()?.iter().map(|blob| blob.bytes).sum();
        if used > *self.bytes.lock().unwrap() {
            self.delete(name)?;
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn get_range(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        self.folder.get_range(name, range)
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        self.folder.delete(name)
    }

    fn list(&self) -> io::Result<Vec<Blob>> {
        self.folder.list()
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.place(name)
    }
}

#[test]
fn a_full_disk_takes_the_oldest_history_first_and_leaves_that_of_the_last_day() {
    let mut world = World::new(Retention::UNBOUNDED);
    let path = world.folder.path().join("history");
    let bytes = Arc::new(Mutex::new(u64::MAX));
    let disk = SmallDisk {
        folder: BlobFolder::open(&path).unwrap(),
        bytes: Arc::clone(&bytes),
    };
    world.history = History::open(Arc::new(disk), Retention::UNBOUNDED).unwrap();
    for text in ["1", "2"] {
        world.commit(text);
        world.release(1);
    }
    // There is room for two and a half.
    let one = world.history.newest(1)[0].bytes();
    *bytes.lock().unwrap() = one * 5 / 2;
    assert_eq!(world.oldest(), 0);

    world.now_ms = retention::SPARED_MS as i64 + 1;
    for (text, oldest) in [("3", 1), ("4", 2)] {
        world.commit(text);
        world.release(1);
        assert_eq!(world.oldest(), oldest);
        world.check();
    }
    world.commit("5");
    let full = world.with_turns(1, |turns| {
        let object = ObjectTurns {
            key: KEY,
            base: &world.base,
            turns: turns.to_vec(),
        };
        world.history.keep(&[object], world.now_ms)
    });

    assert_eq!(full.unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(world.oldest(), 2, "nothing else was deleted");
    world.check();
}

#[test]
fn without_retention_nothing_is_written() {
    let mut world = World::new(Retention {
        age_ms: 0,
        bytes: 1 << 30,
    });
    world.commit("one");
    world.release(1);

    assert!(!world.folder.path().join("history").exists());
    assert_eq!(world.oldest(), 1);
}

#[test]
fn a_damaged_chunk_is_the_end_of_what_can_be_restored() {
    let mut world = World::new(KEEP);
    for text in ["one", "two", "three"] {
        world.commit(text);
        world.release(1);
    }
    let path = world.folder.path().join("history/0000000000000002.pack");
    let mut bytes = fs::read(&path).unwrap();
    bytes[3] ^= 1;
    fs::write(&path, bytes).unwrap();
    world.restart();

    assert!(world.state(2).is_ok());
    let error = world.state(1).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("chunk of pack `{}` is damaged", path.display())
    );
}

#[derive(Clone, Debug)]
enum Step {
    Commit {
        pages: Vec<(u32, u16, u8)>,
        size: u32,
        epoch: bool,
    },
    Release(usize),
    Merge,
    Wait(i64),
    Restart,
    /// Commits the state of an earlier commit again.
    Restore(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let pages = prop::collection::vec((1..8_u32, 0..4096_u16, any::<u8>()), 0..5);
    prop_oneof![
        4 => (pages, 0..8_u32, prop::bool::weighted(0.1))
            .prop_map(|(pages, size, epoch)| Step::Commit { pages, size, epoch }),
        3 => (1..3_usize).prop_map(Step::Release),
        1 => Just(Step::Merge),
        1 => (1..60_i64).prop_map(Step::Wait),
        1 => Just(Step::Restart),
        1 => (0..100_usize).prop_map(Step::Restore),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whatever_is_kept_is_what_it_was(
        steps in prop::collection::vec(step(), 1..50),
        age_ms in prop_oneof![Just(1_000_000_u64), 50..150_u64],
    ) {
        let mut world = World::new(Retention { age_ms, bytes: 1 << 30 });
        for step in steps {
            match step {
                Step::Commit { pages, size, epoch } => {
                    let current = world.current().clone();
                    let mut changed = Pages::new();
                    for (number, at, byte) in pages.into_iter().filter(|(n, ..)| *n <= size) {
                        let page = changed.entry(number).or_insert_with(|| current.page(number).unwrap());
                        page[usize::from(at)] = byte;
                    }
                    // A database that grows has all its new pages written.
                    for number in current.db_pages + 1..=size {
                        changed.entry(number).or_insert_with(|| page(b"new"));
                    }
                    let next = current.txid + 1;
                    let txid = if epoch { epoch_after(next, 0) } else { next };
                    world.commit_as(txid, size, changed.into_iter().collect());
                }
                Step::Release(count) => world.release(count),
                Step::Merge => world.history.merge(),
                Step::Wait(ms) => world.now_ms += ms,
                Step::Restart => world.restart(),
                Step::Restore(which) => {
                    let known: Vec<u64> = world.states.keys().copied().collect();
                    let Ok(state) = world.state(known[which % known.len()]) else { continue };
                    let txid = epoch_after(world.current().txid, 0);
                    let pages = whole(&state);
                    world.commit_as(txid, state.db_pages, (1..).zip(pages).collect());
                }
            }
            world.check();
        }
    }
}
