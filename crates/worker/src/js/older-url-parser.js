/**
 * The URL parser of programs before 2022-10-31: that of KJ, the library that workerd is built on, not the URL standard's.
 *
 * It wants `//` and a host of few characters in every URL, takes paths and queries apart at once, and puts together again
 * what it has taken apart, so that consecutive slashes become one and escapes are those of its own tables.
 *
 * Texts here are of bytes: each character is one byte of UTF-8, in which a lone surrogate is written as if it were a
 * character. `toBytes` and `toText` lead in and out.
 *
 * Loaded by programs with such a flag only. Found out by running workerd.
 *
 * @module
 */

import { ops } from "stated:host";

/**
 * @typedef {object} Parts of a URL
 * @property {string} scheme
 * @property {{ name: string, password: string | null } | null} user
 * @property {string} host with the port
 * @property {string[]} path its segments
 * @property {boolean} slash whether a slash follows them
 * @property {[string, string | null][]} query
 * @property {string | null} fragment
 */

/**
 * How exact a URL is kept. `"decoded"`: escapes are undone, and empty parts of paths and queries left out; `"raw"`: neither, but that a
 * relative reference loses them all the same.
 *
 * @typedef {"decoded" | "raw"} Mode
 */

const ascii = /^[\0-\x7f]*$/;
const scheme = /^[a-z][a-z0-9+.-]*$/i;
const schemeStart = /^[a-z0-9+.-]*:/i;
const hostCharacters = /^[a-z0-9.:[\]_-]*$/i;
const upperCase = /[A-Z]/g;

/** What each part of a URL need not escape. */
const plain = {
  user: /[A-Za-z0-9!$&'()*+,\-._~]/,
  path: /[A-Za-z0-9!$&'()*+,\-.:;=@[\]^_|~]/,
  query: /[A-Za-z0-9*\-._]/,
  fragment: /[A-Za-z0-9!#$&'()*+,\-./:;=?@[\\\]^_{|}~]/,
};

/** Another byte than those, by part. */
const escaped = {
  user: others(plain.user),
  path: others(plain.path),
  query: others(plain.query),
  fragment: others(plain.fragment),
};

/** @param {RegExp} characters one class */
function others(characters) {
  return new RegExp(characters.source.replace("[", "[^"), "g");
}

/**
 * The bytes of a text.
 *
 * @param {string} text
 * @returns {string}
 */
export function toBytes(text) {
  if (ascii.test(text)) return text;
  let bytes = "";
  for (const character of text) {
    const code = /** @type {number} */ (character.codePointAt(0));
    const next = (/** @type {number} */ shift) => String.fromCharCode(0x80 | (code >> shift) & 0x3f);
    if (code < 0x80) bytes += character;
    else if (code < 0x800) bytes += String.fromCharCode(0xc0 | code >> 6) + next(0);
    else if (code < 0x10000) bytes += String.fromCharCode(0xe0 | code >> 12) + next(6) + next(0);
    else bytes += String.fromCharCode(0xf0 | code >> 18) + next(12) + next(6) + next(0);
  }
  return bytes;
}

/**
 * The text of some bytes. What is not UTF-8 becomes U+FFFD.
 *
 * @param {string} bytes
 * @returns {string}
 */
export function toText(bytes) {
  if (ascii.test(bytes)) return bytes;
  return ops.textDecode("utf-8", Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)), false, true);
}

/** @param {string} text */
function toLowerCase(text) {
  return text.replace(upperCase, (letter) => letter.toLowerCase());
}

const incompleteEscape = /%(?![0-9a-f]{2})/i;
const escape = /%(?:([0-9a-f])([0-9a-f])?)?/gi;

/**
 * Undoes escapes; of one that is incomplete what there is counts.
 *
 * @param {string} bytes
 * @returns {string}
 */
export function percentDecoded(bytes) {
  if (!bytes.includes("%")) return bytes;
  return bytes.replace(escape, (_, high, low) => {
    return high === undefined ? "" : String.fromCharCode(Number.parseInt(`${high}${low ?? ""}`, 16));
  });
}

/** As the above, for the values of a query. @param {string} bytes */
function queryDecoded(bytes) {
  return percentDecoded(bytes.replaceAll("+", " "));
}

/**
 * Escapes what a part of a URL cannot have.
 *
 * @param {string} bytes
 * @param {keyof typeof plain} part
 * @returns {string}
 */
export function percentEncoded(bytes, part) {
  return bytes.replace(escaped[part], (byte) => {
    if (byte === " " && part === "query") return "+";
    return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

/** Parses one text, from the left to the right. */
class Reader {
  /** @param {string} text @param {Mode} mode */
  constructor(text, mode) {
    this.rest = text;
    this.decodes = mode === "decoded";
    this.keepsEmpty = mode === "raw";
    /** Whether everything was as it must be. */
    this.sound = true;
  }

  /** Takes what comes before one of the characters. @param {RegExp} end */
  until(end) {
    const at = this.rest.search(end);
    const taken = at === -1 ? this.rest : this.rest.slice(0, at);
    this.rest = this.rest.slice(taken.length);
    return taken;
  }

  /** @param {string} bytes */
  decoded(bytes) {
    if (!this.decodes) return bytes;
    if (incompleteEscape.test(bytes)) this.sound = false;
    return percentDecoded(bytes);
  }

  /** Reads user and host into `parts`; false if there can be no such host. @param {Parts} parts */
  authority(parts) {
    this.rest = this.rest.slice(2);
    let authority = this.until(/[/?#]/);
    const at = authority.indexOf("@");
    if (at !== -1) {
      const user = authority.slice(0, at);
      const colon = user.indexOf(":");
      parts.user = colon === -1
        ? { name: this.decoded(user), password: null }
        : { name: this.decoded(user.slice(0, colon)), password: this.decoded(user.slice(colon + 1)) };
      authority = authority.slice(at + 1);
    }
    const host = this.decoded(authority);
    parts.host = toLowerCase(host);
    return hostCharacters.test(host);
  }

  /** Reads one segment of a path into `parts`. @param {Parts} parts */
  segment(parts) {
    const segment = this.until(/[/?#]/);
    if (segment === "..") parts.path.pop();
    const kept = segment !== "." && segment !== ".." && (segment !== "" || (this.keepsEmpty && this.rest !== ""));
    if (kept) parts.path.push(this.decoded(segment));
    parts.slash = !kept;
  }

  /** Reads query and fragment into `parts`; true if there is a query. @param {Parts} parts */
  queryAndFragment(parts) {
    const hasQuery = this.rest.startsWith("?");
    if (hasQuery) parts.query = this.query();
    if (this.rest.startsWith("#")) parts.fragment = this.decoded(this.rest.slice(1));
    return hasQuery;
  }

  /** Reads a query, which starts with a character for "?". @returns {Parts["query"]} */
  query() {
    /** @type {Parts["query"]} */
    const query = [];
    do {
      this.rest = this.rest.slice(1);
      const pair = this.until(/[&#]/);
      if (pair === "" && !this.keepsEmpty) continue;
      const equals = pair.indexOf("=");
      if (equals === -1) query.push([this.queryPart(pair), null]);
      else query.push([this.queryPart(pair.slice(0, equals)), this.queryPart(pair.slice(equals + 1))]);
    } while (this.rest.startsWith("&"));
    return query;
  }

  /** @param {string} bytes */
  queryPart(bytes) {
    return this.decoded(this.decodes ? bytes.replaceAll("+", " ") : bytes);
  }
}

/** @returns {Parts} */
function nothing() {
  return { scheme: "", user: null, host: "", path: [], slash: false, query: [], fragment: null };
}

/**
 * Parses an absolute URL.
 *
 * @param {string} bytes
 * @param {Mode} mode
 * @returns {Parts | null} null if it is none
 */
export function parseAbsolute(bytes, mode) {
  const parts = nothing();
  const colon = bytes.indexOf(":");
  if (colon === -1) return null;
  parts.scheme = toLowerCase(bytes.slice(0, colon));
  const reader = new Reader(bytes.slice(colon + 1), mode);
  if (!scheme.test(parts.scheme) || !reader.rest.startsWith("//") || !reader.authority(parts)) return null;
  while (reader.rest.startsWith("/")) {
    reader.rest = reader.rest.slice(1);
    reader.segment(parts);
  }
  reader.queryAndFragment(parts);
  return reader.sound ? parts : null;
}

/**
 * Parses a reference that is relative to a URL, which may be a whole URL itself. A scheme is taken as it is written.
 *
 * @param {string} bytes
 * @param {Parts} base
 * @param {Mode} mode
 * @returns {Parts | null} null if it is none
 */
export function parseRelative(bytes, base, mode) {
  if (bytes === "") return copyOf(base);
  const parts = nothing();
  const reader = new Reader(bytes, mode);
  reader.keepsEmpty = false;
  parts.scheme = base.scheme;
  if (schemeStart.test(bytes)) {
    const colon = bytes.indexOf(":");
    parts.scheme = bytes.slice(0, colon);
    reader.rest = bytes.slice(colon + 1);
  }
  const hasAuthority = reader.rest.startsWith("//");
  if (hasAuthority) {
    if (!reader.authority(parts)) return null;
  } else {
    parts.host = base.host;
    parts.user = base.user;
  }
  const hasPath = reader.rest !== "" && !/^[?#]/.test(reader.rest);
  if (hasPath) {
    startPath(reader, parts, base);
    reader.segment(parts);
    while (reader.rest.startsWith("/")) {
      reader.rest = reader.rest.slice(1);
      reader.segment(parts);
    }
  } else if (!hasAuthority) {
    parts.path = base.path.slice();
    parts.slash = base.slash;
  }
  if (!reader.queryAndFragment(parts) && !hasAuthority && !hasPath) parts.query = copyOf(base).query;
  return reader.sound ? parts : null;
}

/** A path starts at the root, or where that of the base has its last slash. @param {Reader} reader @param {Parts} parts @param {Parts} base */
function startPath(reader, parts, base) {
  if (reader.rest.startsWith("/")) reader.rest = reader.rest.slice(1);
  else parts.path = base.slash ? base.path.slice() : base.path.slice(0, -1);
}

/** @param {Parts} parts @returns {Parts} */
function copyOf(parts) {
  return { ...parts, user: parts.user && { ...parts.user }, path: parts.path.slice(), query: parts.query.map(([name, value]) => [name, value]) };
}

/**
 * Parses a path, with or without a slash at its start.
 *
 * @param {string} bytes
 * @returns {Pick<Parts, "path" | "slash"> | null} null if it has incomplete escapes
 */
export function parsePath(bytes) {
  const parts = nothing();
  // Where a path has been given, these begin neither a query nor a fragment.
  const closed = bytes.replace(/[?#]/g, (character) => percentEncoded(character, "path"));
  const reader = new Reader(closed.startsWith("/") ? closed : `/${closed}`, "decoded");
  while (reader.rest.startsWith("/")) {
    reader.rest = reader.rest.slice(1);
    reader.segment(parts);
  }
  return reader.sound ? parts : null;
}

/**
 * Parses a query that begins with "?".
 *
 * @param {string} bytes
 * @returns {Parts["query"] | null} null if it has incomplete escapes
 */
export function parseQuery(bytes) {
  const reader = new Reader(bytes.replaceAll("#", "%23"), "decoded");
  const query = reader.query();
  return reader.sound ? query : null;
}

/**
 * Parses a query that is a list of its own, with whatever escapes.
 *
 * @param {string} bytes
 * @returns {Parts["query"]}
 */
export function parseForm(bytes) {
  /** @type {Parts["query"]} */
  const query = [];
  for (const pair of bytes.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    query.push(equals === -1 ? [queryDecoded(pair), null] : [queryDecoded(pair.slice(0, equals)), queryDecoded(pair.slice(equals + 1))]);
  }
  return query;
}

/** Writes what comes before the path. @param {Parts} parts @param {Mode} mode */
function writeStart(parts, mode) {
  if (!hostCharacters.test(parts.host)) throw new TypeError("Invalid hostname when stringifying URL.");
  const { user } = parts;
  const encoded = (/** @type {string} */ bytes) => (mode === "raw" ? bytes : percentEncoded(bytes, "user"));
  const password = user?.password === null || user?.password === undefined ? "" : `:${encoded(user.password)}`;
  const userInfo = user === null ? "" : `${encoded(user.name)}${password}@`;
  return `${parts.scheme}://${userInfo}${parts.host}`;
}

/**
 * Writes a path as it is, with segments that a URL could not have.
 *
 * @param {Parts} parts
 */
export function writePath(parts) {
  return parts.path.map((segment) => `/${percentEncoded(segment, "path")}`).join("") + (parts.slash ? "/" : "");
}

/**
 * Writes a query with its "?", or nothing.
 *
 * @param {Parts["query"]} query
 */
export function writeQuery(query) {
  const pairs = query.map(([name, value]) => {
    return percentEncoded(name, "query") + (value === null ? "" : `=${percentEncoded(value, "query")}`);
  });
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

/**
 * Writes a URL.
 *
 * @param {Parts} parts
 * @returns {string}
 */
export function write(parts) {
  const start = writeStart(parts, "decoded");
  if (parts.path.some((segment) => segment === "" || segment === "." || segment === "..")) {
    throw new TypeError("Invalid pathname when stringifying URL.");
  }
  const fragment = parts.fragment === null ? "" : `#${percentEncoded(parts.fragment, "fragment")}`;
  return start + writePath(parts) + writeQuery(parts.query) + fragment;
}

/**
 * Writes a URL that was parsed in the mode "raw".
 *
 * @param {Parts} parts
 * @returns {string}
 */
export function writeRaw(parts) {
  const start = writeStart(parts, "raw");
  const path = parts.path.map((segment) => `/${segment}`).join("") + (parts.slash ? "/" : "");
  const query = parts.query.map(([name, value]) => (value === null ? name : `${name}=${value}`)).join("&");
  const fragment = parts.fragment === null ? "" : `#${parts.fragment}`;
  return start + path + (parts.query.length === 0 ? "" : `?${query}`) + fragment;
}
