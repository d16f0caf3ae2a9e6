/**
 * The module `cloudflare:sockets`: TCP connections to other servers.
 *
 * A connection's two directions are host bodies, so what is written waits for the output gate.
 *
 * Source: https://developers.cloudflare.com/workers/runtime-apis/tcp-sockets/; error texts are those of workerd.
 *
 * @module
 */

import { outboundService } from "stated:fetch";
import { ops } from "stated:host";
import { registerPlatformClass } from "stated:platform-classes";
import { ReadableStream, WritableStream } from "stated:streams";
import { badArgument, defineInterface, illegalConstructor, internal, toDOMString, viewBytes } from "stated:webidl";

/** @typedef {[number, number, number]} Connection connection, incoming body, outgoing body */
/** @typedef {{ remoteAddress: string, localAddress?: string }} SocketInfo */
/** @typedef {{ secureTransport: "off" | "on" | "starttls", allowHalfOpen: boolean, highWaterMark: number }} Options */

const PORT_MAX = 65535;
const UNREACHABLE = "proxy request failed, cannot connect to the specified address";
/** Ports that are most often named by mistake for `fetch`. */
const HTTP_PORTS = [80, 443];

/** A promise whose failure is nobody's unless the program looks at it. */
function deferred() {
  /** @type {(value?: any) => void} */ let resolve = () => {};
  /** @type {(reason: unknown) => void} */ let reject = () => {};
  /** @type {Promise<any>} */
  const promise = new Promise((settle, fail) => {
    resolve = settle;
    reject = fail;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

/** A TCP connection. */
class Socket {
  #address;
  #options;
  /** @type {Promise<Connection>} */ #connection;
  #opened = deferred();
  #closed = deferred();
  #upgraded = false;
  #wasUpgraded = false;
  #closing = false;
  #readable;
  #writable;
  /** @type {any} */ #reading;
  /** @type {any} */ #writing;

  /**
   * @param {symbol} key
   * @param {{ hostname: string, port: number }} address
   * @param {Options} options
   * @param {Promise<Connection>} connection
   */
  constructor(key, address, options, connection) {
    if (key !== internal) throw illegalConstructor();
    this.#address = address;
    this.#options = options;
    this.#connection = connection;
    this.#readable = new ReadableStream(/** @type {any} */ ({
      type: "bytes",
      /** @param {any} controller */
      start: (controller) => {
        this.#reading = controller;
      },
      pull: () => this.#pull(),
      cancel: async () => ops.bodyCancel((await this.#connection)[1]),
    }), { highWaterMark: 0 });
    this.#writable = new WritableStream({
      start: (controller) => {
        this.#writing = controller;
      },
      write: (chunk) => this.#write(chunk),
      close: async () => ops.bodyClose((await this.#connection)[2]),
      abort: async () => ops.bodyAbort((await this.#connection)[2], "the stream was aborted"),
    }, options.highWaterMark > 0 ? { highWaterMark: options.highWaterMark, size: (chunk) => chunk.byteLength ?? 1 } : undefined);
    const { hostname, port } = address;
    connection.then(() => this.#opened.resolve({ remoteAddress: `${hostname}:${port}` }), (error) => this.#fail(error));
  }

  /** @returns {ReadableStream<Uint8Array>} what the peer sends */
  get readable() {
    return this.#readable;
  }

  /** @returns {WritableStream<Uint8Array>} what is sent to the peer */
  get writable() {
    return this.#writable;
  }

  /** Settles when the connection is made, or cannot be. @returns {Promise<SocketInfo>} */
  get opened() {
    return this.#opened.promise;
  }

  /** Settles when the connection is over. @returns {Promise<void>} */
  get closed() {
    return this.#closed.promise;
  }

  /** Whether `startTls` has made another socket of this connection. */
  get upgraded() {
    return this.#upgraded;
  }

  get secureTransport() {
    return this.#options.secureTransport;
  }

  /** Ends both directions. What was written is sent first. */
  async close() {
    if (!this.#closing) {
      this.#closing = true;
      const [connectionId, incoming, outgoing] = await this.#connection;
      this.#reading?.error(new Error("Stream was cancelled."));
      ops.bodyCancel(incoming);
      await this.#finishWriting(outgoing);
      ops.tcpForget(connectionId);
      this.#closed.resolve();
    }
    return this.#closed.promise;
  }

  /**
   * Starts TLS on a connection that was made with "starttls". This socket is over then.
   *
   * @param {{ expectedServerHostname?: string }} [options] the name that the certificate must be for, instead of the host's
   * @returns {Socket}
   */
  startTls(options = undefined) {
    if (options !== undefined && options !== null && typeof options !== "object") {
      throw badArgument("Socket", "startTls", 1, "TlsOptions");
    }
    const { secureTransport } = this.#options;
    if (secureTransport === "on") throw new TypeError("Cannot startTls on a TLS socket.");
    if (secureTransport === "off") {
      throw new TypeError("The `secureTransport` socket option must be set to 'starttls' for startTls to be used.");
    }
    if (this.#wasUpgraded) {
      throw new TypeError("startTls has already been called on this socket, or the socket was transferred over RPC.");
    }
    this.#wasUpgraded = true;
    this.#closing = true;
    const name = options?.expectedServerHostname;
    const secured = this.#secure(name === undefined ? undefined : toDOMString(name));
    return new Socket(internal, this.#address, { ...this.#options, secureTransport: "on" }, secured);
  }

  /** @param {string | undefined} expectedName @returns {Promise<Connection>} */
  async #secure(expectedName) {
    const [connectionId, incoming, outgoing] = await this.#connection;
    // The writes that were begun are in the host's hands when this is reached.
    await this.#lastWrite;
    const over = new TypeError("This socket was upgraded to TLS.");
    this.#writing?.error(over);
    const secured = ops.tcpStartTls(connectionId, outgoing, expectedName);
    try {
      return await secured;
    } finally {
      this.#upgraded = true;
      this.#reading?.error(over);
      ops.bodyCancel(incoming);
      this.#closed.resolve();
    }
  }

  async #pull() {
    const controller = this.#reading;
    const [connectionId, incoming, outgoing] = await this.#connection;
    let chunk;
    do chunk = await ops.bodyRead(incoming);
    while (chunk !== undefined && chunk.byteLength === 0);
    // What was cancelled meanwhile takes nothing more.
    if (this.#closing) return;
    if (chunk !== undefined) {
      controller.enqueue(chunk);
      return;
    }
    controller.close();
    controller.byobRequest?.respond(0);
    if (this.#options.allowHalfOpen) return;
    this.#closing = true;
    await this.#finishWriting(outgoing);
    ops.tcpForget(connectionId);
    this.#closed.resolve();
  }

  /** The write that was begun last; it never rejects. @type {Promise<unknown>} */
  #lastWrite = Promise.resolve();

  /** @param {unknown} chunk */
  async #write(chunk) {
    const bytes = typeof chunk === "string" ? ops.utf8Encode(chunk) : viewBytes(chunk);
    if (bytes === undefined) throw new TypeError("This WritableStream only supports writing byte types.");
    if (bytes.byteLength === 0) return;
    const written = this.#send(bytes.slice());
    this.#lastWrite = written.catch(() => {});
    await written;
  }

  /** @param {Uint8Array} bytes */
  async #send(bytes) {
    const [, , outgoing] = await this.#connection;
    if (!(await ops.bodyWrite(outgoing, bytes))) throw new Error("Network connection lost.");
  }

  /** Ends the outgoing direction, whoever has the stream's lock. @param {number} outgoing */
  async #finishWriting(outgoing) {
    await this.#lastWrite;
    ops.bodyClose(outgoing);
    this.#writing?.error(new TypeError("This WritableStream has been closed."));
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#closing = true;
    this.#opened.reject(error);
    this.#closed.reject(error);
    this.#reading?.error(error);
    this.#writing?.error(error);
  }
}

defineInterface(Socket, ["readable", "writable", "closed", "opened", "upgraded", "secureTransport"]);
registerPlatformClass(Socket);

/**
 * Opens a connection, in the background.
 *
 * @param {string | { hostname: string, port: number }} address "host:port" or its parts
 * @param {{ secureTransport?: string, allowHalfOpen?: boolean, highWaterMark?: number | bigint }} [options]
 * @returns {Socket}
 */
export function connect(address, options = undefined) {
  const target = toAddress(address);
  const checked = toOptions(options);
  const { hostname, port } = target;
  const secure = checked.secureTransport === "on";
  const connection = outboundService() === undefined ? ops.tcpConnect(hostname, port, secure) : refused();
  const explained = connection.catch((error) => {
    if (HTTP_PORTS.includes(port) && error instanceof Error && error.message === UNREACHABLE) {
      error.message += ". It looks like you might be trying to connect to a HTTP-based service \u2014 consider using fetch instead";
    }
    throw error;
  });
  return new Socket(internal, target, checked, explained);
}

/** The service that gets a program's requests has no way for bytes. @returns {Promise<never>} */
async function refused() {
  throw new Error(UNREACHABLE);
}

/** @param {any} address */
function toAddress(address) {
  if (address === null || address === undefined) throw badArgument("SocketsModule", "connect", 1, "SocketAddress or string");
  if (typeof address === "object" || typeof address === "function") {
    return { hostname: toDOMString(address.hostname), port: toPort(address.port) };
  }
  const text = toDOMString(address);
  const parts = ops.urlParse(`tcp://${text}`, undefined);
  if (parts === null) throw new TypeError("Specified address could not be parsed.");
  const [href, , , hostStart, hostEnd, port] = parts;
  const hostname = href.slice(href[hostStart] === "@" ? hostStart + 1 : hostStart, hostEnd);
  if (hostname === "") throw new TypeError("Specified address is missing hostname.");
  if (port === -1) throw new TypeError("Specified address is missing port.");
  if (!/^[A-Za-z0-9.:[\]_-]{1,255}$/.test(text)) {
    throw new TypeError("Specified address is empty string, contains unsupported characters or is too long.");
  }
  return { hostname, port };
}

/** @param {any} value */
function toPort(value) {
  const port = Number(value);
  if (!Number.isInteger(port)) throw new TypeError("The value cannot be converted because it is not an integer.");
  if (port < 0) {
    throw new TypeError("The value cannot be converted because it is negative and this API expects a positive number.");
  }
  if (port > PORT_MAX) throw new TypeError(`Value out of range. Must be less than or equal to ${PORT_MAX}.`);
  return port;
}

/** @param {any} options @returns {Options} */
function toOptions(options) {
  if (options === undefined) return { secureTransport: "off", allowHalfOpen: false, highWaterMark: 0 };
  if (options === null || typeof options !== "object") throw badArgument("SocketsModule", "connect", 2, "SocketOptions");
  const { secureTransport = "off", allowHalfOpen = false, highWaterMark = 0 } = options;
  const transport = toDOMString(secureTransport);
  if (transport !== "off" && transport !== "on" && transport !== "starttls") {
    throw new TypeError(`Unsupported value in secureTransport socket option: ${transport}`);
  }
  const mark = Number(highWaterMark);
  if (!Number.isInteger(mark)) throw new TypeError("The value cannot be converted because it is not an integer.");
  if (mark < 0) {
    throw new TypeError("The value cannot be converted because it is negative and this API expects a positive bigint.");
  }
  return { secureTransport: transport, allowHalfOpen: Boolean(allowHalfOpen), highWaterMark: mark };
}
