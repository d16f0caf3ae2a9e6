/**
 * `node:perf_hooks`: the global `performance` with its marks and measures, and histograms.
 *
 * @module
 */

import { Performance } from "stated:performance";
import { PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver,
  PerformanceObserverEntryList } from "stated:performance-entries";
import { PerformanceResourceTiming } from "stated:performance-timing";
import { checkFunction } from "stated:node-support/errors";
import { createHistogram, monitorEventLoopDelay } from "stated:node-support/histogram";

/** The global object as the program has it. @type {any} */
export const performance = /** @type {any} */ (globalThis).performance;

/** How busy the event loop was: unknown. */
export function eventLoopUtilization() {
  return { idle: 0, active: 0, utilization: 0 };
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

export const constants = {
  NODE_PERFORMANCE_GC_MAJOR: 4, NODE_PERFORMANCE_GC_MINOR: 1, NODE_PERFORMANCE_GC_INCREMENTAL: 8, NODE_PERFORMANCE_GC_WEAKCB: 16,
  NODE_PERFORMANCE_GC_FLAGS_NO: 0, NODE_PERFORMANCE_GC_FLAGS_CONSTRUCT_RETAINED: 2, NODE_PERFORMANCE_GC_FLAGS_FORCED: 4,
  NODE_PERFORMANCE_GC_FLAGS_SYNCHRONOUS_PHANTOM_PROCESSING: 8, NODE_PERFORMANCE_GC_FLAGS_ALL_AVAILABLE_GARBAGE: 16,
  NODE_PERFORMANCE_GC_FLAGS_ALL_EXTERNAL_MEMORY: 32, NODE_PERFORMANCE_GC_FLAGS_SCHEDULE_IDLE: 64, NODE_PERFORMANCE_ENTRY_TYPE_GC:
  0, NODE_PERFORMANCE_ENTRY_TYPE_HTTP: 1, NODE_PERFORMANCE_ENTRY_TYPE_HTTP2: 2, NODE_PERFORMANCE_ENTRY_TYPE_NET: 3,
  NODE_PERFORMANCE_ENTRY_TYPE_DNS: 4, NODE_PERFORMANCE_MILESTONE_TIME_ORIGIN_TIMESTAMP: 0, NODE_PERFORMANCE_MILESTONE_TIME_ORIGIN:
  1, NODE_PERFORMANCE_MILESTONE_ENVIRONMENT: 2, NODE_PERFORMANCE_MILESTONE_NODE_START: 3, NODE_PERFORMANCE_MILESTONE_V8_START: 4,
  NODE_PERFORMANCE_MILESTONE_LOOP_START: 5, NODE_PERFORMANCE_MILESTONE_LOOP_EXIT: 6,
  NODE_PERFORMANCE_MILESTONE_BOOTSTRAP_COMPLETE: 7,
};
export { createHistogram, monitorEventLoopDelay, Performance, PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList,
  PerformanceResourceTiming };
export default {
  constants, createHistogram, eventLoopUtilization, monitorEventLoopDelay, Performance, performance, PerformanceEntry,
  PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList, PerformanceResourceTiming, timerify,
};
