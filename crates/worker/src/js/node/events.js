/**
 * `node:events`.
 *
 * A listener runs in the async context of the code that emits; EventEmitterAsyncResource is the one that keeps its own.
 *
 * @module
 */

import { contextResource } from "stated:node-support/async-resource";
import { abortError, checkBoolean, checkFunction, checkSignal, invalidArgType, nodeError, outOfRange } from "stated:node-support/errors";
import { nextTick } from "stated:node-support/next-tick";
import { warn } from "stated:node-support/warning";
import { inspect } from "stated:inspect";

/** @typedef {string | symbol} EventName */
/** @typedef {Function & { listener?: Function }} Listener */

export const errorMonitor = Symbol("events.errorMonitor");
export const captureRejectionSymbol = Symbol.for("nodejs.rejection");
/** Where an EventTarget has its number of listeners, and whether a warning was given. */
export const kMaxEventTargetListeners = Symbol("events.maxEventTargetListeners");
export const kMaxEventTargetListenersWarned = Symbol("events.maxEventTargetListenersWarned");
const captures = Symbol("kCapture");

let listenersMax = 10;
let capturesByDefault = false;

/** @param {unknown} value @param {string} name */
function checkListenersMax(value, name) {
  if (typeof value !== "number") throw invalidArgType(name, "of type number", value);
  if (!(value >= 0)) throw outOfRange(name, "a non-negative number", value);
}

/**
 * The emitter. A function and no class, because old packages call it on their own objects.
 *
 * @this {any}
 * @param {{ captureRejections?: boolean }} [options]
 */
export function EventEmitter(options = undefined) {
  EventEmitter.init.call(this, options);
}

/** @type {any} */
const proto = EventEmitter.prototype;
proto._events = undefined;
proto._eventsCount = 0;
proto._maxListeners = undefined;

/** @this {any} @param {any} options */
EventEmitter.init = function init(options) {
  if (this._events === undefined || this._events === Object.getPrototypeOf(this)._events) {
    this._events = Object.create(null);
    this._eventsCount = 0;
  }
  this._maxListeners ??= undefined;
  if (options?.captureRejections) checkBoolean("options.captureRejections", options.captureRejections);
  this[captures] = options?.captureRejections || capturesByDefault;
};

/** @param {any} emitter @param {EventName} name @returns {Listener[]} */
function listenersOf(emitter, name) {
  const found = emitter._events?.[name];
  if (found === undefined) return [];
  return typeof found === "function" ? [found] : found;
}

/** @param {any} emitter @param {EventName} name @param {Listener[]} listeners */
function setListeners(emitter, name, listeners) {
  emitter._events ??= Object.create(null);
  const had = emitter._events[name] !== undefined;
  if (listeners.length === 0) {
    if (had) emitter._eventsCount--;
    delete emitter._events[name];
    return;
  }
  if (!had) emitter._eventsCount++;
  // One listener is kept bare: streams and others look at `_events` themselves.
  emitter._events[name] = listeners.length === 1 ? listeners[0] : listeners;
}

/** @param {any} emitter @param {EventName} name @param {Listener} listener @param {"last" | "first"} place */
function add(emitter, name, listener, place) {
  checkFunction("listener", listener.listener ?? listener);
  emitter._events ??= Object.create(null);
  if (emitter._events.newListener !== undefined) emitter.emit("newListener", name, listener.listener ?? listener);
  const before = emitter._events[name];
  if (before === undefined) setListeners(emitter, name, [listener]);
  else if (typeof before === "function") setListeners(emitter, name, place === "last" ? [before, listener] : [listener, before]);
  else if (place === "last") before.push(listener);
  else before.unshift(listener);
  warnOfLeak(emitter, name, listenersOf(emitter, name).length);
  return emitter;
}

/** @param {any} emitter @param {EventName} name @param {number} count */
function warnOfLeak(emitter, name, count) {
  const max = emitter.getMaxListeners?.() ?? listenersMax;
  if (max === 0 || count !== max + 1) return;
  const warning = new Error(`Possible EventEmitter memory leak detected. ${count} ${String(name)} listeners added to ${inspect(emitter, { depth: -1 })}. `
    + `MaxListeners is ${max}. Use emitter.setMaxListeners() to increase limit`);
  warn(Object.assign(warning, { name: "MaxListenersExceededWarning", emitter, type: name, count }));
}

/** @param {any} emitter @param {EventName} name @param {Function} listener @returns {Listener} */
function onceListener(emitter, name, listener) {
  checkFunction("listener", listener);
  let fired = false;
  /** @type {Listener} */
  const wrapper = (/** @type {unknown[]} */ ...args) => {
    if (fired) return undefined;
    fired = true;
    emitter.removeListener(name, wrapper);
    return listener.apply(emitter, args);
  };
  wrapper.listener = listener;
  return wrapper;
}

/** @param {any} emitter @param {any[]} args */
function emitError(emitter, args) {
  if (emitter._events?.[errorMonitor] !== undefined) emitter.emit(errorMonitor, ...args);
  if (emitter._events?.error !== undefined) return;
  const [error] = args;
  if (error instanceof Error) throw error;
  const unhandled = nodeError(Error, "ERR_UNHANDLED_ERROR", `Unhandled error. (${typeof error === "string" ? `'${error}'` : inspect(error)})`);
  unhandled.context = error;
  throw unhandled;
}

/** @param {any} emitter @param {EventName} name @param {any} result @param {any[]} args */
function captureRejection(emitter, name, result, args) {
  if (typeof result?.then !== "function") return;
  result.then(undefined, (/** @type {any} */ error) => {
    nextTick(() => {
      if (typeof emitter[captureRejectionSymbol] === "function") emitter[captureRejectionSymbol](error, name, ...args);
      else emitter.emit("error", error);
    });
  });
}

const methods = {
  /** @this {any} @param {number} count */
  setMaxListeners(count) {
    checkListenersMax(count, "n");
    this._maxListeners = count;
    return this;
  },
  /** @this {any} */
  getMaxListeners() {
    return this._maxListeners ?? listenersMax;
  },
  /** @this {any} @param {EventName} name @param {...any} args @returns {boolean} whether anyone listened */
  emit(name, ...args) {
    if (name === "error") emitError(this, args);
    const found = listenersOf(this, name);
    // A copy, because a listener may add and remove others.
    const listeners = found.length > 1 ? found.slice() : found;
    for (const listener of listeners) {
      const result = Reflect.apply(listener, this, args);
      if (result !== undefined && this[captures]) captureRejection(this, name, result, args);
    }
    return listeners.length > 0;
  },
  /** @this {any} @param {EventName} name @param {Listener} listener */
  addListener(name, listener) {
    checkFunction("listener", listener);
    return add(this, name, listener, "last");
  },
  /** @this {any} @param {EventName} name @param {Listener} listener */
  on(name, listener) {
    checkFunction("listener", listener);
    return add(this, name, listener, "last");
  },
  /** @this {any} @param {EventName} name @param {Listener} listener */
  prependListener(name, listener) {
    checkFunction("listener", listener);
    return add(this, name, listener, "first");
  },
  /** @this {any} @param {EventName} name @param {Listener} listener */
  once(name, listener) {
    // By the method: a Readable that gets a listener for data begins to flow.
    return this.on(name, onceListener(this, name, listener));
  },
  /** @this {any} @param {EventName} name @param {Listener} listener */
  prependOnceListener(name, listener) {
    return this.prependListener(name, onceListener(this, name, listener));
  },
  /** @this {any} @param {EventName} name @param {Listener} listener */
  removeListener(name, listener) {
    checkFunction("listener", listener);
    const listeners = listenersOf(this, name);
    const index = listeners.findLastIndex((candidate) => candidate === listener || candidate.listener === listener);
    if (index === -1) return this;
    const [removed] = listeners.splice(index, 1);
    if (listeners.length < 2) setListeners(this, name, listeners);
    if (this._events.removeListener !== undefined) this.emit("removeListener", name, removed.listener ?? listener);
    return this;
  },
  /** @this {any} @param {EventName} name @param {Listener} listener */
  off(name, listener) {
    return this.removeListener(name, listener);
  },
  /** @this {any} @param {EventName} [name] */
  removeAllListeners(name = undefined) {
    if (this._events === undefined) return this;
    if (this._events.removeListener !== undefined) {
      const names = arguments.length === 0 ? Reflect.ownKeys(this._events).filter((key) => key !== "removeListener") : [name];
      for (const each of names) {
        const key = /** @type {EventName} */ (each);
        for (const listener of [...listenersOf(this, key)].reverse()) this.removeListener(key, listener);
      }
      if (arguments.length > 0) return this;
    }
    if (arguments.length > 0) setListeners(this, /** @type {EventName} */ (name), []);
    else {
      this._events = Object.create(null);
      this._eventsCount = 0;
    }
    return this;
  },
  /** @this {any} @param {EventName} name */
  listeners(name) {
    return listenersOf(this, name).map((listener) => listener.listener ?? listener);
  },
  /** @this {any} @param {EventName} name */
  rawListeners(name) {
    return [...listenersOf(this, name)];
  },
  /** @this {any} @param {EventName} name @param {Function} [listener] */
  listenerCount(name, listener = undefined) {
    const listeners = listenersOf(this, name);
    if (listener === undefined) return listeners.length;
    return listeners.filter((candidate) => candidate === listener || candidate.listener === listener).length;
  },
  /** @this {any} @returns {EventName[]} */
  eventNames() {
    return this._eventsCount > 0 ? Reflect.ownKeys(this._events) : [];
  },
};
for (const [name, value] of Object.entries(methods)) proto[name] = value;

/** @param {any} target @returns {boolean} */
function isEventTarget(target) {
  return typeof target?.addEventListener === "function";
}

/** @param {any} target @param {any} name @param {any} listener @param {any} [flags] */
function listen(target, name, listener, flags = undefined) {
  if (typeof target?.on === "function") {
    if (flags?.once) target.once(name, listener);
    else target.on(name, listener);
  } else if (isEventTarget(target)) target.addEventListener(name, listener, flags);
  else throw invalidArgType("emitter", "an instance of EventEmitter", target);
}

/** @param {any} target @param {any} name @param {any} listener */
function unlisten(target, name, listener) {
  if (typeof target?.removeListener === "function") target.removeListener(name, listener);
  else target.removeEventListener(name, listener);
}

/**
 * A promise of the next event's arguments. An event "error" before it rejects.
 *
 * @param {any} emitter
 * @param {EventName} name
 * @param {{ signal?: any }} [options]
 * @returns {Promise<any[]>}
 */
export async function once(emitter, name, options = undefined) {
  const signal = options?.signal;
  checkSignal("options.signal", signal);
  if (signal?.aborted) throw abortError(signal.reason);
  return new Promise((resolve, reject) => {
    const stop = () => {
      unlisten(emitter, name, arrived);
      if (!isEventTarget(emitter) && name !== "error") unlisten(emitter, "error", failed);
      signal?.removeEventListener("abort", aborted);
    };
    const arrived = (/** @type {any[]} */ ...args) => {
      stop();
      resolve(args);
    };
    const failed = (/** @type {unknown} */ error) => {
      stop();
      reject(error);
    };
    const aborted = () => failed(abortError(signal?.reason));
    listen(emitter, name, arrived, { once: true });
    if (!isEventTarget(emitter) && name !== "error") listen(emitter, "error", failed, { once: true });
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

/**
 * An async iterator of the arguments of every event.
 *
 * @param {any} emitter
 * @param {EventName} name
 * @param {{ signal?: any, close?: EventName[] }} [options]
 * @returns {any}
 */
export function on(emitter, name, options = undefined) {
  const signal = options?.signal;
  checkSignal("options.signal", signal);
  if (signal?.aborted) throw abortError(signal.reason);
  /** @type {any[][]} */
  const arrivedArgs = [];
  /** @type {{ resolve: (result: any) => void, reject: (error: unknown) => void }[]} */
  const waiting = [];
  /** @type {{ error: unknown } | undefined} */
  let failure;
  let finished = false;

  const arrived = (/** @type {any[]} */ ...args) => {
    const first = waiting.shift();
    if (first === undefined) arrivedArgs.push(args);
    else first.resolve({ value: args, done: false });
  };
  const failed = (/** @type {unknown} */ error) => {
    const first = waiting.shift();
    if (first === undefined) failure = { error };
    else first.reject(error);
    finish();
  };
  const aborted = () => failed(abortError(signal?.reason));
  const finish = () => {
    finished = true;
    unlisten(emitter, name, arrived);
    if (!isEventTarget(emitter) && name !== "error") unlisten(emitter, "error", failed);
    for (const event of options?.close ?? []) unlisten(emitter, event, finish);
    signal?.removeEventListener("abort", aborted);
    for (const { resolve } of waiting.splice(0)) resolve({ value: undefined, done: true });
    return Promise.resolve({ value: undefined, done: true });
  };

  listen(emitter, name, arrived);
  if (!isEventTarget(emitter) && name !== "error") listen(emitter, "error", failed);
  for (const event of options?.close ?? []) listen(emitter, event, finish);
  signal?.addEventListener("abort", aborted, { once: true });
  return {
    next() {
      const args = arrivedArgs.shift();
      if (args !== undefined) return Promise.resolve({ value: args, done: false });
      if (failure !== undefined) {
        const { error } = failure;
        failure = undefined;
        return Promise.reject(error);
      }
      if (finished) return Promise.resolve({ value: undefined, done: true });
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
      });
    },
    return: finish,
    /** @param {unknown} error */
    throw(error) {
      if (!(error instanceof Error)) throw invalidArgType("EventEmitter.AsyncIterator", "an instance of Error", error);
      failed(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** @param {any} emitter @param {EventName} name @returns {Function[]} */
export function getEventListeners(emitter, name) {
  if (typeof emitter?.listeners === "function") return emitter.listeners(name);
  if (isEventTarget(emitter)) return [];
  throw invalidArgType("emitter", "an instance of EventEmitter or EventTarget", emitter);
}

/** @param {any} emitter @returns {number} */
export function getMaxListeners(emitter) {
  if (typeof emitter?.getMaxListeners === "function") return emitter.getMaxListeners();
  if (isEventTarget(emitter)) return emitter[kMaxEventTargetListeners] ?? listenersMax;
  throw invalidArgType("emitter", "an instance of EventEmitter or EventTarget", emitter);
}

/** @param {number} [count] @param {...any} targets all emitters to come when there are none */
export function setMaxListeners(count = listenersMax, ...targets) {
  checkListenersMax(count, "setMaxListeners");
  if (targets.length === 0) listenersMax = count;
  for (const target of targets) {
    if (typeof target?.setMaxListeners === "function") target.setMaxListeners(count);
    else if (!isEventTarget(target)) throw invalidArgType("eventTargets", "an instance of EventEmitter or EventTarget", target);
    else Object.defineProperty(target, kMaxEventTargetListeners, { value: count, writable: true, configurable: true });
  }
}

/** @param {any} emitter @param {EventName} name @returns {number} */
export function listenerCount(emitter, name) {
  return typeof emitter.listenerCount === "function" ? emitter.listenerCount(name) : listenersOf(emitter, name).length;
}

/**
 * Calls a listener once when a signal is aborted, even if its propagation is stopped.
 *
 * @param {any} signal
 * @param {(event: any) => void} listener
 */
export function addAbortListener(signal, listener) {
  if (signal === undefined) throw invalidArgType("signal", "an instance of AbortSignal", signal);
  checkSignal("signal", signal);
  checkFunction("listener", listener);
  if (signal.aborted) nextTick(listener, undefined);
  else signal.addEventListener("abort", listener, { once: true });
  return {
    [Symbol.dispose]() {
      signal.removeEventListener("abort", listener);
    },
  };
}

/** An emitter whose listeners run in the async context in which it was made. */
export class EventEmitterAsyncResource extends /** @type {any} */ (EventEmitter) {
  #resource;

  /** @param {any} [options] */
  constructor(options = undefined) {
    super(typeof options === "object" ? options : undefined);
    this.#resource = contextResource();
  }

  /** @param {EventName} name @param {...any} args */
  emit(name, ...args) {
    return this.#resource(proto.emit, this, name, ...args);
  }

  get asyncId() {
    return 0;
  }

  get triggerAsyncId() {
    return 0;
  }

  get asyncResource() {
    return this;
  }

  emitDestroy() {}
}

Object.defineProperties(EventEmitter, {
  defaultMaxListeners: {
    enumerable: true,
    get: () => listenersMax,
    set(count) {
      checkListenersMax(count, "defaultMaxListeners");
      listenersMax = count;
    },
  },
  captureRejections: {
    enumerable: true,
    get: () => capturesByDefault,
    set(value) {
      if (typeof value !== "boolean") throw invalidArgType("EventEmitter.captureRejections", "of type boolean", value);
      capturesByDefault = value;
    },
  },
});
export const usingDomains = false;
export const captureRejections = false;
Object.assign(EventEmitter, {
  addAbortListener, captureRejectionSymbol, errorMonitor, EventEmitter, EventEmitterAsyncResource, getEventListeners,
  getMaxListeners, kMaxEventTargetListeners, kMaxEventTargetListenersWarned, listenerCount, on, once, setMaxListeners, usingDomains,
});
export const defaultMaxListeners = listenersMax;
export default EventEmitter;
