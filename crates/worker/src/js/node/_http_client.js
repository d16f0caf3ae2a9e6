/**
 * `node:_http_client`: requests of `node:http`, sent by fetch.
 *
 * A response comes without any decoding that its `content-encoding` names, and redirects are not followed.
 *
 * @module
 */

import { AbortController } from "stated:abort";
import { Agent, globalAgent } from "stated:node/_http_agent";
import { _checkIsHttpToken } from "stated:node/_http_common";
import { IncomingMessage } from "stated:node/_http_incoming";
import { OutgoingMessage } from "stated:node/_http_outgoing";
import { Buffer } from "stated:node/buffer";
import { checkInteger, invalidArgType, nodeError } from "stated:node-support/errors";
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
  OutgoingMessage.call(this, { autoDestroy: false });
  const [all, listener] = requestArguments(input, options, callback);
  const { agent } = all;
  if (agent === null || agent === undefined) this.agent = all._defaultAgent ?? globalAgent;
  else if (agent === false) this.agent = new /** @type {any} */ (Agent)();
  else if (typeof agent === "object") this.agent = agent;
  else throw invalidArgType("options.agent", "an instance of Agent-like Object, undefined, or false", agent);
  const expected = this.agent.protocol ?? all._defaultAgent?.protocol ?? "http:";
  const protocol = all.protocol ?? expected;
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
  this.host = all.hostname ?? all.host ?? "localhost";
  this.port = all.port || defaultPort || 80;
  this.protocol = protocol;
  this.path = all.path || "/";
  if (all.method !== null && all.method !== undefined && typeof all.method !== "string") throw invalidArgType("options.method", "of type string", all.method);
  if (all.method && !_checkIsHttpToken(all.method)) {
    throw nodeError(TypeError, "ERR_INVALID_HTTP_TOKEN", `Method must be a valid HTTP token ["${all.method}"]`);
  }
  this.method = (all.method || "GET").toUpperCase();
  this._hasBody = !withoutBody.includes(this.method);
  this.maxHeaderSize = all.maxHeaderSize;
  this.reusedSocket = false;
  this.aborted = false;
  this.res = null;
  this._abort = new AbortController();
  setInitialHeaders(this, all, Number(this.port) === Number(defaultPort));
  this.socket = new MessageSocket({ encrypted: protocol === "https:", remoteAddress: this.host, remotePort: Number(this.port), localPort: 0, owner: this });
  const request = /** @type {any} */ (this);
  nextTick(() => {
    if (!request.destroyed) request.emit("socket", request.socket);
  });
  if (all.timeout !== undefined) request.setTimeout(all.timeout);
  if (all.signal) stopWith(request, all.signal);
  if (listener) request.once("response", listener);
}
Object.setPrototypeOf(ClientRequest.prototype, OutgoingMessage.prototype);
Object.setPrototypeOf(ClientRequest, OutgoingMessage);

/** @type {any} */
const proto = ClientRequest.prototype;

/** @param {any} request @param {any} options @param {boolean} atDefaultPort */
function setInitialHeaders(request, options, atDefaultPort) {
  const { headers } = options;
  if (Array.isArray(headers)) {
    const pairs = headers.every(Array.isArray) ? headers : headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]]] : []));
    for (const [name, value] of pairs) request.appendHeader(name, value);
  } else if (headers) {
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
  }
  if (request.host && !request.hasHeader("host") && (options.setHost ?? true)) {
    const host = request.host.includes(":") && !request.host.startsWith("[") ? `[${request.host}]` : request.host;
    request.setHeader("Host", atDefaultPort ? host : `${host}:${request.port}`);
  }
  if (options.auth && !request.hasHeader("authorization")) request.setHeader("Authorization", `Basic ${Buffer.from(options.auth).toString("base64")}`);
}

/** @param {any} request @param {any} signal */
function stopWith(request, signal) {
  const stop = () => {
    const error = /** @type {any} */ (new Error("The operation was aborted", { cause: signal.reason }));
    request.destroy(Object.assign(error, { name: "AbortError", code: "ABORT_ERR" }));
  };
  if (signal.aborted) nextTick(stop);
  else signal.addEventListener("abort", stop, { once: true });
}

/** @this {any} @param {any} body */
proto._sendHead = function _sendHead(body) {
  const host = this.host.includes(":") && !this.host.startsWith("[") ? `[${this.host}]` : this.host;
  const url = `${this.protocol}//${host}:${this.port}${this.path.startsWith("/") ? "" : "/"}${this.path}`;
  // The host of the URL is the one that is connected to, and fetch makes the field of it.
  const headers = this._fieldList().filter((/** @type {[string, string]} */ [name]) => !["host", "content-length"].includes(name.toLowerCase()));
  // Node.js decodes no body.
  const init = /** @type {any} */ ({
    method: this.method, headers, body, redirect: "manual", signal: this._abort.signal, encodeResponseBody: "manual",
  });
  fetch(url, init).then(
    (response) => receive(this, response),
    (error) => {
      if (!this.destroyed) this.destroy(connectionError(this, error));
    },
  );
};

/** @param {any} request @param {any} response */
function receive(request, response) {
  if (request.destroyed) {
    response.body?.cancel().catch(() => {});
    return;
  }
  stopTimer(request);
  const message = new /** @type {any} */ (IncomingMessage)(request.socket);
  message.statusCode = response.status;
  message.statusMessage = response.statusText;
  message.req = request;
  message._take(response);
  request.res = message;
  message.on("close", () => {
    if (!request.destroyed) request.destroy();
  });
  // Without a listener nobody would read the body.
  if (!request.emit("response", message)) message.resume();
}

/** An error of fetch with the code that Node's programs look for. @param {any} request @param {any} error */
function connectionError(request, error) {
  const text = String(error?.message ?? error);
  const code = /refused/i.test(text) ? "ECONNREFUSED" : /dns|resolve|lookup|name or service/i.test(text) ? "ENOTFOUND" : "ECONNRESET";
  const syscall = code === "ENOTFOUND" ? "getaddrinfo" : "connect";
  const where = code === "ENOTFOUND" ? request.host : `${request.host}:${request.port}`;
  const message = code === "ECONNRESET" ? text : `${syscall} ${code} ${where}`;
  const details = code === "ENOTFOUND" ? { hostname: request.host } : { address: request.host, port: Number(request.port) };
  return Object.assign(new Error(message, { cause: error }), { code, syscall, ...details });
}

/** @this {any} @param {any} error */
proto._destroyed = function _destroyed(error) {
  stopTimer(this);
  this.socket.destroyed = true;
  if (this.res !== null && this.res.complete) return;
  this._abort.abort(error ?? undefined);
  this.res?.destroy(error ?? Object.assign(new Error("aborted"), { code: "ECONNRESET" }));
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
  if (!this.destroyed && this.res === null && error === undefined) {
    error = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
  }
  return OutgoingMessage.prototype.destroy.call(this, error);
};

/** @param {any} request */
function stopTimer(request) {
  if (request._timer !== undefined) clearTimeout(request._timer);
  request._timer = undefined;
}

/** @this {any} @param {number} ms @param {any} [callback] */
proto.setTimeout = function (ms, callback = undefined) {
  checkInteger("msecs", ms, 0);
  stopTimer(this);
  if (callback) this.once("timeout", callback);
  if (ms > 0 && this.res === null) this._timer = setTimeout(() => this.emit("timeout"), ms);
  this.timeout = ms;
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
