/**
 * `node:net`: connections to other servers, by `connect` of `cloudflare:sockets`. Nothing can listen.
 *
 * @module
 */

import { connect as openConnection } from "stated:cloudflare-sockets";
import { systemCodeOf } from "stated:error-transport";
import { checkDuration, connectionError } from "stated:node-support/connection-errors";
import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from "stated:node-support/net-addresses";
import { checkBoolean, checkFunction, checkInteger, checkNumber, invalidArgType, nodeError } from "stated:node-support/errors";
import { notImplemented, unimplementedIn } from "stated:node-support/unimplemented";
import { Buffer } from "stated:node/buffer";
import { Duplex } from "stated:node/stream";
import { clearTimeout, setTimeout } from "stated:timers";

const stub = unimplementedIn("net");

export { BlockList, isIP, isIPv4, isIPv6, SocketAddress };
export const _createServerHandle = stub("_createServerHandle");
export const _setSimultaneousAccepts = () => {};
export const createServer = stub("createServer");
export const Server = stub("Server");

const PORT_MAX = 65_535;

/**
 * `(options, callback)`, `(port, host, callback)` or `(path, callback)` as `[options, callback]`.
 *
 * @param {any[]} args
 * @returns {[any, any]}
 */
export function _normalizeArgs(args) {
  if (args.length === 0) return [{}, null];
  const [first, second] = args;
  const options = typeof first === "object" && first !== null ? first
    : isPath(first) ? { path: first }
      : args.length > 1 && typeof second === "string" ? { port: first, host: second } : { port: first };
  const last = args.at(-1);
  return [options, typeof last === "function" ? last : null];
}

/** Text that is no number. @param {any} text */
function isPath(text) {
  return typeof text === "string" && !(Number(text) >= 0);
}

/** @param {any} port @returns {number} */
export function portOf(port) {
  if (typeof port !== "number" && typeof port !== "string") {
    throw invalidArgType("options.port", "one of type number or string", port);
  }
  const number = typeof port === "string" && port.trim() === "" ? NaN : Number(port);
  if (!Number.isInteger(number) || number < 0 || number > PORT_MAX) {
    const received = typeof port === "string" ? `type string ('${port}')` : `type number (${port})`;
    throw nodeError(RangeError, "ERR_SOCKET_BAD_PORT", `Port should be >= 0 and < 65536. Received ${received}.`);
  }
  return number;
}

/** @this {any} @param {any} [options] @returns {any} */
export function Socket(options = undefined) {
  if (!(/** @type {any} */ (this) instanceof Socket)) return new /** @type {any} */ (Socket)(options);
  const all = typeof options === "number" ? { fd: options } : options ?? {};
  if (all.fd !== undefined || all.handle) throw notImplemented("net.Socket of a descriptor");
  Duplex.call(this, { ...all, allowHalfOpen: Boolean(all.allowHalfOpen), emitClose: true, autoDestroy: true, decodeStrings: true });
  this._onread = onreadOf(all.onread);
  this.connecting = false;
  this.bytesRead = 0;
  this.timeout = undefined;
  this._hadError = false;
  this._written = 0;
  /** @type {any} of cloudflare:sockets */ this._connection = null;
  /** @type {any} */ this._reader = null;
  /** @type {any} */ this._writer = null;
  /** @type {any} */ this._timer = undefined;
  /** @type {{ go: () => void, abandoned: () => void }[]} what waits for the connection */ this._waiting = [];
}
Object.setPrototypeOf(Socket.prototype, Duplex.prototype);
Object.setPrototypeOf(Socket, Duplex);
Object.defineProperty(Socket, "length", { value: 1, configurable: true });

/** A buffer that is read into again and again, instead of events. @param {any} onread @returns {{ buffer: () => Uint8Array, callback: (count: number, buffer: Uint8Array) => any } | undefined} */
function onreadOf(onread) {
  if (typeof onread !== "object" || onread === null || typeof onread.callback !== "function") return undefined;
  const { buffer, callback } = onread;
  if (!(buffer instanceof Uint8Array) && typeof buffer !== "function") return undefined;
  return { buffer: typeof buffer === "function" ? buffer : () => buffer, callback };
}

export const Stream = Socket;
/** @type {any} */
const proto = Socket.prototype;

/** @type {Record<string, (this: any) => any>} */
const getters = {
  pending() {
    return this._connection === null || this.connecting;
  },
  readyState() {
    if (this.connecting) return "opening";
    if (this.readable && this.writable) return "open";
    if (this.readable) return "readOnly";
    return this.writable ? "writeOnly" : "closed";
  },
  bytesWritten() {
    return this._written + this.writableLength;
  },
  bufferSize() {
    return this.writableLength;
  },
  remoteAddress() {
    return this._connection === null || this.connecting ? undefined : this._host;
  },
  // Which address and port the server itself has is not known.
  localAddress() {
    return this.remoteAddress === undefined ? undefined : "0.0.0.0";
  },
  localPort() {
    return this.remoteAddress === undefined ? undefined : 0;
  },
  localFamily() {
    return this.remoteAddress === undefined ? undefined : "IPv4";
  },
  remoteFamily() {
    const family = this.remoteAddress === undefined ? 0 : isIP(this._host);
    return family === 0 ? undefined : `IPv${family}`;
  },
  remotePort() {
    return this._connection === null || this.connecting ? undefined : this._port;
  },
  _connecting() {
    return this.connecting;
  },
};
for (const [name, get] of Object.entries(getters)) Object.defineProperty(proto, name, { configurable: true, get });

/** What may be said of a connection and is of no use here. @param {any} options */
export function checkConnectOptions({ autoSelectFamily, autoSelectFamilyAttemptTimeout, localAddress, localPort }) {
  if (localAddress && isIP(localAddress) === 0) throw nodeError(TypeError, "ERR_INVALID_IP_ADDRESS", `Invalid IP address: ${localAddress}`);
  if (localPort) checkNumber("options.localPort", localPort);
  if (autoSelectFamily !== undefined && autoSelectFamily !== null) checkBoolean("options.autoSelectFamily", autoSelectFamily);
  if (autoSelectFamilyAttemptTimeout !== undefined && autoSelectFamilyAttemptTimeout !== null) {
    checkInteger("options.autoSelectFamilyAttemptTimeout", autoSelectFamilyAttemptTimeout, 1, 0x7fff_ffff);
  }
}

/** @this {any} @param {...any} args */
proto.connect = function connect(...args) {
  const [options, callback] = _normalizeArgs(args.length === 1 && Array.isArray(args[0]) ? args[0] : args);
  if (options.path) throw notImplemented("net.Socket.prototype.connect to a path");
  if (options.port === undefined) throw missingPort();
  const port = portOf(options.port);
  const host = options.host || "localhost";
  if (typeof host !== "string") throw invalidArgType("options.host", "of type string", host);
  checkConnectOptions(options);
  if (callback !== null) this.once("connect", callback);
  if (options.timeout) this.setTimeout(options.timeout);
  this._open(host, port, "starttls", "connect");
  return this;
};

/** Begins a connection, also after one that is over. @this {any} @param {string} host @param {number} port @param {string} secureTransport TLS may be started later @param {string} event */
proto._open = function _open(host, port, secureTransport, event) {
  if (this.destroyed) {
    this._undestroy();
    this._hadError = false;
    this._reader = null;
    this._writer = null;
    this._written = 0;
    this.bytesRead = 0;
  }
  this._host = host;
  this._port = port;
  this._use(openConnection({ hostname: isIPv6(host) ? `[${host}]` : host, port }, { secureTransport, allowHalfOpen: true }), event);
};

function missingPort() {
  return nodeError(TypeError, "ERR_MISSING_ARGS", "The \"options\" or \"port\" or \"path\" argument must be specified");
}

/** Takes a connection that is being made. @this {any} @param {any} connection @param {string} event */
proto._use = function _use(connection, event) {
  this._connection = connection;
  this.connecting = true;
  connection.closed.catch(() => {});
  connection.opened.then(() => {
    if (this.destroyed || this._connection !== connection) return;
    this.connecting = false;
    this._reader = connection.readable.getReader();
    this._writer = connection.writable.getWriter();
    this._writer.closed.catch(() => {});
    this._active();
    this.emit("connect");
    if (event !== "connect") this.emit(event);
    this.emit("ready");
    if (this.readable && !this.isPaused()) this.read(0);
    for (const { go } of this._waiting.splice(0)) go();
  }, (/** @type {any} */ error) => {
    if (this._connection === connection) this.destroy(this._connectError(error));
  });
};

/** @this {any} @param {any} cause */
proto._connectError = function _connectError(cause) {
  return connectionError(systemCodeOf(cause) ?? "ECONNREFUSED", this._host, this._port, cause);
};

/** @this {any} @param {() => void} go @param {() => void} [abandoned] when there will be no connection */
proto._whenOpen = function _whenOpen(go, abandoned = () => {}) {
  if (this.connecting || this._connection === null) this._waiting.push({ go, abandoned });
  else go();
};

/** @this {any} */
proto._read = function _read() {
  this._whenOpen(() => {
    const reader = this._reader;
    reader.read().then((/** @type {any} */ { value, done }) => {
      if (this.destroyed || this._reader !== reader) return;
      this._active();
      if (done) {
        this.push(null);
        // Nobody else asks for more.
        if (this._onread !== undefined) this.read(0);
        return;
      }
      this.bytesRead += value.byteLength;
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      if (this._onread === undefined) this.push(bytes);
      else giveTo(this, this._onread, bytes);
    }, (/** @type {any} */ error) => {
      if (this._reader === reader) this.destroy(lost("read", error));
    });
  });
};

/** Hands bytes to a reader that has a buffer of its own; one that returns false wants no more for now. @param {any} socket @param {NonNullable<ReturnType<typeof onreadOf>>} onread @param {Uint8Array} bytes */
function giveTo(socket, onread, bytes) {
  const buffer = onread.buffer();
  const part = bytes.subarray(0, buffer.byteLength);
  buffer.set(part);
  const more = onread.callback.call(socket, part.byteLength, buffer);
  const rest = bytes.subarray(part.byteLength);
  const go = () => {
    if (socket.destroyed) return;
    if (rest.byteLength > 0 && part.byteLength > 0) giveTo(socket, onread, rest);
    else socket._read();
  };
  if (more !== false) go();
  else {
    socket.pause();
    socket.once("resume", go);
  }
}

/** @param {string} syscall @param {any} cause */
function lost(syscall, cause) {
  return Object.assign(new Error(`${syscall} ECONNRESET`, { cause }), { errno: -104, code: "ECONNRESET", syscall });
}

/** @this {any} @param {any} chunk @param {any} encoding @param {(error?: any) => void} callback */
proto._write = function _write(chunk, encoding, callback) {
  const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
  if (this._connection === null && !this.connecting) {
    callback(nodeError(Error, "ERR_SOCKET_CLOSED", "Socket is closed"));
    return;
  }
  const abandoned = () => callback(nodeError(Error, "ERR_SOCKET_CLOSED_BEFORE_CONNECTION", "Socket closed before the connection was established"));
  this._whenOpen(() => {
    this._active();
    this._writer.write(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)).then(() => {
      this._written += bytes.byteLength;
      callback();
    }, (/** @type {any} */ error) => callback(lost("write", error)));
  }, abandoned);
};

/** @this {any} @param {(error?: any) => void} callback */
proto._final = function _final(callback) {
  if (this._connection === null && !this.connecting) callback();
  else this._whenOpen(() => this._writer.close().then(() => callback(), () => callback()));
};

/** @this {any} @param {any} error @param {(error: any) => void} callback */
proto._destroy = function _destroy(error, callback) {
  this.connecting = false;
  const waiting = this._waiting.splice(0);
  clearTimeout(this._timer);
  this._reader?.cancel().catch(() => {});
  this._connection?.close().catch(() => {});
  this._connection = null;
  if (waiting.length > 0) this.once("close", () => waiting.forEach((/** @type {any} */ { abandoned }) => abandoned()));
  this._hadError = Boolean(error);
  callback(error);
};

/** Event `close` says whether there was an error. @this {any} @param {any} name @param {...any} args */
proto.emit = function emit(name, ...args) {
  if (name === "close" && args.length === 0) args.push(this._hadError);
  return Duplex.prototype.emit.call(this, name, ...args);
};

/** @this {any} */
proto._active = function _active() {
  clearTimeout(this._timer);
  if (this.timeout > 0) this._timer = setTimeout(() => this.emit("timeout"), this.timeout);
};

/** @this {any} @param {number} ms @param {any} [callback] */
proto.setTimeout = function (ms, callback = undefined) {
  checkDuration("msecs", ms);
  if (callback !== undefined) checkFunction("callback", callback);
  this.timeout = ms;
  this._active();
  if (callback !== undefined) {
    if (ms === 0) this.removeListener("timeout", callback);
    else this.once("timeout", callback);
  }
  return this;
};

/** @this {any} */
proto.address = function address() {
  const { localAddress, localFamily, localPort } = this;
  return localAddress === undefined ? {} : { address: localAddress, family: localFamily, port: localPort };
};

/** @this {any} */
proto.destroySoon = function destroySoon() {
  if (this.writable) this.end();
  if (this.writableFinished) this.destroy();
  else this.once("finish", this.destroy);
};

/** @this {any} */
proto.resetAndDestroy = function resetAndDestroy() {
  if (this._connection === null) return this.destroy(nodeError(Error, "ERR_SOCKET_CLOSED", "Socket is closed"));
  if (!this.connecting) return this.destroy();
  this.once("connect", () => this.destroy());
  return this;
};

for (const name of ["setNoDelay", "setKeepAlive", "ref", "unref"]) {
  Object.defineProperty(proto, name, {
    configurable: true, writable: true,
    /** @this {any} */
    value() {
      return this;
    },
  });
}

/** @param {...any} args */
export function connect(...args) {
  const [options, callback] = _normalizeArgs(args);
  const socket = new /** @type {any} */ (Socket)(options);
  if (options.port === undefined && !options.path) throw missingPort();
  return socket.connect(options, callback ?? (() => {}));
}
export const createConnection = connect;

let autoSelect = true;
let attemptMs = 250;

/** All addresses of a host are tried by the server. */
export const getDefaultAutoSelectFamily = () => autoSelect;
/** @param {boolean} value */
export function setDefaultAutoSelectFamily(value) {
  if (typeof value !== "boolean") throw invalidArgType("value", "of type boolean", value);
  autoSelect = value;
}
export const getDefaultAutoSelectFamilyAttemptTimeout = () => attemptMs;
/** @param {number} value */
export function setDefaultAutoSelectFamilyAttemptTimeout(value) {
  checkInteger("value", value, 1);
  attemptMs = Math.max(10, value);
}

export default {
  _createServerHandle, _normalizeArgs, _setSimultaneousAccepts, BlockList, connect, createConnection, createServer,
  getDefaultAutoSelectFamily, getDefaultAutoSelectFamilyAttemptTimeout, isIP, isIPv4, isIPv6, Server,
  setDefaultAutoSelectFamily, setDefaultAutoSelectFamilyAttemptTimeout, Socket, SocketAddress, Stream,
};
