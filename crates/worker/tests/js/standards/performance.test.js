/**
 * User Timing and the Performance Timeline, after those standards.
 *
 * @module
 */

import { newPerformance } from "stated:performance";
import { PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver,
  PerformanceObserverEntryList } from "stated:performance-entries";
import { assert, assertEquals, assertThrows, checksOfInterface, test } from "stated:test";

const performance = newPerformance?.() ?? globalThis.performance;

/** Forgets all entries. */
function fresh() {
  performance.clearMarks();
  performance.clearMeasures();
}

for (const [Class, shape] of /** @type {[any, any][]} */ ([
  [PerformanceEntry, { readonly: ["duration", "entryType", "name", "startTime"], methods: { toJSON: 0 } }],
  [PerformanceMark, { length: 1, parent: PerformanceEntry, readonly: ["detail"], methods: { toJSON: 0 } }],
  [PerformanceMeasure, { parent: PerformanceEntry, readonly: ["detail"], methods: { toJSON: 0 } }],
  [PerformanceObserverEntryList, { methods: { getEntries: 0, getEntriesByName: 1, getEntriesByType: 1 } }],
])) {
  for (const [name, check] of checksOfInterface(Class, shape)) test(name, check);
}

test("a mark has its name, the time, and no duration", () => {
  fresh();
  const before = performance.now();
  const mark = performance.mark("a");
  assert(mark instanceof PerformanceMark && mark.startTime >= before && mark.startTime <= performance.now());
  assertEquals([mark.name, mark.entryType, mark.duration, mark.detail], ["a", "mark", 0, null]);
  assert(performance.getEntriesByName("a")[0] === mark);
});

test("a mark may have its own time and a detail, which is cloned", () => {
  const detail = { list: [1] };
  const mark = performance.mark("a", { startTime: 5, detail });
  assertEquals([mark.startTime, mark.detail], [5, detail]);
  assert(mark.detail !== detail && mark.detail === mark.detail);
  assertThrows(() => performance.mark("a", { startTime: -1 }), TypeError);
  assertThrows(() => performance.mark("a", { startTime: NaN }), TypeError);
  assertEquals(assertThrows(() => performance.mark("a", { detail: () => {} })).name, "DataCloneError");
});

test("a measure goes from mark to mark, from the origin, or to now", () => {
  fresh();
  performance.mark("s", { startTime: 10 });
  performance.mark("e", { startTime: 25 });
  assertEquals([performance.measure("m", "s", "e").startTime, performance.measure("m", "s", "e").duration], [10, 15]);
  const whole = performance.measure("m");
  assertEquals([whole.startTime, whole.duration <= performance.now()], [0, true]);
  assertEquals(performance.measure("m", undefined, "e").duration, 25);
});

test("the last mark of a name counts", () => {
  fresh();
  performance.mark("s", { startTime: 10 });
  performance.mark("s", { startTime: 20 });
  assertEquals(performance.measure("m", "s").startTime, 20);
});

test("a measure of options has a start, an end or a duration, but not all", () => {
  fresh();
  const of = (/** @type {any} */ options) => {
    const { startTime, duration } = performance.measure("m", options);
    return [startTime, duration];
  };
  assertEquals([of({ start: 1, end: 4 }), of({ start: 1, duration: 2 }), of({ end: 4, duration: 1 })], [[1, 3], [1, 2], [3, 1]]);
  for (const options of [{ duration: 1 }, { detail: 1 }, { start: 1, end: 2, duration: 1 }, { start: -1 }]) assertThrows(() => of(options), TypeError);
  assertThrows(() => performance.measure("m", { start: 1 }, "e"), TypeError);
  assertEquals(performance.measure("m", { start: 0, end: 1, detail: "d" }).detail, "d");
});

test("a mark that is not there is a SyntaxError", () => {
  fresh();
  assertEquals(assertThrows(() => performance.measure("m", "none")).name, "SyntaxError");
});

test("entries come by their start, and are found by name and type", () => {
  fresh();
  performance.mark("b", { startTime: 2 });
  performance.mark("a", { startTime: 1 });
  performance.measure("a", { start: 0, end: 3 });
  assertEquals(performance.getEntries().map(({ name, entryType }) => [name, entryType]), [["a", "measure"], ["a", "mark"], ["b", "mark"]]);
  assertEquals(performance.getEntriesByName("a").length, 2);
  assertEquals([performance.getEntriesByName("a", "mark").length, performance.getEntriesByType("mark").length, performance.getEntriesByType("none")], [1, 2, []]);
});

test("clearing takes one name, or all of a kind", () => {
  fresh();
  performance.mark("a");
  performance.mark("b");
  performance.measure("a");
  performance.clearMarks("a");
  assertEquals([performance.getEntriesByType("mark").length, performance.getEntriesByType("measure").length], [1, 1]);
  performance.clearMeasures();
  assertEquals(performance.getEntriesByType("measure"), []);
});

test("missing names are TypeErrors", () => {
  for (const method of ["mark", "measure", "getEntriesByName", "getEntriesByType"]) assertThrows(() => performance[method](), TypeError);
});

test("an observer hears of what it asked for, after the running code, at once", async () => {
  fresh();
  const heard = [];
  const observer = new PerformanceObserver((list, self) => heard.push([list.getEntries().map(({ name }) => name), self === observer]));
  observer.observe({ entryTypes: ["mark", "unknown"] });
  performance.mark("a");
  performance.measure("m");
  performance.mark("b");
  assertEquals(heard, []);
  await Promise.resolve();
  await Promise.resolve();
  assertEquals(heard, [[["a", "b"], true]]);
  observer.disconnect();
  performance.mark("c");
  await Promise.resolve();
  assertEquals(heard.length, 1);
});

test("an observer may ask for what was before", async () => {
  fresh();
  performance.mark("before");
  const observer = new PerformanceObserver(() => {});
  observer.observe({ type: "mark", buffered: true });
  assertEquals(observer.takeRecords().map(({ name }) => name), ["before"]);
  observer.disconnect();
});

test("an observer needs a function, and kinds", () => {
  for (const callback of [undefined, null, {}]) assertThrows(() => new PerformanceObserver(/** @type {any} */ (callback)), TypeError);
  const observer = new PerformanceObserver(() => {});
  for (const options of [{}, { entryTypes: ["mark"], type: "mark" }]) assertThrows(() => observer.observe(options), TypeError);
  assertEquals(PerformanceObserver.supportedEntryTypes.includes("mark"), true);
});

test("entries become JSON", () => {
  const mark = performance.mark("a", { startTime: 1, detail: [2] });
  assertEquals(JSON.parse(JSON.stringify(mark)), { name: "a", entryType: "mark", startTime: 1, duration: 0, detail: [2] });
});

test("the timeline has a bound", () => {
  fresh();
  for (let i = 0; i <= 10_000; i++) performance.mark("many", { startTime: i });
  const kept = performance.getEntries();
  assertEquals([kept.length <= 10_000, kept.at(-1)?.startTime], [true, 10_000]);
  fresh();
});
