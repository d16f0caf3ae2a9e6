/**
 * The inside of a dynamic worker: its `env`, whose stubs belong to the program and not to a context, and where its `fetch()`
 * goes.
 *
 * @module
 */

import { variables } from "stated:bindings";
import { setOutbound } from "stated:fetch";
import { ops } from "stated:host";
import { env } from "stated:program";
import { IncomingMessage } from "stated:rpc-message";
import { deserializeMessage } from "stated:serialize";
import { setServiceName } from "stated:settings";

/** @typedef {import("stated:host").WireBody} WireBody */
/** @typedef {import("stated:rpc-channel").SentMessage} SentMessage */

/** The way to what `env` holds at a position. */
class BindingChannel {
  #position;

  /** @param {number} position */
  constructor(position) {
    this.#position = position;
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
    return ops.envFetch(this.#position, token, method, url, headers, body, cf);
  }

  /** @param {string[]} path @param {SentMessage | undefined} message */
  call(path, message) {
    return ops.envCall(this.#position, path, message?.bytes, message?.capabilities ?? []);
  }

  /** The binding stays usable whatever is sent. */
  reference() {
    return ops.capabilityOfEnv(this.#position);
  }
}

/** The message with which a dynamic worker was loaded. */
class EnvMessage extends IncomingMessage {
  constructor() {
    super([]);
  }

  /** @param {number} position */
  bindingChannel(position) {
    return new BindingChannel(position);
  }
}

/** Called once, before the program's modules are evaluated. @param {Uint8Array} bytes of `[env, globalOutbound]` */
export function setEnv(bytes) {
  setServiceName("");
  const [values, outbound] = deserializeMessage(bytes, new EnvMessage());
  for (const name of Object.keys(values)) {
    const value = values[name];
    if (typeof value === "string") variables[name] = value;
    Object.defineProperty(env, name, { value, writable: true, enumerable: true, configurable: true });
  }
  if (typeof outbound === "object" && outbound !== null) setOutbound(outbound);
}
