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
import { lacks } from "stated:settings";
import { badArgument, badConstructorArgument, badField, defineInspection, defineInterface, definePairIterable, toDOMString } from "stated:webidl";

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What needs neither trimming nor encoding. */
const plainValue = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
const badValue = /[\0\r\n]/;
const beyondAscii = /[^\x00-\x7f]/;
const edges = /^[\t\n\r ]+|[\t\n\r ]+$/g;

/** Valid names as programs write them, to lower case. Most programs use few. @type {Map<string, string>} */
const knownNames = new Map();
const KNOWN_NAMES_MAX = 256;

/** Whether any list of this realm may hold text beyond ASCII; until then no value needs a look before it is sent. */
let anyBeyondAscii = false;

/** @param {any} name @returns {string} */
function checkName(name) {
  return knownNames.get(name) ?? checkNewName(toDOMString(name));
}

/** @param {string} name */
function checkNewName(name) {
  if (!token.test(name)) throw new TypeError("Invalid header name.");
  const lower = name.toLowerCase();
  if (knownNames.size < KNOWN_NAMES_MAX) knownNames.set(name, lower);
  return lower;
}

/** @param {any} value @returns {string} */
function checkValue(value) {
  const text = toDOMString(value);
  return plainValue.test(text) ? text : checkUnusualValue(text);
}

/** @param {string} value */
function checkUnusualValue(value) {
  const text = value.replace(edges, "");
  if (badValue.test(text)) throw new TypeError("Invalid header value.");
  anyBeyondAscii ||= beyondAscii.test(text);
  return text;
}

/** @type {(headers: Headers) => string[]} */
let listOf;
/** @type {(headers: Headers) => string[]} */
let sortedOf;
/** @type {(headers: Headers) => boolean} */
let isImmutable;
/** @type {(headers: Headers) => string[]} */
let wireListOf;
/** @type {(list: string[], immutable: boolean) => Headers} */
let make;
/** @type {(value: object) => boolean} */
let isHeaders;

/** HTTP headers. */
export class Headers {
  /** @type {string[]} */ #list;
  #immutable = false;
  /** The list is the host's: its values are byte strings. */
  #isWire = false;
  /** @type {string[] | null} what iteration shows; null after a change */ #sorted = null;

  /** @param {Headers | Iterable<Iterable<string>> | Record<string, string>} [init] */
  constructor(init = undefined) {
    this.#list = init === undefined ? [] : listFrom(init);
  }

  static {
    listOf = (headers) => headers.#text();
    wireListOf = (headers) => (headers.#isWire ? headers.#list : toWire(headers.#list));
    sortedOf = (headers) => (headers.#sorted ??= sortAndCombine(headers.#text()));
    isImmutable = (headers) => headers.#immutable;
    isHeaders = (value) => #list in value;
    make = (list, immutable) => {
      const headers = new Headers();
      headers.#list = list;
      headers.#immutable = immutable;
      headers.#isWire = immutable;
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
    const value = findCombined(this.#list, checkName(name));
    return value !== null && this.#isWire ? textOfWire(value) : value;
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
    return this.#setCookies();
  }

  /** @returns {string[]} */
  getSetCookie() {
    return this.#setCookies();
  }

  #setCookies() {
    const list = this.#text();
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

  /** The list with its values as text. */
  #text() {
    if (this.#isWire) {
      this.#isWire = false;
      fromWire(this.#list);
    }
    return this.#list;
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

/** @param {any} init @param {string} [dictionary] whose field `headers` it is @returns {string[]} */
function listFrom(init, dictionary = undefined) {
  if ((typeof init !== "object" && typeof init !== "function") || init === null) {
    const type = "Headers or Sequence or object";
    throw dictionary === undefined ? badConstructorArgument("Headers", 1, type) : badField("headers", dictionary, type);
  }
  if (isHeaders(init)) return listOf(init).slice();
  /** @type {string[]} */
  const list = [];
  const iterate = init[Symbol.iterator];
  if (iterate === undefined || iterate === null) {
    // As in Workers, keys that are symbols are passed over; Web IDL would throw.
    for (const key of Object.keys(init)) list.push(checkName(key), checkValue(init[key]));
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
 * Sorted by name, values of one name combined; each Set-Cookie stays on its own, since 2023-03-01.
 *
 * @param {string[]} list
 */
function sortAndCombine(list) {
  const names = [];
  for (let i = 0; i < list.length; i += 2) names.push(list[i]);
  const result = [];
  for (const name of [...new Set(names)].sort()) {
    if (name === "set-cookie" && !lacks("http_headers_getsetcookie")) {
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
 * Headers of the host: immutable, around its list, which they own from now on.
 *
 * @param {string[]} list names in lower case, values as byte strings
 * @returns {Headers}
 */
export function headersOfHost(list) {
  return make(list, true);
}

/**
 * Headers around a list that they own from now on.
 *
 * @param {string[]} list names in lower case, values as text, both valid
 * @returns {Headers}
 */
export function headersAround(list) {
  return make(list, false);
}

/**
 * The list behind a Headers object as the host takes it; not a copy unless values had to be encoded.
 *
 * @param {Headers} headers
 * @returns {string[]}
 */
export function wireListBehind(headers) {
  return wireListOf(headers);
}

/**
 * The flat list of what a Headers constructor would accept, checked; a new array.
 *
 * @param {any} init
 * @param {string} dictionary whose field `headers` it is
 * @returns {string[]}
 */
export function headerList(init, dictionary) {
  return listFrom(init, dictionary);
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
  for (let i = 1; i < list.length; i += 2) list[i] = textOfWire(list[i]);
  return list;
}

/** @param {string} value */
function textOfWire(value) {
  if (!beyondAscii.test(value)) return value;
  anyBeyondAscii = true;
  return ops.textDecode("utf-8", bytesOfByteString(value), false, true);
}

/**
 * A list whose values are byte strings; the same array when they all are ASCII. The values went through this module before.
 *
 * @param {string[]} list
 * @returns {string[]}
 */
export function toWire(list) {
  if (!anyBeyondAscii) return list;
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
