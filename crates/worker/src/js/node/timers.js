/**
 * `node:timers`: timers that are objects.
 *
 * A timer dies with the event or the object that started it, so `ref` and `unref` only keep what they say. Delays are those of
 * the global functions, as on Workers: 0 is 0, so that such a timer and an immediate run in the order in which they were set, and
 * what is longer than Node's 25 days is as long as it says.
 *
 * @module
 */

import { checkFunction, invalidArgType, outOfRange } from "stated:node-support/errors";
import * as host from "stated:timers";
import promises from "stated:node/timers/promises";

/** A timer. */
export class Timeout {
  #start;
  #stop;
  /** @type {number} */ #id;
  #referenced = true;

  /** @param {() => number} start @param {(id: number) => void} stop */
  constructor(start, stop) {
    this.#start = start;
    this.#stop = stop;
    this.#id = start();
  }

  /** Starts again from now. */
  refresh() {
    this.#stop(this.#id);
    this.#id = this.#start();
    return this;
  }

  close() {
    this.#stop(this.#id);
    return this;
  }

  ref() {
    this.#referenced = true;
    return this;
  }

  unref() {
    this.#referenced = false;
    return this;
  }

  hasRef() {
    return this.#referenced;
  }

  [Symbol.toPrimitive]() {
    return this.#id;
  }

  [Symbol.dispose]() {
    this.close();
  }
}

/** A function that runs after the current one and its promises. */
export class Immediate {
  #id;
  #referenced = true;

  /** @param {Function} callback @param {unknown[]} args */
  constructor(callback, args) {
    this.#id = host.setTimeout((/** @type {any[]} */ ...given) => {
      this.#referenced = false;
      callback.apply(globalThis, given);
    }, 0, ...args);
  }

  ref() {
    this.#referenced = true;
    return this;
  }

  unref() {
    this.#referenced = false;
    return this;
  }

  hasRef() {
    return this.#referenced;
  }

  [Symbol.toPrimitive]() {
    return this.#id;
  }

  [Symbol.dispose]() {
    clearImmediate(this);
  }
}

/** @param {any} callback @param {any} [delay] @param {...any} args @returns {any} */
export function setTimeout(callback, delay = undefined, ...args) {
  checkFunction("callback", callback);
  return new Timeout(() => host.setTimeout(callback, delay, ...args), host.clearTimeout);
}

/** @param {any} callback @param {any} [delay] @param {...any} args @returns {any} */
export function setInterval(callback, delay = undefined, ...args) {
  checkFunction("callback", callback);
  return new Timeout(() => host.setInterval(callback, delay, ...args), host.clearInterval);
}

/** @param {any} callback @param {...any} args @returns {any} */
export function setImmediate(callback, ...args) {
  checkFunction("callback", callback);
  return new Immediate(callback, args);
}

/** @param {any} timer a Timeout, or its number */
function clear(timer) {
  if (timer !== undefined && timer !== null && typeof timer !== "symbol") host.clearTimeout(Number(timer));
}

/** @param {any} [timer] */
export function clearTimeout(timer = undefined) {
  clear(timer);
}

/** @param {any} [timer] */
export function clearInterval(timer = undefined) {
  clear(timer);
}

/** @param {any} [immediate] */
export function clearImmediate(immediate = undefined) {
  if (immediate instanceof Immediate) immediate.unref();
  clear(immediate);
}

/** The timers of items that `enroll` knows. @type {WeakMap<object, Timeout>} */
const itemTimers = new WeakMap();

/** Says when the timer of an object ends; the old way of writing timers. @param {any} item @param {any} msecs */
export function enroll(item, msecs) {
  if (typeof msecs !== "number") throw invalidArgType("msecs", "of type number", msecs);
  if (msecs < 0 || !Number.isFinite(msecs)) throw outOfRange("msecs", "a non-negative finite number", msecs);
  unenroll(item);
  item._idleTimeout = Math.min(msecs, 2 ** 31 - 1);
}

/** @param {any} item */
export function unenroll(item) {
  itemTimers.get(item)?.close();
  itemTimers.delete(item);
  item._idleTimeout = -1;
}

/** Starts the timer of an object again; its method `_onTimeout` is called in the end. @param {any} item */
export function active(item) {
  itemTimers.get(item)?.close();
  if (!(item._idleTimeout >= 0)) return;
  itemTimers.set(item, setTimeout(() => {
    itemTimers.delete(item);
    item._onTimeout?.();
  }, item._idleTimeout));
}

const custom = Symbol.for("nodejs.util.promisify.custom");
Object.defineProperty(setTimeout, custom, { enumerable: true, get: () => promises.setTimeout });
Object.defineProperty(setImmediate, custom, { enumerable: true, get: () => promises.setImmediate });

export { promises };
export default {
  active, clearImmediate, clearInterval, clearTimeout, enroll, promises, setImmediate, setInterval, setTimeout, unenroll,
};
