/**
 * Stubs of stateless entrypoints: service bindings and the loop-back ones of `ctx.exports`.
 *
 * @module
 */

import { ServiceStub } from "stated:fetcher";
import { ops } from "stated:host";
import { propsOf } from "stated:object-class";
import { rememberChannel } from "stated:rpc-channel";
import { internal } from "stated:webidl";

/** @typedef {import("stated:host").WireBody} WireBody */
/** @typedef {import("stated:host").WireMessage} WireMessage */
/** @typedef {import("stated:rpc-channel").SentMessage} SentMessage */

/** The way to one entrypoint. */
class ServiceChannel {
  #service;
  #props;

  /** @param {number | string} service @param {WireMessage | undefined} props */
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
   * @param {string | undefined} cf JSON
   */
  fetch(token, method, url, headers, body, cf) {
    return ops.serviceFetch(this.#service, this.#props, token, method, url, headers, body, cf);
  }

  /** @param {string[]} path @param {SentMessage | undefined} message */
  call(path, message) {
    return ops.serviceCall(this.#service, this.#props, path, message?.bytes, message?.capabilities ?? []);
  }

  /** @param {number} scheduledTime @param {string} cron */
  scheduled(scheduledTime, cron) {
    return ops.serviceScheduled(this.#service, this.#props, scheduledTime, cron);
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
 * Props may hold stubs of services and objects.
 *
 * @param {string} entrypoint
 * @returns {any}
 */
export function loopBackStub(entrypoint) {
  /** @param {{ props?: unknown }} [options] */
  const stub = (options = undefined) =>
    new ServiceStub(internal, new ServiceChannel(entrypoint, propsOf(options, "LoopbackServiceStub")));
  // Its own names would hide the entrypoint's members.
  for (const name of ["name", "length"]) delete (/** @type {any} */ (stub)[name]);
  Object.setPrototypeOf(stub, ServiceStub.prototype);
  Object.defineProperty(stub, Symbol.toStringTag, { value: "LoopbackServiceStub", configurable: true });
  rememberChannel(stub, new ServiceChannel(entrypoint, undefined));
  return stub;
}
