//! Point-in-time recovery: bookmarks and restores against a plain map of what was stored.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use rusqlite::Connection;
use stated_storage::{
    AlarmFate, AlarmIdentity, AlarmIndex, Backend, Committer, DataFolder, Database,
    DatabaseOptions, ListOptions, Retention, StorageError,
};
use tempfile::TempDir;

use crate::fixture::{copy_folder, run};

type Stored = BTreeMap<String, Vec<u8>>;

/// One object of a server that can be killed, and what it should have.
struct World {
    // In the order in which they are to end.
    database: Option<Database>,
    committer: Option<Committer>,
    index: Option<Arc<AlarmIndex>>,
    data: Option<DataFolder>,
    folder: TempDir,
    stored: Stored,
    alarm: Option<i64>,
    /// Bookmarks in the order in which they were given out, each with its state.
    bookmarks: Vec<(String, Stored, Option<i64>)>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            database: None,
            committer: None,
            index: None,
            data: None,
            folder: tempfile::tempdir().unwrap(),
            stored: Stored::new(),
            alarm: None,
            bookmarks: Vec::new(),
        };
        world.start(Retention::default());
        world
    }

    fn start(&mut self, retention: Retention) {
        let data = DataFolder::open_keeping(self.folder.path(), retention).unwrap();
        let log = data.lane("shard").unwrap();
        self.committer = Some(Committer::spawn_with_log(log, drop).unwrap());
        let namespace = data.namespace("app-Room").unwrap();
        self.index = Some(Arc::new(AlarmIndex::open(namespace.path()).unwrap()));
        self.data = Some(data);
        self.open();
    }

    fn open(&mut self) {
        let namespace = self.data.as_ref().unwrap().namespace("app-Room").unwrap();
        let id = "0f".repeat(32);
        let options = DatabaseOptions {
            backend: Backend::Sqlite { sql_enabled: true },
            alarm: Some(AlarmIdentity {
                index: Arc::clone(self.index.as_ref().unwrap()),
                id: id.as_str().into(),
                name: None,
            }),
        };
        let lane = self.committer.as_ref().unwrap().lane();
        let path = namespace.object_path(&id);
        self.database = Some(Database::open(&path, options, &lane).unwrap());
    }

    fn database(&mut self) -> &mut Database {
        self.database.as_mut().unwrap()
    }

    fn end_turn(&mut self) {
        self.database().end_turn().unwrap();
        self.database().wait_until_durable().unwrap();
    }

    fn put(&mut self, key: &str, value: &[u8]) {
        self.database().kv_put(key, value).unwrap();
        self.stored.insert(key.to_owned(), value.to_vec());
        self.end_turn();
    }

    fn bookmark(&mut self) -> String {
        let bookmark = self.database().current_bookmark().unwrap();
        self.end_turn();
        self.note(bookmark.clone());
        bookmark
    }

    fn note(&mut self, bookmark: String) {
        let state = (bookmark, self.stored.clone(), self.alarm);
        self.bookmarks.push(state);
    }

    /// The next instance of the object.
    fn reopen(&mut self) {
        self.database = None;
        self.open();
    }

    /// A server that was stopped in an orderly way and started again.
    fn restart(&mut self, retention: Retention) {
        self.database = None;
        self.committer = None;
        self.index = None;
        self.data = None;
        self.start(retention);
    }

    /// A server that was killed, and the next one.
    fn crash(&mut self) {
        let left = tempfile::tempdir().unwrap();
        copy_folder(self.folder.path(), left.path());
        self.database = None;
        self.committer = None;
        self.index = None;
        self.data = None;
        self.folder = left;
        self.start(Retention::default());
    }

    fn restore(&mut self, which: usize) {
        let (bookmark, stored, alarm) = self.bookmarks[which].clone();
        let undo = self.database().restore_next(&bookmark).unwrap();
        self.end_turn();
        self.note(undo);
        (self.stored, self.alarm) = (stored, alarm);
    }

    fn check(&mut self) {
        let options = ListOptions::default();
        let found: Stored = self
            .database()
            .kv_list(&options)
            .unwrap()
            .into_iter()
            .collect();
        assert_eq!(found, self.stored);
        let alarm = self.alarm;
        assert_eq!(self.database().alarm().unwrap(), alarm);
        self.end_turn();
        let indexed = self.index.as_ref().unwrap().time_of(&"0f".repeat(32));
        assert_eq!(indexed, alarm, "the index finds what is due");
    }

    /// Sees that each bookmark leads to its state, and that they are in order.
    fn check_bookmarks(&mut self) {
        assert!(self.bookmarks.is_sorted_by(|one, other| one.0 < other.0));
        let folder = tempfile::tempdir().unwrap();
        for (place, (bookmark, stored, _)) in self.bookmarks.clone().into_iter().enumerate() {
            let path = folder.path().join(place.to_string());
            self.database().copy_state_to(&bookmark, &path).unwrap();
            assert_eq!(keys_of(&path), stored, "{bookmark}");
        }
    }
}

fn keys_of(path: &Path) -> Stored {
    let sqlite = Connection::open(path).unwrap();
    let verdict: String = sqlite
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(verdict, "ok");
    if !sqlite.table_exists(None, "_cf_KV").unwrap() {
        return Stored::new();
    }
    let mut rows = sqlite.prepare("SELECT key, value FROM _cf_KV").unwrap();
    let rows = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn a_restore_happens_at_the_next_start_and_can_be_undone() {
    let mut world = World::new();
    world.put("a", b"1");
    world.bookmark();
    world.put("a", b"2");
    world.put("b", b"3");

    world.restore(0);
    let during: Vec<_> = world.database().kv_list(&ListOptions::default()).unwrap();
    assert_eq!(during.len(), 2, "nothing changes before the next start");
    world.reopen();
    world.check();
    world.put("c", b"4");
    world.restore(1);
    world.reopen();
    world.check();

    assert_eq!(world.stored.len(), 2);
    world.check_bookmarks();
}

#[test]
fn a_restore_takes_sql_and_the_alarm_along() {
    let mut world = World::new();
    run(
        world.database(),
        "CREATE TABLE t (x); INSERT INTO t VALUES (1)",
    );
    world.database().set_alarm(Some(5_000)).unwrap();
    world.alarm = Some(5_000);
    world.end_turn();
    let bookmark = world.bookmark();
    run(world.database(), "DROP TABLE t");
    world.database().set_alarm(None).unwrap();
    world.alarm = None;
    world.end_turn();

    world.database().restore_next(&bookmark).unwrap();
    world.end_turn();
    world.reopen();

    world.alarm = Some(5_000);
    world.check();
    assert_eq!(run(world.database(), "SELECT x FROM t").len(), 1);
}

#[test]
fn a_restore_is_done_once() {
    let mut world = World::new();
    world.put("a", b"1");
    world.bookmark();
    world.restore(0);
    world.reopen();
    world.check();
    world.put("a", b"2");

    world.reopen();
    world.check();
    world.crash();
    world.check();
}

#[test]
fn a_wish_that_was_not_committed_is_no_wish() {
    let mut world = World::new();
    world.put("a", b"1");
    let bookmark = world.bookmark();
    world.put("a", b"2");
    world.database().restore_next(&bookmark).unwrap();
    world.database().discard();

    world.reopen();

    world.check();
}

#[test]
fn the_empty_beginning_can_be_restored() {
    let mut world = World::new();
    world.put("a", b"1");
    let beginning = world.database().bookmarks(10).unwrap().oldest;

    world.database().restore_next(&beginning).unwrap();
    world.end_turn();
    world.reopen();

    world.stored.clear();
    world.check();
    world.put("b", b"2");
    world.restart(Retention::default());
    world.check();
}

#[test]
fn a_time_gives_the_bookmark_of_the_last_commit_until_then() {
    let mut world = World::new();
    world.put("a", b"1");
    let commits = world.database().bookmarks(10).unwrap().commits;
    let (first, time_ms) = commits[0].clone();

    assert_eq!(world.database().bookmark_for_time(time_ms).unwrap(), first);
    assert_eq!(world.database().bookmark_for_time(i64::MAX).unwrap(), first);
    let before = world.database().bookmark_for_time(time_ms - 1).unwrap();
    assert_eq!(before, world.database().bookmarks(10).unwrap().oldest);
    let error = world.database().bookmark_for_time(0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "The history that is kept of this Durable Object does not reach back to that time."
    );
}

#[test]
fn what_cannot_be_restored_is_refused_with_one_text() {
    let mut world = World::new();
    world.put("a", b"1");
    let bookmark = world.bookmark();
    let later = format!("ffffffff-{}", &bookmark[9..]);
    let foreign = format!("{}{}", &bookmark[..27], "0".repeat(32));
    for refused in ["", "x", &later, &foreign] {
        let error = world.database().restore_next(refused).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "The bookmark `{refused}` cannot be restored: it is not a bookmark of this Durable \
                 Object, or it is older than the history that is kept."
            )
        );
    }
    // Nothing is kept any more.
    let packs = world.folder.path().join("history");
    world.restart(Retention::default());
    assert_ne!(std::fs::read_dir(&packs).unwrap().count(), 0);
    world.restart(Retention {
        age_ms: 0,
        bytes: 0,
    });
    assert_eq!(std::fs::read_dir(&packs).unwrap().count(), 0);
    let error = world.database().restore_next(&bookmark).unwrap_err();
    assert!(error.to_string().starts_with("The bookmark"), "{error}");
}

#[test]
fn a_replaced_database_can_be_had_again() {
    let mut world = World::new();
    world.put("a", b"1");
    world.bookmark();
    let namespace = world.data.as_ref().unwrap().namespace("app-Room").unwrap();
    let id = "0f".repeat(32);
    let new = namespace.path().join("new.sqlite");
    Connection::open(&new)
        .unwrap()
        .execute_batch("CREATE TABLE other (x)")
        .unwrap();
    world.database = None;
    let lane = world.committer.as_ref().unwrap().lane();
    let path = namespace.object_path(&id);
    let open = || {
        let options = DatabaseOptions {
            backend: Backend::Sqlite { sql_enabled: true },
            alarm: None,
        };
        Database::open(&path, options, &lane)
    };
    Database::replace_files(open, || {
        namespace.replace_object(&id, &new).unwrap();
        Ok::<_, StorageError>(())
    })
    .unwrap();
    world.open();
    assert_eq!(run(world.database(), "SELECT * FROM other").len(), 0);
    world.stored.clear();

    world.restore(0);
    world.reopen();

    world.check();
    world.check_bookmarks();
}

#[test]
fn a_damaged_object_is_put_together_from_its_history() {
    let mut world = World::new();
    world.put("a", b"1");
    world.put("b", &[7; 9000]);
    world.put("a", b"2");
    world.restart(Retention::default());
    let latest = world.database().bookmarks(1).unwrap().commits[0].0.clone();
    world.database = None;
    let folder = world.folder.path().join("do/app-Room");
    Connection::open(folder.join("objects.sqlite"))
        .unwrap()
        .execute("UPDATE image SET bytes = zeroblob(length(bytes))", [])
        .unwrap();
    world.open();
    let error = world.database().kv_get("a").unwrap_err().to_string();
    assert!(
        error.contains("its image in the directory is damaged"),
        "{error}"
    );
    assert_eq!(world.database().bookmarks(1).unwrap().commits[0].0, latest);
    world.database = None;
    let namespace = world.data.as_ref().unwrap().namespace("app-Room").unwrap();
    let id = "0f".repeat(32);

    let error = namespace.rebuild_object(&id, "x").unwrap_err().to_string();
    assert!(
        error.starts_with("The bookmark `x` cannot be restored"),
        "{error}"
    );
    namespace.rebuild_object(&id, &latest).unwrap();
    world.open();
    world.check();
}

#[test]
fn a_damaged_object_whose_history_is_not_whole_stays_as_it_is() {
    let mut world = World::new();
    world.put("a", b"1");
    world.put("b", &[7; 9000]);
    // From here on the history does not know the first pages.
    world.restart(Retention {
        age_ms: 0,
        bytes: 0,
    });
    world.put("a", b"2");
    world.restart(Retention::default());
    world.put("a", b"3");
    world.restart(Retention::default());
    let latest = world.database().bookmarks(1).unwrap().commits[0].0.clone();
    world.database = None;
    let folder = world.folder.path().join("do/app-Room");
    Connection::open(folder.join("objects.sqlite"))
        .unwrap()
        .execute("UPDATE image SET bytes = zeroblob(length(bytes))", [])
        .unwrap();
    let namespace = world.data.as_ref().unwrap().namespace("app-Room").unwrap();
    let id = "0f".repeat(32);

    let error = namespace.rebuild_object(&id, &latest).unwrap_err();

    let expected = format!(
        "object `{id}` cannot be put together from its history: page 3 did not change within the \
         time that is kept"
    );
    assert_eq!(error.to_string(), expected);
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, Vec<u8>),
    Delete(u8),
    DeleteAll,
    Alarm(Option<i64>),
    Bookmark,
    Restore(usize),
    Reopen,
    Close,
    Restart,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..50),
        (0..255_u8, 4000..20_000_usize).prop_map(|(byte, length)| vec![byte; length]),
    ];
    prop_oneof![
        6 => (0..6_u8, value).prop_map(|(key, value)| Step::Put(key, value)),
        1 => (0..6_u8).prop_map(Step::Delete),
        1 => Just(Step::DeleteAll),
        1 => prop::option::of(1..100_i64).prop_map(Step::Alarm),
        4 => Just(Step::Bookmark),
        2 => (0..100_usize).prop_map(Step::Restore),
        2 => Just(Step::Reopen),
        1 => Just(Step::Close),
        1 => Just(Step::Restart),
        1 => Just(Step::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_bookmark_leads_to_its_state(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = World::new();
        for step in steps {
            match step {
                Step::Put(key, value) => world.put(&format!("key{key}"), &value),
                Step::Delete(key) => {
                    let key = format!("key{key}");
                    world.database().kv_delete(&key).unwrap();
                    world.stored.remove(&key);
                    world.end_turn();
                }
                Step::DeleteAll => {
                    world.database().delete_all(AlarmFate::Delete).unwrap();
                    (world.stored, world.alarm) = (Stored::new(), None);
                    world.end_turn();
                }
                Step::Alarm(at) => {
                    world.database().set_alarm(at).unwrap();
                    world.alarm = at;
                    world.end_turn();
                }
                Step::Bookmark => drop(world.bookmark()),
                Step::Restore(which) => {
                    if world.bookmarks.is_empty() {
                        continue;
                    }
                    world.restore(which % world.bookmarks.len());
                    // Some time in the epoch that ends.
                    world.reopen();
                }
                Step::Reopen => world.reopen(),
                Step::Close => {
                    world.database.take().unwrap().close().unwrap();
                    world.open();
                }
                Step::Restart => world.restart(Retention::default()),
                Step::Crash => world.crash(),
            }
            world.check();
        }
        world.check_bookmarks();
    }
}
