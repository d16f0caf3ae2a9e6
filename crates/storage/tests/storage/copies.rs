//! Whole databases as files, the files of an object that is replaced, and the names of objects.

use std::sync::Arc;

use rusqlite::Connection;
use stated_storage::{
    AlarmIndex, DataFolder, Database, StorageError, check_integrity, copy_database, for_each_entry,
};

use crate::fixture::Fixture;

#[test]
fn a_copy_of_a_live_database_is_one_sound_file_with_what_is_committed() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    database.end_turn().unwrap();

    let copy = fixture.path("copy.sqlite");
    database.copy_to(&copy).unwrap();
    database.kv_put("b", b"2").unwrap();
    database.end_turn().unwrap();

    assert_eq!(check_integrity(&copy).unwrap(), None);
    assert!(!fixture.path("copy.sqlite-wal").exists());
    let mut entries = Vec::new();
    for_each_entry(&copy, |key, value| {
        entries.push((key.to_owned(), value.to_vec()));
        true
    })
    .unwrap();
    assert_eq!(entries, [("a".to_owned(), b"1".to_vec())]);
}

#[test]
fn a_copy_never_replaces_a_file() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let taken = fixture.path("taken");
    std::fs::write(&taken, "mine").unwrap();

    let error = database.copy_to(&taken).unwrap_err();

    assert!(
        matches!(
            error,
            StorageError::File {
                action: "create file",
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "mine");
}

#[test]
fn a_copy_of_a_file_has_what_its_log_has_and_leaves_both_as_they_were() {
    let fixture = Fixture::new();
    let source = fixture.path("theirs.sqlite");
    let theirs = Connection::open(&source).unwrap();
    theirs
        .execute_batch(
            "PRAGMA journal_mode=WAL; CREATE TABLE _cf_KV (key TEXT PRIMARY KEY, value BLOB) \
             WITHOUT ROWID; INSERT INTO _cf_KV VALUES ('k', x'01')",
        )
        .unwrap();
    let before = std::fs::read(&source).unwrap();

    copy_database(&source, &fixture.path("copy.sqlite")).unwrap();

    assert_eq!(std::fs::read(&source).unwrap(), before);
    let copy = Connection::open(fixture.path("copy.sqlite")).unwrap();
    let mode: String = copy
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    let count: i64 = copy
        .query_row("SELECT count(*) FROM _cf_KV", [], |row| row.get(0))
        .unwrap();
    assert_eq!((mode.as_str(), count), ("delete", 1));
}

#[test]
fn a_replaced_database_brings_its_alarm_into_the_index() {
    let fixture = Fixture::new();
    let folder = DataFolder::open(&fixture.path("data")).unwrap();
    let namespace = folder.namespace("w-C").unwrap();
    let id = "a".repeat(64);
    let index = Arc::new(AlarmIndex::open(fixture.folder()).unwrap());
    let file = format!("data/do/w-C/{id}.sqlite");
    let mut other = fixture.open("other.sqlite");
    other.set_alarm(Some(4_000_000_000_000)).unwrap();
    other.kv_put("from", b"other").unwrap();
    other.end_turn().unwrap();
    let mut old = fixture.open_with_alarms(&file, &index);
    old.set_alarm(Some(5_000_000_000_000)).unwrap();
    old.end_turn().unwrap();
    drop(old);
    let new = namespace.path().join("new");
    other.copy_to(&new).unwrap();

    let result: Result<(), StorageError> = Database::replace_files(
        || Ok(fixture.open_with_alarms(&file, &index)),
        || {
            namespace.replace_object(&id, &new).unwrap();
            Ok(())
        },
    );

    result.unwrap();
    assert_eq!(index.time_of(&file), Some(4_000_000_000_000));
    let mut replaced = fixture.open_with_alarms(&file, &index);
    assert_eq!(replaced.kv_get("from").unwrap(), Some(b"other".to_vec()));
}

#[test]
fn the_first_commit_records_the_name() {
    let fixture = Fixture::new();
    let folder = DataFolder::open(&fixture.path("data")).unwrap();
    let namespace = folder.namespace("w-C").unwrap();
    let index = Arc::new(AlarmIndex::open(fixture.folder()).unwrap());
    let file = format!("data/do/w-C/{}.sqlite", "a".repeat(64));
    let mut database = fixture.open_with_alarms(&file, &index);
    assert_eq!(namespace.list(None, 10).unwrap(), []);

    database.kv_put("k", b"v").unwrap();
    database.end_turn().unwrap();
    database.close().unwrap();

    let listed = namespace.list(None, 10).unwrap();
    assert_eq!(listed[0].name.as_deref(), Some("the name"));
    assert_eq!(
        namespace.stored(&listed[0].id).unwrap().as_ref(),
        listed.first()
    );
}
