/**
 * `node:perf_hooks`: the global `performance` with its marks and measures. Histograms are not there.
 *
 * @module
 */

import { ops } from "stated:host";
import { Performance } from "stated:performance";
import { PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver,
  PerformanceObserverEntryList } from "stated:performance-entries";
import { checkFunction } from "stated:node-support/errors";
import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("perf_hooks");

/** The global object as the program has it. @type {any} */
export const performance = /** @type {any} */ (globalThis).performance;

/** How busy the event loop was: unknown. */
export function eventLoopUtilization() {
  return { idle: 0, active: ops.monotonicNow(), utilization: 0 };
}

/** A function that does the same under another name. Differs: its calls are not entries of the timeline. @param {any} fn @returns {any} */
export function timerify(fn) {
  checkFunction("fn", fn);
  /** @this {any} @param {...any} args */
  function timerified(...args) {
    return new.target ? Reflect.construct(fn, args, fn) : Reflect.apply(fn, this, args);
  }
  return Object.defineProperties(timerified, {
    length: { value: fn.length, enumerable: true }, name: { value: `timerified ${fn.name}`, enumerable: true },
  });
}

export const constants = {};
export const createHistogram = stub("createHistogram");
export const monitorEventLoopDelay = stub("monitorEventLoopDelay");
export const PerformanceResourceTiming = stub("PerformanceResourceTiming");

export { Performance, PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList };
export default {
  constants, createHistogram, eventLoopUtilization, monitorEventLoopDelay, Performance, performance, PerformanceEntry,
  PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList, PerformanceResourceTiming, timerify,
};
