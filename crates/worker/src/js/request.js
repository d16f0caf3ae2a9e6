/**
 * Request of the Fetch standard, with what Workers adds: `cf`, `fetcher`, `encodeResponseBody`.
 *
 * What only makes sense in a browser (mode, credentials, referrer) does not exist, as on Workers.
 *
 * @module
 */

import { abortWith, isAbortSignal, newSignal } from "stated:abort";
import { Body, headerListOf, hasBody, headersOf, isUsed, moveBody, setBody, setHeaderList, shareBody, wireBody, wireHeaders } from "stated:body";
import { DOMException } from "stated:dom-exception";
import { headerList } from "stated:headers";
import { ops } from "stated:host";
import { isManual } from "stated:response";
import { flag, lacks } from "stated:settings";
import { badConstructorArgument, badField, defineInterface, internal, toDOMString } from "stated:webidl";

/** @typedef {import("stated:abort").AbortSignal} Signal */
/** @typedef {import("stated:host").WireBody} WireBody */

const methods = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PURGE", "COPY", "LOCK", "MKCOL",
  "MOVE", "PROPFIND", "PROPPATCH", "SEARCH", "UNLOCK", "ACL", "REPORT", "MKACTIVITY", "CHECKOUT", "MERGE", "M-SEARCH", "NOTIFY",
  "SUBSCRIBE", "UNSUBSCRIBE", "QUERY", "BAN"]);

/** Those that were taken in lower case before the flag upper_case_all_http_methods: the Fetch standard's. */
const converted = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);

/**
 * @typedef {object} Rare what most requests do not have
 * @property {"follow" | "manual"} redirect
 * @property {any} cf an {@link UnreadCf}, or what a program gave
 * @property {any} fetcher
 * @property {string | undefined} cache
 * @property {string} integrity
 * @property {boolean} keepalive
 * @property {boolean} encoded whether the response's body stays as it comes
 */

/** @type {Readonly<Rare>} */
const nothingRare = Object.freeze({
  redirect: "follow", cf: undefined, fetcher: null, cache: undefined, integrity: "", keepalive: false, encoded: false,
});

/** A `cf` that came as JSON, which most programs do not look at. Copies of a request share what it is read to. */
class UnreadCf {
  /** @param {string} json */
  constructor(json) {
    /** @type {string | null} null once it was read */
    this.json = json;
    /** @type {any} */
    this.value = undefined;
  }

  read() {
    if (this.json !== null) {
      this.value = JSON.parse(this.json);
      this.json = null;
    }
    return this.value;
  }
}

/** A request that arrived: whoever forwards it wants the answer, and a redirect is its sender's business. */
const nothingRareOfHost = Object.freeze({ ...nothingRare, redirect: /** @type {const} */ ("manual") });

/** @type {(request: Request) => Signal | null} */
let givenSignal;
/** @type {(request: Request) => boolean} */
let keepsEncoded;
/** @type {(request: Request) => string | undefined} */
let cfText;
/** @type {(request: Request) => [string, string]} method and URL */
let lineOf;
/** @type {(method: string, url: string, list: string[], body: WireBody, callId: number, cf: string | undefined) => Request} */
let fromHost;

/** What the URL of a request is, of what the program gave for it. @type {(input: any) => string} */
let toUrl = parseUrl;

/** @param {(input: any) => string} older that of a program with another URL parser */
export function replaceToUrl(older) {
  toUrl = older;
}

/** @type {(value: object) => boolean} */
let hasBrand;

/** Signals that say whether the client is there, in programs whose own requests these do not cancel. @type {WeakSet<Signal>} */
const clientsOnly = new WeakSet();

/**
 * The signal of a request that arrived, which is aborted when its client leaves before it has the whole response.
 *
 * @param {number} callId
 */
function signalOfClient(callId) {
  const signal = newSignal();
  // Whoever meets the error elsewhere may try again, as after any lost connection.
  const leave = () => abortWith(signal, Object.assign(new DOMException("The client has disconnected", "AbortError"), { retryable: true }));
  if (ops.watchCaller(callId, leave)) leave();
  if (!flag("request_signal_passthrough")) clientsOnly.add(signal);
  return signal;
}

/** An HTTP request. */
export class Request extends Body {
  /** @type {string} */ #method = "GET";
  /** @type {string} */ #url;
  /** @type {Signal | null} given, or made when first asked for */ #signal = null;
  #signalGiven = false;
  /** @type {number} the host's call, for a request that arrived, where its signal tells of the client */ #call = 0;
  /** @type {Request | null} the request that arrived whose signal this one has */ #arrived = null;
  /** @type {Readonly<Rare>} */ #rare = nothingRare;

  /**
   * @param {any} input a Request, or an absolute URL
   * @param {any} [init]
   */
  constructor(input, init = undefined) {
    if (input === internal) {
      super(internal, init.body, init.list, true);
      this.#method = init.method;
      this.#url = init.url;
      this.#rare = nothingRareOfHost;
      this.#call = init.call;
      return;
    }
    if (arguments.length < 1) throw badConstructorArgument("Request", 1, "Request or string");
    if (init !== undefined && init !== null && typeof init !== "object" && typeof init !== "function") {
      throw badConstructorArgument("Request", 2, "RequestInitializerDict or Request");
    }
    super(internal, null, [], false);
    /** @type {Request | null} */
    const from = isRequest(input) ? input : null;
    if (from === null) {
      this.#url = toUrl(input);
    } else {
      this.#url = from.#url;
      this.#method = from.#method;
      this.#rare = from.#rare;
      this.#takeSignal(from);
    }
    if (init === undefined || init === null) {
      if (from !== null) {
        setHeaderList(this, headerListOf(from).slice());
        adoptBody(this, this.#method, from);
      }
      return;
    }
    this.#applyInit(init, from);
  }

  static {
    givenSignal = (request) => {
      if (request.#signalGiven) return request.#signal;
      const arrived = request.#call !== 0 || request.#arrived !== null;
      return arrived && flag("request_signal_passthrough") ? request.signal : null;
    };
    hasBrand = (value) => #method in value;
    keepsEncoded = (request) => request.#rare.encoded;
    cfText = (request) => {
      const { cf } = request.#rare;
      if (cf instanceof UnreadCf) return cf.json ?? JSON.stringify(cf.read());
      return cf === undefined ? undefined : JSON.stringify(cf);
    };
    lineOf = (request) => {
      return [request.#method, request.#url];
    };
    fromHost = (method, url, list, body, callId, cf) => {
      const call = callId !== 0 && flag("enable_request_signal") ? callId : 0;
      const request = new Request(internal, { method, url, list, body, call });
      if (cf !== undefined) {
        // Written out: most requests come here, and with a spread and private fields each took 3 % more time.
        request.#rare = {
          redirect: "manual", cf: new UnreadCf(cf), fetcher: null, cache: undefined, integrity: "", keepalive: false, encoded: false,
        };
      }
      return request;
    };
  }

  /** @param {Request} from */
  #takeSignal(from) {
    this.#signalGiven = from.#signalGiven;
    if (from.#signalGiven) this.#signal = from.#signal;
    this.#arrived = from.#call !== 0 ? from : from.#arrived;
  }

  /** @param {any} init @param {Request | null} from */
  #applyInit(init, from) {
    const { method, headers, body, redirect, signal, cf, cache, integrity, keepalive, fetcher, encodeResponseBody } = init;
    if (method !== undefined) this.#method = toMethod(method);
    if (headers !== undefined) setHeaderList(this, headerList(headers, "RequestInitializerDict"));
    else if (from !== null) setHeaderList(this, headerListOf(from).slice());
    if (signal !== undefined) {
      if (signal !== null && !isAbortSignal(signal)) throw badField("signal", "RequestInitializerDict", "AbortSignal");
      this.#signal = signal;
      this.#signalGiven = signal !== null && !clientsOnly.has(signal);
      this.#arrived = null;
    }
    if (redirect !== undefined || cf !== undefined || cache !== undefined || integrity !== undefined || keepalive !== undefined
      || fetcher !== undefined || encodeResponseBody !== undefined) {
      const before = this.#rare;
      this.#rare = {
        redirect: redirect === undefined ? before.redirect : toRedirect(redirect),
        cf: cf === undefined ? before.cf : toCf(cf),
        fetcher: fetcher === undefined ? before.fetcher : fetcher,
        cache: cache === undefined ? before.cache : toCache(cache),
        integrity: integrity === undefined ? before.integrity : toIntegrity(integrity),
        keepalive: keepalive === undefined ? before.keepalive : Boolean(keepalive),
        encoded: encodeResponseBody === undefined ? before.encoded : isManual(encodeResponseBody, "encodeResponseBody"),
      };
    }
    if (body !== undefined && body !== null) {
      if (this.#method === "GET" || this.#method === "HEAD") throw bodyNotAllowed();
      setBody(this, body);
    } else if (body === undefined && from !== null) {
      adoptBody(this, this.#method, from);
    }
  }

  get method() {
    return this.#method;
  }

  get url() {
    return this.#url;
  }

  get headers() {
    return headersOf(this);
  }

  get redirect() {
    return this.#rare.redirect;
  }

  get fetcher() {
    return this.#rare.fetcher;
  }

  /** @returns {Signal} */
  get signal() {
    if (this.#signal === null) {
      if (this.#arrived !== null) this.#signal = this.#arrived.signal;
      else this.#signal = this.#call === 0 ? newSignal() : signalOfClient(this.#call);
    }
    return this.#signal;
  }

  get cf() {
    const { cf } = this.#rare;
    return cf instanceof UnreadCf ? cf.read() : cf;
  }

  get integrity() {
    return this.#rare.integrity;
  }

  get keepalive() {
    return this.#rare.keepalive;
  }

  get cache() {
    return this.#rare.cache;
  }

  clone() {
    const clone = new Request(this.#url);
    clone.#method = this.#method;
    clone.#rare = this.#rare;
    clone.#takeSignal(this);
    shareBody(clone, this);
    return clone;
  }
}

/** @param {Request} to @param {string} method of the new one @param {Request} from */
function adoptBody(to, method, from) {
  if (isUsed(from)) throw new TypeError("Cannot reconstruct a Request with a used body.");
  if ((method === "GET" || method === "HEAD") && hasBody(from)) throw bodyNotAllowed();
  moveBody(to, from);
}

function bodyNotAllowed() {
  return new TypeError("Request with a GET or HEAD method cannot have a body.");
}

/** @param {any} input */
function parseUrl(input) {
  const text = toDOMString(input);
  const parts = ops.urlParse(text, undefined);
  if (parts === null) throw new TypeError(`Invalid URL: ${text}`);
  return parts[0];
}

/** @param {any} value */
function toMethod(value) {
  const text = toDOMString(value);
  if (methods.has(text)) return text;
  const upper = text.toUpperCase();
  const converts = !lacks("upper_case_all_http_methods") || converted.has(upper);
  if (!methods.has(upper) || !converts) throw new TypeError(`Invalid HTTP method string: ${text}`);
  return upper;
}

/** @param {any} value @returns {"follow" | "manual"} */
function toRedirect(value) {
  const text = toDOMString(value);
  if (text === "follow" || text === "manual") return text;
  throw new TypeError('Invalid redirect value, must be one of "follow" or "manual" ("error" won\'t be implemented since it does '
    + 'not make sense at the edge; use "manual" and check the response status code).');
}

/** @param {any} value */
function toCf(value) {
  if (typeof value !== "object" || value === null) throw badField("cf", "RequestInitializerDict", "Object");
  return value;
}

/** @param {any} value */
function toIntegrity(value) {
  const text = toDOMString(value);
  if (text === "") return text;
  throw new TypeError("Subrequest integrity checking is not implemented. The integrity option must be either undefined or an "
    + "empty string.");
}

/** @param {any} value */
function toCache(value) {
  if (lacks("cache_option_enabled")) throw new Error("The 'cache' field on 'RequestInitializerDict' is not implemented.");
  const text = toDOMString(value);
  const isKnown = text === "no-store" || (text === "no-cache" && !lacks("cache_no_cache_enabled"))
    || (text === "reload" && flag("cache_reload_enabled"));
  if (!isKnown) throw new TypeError(`Unsupported cache mode: ${text}`);
  return text;
}

defineInterface(Request, ["method", "url", "headers", "redirect", "fetcher", "signal", "cf", "integrity", "keepalive", "cache",
  "body", "bodyUsed"]);

/**
 * Whether the value is a Request, by brand.
 *
 * @param {unknown} value
 * @returns {value is Request}
 */
export function isRequest(value) {
  return typeof value === "object" && value !== null && hasBrand(value);
}

/**
 * Wraps a request that the host received. Its headers are immutable and its redirect mode is "manual"; nothing is parsed
 * before it is asked for, and nobody watches the client before the signal is.
 *
 * @param {string} method
 * @param {string} url
 * @param {string[]} headers flat, names in lower case, owned by the request from now on
 * @param {WireBody} body
 * @param {number} [callId] the call that it came with; 0 for none, and then its signal is never aborted
 * @param {string} [cf] JSON
 * @returns {Request}
 */
export function requestFromHost(method, url, headers, body, callId = 0, cf = undefined) {
  return fromHost(method, url, headers, body, callId, cf);
}

/**
 * What `cf` of the request is, as JSON, for an object or service of this process; undefined where there is none.
 *
 * @param {Request} request
 * @returns {string | undefined}
 */
export function cfToWire(request) {
  return cfText(request);
}

/**
 * A request in the form the host takes; its body is used afterwards.
 *
 * Throws a TypeError when the body was used before.
 *
 * @param {Request} request
 * @returns {[string, string, string[], WireBody]} method, URL, headers, body
 */
export function requestToWire(request) {
  const [method, url] = lineOf(request);
  return [method, url, wireHeaders(request), wireBody(request)];
}

/**
 * The signal that cancels the request when it is sent: one that a program gave to it, or, with the flag
 * `request_signal_passthrough`, that of the client whose request it is. Null for none.
 *
 * @param {Request} request
 * @returns {Signal | null}
 */
export function signalOf(request) {
  return givenSignal(request);
}

/**
 * Whether the program wants the response's body as it comes, encoded or not.
 *
 * @param {Request} request
 * @returns {boolean}
 */
export function wantsEncoded(request) {
  return keepsEncoded(request);
}
