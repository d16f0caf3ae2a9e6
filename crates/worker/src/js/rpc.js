/**
 * The calling end of RPC (reference 10): stubs, RpcProperty and RpcPromise.
 *
 * A stub of a service or object is an ordinary object whose prototype chain ends in one shared Proxy, so `id`, `name` and
 * `fetch` are found without it and only unknown names reach its trap. RpcStub, RpcProperty and RpcPromise must be callable,
 * so each is a Proxy with a handler of its own. Where a call goes is a Channel's business (namespace.js, service.js,
 * capability-channel.js, restored-channel.js).
 *
 * Pipelining happens here: what goes on from a call waits for its result and continues on the stub it finds there. A
 * result's functions and targets are stubs already, so the second call is as remote as the first, in the same order.
 *
 * @module
 */

import { CapabilityChannel } from "stated:capability-channel";
import { dataCloneError, malformed } from "stated:clone-errors";
import { registerPlatformClass, standsFor } from "stated:platform-classes";
import { channelOf, RemoteObject, rememberChannel } from "stated:rpc-channel";
import { RestoredChannel } from "stated:restored-channel";
import { exportTarget } from "stated:rpc-export";
import { decodeResult, defineReceiving, discard, encodeArguments, TARGET } from "stated:rpc-message";
import { isReceiver, memberOf, notAFunction } from "stated:rpc-path";
import { flag, STORABLE } from "stated:settings";
import { badArgument, badConstructorArgument, illegalConstructor, illegalInvocation } from "stated:webidl";
import { HOST_STUB } from "stated:wire-format";
import { ops } from "stated:host";

/** @typedef {import("stated:rpc-channel").Channel} Channel */
/** @typedef {import("stated:rpc-channel").SentMessage} SentMessage */

/** A path may have this many names beyond the first (reference 10.1). */
const PATH_LENGTH_MAX = 64;

// --- stubs that are objects -------------------------------------------------------------------------------------------

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
    const channel = channelOf(receiver);
    // A stub must be returnable from an async function, so it is never a thenable.
    if (channel === undefined || key === "then" || isIndex(key)) return undefined;
    if (!flag("rpc")) return rpcUnavailable(key);
    return newProperty(channel, undefined, [key]);
  },
  has: (_target, key) => typeof key === "string" && key !== "then" && !isIndex(key) && flag("rpc") || key in Object.prototype,
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

  /** Disposes the result, too. What was called before goes on. */
  [Symbol.dispose]() {
    behind(this, RpcPromise).dispose();
  }
}

const propertyTexts = { name: "RpcProperty" };
const promiseTexts = { name: "RpcPromise" };
registerPlatformClass(RpcProperty, propertyTexts);
registerPlatformClass(RpcPromise, promiseTexts);
Object.defineProperty(RpcProperty.prototype, Symbol.toStringTag, { value: "JsRpcProperty", configurable: true });
Object.defineProperty(RpcPromise.prototype, Symbol.toStringTag, { value: "JsRpcPromise", configurable: true });

/**
 * The handler that was asked for this last. It is how a method finds what stands behind its `this`: nothing is kept per stub
 * for that, and a program that learns of the symbol gets nothing by it.
 */
const BEHIND = Symbol("handler");
/** @type {Remote | undefined} */
let lastAsked;
/** What a method of a promise was looked up on last, which is asked for nothing again. @type {unknown} */
let lastLookedAt;

/** @param {any} self @param {Function} Class @returns {any} */
function behind(self, Class) {
  if (self !== lastLookedAt || typeof self !== "function") {
    lastAsked = undefined;
    if (typeof self === "function") void self[BEHIND];
  }
  const remote = /** @type {Remote | undefined} */ (lastAsked);
  lastAsked = lastLookedAt = undefined;
  if (remote?.prototype() !== Class.prototype) throw illegalInvocation();
  return remote;
}

for (const [Class, name] of /** @type {const} */ ([[RpcProperty, "JsRpcProperty"], [RpcPromise, "JsRpcPromise"]])) {
  /** @param {string} method @param {unknown[]} handlers */
  const check = (method, handlers) => {
    if (typeof handlers[0] !== "function") throw badArgument(name, method, 1, "Function");
  };
  Object.defineProperties(Class.prototype, Object.getOwnPropertyDescriptors({
    /** @param {any[]} handlers */
    then(...handlers) {
      const remote = behind(this, Class);
      check("then", handlers);
      if (handlers[1] !== undefined && typeof handlers[1] !== "function") throw badArgument(name, "then", 2, "Function");
      return remote.value().then(handlers[0], handlers[1]);
    },
    /** @param {any[]} handlers */
    catch(...handlers) {
      const remote = behind(this, Class);
      check("catch", handlers);
      return remote.value().catch(handlers[0]);
    },
    /** @param {any[]} handlers */
    finally(...handlers) {
      const remote = behind(this, Class);
      check("finally", handlers);
      return remote.value().finally(handlers[0]);
    },
  }));
}

/** Whether a name is that of an element, which nothing remote has. @param {string} name */
function isIndex(name) {
  const first = name.charCodeAt(0);
  return first >= 48 && first <= 57 && `${Number(name) >>> 0}` === name && name !== "4294967295";
}

/** All Proxies share this target; what they are is in their handlers. */
const callable = () => undefined;

const ignore = () => undefined;

/**
 * A handler that says what a thenable with remote members is. `path` goes on from the channel's target, or, when there is
 * `from`, from the result of that call.
 */
class Remote {
  /** @type {Record<string | symbol, unknown> | undefined} what the program has added */ own = undefined;

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

  /** @param {unknown} _target @param {string | symbol} key @param {unknown} self */
  get(_target, key, self) {
    const { own } = this;
    return own !== undefined && Object.hasOwn(own, key) ? own[key] : this.lookUp(key, self);
  }

  /** @param {string | symbol} key @param {unknown} self @returns {any} */
  lookUp(key, self) {
    const prototype = this.prototype();
    if (key in prototype) {
      lastAsked = this;
      lastLookedAt = self;
      return prototype[key];
    }
    if (key === BEHIND) lastAsked = this;
    return typeof key === "symbol" || isIndex(key) ? undefined : this.member(key);
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

  getPrototypeOf() {
    return this.prototype();
  }

  /** @param {unknown} _target @param {string | symbol} key */
  has(_target, key) {
    return key in this.prototype() || (typeof key === "string" && !isIndex(key)) || this.owns(key);
  }

  /** @param {string | symbol} key */
  owns(key) {
    return this.own !== undefined && Object.hasOwn(this.own, key);
  }

  /** @param {unknown} _target @param {string | symbol} key @param {unknown} value */
  set(_target, key, value) {
    this.own ??= Object.create(null);
    return Reflect.set(/** @type {object} */ (this.own), key, value);
  }

  /** @param {unknown} _target @param {string | symbol} key @param {PropertyDescriptor} descriptor */
  defineProperty(_target, key, descriptor) {
    // No Proxy may have a property that is fixed unless its target has it, and all have the same target.
    if (descriptor.configurable === false) return false;
    this.own ??= Object.create(null);
    return Reflect.defineProperty(/** @type {object} */ (this.own), key, { ...descriptor, configurable: true });
  }

  /** @param {unknown} _target @param {string | symbol} key */
  deleteProperty(_target, key) {
    return this.own === undefined || Reflect.deleteProperty(this.own, key);
  }

  setPrototypeOf() {
    return false;
  }

  preventExtensions() {
    return false;
  }

  ownKeys() {
    return this.own === undefined ? [] : Reflect.ownKeys(this.own);
  }

  /** @param {unknown} _target @param {string | symbol} key */
  getOwnPropertyDescriptor(_target, key) {
    return this.own === undefined ? undefined : Reflect.getOwnPropertyDescriptor(this.own, key);
  }

  get [standsFor]() {
    return propertyTexts;
  }
}

/** A call that is on its way, and the handler of its RpcPromise. */
class RemoteCall extends Remote {
  /** @type {Promise<any>} */ result;
  /** @type {any} the result, once there is one */ answer = undefined;
  hasAnswer = false;
  disposed = false;
  contextId = ops.contextId();

  /**
   * @param {Channel} channel
   * @param {RemoteCall | undefined} from
   * @param {string[]} path
   * @param {unknown[]} args
   */
  constructor(channel, from, path, args) {
    super(channel, from, path);
    this.result = call(channel, from, path, args);
    this.result.then((answer) => {
      this.answer = answer;
      this.hasAnswer = true;
    }, ignore); // A call whose promise the program drops may fail unseen.
  }

  /** @param {unknown} _target @param {unknown} _self @param {unknown[]} args */
  apply(_target, _self, args) {
    return newPromise(new RemoteCall(this.channel, this, [], args));
  }

  /** @param {string} key */
  member(key) {
    return newProperty(this.channel, this, [key]);
  }

  value() {
    return this.result;
  }

  /** Throws where nothing may go on from it. */
  checkUsable() {
    if (this.disposed) throw new Error("RPC promise used after being disposed.");
    ops.checkContext(this.contextId, "JsRpcPromise");
  }

  prototype() {
    return RpcPromise.prototype;
  }

  /** Disposes the result, too. What was called before goes on. */
  dispose() {
    if (this.disposed) return;
    this.disposed = true;
    if (this.hasAnswer) this.answer?.[Symbol.dispose]?.();
    else this.result.then((answer) => answer?.[Symbol.dispose]?.()).catch(ignore);
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
    from?.checkUsable();
    const message = encodeArguments(args);
    if (from === undefined) return send(channel, path, message);
    // The arguments are taken now; the call waits for the result it goes on from.
    return from.result.then((value) => callOnResult(channel, value, path, message), (error) => {
      discard(message);
      throw error;
    });
  } catch (error) {
    return Promise.reject(error);
  }
}

/** @param {Channel} channel @param {string[]} path @param {SentMessage} message */
function send(channel, path, message) {
  try {
    return channel.call(path, message).then(decodeResult);
  } catch (error) {
    discard(message);
    throw error;
  }
}

/**
 * @param {Channel} channel
 * @param {RemoteCall | undefined} from
 * @param {string[]} path
 * @returns {Promise<any>}
 */
function read(channel, from, path) {
  try {
    if (from === undefined) return channel.call(path, undefined).then(decodeResult);
    from.checkUsable();
    return from.result.then((value) => readOnResult(channel, value, path));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** @param {Channel} origin @param {any} result @param {string[]} path @param {SentMessage} message */
function callOnResult(origin, result, path, message) {
  try {
    const found = walk(origin, result, path);
    if (found.channel !== undefined) return send(found.channel, found.rest, message);
    throw asRemote(notAFunction(path), origin);
  } catch (error) {
    discard(message);
    throw error;
  }
}

/** @param {Channel} origin @param {any} result @param {string[]} path */
function readOnResult(origin, result, path) {
  const { value, channel, rest } = walk(origin, result, path);
  if (channel === undefined) return value;
  // A stub that is part of a result is disposed with it; whoever reads it alone gets one to keep.
  if (rest.length === 0) return typeof value === "function" ? value.dup() : value;
  return channel.call(rest, undefined).then(decodeResult);
}

/**
 * Follows a path into a result, up to its end or to the first stub.
 *
 * The errors are those of the callee, where Workers follows the path.
 *
 * @param {Channel} origin of the call that gave the result
 * @param {any} result
 * @param {string[]} path
 * @returns {{ value: any, channel: Channel | undefined, rest: string[] }}
 */
function walk(origin, result, path) {
  let value = result;
  for (let i = 0; i < path.length; i++) {
    const channel = channelOf(value);
    if (channel !== undefined) return { value, channel, rest: path.slice(i) };
    try {
      value = memberOf(value, path, i);
    } catch (error) {
      throw asRemote(error, origin);
    }
  }
  return { value, channel: channelOf(value), rest: [] };
}

/** @param {any} error @param {Channel} origin */
function asRemote(error, origin) {
  if (typeof error === "object" && error !== null) {
    error.remote = true;
    if (origin.objectId !== undefined) error.durableObjectId = origin.objectId;
  }
  return error;
}

// --- RpcStub ----------------------------------------------------------------------------------------------------------

/** The class of what stands for a function, an RpcTarget or a plain object elsewhere. */
export class RpcStub {
  /**
   * Makes a stub of a value of this realm; calls to it are serialized all the same.
   *
   * @param {any} target
   *
   * Source: https://developers.cloudflare.com/workers/runtime-apis/rpc/
   */
  constructor(target) {
    if ((typeof target !== "object" && typeof target !== "function") || target === null) {
      throw badConstructorArgument("JsRpcStub", 1, "Object");
    }
    if (!isReceiver(target)) throw new TypeError("RpcStubs can only wrap plain objects, functions, and RpcTarget derivatives.");
    return newStub(new CapabilityChannel(exportTarget(target)));
  }

  /** Another stub of the same target, with a life of its own. */
  dup() {
    return newStub(stubChannel(this).duplicate());
  }

  [Symbol.dispose]() {
    stubChannel(this).dispose();
  }
}

/** @param {unknown} stub @returns {CapabilityChannel | RestoredChannel} */
function stubChannel(stub) {
  const channel = channelOf(stub);
  if (channel instanceof CapabilityChannel || channel instanceof RestoredChannel) return channel;
  throw illegalInvocation();
}

const NOT_PERSISTENT = "RpcStub cannot be serialized in this context because it is not a persistent stub.";
const stubTexts = { name: "RpcStub", outsideRpc: "RpcStub cannot be serialized in this context.", pass: passStub, isStorable: true };
registerPlatformClass(RpcStub, stubTexts);
Object.defineProperty(RpcStub.prototype, Symbol.toStringTag, { value: "JsRpcStub", configurable: true });

/** The handler of a stub. */
class StubHandler extends Remote {
  /** @param {Channel} channel */
  constructor(channel) {
    super(channel, undefined, []);
  }

  /** @param {string | symbol} key @param {unknown} self */
  lookUp(key, self) {
    // A stub must be returnable from an async function, so it is never a thenable.
    return key === "then" ? undefined : super.lookUp(key, self);
  }

  /** @param {unknown} target @param {string | symbol} key */
  has(target, key) {
    return key === "then" ? this.owns(key) : super.has(target, key);
  }

  prototype() {
    return RpcStub.prototype;
  }

  get [standsFor]() {
    return stubTexts;
  }
}

/** @param {CapabilityChannel | RestoredChannel} channel @returns {any} */
export function newStub(channel) {
  const stub = new Proxy(callable, new StubHandler(channel));
  rememberChannel(stub, channel);
  if (channel instanceof CapabilityChannel) watch(stub, channel);
  return stub;
}

/** Stubs that are watched at a time: some are enough to tell the program once. */
const WATCHED_MAX = 1000;
const NOT_DISPOSED = "An RPC stub was not disposed properly. You must call dispose() on all stubs in order to let the other "
  + "side know that you are no longer using them. You cannot rely on the garbage collector for this because it may take "
  + "arbitrarily long before actually collecting unreachable objects. As a shortcut, calling dispose() on the result of an RPC "
  + "call disposes all stubs within it.";

let watched = 0;
let hasWarned = false;

const garbage = new FinalizationRegistry((/** @type {CapabilityChannel} */ channel) => {
  watched--;
  if (hasWarned || !channel.isHeld) return;
  hasWarned = true;
  ops.log(3, NOT_DISPOSED);
});

/** @param {object} stub @param {CapabilityChannel} channel */
function watch(stub, channel) {
  if (hasWarned || watched === WATCHED_MAX) return;
  watched++;
  garbage.register(stub, channel);
}

/**
 * @param {import("stated:wire-writer").Writer} writer
 * @param {import("stated:rpc-message").OutgoingMessage} message
 * @param {any} stub
 */
function passStub(writer, message, stub) {
  const channel = stubChannel(stub);
  if (channel instanceof RestoredChannel && !channel.isDisposed) {
    channel.pass(writer, message);
    return;
  }
  if (message.use === "stored") throw dataCloneError(NOT_PERSISTENT);
  if (message.use === "kept") throw dataCloneError(flag(STORABLE) ? NOT_PERSISTENT : stubTexts.outsideRpc);
  writer.writeVarint(HOST_STUB);
  writer.writeVarint(message.refer(() => channel.reference(message.keepsStubs)));
}

defineReceiving(HOST_STUB, (reader, message) => {
  const capability = message.capability(reader.readVarint(), TARGET);
  if (capability === 0) throw malformed();
  const channel = new CapabilityChannel(capability);
  message.owns(channel);
  return newStub(channel);
});
