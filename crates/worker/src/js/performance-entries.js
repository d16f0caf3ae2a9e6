/**
 * The entries of the Performance Timeline and User Timing standards: marks, measures, and who observes them.
 *
 * @module
 */

import { DOMException } from "stated:dom-exception";
import { reportUncaught } from "stated:report";
import { structuredClone } from "stated:structured-clone";
import { badConstructorArgument, defineInterface, illegalConstructor, internal, toDOMString } from "stated:webidl";

/** Entries that the timeline keeps; the oldest goes for a new one, so that a program that never clears has a bound. */
export const ENTRIES_MAX = 10_000;

/** Something that was measured. */
export class PerformanceEntry {
  #name;
  #entryType;
  #startTime;
  #duration;

  /** @param {unknown} token @param {string} name @param {string} entryType @param {number} startTime @param {number} duration */
  constructor(token, name, entryType, startTime, duration) {
    if (token !== internal) throw illegalConstructor();
    this.#name = name;
    this.#entryType = entryType;
    this.#startTime = startTime;
    this.#duration = duration;
  }

  get name() {
    return this.#name;
  }

  get entryType() {
    return this.#entryType;
  }

  get startTime() {
    return this.#startTime;
  }

  get duration() {
    return this.#duration;
  }

  /** @returns {Record<string, unknown>} */
  toJSON() {
    return { name: this.#name, entryType: this.#entryType, startTime: this.#startTime, duration: this.#duration };
  }
}

/** The clock, which is set by the module that has it. @type {() => number} */
let now = () => 0;

/** @param {() => number} clock milliseconds since the time origin */
export function setClock(clock) {
  now = clock;
}

/** A point in time. */
export class PerformanceMark extends PerformanceEntry {
  /** @type {any} */ #detail;

  /** @param {string} name @param {{ startTime?: number, detail?: any }} [options] */
  constructor(name, options = undefined) {
    if (arguments.length < 1) throw badConstructorArgument("PerformanceMark", 1, "string");
    const startTime = options?.startTime === undefined ? now() : toTime(options.startTime);
    if (startTime < 0) throw new TypeError("The start time of a mark cannot be negative.");
    super(internal, toDOMString(name), "mark", startTime, 0);
    this.#detail = cloned(options?.detail);
  }

  get detail() {
    return this.#detail;
  }

  /** @override */
  toJSON() {
    return { ...super.toJSON(), detail: this.#detail };
  }
}

/** The time between two points. */
export class PerformanceMeasure extends PerformanceEntry {
  /** @type {any} */ #detail;

  /** @param {unknown} token @param {string} name @param {number} startTime @param {number} duration @param {any} detail */
  constructor(token, name, startTime, duration, detail) {
    super(token, name, "measure", startTime, duration);
    this.#detail = detail;
  }

  get detail() {
    return this.#detail;
  }

  /** @override */
  toJSON() {
    return { ...super.toJSON(), detail: this.#detail };
  }
}

/** @param {any} detail */
function cloned(detail) {
  return detail === undefined || detail === null ? null : structuredClone(detail);
}

/** @param {any} value */
function toTime(value) {
  const time = Number(value);
  if (!Number.isFinite(time)) throw new TypeError("A time must be a finite number.");
  return time;
}

/** Marks and measures in the order of their making. @type {PerformanceEntry[]} */
let timeline = [];

/** @param {PerformanceEntry} entry */
function record(entry) {
  if (timeline.length >= ENTRIES_MAX) timeline = timeline.slice(-Math.floor(ENTRIES_MAX / 2));
  timeline.push(entry);
  for (const observer of observers) queueFor(observer, entry);
}

/**
 * @param {string} name
 * @param {any} [options]
 */
export function mark(name, options = undefined) {
  const entry = new PerformanceMark(name, options);
  record(entry);
  return entry;
}

/**
 * @param {string} name
 * @param {any} [startOrOptions] the name of a mark, or `{ start, end, duration, detail }`
 * @param {string} [endMark]
 */
export function measure(name, startOrOptions = undefined, endMark = undefined) {
  const isOptions = typeof startOrOptions === "object" && startOrOptions !== null;
  const { start, end, duration, detail } = isOptions ? startOrOptions : { start: startOrOptions, end: endMark };
  if (isOptions && (start !== undefined || end !== undefined || duration !== undefined || detail !== undefined)) {
    if (endMark !== undefined) throw new TypeError("An end mark cannot be given together with options.");
    if (start === undefined && end === undefined) throw new TypeError("Options of a measure need a start or an end.");
    if (start !== undefined && end !== undefined && duration !== undefined) {
      throw new TypeError("A measure cannot have a start, an end and a duration.");
    }
  }
  const last = endMark ?? end;
  const to = last !== undefined ? timeOf(last)
    : start !== undefined && duration !== undefined ? timeOf(start) + toTime(duration) : now();
  const from = start !== undefined ? timeOf(start) : duration !== undefined ? to - toTime(duration) : 0;
  const entry = new PerformanceMeasure(internal, toDOMString(name), from, to - from, cloned(detail));
  record(entry);
  return entry;
}

/** @param {any} value a time, or the name of a mark */
function timeOf(value) {
  if (typeof value === "number") {
    if (value < 0) throw new TypeError("A time cannot be negative.");
    return toTime(value);
  }
  const name = toDOMString(value);
  const found = timeline.findLast((entry) => entry.entryType === "mark" && entry.name === name);
  if (found === undefined) throw new DOMException(`The mark '${name}' does not exist.`, "SyntaxError");
  return found.startTime;
}

/**
 * @param {string} type
 * @param {string} [name] undefined for all
 */
export function clear(type, name = undefined) {
  const wanted = name === undefined ? undefined : toDOMString(name);
  timeline = timeline.filter((entry) => entry.entryType !== type || (wanted !== undefined && entry.name !== wanted));
}

/**
 * The entries by their start.
 *
 * @param {string} [name]
 * @param {string} [type]
 */
export function entries(name = undefined, type = undefined) {
  return select(timeline, name, type);
}

/** @param {PerformanceEntry[]} list @param {unknown} name @param {unknown} type */
function select(list, name, type) {
  const [wantedName, wantedType] = [name, type].map((value) => (value === undefined ? undefined : toDOMString(value)));
  return list
    .filter((entry) => (wantedName === undefined || entry.name === wantedName) && (wantedType === undefined || entry.entryType === wantedType))
    .sort((a, b) => a.startTime - b.startTime);
}

/** What an observer is given. */
export class PerformanceObserverEntryList {
  #list;

  /** @param {unknown} token @param {PerformanceEntry[]} list */
  constructor(token, list) {
    if (token !== internal) throw illegalConstructor();
    this.#list = list;
  }

  getEntries() {
    return select(this.#list, undefined, undefined);
  }

  /** @param {string} type */
  getEntriesByType(type) {
    return select(this.#list, undefined, type);
  }

  /** @param {string} name @param {string} [type] */
  getEntriesByName(name, type = undefined) {
    return select(this.#list, name, type);
  }
}

/** Those that observe. @type {Set<PerformanceObserver>} */
const observers = new Set();
const settled = Promise.resolve();
const supported = Object.freeze(["mark", "measure"]);

/** @type {(observer: PerformanceObserver, entry: PerformanceEntry) => void} */
let queueFor;

/** Hears of new entries. */
export class PerformanceObserver {
  /** @type {(list: PerformanceObserverEntryList, observer: PerformanceObserver) => void} */ #callback;
  /** @type {PerformanceEntry[]} */ #buffer = [];
  /** @type {Set<string>} */ #types = new Set();
  #scheduled = false;

  /** @param {(list: PerformanceObserverEntryList, observer: PerformanceObserver) => void} callback */
  constructor(callback) {
    if (typeof callback !== "function") throw badConstructorArgument("PerformanceObserver", 1, "function");
    this.#callback = callback;
  }

  static get supportedEntryTypes() {
    return supported;
  }

  /** @param {{ entryTypes?: Iterable<string>, type?: string, buffered?: boolean }} options */
  observe(options) {
    void this.#types;
    const { entryTypes, type, buffered } = options ?? {};
    if ((entryTypes === undefined) === (type === undefined)) {
      throw new TypeError("An observer needs either entryTypes or a type.");
    }
    const types = (entryTypes === undefined ? [type] : [...entryTypes]).map((value) => toDOMString(value));
    const known = types.filter((name) => supported.includes(name));
    if (known.length === 0) return;
    if (entryTypes !== undefined) this.#types = new Set(known);
    else this.#types.add(known[0]);
    observers.add(this);
    if (buffered) for (const entry of entries(undefined, known[0])) queueFor(this, entry);
  }

  disconnect() {
    this.#types.clear();
    this.#buffer = [];
    observers.delete(this);
  }

  /** @returns {PerformanceEntry[]} */
  takeRecords() {
    return this.#buffer.splice(0);
  }

  static {
    queueFor = (observer, entry) => {
      if (!observer.#types.has(entry.entryType) || observer.#buffer.length >= ENTRIES_MAX) return;
      observer.#buffer.push(entry);
      if (observer.#scheduled) return;
      observer.#scheduled = true;
      settled.then(() => {
        observer.#scheduled = false;
        const list = observer.takeRecords();
        if (list.length === 0) return;
        try {
          observer.#callback.call(observer, new PerformanceObserverEntryList(internal, list), observer);
        } catch (error) {
          reportUncaught(error);
        }
      });
    };
  }
}

defineInterface(PerformanceEntry, ["name", "entryType", "startTime", "duration"]);
defineInterface(PerformanceMark, ["name", "entryType", "startTime", "duration", "detail"]);
defineInterface(PerformanceMeasure, ["name", "entryType", "startTime", "duration", "detail"]);
defineInterface(PerformanceObserver, []);
defineInterface(PerformanceObserverEntryList, []);
for (const Class of [PerformanceEntry, PerformanceMeasure, PerformanceObserverEntryList]) {
  Object.defineProperty(Class, "length", { value: 0, configurable: true });
}
