/**
 * `node:perf_hooks`: the clock of the global `performance`. Nothing is recorded.
 *
 * @module
 */

import { ops } from "stated:host";
import { Performance } from "stated:performance";
import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("perf_hooks");

/** The global object as the program has it. @type {any} */
export const performance = /** @type {any} */ (globalThis).performance;

/** Nothing is observed. */
export class PerformanceObserver {
  static get supportedEntryTypes() {
    return [];
  }

  /** @param {Function} callback */
  constructor(callback) {
    void callback;
  }

  observe() {}

  disconnect() {}

  takeRecords() {
    return [];
  }
}

/** How busy the event loop was: unknown. */
export function eventLoopUtilization() {
  return { idle: 0, active: ops.monotonicNow(), utilization: 0 };
}

export const constants = {};
export const createHistogram = stub("createHistogram");
export const monitorEventLoopDelay = stub("monitorEventLoopDelay");
export const PerformanceEntry = stub("PerformanceEntry");
export const PerformanceMark = stub("PerformanceMark");
export const PerformanceMeasure = stub("PerformanceMeasure");
export const PerformanceObserverEntryList = stub("PerformanceObserverEntryList");
export const PerformanceResourceTiming = stub("PerformanceResourceTiming");

export { Performance };
export default {
  constants, createHistogram, eventLoopUtilization, monitorEventLoopDelay, performance, Performance, PerformanceEntry, PerformanceMark,
  PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList, PerformanceResourceTiming,
};
