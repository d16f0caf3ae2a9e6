/**
 * `node:_http_outgoing`: messages of `node:http` that are sent, as requests or responses of fetch.
 *
 * The first piece of a body is held back until the end or the next piece, or until the running code has ended, so that a
 * message that is written at once is sent with its length.
 *
 * @module
 */

import { Buffer } from "stated:node/buffer";
import { _checkInvalidHeaderChar, _checkIsHttpToken, validateHeaderName, validateHeaderValue } from "stated:node/_http_common";
import { Writable } from "stated:node/stream";
import { checkDuration } from "stated:node-support/connection-errors";
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
  /** Whether the head is fixed, and whether it is on its way. */
  this._headerSent = false;
  this._sent = false;
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
  /** Of the body, so far. */
  this._bytes = 0;
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

/** Checked, and not sent: fetch has no trailers. @this {any} @param {any} headers */
proto.addTrailers = function addTrailers(headers) {
  for (const [name, value] of Array.isArray(headers) ? headers : Object.entries(headers)) {
    if (!_checkIsHttpToken(name)) throw nodeError(TypeError, "ERR_INVALID_HTTP_TOKEN", `Trailer name must be a valid HTTP token ["${name}"]`);
    if (_checkInvalidHeaderChar(value)) throw nodeError(TypeError, "ERR_INVALID_CHAR", `Invalid character in trailer content ["${name}"]`);
  }
};

/** @this {any} @param {number} ms @param {any} [callback] */
proto.setTimeout = function setTimeout(ms, callback = undefined) {
  // Without a connection nothing looks at it.
  if (this.socket) checkDuration("msecs", ms);
  if (callback) this.on("timeout", callback);
  return this;
};

/** Those that are sent say how their head is made. */
proto._implicitHeader = function _implicitHeader() {
  throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", "The _implicitHeader() method is not implemented");
};

/** Fixes the head, as the first piece of a body and the end do. @param {any} message */
function fixHead(message) {
  if (message._headerSent) return;
  message._implicitHeader();
  message._headerSent = true;
}

/**
 * Sends the head. Subclasses have `_sendHead(body)`, which is called once, with null, all of the body, or a stream of it.
 *
 * @this {any}
 */
proto.flushHeaders = function flushHeaders() {
  fixHead(this);
  if (!this._sent) this._begin();
};

/** Sends the head with a stream for the body. @this {any} */
proto._begin = function _begin() {
  fixHead(this);
  this._sent = true;
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
  if (!this._sent && this._held.length === 0) {
    this._held.push(bytes);
    nextTick(() => {
      if (!this._sent && !this.destroyed && !this.writableEnded) this._begin();
    });
    callback();
    return;
  }
  if (!this._sent) this._begin();
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
  fixHead(this);
  if (!this._sent) {
    this._sent = true;
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

/** @param {any} chunk */
function checkChunk(chunk) {
  if (chunk === null) throw nodeError(TypeError, "ERR_STREAM_NULL_VALUES", "May not write null values to stream");
  if (typeof chunk !== "string" && !(chunk instanceof Uint8Array)) {
    throw invalidArgType("chunk", "of type string or an instance of Buffer or Uint8Array", chunk);
  }
}

/** With `strictContentLength` a body is as long as its head says. @param {any} message @param {(declared: number) => boolean} differs */
function checkLength(message, differs) {
  const declared = message[fields].get("content-length")?.[1];
  if (!message.strictContentLength || declared === undefined || !differs(Number(declared))) return;
  throw nodeError(Error, "ERR_HTTP_CONTENT_LENGTH_MISMATCH",
    `Response body's content-length of ${message._bytes} byte(s) does not match the content-length of ${declared} byte(s) set in header`);
}

/** What was ended is sent all the same. @param {any} message @param {any} callback */
function refuseAfterEnd(message, callback) {
  const error = nodeError(Error, "ERR_STREAM_WRITE_AFTER_END", "write after end");
  nextTick(() => {
    callback?.(error);
    message.emit("error", error);
  });
  return false;
}

/** @this {any} @param {any} chunk @param {any} [encoding] @param {any} [callback] */
proto.write = function write(chunk, encoding = undefined, callback = undefined) {
  checkChunk(chunk);
  if (this.finished) return refuseAfterEnd(this, typeof encoding === "function" ? encoding : callback);
  if (!this.destroyed) fixHead(this);
  this._bytes += typeof chunk === "string" ? Buffer.byteLength(chunk, typeof encoding === "string" ? encoding : undefined) : chunk.byteLength;
  checkLength(this, (declared) => this._bytes > declared);
  return Writable.prototype.write.call(this, chunk, encoding, callback);
};

/** The callback is called once all is sent. @this {any} @param {any} [chunk] @param {any} [encoding] @param {any} [callback] */
proto.end = function end(chunk = undefined, encoding = undefined, callback = undefined) {
  if (typeof chunk === "function") [chunk, encoding, callback] = [undefined, undefined, chunk];
  else if (typeof encoding === "function") [encoding, callback] = [undefined, encoding];
  if (this.finished) {
    if (chunk) refuseAfterEnd(this, callback);
    else if (typeof callback === "function") {
      if (!this.writableFinished) this.once("finish", callback);
      else callback(nodeError(Error, "ERR_STREAM_ALREADY_FINISHED", "Cannot call end after a stream was finished"));
    }
    return this;
  }
  if (this.destroyed) return Writable.prototype.end.call(this, chunk, encoding, callback);
  if (chunk) this.write(chunk, encoding);
  else fixHead(this);
  checkLength(this, (declared) => this._hasBody && this._bytes !== declared);
  if (typeof callback === "function") this.once("finish", callback);
  this.finished = true;
  return Writable.prototype.end.call(this);
};

/** Nothing is read from it. @this {any} */
proto.pipe = function pipe() {
  this.emit("error", nodeError(Error, "ERR_STREAM_CANNOT_PIPE", "Cannot pipe, not readable"));
};

/** @param {any} headers */
export function parseUniqueHeadersOption(headers) {
  return Array.isArray(headers) ? new Set(headers.map((header) => (Array.isArray(header) ? header.join("; ") : header).toLowerCase())) : null;
}

export default { OutgoingMessage, parseUniqueHeadersOption, validateHeaderName, validateHeaderValue };
