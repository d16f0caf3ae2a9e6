/**
 * `node:_http_incoming`: received messages of `node:http`, a request or a response of fetch each.
 *
 * @module
 */

import { nextTick } from "stated:node-support/next-tick";
import { Readable } from "stated:node/stream";

/** Fields of which the first one counts. */
const single = new Set(["age", "authorization", "content-length", "content-type", "etag", "expires", "from", "host", "if-modified-since",
  "if-unmodified-since", "last-modified", "location", "max-forwards", "proxy-authorization", "referer", "retry-after", "server", "user-agent"]);

/**
 * @this {any}
 * @param {any} [socket]
 * @returns {any}
 */
export function IncomingMessage(socket = undefined) {
  if (!(/** @type {any} */ (this) instanceof IncomingMessage)) return new /** @type {any} */ (IncomingMessage)(socket);
  Readable.call(this, { highWaterMark: socket?.readableHighWaterMark });
  this.socket = socket;
  this.httpVersionMajor = 1;
  this.httpVersionMinor = 1;
  this.httpVersion = "1.1";
  this.complete = false;
  this.rawHeaders = [];
  this.rawTrailers = [];
  this.trailers = {};
  this.headers = {};
  this.headersDistinct = Object.create(null);
  this.trailersDistinct = Object.create(null);
  this.joinDuplicateHeaders = false;
  this.aborted = false;
  this.upgrade = null;
  this.url = "";
  this.method = null;
  this.statusCode = null;
  this.statusMessage = null;
  this.client = socket;
  /** @type {any} a reader of the body */ this._body = null;
}
Object.setPrototypeOf(IncomingMessage.prototype, Readable.prototype);
Object.setPrototypeOf(IncomingMessage, Readable);

Object.defineProperty(IncomingMessage.prototype, "connection", {
  configurable: true,
  /** @this {any} */
  get() {
    return this.socket;
  },
  /** @this {any} */
  set(value) {
    this.socket = value;
  },
});

/** @this {any} @param {string} name as it was sent @param {string} value */
IncomingMessage.prototype._addHeader = function (name, value) {
  this.rawHeaders.push(name, value);
  const key = name.toLowerCase();
  const { headers } = this;
  (this.headersDistinct[key] ??= []).push(value);
  if (key === "set-cookie") (headers[key] ??= []).push(value);
  else if (!Object.hasOwn(headers, key)) headers[key] = value;
  else if (!single.has(key) || this.joinDuplicateHeaders) headers[key] += `${key === "cookie" ? "; " : ", "}${value}`;
};

/** Takes the headers and the body of a Request or Response. @this {any} @param {any} message */
IncomingMessage.prototype._take = function (message) {
  for (const [name, value] of message.headers) this._addHeader(name, value);
  this._body = message.body === null ? null : message.body.getReader();
  return this;
};

/** What a message ends with whose connection is gone. @param {string} text @param {any} [cause] @returns {Error} */
export function resetError(text, cause = undefined) {
  return Object.assign(new Error(text, cause === undefined ? undefined : { cause }), { code: "ECONNRESET" });
}

/** @this {any} */
IncomingMessage.prototype._read = function () {
  if (this._body === null) {
    this.complete = true;
    this.push(null);
    return;
  }
  this._body.read().then((/** @type {any} */ { value, done }) => {
    if (done) this.complete = true;
    this.push(done ? null : value);
    this.req?._active?.();
  }, (/** @type {any} */ cause) => this.destroy(resetError("aborted", cause)));
};

/** Reads nothing more, and ends. @this {any} */
IncomingMessage.prototype._dump = function () {
  if (this.destroyed || this.readableEnded) return;
  this._body?.cancel().catch(() => {});
  this._body = null;
  this.resume();
};

/** @this {any} @param {any} error @param {(error: any) => void} callback */
IncomingMessage.prototype._destroy = function (error, callback) {
  if (!this.complete && !this.readableEnded) {
    this.aborted = true;
    this._body?.cancel(error).catch(() => {});
    this.emit("aborted");
  }
  // Who does not listen is not stopped by it.
  nextTick(() => callback(this.listenerCount("error") === 0 ? null : error));
};

/** @this {any} @param {number} ms @param {any} [callback] */
IncomingMessage.prototype.setTimeout = function (ms, callback = undefined) {
  if (callback) this.on("timeout", callback);
  this.socket?.setTimeout(ms);
  return this;
};

/** Nothing to do: there is no socket. */
export function readStart() {}
export function readStop() {}

export default { IncomingMessage, readStart, readStop };
