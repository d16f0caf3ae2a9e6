/**
 * `caches`, Cache and CacheStorage as Workers has them: under the URL of GET requests, for as long as the response's own
 * headers say. The host keeps the responses (src/cache.rs).
 *
 * Source: https://developers.cloudflare.com/workers/runtime-apis/cache/
 *
 * @module
 */

import { wireBody } from "stated:body";
import { hostBodyStream } from "stated:body-stream";
import { ops } from "stated:host";
import { Request } from "stated:request";
import { Response } from "stated:response";
import { badArgument, defineInspection, defineInterface, illegalConstructor, internal, toDOMString } from "stated:webidl";

const minute = 60_000;
/**
 * How long responses without freshness of their own are kept, by status.
 *
 * Source: https://developers.cloudflare.com/cache/how-to/configure-cache-status-code/#edge-ttl
 *
 * @type {Record<number, number>}
 */
const defaultLifetimes = { 200: 120 * minute, 301: 120 * minute, 302: 20 * minute, 303: 20 * minute, 404: 3 * minute, 410: 3 * minute };

/**
 * @param {unknown} request
 * @param {string} method
 * @param {boolean} ignoreMethod
 * @returns {{ request: Request, key: string } | undefined} undefined for what is never cached
 */
function keyOf(request, method, ignoreMethod = false) {
  if (request === undefined) throw badArgument("Cache", method, 1, "Request or string");
  const made = request instanceof Request ? request : new Request(toDOMString(request));
  if (made.method !== "GET" && !ignoreMethod) return undefined;
  const hash = made.url.indexOf("#");
  return { request: made, key: hash === -1 ? made.url : made.url.slice(0, hash) };
}

/**
 * The directives of a Cache-Control field.
 *
 * @param {string | null} field
 */
function directivesOf(field) {
  /** @type {Map<string, string>} */
  const directives = new Map();
  for (const part of (field ?? "").split(",")) {
    const [name, value = ""] = part.split("=", 2);
    directives.set(name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, "$1"));
  }
  return directives;
}

/**
 * Milliseconds for which a response may be kept; 0 for not at all.
 *
 * @param {Response} response
 * @param {number} now
 */
function lifetimeOf({ status, headers }, now) {
  const directives = directivesOf(headers.get("cache-control"));
  if (directives.has("no-store") || directives.has("no-cache")) return 0;
  const privateFields = directives.get("private");
  if (privateFields === "") return 0;
  if (headers.has("set-cookie") && privateFields?.toLowerCase() !== "set-cookie") return 0;
  for (const name of ["s-maxage", "max-age"]) {
    const seconds = directives.get(name);
    if (seconds !== undefined) return /^[0-9]+$/.test(seconds) ? Number(seconds) * 1000 : 0;
  }
  const expires = headers.get("expires");
  if (expires !== null) {
    const at = Date.parse(expires);
    return Number.isNaN(at) ? 0 : Math.max(0, at - now);
  }
  return defaultLifetimes[status] ?? 0;
}

/**
 * The error of a method of the standard that Workers have in name only.
 *
 * @param {string} interfaceName
 * @param {string} method
 */
function notImplemented(interfaceName, method) {
  return new Error(`Failed to execute '${method}' on '${interfaceName}': the method is not implemented.`);
}

/** One cache. */
export class Cache {
  #name;

  /** @param {unknown} [token] @param {string} [name] */
  constructor(token = undefined, name = "") {
    if (token !== internal) throw illegalConstructor();
    this.#name = name;
  }

  /**
   * Keeps a response, if it may be kept; its body is read.
   *
   * @param {Request | string} request
   * @param {Response} response
   * @returns {Promise<undefined>}
   */
  async put(request, response) {
    const name = this.#name;
    if (arguments.length > 0 && !(response instanceof Response)) throw badArgument("Cache", "put", 2, "Response");
    const found = keyOf(request, "put");
    if (found === undefined) throw new TypeError("Cannot cache response to non-GET request.");
    if (response.status === 206) throw new TypeError("Cannot cache response to a range request (206 Partial Content).");
    if (directivesOf(response.headers.get("vary")).has("*")) {
      throw new TypeError("Cannot cache response with 'Vary: *' header.");
    }
    const now = ops.now();
    const lifetime = response.status === 304 ? 0 : lifetimeOf(response, now);
    const body = wireBody(response);
    if (lifetime === 0) {
      // It is read all the same, as far as anybody can tell.
      if (typeof body === "number") ops.bodyCancel(body);
      return undefined;
    }
    const headers = [.../** @type {any} */ (response.headers)].filter(([field]) => field !== "set-cookie").flat();
    await ops.cachePut(name, found.key, response.status, response.statusText, headers, body, now, now + lifetime);
    return undefined;
  }

  /**
   * @param {Request | string} request
   * @param {{ ignoreMethod?: boolean }} [options]
   * @returns {Promise<Response | undefined>}
   */
  async match(request, options = undefined) {
    const name = this.#name;
    const found = keyOf(request, "match", Boolean(options?.ignoreMethod));
    const kept = found === undefined ? undefined : await ops.cacheGet(name, found.key);
    if (found === undefined || kept === undefined) return undefined;
    const [status, statusText, headers, body, stored, expires] = kept;
    const now = ops.now();
    if (now >= expires) {
      await ops.cacheDelete(name, found.key);
      return undefined;
    }
    const list = [];
    for (let i = 0; i < headers.length; i += 2) list.push([headers[i], headers[i + 1]]);
    const response = new Response(null, { status, statusText, headers: /** @type {any} */ (list) });
    response.headers.set("cf-cache-status", "HIT");
    response.headers.set("age", String(Math.floor((now - stored) / 1000)));
    return answer(found.request, response, body, (first, count) => ops.cacheRange(name, found.key, stored, first, count));
  }

  /**
   * @param {Request | string} request
   * @param {{ ignoreMethod?: boolean }} [options]
   * @returns {Promise<boolean>}
   */
  async delete(request, options = undefined) {
    const name = this.#name;
    const found = keyOf(request, "delete", Boolean(options?.ignoreMethod));
    return found === undefined ? false : ops.cacheDelete(name, found.key);
  }

  add() {
    throw this.#lacks("add");
  }

  addAll() {
    throw this.#lacks("addAll");
  }

  keys() {
    throw this.#lacks("keys");
  }

  matchAll() {
    throw this.#lacks("matchAll");
  }

  /** @param {string} method */
  #lacks(method) {
    return notImplemented("Cache", method);
  }
}

/**
 * The kept response as the request wants it: whole, a range of it, or only that it has not changed.
 *
 * @param {Request} request
 * @param {Response} head without its body
 * @param {import("stated:host").CachedBody} body
 * @param {(first: number, count: number) => Promise<number | undefined>} part of a large body
 * @returns {Promise<Response | undefined>} undefined when it was replaced meanwhile
 */
async function answer(request, head, body, part) {
  const { status, statusText, headers } = head;
  const [id, length] = body instanceof Uint8Array ? [0, body.length] : body;
  const range = status === 200 ? rangeOf(request.headers.get("range"), length) : undefined;
  const unchanged = status === 200 && isUnchanged(request.headers, headers);
  if (range === undefined && !unchanged) {
    const whole = body instanceof Uint8Array ? body : hostBodyStream(id);
    return new Response(status === 204 ? null : whole, { status, statusText, headers });
  }
  if (id !== 0) ops.bodyCancel(id);
  if (unchanged) return new Response(null, { status: 304, headers });
  if (range === null || range === undefined) {
    headers.set("content-range", `bytes */${length}`);
    return new Response(null, { status: 416, headers });
  }
  const [first, last] = range;
  headers.set("content-range", `bytes ${first}-${last}/${length}`);
  headers.set("content-length", String(last - first + 1));
  if (body instanceof Uint8Array) return new Response(body.slice(first, last + 1), { status: 206, headers });
  const partId = await part(first, last - first + 1);
  return partId === undefined ? undefined : new Response(hostBodyStream(partId), { status: 206, headers });
}

/**
 * @param {import("stated:headers").Headers} wanted
 * @param {import("stated:headers").Headers} kept
 */
function isUnchanged(wanted, kept) {
  const tags = wanted.get("if-none-match");
  if (tags !== null) {
    const weak = (/** @type {string} */ tag) => tag.trim().replace(/^W\//, "");
    const etag = kept.get("etag");
    return etag !== null && (tags.trim() === "*" || tags.split(",").some((tag) => weak(tag) === weak(etag)));
  }
  const since = Date.parse(wanted.get("if-modified-since") ?? "");
  const modified = Date.parse(kept.get("last-modified") ?? "");
  return modified <= since;
}

/**
 * The first and last byte of a Range field; undefined without one that is understood, null when there are no such bytes.
 *
 * @param {string | null} field
 * @param {number} length
 * @returns {[number, number] | null | undefined}
 */
function rangeOf(field, length) {
  const match = /^bytes=([0-9]*)-([0-9]*)$/.exec(field ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return undefined;
  if (match[1] === "") {
    const count = Math.min(Number(match[2]), length);
    return count === 0 ? null : [length - count, length - 1];
  }
  const first = Number(match[1]);
  const last = match[2] === "" ? length - 1 : Math.min(Number(match[2]), length - 1);
  if (match[2] !== "" && Number(match[2]) < first) return undefined;
  return first >= length ? null : [first, last];
}

/** The class of `caches`. */
export class CacheStorage {
  #default = new Cache(internal, "default");
  /** @type {Map<string, Cache>} */ #named = new Map();

  /** @param {unknown} [token] */
  constructor(token = undefined) {
    if (token !== internal) throw illegalConstructor();
  }

  get default() {
    return this.#default;
  }

  /**
   * @param {string} name
   * @returns {Promise<Cache>}
   */
  async open(name) {
    const named = this.#named;
    if (arguments.length < 1) throw badArgument("CacheStorage", "open", 1, "string");
    const text = toDOMString(name);
    // The default cache is another one than an opened cache called "default".
    const cache = named.get(text) ?? new Cache(internal, `named:${text}`);
    named.set(text, cache);
    return cache;
  }

  delete() {
    throw this.#lacks("delete");
  }

  has() {
    throw this.#lacks("has");
  }

  keys() {
    throw this.#lacks("keys");
  }

  match() {
    throw this.#lacks("match");
  }

  /** @param {string} method */
  #lacks(method) {
    return notImplemented("CacheStorage", method);
  }
}

defineInterface(Cache);
defineInspection(Cache.prototype, () => ({}));
defineInterface(CacheStorage, ["default"]);

/** The global of that name. */
export const caches = new CacheStorage(internal);
