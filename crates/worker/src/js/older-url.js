/**
 * URL and URLSearchParams of programs before 2022-10-31 (`url_original`), as workerd has them: on the parser of
 * older-url-parser.js instead of the URL standard's.
 *
 * Such a URL keeps its parts decoded, and is put together each time it is asked for, which can fail: a setter takes a host
 * or a path that no URL may have. Its `searchParams` are the parts themselves.
 *
 * Loaded by programs with that flag only. Reference 11.5.
 *
 * @module
 */

import { parseAbsolute, parseForm, parsePath, parseQuery, parseRelative, percentDecoded, percentEncoded, toBytes, toText, write,
  writePath, writeQuery } from "stated:older-url-parser";
import { takeAccessors } from "stated:own-accessors";
import { badArgument, badConstructorArgument, defineInspection, defineInterface, definePairIterable, toDOMString } from "stated:webidl";

/** @typedef {import("stated:older-url-parser").Parts} Parts */

/** The port that a scheme has anyway. @type {Record<string, string>} */
const defaultPorts = { "ftp": "21", "http": "80", "https": "443", "ws": "80", "wss": "443" };

/** @param {any} value */
function bytesOf(value) {
  return toBytes(toDOMString(value));
}

/** @param {Parts} parts */
function dropDefaultPort(parts) {
  const colon = parts.host.indexOf(":");
  if (colon === -1) return parts;
  const port = parts.host.slice(colon + 1);
  if (port === "" || (Object.hasOwn(defaultPorts, parts.scheme) && port === defaultPorts[parts.scheme])) {
    parts.host = parts.host.slice(0, colon);
  }
  return parts;
}

/** @param {any} input @param {any} base @returns {Parts} */
function parse(input, base) {
  if (base === undefined) {
    const parts = parseAbsolute(bytesOf(input), "decoded");
    if (parts === null) throw new TypeError("Invalid URL string.");
    return dropDefaultPort(parts);
  }
  const text = bytesOf(input);
  const from = parseAbsolute(bytesOf(base), "decoded");
  if (from === null) throw new TypeError("Invalid base URL string.");
  const parts = parseRelative(text, from, "decoded");
  if (parts === null) throw new TypeError("Invalid relative URL string.");
  return dropDefaultPort(parts);
}

/** What a URL and its parameters share. */
class Shared {
  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
    /** Names and values in turn, as text, or null where nobody has asked since the last change. @type {string[] | null} */
    this.list = null;
  }

  /** @param {Parts["query"]} query */
  setQuery(query) {
    this.parts.query = query;
    this.list = null;
  }

  texts() {
    this.list ??= this.parts.query.flatMap(([name, value]) => [toText(name), toText(value ?? "")]);
    return this.list;
  }
}

/** @type {(params: URLSearchParams) => Shared} */
let sharedOf;

/** The parameters of a URL's query, or a list of its own. */
export class URLSearchParams {
  /** @type {Shared} */ #shared;

  /** @param {any} [init] */
  constructor(init = "") {
    this.#shared = init instanceof Shared
      ? init
      : new Shared({ scheme: "", user: null, host: "", path: [], slash: false, query: queryOf(init), fragment: null });
  }

  static {
    sharedOf = (params) => params.#shared;
  }

  get size() {
    return this.#shared.parts.query.length;
  }

  /** @param {string} name @param {string} value */
  append(name, value) {
    if (arguments.length < 2) throw badArgument("URLSearchParams", "append", arguments.length + 1, "string");
    this.#shared.setQuery([...this.#shared.parts.query, [bytesOf(name), bytesOf(value)]]);
  }

  /** @param {string} name */
  delete(name) {
    if (arguments.length < 1) throw badArgument("URLSearchParams", "delete", 1, "string");
    const unwanted = bytesOf(name);
    this.#shared.setQuery(this.#shared.parts.query.filter(([each]) => each !== unwanted));
  }

  /** @param {string} name @returns {string | null} */
  get(name) {
    if (arguments.length < 1) throw badArgument("URLSearchParams", "get", 1, "string");
    const pair = this.#withName(name)[0];
    return pair === undefined ? null : toText(pair[1] ?? "");
  }

  /** @param {string} name @returns {string[]} */
  getAll(name) {
    if (arguments.length < 1) throw badArgument("URLSearchParams", "getAll", 1, "string");
    return this.#withName(name).map(([, value]) => toText(value ?? ""));
  }

  /** @param {string} name @returns {boolean} */
  has(name) {
    if (arguments.length < 1) throw badArgument("URLSearchParams", "has", 1, "string");
    return this.#withName(name).length > 0;
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    if (arguments.length < 2) throw badArgument("URLSearchParams", "set", arguments.length + 1, "string");
    const wanted = bytesOf(name);
    /** @type {[string, string]} */
    const pair = [wanted, bytesOf(value)];
    const { query } = this.#shared.parts;
    const first = query.findIndex(([each]) => each === wanted);
    if (first === -1) this.#shared.setQuery([...query, pair]);
    else this.#shared.setQuery([...query.slice(0, first), pair, ...query.slice(first + 1).filter(([each]) => each !== wanted)]);
  }

  /** Sorts by name, in order of UTF-16 code units; pairs of one name keep their order. A name that is not UTF-8 counts as empty. */
  sort() {
    /** @type {[string, [string, string | null]][]} */
    const keyed = this.#shared.parts.query.map((pair) => {
      const text = toText(pair[0]);
      return [toBytes(text) === pair[0] ? text : "", pair];
    });
    keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#shared.setQuery(keyed.map(([, pair]) => pair));
  }

  toString() {
    return writeQuery(this.#shared.parts.query.map(([name, value]) => [name, value ?? ""])).slice(1);
  }

  /** @param {any} name */
  #withName(name) {
    const wanted = bytesOf(name);
    return this.#shared.parts.query.filter(([each]) => each === wanted);
  }
}

/** @param {any} init @returns {Parts["query"]} */
function queryOf(init) {
  if ((typeof init !== "object" || init === null) && typeof init !== "function") {
    const text = bytesOf(init);
    return parseForm(text.startsWith("?") ? text.slice(1) : text);
  }
  if (init instanceof URLSearchParams) return sharedOf(init).parts.query.slice();
  if (Array.isArray(init)) return Array.from(init, pairOf);
  return Object.keys(init).map((key) => [toBytes(key), bytesOf(init[key])]);
}

/** @param {any} pair @param {number} index @returns {[string, string]} */
function pairOf(pair, index) {
  if (!Array.isArray(pair)) throw new TypeError(`Incorrect type for array element ${index}: the provided value is not of type 'Array'.`);
  if (pair.length !== 2) {
    throw new TypeError("To initialize a URLSearchParams object from an array-of-arrays, each inner array must have exactly two "
      + "elements.");
  }
  return [bytesOf(pair[0]), bytesOf(pair[1])];
}

definePairIterable(URLSearchParams, (self) => sharedOf(self).texts());
defineInterface(URLSearchParams);
defineInspection(URLSearchParams.prototype, () => ({}), (self) => sharedOf(self).texts());

/** A parsed URL. */
export class URL {
  /** @type {Shared} */ #shared;
  /** @type {URLSearchParams | null} made when first asked for */ #searchParams = null;

  /**
   * @param {string | URL} url
   * @param {string | URL} [base]
   */
  constructor(url, base = undefined) {
    if (arguments.length < 1) throw badConstructorArgument("URL", 1, "string");
    this.#shared = new Shared(parse(url, base));
    takeAccessors(this);
  }

  get href() {
    return write(this.#shared.parts);
  }

  set href(value) {
    const parts = parseAbsolute(bytesOf(value), "decoded");
    if (parts === null) {
      throw new TypeError("Failed to set the 'href' property on 'URL': the provided value is not of type 'valid URL string'.");
    }
    // A port that the scheme has anyway stays here.
    this.#setParts(parts);
  }

  get origin() {
    const { scheme, host } = this.#shared.parts;
    return Object.hasOwn(defaultPorts, scheme) ? `${scheme}://${toText(host)}` : "null";
  }

  get protocol() {
    return `${this.#shared.parts.scheme}:`;
  }

  set protocol(value) {
    this.#parseAgain(this.#shared.parts, bytesOf(value).split(":", 1)[0]);
    dropDefaultPort(this.#shared.parts);
  }

  get username() {
    return percentEncoded(this.#shared.parts.user?.name ?? "", "user");
  }

  set username(value) {
    const { parts } = this.#shared;
    this.#parseAgain({ ...parts, user: { name: bytesOf(value), password: parts.user?.password ?? null } });
  }

  get password() {
    return percentEncoded(this.#shared.parts.user?.password ?? "", "user");
  }

  set password(value) {
    const { parts } = this.#shared;
    const password = bytesOf(value);
    if (parts.user === null && password === "") return;
    this.#parseAgain({ ...parts, user: { name: parts.user?.name ?? "", password: password === "" ? null : password } });
  }

  get host() {
    return toText(this.#shared.parts.host);
  }

  set host(value) {
    const host = bytesOf(value);
    const colon = host.indexOf(":");
    if (colon === -1 || colon === host.length - 1) this.#setHostname(host);
    else this.#shared.parts.host = host;
    dropDefaultPort(this.#shared.parts);
  }

  get hostname() {
    return toText(this.#hostAndPort()[0]);
  }

  set hostname(value) {
    this.#setHostname(bytesOf(value));
  }

  get port() {
    return toText(this.#hostAndPort()[1].slice(1));
  }

  set port(value) {
    const port = bytesOf(value);
    this.#shared.parts.host = `${this.#hostAndPort()[0]}:${port}`;
    dropDefaultPort(this.#shared.parts);
  }

  get pathname() {
    const { parts } = this.#shared;
    const path = writePath(parts);
    return path === "" && (Object.hasOwn(defaultPorts, parts.scheme) || parts.scheme === "file") ? "/" : path;
  }

  set pathname(value) {
    const parsed = parsePath(bytesOf(value));
    if (parsed === null) return;
    this.#shared.parts.path = parsed.path;
    this.#shared.parts.slash = parsed.slash;
  }

  get search() {
    return writeQuery(this.#shared.parts.query);
  }

  set search(value) {
    const text = bytesOf(value);
    const query = parseQuery(text.startsWith("?") ? text : `?${text}`);
    if (query !== null) this.#shared.setQuery(query);
  }

  get searchParams() {
    this.#searchParams ??= new URLSearchParams(this.#shared);
    return this.#searchParams;
  }

  get hash() {
    const { fragment } = this.#shared.parts;
    return fragment === null || fragment === "" ? "" : `#${percentEncoded(fragment, "fragment")}`;
  }

  set hash(value) {
    const text = bytesOf(value);
    this.#shared.parts.fragment = percentDecoded(text.startsWith("#") ? text.slice(1) : text);
  }

  toString() {
    return write(this.#shared.parts);
  }

  toJSON() {
    return write(this.#shared.parts);
  }

  /** Takes the parts if a URL of them is one, and throws if it cannot be written. @param {Parts} parts @param {string} [scheme] */
  #parseAgain(parts, scheme = parts.scheme) {
    const text = scheme + write(parts).slice(parts.scheme.length);
    const parsed = parseAbsolute(text, "decoded");
    if (parsed !== null) this.#setParts(parsed);
  }

  /** @param {Parts} parts */
  #setParts(parts) {
    this.#shared.parts = parts;
    this.#shared.list = null;
  }

  /** Host, and port with its colon. @returns {[string, string]} */
  #hostAndPort() {
    const { host } = this.#shared.parts;
    const colon = host.indexOf(":");
    return colon === -1 ? [host, ""] : [host.slice(0, colon), host.slice(colon)];
  }

  /** @param {string} host up to its first colon */
  #setHostname(host) {
    const [, port] = this.#hostAndPort();
    this.#shared.parts.host = host.split(":", 1)[0] + port;
  }
}

defineInterface(URL, ["href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search",
  "searchParams", "hash"]);
