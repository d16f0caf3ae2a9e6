/**
 * URL of the URL standard. The host parses and runs the setters; this class holds the href and the places in it where the
 * parts begin, and cuts.
 *
 * @module
 */

import { ops } from "stated:host";
import { takeAccessors } from "stated:own-accessors";
import { linkedSearchParams, resetSearchParams, URLSearchParams } from "stated:url-search-params";
import { badArgument, badConstructorArgument, defineInterface, toDOMString } from "stated:webidl";

// Indices into what ops.urlParse returns.
const HREF = 0;
const PROTOCOL_END = 1;
const USERNAME_END = 2;
const HOST_START = 3;
const HOST_END = 4;
const PORT = 5;
const PATHNAME_START = 6;
const SEARCH_START = 7;
const HASH_START = 8;

/** @typedef {"href" | "protocol" | "username" | "password" | "host" | "hostname" | "port" | "pathname" | "search" | "hash"} Part */

/**
 * @param {any} input
 * @param {any} base
 * @returns {any[] | null}
 */
function parse(input, base) {
  return ops.urlParse(toDOMString(input), base === undefined ? undefined : toDOMString(base));
}

/** A parsed URL. */
export class URL {
  /** @type {any[]} as ops.urlParse returns it */ #parts;
  /** @type {import("stated:url-search-params").URLSearchParams | null} made when first asked for */ #searchParams = null;

  /**
   * @param {string | URL} input
   * @param {string | URL} [base]
   */
  constructor(input, base = undefined) {
    if (arguments.length < 1) throw badConstructorArgument("URL", 1, "USVString");
    const parts = parse(input, base);
    if (parts === null) throw new TypeError("Invalid URL string.");
    this.#parts = parts;
    takeAccessors(this);
  }

  /**
   * Whether the constructor would succeed.
   *
   * @param {string | URL} input
   * @param {string | URL} [base]
   * @returns {boolean}
   */
  static canParse(input, base = undefined) {
    if (arguments.length < 1) throw badArgument("URL", "canParse", 1, "USVString");
    return parse(input, base) !== null;
  }

  /**
   * Like the constructor, but null instead of an exception.
   *
   * @param {string | URL} input
   * @param {string | URL} [base]
   * @returns {URL | null}
   */
  static parse(input, base = undefined) {
    if (arguments.length < 1) throw badArgument("URL", "parse", 1, "USVString");
    const parts = parse(input, base);
    if (parts === null) return null;
    const url = new URL("about:blank");
    url.#parts = parts;
    return url;
  }

  /** Always fails: there is no registry of blobs. @param {unknown} object */
  static createObjectURL(object) {
    void object;
    throw new Error("URL.createObjectURL() is not implemented");
  }

  /** Always fails: there is no registry of blobs. @param {unknown} url */
  static revokeObjectURL(url) {
    void url;
    throw new Error("URL.revokeObjectURL() is not implemented");
  }

  /** @returns {string} */
  get origin() {
    const protocol = this.#cut(0, this.#parts[PROTOCOL_END]);
    switch (protocol) {
      case "http:":
      case "https:":
      case "ws:":
      case "wss:":
      case "ftp:":
        return `${protocol}//${this.#host()}`;
      case "blob:": {
        const inner = URL.parse(this.#parts[HREF].slice("blob:".length));
        const scheme = inner?.protocol;
        return inner !== null && (scheme === "http:" || scheme === "https:") ? inner.origin : "null";
      }
      default:
        return "null";
    }
  }

  get href() {
    return this.#parts[HREF];
  }

  set href(value) {
    const parts = ops.urlParse(toDOMString(value), undefined);
    if (parts === null) {
      throw new TypeError("Failed to set the 'href' property on 'URL': the provided value is not of type 'valid URL string'.");
    }
    this.#parts = parts;
    this.#resetParams();
  }

  get protocol() {
    return this.#cut(0, this.#parts[PROTOCOL_END]);
  }

  set protocol(value) {
    this.#change("protocol", value);
  }

  get username() {
    const parts = this.#parts;
    return this.#cut(parts[PROTOCOL_END] + 2, parts[USERNAME_END]);
  }

  set username(value) {
    this.#change("username", value);
  }

  get password() {
    const parts = this.#parts;
    return this.#cut(parts[USERNAME_END] + 1, parts[HOST_START]);
  }

  set password(value) {
    this.#change("password", value);
  }

  get host() {
    return this.#host();
  }

  set host(value) {
    this.#change("host", value);
  }

  get hostname() {
    return this.#cut(this.#hostnameStart(), this.#parts[HOST_END]);
  }

  set hostname(value) {
    this.#change("hostname", value);
  }

  get port() {
    const port = this.#parts[PORT];
    return port === -1 ? "" : `${port}`;
  }

  set port(value) {
    this.#change("port", value);
  }

  get pathname() {
    const parts = this.#parts;
    const end = parts[SEARCH_START] !== -1 ? parts[SEARCH_START] : this.#hashStart();
    return this.#cut(parts[PATHNAME_START], end);
  }

  set pathname(value) {
    this.#change("pathname", value);
  }

  get search() {
    const start = this.#parts[SEARCH_START];
    if (start === -1) return "";
    const end = this.#hashStart();
    return end - start > 1 ? this.#cut(start, end) : "";
  }

  set search(value) {
    this.#change("search", value);
    this.#resetParams();
  }

  get hash() {
    const parts = this.#parts;
    const start = parts[HASH_START];
    return start === -1 || parts[HREF].length - start <= 1 ? "" : this.#cut(start, parts[HREF].length);
  }

  set hash(value) {
    this.#change("hash", value);
  }

  get searchParams() {
    if (this.#searchParams === null) {
      this.#searchParams = linkedSearchParams(this.search.slice(1), (query) => this.#change("search", query));
    }
    return this.#searchParams;
  }

  toJSON() {
    return this.#parts[HREF];
  }

  toString() {
    return this.#parts[HREF];
  }

  /** @param {number} start @param {number} end */
  #cut(start, end) {
    return start < end ? /** @type {string} */ (this.#parts[HREF]).slice(start, end) : "";
  }

  #host() {
    const start = this.#hostnameStart();
    // Between an empty host and the path there may be a "/." that belongs to neither.
    return start === this.#parts[HOST_END] ? "" : this.#cut(start, this.#parts[PATHNAME_START]);
  }

  #hostnameStart() {
    const parts = this.#parts;
    const start = parts[HOST_START];
    return start < parts[HOST_END] && parts[HREF][start] === "@" ? start + 1 : start;
  }

  #hashStart() {
    const start = this.#parts[HASH_START];
    return start === -1 ? this.#parts[HREF].length : start;
  }

  /** @param {Part} part @param {any} value */
  #change(part, value) {
    const parts = ops.urlSet(this.#parts[HREF], part, toDOMString(value));
    if (parts !== null) this.#parts = parts;
  }

  #resetParams() {
    if (this.#searchParams !== null) resetSearchParams(this.#searchParams, this.search.slice(1));
  }
}

/**
 * The classes that the program has, which programs of older dates replace: for built-in modules that export them, and for
 * what takes their instances.
 *
 * @type {{ URL: typeof URL, URLSearchParams: typeof import("stated:url-search-params").URLSearchParams }}
 */
export let programClasses = { URL, URLSearchParams };

/** @param {any} older those of a program with another URL parser */
export function replaceProgramClasses(older) {
  programClasses = older;
}

defineInterface(URL, ["origin", "href", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search",
  "hash", "searchParams"]);
