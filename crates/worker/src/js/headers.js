/**
 * Headers of the Fetch standard.
 *
 * The list is flat, `[name, value, …]` with names in lower case: the form in which the host hands headers over and takes
 * them, so that a request's headers cost nothing until they are read and a look-up is a short scan. No name is forbidden.
 *
 * On the wire a value is bytes. As on Workers, text beyond ASCII travels as UTF-8: `fromWire` and `toWire`.
 *
 * Differs: a name must be an HTTP token and a value must not contain NUL, CR or LF, as the standard says; Workers lets names
 * beyond ASCII pass.
 *
 * @module
 */

import { ops } from "stated:host";
import { badArgument, badConstructorArgument, defineInspection, defineInterface, definePairIterable,
  toDOMString } from "stated:webidl";

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const badValue = /[\0\r\n]/;
const beyondAscii = /[^\x00-\x7f]/;
const edges = /^[\t\n\r ]+|[\t\n\r ]+$/g;
const isLower = /^[^A-Z]*$/;

/** @param {any} name @returns {string} */
function checkName(name) {
  const text = toDOMString(name);
  if (!token.test(text)) throw new TypeError("Invalid header name.");
  return isLower.test(text) ? text : text.toLowerCase();
}

/** @param {any} value @returns {string} */
function checkValue(value) {
  let text = toDOMString(value);
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  if (first <= 32 || last <= 32) text = text.replace(edges, "");
  if (badValue.test(text)) throw new TypeError("Invalid header value.");
  return text;
}

/** @type {(headers: Headers) => string[]} */
let listOf;
/** @type {(headers: Headers) => string[]} */
let sortedOf;
/** @type {(headers: Headers) => boolean} */
let isImmutable;
/** @type {(list: string[], immutable: boolean) => Headers} */
let make;
/** @type {(value: object) => boolean} */
let isHeaders;

/** HTTP headers. */
export class Headers {
  /** @type {string[]} */ #list;
  #immutable = false;
  /** @type {string[] | null} what iteration shows; null after a change */ #sorted = null;

  /** @param {Headers | Iterable<Iterable<string>> | Record<string, string>} [init] */
  constructor(init = undefined) {
    this.#list = init === undefined ? [] : listFrom(init);
  }

  static {
    listOf = (headers) => headers.#list;
    sortedOf = (headers) => (headers.#sorted ??= sortAndCombine(headers.#list));
    isImmutable = (headers) => headers.#immutable;
    isHeaders = (value) => #list in value;
    make = (list, immutable) => {
      const headers = new Headers();
      headers.#list = list;
      headers.#immutable = immutable;
      return headers;
    };
  }

  /** @param {string} name @param {string} value */
  append(name, value) {
    if (arguments.length < 2) throw badArgument("Headers", "append", arguments.length + 1, "string");
    const key = checkName(name);
    const text = checkValue(value);
    this.#change();
    this.#list.push(key, text);
  }

  /** @param {string} name */
  delete(name) {
    if (arguments.length < 1) throw badArgument("Headers", "delete", 1, "string");
    const key = checkName(name);
    this.#change();
    removeFrom(this.#list, key, 0);
  }

  /**
   * All values of a header joined with ", ", or null.
   *
   * @param {string} name
   * @returns {string | null}
   */
  get(name) {
    if (arguments.length < 1) throw badArgument("Headers", "get", 1, "string");
    return findCombined(this.#list, checkName(name));
  }

  /**
   * The values of Set-Cookie, as Workers offered it before `getSetCookie`.
   *
   * @param {string} name
   * @returns {string[]}
   */
  getAll(name) {
    if (arguments.length < 1) throw badArgument("Headers", "getAll", 1, "string");
    if (checkName(name) !== "set-cookie") {
      throw new TypeError('getAll() can only be used with the header name "Set-Cookie".');
    }
    return this.getSetCookie();
  }

  /** @returns {string[]} */
  getSetCookie() {
    const list = this.#list;
    const values = [];
    for (let i = 0; i < list.length; i += 2) if (list[i] === "set-cookie") values.push(list[i + 1]);
    return values;
  }

  /** @param {string} name @returns {boolean} */
  has(name) {
    if (arguments.length < 1) throw badArgument("Headers", "has", 1, "string");
    return findName(this.#list, checkName(name)) !== -1;
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    if (arguments.length < 2) throw badArgument("Headers", "set", arguments.length + 1, "string");
    const key = checkName(name);
    const text = checkValue(value);
    this.#change();
    setIn(this.#list, key, text);
  }

  #change() {
    if (this.#immutable) throw new TypeError("Can't modify immutable headers.");
    this.#sorted = null;
  }
}

/** @param {string[]} list @param {string} name in lower case */
function findName(list, name) {
  for (let i = 0; i < list.length; i += 2) if (list[i] === name) return i;
  return -1;
}

/** @param {string[]} list @param {string} name in lower case */
function findCombined(list, name) {
  const first = findName(list, name);
  if (first === -1) return null;
  let value = list[first + 1];
  for (let i = first + 2; i < list.length; i += 2) if (list[i] === name) value += `, ${list[i + 1]}`;
  return value;
}

/** @param {string[]} list @param {string} name in lower case @param {number} from */
function removeFrom(list, name, from) {
  let kept = from;
  for (let i = from; i < list.length; i += 2) {
    if (list[i] === name) continue;
    list[kept] = list[i];
    list[kept + 1] = list[i + 1];
    kept += 2;
  }
  list.length = kept;
}

/** @param {string[]} list @param {string} name in lower case @param {string} value */
function setIn(list, name, value) {
  const index = findName(list, name);
  if (index === -1) {
    list.push(name, value);
    return;
  }
  list[index + 1] = value;
  removeFrom(list, name, index + 2);
}

/** @param {any} init @returns {string[]} */
function listFrom(init) {
  if ((typeof init !== "object" && typeof init !== "function") || init === null) {
    throw badConstructorArgument("Headers", 1, "Headers or Sequence or object");
  }
  if (isHeaders(init)) return listOf(init).slice();
  /** @type {string[]} */
  const list = [];
  const iterate = init[Symbol.iterator];
  if (iterate === undefined || iterate === null) {
    for (const key of Reflect.ownKeys(init)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(init, key);
      if (descriptor === undefined || !descriptor.enumerable) continue;
      list.push(checkName(key), checkValue(init[key]));
    }
    return list;
  }
  if (typeof iterate !== "function") throw badConstructorArgument("Headers", 1, "Headers or Sequence or object");
  for (const pair of init) {
    if (typeof pair !== "object" || pair === null || typeof pair[Symbol.iterator] !== "function") {
      throw new TypeError("Incorrect type: the provided value is not of type 'Sequence'.");
    }
    const parts = [...pair];
    if (parts.length !== 2) {
      throw new TypeError("To initialize a Headers object from a sequence, each inner sequence must have exactly two elements.");
    }
    list.push(checkName(parts[0]), checkValue(parts[1]));
  }
  return list;
}

/**
 * Sorted by name, values of one name combined; each Set-Cookie stays on its own.
 *
 * @param {string[]} list
 */
function sortAndCombine(list) {
  const names = [];
  for (let i = 0; i < list.length; i += 2) names.push(list[i]);
  const result = [];
  for (const name of [...new Set(names)].sort()) {
    if (name === "set-cookie") {
      for (let i = 0; i < list.length; i += 2) if (list[i] === name) result.push(name, list[i + 1]);
    } else {
      result.push(name, findCombined(list, name));
    }
  }
  return /** @type {string[]} */ (result);
}

definePairIterable(Headers, (self) => sortedOf(self));
defineInterface(Headers);
defineInspection(Headers.prototype, (self) => ({ "[immutable]": isImmutable(self) }), sortedOf);

/**
 * Headers around a list that they own from now on.
 *
 * @param {string[]} list names in lower case
 * @param {boolean} immutable
 * @returns {Headers}
 */
export function headersAround(list, immutable) {
  return make(list, immutable);
}

/**
 * The flat list of what a Headers constructor would accept, checked; a new array.
 *
 * @param {any} init
 * @returns {string[]}
 */
export function headerList(init) {
  return listFrom(init);
}

/**
 * The list behind a Headers object itself, not a copy.
 *
 * @param {Headers} headers
 * @returns {string[]}
 */
export function listBehind(headers) {
  return listOf(headers);
}

/**
 * The combined value in a flat list, or null.
 *
 * @param {string[]} list
 * @param {string} name in lower case
 */
export function headerIn(list, name) {
  return findCombined(list, name);
}

/**
 * Turns the values of a host's list, which are byte strings, to text, in place.
 *
 * @param {string[]} list
 * @returns {string[]}
 */
export function fromWire(list) {
  for (let i = 1; i < list.length; i += 2) {
    if (beyondAscii.test(list[i])) list[i] = ops.textDecode("utf-8", bytesOfByteString(list[i]), false, true);
  }
  return list;
}

/**
 * A list whose values are byte strings; the same array when they all are ASCII.
 *
 * @param {string[]} list
 * @returns {string[]}
 */
export function toWire(list) {
  let result = list;
  for (let i = 1; i < list.length; i += 2) {
    if (!beyondAscii.test(list[i])) continue;
    if (result === list) result = list.slice();
    result[i] = byteStringOf(ops.utf8Encode(list[i]));
  }
  return result;
}

/** @param {string} text */
function bytesOfByteString(text) {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** @param {Uint8Array} bytes */
function byteStringOf(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
