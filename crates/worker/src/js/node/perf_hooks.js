/**
 * `node:perf_hooks`: the global `performance` with its marks and measures. Histograms are not there.
 *
 * @module
 */

import { ops } from "stated:host";
import { Performance } from "stated:performance";
import { PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver,
  PerformanceObserverEntryList } from "stated:performance-entries";
import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("perf_hooks");

/** The global object as the program has it. @type {any} */
export const performance = /** @type {any} */ (globalThis).performance;

/** How busy the event loop was: unknown. */
export function eventLoopUtilization() {
  return { idle: 0, active: ops.monotonicNow(), utilization: 0 };
}

export const constants = {};
export const createHistogram = stub("createHistogram");
export const monitorEventLoopDelay = stub("monitorEventLoopDelay");
export const PerformanceResourceTiming = stub("PerformanceResourceTiming");

export { Performance, PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList };
export default {
  constants, createHistogram, eventLoopUtilization, monitorEventLoopDelay, performance, Performance, PerformanceEntry, PerformanceMark,
  PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList, PerformanceResourceTiming,
};
