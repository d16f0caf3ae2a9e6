//! Turns, savepoints, failures at commit, and errors that undo a turn.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use stated_storage::Confirmation::{Needed, Waived};
use stated_storage::Database;
use stated_storage::SavepointEnd::{Commit, RollBack};

use crate::fixture::{Fixture, error, exec, int, integer, run};

#[test]
fn a_turn_without_writes_commits_nothing() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "SELECT 1");
    database.savepoint_begin().unwrap();
    database.savepoint_end(Commit).unwrap();

    assert_eq!(database.end_turn().unwrap(), None);
}

#[test]
fn each_commit_has_a_later_position() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    let first = database.end_turn().unwrap().unwrap();
    database.kv_put("a", b"2").unwrap();
    let second = database.end_turn().unwrap().unwrap();

    assert!(first < second);
    assert_eq!(database.position(), second);
    assert_eq!(database.end_turn().unwrap(), None);
}

#[test]
fn discarding_undoes_the_turn_and_nothing_before_it() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    database.end_turn().unwrap();

    database.kv_put("a", b"2").unwrap();
    database.savepoint_begin().unwrap();
    database.set_alarm(Some(5)).unwrap();
    run(&mut database, "CREATE TABLE t (x)");
    database.discard();

    assert_eq!(database.kv_get("a").unwrap(), Some(b"1".to_vec()));
    assert_eq!(database.alarm().unwrap(), None);
    assert_eq!(database.savepoint_depth(), 0);
    assert_eq!(
        error(&mut database, "SELECT * FROM t"),
        "no such table: t: SQLITE_ERROR"
    );
}

#[test]
fn a_savepoint_undoes_keys_rows_and_alarm_alike() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    database.set_alarm(Some(5)).unwrap();
    run(&mut database, "CREATE TABLE t (x)");

    assert_eq!(database.savepoint_begin().unwrap(), 1);
    database.kv_put("a", b"2").unwrap();
    database.set_alarm(Some(9)).unwrap();
    run(&mut database, "INSERT INTO t VALUES (1)");
    database.savepoint_end(RollBack).unwrap();

    assert_eq!(database.kv_get("a").unwrap(), Some(b"1".to_vec()));
    assert_eq!(database.alarm().unwrap(), Some(5));
    assert_eq!(integer(&mut database, "SELECT count(*) FROM t"), 0);
}

#[test]
fn an_inner_rollback_undoes_only_the_inner_part() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.savepoint_begin().unwrap();
    database.kv_put("outer", b"1").unwrap();
    assert_eq!(database.savepoint_begin().unwrap(), 2);
    database.kv_put("inner", b"1").unwrap();
    database.savepoint_end(RollBack).unwrap();
    database.savepoint_begin().unwrap();
    database.kv_put("kept", b"1").unwrap();
    database.savepoint_end(Commit).unwrap();
    database.savepoint_end(Commit).unwrap();

    assert_eq!(
        database
            .kv_get_many(&["outer", "inner", "kept"])
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn tables_that_a_rollback_unmade_are_made_again() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.savepoint_begin().unwrap();
    database.kv_put("a", b"1").unwrap();
    database.set_alarm(Some(1)).unwrap();
    database.savepoint_end(RollBack).unwrap();

    assert_eq!(database.kv_get("a").unwrap(), None);
    assert_eq!(database.alarm().unwrap(), None);
    database.kv_put("a", b"2").unwrap();
    database.set_alarm(Some(2)).unwrap();
    database.end_turn().unwrap();

    assert_eq!(database.kv_get("a").unwrap(), Some(b"2".to_vec()));
    assert_eq!(database.alarm().unwrap(), Some(2));
}

#[test]
fn an_open_savepoint_spans_turns() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.savepoint_begin().unwrap();
    database.kv_put("a", b"1").unwrap();
    assert_eq!(database.end_turn().unwrap(), None);
    database.kv_put("b", b"1").unwrap();
    assert_eq!(database.end_turn().unwrap(), None);
    database.savepoint_end(Commit).unwrap();

    assert!(database.end_turn().unwrap().is_some());
    assert_eq!(database.kv_get_many(&["a", "b"]).unwrap().len(), 2);
}

#[test]
fn releasing_a_savepoint_lets_an_unread_returning_clause_go_on() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (x)");
    database.savepoint_begin().unwrap();
    let cursor = exec(&mut database, "INSERT INTO t VALUES (1), (2) RETURNING x");

    database.savepoint_end(Commit).unwrap();

    assert_eq!(database.cursor_rest(cursor).unwrap(), [[int(1)], [int(2)]]);
}

#[test]
fn a_cursor_over_what_a_rollback_undid_is_canceled() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.savepoint_begin().unwrap();
    run(
        &mut database,
        "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)",
    );
    let cursor = exec(&mut database, "SELECT x FROM t");

    database.savepoint_end(RollBack).unwrap();

    assert_eq!(
        database.cursor_next(cursor).unwrap_err().to_string(),
        "abort due to ROLLBACK: SQLITE_ABORT (extended: SQLITE_ABORT_ROLLBACK)"
    );
    database.kv_put("a", b"1").unwrap();
    assert!(database.end_turn().unwrap().is_some());
}

#[test]
fn discarding_cancels_a_cursor() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)",
    );
    let cursor = exec(&mut database, "SELECT x FROM t");

    database.discard();

    assert_eq!(
        database.cursor_next(cursor).unwrap_err().to_string(),
        "abort due to ROLLBACK: SQLITE_ABORT (extended: SQLITE_ABORT_ROLLBACK)"
    );
}

#[test]
fn a_violation_found_at_commit_resets_to_the_last_commit() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE p (id INTEGER PRIMARY KEY); \
         CREATE TABLE c (p REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)",
    );
    database.end_turn().unwrap();
    database.kv_put("a", b"1").unwrap();
    run(&mut database, "INSERT INTO c VALUES (5)");

    let failure = database.end_turn().unwrap_err();

    assert_eq!(
        failure.to_string(),
        "Durable Object was reset and rolled back to its last known good state because the \
         application left the database in a state where constraints were violated: FOREIGN KEY \
         constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)"
    );
    assert!(database.kv_get("a").is_err());
    drop(database);
    let mut database = fixture.open("o.sqlite");
    assert_eq!(database.kv_get("a").unwrap(), None);
    assert_eq!(integer(&mut database, "SELECT count(*) FROM c"), 0);
}

#[test]
fn deferred_foreign_keys_last_until_the_commit() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p (id))",
    );
    database.savepoint_begin().unwrap();
    run(&mut database, "PRAGMA defer_foreign_keys = on");
    run(&mut database, "INSERT INTO c VALUES (5)");
    run(&mut database, "INSERT INTO p VALUES (5)");
    database.savepoint_end(Commit).unwrap();

    assert!(database.end_turn().unwrap().is_some());
    assert_eq!(run(&mut database, "PRAGMA defer_foreign_keys"), [[int(0)]]);
}

#[test]
fn a_batch_needs_confirmation_when_one_of_its_writes_does() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    // Each writes another value: what changes nothing is not committed.
    let count = Cell::new(0_u8);
    let put = |database: &mut Database, confirmation| {
        count.set(count.get() + 1);
        database
            .confirming(confirmation, |database| {
                database.kv_put("k", &[count.get()])
            })
            .unwrap();
    };
    let mut confirms_after = |writes: &dyn Fn(&mut Database)| {
        writes(&mut database);
        assert!(database.end_turn().unwrap().is_some());
        database.take_confirms()
    };

    assert!(!confirms_after(&|database| put(database, Waived)));
    assert!(confirms_after(&|database| put(database, Needed)));
    assert!(confirms_after(&|database| {
        put(database, Needed);
        put(database, Waived);
    }));
    assert!(confirms_after(&|database| {
        put(database, Waived);
        run(
            database,
            "CREATE TABLE IF NOT EXISTS t (x); INSERT INTO t VALUES (1)",
        );
    }));
    assert!(!confirms_after(&|database| put(database, Waived)));
}

#[test]
fn a_full_database_undoes_the_turn_and_refuses_everything_after() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (x)");
    database.kv_put("a", b"1").unwrap();
    database.end_turn().unwrap();
    database.set_max_page_count_for_test(10).unwrap();
    database.kv_put("a", b"2").unwrap();

    let full = "database or disk is full: SQLITE_FULL";
    assert_eq!(
        error(&mut database, "INSERT INTO t VALUES (zeroblob(100000))"),
        full
    );

    assert_eq!(database.kv_get("a").unwrap_err().to_string(), full);
    assert_eq!(database.kv_put("a", b"3").unwrap_err().to_string(), full);
    assert_eq!(error(&mut database, "SELECT 1"), full);
    assert_eq!(database.end_turn().unwrap_err().to_string(), full);
    drop(database);
    let mut database = fixture.open("o.sqlite");
    assert_eq!(database.kv_get("a").unwrap(), Some(b"1".to_vec()));
}

#[test]
fn a_savepoint_cannot_be_kept_after_a_critical_error_but_can_be_undone() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (x)");
    database.set_max_page_count_for_test(10).unwrap();
    database.savepoint_begin().unwrap();
    database.savepoint_begin().unwrap();
    error(&mut database, "INSERT INTO t VALUES (zeroblob(100000))");

    database.savepoint_end(RollBack).unwrap();
    assert_eq!(
        database.savepoint_end(Commit).unwrap_err().to_string(),
        "Cannot commit transaction due to an earlier SQL critical error"
    );
}

#[test]
fn a_savepoint_that_is_not_open_cannot_end() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.savepoint_begin().unwrap();
    database.discard();

    for end in [Commit, RollBack] {
        let error = database.savepoint_end(end).unwrap_err();

        assert_eq!(error.to_string(), "no savepoint is open");
    }
}

#[test]
fn a_statement_without_end_stops_when_it_is_told_to() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let stop = Arc::new(AtomicBool::new(true));
    database.set_stop_flag(Arc::clone(&stop));
    let endless = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) \
                   SELECT count(*) FROM c";
    let interrupted = "interrupted: SQLITE_INTERRUPT";

    assert_eq!(error(&mut database, endless), interrupted);
    // It was not writing, so nothing is undone.
    stop.store(false, Relaxed);
    run(&mut database, "CREATE TABLE t (x)");

    stop.store(true, Relaxed);
    let endless = format!("INSERT INTO t {endless}");
    assert_eq!(error(&mut database, &endless), interrupted);
    stop.store(false, Relaxed);
    assert_eq!(error(&mut database, "SELECT 1"), interrupted);
}

#[test]
fn a_statement_stops_at_its_time_limit_and_a_later_one_has_none() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (x)");
    database.end_turn().unwrap();
    let endless = "INSERT INTO t WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) \
                   SELECT x FROM c";

    let message = database
        .within(Duration::ZERO, |database| error(database, endless))
        .unwrap();

    assert_eq!(message, "interrupted: SQLITE_INTERRUPT");
    database.discard();
    let many = "INSERT INTO t WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c \
                WHERE x < 20000) SELECT x FROM c";
    run(&mut database, many);
    assert!(database.end_turn().unwrap().is_some());
    assert_eq!(integer(&mut database, "SELECT count(*) FROM t"), 20000);
}

#[test]
fn an_ordinary_error_undoes_only_its_statement() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1)",
    );

    error(&mut database, "INSERT INTO t VALUES (2), (3), (1)");

    assert!(database.end_turn().unwrap().is_some());
    assert_eq!(integer(&mut database, "SELECT count(*) FROM t"), 1);
}

#[test]
fn a_statement_that_asks_sqlite_to_roll_back_resets_the_object() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1)",
    );

    let unique = error(&mut database, "INSERT OR ROLLBACK INTO t VALUES (1)");

    assert_eq!(database.end_turn().unwrap_err().to_string(), unique);
}

#[test]
fn like_can_be_made_case_sensitive_while_a_transaction_is_tracked() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "PRAGMA case_sensitive_like = true; CREATE TABLE t (x); INSERT INTO t VALUES ('A')",
    );
    assert!(database.end_turn().unwrap().is_some());
    run(
        &mut database,
        "PRAGMA case_sensitive_like = false; INSERT INTO t VALUES ('a')",
    );
    assert!(database.end_turn().unwrap().is_some());

    assert_eq!(
        integer(&mut database, "SELECT count(*) FROM t WHERE x LIKE 'a'"),
        2
    );
}
