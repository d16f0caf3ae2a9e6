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

  "5.3 only the last of several statements gives rows": withSql((sql, t) => {
    t.write("rows", sql.exec("SELECT 1 AS a; SELECT 2 AS b; SELECT 3 AS c").toArray());
    t.write("bindings", sql.exec("CREATE TABLE t (x); INSERT INTO t VALUES (?) RETURNING x", "bound").toArray());
    t.write("whitespace", sql.exec("SELECT 1 AS a; \v\f\r\n\t ").toArray());
    t.write("comment", sql.exec("SELECT 1 AS a; -- the end").toArray());
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
