/**
 * Stubs of stateless entrypoints: service bindings and the loop-back ones of `ctx.exports`.
 *
 * @module
 */

import { ServiceStub } from "stated:fetcher";
import { ops } from "stated:host";
import { rememberChannel } from "stated:rpc-channel";
import { serialize } from "stated:serialize";
import { badArgument, internal } from "stated:webidl";

/** @typedef {import("stated:host").WireBody} WireBody */
/** @typedef {import("stated:rpc-channel").SentMessage} SentMessage */

/** The way to one entrypoint. */
class ServiceChannel {
  #service;
  #props;

  /** @param {number | string} service @param {Uint8Array | undefined} props */
  constructor(service, props) {
    this.#service = service;
    this.#props = props;
  }

  /**
   * @param {number} token
   * @param {string} method
   * @param {string} url
   * @param {string[]} headers
   * @param {WireBody} body
   */
  fetch(token, method, url, headers, body) {
    return ops.serviceFetch(this.#service, this.#props, token, method, url, headers, body);
  }

  /** @param {string[]} path @param {SentMessage | undefined} message */
  call(path, message) {
    return ops.serviceCall(this.#service, this.#props, path, message?.bytes, message?.capabilities ?? []);
  }

  /** The binding stays usable whatever is sent. */
  reference() {
    return ops.capabilityOfService(this.#service, this.#props);
  }
}

/**
 * Makes the stub of a service binding.
 *
 * @param {number} service the host's number of it
 */
export function serviceStub(service) {
  return new ServiceStub(internal, new ServiceChannel(service, undefined));
}

/**
 * Makes the loop-back stub of one of the program's entrypoints: also a function that makes a stub with other `ctx.props`.
 *
 * Differs: props cannot hold functions or stubs.
 *
 * @param {string} entrypoint
 * @returns {any}
 */
export function loopBackStub(entrypoint) {
  /** @param {{ props?: unknown }} [options] */
  const stub = (options = undefined) => {
    if (typeof options !== "object" || options === null) throw badArgument("LoopbackServiceStub", "call", 1, "Options");
    const props = options.props === undefined ? undefined : serialize(options.props);
    return new ServiceStub(internal, new ServiceChannel(entrypoint, props));
  };
  // Its own names would hide the entrypoint's members.
  for (const name of ["name", "length"]) delete (/** @type {any} */ (stub)[name]);
  Object.setPrototypeOf(stub, ServiceStub.prototype);
  Object.defineProperty(stub, Symbol.toStringTag, { value: "LoopbackServiceStub", configurable: true });
  rememberChannel(stub, new ServiceChannel(entrypoint, undefined));
  return stub;
}
