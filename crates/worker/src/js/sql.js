/**
 * `ctx.storage.sql`: statements and cursors (reference 5). SQL itself, its rules and its errors are the host's; this module
 * converts values and shapes rows.
 *
 * @module
 */

import { ops } from "stated:host";
import { toInt32 } from "stated:kv-operations";
import { registerPlatformClass } from "stated:platform-classes";
import { Registry } from "stated:registries";
import { flag } from "stated:settings";
import { badArgument, defineInterface, illegalConstructor, internal, isAnyArrayBuffer, toDOMString } from "stated:webidl";

/** @typedef {import("stated:context").ObjectContext} ObjectContext */
/** @typedef {import("stated:host").SqlValue} SqlValue */

const NOT_ENABLED = "SQL is not enabled for this Durable Object class. To enable it, change `new_classes` to "
  + "`new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or wrangler.toml file. If using workerd "
  + "directly,set `enableSql = true` in your workerd config for the class. Note that this change cannot be made after the "
  + "class is already deployed to production.";

const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));

/** @type {(storage: SqlStorage) => number} the object's context; throws where the class has no SQL */
let requireSql;

/** The SQL interface of one object. */
export class SqlStorage {
  #contextId;
  #enabled;
  /** @type {Cursor | undefined} the cursor made last */ #latest;
  /** @type {FinalizationRegistry<number> | undefined} closes cursors that were not read to their end */ #abandoned;

  /** @param {symbol} key @param {ObjectContext} object */
  constructor(key, object) {
    if (key !== internal) throw illegalConstructor();
    this.#contextId = object.contextId;
    this.#enabled = object.sqlite;
  }

  /**
   * Runs statements and returns a cursor over the last one's rows. It has run to its first row when this returns.
   *
   * @param {string} query
   * @param {...unknown} bindings of the last statement
   * @returns {Cursor}
   */
  exec(query, ...bindings) {
    if (arguments.length < 1) throw badArgument("SqlStorage", "exec", 1, "String");
    const text = toDOMString(query);
    for (let i = 0; i < bindings.length; i++) bindings[i] = toSql(bindings[i]);
    if (!this.#enabled) throw new Error(NOT_ENABLED);
    // First, because the statement may fail for what the latest cursor holds.
    this.#watchLatest();
    const cursorId = ops.sqlExec(this.#contextId, text, /** @type {SqlValue[]} */ (bindings));
    this.#latest = new Cursor(internal, this.#contextId, cursorId);
    return this.#latest;
  }

  /**
   * Has the latest cursor closed when it is collected, unless it has been read to its end, as most are before the next
   * one is made: to register a cursor costs about as much as a small query.
   */
  #watchLatest() {
    const latest = this.#latest;
    this.#latest = undefined;
    if (latest === undefined || hasEnded(latest)) return;
    this.#abandoned ??= new Registry(closing(this.#contextId));
    this.#abandoned.register(latest, idOf(latest));
  }

  /** The bytes that the database's pages in use take. */
  get databaseSize() {
    if (!this.#enabled) throw new Error(NOT_ENABLED);
    return ops.sqlDatabaseSize(this.#contextId);
  }

  get Cursor() {
    return Cursor;
  }

  get Statement() {
    return Statement;
  }

  static {
    requireSql = (storage) => {
      if (!storage.#enabled) throw new Error(NOT_ENABLED);
      return storage.#contextId;
    };
  }
}

/**
 * Makes what closes a collected cursor. It must not keep anything alive that leads to one.
 *
 * @param {number} contextId
 * @returns {(cursorId: number) => void}
 */
function closing(contextId) {
  return (cursorId) => ops.sqlClose(contextId, cursorId);
}

/** The class of prepared statements, which are functions. They exist under the flag `experimental` alone. */
class Statement {
  constructor() {
    throw illegalConstructor();
  }
}

/** What `SqlStorage` has under the flag `experimental` (reference 5.1). */
const experimentalMethods = {
  /**
   * Returns a function that runs the statements with its arguments as bindings. Nothing is compiled before the first
   * run; runs share the object's statement cache, so two of them may overlap.
   *
   * @this {SqlStorage} @param {string} query @returns {(...bindings: unknown[]) => Cursor}
   */
  prepare(query) {
    if (arguments.length < 1) throw badArgument("SqlStorage", "prepare", 1, "String");
    requireSql(this);
    const text = `${query}`;
    return Object.setPrototypeOf((/** @type {unknown[]} */ ...bindings) => this.exec(text, ...bindings), Statement.prototype);
  },

  /**
   * Runs every statement that a semicolon ends, each to its first row.
   *
   * @this {SqlStorage} @param {string} script
   */
  ingest(script) {
    if (arguments.length < 1) throw badArgument("SqlStorage", "ingest", 1, "string");
    const [remainder, rowsRead, rowsWritten, statementCount] = ops.sqlIngest(requireSql(this), `${script}`);
    return { remainder, rowsRead, rowsWritten, statementCount };
  },

  /** Bounds the database, for tests of what happens when it is full. @this {SqlStorage} @param {number} count in pages */
  setMaxPageCountForTest(count) {
    if (arguments.length < 1) throw badArgument("SqlStorage", "setMaxPageCountForTest", 1, "integer");
    const pages = toInt32(count);
    ops.sqlSetMaxPageCount(requireSql(this), pages >>> 0);
  },
};

/** Adds what the flags in force add to the classes of this module. */
export function defineExperimentalSql() {
  if (!flag("experimental")) return;
  Object.defineProperties(SqlStorage.prototype, Object.getOwnPropertyDescriptors(experimentalMethods));
  Object.defineProperty(Cursor.prototype, "reusedCachedQueryForTest", {
    /** @this {Cursor} */
    get() {
      return wasReused(this);
    },
    enumerable: true,
    configurable: true,
  });
}

/**
 * Converts a bound value. Booleans and objects are bound as their strings, as in Workers.
 *
 * @param {unknown} value
 * @returns {SqlValue}
 */
function toSql(value) {
  switch (typeof value) {
    case "number":
    case "string":
      return value;
    case "undefined":
      return null;
    case "bigint":
      throw new TypeError("Cannot convert a BigInt value to a number");
    case "object":
      if (value === null) return null;
      if (ArrayBuffer.isView(value)) return copyOf(value.buffer, value.byteOffset, value.byteLength);
      if (isAnyArrayBuffer(value)) return copyOf(/** @type {ArrayBuffer} */ (value), 0, undefined);
      return `${value}`;
    default:
      return `${/** @type {any} */ (value)}`;
  }
}

/**
 * A copy of a buffer's bytes. A buffer that was transferred has none.
 *
 * @param {ArrayBufferLike} buffer @param {number} offset @param {number | undefined} length
 * @returns {ArrayBuffer}
 */
function copyOf(buffer, offset, length) {
  if (/** @type {ArrayBuffer} */ (buffer).detached) return new ArrayBuffer(0);
  return new Uint8Array(new Uint8Array(buffer, offset, length)).buffer;
}

/** @type {(cursor: Cursor) => SqlValue[] | undefined} */
let nextValues;
/** @type {(cursor: Cursor) => SqlValue[][]} */
let restOfValues;
/** @type {(cursor: Cursor) => boolean} */
let hasEnded;
/** @type {(cursor: Cursor) => number} */
let idOf;
/** @type {(cursor: Cursor) => boolean} whether its statement was compiled before */
let wasReused;

/** The rows of a statement, read as they are asked for. */
class Cursor {
  #contextId;
  #cursorId;
  /** @type {string[] | undefined} */ #columns;
  /** @type {number[] | undefined} of a cursor that was closed */ #counters;
  #ended = false;

  static {
    nextValues = (cursor) => {
      const values = ops.sqlNext(cursor.#contextId, cursor.#cursorId);
      cursor.#ended = values === undefined;
      return values;
    };
    restOfValues = (cursor) => {
      const rows = ops.sqlRest(cursor.#contextId, cursor.#cursorId);
      cursor.#ended = true;
      return rows;
    };
    hasEnded = (cursor) => cursor.#ended;
    idOf = (cursor) => cursor.#cursorId;
    wasReused = (cursor) => ops.sqlReused(cursor.#contextId, cursor.#cursorId);
  }

  /** @param {symbol} key @param {number} contextId @param {number} cursorId */
  constructor(key, contextId, cursorId) {
    if (key !== internal) throw illegalConstructor();
    this.#contextId = contextId;
    this.#cursorId = cursorId;
  }

  /** @returns {{ done: false, value: Record<string, SqlValue> } | { done: true }} */
  next() {
    const values = nextValues(this);
    return values === undefined ? { done: true } : { done: false, value: toRow(this.#names(), values) };
  }

  toArray() {
    const rows = restOfValues(this);
    const names = this.#names();
    /** @type {Record<string, SqlValue>[]} */
    const result = new Array(rows.length);
    for (let i = 0; i < rows.length; i++) result[i] = toRow(names, rows[i]);
    return result;
  }

  /** The only row that is left. */
  one() {
    const values = nextValues(this);
    if (values === undefined) throw new Error("Expected exactly one result from SQL query, but got no results.");
    if (nextValues(this) !== undefined) {
      this.#close();
      throw new Error("Expected exactly one result from SQL query, but got multiple results.");
    }
    return toRow(this.#names(), values);
  }

  /** The rows as arrays; the position is the cursor's. */
  raw() {
    return new RawIterator(internal, this);
  }

  [Symbol.iterator]() {
    return new RowIterator(internal, this);
  }

  /** @returns {string[]} */
  get columnNames() {
    return [...this.#names()];
  }

  get rowsRead() {
    return this.#countersNow()[0];
  }

  get rowsWritten() {
    return this.#countersNow()[1];
  }

  #countersNow() {
    return this.#counters ?? ops.sqlCounters(this.#contextId, this.#cursorId);
  }

  /** Gives up the rows that are left. What is known of the statement stays known. */
  #close() {
    this.#names();
    this.#counters = this.#countersNow();
    ops.sqlClose(this.#contextId, this.#cursorId);
    this.#ended = true;
  }

  #names() {
    this.#columns ??= ops.sqlColumns(this.#contextId, this.#cursorId);
    return this.#columns;
  }
}

class RowIterator {
  /** @type {Cursor} */ #cursor;

  /** @param {symbol} key @param {Cursor} cursor */
  constructor(key, cursor) {
    if (key !== internal) throw illegalConstructor();
    this.#cursor = cursor;
  }

  next() {
    return this.#cursor.next();
  }
}

class RawIterator {
  /** @type {Cursor} */ #cursor;

  /** @param {symbol} key @param {Cursor} cursor */
  constructor(key, cursor) {
    if (key !== internal) throw illegalConstructor();
    this.#cursor = cursor;
  }

  /** @returns {{ done: false, value: SqlValue[] } | { done: true }} */
  next() {
    const values = nextValues(this.#cursor);
    return values === undefined ? { done: true } : { done: false, value: values };
  }

  /** All rows that are left, in one step. */
  toArray() {
    return restOfValues(this.#cursor);
  }
}

/**
 * With names twice, the last column wins.
 *
 * @param {string[]} names
 * @param {SqlValue[]} values
 */
function toRow(names, values) {
  /** @type {Record<string, SqlValue>} */
  const row = {};
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    if (name === "__proto__") Object.defineProperty(row, name, { value: values[i], writable: true, enumerable: true, configurable: true });
    else row[name] = values[i];
  }
  return row;
}

for (const Class of [RowIterator, RawIterator]) Object.setPrototypeOf(Class.prototype, iteratorPrototype);
for (const Class of [SqlStorage, Statement, Cursor, RowIterator, RawIterator]) {
  defineInterface(Class);
  registerPlatformClass(Class);
}
