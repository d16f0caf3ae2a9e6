//! Databases are workerd's: tables, types and pragmas as another program finds them, and its files
//! are taken over.

use rusqlite::Connection;
use stated_storage::ListOptions;

use crate::fixture::{Fixture, integer, run};

#[test]
fn another_program_finds_the_documented_tables() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("k", b"v").unwrap();
    database.set_alarm(Some(1_700_000_000_123)).unwrap();
    database.current_bookmark().unwrap();
    database.current_bookmark().unwrap();
    database.end_turn().unwrap();

    let plain = fixture.plain(&mut database);
    let text = |sql: &str| {
        plain
            .query_row(sql, [], |row| row.get::<_, String>(0))
            .unwrap()
    };
    let number = |sql: &str| {
        plain
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };

    assert_eq!(
        text("SELECT typeof(key) || typeof(value) || key FROM _cf_KV"),
        "textblobk"
    );
    assert_eq!(
        number("SELECT value FROM _cf_METADATA WHERE key = 1"),
        1_700_000_000_123_000_000
    );
    assert_eq!(number("SELECT value FROM _cf_METADATA WHERE key = 2"), 1);
    assert_eq!(
        text("SELECT group_concat(typeof(value)) FROM _cf_METADATA"),
        "integer,integer"
    );
    assert_eq!(
        text(
            "SELECT group_concat(name || ' ' || type || ' ' || pk) FROM pragma_table_info('_cf_KV')"
        ),
        "key TEXT 1,value BLOB 0"
    );
    assert_eq!(
        text(
            "SELECT group_concat(name || ' ' || wr) FROM pragma_table_list WHERE name LIKE '\\_cf%' ESCAPE '\\'"
        ),
        "_cf_METADATA 0,_cf_KV 1"
    );
    assert_eq!(text("PRAGMA journal_mode"), "delete");
    assert_eq!(number("PRAGMA page_size"), 4096);
    assert_eq!(number("PRAGMA auto_vacuum"), 0);
    assert_eq!(text("PRAGMA integrity_check"), "ok");
}

#[test]
fn the_files_of_another_program_are_read_as_they_are() {
    let fixture = Fixture::new();
    let plain = Connection::open(fixture.path("o.sqlite")).unwrap();
    plain
        .execute_batch(
            "PRAGMA journal_mode=WAL;
             CREATE TABLE _cf_KV (
               key TEXT PRIMARY KEY,
               value BLOB
             ) WITHOUT ROWID;
             CREATE TABLE _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB);
             INSERT INTO _cf_KV VALUES ('b', x'02'), ('a', x'01');
             INSERT INTO _cf_METADATA VALUES (1, 1700000000123456789), (2, 41);
             CREATE TABLE t (x); INSERT INTO t VALUES (1)",
        )
        .unwrap();
    // What a program leaves that is killed: a WAL, and a database that lacks what it has.
    let theirs = fixture.copy();
    drop(plain);
    let fixture = Fixture::in_folder(theirs);
    assert!(fixture.path("o.sqlite-wal").exists());

    let mut database = fixture.open("o.sqlite");

    assert_eq!(
        database.kv_list(&ListOptions::default()).unwrap(),
        [("a".into(), vec![1]), ("b".into(), vec![2])]
    );
    assert_eq!(database.alarm().unwrap(), Some(1_700_000_000_124));
    assert!(database.current_bookmark().unwrap().contains("-0000002a-"));
    assert_eq!(run(&mut database, "SELECT x FROM t").len(), 1);
    // It is small, and in the directory now.
    assert!(!fixture.path("o.sqlite").exists());
    assert!(!fixture.path("o.sqlite-wal").exists());
}

#[test]
fn a_large_file_of_another_program_stays_where_it_is() {
    let fixture = Fixture::new();
    let plain = Connection::open(fixture.path("o.sqlite")).unwrap();
    plain
        .execute_batch(
            "PRAGMA journal_mode=WAL; CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(2000000))",
        )
        .unwrap();
    drop(plain);

    let mut database = fixture.open("o.sqlite");
    assert_eq!(integer(&mut database, "SELECT length(x) FROM t"), 2_000_000);
    database.kv_put("k", b"v").unwrap();
    database.end_turn().unwrap();
    database.close().unwrap();

    let plain = Connection::open(fixture.path("o.sqlite")).unwrap();
    let value = "SELECT value FROM _cf_KV WHERE key = 'k'";
    let value: Vec<u8> = plain.query_row(value, [], |row| row.get(0)).unwrap();
    assert_eq!(value, b"v");
}

#[test]
fn a_file_with_pages_of_another_size_is_converted() {
    let fixture = Fixture::new();
    let plain = Connection::open(fixture.path("o.sqlite")).unwrap();
    plain
        .execute_batch(
            "PRAGMA page_size=1024; PRAGMA journal_mode=WAL; CREATE TABLE t (x); \
             INSERT INTO t VALUES (zeroblob(20000))",
        )
        .unwrap();
    drop(plain);

    let mut database = fixture.open("o.sqlite");

    assert_eq!(integer(&mut database, "SELECT length(x) FROM t"), 20_000);
    assert_eq!(integer(&mut database, "PRAGMA page_size"), 4096);
}

#[test]
fn a_null_alarm_is_no_alarm() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.set_alarm(Some(5)).unwrap();
    database.set_alarm(None).unwrap();
    database.end_turn().unwrap();

    let plain = fixture.plain(&mut database);
    let kind: String = plain
        .query_row(
            "SELECT typeof(value) FROM _cf_METADATA WHERE key = 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    drop(database);

    assert_eq!(kind, "null");
    assert_eq!(fixture.open("o.sqlite").alarm().unwrap(), None);
}
