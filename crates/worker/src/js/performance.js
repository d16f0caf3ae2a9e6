/**
 * The global `performance`: a clock that never goes back, and the program's own marks and measures.
 *
 * Differs: on Workers `timeOrigin` is 0 and the clock stands still between I/O; here both are as in the standard.
 *
 * @module
 */

import { EventTarget } from "stated:event";
import { ops } from "stated:host";
import { clear, entries, mark, measure, setClock } from "stated:performance-entries";
import { EventCounts, PerformanceNodeTiming } from "stated:performance-timing";
import { badArgument, defineInterface, illegalConstructor, internal } from "stated:webidl";

/** The class of `performance`. */
export class Performance extends EventTarget {
  #timeOrigin;
  /** @type {EventCounts | undefined} */ #eventCounts = undefined;
  /** @type {PerformanceNodeTiming | undefined} */ #nodeTiming = undefined;

  /** @param {unknown} [token] */
  constructor(token = undefined) {
    if (token !== internal) throw illegalConstructor();
    super();
    this.#timeOrigin = ops.now() - ops.monotonicNow();
  }

  /** The start of the process in milliseconds since the Unix epoch. */
  get timeOrigin() {
    return this.#timeOrigin;
  }

  /** Milliseconds since `timeOrigin`. */
  now() {
    void this.#timeOrigin;
    return ops.monotonicNow();
  }

  /** @param {string} name @param {{ startTime?: number, detail?: any }} [options] */
  mark(name, options = undefined) {
    void this.#timeOrigin;
    if (arguments.length < 1) throw badArgument("Performance", "mark", 1, "string");
    return mark(name, options);
  }

  /** @param {string} name @param {any} [startOrOptions] @param {string} [endMark] */
  measure(name, startOrOptions = undefined, endMark = undefined) {
    void this.#timeOrigin;
    if (arguments.length < 1) throw badArgument("Performance", "measure", 1, "string");
    return measure(name, startOrOptions, endMark);
  }

  /** @param {string} [name] */
  clearMarks(name = undefined) {
    void this.#timeOrigin;
    clear("mark", name);
  }

  /** @param {string} [name] */
  clearMeasures(name = undefined) {
    void this.#timeOrigin;
    clear("measure", name);
  }

  /** How many events of each type there were: a page's, so none. */
  get eventCounts() {
    return (this.#eventCounts ??= new EventCounts(internal));
  }

  /** As Node has it, with zeros. */
  get nodeTiming() {
    return (this.#nodeTiming ??= new PerformanceNodeTiming(internal));
  }

  /** As Node has it, with zeros. */
  eventLoopUtilization() {
    void this.#timeOrigin;
    return { idle: 0, active: 0, utilization: 0 };
  }

  /** The function itself: its calls are not timed. @template {Function} F @param {F} fn @returns {F} */
  timerify(fn) {
    void this.#timeOrigin;
    if (typeof fn !== "function") throw badArgument("Performance", "timerify", 1, "function");
    return fn;
  }

  /** Nothing: no requests are timed. */
  markResourceTiming() {
    void this.#timeOrigin;
  }

  /** Nothing, for the same reason. */
  clearResourceTimings() {
    void this.#timeOrigin;
  }

  /** Nothing, for the same reason. @param {number} size */
  setResourceTimingBufferSize(size) {
    void [this.#timeOrigin, size];
  }

  getEntries() {
    void this.#timeOrigin;
    return entries();
  }

  /** @param {string} type */
  getEntriesByType(type) {
    void this.#timeOrigin;
    if (arguments.length < 1) throw badArgument("Performance", "getEntriesByType", 1, "string");
    return entries(undefined, type);
  }

  /** @param {string} name @param {string} [type] */
  getEntriesByName(name, type = undefined) {
    void this.#timeOrigin;
    if (arguments.length < 1) throw badArgument("Performance", "getEntriesByName", 1, "string");
    return entries(name, type);
  }

  toJSON() {
    return { timeOrigin: this.#timeOrigin };
  }
}

setClock(() => ops.monotonicNow());
defineInterface(Performance, ["timeOrigin"]);

/**
 * Makes the global of that name; once per realm.
 *
 * @returns {Performance}
 */
export function newPerformance() {
  return new Performance(internal);
}
