/**
 * The way to what a capability stands for: the channel of stubs that were made here of a value, or came in a message.
 *
 * @module
 */

import { ops } from "stated:host";
import { exportDisposed, STUB_DISPOSED } from "stated:rpc-export";

/** @typedef {import("stated:rpc-channel").Channel} Channel */
/** @typedef {import("stated:rpc-channel").SentMessage} SentMessage */

/**
 * The way to one capability. It belongs to the context that made it or received it.
 *
 * @implements {Channel}
 */
export class CapabilityChannel {
  #capability;
  #contextId = ops.contextId();
  #disposed = false;

  /** @param {number} capability */
  constructor(capability) {
    this.#capability = capability;
  }

  /** @param {string[]} path @param {SentMessage | undefined} message */
  call(path, message) {
    return ops.capabilityCall(this.#usable(), path, message?.bytes, message?.capabilities ?? []);
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
    return ops.capabilityFetch(this.#usable(), token, method, url, headers, body, cf);
  }

  /**
   * One that was disposed can still be sent: whoever calls what arrives hears of it.
   *
   * @param {boolean} keep
   */
  reference(keep) {
    if (this.#disposed) return exportDisposed();
    const capability = this.#usable();
    if (keep) return ops.capabilityDup(capability);
    this.#disposed = true;
    return capability;
  }

  /** Another way to the same, with a life of its own. */
  duplicate() {
    return new CapabilityChannel(ops.capabilityDup(this.#usable()));
  }

  /** Whether it still counts as used: it was not disposed, and its context has not ended. */
  get isHeld() {
    return !this.#disposed && ops.capabilityIsHeld(this.#capability);
  }

  dispose() {
    if (this.#disposed) return;
    this.#disposed = true;
    ops.capabilityDrop(this.#capability);
  }

  #usable() {
    if (this.#disposed) throw new Error(STUB_DISPOSED);
    ops.checkContext(this.#contextId, "Client");
    return this.#capability;
  }
}
