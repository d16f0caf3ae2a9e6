//! What SQL may do: authorization, limits, and the words of every refusal.

use stated_storage::{Database, SqlValue};

use crate::fixture::{Fixture, error, int, rows, run, text};

const NOT_AUTHORIZED: &str = "not authorized: SQLITE_AUTH";

#[test]
fn syntax_errors_tell_where() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    for (sql, message) in [
        (
            "SELECT ;",
            "near \";\": syntax error at offset 7: SQLITE_ERROR",
        ),
        (
            "SELECT -;",
            "near \";\": syntax error at offset 8: SQLITE_ERROR",
        ),
        (
            "INSER",
            "near \"INSER\": syntax error at offset 0: SQLITE_ERROR",
        ),
        (
            "SELECT 'x",
            "unrecognized token: \"'x\" at offset 7: SQLITE_ERROR",
        ),
        ("SELECT * FROM t WHERE", "incomplete input: SQLITE_ERROR"),
        ("SELECT * FROM X", "no such table: X: SQLITE_ERROR"),
        (
            "SELECT nope(1)",
            "no such function: nope at offset 7: SQLITE_ERROR",
        ),
    ] {
        assert_eq!(error(&mut database, sql), message, "{sql}");
    }
}

#[test]
fn constraints_tell_which() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE p (id INTEGER PRIMARY KEY); \
         CREATE TABLE t (c UNIQUE CHECK (c <> 5), p REFERENCES p (id), n NOT NULL DEFAULT 0); \
         INSERT INTO t (c) VALUES (1)",
    );

    for (sql, message) in [
        (
            "INSERT INTO t (c) VALUES (1)",
            "UNIQUE constraint failed: t.c: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)",
        ),
        (
            "INSERT INTO t (c) VALUES (5)",
            "CHECK constraint failed: c <> 5: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_CHECK)",
        ),
        (
            "INSERT INTO t (c, p) VALUES (2, 7)",
            "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT \
             (extended: SQLITE_CONSTRAINT_FOREIGNKEY)",
        ),
        (
            "INSERT INTO t (n) VALUES (NULL)",
            "NOT NULL constraint failed: t.n: SQLITE_CONSTRAINT \
             (extended: SQLITE_CONSTRAINT_NOTNULL)",
        ),
        (
            "INSERT INTO p VALUES ('x')",
            "datatype mismatch: SQLITE_MISMATCH",
        ),
    ] {
        assert_eq!(error(&mut database, sql), message, "{sql}");
    }
}

#[test]
fn transactions_belong_to_the_storage_api() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    for sql in [
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT x",
        "RELEASE x",
        "SELECT 1; END",
    ] {
        assert_eq!(
            error(&mut database, sql),
            "To execute a transaction, please use the state.storage.transaction() or \
             state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or \
             SAVEPOINT statements. The JavaScript API is safer because it will automatically roll \
             back on exceptions, and because it interacts correctly with Durable Objects' \
             automatic atomic write coalescing.",
            "{sql}"
        );
    }
}

#[test]
fn reserved_names_are_out_of_reach() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    run(&mut database, "CREATE TABLE t (x)");

    for sql in [
        "CREATE TABLE _cf_x (a)",
        "CREATE TABLE _CF_x (a)",
        "CREATE VIEW _cf_v AS SELECT 1",
        "CREATE INDEX _cf_i ON t (x)",
        "CREATE INDEX i ON _cf_KV (value)",
        "CREATE TRIGGER _cf_t AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TRIGGER g AFTER INSERT ON _cf_KV BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE _cf_f USING fts5 (a)",
        "DROP TABLE _cf_KV",
        "INSERT INTO _cf_KV VALUES (1, 2)",
        "DELETE FROM _cf_KV",
        "ALTER TABLE _cf_KV ADD COLUMN x",
        "ALTER TABLE t RENAME TO _cf_y",
        "ALTER TABLE t RENAME TO \"_CF_y\"",
        "PRAGMA table_info(_cf_KV)",
        "SELECT * FROM pragma_table_info('_cf_KV')",
    ] {
        assert_eq!(error(&mut database, sql), NOT_AUTHORIZED, "{sql}");
    }
    assert_eq!(
        error(&mut database, "SELECT * FROM _cf_KV"),
        "access to _cf_KV.key is prohibited: SQLITE_AUTH"
    );
    assert_eq!(
        error(&mut database, "UPDATE _cf_KV SET value = 1"),
        NOT_AUTHORIZED
    );
}

#[test]
fn a_reserved_name_stays_out_of_reach_when_a_statement_is_compiled_again() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE t (x); CREATE VIEW v AS SELECT x FROM t",
    );
    run(&mut database, "SELECT * FROM v");
    database.kv_put("a", b"1").unwrap();

    // The cached SELECT is compiled inside its next step, when the view means something else.
    run(&mut database, "DROP VIEW v");
    run(
        &mut database,
        "CREATE VIEW v AS SELECT value AS x FROM _cf_KV",
    );

    assert_eq!(
        error(&mut database, "SELECT * FROM v"),
        "access to _cf_KV.value is prohibited: SQLITE_AUTH"
    );
}

#[test]
fn databases_and_temporary_objects_are_denied() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (x)");

    for sql in [
        "ATTACH 'x' AS y",
        "DETACH y",
        "CREATE TEMP TABLE t (a)",
        "CREATE TEMP VIEW v AS SELECT 1",
        "CREATE TABLE temp.t (a)",
        "CREATE TABLE temp.t AS SELECT 1",
        "CREATE VIEW temp.v AS SELECT 1",
        "CREATE TRIGGER temp.g AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE temp.f USING fts5 (a)",
        "PRAGMA temp.table_info(t)",
        "PRAGMA temp.page_size",
        "SELECT * FROM pragma_table_info('t', 'temp')",
        "ANALYZE temp",
        "CREATE VIRTUAL TABLE f USING fts4 (a)",
        "CREATE VIRTUAL TABLE f USING dbstat",
    ] {
        assert_eq!(error(&mut database, sql), NOT_AUTHORIZED, "{sql}");
    }
    assert_eq!(
        error(&mut database, "VACUUM"),
        "cannot VACUUM from within a transaction: SQLITE_ERROR"
    );
    assert_eq!(
        error(
            &mut database,
            "INSERT INTO sqlite_master VALUES (1, 2, 3, 4, 5)"
        ),
        "table sqlite_master may not be modified: SQLITE_ERROR"
    );
}

#[test]
fn ordinary_definitions_are_allowed() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    for sql in [
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b)",
        "CREATE INDEX i ON t (b)",
        "CREATE VIEW v AS SELECT b FROM t",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET b = 1; SELECT 2; END",
        "INSERT INTO t (b) VALUES (5)",
        "ALTER TABLE t RENAME TO u",
        "ALTER TABLE u RENAME COLUMN b TO c",
        "ALTER TABLE u ADD COLUMN d",
        "ALTER TABLE u DROP COLUMN d",
        "REINDEX",
        "ANALYZE",
        "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 5) SELECT * FROM c",
        "CREATE VIRTUAL TABLE f USING FTS5 (a)",
        "INSERT INTO f VALUES ('hello world')",
        "SELECT highlight(f, 0, '<', '>'), bm25(f) FROM f ('hello')",
        "CREATE VIRTUAL TABLE r USING rtree (id, x0, x1)",
        "INSERT INTO r VALUES (1, 2, 3)",
        "SELECT * FROM json_each('[1]'), json_tree('{}')",
        "SELECT * FROM pragma_table_list",
        "SELECT * FROM pragma_table_info('u')",
        "EXPLAIN QUERY PLAN SELECT 1",
        "DROP TRIGGER g",
        "DROP VIEW v",
        "DROP INDEX i",
        "DROP TABLE u",
        "DROP TABLE f",
    ] {
        run(&mut database, sql);
    }
}

#[test]
fn a_view_and_a_trigger_are_judged_by_what_they_touch() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    run(
        &mut database,
        "CREATE TABLE t (x); \
         CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM _cf_KV; END",
    );

    assert_eq!(
        error(&mut database, "INSERT INTO t VALUES (1)"),
        NOT_AUTHORIZED
    );
}

#[test]
fn pragmas_are_limited_to_the_list() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (x)");

    for sql in [
        "PRAGMA data_version",
        "PRAGMA page_size",
        "PRAGMA foreign_keys",
        "PRAGMA case_sensitive_like = 'ON'",
        "PRAGMA defer_foreign_keys = off",
        "PRAGMA foreign_key_check",
        "PRAGMA foreign_key_list(t)",
        "PRAGMA index_list('t')",
        "PRAGMA quick_check(5)",
        "PRAGMA optimize",
        "PRAGMA optimize(0x10002)",
        "PRAGMA table_list",
        "PRAGMA table_xinfo(t)",
    ] {
        run(&mut database, sql);
    }
    for sql in [
        "PRAGMA page_size = 512",
        "PRAGMA foreign_keys = maybe",
        "PRAGMA journal_mode",
        "PRAGMA user_version",
        "PRAGMA max_page_count",
        "PRAGMA hard_heap_limit",
        "PRAGMA writable_schema = 1",
        "PRAGMA locking_mode",
        "PRAGMA synchronous",
        "PRAGMA wal_checkpoint",
        "PRAGMA integrity_check",
        "SELECT * FROM pragma_user_version",
    ] {
        assert_eq!(error(&mut database, sql), NOT_AUTHORIZED, "{sql}");
    }
}

/// The names that SQLite itself knows.
fn names(sql: &str) -> Vec<String> {
    let plain = rusqlite::Connection::open_in_memory().unwrap();
    let mut statement = plain.prepare(sql).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.map(Result::unwrap).collect()
}

#[test]
fn a_switch_takes_what_begins_with_a_word_for_on_or_off_and_no_other() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    for pragma in [
        "case_sensitive_like",
        "defer_foreign_keys",
        "foreign_keys",
        "ignore_check_constraints",
        "legacy_alter_table",
        "recursive_triggers",
        "reverse_unordered_selects",
    ] {
        run(&mut database, &format!("PRAGMA {pragma}"));
        for word in ["true", "FALSE", "yes", "No", "'on'", "\"off\"", "1", "0"] {
            run(&mut database, &format!("PRAGMA {pragma} = {word}"));
        }
        // What follows the word does not count.
        for word in ["10", "0x2", "1.5", "onn"] {
            run(&mut database, &format!("PRAGMA {pragma} = {word}"));
        }
        for word in ["2", "full", "''", "-1"] {
            let sql = format!("PRAGMA {pragma} = {word}");
            assert_eq!(error(&mut database, &sql), NOT_AUTHORIZED, "{sql}");
        }
    }
}

#[test]
fn every_other_pragma_is_denied() {
    const ALLOWED: [&str; 18] = [
        "case_sensitive_like",
        "data_version",
        "defer_foreign_keys",
        "foreign_key_check",
        "foreign_key_list",
        "foreign_keys",
        "ignore_check_constraints",
        "index_info",
        "index_list",
        "index_xinfo",
        "legacy_alter_table",
        "optimize",
        "page_size",
        "quick_check",
        "recursive_triggers",
        "reverse_unordered_selects",
        "table_info",
        "table_list",
    ];
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let others = names("SELECT DISTINCT name FROM pragma_pragma_list")
        .into_iter()
        .filter(|name| !ALLOWED.contains(&name.as_str()) && name != "table_xinfo");
    let mut count = 0;

    for name in others {
        for sql in [format!("PRAGMA {name}"), format!("PRAGMA {name} = 1")] {
            assert_eq!(error(&mut database, &sql), NOT_AUTHORIZED, "{sql}");
        }
        count += 1;
    }

    assert!(count > 20, "{count}");
}

#[test]
fn foreign_keys_can_be_switched_outside_a_transaction_only() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    assert_eq!(run(&mut database, "PRAGMA foreign_keys"), [[int(1)]]);

    run(&mut database, "PRAGMA foreign_keys = off");
    assert_eq!(run(&mut database, "PRAGMA foreign_keys"), [[int(0)]]);

    run(&mut database, "CREATE TABLE t (x)");
    run(&mut database, "PRAGMA foreign_keys = on");
    assert_eq!(run(&mut database, "PRAGMA foreign_keys"), [[int(0)]]);
}

#[test]
fn functions_are_limited_to_the_list() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    for (call, name) in [
        ("sqlite_version()", "sqlite_version"),
        ("sqlite_source_id()", "sqlite_source_id"),
        (
            "sqlite_compileoption_used('x')",
            "sqlite_compileoption_used",
        ),
        ("if(1, 2, 3)", "if"),
        ("ceiling(1.2)", "ceiling"),
        ("log10(100)", "log10"),
        ("power(2, 3)", "power"),
    ] {
        assert_eq!(
            error(&mut database, &format!("SELECT {call}")),
            format!("not authorized to use function: {name} at offset 7: SQLITE_ERROR")
        );
    }
    for call in [
        "iif(1, 2, 3)",
        "'{\"a\":1}' ->> 'a'",
        "sqrt(2)",
        "ceil(1.5)",
        "group_concat(1)",
        "timediff('2020-01-01', '2021-01-01')",
        "current_timestamp",
        "row_number() OVER ()",
        "unhex('00')",
        "jsonb('[]')",
        "soundex('x')",
    ] {
        run(&mut database, &format!("SELECT {call}"));
    }
    assert_eq!(
        error(&mut database, "SELECT load_extension('x')"),
        "not authorized: SQLITE_ERROR"
    );
}

/// Every function that programs may call, by the reference.
const FUNCTIONS: &str = "\
    abs changes char coalesce concat concat_ws format glob hex ifnull iif instr last_insert_rowid length \
    like likelihood likely lower ltrim max min nullif octet_length printf quote random randomblob replace \
    round rtrim sign soundex substr substring total_changes trim typeof unhex unicode unlikely upper \
    zeroblob date time datetime julianday unixepoch strftime timediff current_date current_time \
    current_timestamp avg count group_concat string_agg sum total row_number rank dense_rank \
    percent_rank cume_dist ntile lag lead first_value last_value nth_value acos acosh asin asinh atan \
    atan2 atanh ceil cos cosh degrees exp floor ln log log2 mod pi pow radians sin sinh sqrt tan tanh \
    trunc json jsonb json_array jsonb_array json_array_length json_extract jsonb_extract json_insert \
    jsonb_insert json_object jsonb_object json_patch jsonb_patch json_remove jsonb_remove json_replace \
    jsonb_replace json_set jsonb_set json_type json_valid json_quote json_group_array \
    jsonb_group_array json_group_object jsonb_group_object";

#[test]
fn every_function_of_the_list_is_allowed_and_no_other_of_sqlites() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let allowed: Vec<&str> = FUNCTIONS.split_whitespace().collect();

    for name in &allowed {
        let arguments = (0..4).map(|count| vec!["1"; count].join(", "));
        // With some number of arguments it is called, or fails in a way of its own.
        let is_called = arguments.into_iter().any(|arguments| {
            let sql = format!("SELECT {name}({arguments})");
            match rows(&mut database, &sql, &[]) {
                Ok(_) => true,
                Err(error) => {
                    let text = error.to_string();
                    assert!(!text.contains("not authorized"), "{sql}: {text}");
                    !text.contains("no such function") && !text.contains("wrong number")
                }
            }
        });
        // Three are no functions but words.
        assert!(is_called || name.starts_with("current_"), "{name}");
    }
    let mut count = 0;
    for name in names("SELECT DISTINCT name FROM pragma_function_list") {
        let is_internal = [
            "match",
            "load_extension",
            "rtreecheck",
            "snippet",
            "highlight",
            "bm25",
        ]
        .contains(&name.as_str())
            || name.starts_with("sqlite_rename_")
            || name == "sqlite_drop_column";
        if allowed.contains(&name.as_str()) || is_internal || !name.starts_with(char::is_alphabetic)
        {
            continue;
        }
        let refused = (0..4).any(|arguments| {
            let arguments = vec!["1"; arguments].join(", ");
            let result = rows(&mut database, &format!("SELECT {name}({arguments})"), &[]);
            let text = result.map_or_else(|error| error.to_string(), |rows| format!("{rows:?}"));
            text.contains(&format!("not authorized to use function: {name}"))
                || text.contains("no such function")
        });
        assert!(refused, "{name}");
        count += 1;
    }
    assert!(count > 3, "{count}");
}

#[test]
fn what_the_reference_was_compiled_without_is_not_there() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(&mut database, "CREATE TABLE t (x)");

    assert_eq!(
        error(&mut database, "SELECT * FROM dbstat"),
        "no such table: dbstat: SQLITE_ERROR"
    );
    for name in ["fts3_tokenizer", "matchinfo", "offsets", "optimize"] {
        for arguments in ["", "1", "1, 2"] {
            assert_eq!(
                error(&mut database, &format!("SELECT {name}({arguments})")),
                format!("no such function: {name} at offset 7: SQLITE_ERROR")
            );
        }
    }
}

#[test]
fn another_name_of_a_function_is_refused_with_the_right_number_of_arguments_only() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    for (call, name) in [
        ("ceiling()", "ceiling"),
        ("log10(1, 2)", "log10"),
        ("power(1)", "power"),
    ] {
        assert_eq!(
            error(&mut database, &format!("SELECT {call}")),
            format!("wrong number of arguments to function {name}() at offset 7: SQLITE_ERROR")
        );
    }
}

#[test]
fn mathematical_functions_work_in_stored_definitions() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE t (x, r AS (sqrt(x))); INSERT INTO t VALUES (9)",
    );
    database.end_turn().unwrap();
    drop(database);

    let mut database = fixture.open("o.sqlite");

    assert_eq!(
        run(&mut database, "SELECT r FROM t"),
        [[SqlValue::Real(3.0)]]
    );
}

#[test]
fn each_limit_holds_at_its_value_and_not_above() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let ones = |count: usize| vec!["1"; count].join(", ");
    let columns = |count: usize| {
        let names: Vec<_> = (0..count).map(|column| format!("c{column}")).collect();
        format!("CREATE TABLE t{count} ({})", names.join(", "))
    };
    let sql_of = |bytes: usize| format!("SELECT '{}'", "a".repeat(bytes - 9));
    let like = |bytes: usize| format!("SELECT 'x' LIKE '{}'", "a".repeat(bytes));
    let union = |terms: usize| vec!["SELECT 1"; terms].join(" UNION ");
    let depth = |terms: usize| format!("SELECT {}", vec!["1"; terms].join("+"));

    for (fits, exceeds, message) in [
        (
            sql_of(100_000),
            sql_of(100_001),
            "statement too long: SQLITE_TOOBIG",
        ),
        (
            format!("SELECT {}", ones(100)),
            format!("SELECT {}", ones(101)),
            "too many columns in result set: SQLITE_ERROR",
        ),
        (
            columns(100),
            columns(101),
            "too many columns on t101: SQLITE_ERROR",
        ),
        (
            format!("SELECT max({})", ones(127)),
            format!("SELECT max({})", ones(128)),
            "too many arguments on function max at offset 7: SQLITE_ERROR",
        ),
        (
            like(50),
            like(51),
            "LIKE or GLOB pattern too complex: SQLITE_ERROR",
        ),
        (
            depth(100),
            depth(101),
            "Expression tree is too large (maximum depth 100): SQLITE_ERROR",
        ),
        (
            union(5),
            union(6),
            "too many terms in compound SELECT: SQLITE_ERROR",
        ),
        (
            "SELECT length(zeroblob(4194304))".into(),
            "SELECT length(zeroblob(4194305))".into(),
            "string or blob too big: SQLITE_TOOBIG",
        ),
    ] {
        run(&mut database, &fits);
        assert_eq!(error(&mut database, &exceeds), message);
    }
}

#[test]
fn a_hundred_parameters_fit_and_no_more() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let marks = |count: usize| format!("SELECT {}", vec!["?"; count].join(","));

    assert!(rows(&mut database, &marks(100), &vec![int(1); 100]).is_ok());
    assert_eq!(
        rows(&mut database, &marks(101), &vec![int(1); 101])
            .unwrap_err()
            .to_string(),
        "too many SQL variables at offset 207: SQLITE_ERROR"
    );
    assert_eq!(
        error(&mut database, "SELECT ?101"),
        "variable number must be between ?1 and ?100 at offset 7: SQLITE_ERROR"
    );
}

/// SQLite doubles the room for a program until it would be more than the limit. It begins with what
/// its allocator has at hand, so the longest program that fits has 12,800 or 21,504 instructions.
#[test]
fn a_program_of_10000_instructions_fits_and_one_of_25001_does_not() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let values = |count: usize| format!("VALUES {}", vec!["(1)"; count].join(","));
    let explain = |database: &mut Database, count: usize| {
        run(database, &format!("EXPLAIN {}", values(count))).len()
    };
    // How long it gets by each row.
    let (ten, twenty) = (explain(&mut database, 10), explain(&mut database, 20));
    let each = (twenty - ten) / 10;

    let fits = rows(&mut database, &values((10_000 - ten) / each), &[]);
    assert!(fits.is_ok());
    let exceeds = rows(&mut database, &values(25_001 / each + 1), &[]);
    let message = exceeds.map(|rows| rows.len()).unwrap_err().to_string();
    assert_eq!(message, "out of memory: SQLITE_NOMEM");
}

#[test]
fn triggers_nest_ten_deep_and_no_deeper() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    run(
        &mut database,
        "CREATE TABLE t (x); CREATE TRIGGER g AFTER INSERT ON t WHEN new.x > 1 \
         BEGIN INSERT INTO t VALUES (new.x - 1); END; PRAGMA recursive_triggers = on",
    );

    run(&mut database, "INSERT INTO t VALUES (10)");
    assert_eq!(
        error(&mut database, "INSERT INTO t VALUES (11)"),
        "triggers nested too deep: SQLITE_ERROR"
    );
}

#[test]
fn double_quoted_strings_are_accepted() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    assert_eq!(run(&mut database, "SELECT \"abc\""), [[text("abc")]]);
}
