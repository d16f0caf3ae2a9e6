import { createHistogram } from "stated:node/perf_hooks";
import { assertEquals, assertThrows, test } from "stated:test";

const codeOf = (fn) => assertThrows(fn, Error).code;

test("a histogram of nothing", () => {
  const empty = createHistogram();
  assertEquals([empty.count, empty.min, empty.minBigInt, empty.max, empty.exceeds, [...empty.percentiles]], [0, 2 ** 63, 2n ** 63n - 1n, 0, 0, [[100, 0]]]);
  assertEquals([empty.mean, empty.stddev].map(Number.isNaN), [true, true]);
});

test("values are counted to three figures", () => {
  const times = createHistogram();
  for (const value of [5, 10, 3000, 1e6, 12_345_678n, 5]) times.record(value);
  assertEquals([times.count, times.min, times.max, times.countBigInt, times.maxBigInt], [6, 5, 12_353_535, 6n, 12_353_535n]);
  assertEquals([Math.round(times.mean * 1000), Math.round(times.stddev * 1000)], [2_225_442_167, 4_542_273_739]);
  assertEquals([1, 50, 75, 99.9, 100].map((part) => times.percentile(part)), [5, 10, 1_000_447, 12_353_535, 12_353_535]);
  assertEquals([...times.percentiles], [[0, 5], [50, 10], [75, 999_936], [87.5, 12_345_344], [100, 12_345_344]]);
  assertEquals([times.percentileBigInt(50), times.percentilesBigInt.get(75)], [10n, 999_936n]);
  times.reset();
  assertEquals([times.count, times.max, [...times.percentiles]], [0, 0, [[100, 0]]]);
});

test("what is too large is counted apart", () => {
  const small = createHistogram({ lowest: 1, highest: 1000, figures: 1 });
  for (const value of [1, 50, 999, 1000]) small.record(value);
  assertEquals([small.count, small.exceeds, small.max, small.mean], [4, 0, 1023, 517]);
  small.record(1001);
  assertEquals([small.exceeds, small.exceedsBigInt], [1, 1n]);
});

test("one histogram is added to another", () => {
  const [one, other] = [createHistogram(), createHistogram()];
  one.record(3);
  other.record(7);
  other.record(9);
  one.add(other);
  assertEquals([one.count, one.min, one.max, other.count], [3, 3, 9, 2]);
  assertEquals(codeOf(() => one.add({})), "ERR_INVALID_ARG_TYPE");
});

test("values, options and percentiles have ranges", () => {
  const times = createHistogram();
  for (const value of [0, -1, 1.5, Number.NaN, 2 ** 53, 0n]) assertEquals(codeOf(() => times.record(value)), "ERR_OUT_OF_RANGE", String(value));
  for (const value of ["x", undefined]) assertEquals(codeOf(() => times.record(value)), "ERR_INVALID_ARG_TYPE");
  times.record(1);
  times.record(Number.MAX_SAFE_INTEGER);
  for (const part of [0, 100.1, Number.NaN]) assertEquals(codeOf(() => times.percentile(part)), "ERR_OUT_OF_RANGE", String(part));
  assertEquals(codeOf(() => times.percentile("x")), "ERR_INVALID_ARG_TYPE");
  for (const options of [{ lowest: 0 }, { lowest: 5, highest: 9 }, { figures: 0 }, { figures: 6 }]) {
    assertEquals(codeOf(() => createHistogram(options)), "ERR_OUT_OF_RANGE", JSON.stringify(options));
  }
  assertEquals(createHistogram({ lowest: 5, highest: 10, figures: 5 }).count, 0);
  for (const options of [1, { lowest: "x" }]) assertEquals(codeOf(() => createHistogram(options)), "ERR_INVALID_ARG_TYPE");
  assertEquals(codeOf(() => new times.constructor()), "ERR_ILLEGAL_CONSTRUCTOR");
});
