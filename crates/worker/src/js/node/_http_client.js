/**
 * `node:_http_client`: requests of `node:http`, sent by fetch.
 *
 * A response comes without any decoding that its `content-encoding` names, and redirects are not followed.
 *
 * @module
 */

import { AbortController } from "stated:abort";
import { systemCodeOf } from "stated:error-transport";
import { Agent, globalAgent } from "stated:node/_http_agent";
import { _checkIsHttpToken } from "stated:node/_http_common";
import { IncomingMessage, resetError } from "stated:node/_http_incoming";
import { OutgoingMessage } from "stated:node/_http_outgoing";
import { Buffer } from "stated:node/buffer";
import { abortError, checkBoolean, checkInteger, checkSignal, checkString, invalidArgType, nodeError } from "stated:node-support/errors";
import { checkDuration, connectionError } from "stated:node-support/connection-errors";
import { MessageSocket } from "stated:node-support/http-socket";
import { nextTick } from "stated:node-support/next-tick";
import { clearTimeout, setTimeout } from "stated:timers";
import { fetch } from "stated:fetch";
import { URL } from "stated:url";

const unescapedCharacter = /[^\u0021-\u00ff]/;
/** Methods whose requests have no body, in fetch. */
const withoutBody = ["GET", "HEAD"];

/** @param {URL} url */
export function optionsOfUrl(url) {
  const { hostname } = url;
  const options = {
    __proto__: null, protocol: url.protocol, hostname: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname, hash: url.hash,
    search: url.search, pathname: url.pathname, path: `${url.pathname}${url.search}`, href: url.href, port: url.port === "" ? undefined : Number(url.port),
    auth: url.username || url.password ? `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` : undefined,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/**
 * The arguments `(url, options, callback)`, of which the first two may be missing.
 *
 * @param {any} input
 * @param {any} options
 * @param {any} callback
 * @returns {[any, any]}
 */
export function requestArguments(input, options, callback) {
  let given = input;
  if (typeof input === "string") {
    const url = URL.parse(input);
    if (url === null) throw Object.assign(nodeError(TypeError, "ERR_INVALID_URL", "Invalid URL"), { input });
    given = optionsOfUrl(url);
  }
  else if (typeof input === "object" && input !== null && typeof input.href === "string" && typeof input.searchParams === "object") given = optionsOfUrl(input);
  else {
    callback = options;
    options = input;
    given = {};
  }
  if (typeof options === "function") {
    callback = options;
    options = {};
  }
  return [{ ...given, ...options }, callback];
}

/** @this {any} @param {any} input @param {any} [options] @param {any} [callback] @returns {any} */
export function ClientRequest(input, options = undefined, callback = undefined) {
  if (!(/** @type {any} */ (this) instanceof ClientRequest)) return new /** @type {any} */ (ClientRequest)(input, options, callback);
  // It is over when its response is, not when it was sent.
  OutgoingMessage.call(this, {
    autoDestroy: false,
    // What is written before waits: nothing is sent, and nothing finished, before there is a socket.
    construct: (/** @type {() => void} */ callback) => nextTick(() => {
      if (!(/** @type {any} */ (this).destroyed)) {
        this._hasSocket = true;
        /** @type {any} */ (this).emit("socket", this.socket);
      }
      callback();
    }),
  });
  this._hasSocket = false;
  const [all, listener] = requestArguments(input, options, callback);
  const { agent } = all;
  if (agent === null || agent === undefined) this.agent = all._defaultAgent ?? globalAgent;
  else if (agent === false) this.agent = new /** @type {any} */ (Agent)();
  else if (typeof agent === "object" && typeof agent.addRequest === "function") this.agent = agent;
  else throw invalidArgType("options.agent", "one of Agent-like Object, undefined, or false", agent);
  const expected = this.agent.protocol ?? all._defaultAgent?.protocol ?? "http:";
  const protocol = all.protocol || expected;
  if (protocol !== expected) throw nodeError(TypeError, "ERR_INVALID_PROTOCOL", `Protocol "${protocol}" not supported. Expected "${expected}"`);
  if (all.path !== undefined && unescapedCharacter.test(String(all.path))) {
    throw nodeError(TypeError, "ERR_UNESCAPED_CHARACTERS", "Request path contains unescaped characters");
  }
  const defaultPort = all.defaultPort ?? this.agent.defaultPort;
  for (const name of ["hostname", "host"]) {
    if (all[name] !== null && all[name] !== undefined && typeof all[name] !== "string") {
      throw invalidArgType(`options.${name}`, "of type string or one of undefined or null", all[name]);
    }
  }
  this.host = all.hostname || all.host || "localhost";
  this.port = all.port || defaultPort || 80;
  this.protocol = protocol;
  this.path = all.path || "/";
  if (all.method !== null && all.method !== undefined && typeof all.method !== "string") throw invalidArgType("options.method", "of type string", all.method);
  if (all.method && !_checkIsHttpToken(all.method)) {
    throw nodeError(TypeError, "ERR_INVALID_HTTP_TOKEN", `Method must be a valid HTTP token ["${all.method}"]`);
  }
  this.method = (all.method || "GET").toUpperCase();
  this._hasBody = !withoutBody.includes(this.method);
  for (const name of ["insecureHTTPParser", "joinDuplicateHeaders"]) if (all[name] !== undefined) checkBoolean(`options.${name}`, all[name]);
  if (all.maxHeaderSize !== undefined) checkInteger("maxHeaderSize", all.maxHeaderSize, 0);
  if (all.socketPath) checkString("options.socketPath", all.socketPath);
  if (all.timeout !== undefined) checkDuration("timeout", all.timeout);
  if (all.signal) checkSignal("signal", all.signal);
  this.maxHeaderSize = all.maxHeaderSize;
  this.joinDuplicateHeaders = all.joinDuplicateHeaders;
  this.reusedSocket = false;
  this.aborted = false;
  this.res = null;
  this._abort = new AbortController();
  setInitialHeaders(this, all, Number(this.port) === defaultPort);
  this.socket = new MessageSocket({ encrypted: protocol === "https:", remoteAddress: this.host, remotePort: Number(this.port), localPort: 0, owner: this });
  const request = /** @type {any} */ (this);
  if (all.timeout) request.setTimeout(all.timeout);
  if (all.signal) stopWith(request, all.signal);
  if (listener) request.once("response", listener);
}
Object.setPrototypeOf(ClientRequest.prototype, OutgoingMessage.prototype);
Object.setPrototypeOf(ClientRequest, OutgoingMessage);
Object.defineProperty(ClientRequest, "length", { value: 3, configurable: true });

/** @type {any} */
const proto = ClientRequest.prototype;

/** @param {any} request @param {any} options @param {boolean} atDefaultPort */
function setInitialHeaders(request, options, atDefaultPort) {
  const { headers } = options;
  if (Array.isArray(headers)) {
    const pairs = headers.every(Array.isArray) ? headers : headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]]] : []));
    for (const [name, value] of pairs) request.appendHeader(name, value);
    // They are all of the head.
    return;
  }
  if (headers) {
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
  }
  if (request.host && !request.hasHeader("host") && (options.setHost === undefined || options.setHost)) {
    const host = /:.*:/.test(request.host) && !request.host.startsWith("[") ? `[${request.host}]` : request.host;
    request.setHeader("Host", atDefaultPort ? host : `${host}:${request.port}`);
  }
  if (options.auth && !request.hasHeader("authorization")) request.setHeader("Authorization", `Basic ${Buffer.from(options.auth).toString("base64")}`);
}

/** @param {any} request @param {any} signal */
function stopWith(request, signal) {
  const stop = () => request.destroy(abortError(signal.reason));
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
}

/** The head is what was set. */
proto._implicitHeader = function _implicitHeader() {};

/** Requests that say how long they are even if there is nothing in them. */
const withoutLength = ["DELETE", "OPTIONS", "TRACE", "CONNECT"];

/** @this {any} @param {any} body */
proto._sendHead = function _sendHead(body) {
  const host = this.host.includes(":") && !this.host.startsWith("[") ? `[${this.host}]` : this.host;
  const url = `${this.protocol}//${host}:${this.port}${this.path.startsWith("/") ? "" : "/"}${this.path}`;
  // The host of the URL is the one that is connected to, and fetch makes the field of it.
  const headers = this._fieldList().filter((/** @type {[string, string]} */ [name]) => !["host", "content-length"].includes(name.toLowerCase()));
  // Node.js decodes no body.
  const init = /** @type {any} */ ({
    method: this.method, headers, body: body === null && this._hasBody && !withoutLength.includes(this.method) ? new Uint8Array() : body, redirect: "manual", signal: this._abort.signal, encodeResponseBody: "manual",
  });
  fetch(url, init).then(
    (response) => receive(this, response),
    (error) => {
      if (!this.destroyed) this.destroy(requestError(this, error));
    },
  );
};

/** @param {any} request @param {any} response */
function receive(request, response) {
  if (request.destroyed) {
    response.body?.cancel().catch(() => {});
    return;
  }
  request._active();
  const message = new /** @type {any} */ (IncomingMessage)(request.socket);
  message.statusCode = response.status;
  message.statusMessage = response.statusText;
  message.req = request;
  message._take(response);
  request.res = message;
  message.joinDuplicateHeaders = request.joinDuplicateHeaders ?? false;
  const over = (/** @type {any} */ error = undefined) => {
    if (!request.destroyed) request.destroy(error);
  };
  // Its own error is the request's, too; that of the connection is only its own.
  message.on("end", () => over()).on("close", () => over(message.errored?.code === "ECONNRESET" ? undefined : message.errored ?? undefined));
  // Without a listener nobody would read the body.
  if (!request.emit("response", message)) message.resume();
}

/** An error of fetch as Node's programs know it. @param {any} request @param {any} cause */
function requestError(request, cause) {
  const code = systemCodeOf(cause) ?? "ECONNRESET";
  const port = Number(request.port);
  if (code === "ECONNRESET") return resetError(/^Network connection lost/.test(cause?.message) ? "socket hang up" : String(cause?.message ?? cause), cause);
  return connectionError(code, request.host, port, cause);
}

/** @this {any} @param {any} error */
proto._destroyed = function _destroyed(error) {
  stopTimer(this);
  this.socket.destroyed = true;
  if (this.res !== null && this.res.complete) return;
  this._abort.abort(error ?? undefined);
  // It hears of it before the request is closed.
  if (this.res !== null && !this.res.destroyed) nextTick(() => this.res.destroy(resetError("aborted")));
};

/** @this {any} */
proto.abort = function abort() {
  if (this.aborted) return;
  this.aborted = true;
  nextTick(() => this.emit("abort"));
  this.destroy();
};

/** A request that is given up before its response says so. @this {any} @param {any} [error] */
proto.destroy = function destroy(error = undefined) {
  // What was aborted before it began only closes.
  if (!this.destroyed && this.res === null && error === undefined && (this._hasSocket || !this.aborted)) error = resetError("socket hang up");
  return OutgoingMessage.prototype.destroy.call(this, error);
};

/** @param {any} request */
function stopTimer(request) {
  if (request._timer !== undefined) clearTimeout(request._timer);
  request._timer = undefined;
}

/** The time without anything from the other side begins again. @this {any} */
proto._active = function _active() {
  stopTimer(this);
  if (this.timeout > 0 && !this.destroyed) {
    this._timer = setTimeout(() => {
      this.emit("timeout");
      this.socket.emit("timeout");
    }, this.timeout);
  }
};

/** @this {any} @param {number} ms @param {any} [callback] */
proto.setTimeout = function (ms, callback = undefined) {
  checkDuration("msecs", ms);
  if (callback) this.once("timeout", callback);
  this.timeout = ms;
  this._active();
  return this;
};
/** @this {any} @param {any} [callback] */
proto.clearTimeout = function (callback = undefined) {
  return this.setTimeout(0, callback);
};

proto.setNoDelay = () => {};
proto.setSocketKeepAlive = () => {};
proto.onSocket = () => {};

export default { ClientRequest };
