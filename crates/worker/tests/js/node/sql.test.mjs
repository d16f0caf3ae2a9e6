/** ctx.storage.sql: conversions, cursors and texts of reference 5. SQL itself is tested with the storage crate. */

import { ObjectContext } from "stated:context";
import { SqlStorage } from "stated:sql";
import { assert, assertEquals, assertThrows, test } from "stated:test";
import { internal } from "stated:webidl";
import { Host } from "./host-objects.mjs";
import { MemoryStorage } from "./host-storage.mjs";

const host = new Host();

function open({ columns, rows, counters, sqlite = true } = {}) {
  const contextId = ++host.lastContext;
  const memory = new MemoryStorage();
  memory.onSql = () => ({ columns, rows, counters });
  host.byContext.set(contextId, { contextId, storage: memory });
  return { sql: new SqlStorage(internal, new ObjectContext(contextId, "Test", false, sqlite)), memory };
}

const three = { columns: ["a", "b"], rows: [[1, "x"], [2, null], [3, 1.5]], counters: [3, 0] };

/** What the host was asked to bind. */
function bound(...values) {
  const { sql, memory } = open();
  sql.exec("q", ...values);
  return memory.log[0][2];
}

test("numbers, strings and null are bound as they are, undefined as null", () => {
  assertEquals(bound(1, -0, NaN, "s", null, undefined), [1, -0, NaN, "s", null, null]);
});

test("booleans and other objects are bound as their strings", () => {
  assertEquals(bound(true, false, { toString: () => "own" }, [1, 2], new Date(0), {}),
    ["true", "false", "own", "1,2", String(new Date(0)), "[object Object]"]);
});

test("a function is bound as its text", () => {
  assertEquals(bound(() => 1), ["() => 1"]);
});

test("buffers and views are bound as copies of their bytes", () => {
  const bytes = new Uint8Array([1, 2, 3, 4]);
  const values = bound(bytes.buffer, bytes.subarray(1, 3), new DataView(bytes.buffer, 3), new Uint16Array(bytes.buffer));
  bytes.fill(9);
  assert(values.every((value) => value instanceof ArrayBuffer));
  assertEquals(values.map((value) => [...new Uint8Array(value)]), [[1, 2, 3, 4], [2, 3], [4], [1, 2, 3, 4]]);
});

test("a bigint and a symbol cannot be bound", () => {
  assertThrows(() => bound(1n), TypeError, "Cannot convert a BigInt value to a number");
  assertThrows(() => bound(Symbol("x")), TypeError, /Cannot convert a Symbol value to a string/);
});

test("exec needs a query and coerces it", () => {
  const { sql, memory } = open();
  assertThrows(() => sql.exec(), TypeError, "Failed to execute 'exec' on 'SqlStorage': parameter 1 is not of type 'String'.");
  sql.exec(5);
  assertEquals(memory.log[0][1], "5");
});

test("next gives rows and then exactly done", () => {
  const cursor = open({ columns: ["a"], rows: [[1]] }).sql.exec("q");
  assertEquals([cursor.next(), cursor.next(), cursor.next()], [{ done: false, value: { a: 1 } }, { done: true }, { done: true }]);
});

test("a cursor is iterable and goes on where it is", () => {
  const cursor = open(three).sql.exec("q");
  for (const row of cursor) {
    assertEquals(row, { a: 1, b: "x" });
    break;
  }
  assertEquals([...cursor], [{ a: 2, b: null }, { a: 3, b: 1.5 }]);
});

test("toArray gives the rows that are left", () => {
  const cursor = open(three).sql.exec("q");
  cursor.next();
  assertEquals(cursor.toArray(), [{ a: 2, b: null }, { a: 3, b: 1.5 }]);
  assertEquals(cursor.toArray(), []);
});

test("raw gives arrays and shares the position", () => {
  const cursor = open(three).sql.exec("q");
  const raw = cursor.raw();
  assertEquals([raw.next(), cursor.next(), raw.next(), raw.next()],
    [{ done: false, value: [1, "x"] }, { done: false, value: { a: 2, b: null } }, { done: false, value: [3, 1.5] }, { done: true }]);
});

test("raw is iterable and has toArray", () => {
  assertEquals(open(three).sql.exec("q").raw().toArray(), three.rows);
  assertEquals([...open(three).sql.exec("q").raw()], three.rows);
});

test("one gives the only row", () => {
  assertEquals(open({ columns: ["n"], rows: [[7]] }).sql.exec("q").one(), { n: 7 });
});

test("one fails for no row and for two", () => {
  assertThrows(() => open({ columns: ["n"] }).sql.exec("q").one(), Error,
    "Expected exactly one result from SQL query, but got no results.");
  assertThrows(() => open({ columns: ["n"], rows: [[1], [2]] }).sql.exec("q").one(), Error,
    "Expected exactly one result from SQL query, but got multiple results.");
});

test("of two columns with one name the last wins, and columnNames has both", () => {
  const cursor = open({ columns: ["a", "b", "a"], rows: [[1, 2, 3]] }).sql.exec("q");
  assertEquals([cursor.columnNames, cursor.one()], [["a", "b", "a"], { a: 3, b: 2 }]);
});

test("a column named __proto__ is a property like others", () => {
  const row = open({ columns: ["__proto__"], rows: [[new ArrayBuffer(1)]] }).sql.exec("q").one();
  assertEquals([Object.keys(row), Object.getPrototypeOf(row) === Object.prototype], [["__proto__"], true]);
});

test("columnNames works before, during and after iteration, and is a copy", () => {
  const cursor = open(three).sql.exec("q");
  cursor.columnNames.push("changed");
  cursor.next();
  assertEquals(cursor.columnNames, ["a", "b"]);
  cursor.toArray();
  assertEquals(cursor.columnNames, ["a", "b"]);
});

test("a statement without a result has no columns", () => {
  assertEquals(open().sql.exec("q").columnNames, []);
});

test("rowsRead and rowsWritten are the host's counters", () => {
  const cursor = open({ counters: [5, 7] }).sql.exec("q");
  assertEquals([cursor.rowsRead, cursor.rowsWritten], [5, 7]);
});

test("databaseSize is the host's", () => {
  assertEquals(open().sql.databaseSize, 8192);
});

test("the classes are there for instanceof and cannot be constructed", () => {
  const { sql } = open();
  assert(sql.exec("q") instanceof sql.Cursor);
  assertThrows(() => new sql.Cursor(), TypeError, "Illegal constructor");
  assertThrows(() => new sql.Statement(), TypeError, "Illegal constructor");
  assertThrows(() => new SqlStorage(), TypeError, "Illegal constructor");
});

test("without SQLite the object is there and its operations throw", () => {
  const { sql } = open({ sqlite: false });
  const message = "SQL is not enabled for this Durable Object class. To enable it, change `new_classes` to `new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or wrangler.toml file. If using workerd directly,set `enableSql = true` in your workerd config for the class. Note that this change cannot be made after the class is already deployed to production.";
  assertThrows(() => sql.exec("SELECT 1"), Error, message);
  assertThrows(() => sql.databaseSize, Error, message);
});

test("iterators have the helpers of Iterator.prototype", () => {
  const base = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
  const cursor = open(three).sql.exec("q");
  assert(base.isPrototypeOf(cursor.raw()));
  assert(base.isPrototypeOf(cursor[Symbol.iterator]()));
});
