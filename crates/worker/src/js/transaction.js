/**
 * Explicit transactions: `storage.transaction` (a critical section around a savepoint) and `storage.transactionSync` (a
 * savepoint alone). Reference 4.4 and 5.8.
 *
 * @module
 */

import { enterSection, TRANSACTION } from "stated:critical-section";
import { ops } from "stated:host";
import { KvOperations } from "stated:kv-operations";
import { registerPlatformClass } from "stated:platform-classes";
import { defineInterface, illegalConstructor, internal } from "stated:webidl";

/** @typedef {import("stated:context").ObjectContext} ObjectContext */

/** The error for deleting everything inside a transaction, by either object. */
export function deleteAllInTransaction() {
  return new Error("Cannot call deleteAll() within a transaction");
}

/**
 * Opens a savepoint.
 *
 * @param {ObjectContext} object
 * @returns {number} how many are open now
 */
function begin(object) {
  ops.savepointBegin(object.contextId);
  return ++object.savepoints;
}

/** @param {ObjectContext} object @param {boolean} commit */
function end(object, commit) {
  object.savepoints--;
  ops.savepointEnd(object.contextId, commit);
}

/**
 * Rolls back without letting a failure of the roll-back hide the error that caused it.
 *
 * @param {ObjectContext} object
 */
function rollBackQuietly(object) {
  try {
    end(object, false);
  } catch {
    // The storage is broken and the object is about to be reset; the program's own error says more.
  }
}

/** @type {(txn: DurableObjectTransaction, commit: boolean) => void} */
let finish;

/** The argument of a transaction's callback. */
export class DurableObjectTransaction {
  /** @type {ObjectContext} */ #object;
  /** @type {KvOperations} */ #kv;
  /** The number of this transaction's savepoint among the open ones. */
  #depth;
  /** @type {"open" | "rolled back" | "ended"} */ #state = "open";

  static {
    finish = (txn, commit) => {
      const isOpen = txn.#state === "open";
      txn.#state = "ended";
      if (!isOpen) return;
      if (commit) end(txn.#object, true);
      else rollBackQuietly(txn.#object);
    };
  }

  /** @param {symbol} key @param {ObjectContext} object */
  constructor(key, object) {
    if (key !== internal) throw illegalConstructor();
    this.#object = object;
    this.#kv = new KvOperations(object, "DurableObjectTransaction");
    this.#kv.require = (operation) => this.#check(operation);
    this.#depth = begin(object);
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
    return Promise.resolve(this.#kv.delete(key, options, arguments.length));
  }

  /** @returns {never} */
  deleteAll() {
    throw deleteAllInTransaction();
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

  /** Undoes the transaction's effects at once. The transaction's promise still resolves with the callback's value. */
  rollback() {
    if (this.#state === "rolled back") return;
    this.#check("rollback()");
    if (this.#object.savepoints !== this.#depth) {
      throw new Error("Cannot roll back an outer transaction while a nested transaction is still running.");
    }
    this.#state = "rolled back";
    end(this.#object, false);
  }

  /** @param {string} operation */
  #check(operation) {
    if (this.#state === "rolled back") throw new Error(`Cannot ${operation} on rolled back transaction`);
    if (this.#state === "ended") {
      throw new Error(`Cannot call ${operation} on transaction that has already committed: did you move \`txn\` outside of the closure?`);
    }
  }
}

defineInterface(DurableObjectTransaction);
registerPlatformClass(DurableObjectTransaction);

/**
 * Runs a callback in a critical section and a savepoint: committed when it resolves, rolled back when it fails.
 *
 * @param {ObjectContext} object
 * @param {(txn: DurableObjectTransaction) => unknown} callback
 * @returns {Promise<any>} of the callback's value
 */
export function runTransaction(object, callback) {
  return enterSection(object.contextId, TRANSACTION, async () => {
    const txn = new DurableObjectTransaction(internal, object);
    let value;
    try {
      value = await callback.call(globalThis, txn);
    } catch (error) {
      finish(txn, false);
      throw error;
    }
    finish(txn, true);
    return value;
  });
}

/**
 * Runs a callback in a savepoint: committed when it returns, rolled back when it throws.
 *
 * @template T
 * @param {ObjectContext} object
 * @param {() => T} callback
 * @returns {T}
 */
export function runTransactionSync(object, callback) {
  begin(object);
  let value;
  try {
    value = callback.call(globalThis);
  } catch (error) {
    rollBackQuietly(object);
    throw error;
  }
  end(object, true);
  return value;
}
