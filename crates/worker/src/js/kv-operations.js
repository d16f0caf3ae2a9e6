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
const INT32_MIN = -2147483648;
const INT32_MAX = 2147483647;
/** The last millisecond that can be stored in nanoseconds. */
const TIME_MS_MAX = 9223372036854;

const mixedPut = "put() may only be called with a single key-value pair and optional options as put(key, value, options) "
  + "or with multiple key-value pairs and optional options as put(entries, options)";

/** @typedef {[start: string | undefined, startAfter: string | undefined, end: string | undefined, prefix: string | undefined,
 *   reverse: boolean, limit: number | undefined]} ListBounds */

/**
 * Whether a value can be an options argument: absent, or an object.
 *
 * @param {unknown} options
 */
export function isOptions(options) {
  return options === undefined || options === null || typeof options === "object" || typeof options === "function";
}

/** @param {unknown} key @returns {string} */
export function toKey(key) {
  return typeof key === "string" ? key : `${key}`;
}

/*
 * Options are read in the order of Workers, those without an effect too: a getter of the program may throw.
 */

/** @param {any} options */
function readGetOptions(options) {
  if (options === undefined || options === null) return;
  options.allowConcurrency;
  options.noCache;
}

/** @param {any} options @returns {boolean} whether outputs need not wait for the write */
function readPutOptions(options) {
  if (options === undefined || options === null) return false;
  options.allowConcurrency;
  const unconfirmed = Boolean(options.allowUnconfirmed);
  options.noCache;
  return unconfirmed;
}

/** @param {any} options */
function readGetAlarmOptions(options) {
  if (options !== undefined && options !== null) options.allowConcurrency;
}

/** @param {any} options @returns {boolean} whether outputs need not wait for the write */
function readAlarmOptions(options) {
  if (options === undefined || options === null) return false;
  options.allowConcurrency;
  return Boolean(options.allowUnconfirmed);
}

/**
 * Converts the options of a listing (reference 4.1) into the host's arguments, whatever they ask for.
 *
 * @param {any} options
 * @returns {ListBounds}
 */
export function readBounds(options) {
  if (options === undefined || options === null) return [undefined, undefined, undefined, undefined, false, undefined];
  const start = toBound(options.start);
  const startAfter = toBound(options.startAfter);
  const end = toBound(options.end);
  const prefix = toBound(options.prefix);
  const reverse = Boolean(options.reverse);
  const limit = options.limit === undefined ? undefined : toInt32(options.limit);
  return [start, startAfter, end, prefix, reverse, limit];
}

/** Throws where a listing asks for what there is not. @param {ListBounds} bounds */
export function checkBounds([start, startAfter, , , , limit]) {
  if (start !== undefined && startAfter !== undefined) {
    throw new TypeError("list() cannot be called with both start and startAfter values.");
  }
  if (limit !== undefined && limit <= 0) throw new TypeError("List limit must be positive.");
}

/** @param {unknown} bound */
function toBound(bound) {
  return bound === undefined ? undefined : toKey(bound);
}

/**
 * Converts to a 32-bit integer, as Workers does: what is no number is 0, and nothing wraps.
 *
 * @param {unknown} value
 */
export function toInt32(value) {
  if (typeof value === "bigint") throw new TypeError("Cannot convert a BigInt value to a number");
  const number = Math.trunc(Number(value));
  if (!Number.isFinite(number)) return 0;
  if (number < INT32_MIN || number > INT32_MAX) {
    throw new TypeError("Value out of range. Must be between -2147483648 and 2147483647 (inclusive).");
  }
  return number;
}

/**
 * Converts a time: a number of milliseconds since the epoch, or a Date.
 *
 * @param {unknown} time
 * @returns {number | undefined} undefined where it is neither
 */
export function toMilliseconds(time) {
  const ms = typeof time === "number" ? time : time instanceof Date ? time.getTime() : undefined;
  if (ms === undefined) return undefined;
  if (!Number.isFinite(ms)) throw new TypeError("The value cannot be converted because it is not a valid Date.");
  if (ms > TIME_MS_MAX) throw new TypeError("This API doesn't support dates after 2189.");
  return ms;
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

  /**
   * Called between the conversion of the arguments and the operation; throws when it may not be done.
   *
   * @param {string} _operation its name with parentheses
   */
  require(_operation) {}

  /** @param {any} key a key or an array of keys @param {any} options @param {number} count how many arguments there were */
  get(key, options, count) {
    if (count < 1) throw this.#bad("get", 1, "string or Array");
    if (!Array.isArray(key)) {
      const name = toKey(key);
      if (!isOptions(options)) throw this.#bad("get", 2, "GetOptions");
      readGetOptions(options);
      this.require("get()");
      return storedValue(ops.kvGet(this.contextId, this.#checkKey(name)));
    }
    const names = Array.from(key, toKey);
    if (!isOptions(options)) throw this.#bad("get", 2, "GetOptions");
    readGetOptions(options);
    this.require("get()");
    if (this.limited && names.length > KEYS_MAX) {
      throw new RangeError(`Maximum number of key value pairs is ${KEYS_MAX}. ${names.length} pairs were provided.`);
    }
    return toMap(ops.kvGetMany(this.contextId, this.#checkKeys(names)));
  }

  /** @param {any} options */
  list(options) {
    if (!isOptions(options)) throw this.#bad("list", 1, "ListOptions");
    const bounds = readBounds(options);
    readGetOptions(options);
    checkBounds(bounds);
    this.require("list()");
    return toMap(ops.kvList(this.contextId, ...bounds));
  }

  /**
   * @param {any} key a key, or an object of entries
   * @param {any} value the value, or the options of entries
   * @param {any} options
   * @param {number} count how many arguments there were
   */
  put(key, value, options, count) {
    if (count < 1) throw this.#bad("put", 1, "string or object");
    // An array is no object of entries but a key, by its text.
    if (((typeof key === "object" && key !== null) || typeof key === "function") && !Array.isArray(key)) {
      this.#putMany(key, value, options);
      return;
    }
    const name = toKey(key);
    if (!isOptions(options)) throw this.#bad("put", 3, "PutOptions");
    const unconfirmed = readPutOptions(options);
    if (value === undefined) throw new TypeError("put() called with undefined value.");
    const bytes = this.#encode(value);
    this.require("put()");
    ops.kvPut(this.contextId, this.#checkKey(name), bytes, unconfirmed);
  }

  /**
   * The options are the second argument, or the third one if there is no second.
   *
   * @param {any} entries @param {any} second @param {any} third
   */
  #putMany(entries, second, third) {
    /** @type {[string, any][]} */
    const given = [];
    for (const key of Object.keys(entries)) given.push([key, entries[key]]);
    if (!isOptions(third)) throw this.#bad("put", 3, "PutOptions");
    let unconfirmed = readPutOptions(third);
    if (second !== undefined) {
      if (!isOptions(second)) throw new TypeError(mixedPut);
      unconfirmed = readPutOptions(second);
    }
    /** @type {(string | Uint8Array)[]} */
    const flat = [];
    for (const [key, value] of given) {
      if (value !== undefined) flat.push(this.#checkKey(key), this.#encode(value));
    }
    this.require("put()");
    if (flat.length > 0) ops.kvPutMany(this.contextId, flat, unconfirmed);
  }

  /** @param {any} key a key or an array of keys @param {any} options @param {number} count */
  delete(key, options, count) {
    if (count < 1) throw this.#bad("delete", 1, "string or Array");
    const isMany = Array.isArray(key);
    const names = isMany ? Array.from(key, toKey) : [toKey(key)];
    if (!isOptions(options)) throw this.#bad("delete", 2, "PutOptions");
    const unconfirmed = readPutOptions(options);
    this.require("delete()");
    this.#checkKeys(names);
    return isMany ? ops.kvDeleteMany(this.contextId, names, unconfirmed) : ops.kvDelete(this.contextId, names[0], unconfirmed);
  }

  /** Reads the options of `deleteAll`, none of which has an effect. @param {any} options */
  readDeleteAllOptions(options) {
    if (!isOptions(options)) throw this.#bad("deleteAll", 1, "PutOptions");
    readPutOptions(options);
  }

  /** @param {any} options */
  getAlarm(options) {
    if (!isOptions(options)) throw this.#bad("getAlarm", 1, "GetAlarmOptions");
    readGetAlarmOptions(options);
    this.require("getAlarm()");
    return ops.alarmGet(this.contextId);
  }

  /** @param {any} time @param {any} options */
  setAlarm(time, options) {
    const at = this.#toAlarmTime(time);
    if (!isOptions(options)) throw this.#bad("setAlarm", 2, "SetAlarmOptions");
    const unconfirmed = readAlarmOptions(options);
    if (at <= 0) throw new TypeError("setAlarm() cannot be called with an alarm time <= 0");
    this.require("setAlarm()");
    const { instance } = this.object;
    // While the constructor runs there is no instance to look at yet.
    if (instance !== undefined && typeof instance.alarm !== "function") {
      throw new TypeError("Your Durable Object class must have an alarm() handler in order to call setAlarm()");
    }
    ops.alarmSet(this.contextId, Math.max(at, ops.now()), unconfirmed);
  }

  /** @param {any} options */
  deleteAlarm(options) {
    if (!isOptions(options)) throw this.#bad("deleteAlarm", 1, "SetAlarmOptions");
    const unconfirmed = readAlarmOptions(options);
    this.require("deleteAlarm()");
    ops.alarmDelete(this.contextId, unconfirmed);
  }

  /** @param {unknown} time @returns {number} whole milliseconds */
  #toAlarmTime(time) {
    const ms = toMilliseconds(time);
    if (ms === undefined) throw this.#bad("setAlarm", 1, "date");
    return Math.trunc(ms);
  }

  /** @param {string[]} keys */
  #checkKeys(keys) {
    if (this.limited) for (const key of keys) this.#checkKey(key);
    return keys;
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
