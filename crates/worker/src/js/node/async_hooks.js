/**
 * `node:async_hooks`: AsyncLocalStorage and AsyncResource on the context that the host carries from a promise to its
 * reactions. The hooks themselves do nothing here, as on Workers.
 *
 * @module
 */

import { contextValue, withContextValue } from "stated:async-context";
import { contextResource } from "stated:node-support/async-resource";
import { checkFunction, checkString } from "stated:node-support/errors";
import { badArgument } from "stated:webidl";

/** A value that follows asynchronous code. */
export class AsyncLocalStorage {
  #name;
  #defaultValue;

  /** @param {{ name?: string, defaultValue?: any }} [options] */
  constructor(options = undefined) {
    this.#name = options?.name ?? "";
    this.#defaultValue = options?.defaultValue;
  }

  /** @template {Function} F @param {F} fn @returns {F} a function that runs in the context of now */
  static bind(fn) {
    if (typeof fn !== "function") throw badArgument("AsyncLocalStorage", "bind", 1, "Function");
    return AsyncResource.bind(fn);
  }

  /** @returns {(fn: Function, ...args: any[]) => any} */
  static snapshot() {
    const run = contextResource();
    return (fn, ...args) => run(fn, undefined, ...args);
  }

  get name() {
    return this.#name;
  }

  /** @returns {any} */
  getStore() {
    const entry = contextValue(this);
    return entry === undefined ? this.#defaultValue : /** @type {{ store: any }} */ (entry).store;
  }

  /** @param {any} store @param {Function} fn @param {...any} args */
  run(store, fn, ...args) {
    if (typeof fn !== "function") throw badArgument("AsyncLocalStorage", "run", 2, "function");
    return withContextValue(this, { store }, fn, ...args);
  }

  /** @param {Function} fn @param {...any} args */
  exit(fn, ...args) {
    if (typeof fn !== "function") throw badArgument("AsyncLocalStorage", "exit", 1, "function");
    return withContextValue(this, { store: undefined }, fn, ...args);
  }

  /** @param {any} store */
  enterWith(store) {
    void store;
    throw new Error("asyncLocalStorage.enterWith() is not implemented");
  }

  disable() {
    throw new Error("asyncLocalStorage.disable() is not implemented");
  }
}

/** Work that keeps the async context in which it was made. */
export class AsyncResource {
  #run;

  /** @param {string} type @param {any} [options] */
  constructor(type, options = undefined) {
    void options;
    checkString("type", type);
    this.#run = contextResource();
  }

  /**
   * @template {Function} F
   * @param {F} fn
   * @param {string} [type]
   * @param {any} [thisArg]
   * @returns {F}
   */
  static bind(fn, type = undefined, thisArg = undefined) {
    if (typeof fn !== "function") throw badArgument("AsyncResource", "bind", 1, "Function");
    return new AsyncResource(type ?? (fn.name || "bound-anonymous-fn")).bind(fn, thisArg);
  }

  /** @template {Function} F @param {F} fn @param {any} [thisArg] @returns {F} */
  bind(fn, thisArg = undefined) {
    checkFunction("fn", fn);
    const run = this.#run;
    /** @this {any} @param {...any} args */
    const bound = function (...args) {
      return run(fn, thisArg === undefined ? this : thisArg, ...args);
    };
    Object.defineProperties(bound, {
      length: { value: fn.length, configurable: true },
      asyncResource: { value: this, writable: true, enumerable: true, configurable: true },
    });
    return /** @type {any} */ (bound);
  }

  /** @param {Function} fn @param {any} [thisArg] @param {...any} args */
  runInAsyncScope(fn, thisArg = undefined, ...args) {
    return this.#run(fn, thisArg, ...args);
  }

  asyncId() {
    return 0;
  }

  triggerAsyncId() {
    return 0;
  }

  emitDestroy() {
    return this;
  }
}

export function executionAsyncId() {
  return 0;
}

export function triggerAsyncId() {
  return 0;
}

export function executionAsyncResource() {
  return {};
}

/** A hook is never called. */
class AsyncHook {
  enable() {
    return this;
  }

  disable() {
    return this;
  }
}

export function createHook() {
  return new AsyncHook();
}

/** Kinds of resources, none of which is told apart: as on Workers all are 0. */
const providers = ["NONE", "DIRHANDLE", "DNSCHANNEL", "ELDHISTOGRAM", "FILEHANDLE", "FILEHANDLECLOSEREQ", "BLOBREADER", "FSEVENTWRAP", "FSREQCALLBACK",
  "FSREQPROMISE", "GETADDRINFOREQWRAP", "GETNAMEINFOREQWRAP", "HEAPSNAPSHOT", "HTTP2SESSION", "HTTP2STREAM", "HTTP2PING", "HTTP2SETTINGS",
  "HTTPINCOMINGMESSAGE", "HTTPCLIENTREQUEST", "LOCKS", "JSSTREAM", "JSUDPWRAP", "MESSAGEPORT", "PIPECONNECTWRAP", "PIPESERVERWRAP", "PIPEWRAP",
  "PROCESSWRAP", "PROMISE", "QUERYWRAP", "QUIC_ENDPOINT", "QUIC_LOGSTREAM", "QUIC_SESSION", "QUIC_STREAM", "QUIC_UDP", "SHUTDOWNWRAP", "SIGNALWRAP",
  "STATWATCHER", "STREAMPIPE", "TCPCONNECTWRAP", "TCPSERVERWRAP", "TCPWRAP", "TTYWRAP", "UDPSENDWRAP", "UDPWRAP", "SIGINTWATCHDOG", "WORKER",
  "WORKERCPUPROFILE", "WORKERCPUUSAGE", "WORKERHEAPPROFILE", "WORKERHEAPSNAPSHOT", "WORKERHEAPSTATISTICS", "WRITEWRAP", "ZLIB", "CHECKPRIMEREQUEST",
  "PBKDF2REQUEST", "KEYPAIRGENREQUEST", "KEYGENREQUEST", "KEYEXPORTREQUEST", "ARGON2REQUEST", "CIPHERREQUEST", "DERIVEBITSREQUEST", "HASHREQUEST",
  "RANDOMBYTESREQUEST", "RANDOMPRIMEREQUEST", "SCRYPTREQUEST", "SIGNREQUEST", "TLSWRAP", "VERIFYREQUEST", "QUIC_PACKET"];
export const asyncWrapProviders = Object.freeze(Object.assign(Object.create(null), Object.fromEntries(providers.map((name) => [name, 0]))));
export default {
  AsyncLocalStorage, AsyncResource, asyncWrapProviders, createHook, executionAsyncId, executionAsyncResource, triggerAsyncId,
};
