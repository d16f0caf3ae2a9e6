/**
 * Messages of RPC: a value as bytes, and the capabilities that it refers to by their position (reference 10.4, 10.6).
 *
 * What a host object is written as and what it is read back as is said by the module of its class, with `definePassing`
 * (platform-classes.js) and `defineReceiving`. Sending has two steps, so that a value that turns out not to be
 * serializable has given nothing away: first the whole value is written and each reference noted, then the capabilities
 * are taken.
 *
 * @module
 */

import { dataCloneError } from "stated:clone-errors";
import { ops } from "stated:host";
import { channelOf } from "stated:rpc-channel";
import { exportTarget } from "stated:rpc-export";
import { RpcTarget } from "stated:rpc-target";
import { deserializeMessage, serializeMessage } from "stated:serialize";
import { flag } from "stated:settings";
import { definePassing } from "stated:platform-classes";
import * as wire from "stated:wire-format";

/** @typedef {import("stated:rpc-channel").SentMessage} SentMessage */
/** @typedef {import("stated:host").WireMessage} WireMessage */
/** @typedef {import("stated:wire-reader").Reader} Reader */
/** @typedef {import("stated:wire-writer").Writer} Writer */

/** Serialized arguments and results may be this long (reference 10.3). */
const MESSAGE_BYTES_MAX = 33554432;

/** What a capability is, as the host says (host.d.ts). */
export const TARGET = 0;
export const SERVICE = 1;
export const BODY = 2;

// --- sending ----------------------------------------------------------------------------------------------------------

/** A message that is being written. */
export class OutgoingMessage {
  /** @type {(() => number)[]} */ #sources = [];

  /** @param {"arguments" | "result" | "kept" | "stored"} use */
  constructor(use) {
    this.use = use;
    /** Whether a stub that is sent stays usable here. */
    this.keepsStubs = use === "kept" || use === "stored" || (use === "arguments" && flag("rpc_params_dup_stubs"));
  }

  /**
   * Refers to a capability, which is taken when the whole value is written.
   *
   * @param {() => number} source
   * @returns {number} its position
   */
  refer(source) {
    return this.#sources.push(source) - 1;
  }

  /** How functions are passed. */
  get passFunction() {
    return writeTarget;
  }

  /** How the program's Proxies are passed. */
  get passProxy() {
    return writeProxy;
  }

  /** Takes the capabilities. */
  capabilities() {
    return this.#sources.map((source) => source());
  }
}

/**
 * @param {unknown} value
 * @param {"arguments" | "result"} use
 * @returns {SentMessage}
 */
function encode(value, use) {
  const message = new OutgoingMessage(use);
  const bytes = serializeMessage(value, message, (writer) => {
    if (use === "result") writeDisposer(writer, message, value);
  });
  if (bytes.length > MESSAGE_BYTES_MAX) {
    throw new Error(`Serialized RPC arguments or return values are limited to 32MiB, but the size of this value was: ${bytes.length} bytes.`);
  }
  return { bytes, capabilities: message.capabilities() };
}

/** Serializes the arguments of a call. @param {unknown[]} args */
export function encodeArguments(args) {
  return encode(args, "arguments");
}

/** Serializes the result of a call: stubs in it are the caller's from now on. @param {unknown} value */
export function encodeResult(value) {
  return encode(value, "result");
}

/** Gives up what a message that is not sent would have carried. @param {SentMessage | undefined} message */
export function discard(message) {
  for (const capability of message?.capabilities ?? []) ops.capabilityDrop(capability);
}

/**
 * A plain object with a disposer of its own takes a reference along that is given up when the caller disposes the result.
 *
 * @param {Writer} writer
 * @param {OutgoingMessage} message
 * @param {any} value
 */
function writeDisposer(writer, message, value) {
  if (typeof value !== "object" || value === null || channelOf(value) !== undefined) return;
  const dispose = Object.getOwnPropertyDescriptor(value, Symbol.dispose)?.value;
  if (typeof dispose !== "function") return;
  const standIn = { [Symbol.dispose]: () => Reflect.apply(dispose, value, []) };
  writer.writeVarint(message.refer(() => exportTarget(standIn)));
}

/**
 * Writes a function, an RpcTarget or a Proxy of either as a stub of it.
 *
 * @param {Writer} writer
 * @param {OutgoingMessage} message
 * @param {any} target
 */
function writeTarget(writer, message, target) {
  if (message.use === "kept") throw dataCloneError("Remote RPC references can only be serialized for RPC.");
  const given = message.keepsStubs ? duplicate(target) : target;
  writer.writeVarint(wire.HOST_STUB);
  writer.writeVarint(message.refer(() => exportTarget(given)));
}

definePassing(RpcTarget, writeTarget);

/**
 * A Proxy of the program's is sent as a stub of itself, if it looks like something that has stubs.
 *
 * @param {Writer} writer
 * @param {OutgoingMessage} message
 * @param {any} proxy
 */
function writeProxy(writer, message, proxy) {
  if (!looksLikeTarget(proxy)) {
    throw dataCloneError("Proxy could not be serialized because it is not a valid RPC receiver type. The Proxy must emulate either "
      + "a plain object or an RpcTarget, as indicated by the Proxy's prototype chain.");
  }
  writeTarget(writer, message, proxy);
}

/** @param {any} proxy */
function looksLikeTarget(proxy) {
  return typeof proxy === "function" || Object.getPrototypeOf(proxy) === Object.prototype || proxy instanceof RpcTarget;
}

/**
 * What a target that can be duplicated gives away instead of itself.
 *
 * @param {any} target
 */
function duplicate(target) {
  const { dup } = target;
  if (typeof dup !== "function") return target;
  const copy = Reflect.apply(dup, target, []);
  if (ops.classOf(target) === "Proxy") {
    if (looksLikeTarget(copy ?? 0) && typeof copy === typeof target) return copy;
    throw badDuplicate("Proxy", "the same underlying type (RpcTarget or Function) as the Proxy itself represents", "an RpcTarget");
  }
  if (typeof target === "function") {
    if (typeof copy === "function") return copy;
    throw badDuplicate("function", "another function", "a function");
  }
  if (copy instanceof RpcTarget) return copy;
  // The misspelling is Cloudflare's.
  throw badDuplicate("RcpTarget", "another RpcTarget", "an RpcTarget");
}

/** @param {string} what @param {string} expected @param {string} advised */
function badDuplicate(what, expected, advised) {
  return dataCloneError(`Couldn't create a stub for the ${what} because it has a dup() method which did not return ${expected}. `
    + `Either remove the dup() method or make sure it returns ${advised}.`);
}

// --- receiving --------------------------------------------------------------------------------------------------------

/** @type {Map<number, (reader: Reader, message: IncomingMessage) => any>} by host object tag */
const receivers = new Map();

/**
 * Says how host objects of a tag are read from messages.
 *
 * @param {number} tag
 * @param {(reader: Reader, message: IncomingMessage) => any} read
 */
export function defineReceiving(tag, read) {
  receivers.set(tag, read);
}

/** A message that arrived: what it refers to, and who must be told when it is no longer needed. */
export class IncomingMessage {
  /** @type {{ dispose(): void }[]} */ #disposables = [];
  #capabilities;
  /** Whether its value was read, so that the stubs in it have what it refers to. */
  isRead = false;

  /** @param {readonly number[]} capabilities pairs of kind and number */
  constructor(capabilities) {
    this.#capabilities = capabilities;
  }

  /** @param {number} tag */
  receiver(tag) {
    return receivers.get(tag);
  }

  /**
   * The number of a capability of this kind; 0 when there is none at the position.
   *
   * @param {number} position
   * @param {number} kind
   */
  capability(position, kind) {
    return this.#capabilities[position * 2] === kind ? this.#capabilities[position * 2 + 1] : 0;
  }

  /**
   * The way to a service or object that belongs to the program and to no context; undefined for those of ordinary messages.
   *
   * @param {number} _position
   * @returns {any}
   */
  bindingChannel(_position) {
    return undefined;
  }

  /** @param {{ dispose(): void }} disposable */
  owns(disposable) {
    this.#disposables.push(disposable);
  }

  /** Disposes the stubs of the message that nobody has disposed or passed on; those of a value that was never read, too. */
  dispose() {
    if (!this.isRead) this.#drop();
    for (const disposable of this.#disposables.splice(0)) disposable.dispose();
  }

  #drop() {
    for (let i = 0; i < this.#capabilities.length; i += 2) {
      if (this.#capabilities[i] !== BODY) ops.capabilityDrop(this.#capabilities[i + 1]);
    }
  }
}

/**
 * The arguments of a call, and the message that owns the stubs among them.
 *
 * @param {Uint8Array} bytes
 * @param {IncomingMessage} message
 * @returns {any[]}
 */
export function decodeArguments(bytes, message) {
  message.isRead = true;
  return deserializeMessage(bytes, message);
}

/**
 * The result of a call. An object among them can be disposed, which disposes the stubs in it.
 *
 * @param {WireMessage} message
 * @returns {any}
 */
export function decodeResult([bytes, capabilities]) {
  const message = new IncomingMessage(capabilities);
  message.isRead = true;
  const value = deserializeMessage(bytes, message, (reader) => {
    const disposer = message.capability(reader.readVarint(), TARGET);
    message.owns({ dispose: () => ops.capabilityDrop(disposer) });
  });
  if (typeof value === "object" && value !== null) {
    const dispose = () => message.dispose();
    Object.defineProperty(value, Symbol.dispose, { value: dispose, writable: true, enumerable: false, configurable: true });
  }
  return value;
}
