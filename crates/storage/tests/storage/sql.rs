//! Running SQL: statements, values, cursors and the statement cache.

use stated_storage::{Backend, SqlValue};

use crate::fixture::{Fixture, error, exec, int, integer, rows, run, text};

#[test]
fn an_insert_is_done_when_exec_returns() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (x)");

    exec(&mut database, "INSERT INTO t VALUES (1), (2) RETURNING x");

    assert_eq!(integer(&mut database, "SELECT count(*) FROM t"), 2);
}

#[test]
fn only_the_last_statement_has_rows_and_bindings() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    let result = rows(
        &mut database,
        "CREATE TABLE t (x); INSERT INTO t VALUES (5); SELECT 1; ; SELECT x, ? FROM t; \u{b}\n",
        &[text("v")],
    );

    assert_eq!(result.unwrap(), [[int(5), text("v")]]);
}

#[test]
fn what_earlier_statements_did_remains_when_a_later_one_fails() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    let message = error(
        &mut database,
        "CREATE TABLE t (x); INSERT INTO t VALUES (1); INSER",
    );

    assert_eq!(
        message,
        "near \"INSER\": syntax error at offset 0: SQLITE_ERROR"
    );
    assert_eq!(integer(&mut database, "SELECT count(*) FROM t"), 1);
}

#[test]
fn an_offset_counts_from_the_statement_and_from_the_space_before_the_first() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    for (sql, offset) in [
        (" SELEC", 1),
        ("SELECT 1;  SELEC", 0),
        ("SELECT 1;\n\tSELEC", 0),
        ("SELECT 1; /* c */ SELEC", 8),
        ("SELECT 1; -- c\nSELEC", 5),
        ("SELECT 1;;SELEC", 1),
        ("\n;SELEC", 2),
    ] {
        assert_eq!(
            error(&mut database, sql),
            format!("near \"SELEC\": syntax error at offset {offset}: SQLITE_ERROR"),
            "{sql:?}"
        );
    }
}

#[test]
fn a_text_without_statement_is_refused() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    for sql in [
        "",
        ";",
        " ",
        "-- x",
        "/* x",
        "SELECT 1; -- x",
        ";;SELECT 1;;",
    ] {
        assert_eq!(
            error(&mut database, sql),
            "SQL code did not contain a statement.",
            "{sql:?}"
        );
    }
    assert_eq!(run(&mut database, ";;SELECT 1;  ").len(), 1);
}

#[test]
fn a_nul_ends_what_is_run_and_begins_a_text_without_statement() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (x)");

    for sql in [
        "\0",
        "SELECT 1\0",
        "SELECT 1; \0",
        "INSERT INTO t VALUES (1)\0 INSERT INTO t VALUES (2)",
        "\u{feff}",
        "SELECT 1;\u{feff}",
    ] {
        assert_eq!(
            error(&mut database, sql),
            "SQL code did not contain a statement.",
            "{sql:?}"
        );
    }
    assert_eq!(
        error(&mut database, "SELECT 'a\0b'"),
        "unrecognized token: \"'a\" at offset 7: SQLITE_ERROR"
    );
    assert_eq!(run(&mut database, "SELECT x FROM t"), [[int(1)]]);
    let ingested = database.sql_ingest("SELECT 1;\0SELECT 2;").unwrap();
    assert_eq!(
        (ingested.remainder, ingested.statements),
        ("\0SELECT 2;", 1)
    );
    assert_eq!(run(&mut database, "\u{feff}SELECT 1"), [[int(1)]]);
}

#[test]
fn bindings_must_match_the_parameters() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    for (sql, bindings) in [
        ("SELECT ?", vec![]),
        ("SELECT ?", vec![int(1), int(2)]),
        ("SELECT 1", vec![int(1)]),
        ("SELECT 1; SELECT ?", vec![]),
    ] {
        assert_eq!(
            rows(&mut database, sql, &bindings).unwrap_err().to_string(),
            "Wrong number of parameter bindings for SQL query.",
            "{sql}"
        );
    }
    assert_eq!(
        rows(&mut database, "SELECT ?; SELECT ?", &[int(1)])
            .unwrap_err()
            .to_string(),
        "When executing multiple SQL statements in a single call, only the last statement can \
         have parameters."
    );
}

#[test]
fn values_come_back_as_they_are_stored() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let values = [
        SqlValue::Null,
        SqlValue::Real(1.5),
        text("é\0x"),
        SqlValue::Blob(vec![0, 255]),
        SqlValue::Blob(Vec::new()),
        text(""),
    ];

    let result = rows(&mut database, "SELECT ?, ?, ?, ?, ?, ?", &values).unwrap();

    assert_eq!(result, [values.to_vec()]);
}

#[test]
fn a_number_is_real_until_a_column_makes_it_an_integer() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (i INTEGER, n)");
    let three = SqlValue::Real(3.0);
    rows(
        &mut database,
        "INSERT INTO t VALUES (?, ?)",
        &[three.clone(), three],
    )
    .unwrap();

    assert_eq!(
        run(&mut database, "SELECT typeof(i), typeof(n) FROM t"),
        [[text("integer"), text("real")]]
    );
}

#[test]
fn column_names_are_known_before_during_and_after() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let cursor = exec(&mut database, "SELECT 1 AS a, 2 AS a, 'x'");
    let names = ["a", "a", "'x'"];

    assert_eq!(&*database.cursor_columns(cursor), names);
    database.cursor_rest(cursor).unwrap();
    assert_eq!(&*database.cursor_columns(cursor), names);

    let insert = exec(&mut database, "CREATE TABLE t (x)");
    assert!(database.cursor_columns(insert).is_empty());
    let empty = exec(&mut database, "SELECT x FROM t");
    assert_eq!(&*database.cursor_columns(empty), ["x"]);
}

#[test]
fn a_cached_statement_follows_the_schema() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE t (a); INSERT INTO t VALUES (1)",
    );
    run(&mut database, "SELECT * FROM t");
    run(&mut database, "ALTER TABLE t ADD COLUMN b DEFAULT 2");

    let cursor = exec(&mut database, "SELECT * FROM t");

    assert_eq!(&*database.cursor_columns(cursor), ["a", "b"]);
    assert_eq!(database.cursor_rest(cursor).unwrap(), [[int(1), int(2)]]);
}

#[test]
fn the_same_text_can_run_twice_at_once() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)",
    );
    let sql = "SELECT x FROM t ORDER BY x";

    let first = exec(&mut database, sql);
    assert_eq!(database.cursor_next(first).unwrap(), Some(vec![int(1)]));
    let second = exec(&mut database, sql);
    assert_eq!(database.cursor_next(second).unwrap(), Some(vec![int(1)]));
    assert_eq!(database.cursor_next(first).unwrap(), Some(vec![int(2)]));
    assert_eq!(database.cursor_rest(second).unwrap(), [[int(2)]]);
    assert_eq!(database.cursor_next(first).unwrap(), None);
}

#[test]
fn a_cursor_lives_across_turns() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)",
    );
    let cursor = exec(&mut database, "SELECT x FROM t");
    database.cursor_next(cursor).unwrap();

    database.end_turn().unwrap();
    run(&mut database, "INSERT INTO t VALUES (4)");
    database.end_turn().unwrap();

    assert_eq!(
        database.cursor_rest(cursor).unwrap(),
        [[int(2)], [int(3)], [int(4)]]
    );
}

#[test]
fn an_unread_returning_clause_does_not_stop_the_commit() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (x)");
    let cursor = exec(
        &mut database,
        "INSERT INTO t VALUES (1), (2), (3) RETURNING x",
    );
    database.cursor_next(cursor).unwrap();

    assert!(database.end_turn().unwrap().is_some());

    assert_eq!(database.cursor_rest(cursor).unwrap(), [[int(2)], [int(3)]]);
    assert_eq!(integer(&mut database, "SELECT count(*) FROM t"), 3);
}

#[test]
fn a_closed_cursor_has_no_more_rows_and_its_statement_is_used_again() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let cursor = exec(&mut database, "SELECT 1 UNION SELECT 2");

    database.cursor_close(cursor);

    assert_eq!(database.cursor_next(cursor).unwrap(), None);
    assert_eq!(run(&mut database, "SELECT 1 UNION SELECT 2").len(), 2);
}

#[test]
fn an_error_on_the_way_to_the_next_row_ends_the_cursor() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let sql = "SELECT abs(column1) FROM (VALUES (1), (-9223372036854775807 - 1), (3))";
    let cursor = exec(&mut database, sql);

    assert_eq!(
        database.cursor_next(cursor).unwrap_err().to_string(),
        "integer overflow: SQLITE_ERROR"
    );
    assert_eq!(database.cursor_next(cursor).unwrap(), None);
}

#[test]
fn the_size_counts_used_pages() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    assert_eq!(database.database_size().unwrap(), 4096);

    run(
        &mut database,
        "CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(10000))",
    );
    assert_eq!(database.database_size().unwrap(), 4 * 4096);

    run(&mut database, "DELETE FROM t");
    assert_eq!(database.database_size().unwrap(), 2 * 4096);
}

#[test]
fn ingest_runs_complete_statements_and_returns_the_rest() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    for (script, remainder, statements) in [
        ("SELECT 123; SELECT 456", " SELECT 456", 1),
        ("SELECT 123;", "", 1),
        ("SELECT ';", "SELECT ';", 0),
        ("", "", 0),
        ("SELECT 1;\n\n", "\n\n", 1),
        ("/* a */ SELECT 1; -- b\n", " -- b\n", 1),
        (
            "CREATE TABLE t (x); INSERT INTO t VALUES ('é;'); INS",
            " INS",
            2,
        ),
    ] {
        let ingested = database.sql_ingest(script).unwrap();
        assert_eq!(
            (ingested.remainder, ingested.statements),
            (remainder, statements),
            "{script:?}"
        );
    }
    assert_eq!(integer(&mut database, "SELECT count(*) FROM t"), 1);
}

#[test]
fn ingest_counts_rows_up_to_the_first_of_each_statement() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (x)");

    let script = "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); SELECT * FROM t;";
    let counters = database.sql_ingest(script).unwrap().counters;

    assert_eq!((counters.rows_read, counters.rows_written), (1, 2));
}

#[test]
fn ingest_stops_at_the_first_statement_that_fails() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (x)");

    for (script, message) in [
        (
            "INSERT INTO t VALUES (1); SELEC; SELECT 1",
            "near \"SELEC\": syntax error at offset 1: SQLITE_ERROR",
        ),
        (
            "SELECT ?; SELECT 1",
            "Wrong number of parameter bindings for SQL query.",
        ),
        (";; SELECT 1;", "SQL code did not contain a statement."),
        ("-- b;\n;", "SQL code did not contain a statement."),
    ] {
        assert_eq!(
            database.sql_ingest(script).unwrap_err().to_string(),
            message,
            "{script}"
        );
    }
    assert_eq!(integer(&mut database, "SELECT count(*) FROM t"), 1);
}

#[test]
fn a_cursor_tells_whether_its_statement_was_compiled_before() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let mut reused = |sql: &str| {
        let cursor = database.sql_exec(sql, &[]).unwrap();
        let reused = database.cursor_was_reused(cursor);
        database.cursor_close(cursor);
        reused
    };

    assert!(!reused("SELECT 1"));
    assert!(reused("SELECT 1"));
    assert!(!reused("SELECT 2"));
}

#[test]
fn deletions_and_updates_take_an_order_and_a_limit() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3), (4)",
    );

    assert_eq!(
        run(
            &mut database,
            "DELETE FROM t RETURNING x ORDER BY x DESC LIMIT 1"
        ),
        [[int(4)]]
    );
    run(
        &mut database,
        "UPDATE t SET x = x * 10 ORDER BY x LIMIT 1 OFFSET 1",
    );
    assert_eq!(
        run(&mut database, "SELECT x FROM t ORDER BY x"),
        [[int(1)], [int(3)], [int(20)]]
    );
    for (sql, message) in [
        (
            "DELETE FROM t ORDER BY x",
            "ORDER BY without LIMIT on DELETE: SQLITE_ERROR",
        ),
        (
            "DELETE FROM nope ORDER BY q LIMIT 1",
            "no such table: nope: SQLITE_ERROR",
        ),
        (
            "DELETE FROM t ORDER BY q LIMIT 1",
            "no such column: q at offset 23: SQLITE_ERROR",
        ),
        (
            "DELETE FROM _cf_KV LIMIT 1",
            "no such table: _cf_KV: SQLITE_ERROR",
        ),
    ] {
        assert_eq!(error(&mut database, sql), message, "{sql}");
    }
}

#[test]
fn sql_is_refused_where_it_was_not_declared() {
    let fixture = Fixture::new();
    let mut disabled = fixture.open_as("a.sqlite", Backend::Sqlite { sql_enabled: false });
    let mut key_value = fixture.open_as("b.sqlite", Backend::KeyValue);

    assert_eq!(
        error(&mut disabled, "SELECT 1"),
        "SQL is not enabled for this Durable Object class. To enable it, change `new_classes` to \
         `new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or \
         wrangler.toml file. If using workerd directly,set `enableSql = true` in your workerd \
         config for the class. Note that this change cannot be made after the class is already \
         deployed to production."
    );
    assert_eq!(
        error(&mut key_value, "SELECT 1"),
        "This Durable Object is not backed by SQLite storage, so the SQL API is not available. \
         SQL can be enabled on a new Durable Object class by using the `new_sqlite_classes` \
         instead of `new_classes` under `[[migrations]]` in your wrangler.toml, but an \
         already-deployed class cannot be converted to SQLite (except by deleting the existing \
         data)."
    );
    assert!(key_value.database_size().is_err());
    key_value.kv_put("a", b"1").unwrap();
    assert!(key_value.end_turn().unwrap().is_some());
}
