/**
 * Response of the Fetch standard, with what Workers adds: `webSocket`, `cf`, `encodeBody`.
 *
 * @module
 */

import { Body, headerListOf, headersOf, hostBodyStream, setBody, shareBody, wireBody, wireHeaders } from "stated:body";
import { headerList } from "stated:headers";
import { ops } from "stated:host";
import { statusTextOf } from "stated:status-text";
import { badArgument, badConstructorArgument, badField, defineInterface, internal, toDOMString } from "stated:webidl";

/** @typedef {import("stated:abort").AbortSignal} AbortSignal */
/** @typedef {import("stated:host").WireResponse} WireResponse */
/** @typedef {import("stated:host").WireBody} WireBody */

/**
 * @typedef {object} Rare what most responses do not have
 * @property {string} url
 * @property {boolean} redirected
 * @property {"default" | "error"} type
 * @property {any} webSocket
 * @property {any} cf
 * @property {boolean} encoded the body is what leaves, whatever Content-Encoding says
 */

/** @type {Readonly<Rare>} */
const nothingRare = Object.freeze({ url: "", redirected: false, type: "default", webSocket: null, cf: undefined,
  encoded: false });

const statusRange = "Responses may only be constructed with status codes in the range 200 to 599, inclusive.";

/** @type {(response: Response) => [number, string, string[], WireBody, any, boolean]} */
let wireOf;
/** @type {(status: number, statusText: string, list: string[], body: WireBody, rare: Readonly<Rare>) => Response} */
let fromHost;
/** @type {(value: object) => boolean} */
let hasBrand;

/** An HTTP response. */
export class Response extends Body {
  #status = 200;
  /** @type {string | undefined} unless it was given, the status has its own */ #statusText = undefined;
  /** @type {Readonly<Rare>} */ #rare = nothingRare;

  /**
   * @param {any} [body]
   * @param {any} [init]
   */
  constructor(body = null, init = undefined) {
    if (body === internal) {
      super(internal, init.body, init.list, true);
      return;
    }
    if (init === undefined || init === null) {
      super(internal, null, [], false);
      if (body !== null) setBody(this, body);
      return;
    }
    if (typeof init !== "object" && typeof init !== "function") {
      throw badConstructorArgument("Response", 2, "InitializerDict or Response");
    }
    const { headers } = init;
    super(internal, null, headers === undefined ? [] : headerList(headers, "InitializerDict"), false);
    const { status, statusText, webSocket, cf, encodeBody } = init;
    const encoded = encodeBody === undefined ? isResponse(init) && init.#rare.encoded : isManual(encodeBody, "encodeBody");
    if (webSocket !== undefined && webSocket !== null) checkSocket(webSocket);
    const hasSocket = webSocket !== undefined && webSocket !== null;
    this.#status = status === undefined ? 200 : toStatus(status);
    if (hasSocket && this.#status !== 101) throw new RangeError("Responses with a WebSocket must have status code 101.");
    if ((this.#status < 200 && !hasSocket) || this.#status > 599) throw new RangeError(statusRange);
    if (statusText !== undefined) this.#statusText = toStatusText(statusText);
    if (cf !== undefined && (typeof cf !== "object" || cf === null)) throw badField("cf", "InitializerDict", "Object");
    if (hasSocket || cf !== undefined || encoded) {
      this.#rare = { ...nothingRare, webSocket: hasSocket ? webSocket : null, cf, encoded };
    }
    if (body === null) return;
    if (isNullBodyStatus(this.#status)) {
      // An empty string was once the only way to make such a response.
      if (body !== "") throw new TypeError("Response with null body status (101, 204, 205, or 304) cannot have a body.");
      return;
    }
    setBody(this, body);
  }

  static {
    wireOf = (response) => [response.#status, response.#statusText ?? "", wireHeaders(response), wireBody(response),
      response.#rare.webSocket, response.#rare.encoded];
    hasBrand = (value) => #status in value;
    fromHost = (status, statusText, list, body, rare) => {
      const response = new Response(internal, { body, list });
      response.#status = status;
      if (statusText !== "") response.#statusText = statusText;
      response.#rare = rare;
      return response;
    };
  }

  /** A network error: status 0. */
  static error() {
    const response = new Response();
    response.#status = 0;
    response.#statusText = "";
    response.#rare = { ...nothingRare, type: "error" };
    return response;
  }

  /**
   * @param {string | import("stated:url").URL} url absolute
   * @param {number} [status] 301, 302, 303, 307 or 308
   */
  static redirect(url, status = 302) {
    if (arguments.length < 1) throw badArgument("Response", "redirect", 1, "string");
    const target = redirectTarget(toDOMString(url));
    const code = toStatus(status);
    if (code !== 301 && code !== 302 && code !== 303 && code !== 307 && code !== 308) {
      throw new RangeError(`${code} is not a redirect status code. It must be one of: 301, 302, 303, 307, or 308.`);
    }
    return fromHost(code, "", ["location", target], null, nothingRare);
  }

  /**
   * @param {any} data
   * @param {any} [init]
   */
  static json(data, init = undefined) {
    if (arguments.length < 1) throw badArgument("Response", "json", 1, "Value");
    if (init !== undefined && init !== null && typeof init !== "object" && typeof init !== "function") {
      throw badArgument("Response", "json", 2, "InitializerDict or Response");
    }
    const text = JSON.stringify(data);
    const response = new Response(null, init);
    if (isNullBodyStatus(response.#status)) {
      throw new TypeError("Response with null body status (101, 204, 205, or 304) cannot have a body.");
    }
    const list = headerListOf(response);
    if (!hasContentType(list)) list.push("content-type", "application/json");
    setBody(response, text === undefined ? "undefined" : text);
    return response;
  }

  get status() {
    return this.#status;
  }

  get statusText() {
    return this.#statusText ?? statusTextOf(this.#status);
  }

  get headers() {
    return headersOf(this);
  }

  get ok() {
    return this.#status >= 200 && this.#status <= 299;
  }

  get redirected() {
    return this.#rare.redirected;
  }

  get url() {
    return this.#rare.url;
  }

  /** The other end of a WebSocket that this response hands over, or null. */
  get webSocket() {
    return this.#rare.webSocket;
  }

  get cf() {
    return this.#rare.cf;
  }

  get type() {
    return this.#rare.type;
  }

  clone() {
    if (this.#rare.webSocket !== null) throw new TypeError("Cannot clone a response to a WebSocket handshake.");
    const clone = new Response();
    clone.#status = this.#status;
    clone.#statusText = this.#statusText;
    clone.#rare = this.#rare;
    shareBody(clone, this);
    return clone;
  }
}

/** The value of a Location for a URL, of bytes. @param {string} text */
let redirectTarget = (text) => {
  const parts = ops.urlParse(text, undefined);
  if (parts === null) throw new TypeError(`Unable to parse URL: ${text}`);
  return parts[0];
};

/** @param {(text: string) => string} older that of a program with another URL parser */
export function replaceRedirectTarget(older) {
  redirectTarget = older;
}

/** @param {string[]} list */
function hasContentType(list) {
  for (let i = 0; i < list.length; i += 2) if (list[i] === "content-type") return true;
  return false;
}

/** @param {any} value */
function toStatus(value) {
  const status = Math.trunc(+value);
  return Number.isFinite(status) ? status : 0;
}

/** @param {any} value */
function toStatusText(value) {
  const text = toDOMString(value);
  if (/[^\x20-\x7e\x80-\xff]/.test(text)) throw new TypeError("Invalid statusText");
  return text;
}

/**
 * Whether an `encodeBody` or `encodeResponseBody` says that the body stays as it is.
 *
 * @param {any} value
 * @param {string} name for the error
 */
export function isManual(value, name) {
  const text = toDOMString(value);
  if (text !== "automatic" && text !== "manual") throw new TypeError(`${name}: unexpected value: ${text}`);
  return text === "manual";
}

/** Whether a value is a WebSocket, whose module imports this one. @type {(value: unknown) => boolean} */
let isSocket = () => false;

/** @param {typeof isSocket} check */
export function setSocketCheck(check) {
  isSocket = check;
}

/** @param {any} value */
function checkSocket(value) {
  if (!isSocket(value)) throw badField("webSocket", "InitializerDict", "WebSocket");
}

/** @param {number} status */
function isNullBodyStatus(status) {
  return status === 204 || status === 304 || status === 101 || status === 205;
}

defineInterface(Response, ["status", "statusText", "headers", "ok", "redirected", "url", "webSocket", "cf", "type", "body",
  "bodyUsed"]);

/**
 * Whether the value is a Response, by brand.
 *
 * @param {unknown} value
 * @returns {value is Response}
 */
export function isResponse(value) {
  return typeof value === "object" && value !== null && hasBrand(value);
}

/**
 * Wraps a response that the host received.
 *
 * Its headers are immutable. With `signal`, a failure of the body after an abort is the signal's reason.
 *
 * @param {WireResponse} wire
 * @param {(socketId: number) => any} [makeSocket] wraps the socket of an accepted upgrade
 * @param {AbortSignal | null} [signal]
 * @param {boolean} [encoded] whether its body stays as it came
 * @returns {Response}
 */
export function responseFromHost(wire, makeSocket = undefined, signal = null, encoded = false) {
  const [status, statusText, list, body, url, redirected, socketId] = wire;
  const webSocket = socketId !== 0 && makeSocket !== undefined ? makeSocket(socketId) : null;
  /** @type {Rare} */
  const rare = { url, redirected, type: "default", webSocket, cf: undefined, encoded };
  if (encoded && typeof body === "number") ops.bodyKeepEncoded(body);
  if (signal === null || typeof body !== "number") return fromHost(status, statusText, list, body, rare);
  const response = fromHost(status, statusText, list, null, rare);
  setBody(response, hostBodyStream(body, signal));
  return response;
}

/**
 * A response in the form the host takes; its body is used afterwards.
 *
 * Throws a TypeError when the body was used before.
 *
 * @param {Response} response
 * @returns {[number, string, string[], WireBody, any, boolean]} status, statusText, headers, body, webSocket or null, and whether the
 *   body leaves as it is
 */
export function responseToWire(response) {
  return wireOf(response);
}
