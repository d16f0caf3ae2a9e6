/**
 * Stubs by address: names of a service and of its entrypoint or object, which mean the same after a restart. It is how stubs
 * are stored (reference 10.11).
 *
 * @module
 */

import { CapabilityChannel } from "stated:capability-channel";
import { malformed } from "stated:clone-errors";
import { ops } from "stated:host";
import { decodeProps, encodeKept } from "stated:kept-message";

/** @typedef {import("stated:rpc-channel").Channel} Channel */
/** @typedef {import("stated:rpc-channel").SentMessage} SentMessage */

/**
 * Of an entrypoint with its props, or of an object and its name if known.
 *
 * @typedef {[service: string, entrypoint: string, props: any] | [service: string, className: string, id: string, name: any]} Address
 */

/**
 * The address of what a channel leads to; undefined if stubs of it must not be stored.
 *
 * @param {Channel} channel
 * @returns {Address | undefined}
 */
export function addressOf(channel) {
  const capability = channel.reference(true);
  try {
    const address = ops.capabilityAddress(capability);
    if (address?.length === 3) address[2] = address[2] === undefined ? undefined : decodeProps(address[2]);
    return address;
  } finally {
    ops.capabilityDrop(capability);
  }
}

/** @param {unknown} value @returns {value is Address} */
function isAddress(value) {
  if (!Array.isArray(value) || typeof value[0] !== "string" || typeof value[1] !== "string") return false;
  if (value.length === 3) return value[2] === undefined || (typeof value[2] === "object" && value[2] !== null);
  return value.length === 4 && typeof value[2] === "string" && /^[0-9a-f]{64}$/.test(value[2])
    && (value[3] === undefined || typeof value[3] === "string");
}

/**
 * The way to an address, which is looked up at its first use.
 *
 * @implements {Channel}
 */
export class AddressChannel {
  #address;
  /** @type {CapabilityChannel | undefined} */ #found = undefined;

  /** @param {unknown} address as it was read; throws if it is none */
  constructor(address) {
    if (!isAddress(address)) throw malformed();
    this.#address = address;
  }

  /** @param {string[]} path @param {SentMessage | undefined} message */
  call(path, message) {
    return this.#channel().call(path, message);
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
    return this.#channel().fetch(token, method, url, headers, body, cf);
  }

  /** The stub stays usable whatever is sent. */
  reference() {
    return this.#channel().reference(true);
  }

  #channel() {
    this.#found ??= new CapabilityChannel(capabilityAt(this.#address));
    return this.#found;
  }
}

/** @param {Address} address @returns {number} */
function capabilityAt(address) {
  const isEntrypoint = address.length === 3;
  const props = isEntrypoint && address[2] !== undefined ? encodeKept(address[2]) : undefined;
  const names = /** @type {string[]} */ (isEntrypoint ? address.slice(0, 2) : address.filter((name) => name !== undefined));
  const capability = ops.capabilityAt(names, props);
  if (capability !== 0) return capability;
  const what = isEntrypoint ? "Worker" : `Durable Object class ${address[1]} of the Worker`;
  throw new Error(`The ${what} ${address[0]}, which a stored stub leads to, is not there any more.`);
}
