/**
 * WebSocket, WebSocketPair and WebSocketRequestResponsePair (reference 9.1 to 9.3).
 *
 * Connections, frames and the order of messages are the host's; an object here is one end of a connection, named by its
 * socket id. The hibernation methods of `ctx` are in hibernation.js, which uses the functions at the end of this module.
 *
 * @module
 */

import { Blob } from "stated:blob";
import { DOMException } from "stated:dom-exception";
import { CloseEvent, defineEventHandlers, dispatch, ErrorEvent, Event, EventTarget, MessageEvent } from "stated:event";
import { outboundService, setSocketFactory } from "stated:fetch";
import { ops } from "stated:host";
import { registerPlatformClass } from "stated:platform-classes";
import { setSocketCheck } from "stated:response";
import { deserialize, serialize } from "stated:serialize";
import { flag } from "stated:settings";
import { badArgument, badConstructorArgument, defineConstants, defineInterface, internal, toDOMString,
  toUSVString, viewBytes } from "stated:webidl";

/** The events of a socket, as the host numbers them. */
export const MESSAGE = 0;
export const CLOSE = 1;
export const ERROR = 2;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** A Close frame without a code is reported as this one. */
const NO_STATUS = 1005;
const ABNORMAL = 1006;
const ATTACHMENT_BYTES_MAX = 16384;
const REASON_BYTES_MAX = 123;
const NOT_CONNECTED = "Failed to establish websocket connection";

/**
 * What an end is used for. "fresh" ones are not used yet; "sent" ones went out in a response; "client" ones were made by
 * `new WebSocket(url)`; "detached" ones were hibernating until their last event.
 *
 * @typedef {"fresh" | "accepted" | "hibernating" | "sent" | "client" | "detached"} Use
 */

/** @type {Map<number, WebSocket>} the ends whose events arrive by `socketEvent`, by socket id */
const listening = new Map();
/** @type {Map<number, Set<number>>} their ids by the context that accepted them */
const byContext = new Map();

/** @type {(id: number, use: Use) => WebSocket} */
let wrap;
/** The context of the ends that are made now; 0 is the running one, which the host is asked for. */
let contextOfNew = 0;
/**
 * Wraps a hibernatable end that outlived its JavaScript object.
 *
 * An object may have ten thousand of them, so what is rarely read is asked for when it is.
 *
 * @type {(socketId: number, readyState: number, contextId: number) => WebSocket}
 */
export let wakeSocket;
/** @type {(value: any) => value is WebSocket} */
export let isWebSocket;
/** @type {(ws: WebSocket) => number} */
export let socketIdOf;
/** @type {(ws: WebSocket) => Use} */
export let useOf;
/** @type {(a: WebSocket, b: WebSocket) => void} */
let join;
/** @type {(ws: WebSocket) => boolean} */
let peerIsFresh;
/** @type {(ws: WebSocket) => void} */
let startHibernation;
/** @type {(ws: WebSocket) => void} */
let markSent;
/** @type {(ws: WebSocket, code: number, wasClean: boolean, reason: string) => void} */
let receiveClose;
/**
 * Answers the peer's Close for a hibernating end whose handler has finished, unless the program did.
 *
 * Differs: workerd sends nothing here and drops the connection; the handshake is completed instead.
 *
 * @type {(ws: WebSocket, code: number, reason: string) => void}
 */
export let answerClose;
/** @type {(ws: WebSocket, data: string | Uint8Array) => void} */
let receiveMessage;
/** @type {(ws: WebSocket) => void} */
let receiveError;
/** @type {(ws: WebSocket) => void} */
let lose;
/** Takes an end out of hibernation after its last event; its attachment stays readable. @type {(ws: WebSocket) => void} */
export let detach;

/**
 * One end of a WebSocket connection.
 *
 * Source: https://developers.cloudflare.com/workers/runtime-apis/websockets/
 */
export class WebSocket extends EventTarget {
  /** 0 while there is no connection. */
  #id = 0;
  /** Only the context that an end belongs to may use it. */
  #contextId = contextOfNew === 0 ? ops.contextId() : contextOfNew;
  /** @type {Use} */ #use = "client";
  /** @type {WebSocket | undefined} the other end of a WebSocketPair */ #peer = undefined;
  #connecting = false;
  /** Whether the peer's Close, or the end of the connection, has arrived. */
  #closedIn = false;
  /** Whether a Close was sent, or none can be any more. */
  #closedOut = false;
  /** Whether `send` and `close` are ignored because the connection is gone. */
  #gone = false;
  #allowHalfOpen = false;
  /** @type {string | null} */ #url = null;
  /** Whether protocol and extensions are still the host's knowledge alone. */
  #negotiatedElsewhere = false;
  #protocol = "";
  #extensions = "";
  #binaryType = flag("websocket_standard_binary_type") ? "blob" : "arraybuffer";
  /** @type {Uint8Array | undefined} kept here until the end hibernates */ #attachment = undefined;

  static {
    wrap = (id, use) => {
      const ws = new WebSocket(/** @type {any} */ (internal));
      ws.#id = id;
      ws.#use = use;
      return ws;
    };
    wakeSocket = (id, readyState, contextId) => {
      contextOfNew = contextId;
      const ws = wrap(id, "hibernating");
      contextOfNew = 0;
      ws.#negotiatedElsewhere = true;
      ws.#closedOut = readyState >= CLOSING;
      ws.#closedIn = readyState === CLOSED;
      return ws;
    };
    isWebSocket = /** @returns {value is WebSocket} */ (value) => typeof value === "object" && value !== null && #id in value;
    socketIdOf = (ws) => ws.#id;
    useOf = (ws) => ws.#use;
    join = (a, b) => {
      a.#peer = b;
      b.#peer = a;
    };
    peerIsFresh = (ws) => ws.#peer !== undefined && ws.#peer.#use === "fresh";
    startHibernation = (ws) => {
      ws.#use = "hibernating";
      if (ws.#attachment !== undefined) ops.socketSetAttachment(ws.#id, ws.#attachment);
      ws.#attachment = undefined;
    };
    markSent = (ws) => {
      ws.#use = "sent";
    };
    receiveClose = (ws, code, wasClean, reason) => ws.#receiveClose(code, wasClean, reason);
    answerClose = (ws, code, reason) => ws.#answerClose(code, reason);
    receiveMessage = (ws, data) => ws.#receiveMessage(data);
    receiveError = (ws) => {
      ws.#closedIn = ws.#closedOut = ws.#gone = true;
    };
    lose = (ws) => {
      if (ws.#gone) ws.#closedIn = true;
    };
    detach = (ws) => {
      ws.#askForNegotiated();
      ws.#attachment = ops.socketAttachment(ws.#id);
      ws.#use = "detached";
      ws.#gone = true;
    };
  }

  /**
   * Connects to a server. The end needs no `accept()`.
   *
   * @param {string} url absolute, `ws:` or `wss:`
   * @param {string | Iterable<string>} [protocols]
   */
  constructor(url, protocols = undefined) {
    super();
    if (/** @type {any} */ (url) === internal) return;
    if (arguments.length < 1) throw badConstructorArgument("WebSocket", 1, "string");
    const href = parseUrl(toUSVString(url));
    const wanted = parseProtocols(protocols);
    this.#url = href;
    this.#connecting = true;
    const outbound = outboundService();
    (outbound === undefined ? ops.socketConnect(href, wanted) : connectThrough(outbound, href, wanted)).then(
      ([id, protocol, extensions]) => this.#connected(id, protocol, extensions),
      (error) => this.#notConnected(error),
    );
  }

  /**
   * Starts delivery of events to listeners.
   *
   * @param {{ allowHalfOpen?: boolean }} [options] whether a Close of the peer is left to the program to answer
   */
  accept(options = undefined) {
    this.#checkContext();
    switch (this.#use) {
      case "accepted":
        return;
      case "client":
        throw new TypeError("Websockets obtained from the 'new WebSocket()' constructor cannot call accept");
      case "hibernating":
        throw new TypeError("Can't accept() WebSocket after enabling hibernation.");
      case "sent":
        throw new TypeError("Can't accept() WebSocket that was already used in a response.");
      default:
    }
    if (options !== undefined && options !== null) {
      if (typeof options !== "object") throw badArgument("WebSocket", "accept", 1, "AcceptOptions");
      this.#allowHalfOpen = Boolean(options.allowHalfOpen);
    }
    ops.socketAccept(this.#id);
    this.#use = "accepted";
    listen(this.#id, this);
  }

  /** Sends a message. A copy of bytes is taken now. @param {string | ArrayBuffer | ArrayBufferView} data */
  send(data) {
    if (arguments.length < 1) throw badArgument("WebSocket", "send", 1, "ArrayBuffer or ArrayBufferView or string");
    this.#checkContext();
    if (this.#use === "sent") return;
    this.#checkAccepted();
    const message = typeof data === "string" ? data : bytesOf(data) ?? `${data}`;
    if (this.#gone) return;
    if (this.#closedOut) throw new TypeError("Can't call WebSocket send() after close().");
    ops.socketSend(this.#id, message);
  }

  /** Sends a Close frame. @param {number} [code] @param {string} [reason] */
  close(code = undefined, reason = undefined) {
    const closeCode = code === undefined ? -1 : toCloseCode(code);
    if (reason !== undefined && code === undefined) {
      throw new DOMException("If you specify a WebSocket close reason, you must also specify a code.", "InvalidAccessError");
    }
    const text = reason === undefined ? "" : toUSVString(reason);
    if (text !== "" && flag("websocket_close_reason_byte_limit") && ops.utf8Encode(text).length > REASON_BYTES_MAX) {
      throw new DOMException("WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded.", "SyntaxError");
    }
    this.#checkContext();
    if (this.#use === "sent") return;
    if (!this.#connecting) this.#checkAccepted();
    if (this.#closedOut || this.#gone) return;
    this.#closedOut = true;
    // Before there is a connection, the close takes effect when it is made.
    if (this.#id !== 0) ops.socketClose(this.#id, closeCode, text);
  }

  /** Keeps a copy of a value with the connection, across hibernation. @param {any} value */
  serializeAttachment(value) {
    if (arguments.length < 1) throw badArgument("WebSocket", "serializeAttachment", 1, "Value");
    const bytes = serialize(value, { forStorage: true, forAttachment: true });
    if (bytes.length > ATTACHMENT_BYTES_MAX) {
      throw new Error(`A WebSocket 'attachment' cannot be larger than ${ATTACHMENT_BYTES_MAX} bytes.'attachment' was ${bytes.length} bytes.`);
    }
    if (this.#use === "hibernating") ops.socketSetAttachment(this.#id, bytes);
    else this.#attachment = bytes;
  }

  /** A fresh copy of what was kept, or null. @returns {any} */
  deserializeAttachment() {
    const bytes = this.#use === "hibernating" ? ops.socketAttachment(this.#id) : this.#attachment;
    return bytes === undefined ? null : deserialize(bytes);
  }

  get readyState() {
    if (this.#connecting) return this.#closedOut ? CLOSING : CONNECTING;
    if (this.#closedIn && this.#closedOut) return CLOSED;
    return this.#closedIn || this.#closedOut ? CLOSING : OPEN;
  }

  /** Always 0: how much is queued is the host's concern. */
  get bufferedAmount() {
    return 0;
  }

  get url() {
    return this.#url;
  }

  get protocol() {
    this.#askForNegotiated();
    return this.#protocol;
  }

  get extensions() {
    this.#askForNegotiated();
    return this.#extensions;
  }

  get binaryType() {
    return this.#binaryType;
  }

  set binaryType(value) {
    const type = toDOMString(value);
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  #checkContext() {
    ops.checkContext(this.#contextId, "Native");
  }

  #checkAccepted() {
    if (this.#use === "fresh" || this.#connecting) {
      throw new TypeError("You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending messages.");
    }
  }

  #askForNegotiated() {
    if (!this.#negotiatedElsewhere) return;
    this.#negotiatedElsewhere = false;
    [this.#protocol, this.#extensions] = ops.socketNegotiated(this.#id);
  }

  /** @param {number} id @param {string} protocol @param {string} extensions */
  #connected(id, protocol, extensions) {
    this.#id = id;
    this.#connecting = false;
    if (this.#closedOut) {
      ops.socketClose(id, -1, "");
      this.#fail("Uncaught Error: Network connection lost.", new Error("Network connection lost."));
      return;
    }
    this.#protocol = protocol;
    this.#extensions = extensions;
    ops.socketAccept(id);
    listen(id, this);
    dispatch(this, new Event("open"));
  }

  /** @param {any} error */
  #notConnected(error) {
    this.#connecting = false;
    this.#fail(`Uncaught ${error}`, error);
  }

  /** @param {string} message @param {unknown} error */
  #fail(message, error = new Error(message)) {
    this.#closedIn = this.#closedOut = this.#gone = true;
    dispatch(this, new ErrorEvent("error", { message, error }));
    dispatch(this, new CloseEvent("close", { code: ABNORMAL, reason: NOT_CONNECTED, wasClean: false }));
  }

  /** @param {string | Uint8Array} data */
  #receiveMessage(data) {
    let shown;
    if (typeof data === "string") shown = data;
    else if (this.#binaryType === "blob") shown = new Blob([data]);
    else shown = toBuffer(data);
    dispatch(this, new MessageEvent("message", { data: shown }));
  }

  /** @param {number} code @param {boolean} wasClean @param {string} reason */
  #receiveClose(code, wasClean, reason) {
    if (!wasClean) {
      // As in workerd, the state changes only after the event: see `lose`.
      this.#gone = true;
      return;
    }
    this.#closedIn = true;
    // A hibernating end is answered after its handler: see `answerClose`.
    if (this.#use !== "hibernating") this.#answerClose(code, reason);
  }

  /** @param {number} code @param {string} reason */
  #answerClose(code, reason) {
    if (this.#closedOut || this.#allowHalfOpen || !flag("web_socket_auto_reply_to_close")) return;
    this.#closedOut = true;
    ops.socketClose(this.#id, code === NO_STATUS ? -1 : code, reason);
  }
}

defineInterface(WebSocket);
defineConstants(WebSocket, { READY_STATE_CONNECTING: CONNECTING, CONNECTING, READY_STATE_OPEN: OPEN, OPEN,
  READY_STATE_CLOSING: CLOSING, CLOSING, READY_STATE_CLOSED: CLOSED, CLOSED });
defineEventHandlers(WebSocket.prototype, ["open", "message", "close", "error"]);
registerPlatformClass(WebSocket);

/** @param {string} text @param {string} [name] */
function constructorError(text, name = "SyntaxError") {
  return new DOMException(`WebSocket Constructor: ${text}`, name);
}

/** @param {string} text @returns {string} */
function parseUrl(text) {
  const parts = ops.urlParse(text, undefined);
  if (parts === null) throw constructorError("The url is invalid.");
  const href = parts[0];
  if (!href.startsWith("ws:") && !href.startsWith("wss:")) throw constructorError("The url scheme must be ws or wss.");
  if (href.includes("#")) throw constructorError("The url fragment must be empty.");
  return href;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** @param {any} protocols @returns {string[]} */
function parseProtocols(protocols) {
  if (protocols === undefined) return [];
  if (typeof protocols !== "object" || protocols === null || !(Symbol.iterator in protocols)) {
    const only = `${protocols}`;
    if (!token.test(only)) throw constructorError("The protocol header token is invalid.");
    return [only];
  }
  const list = Array.from(protocols, String);
  for (const protocol of list) {
    if (!token.test(protocol)) throw constructorError("One of the protocol header tokens is invalid.");
  }
  const distinct = new Set(list.map((protocol) => protocol.toLowerCase()));
  if (distinct.size !== list.length) throw constructorError("The protocols header cannot have repeating values.");
  return list;
}

/** @param {unknown} code @returns {number} */
function toCloseCode(code) {
  const number = +/** @type {any} */ (code) | 0;
  const allowed = flag("pedantic_wpt")
    ? number === 1000 || (number >= 3000 && number <= 4999)
    : number >= 1000 && number <= 4999 && number !== 1004 && number !== NO_STATUS && number !== ABNORMAL && number !== 1015;
  if (!allowed) throw new DOMException(`Invalid WebSocket close code: ${number}.`, "InvalidAccessError");
  return number;
}

/** The bytes of a buffer or view; one that was transferred has none. @param {any} value */
function bytesOf(value) {
  return value instanceof ArrayBuffer && value.detached ? new Uint8Array() : viewBytes(value);
}

/** An array buffer of exactly these bytes. @param {Uint8Array} bytes @returns {ArrayBuffer} */
export function toBuffer(bytes) {
  const buffer = /** @type {ArrayBuffer} */ (bytes.buffer);
  return bytes.byteLength === buffer.byteLength ? buffer : buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

/**
 * Connects by way of the service that gets the requests of a dynamic worker.
 *
 * @param {NonNullable<ReturnType<typeof outboundService>>} service
 * @param {string} href @param {string[]} protocols
 * @returns {Promise<[number, string, string]>} as `socketConnect`
 */
async function connectThrough(service, href, protocols) {
  /** @type {Record<string, string>} */
  const headers = { upgrade: "websocket" };
  if (protocols.length > 0) headers["sec-websocket-protocol"] = protocols.join(", ");
  const response = await service.fetch(href.replace(/^ws/, "http"), { headers, redirect: "manual" });
  if (response.webSocket === null) {
    throw notEstablished("expected server to reply with HTTP status code 101 (switching protocols), but received "
      + `${response.status} instead.`);
  }
  const protocol = response.headers.get("sec-websocket-protocol") ?? "";
  if (protocol !== "" && !protocols.includes(protocol)) {
    throw notEstablished("the server chose a protocol that was not offered.");
  }
  markSent(response.webSocket);
  return [socketIdOf(response.webSocket), protocol, ""];
}

/** @param {string} why */
function notEstablished(why) {
  return new TypeError(`Failed to establish the WebSocket connection: ${why}`);
}

/** Two connected ends, as the properties 0 and 1. */
export class WebSocketPair {
  constructor() {
    const [first, second] = ops.socketPair();
    const a = wrap(first, "fresh");
    const b = wrap(second, "fresh");
    join(a, b);
    this[0] = a;
    this[1] = b;
  }

  *[Symbol.iterator]() {
    yield this[0];
    yield this[1];
  }
}

defineInterface(WebSocketPair);

/** @type {(value: any) => value is WebSocketRequestResponsePair} */
export let isRequestResponsePair;

/** A text message and the answer that the platform gives to it. */
export class WebSocketRequestResponsePair {
  #request;
  #response;

  static {
    isRequestResponsePair = /** @returns {value is WebSocketRequestResponsePair} */ (value) =>
      typeof value === "object" && value !== null && #request in value;
  }

  /** @param {string} request @param {string} response */
  constructor(request, response) {
    if (arguments.length < 1) throw badConstructorArgument("WebSocketRequestResponsePair", 1, "string");
    if (arguments.length < 2) throw badConstructorArgument("WebSocketRequestResponsePair", 2, "string");
    this.#request = `${request}`;
    this.#response = `${response}`;
  }

  get request() {
    return this.#request;
  }

  get response() {
    return this.#response;
  }
}

defineInterface(WebSocketRequestResponsePair, ["request", "response"]);

// --- between the library's modules ------------------------------------------------------------------------------------

/** @param {number} id @param {WebSocket} ws */
function listen(id, ws) {
  listening.set(id, ws);
  const contextId = ops.contextId();
  let ids = byContext.get(contextId);
  if (ids === undefined) byContext.set(contextId, (ids = new Set()));
  ids.add(id);
}

/**
 * Wraps the socket of a response whose upgrade was accepted.
 *
 * @param {number} socketId
 */
export function socketFromHost(socketId) {
  return wrap(socketId, "fresh");
}

setSocketFactory(socketFromHost);
setSocketCheck(isWebSocket);

/**
 * Gives an end away in a response and returns its id.
 *
 * @param {WebSocket} ws
 * @returns {number}
 */
export function socketForResponse(ws) {
  switch (useOf(ws)) {
    case "accepted":
      throw new TypeError("Can't return WebSocket in a Response after calling accept().");
    case "hibernating":
      throw new TypeError("Can't return WebSocket in a Response after calling acceptWebSocket().");
    case "sent":
      throw new TypeError("Can't return WebSocket that was already used in a response.");
    case "client":
      throw new TypeError("Can't return WebSocket in a Response if it was created with `new WebSocket()`");
    default:
      markSent(ws);
      return socketIdOf(ws);
  }
}

/**
 * Hands a fresh end to the object's hibernation.
 *
 * @param {WebSocket} ws
 * @param {number} contextId the object's
 * @param {string[]} tags
 */
export function hibernate(ws, contextId, tags) {
  ops.socketHibernate(contextId, socketIdOf(ws), tags);
  startHibernation(ws);
}

/** Throws when an end cannot be handed to hibernation. @param {WebSocket} ws */
export function checkCanHibernate(ws) {
  const use = useOf(ws);
  if (use === "accepted" || use === "hibernating") {
    throw new Error("Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`");
  }
  if (use !== "fresh" || !peerIsFresh(ws)) {
    throw new Error("Cannot call `acceptWebSocket()` on this WebSocket because its pair has already been accepted or used in a Response.");
  }
}

/**
 * Notes that the connection of an end is over, and answers a Close where that is automatic.
 *
 * @param {WebSocket} ws
 * @param {number} kind CLOSE or ERROR
 * @param {number} code
 * @param {string} reason
 * @param {boolean} wasClean
 */
export function noteEnd(ws, kind, code, reason, wasClean) {
  if (kind === CLOSE) receiveClose(ws, code, wasClean, reason);
  else receiveError(ws);
}

/**
 * Dispatches an event of an end that was accepted with `accept()`, or connected by itself.
 *
 * @param {number} socketId
 * @param {number} kind
 * @param {any} a message, code or error message
 * @param {any} b reason
 * @param {any} c wasClean
 */
export function socketEvent(socketId, kind, a, b, c) {
  const ws = listening.get(socketId);
  if (ws === undefined) return;
  if (kind === MESSAGE) {
    receiveMessage(ws, a);
    return;
  }
  listening.delete(socketId);
  noteEnd(ws, kind, a, b, c);
  if (kind === CLOSE) dispatch(ws, new CloseEvent("close", { code: a, reason: b, wasClean: c }));
  else dispatch(ws, new ErrorEvent("error", { message: `Uncaught Error: ${a}`, error: new Error(a) }));
  lose(ws);
}

/**
 * Forgets the ends that a context was listening on.
 *
 * @param {number} contextId
 */
export function forgetSockets(contextId) {
  const ids = byContext.get(contextId);
  if (ids === undefined) return;
  byContext.delete(contextId);
  for (const id of ids) listening.delete(id);
}
