/**
 * `ctx.storage`: the asynchronous key-value interface, alarms, transactions and bookmarks (reference 4, 7, 8).
 *
 * Storage is synchronous underneath, so every promise here but that of `sync` is already settled when it is returned:
 * awaiting it lets no other event in. Gates and durability are the host's.
 *
 * @module
 */

import { defineLazy } from "stated:context";
import { ops } from "stated:host";
import { KvOperations, toMilliseconds } from "stated:kv-operations";
import { registerPlatformClass } from "stated:platform-classes";
import { flag } from "stated:settings";
import { SqlStorage } from "stated:sql";
import { SyncKvStorage } from "stated:sync-kv";
import { deleteAllInTransaction, runTransaction, runTransactionSync } from "stated:transaction";
import { badArgument, defineInterface, illegalConstructor, internal, toDOMString } from "stated:webidl";

/** @typedef {import("stated:context").ObjectContext} ObjectContext */

/** For objects with key-value storage. */
const NO_RECOVERY = "This Durable Object's storage back-end does not implement point-in-time recovery.";

/** @type {(storage: DurableObjectStorage) => ObjectContext} */
let objectOfStorage;

/**
 * The storage of one object.
 *
 * Source: https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/
 */
export class DurableObjectStorage {
  /** @type {ObjectContext} */ #object;
  /** @type {KvOperations} */ #kv;

  static {
    objectOfStorage = (storage) => storage.#object;
  }

  /** @param {symbol} key @param {ObjectContext} object */
  constructor(key, object) {
    if (key !== internal) throw illegalConstructor();
    this.#object = object;
    this.#kv = new KvOperations(object, "DurableObjectStorage");
  }

  /** @param {any} key @param {any} [options] @returns {Promise<any>} */
  get(key, options = undefined) {
    try {
      return Promise.resolve(this.#kv.get(key, options, arguments.length));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @param {any} [options] @returns {Promise<Map<string, any>>} */
  list(options = undefined) {
    try {
      return Promise.resolve(this.#kv.list(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @param {any} key @param {any} [value] @param {any} [options] @returns {Promise<void>} */
  put(key, value = undefined, options = undefined) {
    try {
      return Promise.resolve(this.#kv.put(key, value, options, arguments.length));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @param {any} key @param {any} [options] @returns {Promise<any>} */
  delete(key, options = undefined) {
    // The one method whose errors are thrown, in workerd, where its result is one of two kinds of promise.
    return Promise.resolve(this.#kv.delete(key, options, arguments.length));
  }

  /** @param {any} [options] @returns {Promise<void>} */
  deleteAll(options = undefined) {
    try {
      this.#kv.readDeleteAllOptions(options);
      if (this.#object.savepoints > 0) throw deleteAllInTransaction();
      ops.deleteAll(this.#object.contextId, flag("delete_all_deletes_alarm"));
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @template T @param {(txn: any) => T | Promise<T>} callback @returns {Promise<T>} */
  transaction(callback) {
    try {
      if (typeof callback !== "function") throw badArgument("DurableObjectStorage", "transaction", 1, "function");
      return runTransaction(this.#object, callback);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @param {any} [options] @returns {Promise<number | null>} */
  getAlarm(options = undefined) {
    try {
      return Promise.resolve(this.#kv.getAlarm(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @param {number | Date} time @param {any} [options] @returns {Promise<void>} */
  setAlarm(time, options = undefined) {
    try {
      return Promise.resolve(this.#kv.setAlarm(time, options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @param {any} [options] @returns {Promise<void>} */
  deleteAlarm(options = undefined) {
    try {
      return Promise.resolve(this.#kv.deleteAlarm(options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Resolves when every write made so far is on disk. @returns {Promise<void>} */
  sync() {
    try {
      return ops.sync(this.#object.contextId);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @template T @param {() => T} callback @returns {T} */
  transactionSync(callback) {
    if (typeof callback !== "function") throw badArgument("DurableObjectStorage", "transactionSync", 1, "function");
    return runTransactionSync(this.#object, callback);
  }

  /** @returns {Promise<string>} */
  getCurrentBookmark() {
    try {
      return Promise.resolve(ops.bookmarkCurrent(this.#object.contextId));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The bookmark of the state at a time: that after the last commit until then.
   *
   * @param {number | Date} time milliseconds since the epoch
   * @returns {Promise<string>}
   */
  getBookmarkForTime(time) {
    try {
      const ms = toMilliseconds(time);
      if (ms === undefined) throw badArgument("DurableObjectStorage", "getBookmarkForTime", 1, "date");
      this.#requireRecovery();
      return Promise.resolve(ops.bookmarkForTime(this.#object.contextId, Math.floor(ms)));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Has the whole database become what it was at the bookmark when the object starts next.
   *
   * @param {string} bookmark
   * @returns {Promise<string>} a bookmark of the state just before that
   */
  onNextSessionRestoreBookmark(bookmark) {
    try {
      if (arguments.length < 1) throw badArgument("DurableObjectStorage", "onNextSessionRestoreBookmark", 1, "string");
      const text = toDOMString(bookmark);
      this.#requireRecovery();
      return Promise.resolve(ops.bookmarkRestore(this.#object.contextId, text));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #requireRecovery() {
    if (!this.#object.sqlite) throw new Error(NO_RECOVERY);
  }
}

/** What the flag `experimental` adds. */
const experimentalMethods = {
  /** Resolves when this object has reached a bookmark. It has: there are no replicas. @param {string} bookmark @returns {Promise<void>} */
  waitForBookmark(bookmark) {
    if (arguments.length < 1) return Promise.reject(badArgument("DurableObjectStorage", "waitForBookmark", 1, "string"));
    try {
      toDOMString(bookmark);
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    }
  },
};

/** Adds what the flags in force add to the class. */
export function defineExperimentalStorage() {
  if (!flag("experimental")) return;
  Object.defineProperties(DurableObjectStorage.prototype, Object.getOwnPropertyDescriptors(experimentalMethods));
}

defineInterface(DurableObjectStorage);
defineLazy(DurableObjectStorage.prototype, "sql", (storage) => new SqlStorage(internal, objectOfStorage(storage)));
defineLazy(DurableObjectStorage.prototype, "kv", (storage) => new SyncKvStorage(internal, objectOfStorage(storage)));
registerPlatformClass(DurableObjectStorage);
