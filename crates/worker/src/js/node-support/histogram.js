/**
 * Histograms of `node:perf_hooks`. Values are counted in buckets as in HdrHistogram: each is as wide as so many significant
 * figures allow, so results are exact up to these.
 *
 * @module
 */

import { checkInteger, checkObject, invalidArgType, nodeError, outOfRange } from "stated:node-support/errors";
import * as host from "stated:timers";
import { ops } from "stated:host";

/** What the least of no values is: the largest integer of 64 bits. */
const NOTHING = 2n ** 63n - 1n;
const token = Symbol("made here");

/** Counts by bucket. */
class Buckets {
  /** By the lowest value of the bucket. @type {Map<number, number>} */ counts = new Map();
  min = Infinity;
  max = 0;
  total = 0;
  exceeds = 0;

  /** @param {number} lowest a power of two of it is the unit @param {number} highest @param {number} figures 1 to 5 */
  constructor(lowest, highest, figures) {
    /** Buckets of one width; a value of more has wider ones. */
    this.widest = 2 ** Math.ceil(Math.log2(2 * 10 ** figures));
    this.unit = 2 ** Math.floor(Math.log2(lowest));
    this.highest = highest;
  }

  /** How many values a bucket has. @param {number} value */
  width(value) {
    let width = this.unit;
    while (value >= this.widest * width) width *= 2;
    return width;
  }

  /** @param {number} value */
  lowestOf(value) {
    const width = this.width(value);
    return Math.floor(value / width) * width;
  }

  /** @param {number} value */
  highestOf(value) {
    return this.lowestOf(value) + this.width(value) - 1;
  }

  /** @param {number} value @param {number} [count] */
  record(value, count = 1) {
    if (value > this.highest) {
      this.exceeds += count;
      return;
    }
    const key = this.lowestOf(value);
    this.counts.set(key, (this.counts.get(key) ?? 0) + count);
    this.total += count;
    this.max = Math.max(this.max, value);
    this.min = Math.min(this.min, value);
  }

  sorted() {
    return [...this.counts].sort(([a], [b]) => a - b);
  }

  /** The mean, and the square root of the mean square of what differs from it. */
  moments() {
    /** @param {number} value */
    const middle = (value) => value + Math.floor(this.width(value) / 2);
    let sum = 0;
    for (const [value, count] of this.counts) sum += middle(value) * count;
    const mean = sum / this.total;
    let squares = 0;
    for (const [value, count] of this.counts) squares += (middle(value) - mean) ** 2 * count;
    return { mean, deviation: Math.sqrt(squares / this.total) };
  }

  /** The highest value of the bucket below whose end so many of a hundred values are. @param {number} percentile */
  percentile(percentile) {
    const wanted = Math.max(Math.floor(percentile / 100 * this.total + 0.5), 1);
    let seen = 0;
    for (const [value, count] of this.sorted()) {
      seen += count;
      if (seen >= wanted) return this.highestOf(value);
    }
    return 0;
  }

  /** Percentiles in steps that are halved on the way to 100, and the lowest values of their buckets. @returns {[number, number][]} */
  percentiles() {
    /** @type {[number, number][]} */
    const found = [];
    let seen = 0;
    let last = 0;
    let next = 0;
    for (const [value, count] of this.sorted()) {
      seen += count;
      last = value;
      while (next <= 100 * seen / this.total) {
        found.push([next, value]);
        next += 100 / 2 ** (Math.trunc(Math.log2(100 / (100 - next))) + 1);
        if (seen === this.total) break;
      }
    }
    return [...found, [100, last]];
  }
}

/** @type {(histogram: Histogram) => Buckets} */
let bucketsOf;

class Histogram {
  #buckets;

  /** @param {symbol} made @param {Buckets} buckets */
  constructor(made, buckets) {
    if (made !== token) throw nodeError(TypeError, "ERR_ILLEGAL_CONSTRUCTOR", "Illegal constructor");
    this.#buckets = buckets;
  }

  static {
    bucketsOf = (histogram) => histogram.#buckets;
  }

  get count() {
    return this.#buckets.total;
  }

  get countBigInt() {
    return BigInt(this.count);
  }

  get min() {
    return Number(this.minBigInt);
  }

  get minBigInt() {
    const { min, total } = this.#buckets;
    return total === 0 ? NOTHING : BigInt(this.#buckets.lowestOf(min));
  }

  get max() {
    const { max } = this.#buckets;
    return max === 0 ? 0 : this.#buckets.highestOf(max);
  }

  get maxBigInt() {
    return BigInt(this.max);
  }

  get mean() {
    return this.#buckets.moments().mean;
  }

  get stddev() {
    return this.#buckets.moments().deviation;
  }

  /** How many values were too large to be counted. */
  get exceeds() {
    return this.#buckets.exceeds;
  }

  get exceedsBigInt() {
    return BigInt(this.exceeds);
  }

  /** @param {any} percentile */
  percentile(percentile) {
    if (typeof percentile !== "number") throw invalidArgType("percentile", "of type number", percentile);
    if (!(percentile > 0 && percentile <= 100)) throw outOfRange("percentile", "> 0 && <= 100", percentile);
    return this.#buckets.percentile(percentile);
  }

  /** @param {any} percentile */
  percentileBigInt(percentile) {
    return BigInt(this.percentile(percentile));
  }

  get percentiles() {
    return new Map(this.#buckets.percentiles());
  }

  get percentilesBigInt() {
    return new Map(this.#buckets.percentiles().map(([percentile, value]) => [percentile, BigInt(value)]));
  }

  reset() {
    const { counts } = this.#buckets;
    counts.clear();
    Object.assign(this.#buckets, { min: Infinity, max: 0, total: 0, exceeds: 0 });
  }

  toJSON() {
    const { count, min, max, mean, exceeds, stddev, percentiles } = this;
    return { count, min, max, mean, exceeds, stddev, percentiles: Object.fromEntries(percentiles) };
  }
}

/** What createHistogram makes. */
class RecordableHistogram extends Histogram {
  /** @type {number | undefined} */ #last;

  /** @param {any} value a positive integer, or a BigInt */
  record(value) {
    if (typeof value === "bigint") {
      if (value < 1n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw nodeError(RangeError, "ERR_OUT_OF_RANGE", "value is out of range");
    } else {
      checkInteger("val", value, 1);
    }
    bucketsOf(this).record(Number(value));
  }

  /** Counts the nanoseconds since it was last called. */
  recordDelta() {
    const now = ops.monotonicNow();
    if (this.#last !== undefined) bucketsOf(this).record(Math.max(Math.round((now - this.#last) * 1e6), 1));
    this.#last = now;
  }

  /** @param {any} other */
  add(other) {
    if (!(other instanceof RecordableHistogram)) throw invalidArgType("other", "an instance of RecordableHistogram", other);
    const buckets = bucketsOf(this);
    const added = bucketsOf(other);
    for (const [value, count] of added.counts) buckets.record(value, count);
    buckets.exceeds += added.exceeds;
    if (added.total > 0 && added.max <= buckets.highest) buckets.max = Math.max(buckets.max, added.max);
  }
}

/** @param {{ lowest?: any, highest?: any, figures?: any }} [options] */
export function createHistogram(options = {}) {
  checkObject("options", options);
  const { lowest = 1, highest = Number.MAX_SAFE_INTEGER, figures = 3 } = options;
  if (typeof lowest !== "bigint") checkInteger("options.lowest", lowest, 1, Number.MAX_SAFE_INTEGER);
  const least = 2 * Number(lowest);
  if (typeof highest !== "bigint") checkInteger("options.highest", highest, least, Number.MAX_SAFE_INTEGER);
  else if (Number(highest) < least) throw nodeError(TypeError, "ERR_INVALID_ARG_VALUE", `The property 'options.highest' is invalid. Received ${highest}n`);
  checkInteger("options.figures", figures, 1, 5);
  return new RecordableHistogram(token, new Buckets(Number(lowest), Number(highest), figures));
}

/** How late timers are, and how far apart: in nanoseconds between two that are `resolution` milliseconds apart. */
class ELDHistogram extends Histogram {
  #resolution;
  /** @type {number | undefined} */ #timer;

  /** @param {symbol} made @param {Buckets} buckets @param {number} resolution */
  constructor(made, buckets, resolution) {
    super(made, buckets);
    this.#resolution = resolution;
  }

  /** Ends with the event that called it, as timers do. Says whether it was off. */
  enable() {
    if (this.#timer !== undefined) return false;
    let last = ops.monotonicNow();
    this.#timer = host.setInterval(() => {
      const now = ops.monotonicNow();
      bucketsOf(this).record(Math.max(Math.round((now - last) * 1e6), 1));
      last = now;
    }, this.#resolution);
    return true;
  }

  disable() {
    if (this.#timer === undefined) return false;
    host.clearInterval(this.#timer);
    this.#timer = undefined;
    return true;
  }

  [Symbol.dispose]() {
    this.disable();
  }
}

/** @param {{ resolution?: any }} [options] milliseconds */
export function monitorEventLoopDelay(options = {}) {
  checkObject("options", options);
  const { resolution = 10 } = options;
  checkInteger("options.resolution", resolution, 1, Number.MAX_SAFE_INTEGER);
  return new ELDHistogram(token, new Buckets(1, 3_600_000_000_000, 3), resolution);
}
