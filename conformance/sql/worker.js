/** SQL: `ctx.storage.sql`. Reference: section 5. */

import { caseObject, caseWorker, inObject, refuses } from "../harness.js";

/** A case about statements: `exec` runs one and gives its rows. */
const withSql = (body) => inObject(({ ctx: { storage } }, t) => body(storage.sql, t, storage));

/** Writes the rows or the error of each statement. */
async function writeEach(sql, t, statements) {
  for (const statement of statements) {
    await t.attempt(statement, () => sql.exec(statement).toArray());
  }
}

const cases = {
  "5.1 rows are plain objects": withSql((sql, t) => {
    const [row] = sql.exec("SELECT 1 AS a, 'x' AS b").toArray();
    t.write("row", row, Object.getPrototypeOf(row) === Object.prototype);
  }),

  "5.1 classes are reachable but cannot be constructed": withSql(async (sql, t) => {
    t.write("instance", sql.exec("SELECT 1") instanceof sql.Cursor);
    await t.attempt("new Cursor", () => new sql.Cursor());
  }),

  "5.1 the size of the database is whole pages": withSql((sql, t) => {
    sql.exec("CREATE TABLE t (x)");
    const before = sql.databaseSize;
    sql.exec("INSERT INTO t VALUES (zeroblob(100000))");
    t.write("pages", before % 4096, sql.databaseSize > before + 100000, sql.databaseSize % 4096);
  }),

  "5.2 bindings of every type": withSql(async (sql, t) => {
    const bind = (value) => sql.exec("SELECT typeof(?1) AS type, ?1 AS value", value).one();
    t.write("null", bind(null));
    t.write("undefined", bind(undefined));
    t.write("integral number", bind(7));
    t.write("fraction", bind(1.5));
    t.write("NaN", bind(NaN));
    t.write("infinity", bind(-Infinity));
    t.write("string", bind("text"));
    t.write("true", bind(true));
    t.write("false", bind(false));
    t.write("ArrayBuffer", bind(new Uint8Array([1, 2]).buffer));
    t.write("Uint8Array", bind(new Uint8Array([1, 2, 3]).subarray(1)));
    t.write("Uint16Array", bind(new Uint16Array([258])));
    t.write("DataView", bind(new DataView(new ArrayBuffer(2))));
    t.write("array", bind([1, 2]));
    t.write("object", bind({ a: 1 }));
    t.write("Date", typeof bind(new Date(0)).value);
    await t.attempt("BigInt", () => bind(7n));
    refuses(t, "symbol", () => bind(Symbol("s")));
  }),

  "5.2 bindings of other objects": withSql(async (sql, t) => {
    const values = {
      Number: new Number(5),
      String: new String("s"),
      Boolean: new Boolean(false),
      "invalid date": new Date(NaN),
      regexp: /a/g,
      error: new RangeError("e"),
      map: new Map(),
      promise: Promise.resolve(1),
      toString: { toString: () => "own" },
      valueOf: { valueOf: () => 7 },
      toPrimitive: { [Symbol.toPrimitive]: (hint) => hint },
      URL: new URL("http://host/path"),
      Blob: new Blob(["x"]),
      Uint8ClampedArray: new Uint8ClampedArray([300]),
      Float64Array: new Float64Array([1]),
      BigInt64Array: new BigInt64Array([1n]),
      "part of a buffer": new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1),
      resizable: new ArrayBuffer(2, { maxByteLength: 4 }),
      shared: new SharedArrayBuffer(2),
    };
    values.transferred = new ArrayBuffer(4);
    values["view of a transferred buffer"] = new Uint8Array(values.transferred, 1);
    structuredClone(values.transferred, { transfer: [values.transferred] });
    for (const [label, value] of Object.entries(values)) {
      await t.attempt(label, () => sql.exec("SELECT typeof(?1), ?1", value).raw().next().value);
    }
    await t.attempt("throwing", () => sql.exec("SELECT ?", { toString() { throw new RangeError("from toString"); } }));
    await t.attempt("BigInt object", () => sql.exec("SELECT ?", Object(5n)).raw().next().value);
  }),

  "5.2 what a column's type makes of a value": withSql((sql, t) => {
    sql.exec("CREATE TABLE t (i INTEGER, r REAL, x TEXT, b BLOB, n NUMERIC)");
    for (const value of [1, 1.5, "1", "1.5", "abc", "1e3", true, null, new Uint8Array([49]), 2 ** 53, 2 ** 63, 1e20, NaN, -0, "0x10", " 5 "]) {
      sql.exec("DELETE FROM t");
      sql.exec("INSERT INTO t VALUES (?1, ?1, ?1, ?1, ?1)", value);
      const types = sql.exec("SELECT typeof(i), typeof(r), typeof(x), typeof(b), typeof(n) FROM t").raw().next().value;
      t.write("value", value, types, sql.exec("SELECT * FROM t").raw().next().value);
    }
  }),

  "5.2 a column's affinity makes integers of numbers": withSql((sql, t) => {
    sql.exec("CREATE TABLE t (i INTEGER, r REAL, x TEXT, n)");
    sql.exec("INSERT INTO t VALUES (?, ?, ?, ?)", 7, 7, 7, 7);
    t.write("types", sql.exec("SELECT typeof(i), typeof(r), typeof(x), typeof(n) FROM t").raw().next().value);
    t.write("values", sql.exec("SELECT * FROM t").raw().next().value);
  }),

  "5.2 values of every type come back": withSql((sql, t) => {
    t.write("row", sql.exec("SELECT NULL, 42, -1.5, 'text', x'0102', 9007199254740993, 9223372036854775807, ''").raw().next().value);
    t.write("empty blob", sql.exec("SELECT x'' AS b").one().b);
    const read = () => sql.exec("SELECT x'01' AS b").one().b;
    t.write("fresh", read() !== read());
  }),

  "5.2 text keeps its characters": withSql((sql, t) => {
    t.write("emoji", sql.exec("SELECT ? AS v, length(?1) AS n", "é\u{1f600}").one());
    t.write("nul", sql.exec("SELECT ? AS v", "a\u0000b").one());
  }),

  "5.2 a lone surrogate is no text": withSql((sql, t) => {
    t.write("lone surrogate", sql.exec("SELECT ? AS v", "a\ud800b").one());
  }),

  "5.3 exec completes an insert without its cursor": withSql((sql, t) => {
    sql.exec("CREATE TABLE t (x)");
    sql.exec("INSERT INTO t VALUES (1), (2)");
    t.write("count", sql.exec("SELECT count(*) FROM t").one());
  }),

  "5.3 exec completes an insert that returns rows": withSql((sql, t) => {
    sql.exec("CREATE TABLE t (x)");
    const cursor = sql.exec("INSERT INTO t VALUES (3), (4) RETURNING x");
    t.write("count", sql.exec("SELECT count(*) FROM t").one());
    t.write("rows", cursor.toArray());
  }),

  "5.3 only the last of several statements gives rows": withSql(async (sql, t) => {
    t.write("rows", sql.exec("SELECT 1 AS a; SELECT 2 AS b; SELECT 3 AS c").toArray());
    t.write("bindings", sql.exec("CREATE TABLE t (x); INSERT INTO t VALUES (?) RETURNING x", "bound").toArray());
    t.write("whitespace", sql.exec("SELECT 1 AS a; \v\f\r\n\t ").toArray());
    await t.attempt("comment", () => sql.exec("SELECT 1 AS a; -- the end").toArray());
    await t.attempt("nothing", () => sql.exec("SELECT 1 AS a;;").toArray());
  }),

  "5.3 a later statement that fails leaves the effects of the earlier": withSql(async (sql, t) => {
    await t.attempt("exec", () => sql.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1); SELECT * FROM missing"));
    t.write("rows", sql.exec("SELECT * FROM t").toArray());
  }),

  "5.3 double quotes may quote a string": withSql((sql, t) => {
    t.write("row", sql.exec('SELECT "abc" AS x').one());
  }),

  "5.3 next gives value and done": withSql((sql, t) => {
    const cursor = sql.exec("SELECT 1 AS a UNION ALL SELECT 2");
    const first = cursor.next();
    t.write("first", first.done, first.value);
    t.write("second", cursor.next().value);
    const last = cursor.next();
    t.write("last", last.done, Object.keys(last));
    t.write("after", cursor.next().done);
  }),

  "5.3 iteration goes on where it was": withSql((sql, t) => {
    const cursor = sql.exec("SELECT value AS v FROM json_each('[1,2,3,4,5]')");
    cursor.next();
    for (const row of cursor) {
      t.write("loop", row);
      break;
    }
    t.write("raw", cursor.raw().next().value);
    t.write("rest", cursor.toArray());
    t.write("again", cursor.toArray());
  }),

  "5.3 one wants exactly one row": withSql(async (sql, t) => {
    t.write("one", sql.exec("SELECT 1 AS a").one());
    await t.attempt("none", () => sql.exec("SELECT 1 WHERE 0").one());
    await t.attempt("two", () => sql.exec("SELECT 1 UNION SELECT 2").one());
  }),

  "5.3 raw gives arrays": withSql((sql, t) => {
    t.write("toArray", sql.exec("SELECT 1, 2 UNION ALL SELECT 3, 4").raw().toArray());
    t.write("spread", [...sql.exec("SELECT 1 AS a, 2 AS a").raw()]);
  }),

  "5.3 column names are there at any time": withSql((sql, t) => {
    const cursor = sql.exec("SELECT 1 AS a, 2 AS b, 3 AS a");
    t.write("before", cursor.columnNames);
    t.write("row", cursor.toArray());
    t.write("after", cursor.columnNames);
    t.write("no result", sql.exec("CREATE TABLE t (x)").columnNames);
    t.write("no rows", sql.exec("SELECT x FROM t").columnNames);
  }),

  "5.3 expressions without a name are named after their text": withSql((sql, t) => {
    t.write("number", sql.exec("SELECT 123").one());
    t.write("parameter", sql.exec("SELECT ?", "x").one());
    t.write("sum", sql.exec("SELECT ? + ?", 1, 2).one());
    t.write("text", sql.exec("SELECT 'hello'").one());
    t.write("count", sql.exec("SELECT count(*) FROM json_each('[1,2]')").one());
  }),

  "5.3 numbered and named parameters": withSql(async (sql, t) => {
    t.write("numbered", sql.exec("SELECT ?2 AS a, ?1 AS b", "first", "second").one());
    await t.attempt("named", () => sql.exec("SELECT :a AS a, @b AS b, $c AS c", 1, 2, 3).one());
  }),

  "5.3 a cursor outlives an await": withSql(async (sql, t) => {
    const cursor = sql.exec("SELECT value AS v FROM json_each('[1,2,3]')");
    t.write("first", cursor.next().value);
    await scheduler.wait(1);
    t.write("rest", cursor.toArray());
  }),

  "5.3 the same text runs twice at once": withSql((sql, t) => {
    const text = "SELECT value AS v FROM json_each('[1,2,3]')";
    const first = sql.exec(text);
    const second = sql.exec(text);
    t.write("interleaved", first.next().value, second.next().value, first.next().value, second.next().value);
  }),

  "5.3 a changed table has its new columns": withSql((sql, t) => {
    sql.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    t.write("before", sql.exec("SELECT * FROM t").columnNames);
    sql.exec("ALTER TABLE t ADD COLUMN b DEFAULT 2");
    t.write("after", sql.exec("SELECT * FROM t").one());
  }),

  "5.3 deleteAll cancels everything of a cursor but its column names": withSql(async (sql, t, storage) => {
    sql.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)");
    const cursor = sql.exec("SELECT * FROM t");
    const raw = sql.exec("SELECT * FROM t").raw();
    await storage.deleteAll();
    await t.attempt("next", () => cursor.next());
    await t.attempt("toArray", () => cursor.toArray());
    await t.attempt("one", () => cursor.one());
    await t.attempt("rowsRead", () => cursor.rowsRead);
    await t.attempt("rowsWritten", () => cursor.rowsWritten);
    await t.attempt("raw", () => raw.next());
  }),

  "5.3 what happens to a table that is being read": withSql(async (sql, t) => {
    sql.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)");
    let cursor = sql.exec("SELECT * FROM t");
    sql.exec("INSERT INTO t VALUES (4)");
    t.write("inserted", cursor.toArray().length);
    cursor = sql.exec("SELECT * FROM t");
    cursor.next();
    sql.exec("DELETE FROM t WHERE x > 2");
    t.write("deleted", cursor.toArray());
    cursor = sql.exec("SELECT * FROM t");
    cursor.next();
    await t.attempt("drop", () => sql.exec("DROP TABLE t"));
    t.write("rest", cursor.toArray());
  }),

  "5.3 iterators of a cursor": withSql(async (sql, t) => {
    sql.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3), (4), (5)");
    const all = () => sql.exec("SELECT * FROM t");
    let cursor = all();
    for (const { x } of cursor) {
      if (x === 2) break;
    }
    t.write("after a break", cursor.toArray());
    cursor = all();
    for (const [x] of cursor.raw()) {
      if (x === 2) break;
    }
    t.write("raw, after a break", cursor.toArray());
    cursor = all();
    await t.attempt("one of many", () => cursor.one());
    t.write("after it", cursor.toArray());
    cursor = all();
    t.write("itself", cursor[Symbol.iterator]() === cursor, cursor.raw()[Symbol.iterator]() === cursor);
    t.write("helpers", cursor[Symbol.iterator]().map(({ x }) => x * 2).toArray(), all().raw().take(1).toArray());
    cursor = sql.exec("INSERT INTO t VALUES (6) RETURNING x AS q, *");
    t.write("names of what is returned", cursor.toArray(), cursor.columnNames);
  }),

  "5.3 deleteAll cancels a cursor": withSql(async (sql, t, storage) => {
    sql.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)");
    const cursor = sql.exec("SELECT * FROM t");
    cursor.next();
    await storage.deleteAll();
    await t.attempt("next", () => cursor.next());
  }),

  "5.4 what SQLite refuses": withSql(async (sql, t) => {
    await writeEach(sql, t, [
      "SELECT ;",
      "INSER INTO t VALUES (1)",
      "SELECT * FROM missing",
      "SELECT missing FROM sqlite_master",
      "SELECT 'unterminated",
      "SELECT nothing()",
    ]);
  }),

  "5.4 a NUL ends the text": withSql(async (sql, t) => {
    for (const text of ["\0", "SELECT 1\0", "SELECT 1\0 SELECT 2", "SELECT 'a\0b'", "SELECT 1 AS a -- \0"]) {
      await t.attempt(JSON.stringify(text), () => sql.exec(text).toArray());
    }
  }),

  "5.4 where a text begins and ends": withSql(async (sql, t) => {
    const texts = ["\ufeffSELECT 1", ";SELECT 1", "SELECT 1; ", "SELECT 1;\v\f\r", "SELECT 1;;", "SELECT 1; -- c", "SELECT 1; /* c",
      "SELECT 1;\u00a0", "SELECT 1; garbage", "garbage; SELECT 1", "/*", "--", "SELECT 1 /* c */ ", "SELECT /* c", "\ufeff"];
    for (const text of texts) {
      await t.attempt(JSON.stringify(text), () => sql.exec(text).raw().toArray());
    }
  }),

  "5.4 errors of names, types and functions": withSql(async (sql, t) => {
    sql.exec("CREATE TABLE t (a, b, CHECK (a > b)); CREATE TABLE s (a INT, b ANY) STRICT");
    await writeEach(sql, t, ["SELECT", "SELECT (", "SELECT )", "SELECT x'1'", "SELECT 0x", "SELECT 0x1FFFFFFFFFFFFFFFF", "SELECT 1e", "SELECT ?0",
      "SELECT *", "SELECT a.b.c.d", "VALUES (1), (2, 3)", "SELECT 1 UNION SELECT 1, 2", "SELECT 1 LIMIT 'x'", "SELECT 1 ORDER BY 2", "SELECT sum(sum(1))",
      "SELECT row_number()", "SELECT upper()", "SELECT upper(1, 2)", "SELECT abs(-9223372036854775808)", "SELECT json('x')",
      "SELECT json_extract('{}', 'x')", "SELECT json_object('a')", "SELECT like('a', 'b', 'cc')", "SELECT zeroblob(5000000)",
      "SELECT (SELECT 1, 2)", "SELECT 1 FROM missing.t", "DROP INDEX missing", "DROP VIEW missing", "DROP TRIGGER missing", "DROP TABLE missing",
      "ALTER TABLE missing ADD x", "CREATE TABLE u (x, x)", "CREATE TABLE u (a PRIMARY KEY, b PRIMARY KEY)", "CREATE TABLE u ()",
      "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1, 2)", "INSERT INTO t (c) VALUES (1)", "UPDATE t SET c = 1", "SELECT x.a FROM t",
      "SELECT a FROM t a, t b", "SELECT RAISE(ABORT, 'x')", "INSERT INTO s VALUES ('x', 1)", "CREATE TABLE u (a FOO) STRICT",
      "SELECT 'a' REGEXP 'b'", "SELECT 1 WHERE 1 MATCH 1", "SELECT 'a' ORDER BY 1 COLLATE missing", "SELECT * FROM t INDEXED BY nothing"]);
  }),

  "5.4 what a trigger raises": withSql(async (sql, t) => {
    sql.exec("CREATE TABLE t (a)");
    for (const action of ["ABORT, 'no inserts'", "FAIL, 'failing'", "IGNORE"]) {
      sql.exec(`CREATE TRIGGER tr BEFORE INSERT ON t BEGIN SELECT RAISE(${action}); END`);
      await t.attempt(action, () => sql.exec("INSERT INTO t VALUES (1)").rowsWritten);
      sql.exec("DROP TRIGGER tr");
    }
    t.write("rows", sql.exec("SELECT * FROM t").toArray());
  }),

  "5.4 an offset counts from the beginning of the whole text": withSql(async (sql, t) => {
    await writeEach(sql, t, ["CREATE TABLE t (x); CREATE TABLE t (y)", "SELECT 1; SELECT * FROM missing", "SELECT 1; SELEC"]);
  }),

  "5.4 constraints": withSql(async (sql, t) => {
    sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, u UNIQUE, c CHECK (c > 0), n NOT NULL DEFAULT 1)");
    sql.exec("CREATE TABLE child (parent INTEGER REFERENCES t (id))");
    sql.exec("INSERT INTO t (id, u, c) VALUES (1, 'a', 1)");
    await writeEach(sql, t, [
      "INSERT INTO t (id) VALUES (1)",
      "INSERT INTO t (u) VALUES ('a')",
      "INSERT INTO t (c) VALUES (0)",
      "INSERT INTO t (n) VALUES (NULL)",
      "INSERT INTO child VALUES (99)",
      "INSERT INTO t (id) VALUES ('not a number')",
    ]);
    t.write("rows", sql.exec("SELECT * FROM t").toArray());
  }),

  "5.4 a query must contain a statement": withSql(async (sql, t) => {
    await t.attempt("empty", () => sql.exec(""));
    await t.attempt("semicolon", () => sql.exec(";"));
    await t.attempt("comment", () => sql.exec("-- nothing"));
    await t.attempt("no argument", () => sql.exec());
  }),

  "5.4 bindings must match the parameters": withSql(async (sql, t) => {
    await t.attempt("too few", () => sql.exec("SELECT ?, ?", 1));
    await t.attempt("too many", () => sql.exec("SELECT ?", 1, 2));
    await t.attempt("none wanted", () => sql.exec("SELECT 1", 1));
    await t.attempt("not in the last", () => sql.exec("SELECT ?; SELECT 1", 1));
  }),

  "5.4 transactions are not for SQL": withSql(async (sql, t) => {
    await writeEach(sql, t, ["BEGIN", "BEGIN IMMEDIATE", "COMMIT", "END", "ROLLBACK", "SAVEPOINT s", "RELEASE s"]);
  }),

  "5.5 reserved names": withSql(async (sql, t, storage) => {
    await storage.put("key", "value");
    await writeEach(sql, t, [
      "SELECT * FROM _cf_KV",
      "SELECT key FROM _cf_kv",
      "CREATE TABLE _cf_mine (x)",
      "DROP TABLE _cf_KV",
      "DELETE FROM _CF_KV",
      "CREATE INDEX _cf_index ON sqlite_master (name)",
      "PRAGMA table_info(_cf_KV)",
    ]);
    sql.exec("CREATE TABLE mine (x)");
    await writeEach(sql, t, ["ALTER TABLE mine RENAME TO _cf_mine", "CREATE VIEW _cf_view AS SELECT 1"]);
    t.write("visible", sql.exec("SELECT name FROM sqlite_master WHERE name = '_cf_KV'").toArray());
  }),

  "5.5 reserved names in every statement": withSql(async (sql, t, storage) => {
    await storage.put("a", 1);
    sql.exec("CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, 2)");
    await writeEach(sql, t, ["SELECT 1 FROM _cf_KV", "SELECT count(*) FROM _cf_KV", "SELECT * FROM main._cf_KV", "SELECT * FROM (SELECT value FROM _CF_KV)",
      "WITH x AS (SELECT * FROM _cf_kv) SELECT * FROM x", "SELECT EXISTS (SELECT 1 FROM _cf_KV)", "INSERT INTO _cf_KV VALUES ('a', 1)",
      "INSERT INTO t SELECT 5, value FROM _cf_KV", "UPDATE _cf_KV SET value = 1", "UPDATE t SET b = (SELECT value FROM _cf_KV)",
      "CREATE VIEW v AS SELECT * FROM _cf_KV", "SELECT * FROM v", "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO _cf_KV VALUES (1, 2); END",
      "INSERT INTO t VALUES (9, 9)", "DROP TRIGGER tr", "CREATE TRIGGER _cf_tr AFTER INSERT ON t BEGIN SELECT 1; END",
      "CREATE TRIGGER tr AFTER INSERT ON _cf_KV BEGIN SELECT 1; END", "CREATE INDEX _cf_i ON t (b)", "CREATE INDEX i ON _cf_KV (value)",
      "DROP TABLE IF EXISTS _cf_missing", "DROP TABLE _cf_missing", "DROP VIEW _cf_KV", "DROP INDEX _cf_i", "DROP TRIGGER _cf_x",
      "ALTER TABLE _cf_KV RENAME TO x", "ALTER TABLE _cf_KV ADD COLUMN x", "ALTER TABLE _cf_KV DROP COLUMN value",
      "ALTER TABLE _cf_KV RENAME COLUMN value TO v2", "ALTER TABLE t RENAME COLUMN b TO _cf_b", "ALTER TABLE t ADD COLUMN _cf_c",
      "CREATE TABLE IF NOT EXISTS _cf_KV (a)", "CREATE TABLE x_cf_ (a)", "CREATE TABLE [_Cf_q] (a)", "CREATE TABLE z AS SELECT * FROM _cf_KV",
      "CREATE VIRTUAL TABLE _cf_f USING fts5(a)", "ANALYZE _cf_KV", "REINDEX _cf_KV", "EXPLAIN QUERY PLAN SELECT * FROM _cf_KV",
      "EXPLAIN DELETE FROM _cf_KV", "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"]);
  }),

  "5.5 nothing is temporary": withSql(async (sql, t) => {
    sql.exec("CREATE TABLE t (a)");
    await writeEach(sql, t, ["CREATE TEMP TABLE x (a)", "CREATE TABLE temp.x (a)", "CREATE TABLE temp.x AS SELECT 1", "CREATE TEMP VIEW x AS SELECT 1",
      "CREATE VIEW temp.x AS SELECT 1", "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END",
      "CREATE TRIGGER temp.x AFTER INSERT ON t BEGIN SELECT 1; END", "CREATE VIRTUAL TABLE temp.x USING fts5(a)", "PRAGMA temp.table_info(t)",
      "PRAGMA temp.foreign_keys", "SELECT * FROM pragma_table_info('t', 'temp')", "ANALYZE temp", "DROP TABLE temp.x", "CREATE TABLE main.x (a)",
      "CREATE TABLE other.x (a)"]);
  }),

  "5.5 other schemas and modules": withSql(async (sql, t) => {
    await writeEach(sql, t, ["ATTACH ':memory:' AS x", "DETACH main", "VACUUM INTO 'x'", "SELECT * FROM dbstat", "SELECT * FROM sqlite_dbpage",
      "SELECT * FROM bytecode('SELECT 1')", "SELECT * FROM sqlite_stmt", "SELECT * FROM generate_series(1, 2)", "CREATE VIRTUAL TABLE x USING fts4(a)",
      "CREATE VIRTUAL TABLE x USING geopoly(a)", "CREATE VIRTUAL TABLE x USING dbstat", "CREATE VIRTUAL TABLE x USING json_each",
      "SELECT key, value FROM json_each('[1,2]')", "SELECT fullkey FROM json_tree('[1,[2]]')", "SELECT * FROM jsonb_each('[1]')",
      "EXPLAIN BEGIN", "EXPLAIN ATTACH 'x' AS y", "EXPLAIN PRAGMA journal_mode", "SELECT matchinfo(1)", "SELECT optimize(1)", "SELECT offsets(1)",
      "SELECT fts3_tokenizer(1)", "SELECT ceiling()", "SELECT log10(1, 2)", "SELECT power(1)"]);
  }),

  "5.5 what is denied": withSql(async (sql, t) => {
    await writeEach(sql, t, [
      "ATTACH DATABASE 'x' AS y",
      "DETACH DATABASE y",
      "CREATE TEMP TABLE t (x)",
      "CREATE TEMPORARY VIEW v AS SELECT 1",
      "CREATE VIRTUAL TABLE v USING csv(x)",
      "VACUUM",
      "SELECT sqlite_version()",
      "SELECT load_extension('x')",
      "SELECT sqlite_compileoption_get(0)",
    ]);
  }),

  "5.5 virtual tables of the allowed modules": withSql((sql, t) => {
    sql.exec("CREATE VIRTUAL TABLE docs USING FTS5(body)");
    sql.exec("INSERT INTO docs VALUES ('the quick fox'), ('a lazy dog')");
    t.write("match", sql.exec("SELECT body FROM docs WHERE docs MATCH 'fox'").toArray());
    t.write("highlight", sql.exec("SELECT highlight(docs, 0, '<', '>') AS h FROM docs WHERE docs MATCH 'dog'").one());
    sql.exec("CREATE VIRTUAL TABLE boxes USING rtree(id, x1, x2)");
    sql.exec("INSERT INTO boxes VALUES (1, 0, 10)");
    t.write("rtree", sql.exec("SELECT id FROM boxes WHERE x1 <= 5 AND x2 >= 5").toArray());
  }),

  "5.5 pragmas": withSql(async (sql, t) => {
    sql.exec("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL)");
    await writeEach(sql, t, [
      "PRAGMA page_size",
      "PRAGMA page_size = 8192",
      "PRAGMA foreign_keys",
      "PRAGMA case_sensitive_like = TRUE",
      "PRAGMA case_sensitive_like = maybe",
      "PRAGMA defer_foreign_keys = 'off'",
      "PRAGMA table_info(t)",
      "PRAGMA table_info",
      "PRAGMA foreign_key_check",
      "PRAGMA quick_check",
      "PRAGMA journal_mode",
      "PRAGMA user_version",
      "PRAGMA max_page_count",
      "PRAGMA hard_heap_limit",
      "PRAGMA nonsense",
      "SELECT name FROM pragma_table_info('t')",
    ]);
  }),

  "5.5 full text": withSql(async (sql, t) => {
    sql.exec("CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('hello world'), ('hello there'); CREATE VIRTUAL TABLE v USING fts5vocab(f, row)");
    await writeEach(sql, t, ["SELECT highlight(f, 0, '<', '>'), snippet(f, 0, '[', ']', '..', 3), bm25(f) < 0 FROM f('hello') ORDER BY rank",
      "SELECT * FROM f WHERE f MATCH 'hel*'", "SELECT * FROM f WHERE f MATCH 'a:'", "SELECT * FROM f WHERE f MATCH '\"'", "SELECT * FROM v",
      "SELECT rowid, * FROM f", "INSERT INTO f(f) VALUES ('optimize')", "INSERT INTO f(f) VALUES ('integrity-check')", "SELECT * FROM f_config",
      "DROP TABLE f_data", "INSERT INTO f_data VALUES (1, 2)", "DELETE FROM f_content", "DROP TABLE v", "DROP TABLE f",
      "SELECT name FROM sqlite_master"]);
  }),

  "5.5 spatial trees": withSql(async (sql, t) => {
    sql.exec("CREATE VIRTUAL TABLE r USING rtree(id, a, b); CREATE VIRTUAL TABLE i USING rtree_i32(id, a, b)");
    await writeEach(sql, t, ["INSERT INTO r VALUES (1, 0, 1), (2, 5, 6)", "SELECT * FROM r WHERE a >= 1", "INSERT INTO r VALUES (3, 9, 1)",
      "SELECT rtreecheck('r')", "UPDATE r_node SET data = 1", "INSERT INTO i VALUES (1, 1.7, 2.2)", "SELECT * FROM i"]);
  }),

  "5.5 generated columns, defaults and expressions in an index": withSql(async (sql, t) => {
    await writeEach(sql, t, ["CREATE TABLE g (a, b AS (a + 1) STORED, c AS (upper(a)))", "INSERT INTO g (a) VALUES (4)", "SELECT * FROM g",
      "INSERT INTO g (b) VALUES (1)", "CREATE TABLE x (a, b AS (random()))", "CREATE TABLE x (a, b AS (sqlite_version()))",
      "ALTER TABLE g ADD COLUMN d AS (a) STORED", "ALTER TABLE g ADD COLUMN d AS (a * 2)", "SELECT d FROM g", "CREATE INDEX i1 ON g (lower(a))",
      "CREATE INDEX i2 ON g (sqlite_version())", "CREATE INDEX i3 ON g (ceiling(a))", "CREATE INDEX i4 ON g (a) WHERE a > 1",
      "CREATE TABLE d (a DEFAULT 5, b DEFAULT (upper('x')))", "INSERT INTO d DEFAULT VALUES RETURNING *",
      "CREATE TABLE w (a PRIMARY KEY, b) WITHOUT ROWID", "INSERT INTO w VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING *",
      "ALTER TABLE g RENAME TO h", "ALTER TABLE h RENAME COLUMN a TO z", "SELECT * FROM h", "ALTER TABLE h DROP COLUMN z"]);
  }),

  "5.5 dates, formats, numbers and JSON": withSql(async (sql, t) => {
    await writeEach(sql, t, ["SELECT date('2020-02-30'), time(25.5), julianday(0), timediff('2024-01-01', '2023-01-31')",
      "SELECT strftime('%d %e %f %F %G %g %H %I %j %J %k %l %m %M %p %P %R %s %S %T %U %u %V %w %W %Y %%', '2024-03-05 14:06:07.891')",
      "SELECT date('2024-01-31', '+1 month'), date('2024-01-31', '+1 month', 'floor'), datetime(1700000000.5, 'unixepoch', 'subsec')",
      "SELECT printf('%d %s %q %Q %w', 1, 'a''b', 'a''b', 'a''b', 'a\"b'), printf('%,d', 1234567), printf('%!.20g', 0.1)",
      "SELECT round(2.5), round(-2.5), round(1.005, 2), round('x'), sign(-3.2), 7 / 2, -7 % 3, 1 / 0",
      "SELECT quote(1.0), quote('a''b'), quote(x'00ff'), quote(NULL), 1e15 || '', 1e16 || '', 0.1 + 0.2 || ''",
      "SELECT CAST('1e3' AS INTEGER), CAST('0x10' AS INTEGER), CAST(1e30 AS INTEGER), CAST(x'4142' AS TEXT), CAST('9223372036854775808' AS INTEGER)",
      "SELECT unhex('41-42', '-'), hex('é'), unicode('é'), char(65, 233, 128512), substr('héllo', 2, 3), octet_length('é')",
      "SELECT json_set('{}', '$.a', json('[1]')), json_patch('{\"a\":1}', '{\"a\":null}'), json_type('{}', '$.x'), '[1,2]' ->> -1, json('{a:1}')",
      "SELECT sum(value) OVER (ORDER BY key ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM json_each('[1,2,3]')",
      "SELECT acosh(1e308), asinh(-1e308), acosh(2.5), atan2(1, 2), log(2, 8), mod(7.5, 2), sqrt(-1), ln(0), pow(0, 0)"]);
  }),

  "5.5 booleans of pragmas": withSql(async (sql, t) => {
    for (const value of ["on", "'on'", "[on]", "TRUE", "yes", "10", "1.5", "0x2", "onn", "+1", "2", "-1", "''", "t", "'true"]) {
      await t.attempt(value, () => sql.exec(`PRAGMA recursive_triggers = ${value}`).toArray());
      t.write("is", sql.exec("PRAGMA recursive_triggers").one());
    }
  }),

  "5.5 functions": withSql(async (sql, t) => {
    await writeEach(sql, t, [
      "SELECT upper('a'), concat_ws('-', 1, 2), printf('%05.1f', 3.14159), unhex('41')",
      "SELECT date(0, 'unixepoch'), strftime('%Y', 86400, 'unixepoch'), unixepoch('1970-01-02')",
      "SELECT json_extract('{\"a\":[1,2]}', '$.a[1]'), '{\"a\":1}' -> 'a', '{\"a\":\"x\"}' ->> 'a'",
      "SELECT json_group_array(value) FROM json_each('[1,2]')",
      "SELECT group_concat(value, '+'), sum(value), avg(value), total(value) FROM json_each('[1,2,3]')",
      "SELECT value, row_number() OVER (ORDER BY value DESC) AS n FROM json_each('[1,2]')",
      "SELECT sqrt(16), mod(7, 3), pi() > 3, ceil(1.2), log(100), log2(8)",
      "SELECT pow(2, 3)",
      "SELECT current_timestamp > '2020'",
    ]);
  }),

  "5.5 the other names of functions": withSql(async (sql, t) => {
    await writeEach(sql, t, ["SELECT ceiling(1.2)", "SELECT log10(100)", "SELECT power(2, 3)"]);
  }),

  "5.6 limits of a statement": withSql(async (sql, t) => {
    await t.attempt("100 parameters", () => sql.exec(`SELECT ${Array(100).fill("?").join()}`, ...Array(100).fill(1)).columnNames.length);
    await t.attempt("101 parameters", () => sql.exec(`SELECT ${Array(101).fill("?").join()}`, ...Array(101).fill(1)).columnNames.length);
    await t.attempt("100 columns", () => sql.exec(`SELECT ${Array(100).fill("1").join()}`).columnNames.length);
    await t.attempt("101 columns", () => sql.exec(`SELECT ${Array(101).fill("1").join()}`).columnNames.length);
    await t.attempt("100000 bytes", () => sql.exec(`SELECT 1 --`.padEnd(100000, "x")).toArray());
    await t.attempt("100001 bytes", () => sql.exec(`SELECT 1 --`.padEnd(100001, "x")).toArray());
    await t.attempt("5 terms", () => sql.exec(Array(5).fill("SELECT 1").join(" UNION ALL ")).toArray().length);
    await t.attempt("6 terms", () => sql.exec(Array(6).fill("SELECT 1").join(" UNION ALL ")).toArray().length);
    await t.attempt("pattern of 50 bytes", () => sql.exec("SELECT 'a' LIKE ? AS l", "x".repeat(50)).one());
    await t.attempt("pattern of 51 bytes", () => sql.exec("SELECT 'a' LIKE ? AS l", "x".repeat(51)).one());
    await t.attempt("a text of 4 MiB", () => sql.exec("SELECT length(?) AS n", "x".repeat(4 * 1024 * 1024)).one());
    await t.attempt("a text of 4 MiB and a byte", () => sql.exec("SELECT length(?) AS n", "x".repeat(4 * 1024 * 1024 + 1)).one());
  }),

  "5.6 limits of what is made": withSql(async (sql, t) => {
    const columns = (count) => Array.from({ length: count }, (_, index) => `c${index}`).join();
    const ones = (count) => Array(count).fill("1").join();
    await t.attempt("127 arguments", () => sql.exec(`SELECT max(${ones(127)}) AS m`).one());
    await t.attempt("128 arguments", () => sql.exec(`SELECT max(${ones(128)}) AS m`).one());
    await t.attempt("a table of 100 columns", () => sql.exec(`CREATE TABLE c (${columns(100)})`).toArray());
    await t.attempt("a table of 101 columns", () => sql.exec(`CREATE TABLE d (${columns(101)})`).toArray());
    await t.attempt("one more column", () => sql.exec("ALTER TABLE c ADD COLUMN z").toArray());
    await t.attempt("an index of 100 columns", () => sql.exec(`CREATE INDEX i ON c (${columns(100)})`).toArray());
    await t.attempt("ordered by 100 terms", () => sql.exec(`SELECT 1 ORDER BY ${ones(100)}`).raw().toArray());
    await t.attempt("ordered by 101 terms", () => sql.exec(`SELECT 1 ORDER BY ${ones(101)}`).raw().toArray());
    await t.attempt("64 tables", () => sql.exec(`SELECT 1 FROM ${Array(64).fill("(SELECT 1)").join()}`).raw().toArray());
    await t.attempt("65 tables", () => sql.exec(`SELECT 1 FROM ${Array(65).fill("(SELECT 1)").join()}`).raw().toArray());
    await t.attempt("5000 rows of values", () => sql.exec(`VALUES ${Array(5000).fill("(1)").join()}`).toArray().length);
    await t.attempt("parameter 100", () => sql.exec("SELECT ?100", ...Array(100).fill(1)).raw().toArray());
    await t.attempt("parameter 101", () => sql.exec("SELECT ?101"));
    await t.attempt("a blob of 4 MiB", () => sql.exec("SELECT length(?) AS n", new Uint8Array(4194304)).one());
    await t.attempt("a blob of 4 MiB and a byte", () => sql.exec("SELECT length(?) AS n", new Uint8Array(4194305)).one());
    await t.attempt("a row of more than 4 MiB", () => {
      sql.exec("CREATE TABLE b (x, y)");
      sql.exec("INSERT INTO b VALUES (?, ?)", "x".repeat(3000000), "y".repeat(3000000));
    });
    await t.attempt("two statements of 100001 bytes", () => sql.exec("SELECT 1;".padEnd(100000, " ") + ";").toArray());
    await t.attempt("JSON 1000 deep", () => sql.exec("SELECT json_valid(?) AS v", "[".repeat(1000) + "]".repeat(1000)).one());
    await t.attempt("JSON 1001 deep", () => sql.exec("SELECT json_valid(?) AS v", "[".repeat(1001) + "]".repeat(1001)).one());
    sql.exec("CREATE TABLE n (x); CREATE TRIGGER g AFTER INSERT ON n WHEN new.x > 1 BEGIN INSERT INTO n VALUES (new.x - 1); END");
    sql.exec("PRAGMA recursive_triggers = on");
    await t.attempt("triggers 10 deep", () => sql.exec("INSERT INTO n VALUES (10)").toArray());
    await t.attempt("triggers 11 deep", () => sql.exec("INSERT INTO n VALUES (11)").toArray());
  }),

  "5.6 an expression may be 100 deep": withSql(async (sql, t) => {
    const deep = (depth) => `SELECT ${"(".repeat(0)}${Array(depth).fill("1").join(" + ")} AS sum`;
    await t.attempt("100", () => sql.exec(deep(100)).one());
    await t.attempt("101", () => sql.exec(deep(101)).one());
  }),

  "5.7 rows read and written": withSql((sql, t) => {
    const count = (text, ...bindings) => {
      const cursor = sql.exec(text, ...bindings);
      cursor.toArray();
      t.write(text, cursor.rowsRead, cursor.rowsWritten);
    };
    sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, x)");
    sql.exec("CREATE TABLE plain (x)");
    count("INSERT INTO t VALUES (1, 'a')");
    count("INSERT INTO t VALUES (2, 'b'), (3, 'c')");
    count("INSERT INTO plain VALUES (1)");
    count("SELECT * FROM t");
    count("SELECT * FROM t WHERE id = 2");
    count("SELECT * FROM t LIMIT 2");
    count("SELECT count(*) FROM t");
    count("SELECT MIN(id) FROM t");
    count("UPDATE t SET x = 'z' WHERE id = 1");
    count("UPDATE t SET x = 'y'");
    sql.exec("CREATE INDEX plain_x ON plain (x)");
    count("INSERT INTO plain VALUES (2)");
    count("SELECT * FROM plain WHERE x = 2");
    count("INSERT INTO plain SELECT id FROM t");
    count("DELETE FROM t WHERE id = 99");
    count("DELETE FROM t WHERE id = 1");
    count("DELETE FROM t");
  }),

  "5.7 a cursor reads one row ahead": withSql((sql, t) => {
    sql.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)");
    const cursor = sql.exec("SELECT * FROM t");
    t.write("start", cursor.rowsRead);
    for (const row of cursor) {
      t.write(`row ${row.x}`, cursor.rowsRead);
    }
    t.write("end", cursor.rowsRead);
  }),

  "5.5 triggers and views": withSql((sql, t) => {
    sql.exec("CREATE TABLE t (x); CREATE TABLE log (x)");
    sql.exec("CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.x * 2); END");
    sql.exec("CREATE VIEW doubled AS SELECT x AS d FROM log");
    sql.exec("INSERT INTO t VALUES (21)");
    t.write("view", sql.exec("SELECT * FROM doubled").one());
  }),

  "5.5 update and delete take an order and a limit": withSql((sql, t) => {
    sql.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)");
    sql.exec("DELETE FROM t ORDER BY x DESC LIMIT 1");
    sql.exec("UPDATE t SET x = 10 ORDER BY x LIMIT 1");
    t.write("rows", sql.exec("SELECT x FROM t").raw().toArray());
  }),

  "5.5 recursion": withSql((sql, t) => {
    t.write("rows", sql.exec("WITH RECURSIVE c(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT sum(n) AS s FROM c").one());
  }),

  "5.2 text is coerced from a query that is no string": withSql(async (sql, t) => {
    await t.attempt("number", () => sql.exec(1));
    await t.attempt("object", () => sql.exec({ toString: () => "SELECT 1 AS a" }).toArray());
  }),
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
