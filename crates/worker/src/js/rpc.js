/**
 * The calling end of RPC (reference 10): stubs, RpcProperty and RpcPromise.
 *
 * A stub is an ordinary object whose prototype chain ends in one shared Proxy, so `id`, `name` and `fetch` are found
 * without it and only unknown names reach its trap. RpcProperty and RpcPromise must be callable, so each is a Proxy with a
 * handler of its own. Where a call goes is a Channel's business (namespace.js, service.js, RpcStub here).
 *
 * Functions, RpcTargets and stubs cannot be passed yet: the serializer refuses them, and results hold none.
 *
 * @module
 */

import { registerPlatformClass, standsFor } from "stated:platform-classes";
import { encodeMessage, invoke } from "stated:rpc-callee";
import { followPath, isReceiver } from "stated:rpc-path";
import { deserialize } from "stated:serialize";
import { flag } from "stated:settings";
import { illegalConstructor } from "stated:webidl";
import { ops } from "stated:host";

/** A path may have this many names beyond the first (reference 10.1). */
const PATH_LENGTH_MAX = 64;

/**
 * Where the calls of a stub go.
 *
 * @typedef {object} Channel
 * @property {(path: string[], args: Uint8Array | undefined) => Promise<Uint8Array>} call undefined arguments read a property
 */

// --- stubs ------------------------------------------------------------------------------------------------------------

/** @type {(stub: any) => Channel | undefined} */
let channelOfStub;

/**
 * What a service binding, a namespace and an RpcStub give out: unknown properties are members of the remote object.
 *
 * Not constructible by programs; RpcStub is.
 */
export class RemoteObject {
  /** @type {Channel} */ #channel;

  static {
    channelOfStub = (stub) => (typeof stub === "object" && stub !== null && #channel in stub ? stub.#channel : undefined);
  }

  /** @param {Channel} channel */
  constructor(channel) {
    this.#channel = channel;
  }
}

/**
 * The channel of a stub, or undefined for anything else.
 *
 * @param {unknown} stub
 * @returns {any}
 */
export function channelOf(stub) {
  return channelOfStub(stub);
}

let warnedOfRpc = false;

/** @param {string} name */
function rpcUnavailable(name) {
  if (!warnedOfRpc) {
    warnedOfRpc = true;
    ops.log(3, `WARNING: Tried to access method or property '${name}' on a stub, but the compatibility flag "rpc" is not `
      + "enabled; it is on from compatibility date 2024-04-03.");
  }
  return undefined;
}

const unknownNames = new Proxy(Object.create(Object.prototype), {
  get(target, key, receiver) {
    if (typeof key === "symbol" || key in target) return Reflect.get(target, key, receiver);
    const channel = channelOfStub(receiver);
    // A stub must be returnable from an async function, so it is never a thenable.
    if (channel === undefined || key === "then") return undefined;
    if (!flag("rpc")) return rpcUnavailable(key);
    return newProperty(channel, undefined, [key]);
  },
  has: (_target, key) => typeof key === "string" && key !== "then" || key in Object.prototype,
});
Object.setPrototypeOf(RemoteObject.prototype, unknownNames);

// --- properties and promises ------------------------------------------------------------------------------------------

/** The class of `stub.name`. */
export class RpcProperty {
  constructor() {
    throw illegalConstructor();
  }
}

/** The class of `stub.name()`. */
export class RpcPromise {
  constructor() {
    throw illegalConstructor();
  }
}

const propertyTexts = { name: "RpcProperty" };
const promiseTexts = { name: "RpcPromise" };
registerPlatformClass(RpcProperty, propertyTexts);
registerPlatformClass(RpcPromise, promiseTexts);
Object.defineProperty(RpcProperty.prototype, Symbol.toStringTag, { value: "JsRpcProperty", configurable: true });
Object.defineProperty(RpcPromise.prototype, Symbol.toStringTag, { value: "JsRpcPromise", configurable: true });

/** All Proxies share this target; what they are is in their handlers. */
const callable = () => undefined;

const ignore = () => undefined;

/**
 * A handler that says what a thenable with remote members is. `path` goes on from the channel's target, or, when there is
 * `from`, from the result of that call.
 */
class Remote {
  /**
   * @param {Channel} channel
   * @param {RemoteCall | undefined} from
   * @param {string[]} path
   */
  constructor(channel, from, path) {
    this.channel = channel;
    this.from = from;
    this.path = path;
  }

  /** @param {unknown} _target @param {string | symbol} key */
  get(_target, key) {
    if (typeof key === "symbol") return key === Symbol.dispose ? () => this.dispose() : this.prototype()[key];
    switch (key) {
      case "then":
        return (/** @type {any} */ resolve, /** @type {any} */ reject) => this.value().then(resolve, reject);
      case "catch":
        return (/** @type {any} */ reject) => this.value().then(undefined, reject);
      case "finally":
        return (/** @type {any} */ settled) => this.value().finally(settled);
      default:
        return key in this.prototype() ? this.prototype()[key] : this.member(key);
    }
  }

  /** @param {unknown} _target @param {unknown} _self @param {unknown[]} args */
  apply(_target, _self, args) {
    return newPromise(new RemoteCall(this.channel, this.from, this.path, args));
  }

  /** @param {string} key */
  member(key) {
    return newProperty(this.channel, this.from, [...this.path, key]);
  }

  /** The promise behind `then`: reads the property. */
  value() {
    return read(this.channel, this.from, this.path);
  }

  /** @returns {any} */
  prototype() {
    return RpcProperty.prototype;
  }

  dispose() {}

  getPrototypeOf() {
    return this.prototype();
  }

  /** @param {unknown} _target @param {string | symbol} key */
  has(_target, key) {
    return typeof key === "string" || key in this.prototype();
  }

  set() {
    return false;
  }

  defineProperty() {
    return false;
  }

  setPrototypeOf() {
    return false;
  }

  preventExtensions() {
    return false;
  }

  ownKeys() {
    return [];
  }

  getOwnPropertyDescriptor() {
    return undefined;
  }

  get [standsFor]() {
    return propertyTexts;
  }
}

/** A call that is on its way, and the handler of its RpcPromise. */
class RemoteCall extends Remote {
  /** @type {Promise<any>} */ result;
  disposed = false;

  /**
   * @param {Channel} channel
   * @param {RemoteCall | undefined} from
   * @param {string[]} path
   * @param {unknown[]} args
   */
  constructor(channel, from, path, args) {
    super(channel, from, path);
    this.result = call(channel, from, path, args);
    // A call whose promise the program drops may fail unseen.
    this.result.then(undefined, ignore);
  }

  /** @param {unknown} _target @param {unknown} _self @param {unknown[]} args */
  apply(_target, _self, args) {
    return newPromise(new RemoteCall(this.channel, this.alive(), [], args));
  }

  /** @param {string} key */
  member(key) {
    return newProperty(this.channel, this.alive(), [key]);
  }

  value() {
    return this.result;
  }

  alive() {
    if (this.disposed) throw new Error("RPC promise used after being disposed.");
    return this;
  }

  prototype() {
    return RpcPromise.prototype;
  }

  dispose() {
    this.disposed = true;
  }

  get [standsFor]() {
    return promiseTexts;
  }
}

/**
 * @param {Channel} channel
 * @param {RemoteCall | undefined} from
 * @param {string[]} path
 */
function newProperty(channel, from, path) {
  if (path.length > PATH_LENGTH_MAX + 1) throw new TypeError("RPC pipelined property path is too deep (max 64).");
  return new Proxy(callable, new Remote(channel, from, path));
}

/** @param {RemoteCall} remoteCall */
function newPromise(remoteCall) {
  return new Proxy(callable, remoteCall);
}

// --- calls ------------------------------------------------------------------------------------------------------------

/**
 * @param {Channel} channel
 * @param {RemoteCall | undefined} from
 * @param {string[]} path
 * @param {unknown[]} args
 * @returns {Promise<any>}
 */
function call(channel, from, path, args) {
  try {
    const message = encodeMessage(args);
    if (from === undefined) return channel.call(path, message).then(decodeResult);
    // The arguments are taken now; the call waits for the result it goes on from.
    return from.result.then((value) => callOnResult(value, path, message));
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * @param {Channel} channel
 * @param {RemoteCall | undefined} from
 * @param {string[]} path
 * @returns {Promise<any>}
 */
function read(channel, from, path) {
  if (from === undefined) return channel.call(path, undefined).then(decodeResult);
  return from.result.then((value) => {
    try {
      return followPath(value, "value", path).value;
    } catch (error) {
      throw markRemote(error);
    }
  });
}

/** @param {any} value @param {string[]} path @param {Uint8Array} message */
function callOnResult(value, path, message) {
  try {
    return invoke({ target: value, kind: "value" }, path, message);
  } catch (error) {
    throw markRemote(error);
  }
}

/** The text is that of the callee, where the path would have been followed. @param {any} error */
function markRemote(error) {
  if (typeof error === "object" && error !== null) error.remote = true;
  return error;
}

const disposer = { value: function dispose() {}, writable: true, enumerable: false, configurable: true };

/**
 * Every object that a call returns can be disposed; without stubs in it there is nothing to do.
 *
 * @param {Uint8Array} bytes
 */
function decodeResult(bytes) {
  const value = deserialize(bytes);
  if (typeof value === "object" && value !== null) Object.defineProperty(value, Symbol.dispose, disposer);
  return value;
}

// --- RpcStub ----------------------------------------------------------------------------------------------------------

/** Calls to a value of the same realm; they are serialized all the same. @implements {Channel} */
class LocalChannel {
  disposed = false;

  /** @param {any} target */
  constructor(target) {
    this.target = target;
  }

  /** @param {string[]} path @param {Uint8Array | undefined} args */
  async call(path, args) {
    if (this.disposed) throw new Error("RPC stub used after being disposed.");
    // The method starts in a turn of its own, as it would behind a wire.
    await undefined;
    try {
      return encodeMessage(await invoke({ target: this.target, kind: "value" }, path, args));
    } catch (error) {
      throw markRemote(error);
    }
  }
}

/**
 * A stub of a plain object, a function or an RpcTarget of this realm.
 *
 * Differs: it cannot be passed on over RPC yet, and a stub of a function is not callable by itself.
 *
 * Source: https://developers.cloudflare.com/workers/runtime-apis/rpc/
 */
export class RpcStub extends RemoteObject {
  #local;

  /** @param {any} target */
  constructor(target) {
    if (!isReceiver(target)) throw new TypeError("RpcStubs can only wrap plain objects, functions, and RpcTarget derivatives.");
    const local = new LocalChannel(target);
    super(local);
    this.#local = local;
  }

  /** Another stub of the same target, with a life of its own. */
  dup() {
    if (this.#local.disposed) throw new Error("RPC stub used after being disposed.");
    return new RpcStub(this.#local.target);
  }

  [Symbol.dispose]() {
    this.#local.disposed = true;
  }
}

registerPlatformClass(RpcStub, {
  outsideRpc: "RpcStub cannot be serialized in this context.",
  forRpc: "Passing stubs over RPC is not supported.",
});

