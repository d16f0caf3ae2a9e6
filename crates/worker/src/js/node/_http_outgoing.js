/**
 * `node:_http_outgoing`: messages of `node:http` that are sent, as requests or responses of fetch.
 *
 * The first piece of a body is held back until the end or the next piece, or until the running code has ended, so that a
 * message that is written at once is sent with its length.
 *
 * @module
 */

import { Buffer } from "stated:node/buffer";
import { validateHeaderName, validateHeaderValue } from "stated:node/_http_common";
import { Writable } from "stated:node/stream";
import { nodeError, invalidArgType } from "stated:node-support/errors";
import { nextTick } from "stated:node-support/next-tick";
import { ReadableStream } from "stated:streams";

export { validateHeaderName, validateHeaderValue };

/** Fields by name in lower case: name as it was set, and value. */
const fields = Symbol("kOutHeaders");

/**
 * @this {any}
 * @param {any} [options]
 */
export function OutgoingMessage(options = undefined) {
  Writable.call(this, { ...options, decodeStrings: true });
  this[fields] = new Map();
  this._headerSent = false;
  this.sendDate = false;
  this.chunkedEncoding = false;
  this.shouldKeepAlive = true;
  this.useChunkedEncodingByDefault = true;
  this.strictContentLength = false;
  this.finished = false;
  this.socket = null;
  /** @type {Buffer[]} */ this._held = [];
  /** @type {any} of the body's stream, once there is one */ this._controller = null;
  /** @type {any} the callback of a piece that waits for the reader */ this._waiting = null;
  this._hasBody = true;
}
Object.setPrototypeOf(OutgoingMessage.prototype, Writable.prototype);
Object.setPrototypeOf(OutgoingMessage, Writable);

/** @type {any} */
const proto = OutgoingMessage.prototype;

/** @type {Record<string, (this: any) => any>} */
const getters = {
  headersSent() {
    return this._headerSent;
  },
  connection() {
    return this.socket;
  },
  _headers() {
    return this.getHeaders();
  },
};
for (const [name, get] of Object.entries(getters)) {
  Object.defineProperty(proto, name, {
    configurable: true, enumerable: name === "headersSent", get,
    /** @this {any} */
    set(value) {
      if (name === "connection") this.socket = value;
    },
  });
}

/** @param {any} message @param {string} verb */
function requireUnsent(message, verb) {
  if (message._headerSent) throw nodeError(Error, "ERR_HTTP_HEADERS_SENT", `Cannot ${verb} headers after they are sent to the client`);
}

/** @param {string} name @param {any} value */
function checkField(name, value) {
  validateHeaderName(name);
  validateHeaderValue(name, value);
  if (Array.isArray(value)) for (const item of value) validateHeaderValue(name, item);
}

/** @this {any} @param {string} name @param {any} value */
proto.setHeader = function setHeader(name, value) {
  requireUnsent(this, "set");
  checkField(name, value);
  this[fields].set(name.toLowerCase(), [name, value]);
  return this;
};

/** @this {any} @param {any} headers Headers or Map */
proto.setHeaders = function setHeaders(headers) {
  requireUnsent(this, "set");
  if (typeof headers?.[Symbol.iterator] !== "function" || Array.isArray(headers) || typeof headers.get !== "function") {
    throw invalidArgType("headers", "an instance of Headers or Map", headers);
  }
  const cookies = [];
  for (const [name, value] of headers) {
    if (name === "set-cookie") cookies.push(...Array.isArray(value) ? value : [value]);
    else this.setHeader(name, value);
  }
  if (cookies.length > 0) this.setHeader("set-cookie", cookies);
  return this;
};

/** @this {any} @param {string} name @param {any} value */
proto.appendHeader = function appendHeader(name, value) {
  requireUnsent(this, "append");
  checkField(name, value);
  const key = name.toLowerCase();
  const before = this[fields].get(key);
  const list = before === undefined ? [] : [before[1]].flat();
  const all = [...list, ...[value].flat()];
  this[fields].set(key, [before?.[0] ?? name, all.length === 1 ? all[0] : all]);
  return this;
};

/** @this {any} @param {string} name */
proto.getHeader = function getHeader(name) {
  if (typeof name !== "string") throw invalidArgType("name", "of type string", name);
  return this[fields].get(name.toLowerCase())?.[1];
};

/** @this {any} */
proto.getHeaderNames = function getHeaderNames() {
  return [...this[fields].keys()];
};

/** @this {any} */
proto.getRawHeaderNames = function getRawHeaderNames() {
  return Array.from(this[fields].values(), ([name]) => name);
};

/** @this {any} */
proto.getHeaders = function getHeaders() {
  const headers = Object.create(null);
  for (const [key, [, value]] of this[fields]) headers[key] = value;
  return headers;
};

/** @this {any} @param {string} name */
proto.hasHeader = function hasHeader(name) {
  if (typeof name !== "string") throw invalidArgType("name", "of type string", name);
  return this[fields].has(name.toLowerCase());
};

/** @this {any} @param {string} name */
proto.removeHeader = function removeHeader(name) {
  if (typeof name !== "string") throw invalidArgType("name", "of type string", name);
  requireUnsent(this, "remove");
  this[fields].delete(name.toLowerCase());
};

/** Fields that are the connection's, which is none of the program's here. */
const ofConnection = new Set(["connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"]);

/** The fields for fetch, as a list of pairs. @this {any} */
proto._fieldList = function _fieldList() {
  /** @type {[string, string][]} */
  const list = [];
  for (const [key, [name, value]] of this[fields]) {
    if (ofConnection.has(key)) continue;
    for (const item of [value].flat()) list.push([name, String(item)]);
  }
  return list;
};

/** Not sent: fetch has no trailers. */
proto.addTrailers = function addTrailers() {};

/** @this {any} @param {number} ms @param {any} [callback] */
proto.setTimeout = function setTimeout(ms, callback = undefined) {
  if (callback) this.on("timeout", callback);
  void ms;
  return this;
};

/**
 * Sends the head. Subclasses have `_sendHead(body)`, which is called once, with null, all of the body, or a stream of it.
 *
 * @this {any}
 */
proto.flushHeaders = function flushHeaders() {
  if (!this._headerSent) this._begin();
};

/** Sends the head with a stream for the body. @this {any} */
proto._begin = function _begin() {
  this._implicitHeader?.();
  this._headerSent = true;
  if (!this._hasBody) {
    this._sendHead(null);
    return;
  }
  const message = this;
  const stream = new ReadableStream({
    start(/** @type {any} */ controller) {
      message._controller = controller;
    },
    pull() {
      const callback = message._waiting;
      message._waiting = null;
      callback?.();
    },
    cancel(/** @type {any} */ reason) {
      message._controller = null;
      message.destroy(reason instanceof Error ? reason : undefined);
    },
  }, { highWaterMark: 1 });
  for (const piece of this._held.splice(0)) this._controller.enqueue(plain(piece));
  this._sendHead(stream);
};

/** @param {Uint8Array} bytes */
function plain(bytes) {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @this {any} @param {any} chunk @param {any} encoding @param {(error?: any) => void} callback */
proto._write = function _write(chunk, encoding, callback) {
  const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
  if (!this._hasBody) {
    callback();
    return;
  }
  if (!this._headerSent && this._held.length === 0) {
    this._held.push(bytes);
    nextTick(() => {
      if (!this._headerSent && !this.destroyed && !this.writableEnded) this._begin();
    });
    callback();
    return;
  }
  if (!this._headerSent) this._begin();
  if (this._controller === null) {
    callback();
    return;
  }
  this._controller.enqueue(plain(bytes));
  if (this._controller.desiredSize > 0) callback();
  else this._waiting = callback;
};

/** @this {any} @param {(error?: any) => void} callback */
proto._final = function _final(callback) {
  this.finished = true;
  if (!this._headerSent) {
    this._implicitHeader?.();
    this._headerSent = true;
    const held = this._held.splice(0);
    this._sendHead(held.length === 0 || !this._hasBody ? null : plain(Buffer.concat(held)));
  } else {
    this._controller?.close();
    this._controller = null;
  }
  callback();
};

/** @this {any} @param {any} error @param {(error: any) => void} callback */
proto._destroy = function _destroy(error, callback) {
  const waiting = this._waiting;
  this._waiting = null;
  if (this._controller !== null) {
    const controller = this._controller;
    this._controller = null;
    controller.error(error ?? Object.assign(new Error("aborted"), { code: "ECONNRESET" }));
  }
  waiting?.(error);
  this._destroyed?.(error);
  callback(error);
};

/** @this {any} @param {any} chunk @param {any} [encoding] @param {any} [callback] */
proto.end = function end(chunk, encoding = undefined, callback = undefined) {
  this.finished = true;
  return Writable.prototype.end.call(this, chunk, encoding, callback);
};

/** @param {any} headers */
export function parseUniqueHeadersOption(headers) {
  return Array.isArray(headers) ? new Set(headers.map((header) => (Array.isArray(header) ? header.join("; ") : header).toLowerCase())) : null;
}

export default { OutgoingMessage, parseUniqueHeadersOption, validateHeaderName, validateHeaderValue };
