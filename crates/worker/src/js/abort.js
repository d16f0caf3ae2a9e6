/**
 * AbortController and AbortSignal of the DOM standard.
 *
 * Library code that reacts to a signal uses `onAbort` instead of an event listener: it runs before the listeners and can
 * be taken back.
 *
 * @module
 */

import { DOMException } from "stated:dom-exception";
import { defineEventHandlers, dispatch, Event, EventTarget, hasListeners, watchListeners } from "stated:event";
import { startTimer } from "stated:timers";
import { badArgument, defineInterface, illegalConstructor, internal } from "stated:webidl";

// Programs of older dates do not have the global.
const Reference = WeakRef;

/** @type {(signal: AbortSignal, reason: unknown) => void} */
let abortSignal;
/** @type {(signal: AbortSignal, algorithm: () => void) => () => void} */
let addAlgorithm;

/**
 * Whether the value is a signal, by brand.
 *
 * @type {(value: any) => boolean}
 */
export let isAbortSignal;

/** Tells that an operation should stop, and why. */
export class AbortSignal extends EventTarget {
  #aborted = false;
  /** @type {any} */ #reason = undefined;
  /** @type {Set<() => void> | null} */ #algorithms = null;
  /** @type {AbortSignal[] | null} for `any()`: signals that are no result of `any()` themselves */ #sources = null;
  /** @type {Set<AbortSignal> | null} results of `any()` that somebody listens to */ #listened = null;
  /** @type {WeakRef<AbortSignal>[] | null} all results of `any()` made from this one */ #dependents = null;
  #dependentsLimit = 16;

  /** @param {unknown} [token] */
  constructor(token = undefined) {
    if (token !== internal) throw illegalConstructor();
    super();
  }

  get aborted() {
    return this.#aborted;
  }

  get reason() {
    return this.#reason;
  }

  throwIfAborted() {
    if (this.#aborted) throw this.#reason;
  }

  /**
   * A signal that is aborted from the start.
   *
   * @param {any} [reason]
   * @returns {AbortSignal}
   */
  static abort(reason = undefined) {
    const signal = new AbortSignal(internal);
    signal.#aborted = true;
    signal.#reason = reason === undefined ? abortError() : reason;
    return signal;
  }

  /**
   * A signal that is aborted with a TimeoutError after so many milliseconds.
   *
   * @param {number} milliseconds
   * @returns {AbortSignal}
   */
  static timeout(milliseconds) {
    if (arguments.length < 1) throw badArgument("AbortSignal", "timeout", 1, "number");
    const signal = new AbortSignal(internal);
    startTimer(() => {
      signal.#abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
    }, milliseconds);
    return signal;
  }

  /**
   * A signal that is aborted as soon as one of the given ones is, with its reason.
   *
   * @param {Iterable<AbortSignal>} signals
   * @returns {AbortSignal}
   */
  static any(signals) {
    if (arguments.length < 1 || typeof signals !== "object" || signals === null
      || typeof signals[Symbol.iterator] !== "function") {
      throw badArgument("AbortSignal", "any", 1, "Array");
    }
    const list = [...signals];
    list.forEach((signal, index) => {
      if (!isAbortSignal(signal)) {
        throw new TypeError(`Incorrect type for array element ${index}: the provided value is not of type 'AbortSignal'.`);
      }
    });
    const result = new AbortSignal(internal);
    const aborted = list.find((signal) => signal.#aborted);
    if (aborted !== undefined) {
      result.#aborted = true;
      result.#reason = aborted.#reason;
      return result;
    }
    const sources = new Set();
    for (const signal of list) {
      for (const source of signal.#sources ?? [signal]) sources.add(source);
    }
    result.#sources = [...sources];
    for (const source of result.#sources) source.#addDependent(result);
    watchListeners(result, () => {
      result.#hold();
      result.#release();
    });
    return result;
  }

  /** A result of `any()` must live while somebody waits for it, even if only its sources are referenced. */
  #hold() {
    if (this.#sources === null || this.#aborted) return;
    if (this.#algorithms === null && !hasListeners(this, "abort")) return;
    for (const source of this.#sources) (source.#listened ??= new Set()).add(this);
  }

  #release() {
    if (this.#sources === null || this.#algorithms !== null || hasListeners(this, "abort")) return;
    for (const source of this.#sources) source.#listened?.delete(this);
  }

  /** @param {AbortSignal} dependent */
  #addDependent(dependent) {
    this.#dependents ??= [];
    // A long-lived signal would otherwise collect a weak reference for each request it is combined in.
    if (this.#dependents.length >= this.#dependentsLimit) {
      this.#dependents = this.#dependents.filter((reference) => reference.deref() !== undefined);
      this.#dependentsLimit = Math.max(16, this.#dependents.length * 2);
    }
    this.#dependents.push(new Reference(dependent));
  }

  /** @param {unknown} reason */
  #abort(reason) {
    if (this.#aborted) return;
    // One error for all of them.
    const one = reason === undefined ? abortError() : reason;
    this.#settle(one);
    const followers = [];
    for (const reference of this.#dependents ?? []) {
      const dependent = reference.deref();
      if (dependent === undefined || dependent.#aborted) continue;
      dependent.#settle(one);
      followers.push(dependent);
    }
    this.#dependents = null;
    this.#listened = null;
    this.#notify();
    for (const dependent of followers) dependent.#notify();
  }

  /** @param {unknown} reason */
  #settle(reason) {
    this.#aborted = true;
    this.#reason = reason;
  }

  #notify() {
    const algorithms = this.#algorithms;
    this.#algorithms = null;
    if (this.#sources !== null) {
      for (const source of this.#sources) source.#listened?.delete(this);
      this.#sources = null;
    }
    if (algorithms !== null) for (const algorithm of algorithms) algorithm();
    if (hasListeners(this, "abort")) dispatch(this, new Event("abort"));
  }

  static {
    abortSignal = (signal, reason) => signal.#abort(reason);
    addAlgorithm = (signal, algorithm) => {
      const algorithms = (signal.#algorithms ??= new Set());
      algorithms.add(algorithm);
      signal.#hold();
      return () => {
        algorithms.delete(algorithm);
        if (algorithms.size === 0 && signal.#algorithms === algorithms) signal.#algorithms = null;
        signal.#release();
      };
    };
    isAbortSignal = (value) => typeof value === "object" && value !== null && #aborted in value;
  }
}

function abortError() {
  return new DOMException("The operation was aborted", "AbortError");
}

/**
 * Runs `algorithm` when the signal is aborted, before its listeners. The signal must not be aborted yet. Returns a
 * function that takes it back.
 *
 * @param {AbortSignal} signal
 * @param {() => void} algorithm
 * @returns {() => void}
 */
export function onAbort(signal, algorithm) {
  return addAlgorithm(signal, algorithm);
}

/**
 * A signal for the library's own use, which nothing aborts but `abortWith`.
 *
 * @returns {AbortSignal}
 */
export function newSignal() {
  return new AbortSignal(internal);
}

/**
 * Aborts a signal; undefined as reason means an AbortError.
 *
 * @param {AbortSignal} signal
 * @param {unknown} reason
 */
export function abortWith(signal, reason) {
  abortSignal(signal, reason);
}

/** Makes a signal and aborts it. */
export class AbortController {
  #signal = new AbortSignal(internal);

  get signal() {
    return this.#signal;
  }

  /** @param {any} [reason] */
  abort(reason = undefined) {
    abortSignal(this.#signal, reason);
  }
}

defineEventHandlers(AbortSignal.prototype, ["abort"]);
defineInterface(AbortSignal, ["aborted", "reason", "onabort"]);
defineInterface(AbortController, ["signal"]);
