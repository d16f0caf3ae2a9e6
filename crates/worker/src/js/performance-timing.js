/**
 * What else `performance` has: classes of entries that nothing makes here, and what Node adds to it.
 *
 * @module
 */

import { PerformanceEntry } from "stated:performance-entries";
import { defineInterface, illegalConstructor, internal } from "stated:webidl";

const resourceTimes = ["connectEnd", "connectStart", "decodedBodySize", "domainLookupEnd", "domainLookupStart", "encodedBodySize",
  "fetchStart", "initiatorType", "nextHopProtocol", "redirectEnd", "redirectStart", "requestStart", "responseEnd", "responseStart",
  "responseStatus", "secureConnectionStart", "transferSize", "workerStart"];

/** A request that was timed; none is. */
export class PerformanceResourceTiming extends PerformanceEntry {
  constructor() {
    super(internal, "", "resource", 0, 0);
    throw illegalConstructor();
  }
}

for (const name of resourceTimes) {
  const { get } = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor({
    get [name]() {
      throw illegalConstructor();
    },
  }, name));
  Object.defineProperty(PerformanceResourceTiming.prototype, name, { get, configurable: true });
}

/** How many events of each type there were, of those that a page has: none. */
export class EventCounts {
  /** @type {ReadonlyMap<string, number>} */ #counts = new Map();

  /** @param {symbol} [key] */
  constructor(key = undefined) {
    if (key !== internal) throw illegalConstructor();
  }

  get size() {
    return this.#counts.size;
  }

  /** @param {string} type */
  get(type) {
    return this.#counts.get(type);
  }

  /** @param {string} type */
  has(type) {
    return this.#counts.has(type);
  }

  entries() {
    return this.#counts.entries();
  }

  keys() {
    return this.#counts.keys();
  }

  values() {
    return this.#counts.values();
  }

  /** @param {(count: number, type: string, counts: EventCounts) => void} callback @param {unknown} [self] */
  forEach(callback, self = undefined) {
    this.#counts.forEach((count, type) => callback.call(self, count, type, this));
  }

  [Symbol.iterator]() {
    return this.#counts.entries();
  }
}

/** When Node's parts of a process started; as on Workers all is 0. */
export class PerformanceNodeTiming extends PerformanceEntry {
  nodeStart = 0;
  v8Start = 0;
  bootstrapComplete = 0;
  environment = 0;
  loopStart = 0;
  loopExit = 0;
  idleTime = 0;
  uvMetricsInfo = { loopCount: 0, events: 0, eventsWaiting: 0 };

  /** @param {symbol} [key] */
  constructor(key = undefined) {
    super(key, "node", "node", 0, 0);
  }

  /** @override */
  toJSON() {
    return { ...super.toJSON(), ...this };
  }
}

defineInterface(PerformanceResourceTiming);
defineInterface(EventCounts, ["size"]);
defineInterface(PerformanceNodeTiming);
