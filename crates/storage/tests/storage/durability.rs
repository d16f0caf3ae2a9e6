//! Commits that survive, reports, resting, and alarms across crashes.
//!
//! A crash is a copy of the files made while the database is open: that is what a killed process
//! leaves of what was reported. What of the rest may be there as well is in `lanes`.

use std::fs;
use std::sync::Arc;

use stated_storage::{AlarmFate, AlarmIndex, Database};

use crate::fixture::{Fixture, exec, int, integer, run};

/// What a process that is killed now leaves, in a fixture of its own.
fn crash(fixture: &Fixture) -> Fixture {
    Fixture::in_folder(fixture.copy())
}

fn value(database: &mut Database, key: &str) -> Option<Vec<u8>> {
    database.kv_get(key).unwrap()
}

#[test]
fn every_commit_is_reported_as_durable() {
    for fixture in [Fixture::new(), Fixture::without_log()] {
        let mut one = fixture.open("1.sqlite");
        let mut two = fixture.open("2.sqlite");
        for round in 0..20u8 {
            one.kv_put("a", &[round]).unwrap();
            one.end_turn().unwrap();
            two.kv_put("a", &[round]).unwrap();
            two.end_turn().unwrap();
        }

        fixture.wait(&one);
        two.kv_put("last", b"").unwrap();
        two.end_turn().unwrap();
        fixture.wait(&two);
    }
}

#[test]
fn reports_of_one_database_never_go_back() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    for round in 0..200u8 {
        database.kv_put("a", &[round]).unwrap();
        database.end_turn().unwrap();
    }
    let last = database.position();
    drop(database);

    let reports: Vec<_> = fixture.reports.try_iter().collect();

    assert!(reports.iter().all(|report| report.result.is_ok()));
    assert!(reports.is_sorted_by(|a, b| a.position < b.position));
    assert_eq!(reports.last().unwrap().position, last);
    // One sync serves what gathered during the one before it.
    assert!(reports.len() <= 200);
}

#[test]
fn committed_turns_survive_a_crash_and_an_open_one_does_not() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    database.set_alarm(Some(9)).unwrap();
    database.end_turn().unwrap();
    database.kv_put("a", b"2").unwrap();
    database.kv_put("big", &vec![1; 3_000_000]).unwrap();
    fixture.wait(&database);

    let after = crash(&fixture);
    let mut reopened = after.open("o.sqlite");

    assert_eq!(value(&mut reopened, "a"), Some(b"1".to_vec()));
    assert_eq!(value(&mut reopened, "big"), None);
    assert_eq!(reopened.alarm().unwrap(), Some(9));
}

#[test]
fn every_crash_between_turns_shows_exactly_the_turns_before_it() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    for round in 1..=6u8 {
        database.kv_put("a", &[round]).unwrap();
        database.kv_put("b", &[round]).unwrap();
        database.end_turn().unwrap();
        fixture.wait(&database);

        let after = crash(&fixture);
        let mut reopened = after.open("o.sqlite");

        assert_eq!(value(&mut reopened, "a"), Some(vec![round]));
        assert_eq!(value(&mut reopened, "b"), Some(vec![round]));
    }
}

#[test]
fn what_was_not_committed_is_gone_after_a_drop_and_after_a_close() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    database.end_turn().unwrap();
    database.kv_put("lost", b"1").unwrap();
    drop(database);

    let mut database = fixture.open("o.sqlite");
    assert_eq!(value(&mut database, "a"), Some(b"1".to_vec()));
    assert_eq!(value(&mut database, "lost"), None);
    exec(&mut database, "SELECT 1 UNION SELECT 2");
    database.kv_put("lost", b"2").unwrap();
    database.close().unwrap();

    let mut database = fixture.open("o.sqlite");
    assert_eq!(value(&mut database, "a"), Some(b"1".to_vec()));
    assert_eq!(value(&mut database, "lost"), None);
}

#[test]
fn a_small_database_has_no_file() {
    for fixture in [Fixture::new(), Fixture::without_log()] {
        let mut database = fixture.open("o.sqlite");
        database.kv_put("a", &[1; 900_000]).unwrap();
        database.end_turn().unwrap();
        database.close().unwrap();
        assert!(!fixture.path("o.sqlite").exists());

        let mut database = fixture.open("o.sqlite");
        database.kv_put("b", &[2; 900_000]).unwrap();
        database.end_turn().unwrap();
        database.close().unwrap();
        assert!(fixture.path("o.sqlite").exists());

        let mut database = fixture.open("o.sqlite");
        assert_eq!(value(&mut database, "a"), Some(vec![1; 900_000]));
        assert_eq!(value(&mut database, "b"), Some(vec![2; 900_000]));
    }
}

#[test]
fn a_database_that_rests_goes_on_where_it_was() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    assert!(!database.rest(), "a turn is open");
    database.end_turn().unwrap();
    run(
        &mut database,
        "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)",
    );
    database.end_turn().unwrap();
    let cursor = exec(&mut database, "SELECT x FROM t");
    assert!(database.cursor_next(cursor).unwrap().is_some());
    assert!(!database.rest(), "a cursor is open");
    database.cursor_close(cursor);

    assert!(database.rest());
    assert!(database.rest());
    database.kv_put("b", b"2").unwrap();
    database.end_turn().unwrap();
    assert!(database.rest());

    assert_eq!(value(&mut database, "a"), Some(b"1".to_vec()));
    assert_eq!(value(&mut database, "b"), Some(b"2".to_vec()));
    assert_eq!(integer(&mut database, "SELECT sum(x) FROM t"), 3);
}

/// SQLite keeps up to 2 MB of pages for each connection; 128 MiB are kept for all of a lane.
#[test]
fn databases_that_keep_too_much_together_are_to_rest_the_least_recently_used_first() {
    let fixture = Fixture::new();
    let read = |database: &mut Database| {
        let rows = run(database, "SELECT sum(length(x)) FROM t");
        database.end_turn().unwrap();
        rows
    };
    let mut databases = Vec::new();
    let surplus = loop {
        let mut database = fixture.open(&format!("{}.sqlite", databases.len()));
        run(
            &mut database,
            "CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(3000000))",
        );
        database.end_turn().unwrap();
        assert_eq!(read(&mut database), [[int(3_000_000)]]);
        let surplus = database.surplus();
        databases.push(database);
        if let [_, ..] = *surplus {
            break surplus;
        }
        // The first one is used again and again.
        read(&mut databases[0]);
    };

    assert_eq!(surplus, [databases[1].key()]);
    let count = databases.len();
    assert!((120..200).contains(&count), "{count}");
    assert!(databases[1].rest());
    assert_eq!(databases[0].surplus(), []);
    assert_eq!(read(&mut databases[1]), [[int(3_000_000)]]);
}

#[test]
fn a_turn_that_was_undone_leaves_nothing_for_the_next_commit() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    database.end_turn().unwrap();
    database.kv_put("big", &vec![1; 3_000_000]).unwrap();
    database.discard();
    database.kv_put("b", b"2").unwrap();
    database.end_turn().unwrap();
    fixture.wait(&database);

    let after = crash(&fixture);
    let mut reopened = after.open("o.sqlite");

    assert_eq!(value(&mut reopened, "big"), None);
    assert_eq!(value(&mut reopened, "b"), Some(b"2".to_vec()));
    assert!(reopened.database_size().unwrap() < 5 * 4096);
}

#[test]
fn a_file_that_was_never_acknowledged_is_made_anew() {
    let fixture = Fixture::new();
    fs::write(fixture.path("zeros.sqlite"), [0; 4096]).unwrap();
    fs::write(fixture.path("zeros.sqlite-wal"), [1; 100]).unwrap();
    fs::write(fixture.path("empty.sqlite"), []).unwrap();

    for name in ["zeros.sqlite", "empty.sqlite"] {
        let mut database = fixture.open(name);
        assert_eq!(value(&mut database, "a"), None);
        database.kv_put("a", b"1").unwrap();
        database.end_turn().unwrap();
        drop(database);
        assert_eq!(value(&mut fixture.open(name), "a"), Some(b"1".to_vec()));
    }
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let fixture = Fixture::new();
    fs::write(
        fixture.path("o.sqlite"),
        "something else entirely, and long enough",
    )
    .unwrap();

    let error = fixture.try_open("o.sqlite").unwrap_err();

    assert_eq!(error.to_string(), "file is not a database: SQLITE_NOTADB");
    assert_eq!(fixture.path("o.sqlite").metadata().unwrap().len(), 40);
}

#[test]
fn a_missing_folder_is_named() {
    let fixture = Fixture::new();

    let error = fixture.try_open("missing/o.sqlite").unwrap_err();

    assert_eq!(
        error.to_string(),
        format!(
            "open folder `{}`: No such file or directory (os error 2)",
            fixture.path("missing").display()
        )
    );
}

#[test]
fn dropping_the_committer_makes_the_rest_durable() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    for round in 0..50u8 {
        database.kv_put("a", &[round]).unwrap();
        database.end_turn().unwrap();
    }

    drop(fixture.committer);

    let last = fixture.reports.try_iter().last().unwrap();
    assert_eq!(last.position, database.position());
    assert!(last.result.is_ok());
}

#[test]
fn an_alarm_is_in_the_index_when_the_turn_ends() {
    let fixture = Fixture::new();
    let index = Arc::new(AlarmIndex::open(fixture.folder()).unwrap());
    let mut database = fixture.open_with_alarms("o", &index);

    database.set_alarm(Some(500)).unwrap();
    assert_eq!(index.next(), None);
    database.end_turn().unwrap();

    assert_eq!(index.next(), Some(500));
    assert_eq!(index.due(500, 1)[0].name.as_deref(), Some("the name"));
}

#[test]
fn a_later_or_deleted_alarm_leaves_the_index_after_it_is_durable() {
    let fixture = Fixture::new();
    let index = Arc::new(AlarmIndex::open(fixture.folder()).unwrap());
    let mut database = fixture.open_with_alarms("o", &index);
    database.set_alarm(Some(500)).unwrap();
    database.end_turn().unwrap();
    database.set_alarm(Some(900)).unwrap();
    database.end_turn().unwrap();
    // Dropping waits for the committer, and with it for the index.
    drop(database);
    assert_eq!(index.next(), Some(900));

    let mut database = fixture.open_with_alarms("o", &index);
    database.set_alarm(None).unwrap();
    database.end_turn().unwrap();
    drop(database);
    assert_eq!(index.next(), None);
}

#[test]
fn an_alarm_that_was_rolled_back_does_not_reach_the_index() {
    let fixture = Fixture::new();
    let index = Arc::new(AlarmIndex::open(fixture.folder()).unwrap());
    let mut database = fixture.open_with_alarms("o", &index);
    database.savepoint_begin().unwrap();
    database.set_alarm(Some(500)).unwrap();
    database
        .savepoint_end(stated_storage::SavepointEnd::RollBack)
        .unwrap();
    database.kv_put("a", b"1").unwrap();
    database.end_turn().unwrap();

    assert_eq!(index.next(), None);
}

#[test]
fn a_crash_after_the_index_and_before_the_commit_is_corrected_at_the_next_open() {
    let fixture = Fixture::new();
    let index = Arc::new(AlarmIndex::open(fixture.folder()).unwrap());
    index.set("stale", None, 100).unwrap();
    index.set("never-stored", None, 100).unwrap();
    let mut database = fixture.open("stale");
    database.set_alarm(Some(300)).unwrap();
    database.end_turn().unwrap();
    drop(database);

    let mut stale = fixture.open_with_alarms("stale", &index);
    assert_eq!(stale.alarm().unwrap(), Some(300));
    let mut never = fixture.open_with_alarms("never-stored", &index);
    assert_eq!(never.alarm().unwrap(), None);

    assert_eq!(index.time_of("stale"), Some(300));
    assert_eq!(index.time_of("never-stored"), None);
}

#[test]
fn deleting_all_moves_the_alarm_in_the_index_as_well() {
    let fixture = Fixture::new();
    let index = Arc::new(AlarmIndex::open(fixture.folder()).unwrap());
    let mut database = fixture.open_with_alarms("o", &index);
    database.set_alarm(Some(500)).unwrap();
    database.end_turn().unwrap();

    database.delete_all(AlarmFate::Keep).unwrap();
    assert_eq!(index.next(), Some(500));
    database.delete_all(AlarmFate::Delete).unwrap();
    drop(database);

    assert_eq!(index.next(), None);
}

#[test]
fn an_alarm_and_its_index_row_survive_a_crash() {
    let fixture = Fixture::new();
    let index = Arc::new(AlarmIndex::open(fixture.folder()).unwrap());
    let mut database = fixture.open_with_alarms("o", &index);
    database.set_alarm(Some(500)).unwrap();
    run(&mut database, "CREATE TABLE t (x)");
    database.end_turn().unwrap();
    fixture.wait(&database);

    let after = crash(&fixture);
    let index = Arc::new(AlarmIndex::open(after.folder()).unwrap());

    assert_eq!(index.due(500, 9).len(), 1);
    let mut reopened = after.open_with_alarms("o", &index);
    assert_eq!(reopened.alarm().unwrap(), Some(500));
    assert_eq!(integer(&mut reopened, "SELECT count(*) FROM t"), 0);
}

#[test]
fn alarms_that_the_index_has_lost_come_from_the_lane() {
    let fixture = Fixture::new();
    let index = Arc::new(AlarmIndex::open(fixture.folder()).unwrap());
    let set = |name: &str, alarms: &[Option<i64>]| {
        let mut database = fixture.open_with_alarms(name, &index);
        for alarm in alarms {
            database.set_alarm(*alarm).unwrap();
            database.kv_put("a", name.as_bytes()).unwrap();
            database.end_turn().unwrap();
        }
        fixture.wait(&database);
    };
    set("set", &[Some(500)]);
    set("moved", &[Some(500), Some(900), Some(700)]);
    set("removed", &[Some(500), None]);
    set("never", &[None]);

    let folder = fixture.copy();
    for file in ["metadata.sqlite", "metadata.sqlite-wal"] {
        fs::remove_file(folder.path().join(file)).unwrap();
    }
    let after = Fixture::in_folder(folder);
    let index = Arc::new(AlarmIndex::open(after.folder()).unwrap());

    let found: Vec<_> = index
        .due(i64::MAX, 9)
        .into_iter()
        .map(|entry| {
            (
                entry.id.to_string(),
                entry.name.unwrap().to_string(),
                entry.at,
            )
        })
        .collect();
    let expected =
        [("set", 500), ("moved", 700)].map(|(id, at)| (id.to_owned(), "the name".to_owned(), at));
    assert_eq!(found, expected);
}

#[test]
fn an_alarm_is_in_the_file_of_the_index_before_its_lane_is_given_up() {
    let fixture = Fixture::new();
    let index = Arc::new(AlarmIndex::open(fixture.folder()).unwrap());
    let mut database = fixture.open_with_alarms("o", &index);
    database.set_alarm(Some(500)).unwrap();
    database.end_turn().unwrap();
    fixture.wait(&database);
    assert!(!index.is_synced(), "no commit waits for the index");

    database.close().unwrap();

    assert!(index.is_synced());
}
