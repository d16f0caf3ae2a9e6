/**
 * The key-value and alarm operations that `ctx.storage` and a transaction have in common: argument conversion, limits and
 * value encoding over the host's synchronous operations.
 *
 * They are synchronous and throw; the classes on top turn the outcome into a promise (reference 4).
 *
 * @module
 */

import { ops } from "stated:host";
import { decodeStored, encodeStored } from "stated:stored-value";
import { badArgument } from "stated:webidl";

/** Limits of namespaces that are not backed by SQLite (reference 4.3). */
const KEY_BYTES_MAX = 2048;
const VALUE_BYTES_MAX = 131072;
/** The documented limit leaves room for what serialization adds. */
const VALUE_BYTES_ENFORCED = VALUE_BYTES_MAX + 34;
const KEYS_MAX = 128;
const INT32_MAX = 2147483647;
/** The last millisecond that can be stored in nanoseconds. */
const ALARM_MS_MAX = 9223372036854;

const mixedPut = "put() may only be called with a single key-value pair and optional options as put(key, value, options) "
  + "or with multiple key-value pairs and optional options as put(entries, options)";

/** @typedef {{ allowUnconfirmed?: boolean }} WriteOptions */
/** @typedef {[start: string | undefined, startAfter: string | undefined, end: string | undefined, prefix: string | undefined,
 *   reverse: boolean, limit: number | undefined]} ListBounds */

/**
 * Whether a value can be an options argument: absent, or an object.
 *
 * @param {unknown} options
 */
function isOptions(options) {
  return options === undefined || options === null || typeof options === "object" || typeof options === "function";
}

/** @param {unknown} key @returns {string} */
function toKey(key) {
  return typeof key === "string" ? key : `${key}`;
}

/** @param {any} options @returns {boolean} */
function unconfirmed(options) {
  return options !== undefined && options !== null && Boolean(options.allowUnconfirmed);
}

/**
 * Converts the options of a listing (reference 4.1) into the host's arguments.
 *
 * @param {any} options
 * @returns {ListBounds}
 */
export function listBounds(options) {
  if (options === undefined || options === null) return [undefined, undefined, undefined, undefined, false, undefined];
  const { start, startAfter, end, prefix, reverse, limit } = options;
  if (start !== undefined && startAfter !== undefined) {
    throw new TypeError("list() cannot be called with both start and startAfter values.");
  }
  return [toBound(start), toBound(startAfter), toBound(end), toBound(prefix), Boolean(reverse), toLimit(limit)];
}

/** @param {unknown} bound */
function toBound(bound) {
  return bound === undefined ? undefined : toKey(bound);
}

/** @param {unknown} limit */
function toLimit(limit) {
  if (limit === undefined) return undefined;
  const number = Math.trunc(Number(limit));
  if (Number.isFinite(number) && Math.abs(number) > INT32_MAX) {
    throw new TypeError("Value out of range. Must be between -2147483648 and 2147483647 (inclusive).");
  }
  // Infinity is no integer and converts to 0, as in ECMAScript.
  if (!(number > 0) || number === Infinity) throw new TypeError("List limit must be positive.");
  return number;
}

/** The operations of one object's storage under the name of one class. */
export class KvOperations {
  /**
   * @param {import("stated:context").ObjectContext} object
   * @param {string} interfaceName the class in whose name errors speak
   */
  constructor(object, interfaceName) {
    this.object = object;
    this.contextId = object.contextId;
    this.limited = !object.sqlite;
    this.interfaceName = interfaceName;
  }

  /** @param {any} key a key or an array of keys @param {any} options @param {number} count how many arguments there were */
  get(key, options, count) {
    if (count < 1) throw this.#bad("get", 1, "string or Array");
    if (!isOptions(options)) throw this.#bad("get", 2, "GetOptions");
    if (!Array.isArray(key)) {
      return storedValue(ops.kvGet(this.contextId, this.#checkKey(toKey(key))));
    }
    if (this.limited && key.length > KEYS_MAX) {
      throw new RangeError(`Maximum number of key value pairs is ${KEYS_MAX}. ${key.length} pairs were provided.`);
    }
    return toMap(ops.kvGetMany(this.contextId, this.#checkKeys(key)));
  }

  /** @param {any} options */
  list(options) {
    if (!isOptions(options)) throw this.#bad("list", 1, "ListOptions");
    return toMap(ops.kvList(this.contextId, ...listBounds(options)));
  }

  /**
   * @param {any} key a key, or an object of entries
   * @param {any} value the value, or the options of entries
   * @param {any} options
   * @param {number} count how many arguments there were
   */
  put(key, value, options, count) {
    if (count < 1) throw this.#bad("put", 1, "string or object");
    if (typeof key === "object" && key !== null) {
      this.#putMany(key, value, options);
      return;
    }
    if (typeof key === "function") throw new TypeError(mixedPut);
    if (value === undefined) throw new TypeError("put() called with undefined value.");
    if (!isOptions(options)) throw this.#bad("put", 3, "PutOptions");
    const name = this.#checkKey(toKey(key));
    ops.kvPut(this.contextId, name, this.#encode(value), unconfirmed(options));
  }

  /** @param {any} entries @param {any} options @param {any} third */
  #putMany(entries, options, third) {
    if (!isOptions(options) || third !== undefined) throw new TypeError(mixedPut);
    /** @type {(string | Uint8Array)[]} */
    const flat = [];
    for (const key of Object.keys(entries)) {
      const value = entries[key];
      if (value !== undefined) flat.push(this.#checkKey(key), this.#encode(value));
    }
    if (flat.length > 0) ops.kvPutMany(this.contextId, flat, unconfirmed(options));
  }

  /** @param {any} key a key or an array of keys @param {any} options @param {number} count */
  delete(key, options, count) {
    if (count < 1) throw this.#bad("delete", 1, "string or Array");
    if (!isOptions(options)) throw this.#bad("delete", 2, "PutOptions");
    if (!Array.isArray(key)) return ops.kvDelete(this.contextId, this.#checkKey(toKey(key)), unconfirmed(options));
    return ops.kvDeleteMany(this.contextId, this.#checkKeys(key), unconfirmed(options));
  }

  /** @param {any} options */
  getAlarm(options) {
    if (!isOptions(options)) throw this.#bad("getAlarm", 1, "GetAlarmOptions");
    return ops.alarmGet(this.contextId);
  }

  /** @param {any} time @param {any} options */
  setAlarm(time, options) {
    const at = this.#toAlarmTime(time);
    if (!isOptions(options)) throw this.#bad("setAlarm", 2, "SetAlarmOptions");
    if (at <= 0) throw new TypeError("setAlarm() cannot be called with an alarm time <= 0");
    const { instance } = this.object;
    // While the constructor runs there is no instance to look at yet.
    if (instance !== undefined && typeof instance.alarm !== "function") {
      throw new TypeError("Your Durable Object class must have an alarm() handler in order to call setAlarm()");
    }
    ops.alarmSet(this.contextId, Math.max(at, ops.now()), unconfirmed(options));
  }

  /** @param {any} options */
  deleteAlarm(options) {
    if (!isOptions(options)) throw this.#bad("deleteAlarm", 1, "SetAlarmOptions");
    ops.alarmDelete(this.contextId, unconfirmed(options));
  }

  /** @param {unknown} time @returns {number} whole milliseconds */
  #toAlarmTime(time) {
    const ms = typeof time === "number" ? time : time instanceof Date ? time.getTime() : undefined;
    if (ms === undefined) throw this.#bad("setAlarm", 1, "date");
    if (!Number.isFinite(ms)) throw new TypeError("The value cannot be converted because it is not a valid Date.");
    if (ms > ALARM_MS_MAX) throw new TypeError("This API doesn't support dates after 2189.");
    return Math.trunc(ms);
  }

  /** @param {any[]} keys */
  #checkKeys(keys) {
    return Array.from(keys, (key) => this.#checkKey(toKey(key)));
  }

  /** @param {string} key */
  #checkKey(key) {
    // No UTF-16 unit takes more than three bytes, so most keys need not be measured.
    if (this.limited && key.length * 3 > KEY_BYTES_MAX) {
      const size = ops.utf8Encode(key).length;
      if (size > KEY_BYTES_MAX) {
        throw new RangeError(`Keys cannot be larger than ${KEY_BYTES_MAX} bytes. A key of size ${size} was provided.`);
      }
    }
    return key;
  }

  /** @param {unknown} value */
  #encode(value) {
    const bytes = encodeStored(value);
    if (this.limited && bytes.length > VALUE_BYTES_ENFORCED) {
      throw new RangeError(`Values cannot be larger than ${VALUE_BYTES_MAX} bytes. A value of size ${bytes.length} was provided.`);
    }
    return bytes;
  }

  /** @param {string} method @param {number} position @param {string} type */
  #bad(method, position, type) {
    return badArgument(this.interfaceName, method, position, type);
  }
}

/** @param {import("stated:host").StoredValue[]} flat keys and values in turn */
function toMap(flat) {
  const map = new Map();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i], storedValue(flat[i + 1]));
  return map;
}

/**
 * Reads a value as the host found it. A primitive is itself, and undefined means that there is none.
 *
 * @param {import("stated:host").StoredValue | undefined} value
 * @returns {any}
 */
export function storedValue(value) {
  return typeof value === "object" && value !== null ? decodeStored(value) : value;
}
