/**
 * Stubs of stateless entrypoints: service bindings and the loop-back ones of `ctx.exports`.
 *
 * @module
 */

import { ServiceStub } from "stated:fetcher";
import { ops } from "stated:host";
import { internal } from "stated:webidl";

/** @typedef {import("stated:host").WireBody} WireBody */

/** The way to one entrypoint. */
class ServiceChannel {
  #service;

  /** @param {number} service */
  constructor(service) {
    this.#service = service;
  }

  /**
   * @param {number} token
   * @param {string} method
   * @param {string} url
   * @param {string[]} headers
   * @param {WireBody} body
   */
  fetch(token, method, url, headers, body) {
    return ops.serviceFetch(this.#service, token, method, url, headers, body);
  }

  /** @param {string[]} path @param {Uint8Array | undefined} args */
  call(path, args) {
    return ops.serviceCall(this.#service, path, args);
  }
}

/**
 * Makes the stub of an entrypoint.
 *
 * @param {number} service the host's number of it
 */
export function serviceStub(service) {
  return new ServiceStub(internal, new ServiceChannel(service));
}
