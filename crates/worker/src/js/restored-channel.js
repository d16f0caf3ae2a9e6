/**
 * The way to what `[restore](params)` of a class gives: the channel of stubs that can be stored and made again (reference
 * 10.11).
 *
 * A stub that `ctx.restore()` has just made leads straight to what the method gave then. One that was stored, and a service's
 * that was sent, is only the address of the class and the params: the method is called at the first use, and its result serves
 * the stub from then on.
 *
 * @module
 */

import { AddressChannel } from "stated:address-channel";
import { malformed } from "stated:clone-errors";
import { ops } from "stated:host";
import { channelOf } from "stated:rpc-channel";
import { exportDisposed, STUB_DISPOSED } from "stated:rpc-export";
import { decodeResult, discard } from "stated:rpc-message";
import { decodeStored } from "stated:stored-value";
import { HOST_RESTORED_STUB } from "stated:wire-format";

/** @typedef {import("stated:rpc-channel").SentMessage} SentMessage */
/** @typedef {any} LiveChannel one of a service, an object or a target */

/** What the method gave: a stub of something callable, or of a service or object. Persisted. */
export const RPC_STUB = 0;
export const SERVICE_STUB = 1;

/**
 * What makes a stub again, serialized for storage.
 *
 * @typedef {{ kind: number, address: Uint8Array, params: Uint8Array }} Recipe
 */

const names = ["an RpcStub", "a ServiceStub"];

/** @param {number} before @param {number} now */
function otherKind(before, now) {
  return new TypeError(`The [restore]() method originally returned ${names[before]}, but on replay it returned ${names[now]} instead. `
    + "It must always return the same type.");
}

const ignore = () => undefined;

/** Belongs to the context that made it or received it. */
export class RestoredChannel {
  #recipe;
  #live;
  /** @type {Promise<LiveChannel> | undefined} what the method gave when it was called again */ #restored;
  #contextId = ops.contextId();
  #disposed = false;

  /** @param {Recipe} recipe @param {LiveChannel} [live] @param {Promise<LiveChannel>} [restored] */
  constructor(recipe, live = undefined, restored = undefined) {
    this.#recipe = recipe;
    this.#live = live;
    this.#restored = restored;
  }

  get isDisposed() {
    return this.#disposed;
  }

  /** @param {string[]} path @param {SentMessage | undefined} message */
  call(path, message) {
    this.#checkUsable();
    if (this.#live !== undefined) return this.#live.call(path, message);
    return this.#restore().then((channel) => channel.call(path, message), (error) => {
      discard(message);
      throw error;
    });
  }

  /**
   * @param {number} token
   * @param {string} method
   * @param {string} url
   * @param {string[]} headers
   * @param {import("stated:host").WireBody} body
   * @param {string | undefined} cf JSON
   */
  fetch(token, method, url, headers, body, cf) {
    this.#checkUsable();
    if (this.#live !== undefined) return this.#live.fetch(token, method, url, headers, body, cf);
    return this.#restore().then((channel) => channel.fetch(token, method, url, headers, body, cf));
  }

  /** Only what was disposed is sent as a reference. */
  reference() {
    return exportDisposed();
  }

  /**
   * Writes the recipe, and into a message also what a stub of something callable leads to now: others use the same one.
   *
   * @param {import("stated:wire-writer").Writer} writer
   * @param {import("stated:rpc-message").OutgoingMessage} message
   */
  pass(writer, message) {
    this.#checkUsable();
    const { kind, address, params } = this.#recipe;
    writer.writeVarint(HOST_RESTORED_STUB);
    writer.writeVarint(kind);
    for (const bytes of [address, params]) {
      writer.writeVarint(bytes.length);
      writer.writeBytes(bytes);
    }
    const isLive = this.#live !== undefined && kind === RPC_STUB && message.use !== "stored" && message.use !== "kept";
    writer.writeVarint(isLive ? message.refer(() => this.#referenceLive(message.keepsStubs)) + 1 : 0);
  }

  duplicate() {
    this.#checkUsable();
    const restored = this.#restored?.then((channel) => channel.duplicate());
    restored?.catch(ignore);
    return new RestoredChannel(this.#recipe, this.#live?.duplicate(), restored);
  }

  dispose() {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#live?.dispose?.();
    this.#restored?.then((channel) => channel.dispose?.(), ignore);
  }

  /** @param {boolean} keep */
  #referenceLive(keep) {
    if (!keep) this.#disposed = true;
    return this.#live.reference(keep);
  }

  #checkUsable() {
    if (this.#disposed) throw new Error(STUB_DISPOSED);
    ops.checkContext(this.#contextId, "Client");
  }

  /** Calls the method, once; calls that wait for it keep their order. */
  #restore() {
    this.#restored ??= callRestore(this.#recipe);
    return this.#restored;
  }
}

/** @param {Recipe} recipe @returns {Promise<LiveChannel>} */
async function callRestore({ kind, address, params }) {
  const origin = new AddressChannel(decodeStored(address)).reference();
  let result;
  try {
    result = decodeResult(await ops.capabilityRestore(origin, params));
  } catch (error) {
    // To the holder it is as if the method had run here.
    if (typeof error === "object" && error !== null) delete (/** @type {any} */ (error)).remote;
    throw error;
  } finally {
    ops.capabilityDrop(origin);
  }
  const found = typeof result === "function" ? RPC_STUB : SERVICE_STUB;
  if (found !== kind) throw otherKind(kind, found);
  return channelOf(result);
}

/**
 * Reads what `pass` wrote.
 *
 * @param {import("stated:wire-reader").Reader} reader
 * @returns {{ recipe: Recipe, position: number }} the position of the capability in the message, or -1
 */
export function readRecipe(reader) {
  const kind = reader.readVarint();
  if (kind !== RPC_STUB && kind !== SERVICE_STUB) throw malformed();
  const recipe = { kind, address: reader.readBytes(), params: reader.readBytes() };
  return { recipe, position: reader.readVarint() - 1 };
}
