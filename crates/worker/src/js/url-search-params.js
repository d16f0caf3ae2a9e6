/**
 * URLSearchParams of the URL standard, with the application/x-www-form-urlencoded parser and serializer.
 *
 * @module
 */

import { ops } from "stated:host";
import { badArgument, badConstructorArgument, defineInspection, defineInterface, definePairIterable, toUSVString } from "stated:webidl";

/**
 * Parses application/x-www-form-urlencoded text to a flat list of names and values.
 *
 * @param {string} text without a leading "?"
 * @returns {string[]}
 */
export function parseUrlEncoded(text) {
  /** @type {string[]} */
  const list = [];
  if (text === "") return list;
  let start = 0;
  while (start <= text.length) {
    let end = text.indexOf("&", start);
    if (end === -1) end = text.length;
    if (end > start) {
      const equals = text.indexOf("=", start);
      if (equals === -1 || equals >= end) list.push(decode(text.slice(start, end)), "");
      else list.push(decode(text.slice(start, equals)), decode(text.slice(equals + 1, end)));
    }
    start = end + 1;
  }
  return list;
}

/** @param {string} text */
function decode(text) {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return decodeLoosely(spaced);
  }
}

/**
 * Percent-decodes text that decodeURIComponent refuses: a stray "%" stays, malformed UTF-8 becomes U+FFFD.
 *
 * @param {string} text
 */
function decodeLoosely(text) {
  return ops.textDecode("utf-8", percentDecode(ops.utf8Encode(text)), false, true);
}

/**
 * Percent-decodes bytes as the URL standard does: what is no escape stays.
 *
 * @param {Uint8Array} bytes
 * @returns {Uint8Array}
 */
export function percentDecode(bytes) {
  const result = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const high = bytes[i] === 0x25 && i + 2 < bytes.length ? hexDigit(bytes[i + 1]) : -1;
    const low = high === -1 ? -1 : hexDigit(bytes[i + 2]);
    if (low === -1) {
      result[length++] = bytes[i];
    } else {
      result[length++] = high * 16 + low;
      i += 2;
    }
  }
  return result.subarray(0, length);
}

/** @param {number} byte */
function hexDigit(byte) {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/**
 * Serializes a flat list as application/x-www-form-urlencoded.
 *
 * @param {readonly string[]} list
 * @returns {string}
 */
export function serializeUrlEncoded(list) {
  let text = "";
  for (let i = 0; i < list.length; i += 2) {
    if (i > 0) text += "&";
    text += `${encode(list[i])}=${encode(list[i + 1])}`;
  }
  return text;
}

const plain = /^[A-Za-z0-9*\-._]*$/;
const unlikeComponent = /[!'()~]|%20/g;

/** @param {string} text well formed */
function encode(text) {
  if (plain.test(text)) return text;
  return encodeURIComponent(text).replace(unlikeComponent, (match) => {
    return match === "%20" ? "+" : `%${match.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

/** @type {(params: URLSearchParams) => string[]} */
let listOf;
/** @type {(query: string, changed: (query: string) => void) => URLSearchParams} */
let makeLinked;
/** @type {(params: URLSearchParams, query: string) => void} */
let replaceList;

/** The parameters of a URL's query, or a list of its own. */
export class URLSearchParams {
  /** @type {string[]} names and values in turn */ #list = [];
  /** @type {((query: string) => void) | null} tells the URL it belongs to */ #changed = null;

  /** @param {string | Iterable<Iterable<string>> | Record<string, string>} [init] */
  constructor(init = "") {
    if ((typeof init === "object" && init !== null) || typeof init === "function") {
      this.#list = listFrom(init);
      return;
    }
    const text = toUSVString(init);
    this.#list = parseUrlEncoded(text.startsWith("?") ? text.slice(1) : text);
  }

  static {
    listOf = (params) => params.#list;
    makeLinked = (query, changed) => {
      const params = new URLSearchParams();
      params.#list = parseUrlEncoded(query);
      params.#changed = changed;
      return params;
    };
    replaceList = (params, query) => {
      params.#list = parseUrlEncoded(query);
    };
  }

  get size() {
    return this.#list.length / 2;
  }

  /** @param {string} name @param {string} value */
  append(name, value) {
    if (arguments.length < 2) throw badArgument("URLSearchParams", "append", arguments.length + 1, "USVString");
    this.#list.push(toUSVString(name), toUSVString(value));
    this.#update();
  }

  /** @param {string} name @param {string} [value] */
  delete(name, value = undefined) {
    if (arguments.length < 1) throw badArgument("URLSearchParams", "delete", 1, "USVString");
    const wantedName = toUSVString(name);
    const wantedValue = value === undefined ? undefined : toUSVString(value);
    const list = this.#list;
    let kept = 0;
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] === wantedName && (wantedValue === undefined || list[i + 1] === wantedValue)) continue;
      list[kept] = list[i];
      list[kept + 1] = list[i + 1];
      kept += 2;
    }
    list.length = kept;
    this.#update();
  }

  /** @param {string} name @returns {string | null} */
  get(name) {
    if (arguments.length < 1) throw badArgument("URLSearchParams", "get", 1, "USVString");
    const wanted = toUSVString(name);
    const list = this.#list;
    for (let i = 0; i < list.length; i += 2) if (list[i] === wanted) return list[i + 1];
    return null;
  }

  /** @param {string} name @returns {string[]} */
  getAll(name) {
    if (arguments.length < 1) throw badArgument("URLSearchParams", "getAll", 1, "USVString");
    const wanted = toUSVString(name);
    const list = this.#list;
    const values = [];
    for (let i = 0; i < list.length; i += 2) if (list[i] === wanted) values.push(list[i + 1]);
    return values;
  }

  /** @param {string} name @param {string} [value] @returns {boolean} */
  has(name, value = undefined) {
    if (arguments.length < 1) throw badArgument("URLSearchParams", "has", 1, "USVString");
    const wantedName = toUSVString(name);
    const wantedValue = value === undefined ? undefined : toUSVString(value);
    const list = this.#list;
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] === wantedName && (wantedValue === undefined || list[i + 1] === wantedValue)) return true;
    }
    return false;
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    if (arguments.length < 2) throw badArgument("URLSearchParams", "set", arguments.length + 1, "USVString");
    const wanted = toUSVString(name);
    const text = toUSVString(value);
    const list = this.#list;
    let kept = 0;
    let found = false;
    for (let i = 0; i < list.length; i += 2) {
      const same = list[i] === wanted;
      if (same && found) continue;
      list[kept] = list[i];
      list[kept + 1] = same ? text : list[i + 1];
      found ||= same;
      kept += 2;
    }
    list.length = kept;
    if (!found) list.push(wanted, text);
    this.#update();
  }

  /** Sorts by name, in order of UTF-16 code units; pairs of one name keep their order. */
  sort() {
    const pairs = [];
    for (let i = 0; i < this.#list.length; i += 2) pairs.push([this.#list[i], this.#list[i + 1]]);
    pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    this.#list = pairs.flat();
    this.#update();
  }

  toString() {
    return serializeUrlEncoded(this.#list);
  }

  #update() {
    if (this.#changed !== null) this.#changed(serializeUrlEncoded(this.#list));
  }
}

/** @param {any} init @returns {string[]} */
function listFrom(init) {
  const list = [];
  const iterate = init[Symbol.iterator];
  if (iterate === undefined || iterate === null) {
    // As in Workers, keys that are symbols are passed over; Web IDL would throw.
    for (const key of Reflect.ownKeys(init)) {
      if (typeof key === "symbol") continue;
      const descriptor = Reflect.getOwnPropertyDescriptor(init, key);
      if (descriptor === undefined || !descriptor.enumerable) continue;
      list.push(toUSVString(key), toUSVString(init[key]));
    }
    return withoutRepeats(list);
  }
  if (typeof iterate !== "function") throw badConstructorArgument("URLSearchParams", 1, "Sequence");
  for (const pair of init) {
    if ((typeof pair !== "object" || pair === null || typeof pair[Symbol.iterator] !== "function")) {
      throw new TypeError("Incorrect type: the provided value is not of type 'Sequence'.");
    }
    const parts = [...pair];
    if (parts.length !== 2) throw new TypeError("Invalid URL search params sequence.");
    list.push(toUSVString(parts[0]), toUSVString(parts[1]));
  }
  return list;
}

/**
 * Keys that differ only in lone surrogates become one; the later value wins, as in a Web IDL record.
 *
 * @param {string[]} list
 */
function withoutRepeats(list) {
  /** @type {Map<string, string>} */
  const map = new Map();
  for (let i = 0; i < list.length; i += 2) map.set(list[i], list[i + 1]);
  return map.size * 2 === list.length ? list : [...map].flat();
}

definePairIterable(URLSearchParams, (self) => listOf(self));
defineInterface(URLSearchParams);
defineInspection(URLSearchParams.prototype, () => ({}), listOf);

/**
 * The parameters of a URL; `changed` gets the new query whenever the program changes them.
 *
 * @param {string} query without "?"
 * @param {(query: string) => void} changed
 */
export function linkedSearchParams(query, changed) {
  return makeLinked(query, changed);
}

/**
 * Follows a change of the URL they belong to.
 *
 * @param {URLSearchParams} params
 * @param {string} query without "?"
 */
export function resetSearchParams(params, query) {
  replaceList(params, query);
}
