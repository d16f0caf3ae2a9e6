/**
 * `mock` of `node:test`: functions that remember their calls, and methods and timers that are replaced for a while.
 *
 * @module
 */

import { checkFunction, checkInteger, checkObject, invalidArgType, invalidArgValue } from "stated:node-support/errors";
import { MockTimers } from "stated:node-support/mock-timers";

/** @typedef {{ arguments: any[], error: any, result: any, stack: Error, target: any, this: any }} Call */

/** The method itself is called. */
const original = function () {};

/** @type {(context: MockFunctionContext, call: Call) => void} */
let addCall;
/** @type {(context: MockFunctionContext) => Function} */
let nextImplementation;

/** What is known of a mocked function: its property `mock`. Calls are kept until they are reset. */
export class MockFunctionContext {
  /** @type {Call[]} */ #calls = [];
  /** By number of the call. @type {Map<number, Function>} */ #once = new Map();
  #implementation;
  #restore;
  #times;

  /** @param {Function} implementation @param {() => void} restore @param {number} times calls after which the mock is restored */
  constructor(implementation, restore, times) {
    this.#implementation = implementation;
    this.#restore = restore;
    this.#times = times;
  }

  /** A copy. */
  get calls() {
    return this.#calls.slice();
  }

  callCount() {
    return this.#calls.length;
  }

  /** @param {any} implementation for all calls from now on */
  mockImplementation(implementation) {
    checkFunction("implementation", implementation);
    this.#implementation = implementation;
  }

  /** @param {any} implementation for one call @param {any} [onCall] its number, from 0; none is the next one */
  mockImplementationOnce(implementation, onCall = undefined) {
    checkFunction("implementation", implementation);
    const next = this.#calls.length;
    const call = onCall ?? next;
    checkInteger("onCall", call, next);
    this.#once.set(call, implementation);
  }

  resetCalls() {
    this.#calls = [];
  }

  /** Gives the object its method back, and a function its own implementation. */
  restore() {
    this.#restore?.();
  }

  static {
    addCall = (context, call) => context.#calls.push(call);
    nextImplementation = (context) => {
      const next = context.#calls.length;
      const implementation = context.#once.get(next) ?? context.#implementation;
      if (next + 1 === context.#times) context.restore();
      context.#once.delete(next);
      return implementation;
    };
  }
}

/** A function that behaves as the context says and looks like another. @param {MockFunctionContext} context @param {any} like @returns {any} */
function mocked(context, like) {
  return new Proxy(like, {
    apply(_target, self, args) {
      const call = { arguments: args, error: undefined, result: undefined, stack: new Error(), target: undefined, this: self };
      try {
        call.result = Reflect.apply(nextImplementation(context), self, args);
        return call.result;
      } catch (/** @type {any} */ error) {
        call.error = error;
        throw error;
      } finally {
        addCall(context, call);
      }
    },
    construct(target, args, newTarget) {
      /** @type {Call} */
      const call = { arguments: args, error: undefined, result: undefined, stack: new Error(), target, this: undefined };
      try {
        call.result = Reflect.construct(nextImplementation(context), args, newTarget);
        call.this = call.result;
        return call.result;
      } catch (error) {
        call.error = error;
        throw error;
      } finally {
        addCall(context, call);
      }
    },
    get: (target, property, receiver) => (property === "mock" ? context : Reflect.get(target, property, receiver)),
  });
}

/** @param {any} options */
function timesOf(options) {
  const { times = Infinity } = options;
  if (times !== Infinity) checkInteger("options.times", times, 1);
  return times;
}

/** Options may take the place of the implementation. @param {any} implementation @param {any} options */
function arranged(implementation, options) {
  return typeof implementation === "object" && implementation !== null ? [original, implementation] : [implementation, options];
}

/** Makes mocks and can take them all back. */
export class MockTracker {
  /** @type {MockFunctionContext[]} */ #mocks = [];
  /** @type {MockTimers | undefined} */ #timers;

  /** Timers and a clock that the program moves. */
  get timers() {
    return this.#timers ??= new MockTimers();
  }

  /** @param {any} [like] whose name and length it has @param {any} [implementation] @param {any} [options] `times` */
  fn(like = function () {}, implementation = like, options = {}) {
    if (typeof like === "object" && like !== null) {
      options = like;
      like = function () {};
      implementation = like;
    } else if (typeof implementation === "object" && implementation !== null) {
      options = implementation;
      implementation = like;
    }
    checkFunction("original", like);
    checkFunction("implementation", implementation);
    checkObject("options", options);
    /** @type {MockFunctionContext} */
    const context = new MockFunctionContext(implementation, () => context.mockImplementation(like), timesOf(options));
    this.#mocks.push(context);
    return mocked(context, like);
  }

  /**
   * Replaces a method, or with the options `getter` and `setter` half of an accessor.
   *
   * @param {any} object
   * @param {any} name
   * @param {any} [implementation] none calls the method itself
   * @param {any} [options]
   */
  method(object, name, implementation = original, options = {}) {
    if (typeof name !== "string" && typeof name !== "symbol") throw invalidArgType("methodName", "one of type string or symbol", name);
    if (typeof object !== "function") checkObject("object", object);
    [implementation, options] = arranged(implementation, options);
    checkFunction("implementation", implementation);
    checkObject("options", options);
    const { getter = false, setter = false } = options;
    if (typeof getter !== "boolean") throw invalidArgType("options.getter", "of type boolean", getter);
    if (typeof setter !== "boolean") throw invalidArgType("options.setter", "of type boolean", setter);
    const times = timesOf(options);
    if (getter && setter) throw invalidArgValue("options.setter", setter, "cannot be used with 'options.getter'");
    const descriptor = descriptorIn(object, name);
    const method = getter ? descriptor?.get : setter ? descriptor?.set : descriptor?.value;
    if (descriptor === undefined || typeof method !== "function") throw invalidArgValue("methodName", method, "must be a method");
    const { configurable, enumerable } = descriptor;
    const context = new MockFunctionContext(implementation === original ? method : implementation,
      () => Object.defineProperty(object, name, descriptor), times);
    const mock = mocked(context, method);
    Object.defineProperty(object, name, getter || setter
      ? { configurable, enumerable, get: getter ? mock : descriptor.get, set: setter ? mock : descriptor.set }
      : { configurable, enumerable, writable: descriptor.writable, value: mock });
    this.#mocks.push(context);
    return mock;
  }

  /** @param {any} object @param {any} name @param {any} [implementation] @param {any} [options] */
  getter(object, name, implementation = original, options = {}) {
    [implementation, options] = arranged(implementation, options);
    if (options?.getter === false) throw invalidArgValue("options.getter", false, "cannot be false");
    return this.method(object, name, implementation, { ...options, getter: true });
  }

  /** @param {any} object @param {any} name @param {any} [implementation] @param {any} [options] */
  setter(object, name, implementation = original, options = {}) {
    [implementation, options] = arranged(implementation, options);
    if (options?.setter === false) throw invalidArgValue("options.setter", false, "cannot be false");
    return this.method(object, name, implementation, { ...options, setter: true });
  }

  /** Takes all mocks back and forgets them. */
  reset() {
    this.restoreAll();
    this.#timers?.reset();
    this.#mocks = [];
  }

  /** Takes all mocks back; they can be taken back again. */
  restoreAll() {
    for (const context of this.#mocks) context.restore();
  }
}

/** Of the object or what it inherits from. @param {any} object @param {PropertyKey} name */
function descriptorIn(object, name) {
  for (let host = object; host !== null; host = Object.getPrototypeOf(host)) {
    const descriptor = Object.getOwnPropertyDescriptor(host, name);
    if (descriptor !== undefined) return descriptor;
  }
  return undefined;
}
