/** What the flag `experimental` adds to `ctx.storage` and `ctx.storage.sql`. Reference: sections 5.1, 5.9 and 7.1. */

import { caseObject, caseWorker, inObject } from "../harness.js";

/** A case about statements. */
const withSql = (body) => inObject(({ ctx: { storage } }, t) => body(storage.sql, t, storage));

const cases = {
  "5.1 the methods are on the prototypes": withSql((sql, t, storage) => {
    t.write("sql", ["prepare", "ingest", "setMaxPageCountForTest"].map((name) => name in sql));
    t.write("cursor", "reusedCachedQueryForTest" in sql.Cursor.prototype);
    t.write("storage", "waitForBookmark" in storage);
  }),

  "5.1 a prepared statement is a function": withSql(async (sql, t) => {
    const statement = sql.prepare("SELECT ? AS a");
    t.write("type", typeof statement, statement instanceof sql.Statement, Object.prototype.toString.call(statement));
    t.write("rows", [...statement(5)], [...statement("six")]);
    t.write("cursor", statement(1) instanceof sql.Cursor);
    await t.attempt("new Statement", () => new sql.Statement());
    await t.attempt("no text", () => sql.prepare());
  }),

  "5.1 a prepared statement is compiled when it runs": withSql(async (sql, t) => {
    for (const text of ["SELEC", ";", "SELECT * FROM missing", "BEGIN", "SELECT * FROM _cf_KV"]) {
      const statement = sql.prepare(text);
      await t.attempt(text, () => statement().toArray());
    }
  }),

  "5.1 a prepared statement checks its bindings": withSql(async (sql, t) => {
    const statement = sql.prepare("SELECT ? AS a");
    await t.attempt("none", () => statement().toArray());
    await t.attempt("two", () => statement(1, 2).toArray());
    await t.attempt("bigint", () => statement(5n).toArray());
  }),

  "5.1 several statements can be prepared as one": withSql((sql, t) => {
    t.write("rows", [...sql.prepare("CREATE TABLE t (x); INSERT INTO t VALUES (7); SELECT x FROM t")()]);
    t.write("space after", [...sql.prepare("SELECT 3 ; ")()]);
  }),

  "5.3 runs of one prepared statement may overlap": withSql((sql, t) => {
    sql.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3)");
    const select = sql.prepare("SELECT a FROM t ORDER BY a");
    const [one, other] = [select(), select()];
    t.write("first rows", one.next().value, other.next().value);
    t.write("second row", one.next().value);
    t.write("rest", [...one], [...other]);
  }),

  "5.3 a prepared statement survives a change of its table": withSql(async (sql, t) => {
    sql.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    const select = sql.prepare("SELECT * FROM t");
    t.write("before", [...select()]);
    sql.exec("ALTER TABLE t ADD COLUMN b");
    t.write("after", [...select()]);
    sql.exec("DROP TABLE t");
    await t.attempt("dropped", () => select().toArray());
  }),

  "5.3 a cursor tells whether its statement was compiled before": withSql((sql, t) => {
    const reused = () => {
      const cursor = sql.exec("SELECT 99");
      const result = cursor.reusedCachedQueryForTest;
      cursor.toArray();
      return result;
    };
    t.write("reused", reused(), reused());
  }),

  "5.9 ingest returns the rest": withSql((sql, t) => {
    for (const script of ["SELECT 123; SELECT 456", "SELECT 123;", "SELECT 123", "", "SELECT 1;\n\n", "SELECT 'a;b",
      "SELECT 'é;😀'; SELECT '", "/* a; */ SELECT 1; -- b;\n"]) {
      t.write(JSON.stringify(script), sql.ingest(script).remainder);
    }
  }),

  "5.9 ingest of every kind of text": withSql(async (sql, t) => {
    sql.exec("CREATE TABLE a (x)");
    const texts = [";", ";;", " ", "SELECT 1; ;", "SELECT 1;;", "-- c\n", "-- c\n;", "/* */;", "SELECT 1; /* c */ ", "INSERT INTO a VALUES (1); UPD",
      "SELECT ';'; SELECT `;`; x", "CREATE TRIGGER b AFTER INSERT ON a BEGIN SELECT 1;", "SELECT 1;\0SELECT 2;", "\0", "é;", "EXPLAIN SELECT 1;",
      "PRAGMA journal_mode;", "SELECT 1; SELECT nope; SELECT 2;", "SELECT CASE WHEN 1 THEN 2 END; x", "SELECT 1;\r\n\t", "\ufeffSELECT 1;"];
    for (const text of texts) {
      await t.attempt(JSON.stringify(text), () => sql.ingest(text));
    }
    for (const value of [undefined, null, 5, {}]) {
      await t.attempt(typeof value, () => sql.ingest(value));
    }
    await t.attempt("5000 statements", () => sql.ingest("INSERT INTO a VALUES (1);".repeat(5000)));
    await t.attempt("a statement of 100001 bytes", () => sql.ingest(`SELECT '${"x".repeat(99991)}';`));
  }),

  "5.9 ingest counts": withSql((sql, t) => {
    sql.exec("CREATE TABLE t (a)");
    const result = sql.ingest("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); ");
    t.write("counts", result.rowsRead, result.rowsWritten, result.statementCount, Object.keys(result));
  }),

  "5.9 ingest takes triggers whole": withSql((sql, t) => {
    sql.exec("CREATE TABLE t (a); CREATE TABLE log (b)");
    const script = "CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO log VALUES (1); SELECT 2; END; INSERT INTO t VALUES (1); x";
    t.write("rest", sql.ingest(script).remainder, sql.exec("SELECT count(*) AS n FROM log").one());
  }),

  "5.9 ingest stops at an error": withSql(async (sql, t) => {
    sql.exec("CREATE TABLE t (a)");
    await t.attempt("syntax", () => sql.ingest("INSERT INTO t VALUES (1); SELEC; INSERT INTO t VALUES (2);"));
    t.write("rows", sql.exec("SELECT count(*) AS n FROM t").one());
    await t.attempt("parameter", () => sql.ingest("SELECT ?;"));
    await t.attempt("transaction", () => sql.ingest("BEGIN; SELECT 1;"));
    await t.attempt("nothing", () => sql.ingest(";"));
    await t.attempt("no text", () => sql.ingest());
  }),

  "7.1 waitForBookmark resolves at once": withSql(async (_sql, t, storage) => {
    await t.attempt("current", async () => storage.waitForBookmark(await storage.getCurrentBookmark()));
    await t.attempt("none", () => storage.waitForBookmark());
  }),

  "3.4 a full database resets the object, caught or not": {
    object: {
      fill({ ctx: { storage } }) {
        storage.sql.exec("CREATE TABLE t (a)");
        storage.sql.setMaxPageCountForTest(4);
        try {
          storage.sql.exec("INSERT INTO t VALUES (zeroblob(200000))");
        } catch {
          // The object is reset all the same.
        }
      },
      tables: ({ ctx: { storage } }) => storage.sql.exec("SELECT count(*) AS n FROM sqlite_schema").one().n,
    },
    async worker({ object, open }, t) {
      await t.attempt("fill", () => object.step("fill"));
      await t.attempt("old stub", () => object.step("tables"));
      await t.attempt("new stub", () => open().step("tables"));
    },
  },

  "5.8 a transaction cannot be kept after a critical error": {
    object: {
      fill({ ctx: { storage } }, how) {
        storage.sql.exec("CREATE TABLE t (a)");
        storage.sql.setMaxPageCountForTest(4);
        try {
          storage.transactionSync(() => {
            try {
              storage.sql.exec("INSERT INTO t VALUES (zeroblob(200000))");
            } catch {
              if (how === "throw") throw new Error("own");
            }
          });
        } catch (error) {
          this.texts.push(error.message);
        }
      },
      texts: [],
      read() {
        return this.texts.splice(0);
      },
    },
    async worker({ object, open }, t) {
      for (const how of ["swallow", "throw"]) {
        await t.attempt(how, () => open().step("fill", how));
        t.write("inside", await open().step("read"));
      }
    },
  },
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
