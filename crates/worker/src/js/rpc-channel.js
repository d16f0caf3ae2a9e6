/**
 * What makes a value a stub: its channel, which says where calls go. A module of its own so that following paths and
 * reading messages can know stubs without making calls.
 *
 * @module
 */

/** @typedef {import("stated:host").WireMessage} WireMessage */
/** @typedef {{ bytes: Uint8Array, capabilities: number[] }} SentMessage */

/**
 * Where the calls of a stub go.
 *
 * @typedef {object} Channel
 * @property {(path: string[], message: SentMessage | undefined) => Promise<WireMessage>} call
 *   without a message, the member is read; throws or rejects
 * @property {(keep: boolean) => number} reference a capability for a message; when the stub is not kept, it is its own
 * @property {string} [objectId] of the Durable Object behind it
 */

/** @type {WeakMap<object, Channel>} those of stubs that are functions */
const channels = new WeakMap();

/** @type {(stub: any) => Channel | undefined} */
let channelOfObject;

/**
 * The base of stubs that are ordinary objects; `rpc.js` gives its prototype chain the remote members.
 *
 * Not constructible by programs.
 */
export class RemoteObject {
  /** @type {Channel} */ #channel;

  static {
    channelOfObject = (stub) => (#channel in stub ? stub.#channel : undefined);
  }

  /** @param {Channel} channel */
  constructor(channel) {
    this.#channel = channel;
  }
}

/**
 * Makes a function, or a Proxy around one, a stub.
 *
 * @param {object} stub
 * @param {Channel} channel
 */
export function rememberChannel(stub, channel) {
  channels.set(stub, channel);
}

/**
 * The channel of a stub, or undefined for anything else.
 *
 * @param {unknown} stub
 * @returns {any}
 */
export function channelOf(stub) {
  if (typeof stub === "function") return channels.get(stub);
  return typeof stub === "object" && stub !== null ? channelOfObject(stub) : undefined;
}
