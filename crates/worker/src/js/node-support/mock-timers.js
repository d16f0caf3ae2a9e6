/**
 * `mock.timers` of `node:test`: timers and a clock that stand still until the program moves them.
 *
 * While they are enabled, the functions of the global scope and the members of `node:timers` and `node:timers/promises` (as
 * default imports, not as names) are these. They belong to no event: the program has to run them.
 *
 * @module
 */

import { abortError, checkFunction, checkObject, invalidArgType, invalidArgValue, nodeError } from "stated:node-support/errors";
import timersModule from "stated:node/timers";
import promisesModule from "stated:node/timers/promises";

/**
 * @typedef {object} Entry
 * @property {(...args: any[]) => void} callback
 * @property {any[]} args
 * @property {number} at
 * @property {number | undefined} period
 */

/** @type {any} */
const timers = timersModule;
/** @type {any} */
const promises = promisesModule;
const RealDate = Date;
const names = ["setInterval", "setTimeout", "setImmediate", "Date", "scheduler.wait"];

/** A timer that a mocked function gave. */
class MockTimeout {
  #queue;
  #entry;
  #referenced = true;

  /** @param {Set<Entry>} queue @param {Entry} entry */
  constructor(queue, entry) {
    this.#queue = queue;
    this.#entry = entry;
  }

  close() {
    this.#queue.delete(this.#entry);
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

  [Symbol.dispose]() {
    this.close();
  }
}

/** @param {any} time */
function checkTime(time) {
  if (typeof time !== "number") throw invalidArgType("time", "of type number", time);
  if (!(time >= 0)) throw invalidArgValue("time", time, "must be a positive number");
}

/** A class like Date whose present is that of `now`. @param {() => number} now @returns {any} */
function mockDate(now) {
  const Mocked = /** @type {any} */ (function (/** @type {any[]} */ ...args) {
    if (new.target === undefined) return new RealDate(now()).toString();
    return Reflect.construct(RealDate, args.length === 0 ? [now()] : args, new.target);
  });
  Mocked.prototype = RealDate.prototype;
  Object.defineProperties(Mocked, {
    name: { value: "Date", configurable: true }, length: { value: RealDate.length, configurable: true }, isMock: { value: true },
    now: { value: () => now(), writable: true, configurable: true }, parse: { value: RealDate.parse }, UTC: { value: RealDate.UTC },
  });
  return Mocked;
}

export class MockTimers {
  /** In the order in which they were set. @type {Set<Entry>} */ #queue = new Set();
  #now = 0;
  /** What gives everything back; none when the clock is real. @type {(() => void)[] | undefined} */ #restores;

  /** @param {{ apis?: string[], now?: number | Date }} [options] */
  enable(options = {}) {
    checkObject("options", options);
    if (this.#restores !== undefined) throw nodeError(Error, "ERR_INVALID_STATE", "Invalid state: MockTimers is already enabled!");
    const { apis = names, now = 0 } = options;
    if (!Array.isArray(apis)) throw invalidArgType("options.apis", "an instance of Array", apis);
    for (const name of apis) if (!names.includes(name)) throw invalidArgValue("options.apis", name, `option ${name} is not supported`);
    const start = now instanceof RealDate ? now.getTime() : now;
    if (typeof start !== "number") throw invalidArgType("initialTime", "of type number", now);
    checkTime(start);
    this.#now = start;
    this.#restores = [];
    for (const name of apis) this.#replace(name);
  }

  /** Lets time pass, and runs what becomes due. @param {number} [time] milliseconds */
  tick(time = 1) {
    this.#requireEnabled();
    checkTime(time);
    this.#now += time;
    for (let entry = this.#earliest(); entry !== undefined && entry.at <= this.#now; entry = this.#earliest()) {
      this.#queue.delete(entry);
      if (entry.period !== undefined) {
        // Again in its turn, if the callback does not stop it.
        entry.at += entry.period;
        this.#queue.add(entry);
      }
      entry.callback(...entry.args);
    }
  }

  /** Runs all timers that are set, and moves the clock to the last of them. */
  runAll() {
    this.#requireEnabled();
    const last = Math.max(this.#now, ...[...this.#queue].map(({ at }) => at));
    this.tick(last - this.#now);
  }

  /** Moves the clock, which runs what becomes due. @param {number} time milliseconds since 1970 */
  setTime(time) {
    this.#requireEnabled();
    checkTime(time);
    if (time >= this.#now) this.tick(time - this.#now);
    else this.#now = time;
  }

  /** Gives everything back, and forgets the timers that are set. */
  reset() {
    if (this.#restores === undefined) return;
    for (const restore of this.#restores) restore();
    this.#restores = undefined;
    this.#queue.clear();
    this.#now = 0;
  }

  [Symbol.dispose]() {
    this.reset();
  }

  #requireEnabled() {
    if (this.#restores !== undefined) return;
    throw nodeError(Error, "ERR_INVALID_STATE", "Invalid state: You should enable MockTimers first by calling the .enable function");
  }

  /** @returns {Entry | undefined} */
  #earliest() {
    /** @type {Entry | undefined} */
    let first;
    for (const entry of this.#queue) if (first === undefined || entry.at < first.at) first = entry;
    return first;
  }

  /** @param {any} callback @param {any} delay @param {any[]} args @param {boolean} repeats */
  #start(callback, delay, args, repeats) {
    checkFunction("callback", callback);
    const ms = delay > 0 ? Number(delay) : 1;
    /** @type {Entry} */
    const entry = { callback, args, at: this.#now + ms, period: repeats ? ms : undefined };
    this.#queue.add(entry);
    return new MockTimeout(this.#queue, entry);
  }

  /** @param {any} callback @param {any[]} args */
  #startImmediate(callback, args) {
    checkFunction("callback", callback);
    /** @type {Entry} */
    const entry = { callback, args, at: this.#now - 1, period: undefined };
    this.#queue.add(entry);
    return new MockTimeout(this.#queue, entry);
  }

  /** @param {(callback: () => void) => MockTimeout} start @param {any} value @param {any} options */
  #promise(start, value, options) {
    const signal = options?.signal;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortError(signal.reason));
        return;
      }
      const aborted = () => {
        timer.close();
        reject(abortError(signal.reason));
      };
      const timer = start(() => {
        signal?.removeEventListener("abort", aborted);
        resolve(value);
      });
      signal?.addEventListener("abort", aborted, { once: true });
    });
  }

  /** @param {any} delay @param {any} value @param {any} options */
  async *#interval(delay, value, options) {
    const signal = options?.signal;
    let due = 0;
    let wake = () => {};
    const timer = this.#start(() => { due++; wake(); }, delay, [], true);
    const aborted = () => wake();
    signal?.addEventListener("abort", aborted, { once: true });
    try {
      for (;;) {
        if (signal?.aborted) throw abortError(signal.reason);
        if (due === 0) await new Promise((resolve) => { wake = () => resolve(undefined); });
        else {
          due--;
          yield value;
        }
      }
    } finally {
      signal?.removeEventListener("abort", aborted);
      timer.close();
    }
  }

  /** @param {string} name of what is replaced */
  #replace(name) {
    /** @param {any} object @param {string} member @param {any} value */
    const put = (object, member, value) => {
      const descriptor = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(object, member));
      Object.defineProperty(object, member, { value, writable: true, configurable: true, enumerable: descriptor.enumerable });
      this.#restores?.push(() => Object.defineProperty(object, member, descriptor));
    };
    /** @param {string} member @param {any} value */
    const putBoth = (member, value) => {
      put(globalThis, member, value);
      put(timers, member, value);
    };
    /** @param {string} member */
    const putClear = (member) => {
      const real = timers[member];
      putBoth(member, (/** @type {any} */ timer) => (timer instanceof MockTimeout ? void timer.close() : real(timer)));
    };
    switch (name) {
      case "setTimeout":
        putBoth(name, (/** @type {any} */ callback, /** @type {any} */ delay, /** @type {any[]} */ ...args) => this.#start(callback, delay, args, false));
        putClear("clearTimeout");
        put(promises, name, (/** @type {any} */ delay, /** @type {any} */ value, /** @type {any} */ options) =>
          this.#promise((callback) => this.#start(callback, delay, [], false), value, options));
        return;
      case "setInterval":
        putBoth(name, (/** @type {any} */ callback, /** @type {any} */ delay, /** @type {any[]} */ ...args) => this.#start(callback, delay, args, true));
        putClear("clearInterval");
        put(promises, name, (/** @type {any} */ delay, /** @type {any} */ value, /** @type {any} */ options) => this.#interval(delay, value, options));
        return;
      case "setImmediate":
        putBoth(name, (/** @type {any} */ callback, /** @type {any[]} */ ...args) => this.#startImmediate(callback, args));
        putClear("clearImmediate");
        put(promises, name, (/** @type {any} */ value, /** @type {any} */ options) => this.#promise((callback) => this.#startImmediate(callback, []), value, options));
        return;
      case "Date":
        put(globalThis, name, mockDate(() => this.#now));
        return;
      default:
        put(promises.scheduler, "wait", (/** @type {any} */ delay, /** @type {any} */ options) =>
          this.#promise((callback) => this.#start(callback, delay, [], false), undefined, options));
    }
  }
}
