/**
 * `ctx.storage.kv`: the synchronous key-value interface of SQLite-backed objects (reference 6). It shares its data with the
 * asynchronous one.
 *
 * @module
 */

import { ops } from "stated:host";
import { checkBounds, isOptions, readBounds, storedValue, toKey } from "stated:kv-operations";
import { registerPlatformClass } from "stated:platform-classes";
import { encodeStored } from "stated:stored-value";
import { badArgument, defineInterface, illegalConstructor, internal } from "stated:webidl";

/** @typedef {import("stated:context").ObjectContext} ObjectContext */

const NOT_AVAILABLE = "The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects, but this "
  + "object's namespace is not declared to use SQLite. You can use the older, asyncronous interface via methods of `storage` "
  + "itself (e.g. `storage.get()`). Alternatively, to enable SQLite, change `new_classes` to `new_sqlite_classes` within the "
  + "'migrations' field in your wrangler.jsonc or wrangler.toml file. If using workerd directly, set `enableSql = true` in "
  + "your workerd config for the class. Note that this change cannot be made after the class is already deployed to production.";

const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));

/** The synchronous key-value storage of one object. */
export class SyncKvStorage {
  #contextId;
  #available;

  /** @param {symbol} key @param {ObjectContext} object */
  constructor(key, object) {
    if (key !== internal) throw illegalConstructor();
    this.#contextId = object.contextId;
    this.#available = object.sqlite;
  }

  /** @param {string} key @returns {any} */
  get(key) {
    if (arguments.length < 1) throw badArgument("SyncKvStorage", "get", 1, "string");
    const name = toKey(key);
    this.#check();
    return storedValue(ops.kvGet(this.#contextId, name));
  }

  /**
   * Lists keys and values lazily. The iterator is good until the next listing of this object, of either kind.
   *
   * @param {{ start?: string, startAfter?: string, end?: string, prefix?: string, reverse?: boolean, limit?: number }} [options]
   * @returns {IterableIterator<[string, any]>}
   */
  list(options = undefined) {
    if (!isOptions(options)) {
      throw badArgument("SyncKvStorage", "list", 1, "ListOptions");
    }
    const bounds = readBounds(options);
    this.#check();
    checkBounds(bounds);
    return new ListIterator(internal, this.#contextId, ops.kvIterate(this.#contextId, ...bounds));
  }

  /** Unlike the asynchronous `put`, it stores undefined. @param {string} key @param {any} value */
  put(key, value) {
    if (arguments.length < 1) throw badArgument("SyncKvStorage", "put", 1, "string");
    if (arguments.length < 2) throw badArgument("SyncKvStorage", "put", 2, "Value");
    const name = toKey(key);
    this.#check();
    ops.kvPut(this.#contextId, name, encodeStored(value), false);
  }

  /** @param {string} key @returns {boolean} whether the key existed */
  delete(key) {
    if (arguments.length < 1) throw badArgument("SyncKvStorage", "delete", 1, "string");
    const name = toKey(key);
    this.#check();
    return ops.kvDelete(this.#contextId, name, false);
  }

  #check() {
    if (!this.#available) throw new Error(NOT_AVAILABLE);
  }
}

class ListIterator {
  #contextId;
  #iteratorId;
  #done = false;

  /** @param {symbol} key @param {number} contextId @param {number} iteratorId */
  constructor(key, contextId, iteratorId) {
    if (key !== internal) throw illegalConstructor();
    this.#contextId = contextId;
    this.#iteratorId = iteratorId;
  }

  /** @returns {IteratorResult<[string, any]>} */
  next() {
    if (this.#done) return { done: true, value: undefined };
    const entry = ops.kvNext(this.#contextId, this.#iteratorId);
    if (entry === undefined) {
      this.#done = true;
      return { done: true, value: undefined };
    }
    return { done: false, value: [entry[0], storedValue(entry[1])] };
  }

  /** @returns {IterableIterator<[string, any]>} */
  [Symbol.iterator]() {
    return this;
  }
}

Object.setPrototypeOf(ListIterator.prototype, iteratorPrototype);
for (const Class of [SyncKvStorage, ListIterator]) {
  defineInterface(Class);
  registerPlatformClass(Class);
}
