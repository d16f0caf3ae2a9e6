//! Row counters, against what the reference runtime counts for the same statements.

use stated_storage::RowCounters;

use crate::fixture::{Fixture, exec, run};

/// Statements in order; what the reference runtime (workerd 2026-11-17) counts as read and written;
/// and what this crate estimates, where that differs.
type Expectation = (&'static str, (u64, u64), Option<(u64, u64)>);

#[rustfmt::skip]
const STATEMENTS: &[Expectation] = &[
    ("CREATE TABLE t(id INTEGER PRIMARY KEY, v, w)", (1, 2), None),
    ("CREATE TABLE n(v)", (1, 2), None),
    ("CREATE TABLE wr(k TEXT PRIMARY KEY, v) WITHOUT ROWID", (1, 2), Some((1, 3))),
    ("INSERT INTO t VALUES(1,10,100)", (1, 1), None),
    ("INSERT INTO t(v,w) VALUES(20,200)", (0, 1), None),
    ("INSERT INTO n VALUES(1)", (0, 1), None),
    ("INSERT INTO n VALUES(2),(3),(4)", (0, 3), None),
    ("INSERT INTO wr VALUES('a',1)", (0, 1), None),
    ("INSERT OR REPLACE INTO wr VALUES('a',2)", (0, 1), None),
    ("INSERT INTO wr VALUES('a',2) ON CONFLICT DO UPDATE SET v=3", (0, 1), None),
    ("CREATE INDEX tv ON t(v)", (6, 3), Some((2, 2))),
    ("CREATE INDEX tw ON t(w)", (6, 3), Some((2, 2))),
    ("INSERT INTO t VALUES(3,30,300),(4,40,400),(5,50,500),(6,60,600)", (4, 12), None),
    ("SELECT * FROM t", (6, 0), None),
    ("SELECT * FROM t WHERE id=3", (1, 0), None),
    ("SELECT * FROM t WHERE id=99", (1, 0), None),
    ("SELECT * FROM t WHERE v=30", (2, 0), Some((1, 0))),
    ("SELECT v FROM t WHERE v>20", (4, 0), None),
    ("SELECT * FROM t WHERE v>20", (4, 0), None),
    ("SELECT * FROM t LIMIT 2", (2, 0), None),
    ("SELECT MIN(id) FROM t", (1, 0), None),
    ("SELECT MAX(v) FROM t", (1, 0), None),
    ("SELECT count(*) FROM t", (6, 0), None),
    ("SELECT count(*) FROM t WHERE v>20", (4, 0), Some((1, 0))),
    ("SELECT sum(v) FROM t", (6, 0), None),
    ("SELECT * FROM t ORDER BY w DESC", (6, 0), None),
    ("SELECT * FROM t ORDER BY v+1", (12, 0), None),
    ("SELECT * FROM t WHERE w+0=300", (6, 0), None),
    ("SELECT * FROM t JOIN n ON n.v=t.id", (8, 0), None),
    ("SELECT * FROM n JOIN t ON t.id=n.v", (8, 0), None),
    ("SELECT * FROM t WHERE id IN (1,3,5)", (6, 0), None),
    ("SELECT * FROM t WHERE id IN (SELECT v FROM n)", (12, 0), None),
    ("UPDATE t SET v=v+1 WHERE id=3", (1, 2), None),
    ("UPDATE t SET v=v+1", (6, 12), None),
    ("UPDATE n SET v=v", (4, 4), None),
    ("UPDATE t SET w=1 WHERE id=99", (1, 0), None),
    ("DELETE FROM t WHERE id=3", (1, 1), None),
    ("DELETE FROM t WHERE v>40", (3, 3), None),
    ("DELETE FROM n WHERE v=2", (4, 1), None),
    ("DELETE FROM n", (0, 3), None),
    ("DELETE FROM t", (0, 2), None),
    ("INSERT INTO n SELECT id FROM t", (1, 0), None),
    ("INSERT INTO t VALUES(1,1,1),(2,2,2),(3,3,3)", (3, 9), None),
    ("INSERT INTO n SELECT id FROM t", (3, 3), None),
    ("SELECT * FROM n GROUP BY v", (6, 0), None),
    ("SELECT DISTINCT v FROM n", (3, 0), None),
    ("SELECT * FROM n UNION SELECT * FROM n", (12, 0), None),
    ("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<10) SELECT * FROM c", (11, 0), Some((10, 0))),
    ("SELECT * FROM json_each('[1,2,3]')", (3, 0), Some((2, 0))),
    ("CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO n VALUES(new.id); END", (0, 1), None),
    ("INSERT INTO t VALUES(10,1,1)", (1, 4), None),
    ("DROP TRIGGER tr", (6, 0), None),
    ("ALTER TABLE t ADD COLUMN z", (7, 1), Some((6, 1))),
    ("DROP TABLE n", (6, 0), Some((7, 1))),
    ("SELECT 1", (0, 0), None),
    ("SELECT * FROM t WHERE 0", (0, 0), Some((1, 0))),
    ("INSERT INTO t(id) VALUES(1) ON CONFLICT DO NOTHING", (1, 0), None),
    ("INSERT OR IGNORE INTO t(id) VALUES(1)", (1, 0), None),
    ("INSERT OR REPLACE INTO t(id,v,w) VALUES(1,5,5)", (1, 3), None),
    ("SELECT * FROM sqlite_master", (4, 0), None),
    ("CREATE TABLE au(id INTEGER PRIMARY KEY AUTOINCREMENT, v)", (2, 4), None),
    ("INSERT INTO au(v) VALUES(1)", (1, 2), None),
    ("INSERT INTO au(v) VALUES(1) RETURNING id", (2, 2), None),
    ("INSERT INTO au(v) VALUES(1),(2),(3) RETURNING id", (7, 4), Some((9, 3))),
    ("CREATE TABLE re(id INTEGER PRIMARY KEY, v)", (1, 2), None),
    ("INSERT INTO re(v) VALUES(1),(2) RETURNING id", (4, 2), None),
    ("UPDATE re SET v=v+1 RETURNING id, v", (8, 2), None),
    ("DELETE FROM re RETURNING v", (6, 2), None),
    ("INSERT INTO re(v) VALUES(1) RETURNING *", (1, 1), None),
    ("SELECT EXISTS(SELECT 1 FROM t WHERE id=2)", (1, 0), None),
    ("CREATE TABLE un(a UNIQUE,b UNIQUE)", (1, 4), None),
    ("INSERT INTO un VALUES(1,2)", (0, 3), None),
];

#[test]
fn statements_count_as_in_the_reference_or_by_a_known_difference() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    for &(sql, reference, estimate) in STATEMENTS {
        let cursor = exec(&mut database, sql);
        database.cursor_rest(cursor).unwrap();

        let counters = database.cursor_counters(cursor).unwrap();

        let (rows_read, rows_written) = estimate.unwrap_or(reference);
        let expected = RowCounters {
            rows_read,
            rows_written,
        };
        assert_eq!(counters, expected, "{sql}");
    }
}

#[test]
fn a_cursor_counts_the_row_it_is_ahead() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)",
    );
    let cursor = exec(&mut database, "SELECT x FROM t");
    let other = exec(&mut database, "SELECT x FROM t");

    let mut counted = Vec::new();
    for _ in 0..4 {
        counted.push(database.cursor_counters(cursor).unwrap().rows_read);
        database.cursor_next(cursor).unwrap();
    }

    assert_eq!(counted, [1, 2, 3, 3]);
    assert_eq!(database.cursor_counters(other).unwrap().rows_read, 1);
}

#[test]
fn a_returning_clause_counts_all_writes_at_once_and_reads_as_they_are_read() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
    let cursor = exec(
        &mut database,
        "INSERT INTO t (v) VALUES (1), (2), (3) RETURNING id",
    );

    let mut counted = Vec::new();
    for _ in 0..4 {
        let counters = database.cursor_counters(cursor).unwrap();
        counted.push((counters.rows_read, counters.rows_written));
        database.cursor_next(cursor).unwrap();
    }

    assert_eq!(counted, [(4, 3), (5, 3), (6, 3), (6, 3)]);
}

#[test]
fn a_statement_that_is_used_again_counts_from_zero() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)",
    );
    for _ in 0..2 {
        let cursor = exec(&mut database, "SELECT x FROM t");
        database.cursor_rest(cursor).unwrap();

        assert_eq!(database.cursor_counters(cursor).unwrap().rows_read, 3);
    }
}

#[test]
fn a_definition_that_finds_everything_there_counts_nothing() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    for text in [
        "CREATE TABLE IF NOT EXISTS t(k TEXT PRIMARY KEY)",
        "CREATE INDEX IF NOT EXISTS i ON t(k)",
        "DROP INDEX IF EXISTS i",
    ] {
        let mut count = || {
            let cursor = exec(&mut database, text);
            database.cursor_rest(cursor).unwrap();
            cursor
        };
        let (first, again) = (count(), count());

        assert!(
            database.cursor_counters(first).unwrap().rows_written > 0,
            "{text}"
        );
        let counted = database.cursor_counters(again).unwrap();
        assert_eq!((counted.rows_read, counted.rows_written), (0, 0), "{text}");
    }
}
