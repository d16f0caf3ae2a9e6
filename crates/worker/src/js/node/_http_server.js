/**
 * `node:_http_server`: servers of `node:http`, which get their requests from `httpServerHandler` of `cloudflare:node`.
 *
 * A server that listens is known by its port in this program alone; there is no socket.
 *
 * @module
 */

import { EventEmitter } from "stated:node/events";
import { IncomingMessage, resetError } from "stated:node/_http_incoming";
import { OutgoingMessage } from "stated:node/_http_outgoing";
import { checkBoolean, checkInteger, checkNumber, checkObject, invalidArgValue, nodeError, outOfRange } from "stated:node-support/errors";
import { MessageSocket } from "stated:node-support/http-socket";
import { STATUS_CODES } from "stated:node-support/http-status";
import { nextTick } from "stated:node-support/next-tick";
import { unimplementedIn } from "stated:node-support/unimplemented";
import { Response } from "stated:response";
import { URL } from "stated:url";

const stub = unimplementedIn("_http_server");

export { STATUS_CODES };
export const _connectionListener = stub("_connectionListener");

/** Servers by port. @type {Map<number, any>} */
const listening = new Map();
/** The first port for those who do not say one. */
const ANY_PORT_FIRST = 49_152;
const PORT_MAX = 65_535;

/** Bytes that a message holds before it waits, by itself. */
const BUFFER_BYTES = 64 << 10;

/** Responses that may not have a body. */
const withoutBody = [101, 204, 205, 304];

/** @this {any} @param {any} request @param {any} [options] @returns {any} */
export function ServerResponse(request, options = undefined) {
  if (!(/** @type {any} */ (this) instanceof ServerResponse)) return new /** @type {any} */ (ServerResponse)(request, options);
  OutgoingMessage.call(this, options);
  this.req = request;
  this.statusCode = 200;
  this.statusMessage = undefined;
  this._hasBody = request.method !== "HEAD";
  /** @type {{ resolve(response: any): void, reject(error: any): void } | undefined} */ this._answer = undefined;
}
Object.setPrototypeOf(ServerResponse.prototype, OutgoingMessage.prototype);
Object.setPrototypeOf(ServerResponse, OutgoingMessage);

/** @type {any} */
const proto = ServerResponse.prototype;

/** @this {any} @param {number} status @param {any} [reason] or headers @param {any} [headers] */
proto.writeHead = function writeHead(status, reason = undefined, headers = undefined) {
  if (this._headerSent) throw nodeError(Error, "ERR_HTTP_HEADERS_SENT", "Cannot write headers after they are sent to the client");
  const code = status | 0;
  if (code < 100 || code > 999) throw nodeError(RangeError, "ERR_HTTP_INVALID_STATUS_CODE", `Invalid status code: ${status}`);
  if (typeof reason === "string") this.statusMessage = reason;
  else {
    this.statusMessage ??= STATUS_CODES[code] ?? "unknown";
    headers ??= reason;
  }
  if (/[^\t\x20-\x7e\x80-\xff]/.test(this.statusMessage)) throw nodeError(TypeError, "ERR_INVALID_CHAR", "Invalid character in statusMessage");
  this.statusCode = code;
  if (withoutBody.includes(code)) this._hasBody = false;
  if (Array.isArray(headers)) {
    const pairs = headers.every(Array.isArray) ? headers : headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]]] : []));
    if (!headers.every(Array.isArray) && headers.length % 2 !== 0) throw invalidArgValue("headers", headers);
    for (const [name] of pairs) this.removeHeader(name);
    for (const [name, value] of pairs) this.appendHeader(name, value);
  } else if (typeof headers === "object" && headers !== null) {
    for (const [name, value] of Object.entries(headers)) this.setHeader(name, value);
  }
  this._headerSent = true;
  return this;
};
proto.writeHeader = proto.writeHead;

/** @this {any} */
proto._implicitHeader = function _implicitHeader() {
  this.writeHead(this.statusCode);
};

/** @this {any} @param {any} body */
proto._sendHead = function _sendHead(body) {
  // What fetch's Response cannot be: an informational status, which no handler answers with.
  const bytes = this._hasBody ? body ?? new Uint8Array() : null;
  try {
    const response = new Response(bytes, { status: this.statusCode, statusText: this.statusMessage, headers: this._fieldList() });
    if (bytes instanceof Uint8Array && !response.headers.has("content-length")) response.headers.set("content-length", String(bytes.byteLength));
    this._answer?.resolve(response);
  } catch (error) {
    this._answer?.reject(error);
  }
};

/** The request ends with its response: it is read to its end, or given up. @this {any} @param {any} error */
proto._destroyed = function _destroyed(error) {
  const { req } = this;
  if (typeof req?._dump === "function" && !req.destroyed) {
    if (!this.writableFinished) req.destroy(resetError("aborted"));
    else if (req.readableFlowing === null && req.listenerCount("readable") === 0) nextTick(() => req._dump());
  }
  this._answer?.reject(error ?? resetError("socket hang up"));
};

/** A target with its parameters. */
const linkValue = /^<[^>]*>(?:\s*;\s*[^;"\s]+(?:=(")?[^;"\s]*\1)?)*$/;

/** Informational responses are not sent. */
proto.writeContinue = () => {};
proto.writeProcessing = () => {};
/** @param {any} hints @param {any} [callback] */
proto.writeEarlyHints = function writeEarlyHints(hints, callback = undefined) {
  checkObject("hints", hints);
  const { link } = hints;
  for (const value of Array.isArray(link) ? link : link === null || link === undefined ? [] : [link]) {
    if (typeof value === "string" && linkValue.test(value)) continue;
    throw invalidArgValue("hints", link, 'must be an array or string of format "</styles.css>; rel=preload; as=style"');
  }
  callback?.();
};
/** @this {any} @param {any} socket */
proto.assignSocket = function assignSocket(socket) {
  this.socket = socket;
};
/** @this {any} */
proto.detachSocket = function detachSocket() {
  this.socket = null;
};

/** @this {any} @param {any} [options] @param {any} [listener] @returns {any} */
export function Server(options = undefined, listener = undefined) {
  if (!(/** @type {any} */ (this) instanceof Server)) return new /** @type {any} */ (Server)(options, listener);
  if (typeof options === "function") {
    listener = options;
    options = {};
  } else if (options !== undefined && options !== null) checkObject("options", options);
  EventEmitter.call(this);
  const all = options ?? {};
  this.Request = all.IncomingMessage ?? IncomingMessage;
  this.Response = all.ServerResponse ?? ServerResponse;
  this.timeout = 0;
  setLimits(this, all);
  this.maxHeadersCount = null;
  this.maxRequestsPerSocket = 0;
  this.listening = false;
  /** @type {number | undefined} */ this._port = undefined;
  if (listener) /** @type {any} */ (this).on("request", listener);
}
Object.setPrototypeOf(Server.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Server, EventEmitter);

/** Times and sizes, which are kept and checked, and mean nothing here. @param {any} server @param {any} options */
function setLimits(server, options) {
  const number = (/** @type {string} */ name, /** @type {any} */ otherwise) => {
    if (options[name] === undefined) return otherwise;
    checkInteger(name, options[name], 0);
    return options[name];
  };
  const choice = (/** @type {string} */ name) => {
    if (options[name] !== undefined) checkBoolean(`options.${name}`, options[name]);
    return options[name];
  };
  server.maxHeaderSize = number("maxHeaderSize", undefined);
  server.insecureHTTPParser = choice("insecureHTTPParser");
  server.requestTimeout = number("requestTimeout", 300_000);
  server.headersTimeout = number("headersTimeout", Math.min(60_000, server.requestTimeout || 60_000));
  if (server.requestTimeout > 0 && server.headersTimeout > server.requestTimeout) {
    throw outOfRange("headersTimeout", "<= requestTimeout", options.headersTimeout);
  }
  server.keepAliveTimeout = number("keepAliveTimeout", 5000);
  server.connectionsCheckingInterval = number("connectionsCheckingInterval", 30_000);
  server.requireHostHeader = choice("requireHostHeader") ?? true;
  server.joinDuplicateHeaders = choice("joinDuplicateHeaders") ?? false;
  server.rejectNonStandardBodyWrites = choice("rejectNonStandardBodyWrites") ?? false;
  if (options.highWaterMark !== undefined) checkNumber("options.highWaterMark", options.highWaterMark);
  server.highWaterMark = options.highWaterMark >= 0 ? options.highWaterMark : BUFFER_BYTES;
}

/** @param {any} port @returns {number} 0: any */
function portOf(port) {
  if (port === undefined || port === null) return 0;
  // The name of a pipe, which is one of this program, too.
  if (typeof port === "string" && !/^\s*\d*\s*$/.test(port)) return 0;
  const number = typeof port === "string" && port.trim() !== "" ? Number(port) : port;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0 || number > PORT_MAX) {
    throw nodeError(RangeError, "ERR_SOCKET_BAD_PORT", `options.port should be >= 0 and < 65536. Received ${described(port)}.`);
  }
  return number;
}

/** @param {any} value */
function described(value) {
  return typeof value === "string" ? `type string ('${value}')` : `type ${typeof value} (${String(value)})`;
}

/** @this {any} @param {...any} args `(port, host, backlog, callback)` or `(options, callback)` */
Server.prototype.listen = function listen(...args) {
  const callback = args.findLast((arg) => typeof arg === "function");
  if (this.listening) throw nodeError(Error, "ERR_SERVER_ALREADY_LISTEN", "Listen method has been called more than once without closing.");
  const [first] = args;
  const asked = portOf(typeof first === "object" && first !== null ? first.port : typeof first === "function" ? 0 : first);
  if (callback) this.once("listening", callback);
  let port = asked === 0 ? ANY_PORT_FIRST : asked;
  while (asked === 0 && listening.has(port) && port < PORT_MAX) port++;
  if (listening.has(port)) {
    const error = Object.assign(new Error(`listen EADDRINUSE: address already in use :::${port}`), { code: "EADDRINUSE", errno: -98, syscall: "listen", address: "::", port });
    nextTick(() => this.emit("error", error));
    return this;
  }
  listening.set(port, this);
  this._port = port;
  this.listening = true;
  nextTick(() => this.emit("listening"));
  return this;
};

/** @this {any} */
Server.prototype.address = function address() {
  return this.listening ? { port: this._port, family: "IPv4", address: "127.0.0.1" } : null;
};

/** @this {any} @param {any} [callback] */
Server.prototype.close = function close(callback = undefined) {
  const wasListening = this.listening;
  if (wasListening) listening.delete(this._port);
  this.listening = false;
  this._port = undefined;
  if (typeof callback === "function") {
    this.once("close", wasListening ? callback : () => callback(nodeError(Error, "ERR_SERVER_NOT_RUNNING", "Server is not running.")));
  }
  nextTick(() => this.emit("close"));
  return this;
};

/** @this {any} */
Server.prototype[Symbol.asyncDispose] = function () {
  return new Promise((resolve) => { this.close(resolve); });
};

/** @this {any} @param {number} ms @param {any} [callback] */
Server.prototype.setTimeout = function (ms, callback = undefined) {
  this.timeout = ms;
  if (callback) this.on("timeout", callback);
  return this;
};
Server.prototype.closeAllConnections = () => {};
Server.prototype.closeIdleConnections = () => {};
Server.prototype.getConnections = (/** @type {any} */ callback) => nextTick(callback, null, 0);
/** @this {any} */
Server.prototype.ref = function ref() {
  return this;
};
/** @this {any} */
Server.prototype.unref = Server.prototype.ref;

/**
 * Gives a request to the server that listens on a port.
 *
 * @param {number} port
 * @param {any} request
 * @param {any} [env]
 * @param {any} [ctx]
 * @returns {Promise<any>} the Response
 */
export function serve(port, request, env = undefined, ctx = undefined) {
  const server = listening.get(port);
  if (server === undefined) {
    throw nodeError(Error, "ERR_INVALID_ARG_VALUE", `Http server with port ${port} not found. This is likely a bug with your code. `
      + `You should check if server.listen() was called with the same port (${port})`);
  }
  const url = new URL(request.url);
  const incoming = new server.Request();
  incoming.joinDuplicateHeaders = server.joinDuplicateHeaders;
  incoming.method = request.method;
  incoming.url = `${url.pathname}${url.search}`;
  incoming.cloudflare = { cf: request.cf, env, ctx };
  if (!request.headers.has("host")) incoming._addHeader("host", url.host);
  incoming._take(request);
  const response = new server.Response(incoming);
  const socket = new MessageSocket({ encrypted: url.protocol === "https:", remoteAddress: request.headers.get("cf-connecting-ip") ?? "127.0.0.1", remotePort: 0, localPort: port, owner: response });
  incoming.socket = socket;
  response.socket = socket;
  return new Promise((resolve, reject) => {
    response._answer = { resolve, reject };
    request.signal?.addEventListener("abort", () => {
      incoming.destroy();
      response.destroy();
    });
    server.emit("connection", socket);
    if (server.emit("request", incoming, response)) return;
    response.statusCode = 404;
    response.end();
  });
}

/** @param {any} server @param {any} options */
export function storeHTTPOptions(server, options) {
  Object.assign(server, options);
}
export function setupConnectionsTracking() {}
export function httpServerPreClose() {}


export default {
  _connectionListener, httpServerPreClose, Server, ServerResponse, setupConnectionsTracking, STATUS_CODES, storeHTTPOptions,
};
