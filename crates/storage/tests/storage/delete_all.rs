//! `deleteAll`.

use stated_storage::AlarmFate::{Delete, Keep};
use stated_storage::{ListOptions, SavepointEnd};

use crate::fixture::{Fixture, error, exec, int, integer, run, text};

#[test]
fn everything_is_gone_and_the_object_goes_on() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    run(
        &mut database,
        "CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT); \
         CREATE TABLE c (p REFERENCES p (id)); \
         CREATE INDEX i ON c (p); \
         CREATE VIEW v AS SELECT * FROM c; \
         CREATE TRIGGER g INSTEAD OF INSERT ON v BEGIN SELECT 1; END; \
         CREATE VIRTUAL TABLE f USING fts5 (x); \
         CREATE TABLE \"od\"\"d\" (x); \
         INSERT INTO p VALUES (7); INSERT INTO c VALUES (7); INSERT INTO f VALUES ('x'); ANALYZE",
    );
    database.end_turn().unwrap();

    assert!(database.delete_all(Delete).unwrap().is_some());

    assert_eq!(database.kv_get("a").unwrap(), None);
    assert_eq!(
        run(
            &mut database,
            "SELECT name FROM sqlite_master WHERE name NOT IN ('_cf_METADATA', 'sqlite_sequence')"
        ),
        Vec::<Vec<_>>::new()
    );
    run(
        &mut database,
        "CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT, x)",
    );
    run(&mut database, "INSERT INTO p (x) VALUES (0)");
    assert_eq!(integer(&mut database, "SELECT id FROM p"), 1);
    database.kv_put("a", b"2").unwrap();
    database.end_turn().unwrap();
    drop(database);
    let mut database = fixture.open("o.sqlite");
    assert_eq!(database.kv_get("a").unwrap(), Some(b"2".to_vec()));
    assert_eq!(run(&mut database, "PRAGMA quick_check"), [[text("ok")]]);
}

#[test]
fn it_is_committed_at_once_and_discards_what_the_turn_wrote_before() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    database.end_turn().unwrap();
    database.kv_put("b", b"1").unwrap();

    let position = database.delete_all(Keep).unwrap().unwrap();
    assert_eq!(position, database.position());
    database.kv_put("c", b"1").unwrap();
    database.discard();

    assert!(
        database
            .kv_list(&ListOptions::default())
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        database.end_turn().unwrap(),
        Some(position),
        "the turn ends with the deletion's commit"
    );
    assert_eq!(database.end_turn().unwrap(), None);
}

#[test]
fn the_alarm_is_kept_or_deleted_as_asked() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.set_alarm(Some(5)).unwrap();
    database.end_turn().unwrap();
    // Not committed, and yet it counts.
    database.set_alarm(Some(7)).unwrap();

    database.delete_all(Keep).unwrap();
    assert_eq!(database.alarm().unwrap(), Some(7));

    database.delete_all(Delete).unwrap();
    assert_eq!(database.alarm().unwrap(), None);
}

#[test]
fn bookmarks_go_on_growing() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.current_bookmark().unwrap();
    let before = database.current_bookmark().unwrap();
    database.end_turn().unwrap();

    database.delete_all(Delete).unwrap();

    assert!(database.current_bookmark().unwrap() > before);
}

#[test]
fn running_cursors_and_iterators_are_canceled() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    let cursor = exec(&mut database, "SELECT 1 UNION SELECT 2");
    let ended = exec(&mut database, "CREATE TABLE t (x)");
    database.end_turn().unwrap();
    let iterator = database.kv_iterate(&ListOptions::default()).unwrap();

    database.delete_all(Keep).unwrap();

    let canceled = "SQLite query was canceled because the database was deleted.";
    assert_eq!(
        database.cursor_next(cursor).unwrap_err().to_string(),
        canceled
    );
    assert_eq!(
        database.cursor_next(cursor).unwrap_err().to_string(),
        canceled
    );
    assert_eq!(
        database.cursor_counters(cursor).unwrap_err().to_string(),
        canceled
    );
    assert_eq!(
        database.kv_next(iterator).unwrap_err().to_string(),
        canceled
    );
    assert_eq!(database.cursor_next(ended).unwrap(), None);
    assert!(database.cursor_counters(ended).is_ok());
}

#[test]
fn it_is_refused_in_a_transaction() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    database.savepoint_begin().unwrap();

    assert_eq!(
        database.delete_all(Keep).unwrap_err().to_string(),
        "Cannot call deleteAll() within a transaction"
    );
    database.savepoint_end(SavepointEnd::Commit).unwrap();
    assert_eq!(database.kv_get("a").unwrap(), Some(b"1".to_vec()));
}

#[test]
fn an_object_that_never_stored_anything_has_nothing_to_delete() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    assert_eq!(database.delete_all(Delete).unwrap(), None);
    assert_eq!(database.position().value(), 0);
}

#[test]
fn a_large_file_shrinks() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    for key in ["a", "b", "c"] {
        database.kv_put(key, &vec![1; 1_000_000]).unwrap();
    }
    database.end_turn().unwrap();
    database.delete_all(Delete).unwrap();

    let copy = fixture.path("copy");
    database.copy_to(&copy).unwrap();
    assert!(copy.metadata().unwrap().len() <= 3 * 4096);
}

#[test]
fn foreign_keys_are_on_again() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "PRAGMA foreign_keys = off");
    database.kv_put("a", b"1").unwrap();
    database.end_turn().unwrap();

    database.delete_all(Delete).unwrap();

    assert_eq!(run(&mut database, "PRAGMA foreign_keys"), [[int(1)]]);
    run(&mut database, "CREATE TABLE p (id INTEGER PRIMARY KEY)");
    run(&mut database, "CREATE TABLE c (p REFERENCES p (id))");
    assert!(error(&mut database, "INSERT INTO c VALUES (1)").starts_with("FOREIGN KEY"));
}
